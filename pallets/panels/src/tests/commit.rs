use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::id::PanelId;
use frame_support::{assert_storage_noop, dispatch::Pays};
use sp_runtime::DispatchError;

fn refused(who: AccountId, panel: PanelId) -> DispatchError {
    let commit = || Panels::commit(signed(who), panel, [1; 32]);
    assert_storage_noop!(assert!(commit().is_err()));
    commit().expect_err("it was refused").error
}

#[test]
fn commit_should_be_free_and_open_reveals_when_it_is_the_last() {
    execute(|| {
        let guards = drawn();
        let done = Panels::commit(by(guards[0]), PANEL, [1; 32]).expect("it has a seat");
        assert_eq!(done.pays_fee, Pays::No);
        let committed = Event::Committed { panel: PANEL, guard: guards[0], commitment: [1; 32] };
        System::assert_last_event(committed.into());
        commit(guards[1], &measured(1));
        assert_eq!(panel().stage, Stage::Commits);
        run(2);
        commit(guards[2], &measured(1));
        assert_eq!((panel().stage, panel().due), (Stage::Reveals, now() + 10));
        System::assert_last_event(Event::RevealsOpened { panel: PANEL, due: now() + 10 }.into());
    });
}

#[test]
fn commit_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let guards = drawn_of(3);
        let outsider = crowd(1)[0];
        let is = |who, error: Error<Test>| assert_eq!(refused(who, PANEL), error.into());
        assert_eq!(refused(operator(guards[0]), PanelId(9)), Error::<Test>::UnknownPanel.into());
        is(ALICE, Error::NotAnOperator);
        // The owner is not the operator.
        is(owner(guards[0]), Error::NotAnOperator);
        is(operator(outsider), Error::NotTakingPart);
        commit(guards[0], &measured(1));
        is(operator(guards[0]), Error::CommittedAlready);
        commit(guards[1], &measured(1));
        (0..21).for_each(|_| full_block());
        is(operator(guards[2]), Error::TooLate);
    });
}

#[test]
fn commit_should_say_that_it_was_made_when_the_stage_is_another() {
    execute(|| {
        let guards = drawn();
        guards.iter().for_each(|guard| commit(*guard, &measured(1)));
        let outsider = crowd(1)[0];
        let committed = Error::<Test>::CommittedAlready.into();
        assert_eq!(refused(operator(guards[0]), PANEL), committed);
        assert_eq!(refused(operator(outsider), PANEL), Error::<Test>::WrongStage.into());
    });
}

#[test]
fn nothing_should_happen_while_the_chain_is_stopped() {
    use frame_support::traits::SafeModeNotify;
    execute(|| {
        let guards = drawn();
        commit(guards[0], &measured(1));
        Clock::entered();
        run(100);
        assert_eq!(panel().stage, Stage::Commits);
        let stopped = DispatchError::from(Error::<Test>::ChainStopped);
        assert_eq!(refused(operator(guards[1]), PANEL), stopped);
        let shown = Panels::reveal(by(guards[0]), PANEL, measured(1), SALT);
        assert_eq!(shown.expect_err("it is stopped").error, stopped);
        assert_eq!(Panels::poke(signed(BOB), PANEL).expect_err("it is stopped").error, stopped);
        Clock::exited();
        commit(guards[1], &measured(1));
    });
}
