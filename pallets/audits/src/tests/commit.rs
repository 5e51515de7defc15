use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{id::TaskId, job::Policy};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};

fn refused(who: AccountId, task: TaskId) -> sp_runtime::DispatchError {
    frame_support::assert_storage_noop!(assert!(
        Audits::commit(signed(who), task, [1; 32]).is_err()
    ));
    Audits::commit(signed(who), task, [1; 32]).expect_err("it was refused").error
}

#[test]
fn commit_should_be_free_and_open_reveals_when_it_is_the_last() {
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        let done = Audits::commit(by(worker), TASK, [1; 32]).expect("it is asked");
        assert_eq!(done.pays_fee, Pays::No);
        let committed = Event::Committed { task: TASK, provider: worker, commitment: [1; 32] };
        System::assert_last_event(committed.into());
        commit(guards[0], &same());
        commit(guards[1], &same());
        assert_eq!(audit().stage, Stage::Commits);
        run(2);
        commit(guards[2], &same());
        assert_eq!((audit().stage, audit().due), (Stage::Reveals, now() + 10));
        System::assert_last_event(Event::RevealsOpened { task: TASK, due: now() + 10 }.into());
    });
}

#[test]
fn commit_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        let other = crowd(1)[0];
        assert_eq!(refused(operator(worker), TaskId(99)), Error::<Test>::UnknownAudit.into());
        assert_eq!(refused(ALICE, TASK), Error::<Test>::NotAnOperator.into());
        assert_eq!(refused(operator(other), TASK), Error::<Test>::NotTakingPart.into());
        commit(guards[0], &same());
        let again = refused(operator(guards[0]), TASK);
        assert_eq!(again, Error::<Test>::CommittedAlready.into());
        (0..21).for_each(|_| full_block());
        assert_eq!(refused(operator(guards[1]), TASK), Error::<Test>::TooLate.into());
        // A block catches up with some of those that were full.
        run(6);
        assert_eq!(refused(operator(guards[1]), TASK), Error::<Test>::WrongStage.into());
    });
}

#[test]
fn a_guard_should_be_dismissed_when_it_does_not_commit() {
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        [worker, guards[0], guards[1]].iter().for_each(|one| commit(*one, &same()));
        run(21);
        assert_eq!(audit().stage, Stage::Reveals);
        assert_eq!(super::mock::guards(), guards[..2]);
        System::assert_has_event(Event::Dismissed { task: TASK, guard: guards[2] }.into());
        // A thousandth of its bond.
        assert_eq!(pending(guards[2]), 100);
        let seen = score(guards[2]);
        assert!(seen.timeliness < 500_000 && seen.availability < 500_000);
        assert_eq!(seen.accuracy, 500_000);
    });
}

#[test]
fn a_worker_should_show_its_trace_even_when_no_guard_committed() {
    execute(|| {
        let (worker, _) = drawn(Policy::Proven);
        commit(worker, &same());
        run(21);
        assert_eq!(audit().stage, Stage::Reveals);
        assert!(super::mock::guards().is_empty());
        reveal(worker, &same());
        conclude();
        assert_eq!(heard(), (cairn_protocol::audit::Verdict::Passed, vec![]));
    });
}

#[test]
fn nothing_should_happen_while_the_chain_is_stopped() {
    use frame_support::traits::SafeModeNotify;
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        commit(worker, &same());
        let planter = planter();
        Clock::entered();
        run(100);
        assert_eq!(audit().stage, Stage::Commits);
        let stopped = sp_runtime::DispatchError::from(Error::<Test>::ChainStopped);
        assert_eq!(refused(operator(guards[0]), TASK), stopped);
        assert_noop!(Audits::plant(by(planter), [1; 32]), stopped);
        assert_noop!(Audits::dig_up(by(planter), planter, [1; 32]), stopped);
        assert_noop!(Audits::reject_key(by(guards[0]), TASK), stopped);
        assert_noop!(Audits::post_key(signed(ALICE), TASK, guards[0], key()), stopped);
        assert_noop!(unmask(planter), stopped);
        let poked = Audits::poke(signed(BOB), TASK).expect_err("nothing is due");
        assert_eq!(poked.error, stopped);
        Clock::exited();
        commit(guards[0], &same());
        assert_ok!(Audits::commit(by(guards[1]), TASK, commitment(guards[1], &same())));
    });
}
