use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    id::{ContentId, Digest},
    learning::evaluation::Opinion,
};
use frame_support::{assert_storage_noop, dispatch::Pays};

fn refused(who: AccountId, opinion: Opinion, salt: Digest) -> sp_runtime::DispatchError {
    let reveal = || Panels::reveal(signed(who), PANEL, opinion, salt);
    assert_storage_noop!(assert!(reveal().is_err()));
    reveal().expect_err("it was refused").error
}

#[test]
fn reveal_should_be_free_and_decide_when_it_is_the_last() {
    execute(|| {
        let guards = drawn();
        guards.iter().for_each(|guard| commit(*guard, &measured(1)));
        let done = Panels::reveal(by(guards[0]), PANEL, measured(1), SALT);
        assert_eq!(done.expect("it committed to it").pays_fee, Pays::No);
        let revealed = Event::Revealed { panel: PANEL, guard: guards[0], opinion: measured(1) };
        System::assert_last_event(revealed.into());
        let card = Providers::card(guards[0]).unwrap();
        assert_eq!((card.load, card.engagements), (0, 1));
        reveal(guards[1], &measured(1));
        assert_eq!(panel().stage, Stage::Reveals);
        reveal(guards[2], &measured(1));
        let due = now() + 15;
        assert_eq!((panel().stage, panel().due), (Stage::Window, due));
        let decided = Event::Decided { panel: PANEL, opinion: measured(1), due };
        System::assert_last_event(decided.into());
    });
}

#[test]
fn reveal_should_fail_when_it_is_not_what_was_committed_to() {
    execute(|| {
        let guards = drawn();
        let early = refused(operator(guards[0]), measured(1), SALT);
        assert_eq!(early, Error::<Test>::WrongStage.into());
        commit(guards[0], &measured(1));
        // One that was copied.
        let copied = commitment_of(PANEL, guards[0], &measured(1));
        assert!(Panels::commit(by(guards[1]), PANEL, copied).is_ok());
        commit(guards[2], &unavailable());
        let is = |who, opinion, salt, error: Error<Test>| {
            assert_eq!(refused(who, opinion, salt), error.into());
        };
        is(ALICE, measured(1), SALT, Error::NotAnOperator);
        is(operator(guards[0]), measured(2), SALT, Error::NotTheCommitment);
        is(operator(guards[0]), measured(1), [6; 32], Error::NotTheCommitment);
        is(operator(guards[1]), measured(1), SALT, Error::NotTheCommitment);
        is(
            operator(guards[2]),
            Opinion::Unavailable(ContentId([9; 32])),
            SALT,
            Error::NotTheCommitment,
        );
        reveal(guards[0], &measured(1));
        is(operator(guards[0]), measured(1), SALT, Error::RevealedAlready);
        (0..11).for_each(|_| full_block());
        is(operator(guards[2]), unavailable(), SALT, Error::TooLate);
    });
}

#[test]
fn reveal_should_fail_when_the_numbers_do_not_answer_the_brief() {
    execute(|| {
        let guards = drawn();
        let Opinion::Measured(right) = measured(1) else { unreachable!() };
        let wrong = Opinion::Measured(cairn_protocol::learning::evaluation::Evaluation {
            sum: right.sum + 1,
            ..right
        });
        commit(guards[0], &measured_on(1, 65));
        commit(guards[1], &wrong);
        commit(guards[2], &measured(1));
        let answer = Error::<Test>::NotAnAnswer.into();
        assert_eq!(refused(operator(guards[0]), measured_on(1, 65), SALT), answer);
        assert_eq!(refused(operator(guards[1]), wrong, SALT), answer);
        reveal(guards[2], &measured(1));
    });
}
