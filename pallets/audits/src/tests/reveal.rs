use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    audit::{Report, Verdict},
    id::{Digest, ProviderId},
    job::Policy,
};
use frame_support::{assert_noop, dispatch::Pays};

fn refused(who: AccountId, report: Report, salt: Digest) -> sp_runtime::DispatchError {
    let reveal = || Audits::reveal(signed(who), TASK, report.clone(), salt);
    frame_support::assert_storage_noop!(assert!(reveal().is_err()));
    reveal().expect_err("it was refused").error
}

/// Everyone has committed to that.
fn committed(
    policy: Policy,
    worker_says: Report,
    guards_say: Report,
) -> (ProviderId, Vec<ProviderId>) {
    let (worker, guards) = drawn(policy);
    commit(worker, &worker_says);
    guards.iter().for_each(|guard| commit(*guard, &guards_say));
    assert_eq!(audit().stage, Stage::Reveals);
    (worker, guards)
}

#[test]
fn reveal_should_be_free_and_end_the_work_of_a_guard() {
    execute(|| {
        let (worker, guards) = committed(Policy::Proven, same(), report(3, 3));
        let origin = by(guards[0]);
        let done = Audits::reveal(origin, TASK, report(3, 3), SALT).expect("it is what was said");
        assert_eq!(done.pays_fee, Pays::No);
        let provider = guards[0];
        let revealed = Event::Revealed { task: TASK, provider, report: report(3, 3) };
        System::assert_last_event(revealed.into());
        let card = Providers::card(guards[0]).unwrap();
        assert_eq!((card.load, card.engagements), (0, 1));
        reveal(guards[1], &report(3, 3));
        reveal(worker, &same());
        assert_eq!(audit().stage, Stage::Reveals);
        reveal(guards[2], &report(3, 3));
        assert_eq!((audit().stage, audit().due), (Stage::Unmasking, now() + 15));
        let opened = Event::UnmaskingOpened { task: TASK, due: now() + 15 };
        System::assert_last_event(opened.into());
    });
}

#[test]
fn reveal_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        let early = refused(operator(worker), same(), SALT);
        assert_eq!(early, Error::<Test>::WrongStage.into());
        commit(guards[0], &same());
        // One that was copied.
        let copied = commitment(guards[0], &same());
        assert!(Audits::commit(by(guards[1]), TASK, copied).is_ok());
        run(21);
        let is = |who, report, salt, error: Error<Test>| {
            assert_eq!(refused(who, report, salt), error.into());
        };
        is(ALICE, same(), SALT, Error::NotAnOperator);
        is(operator(guards[2]), same(), SALT, Error::NotTakingPart);
        is(operator(worker), same(), SALT, Error::NotCommitted);
        is(operator(guards[1]), same(), SALT, Error::NotTheCommitment);
        is(operator(guards[0]), same(), [6; 32], Error::NotTheCommitment);
        is(operator(guards[0]), report(1, 3), SALT, Error::NotTheCommitment);
        reveal(guards[0], &same());
        is(operator(guards[0]), same(), SALT, Error::RevealedAlready);
        (0..11).for_each(|_| full_block());
        is(operator(guards[1]), same(), SALT, Error::TooLate);
    });
}

#[test]
fn reveal_should_fail_when_the_policy_compares_something_else() {
    execute(|| {
        let (worker, guards) = committed(Policy::Proven, report(9, 2), measured(1));
        let wrong = refused(operator(guards[0]), measured(1), SALT);
        assert_eq!(wrong, Error::<Test>::WrongReport.into());
        // A worker cannot change its mind.
        let other = refused(operator(worker), report(9, 2), SALT);
        assert_eq!(other, Error::<Test>::NotTheClaim.into());
    });
}

#[test]
fn a_guard_should_be_dismissed_when_it_does_not_reveal() {
    execute(|| {
        let (worker, guards) = committed(Policy::Proven, same(), same());
        [worker, guards[0], guards[1]].iter().for_each(|one| reveal(*one, &same()));
        run(12);
        assert_eq!(audit().stage, Stage::Unmasking);
        System::assert_has_event(Event::Dismissed { task: TASK, guard: guards[2] }.into());
        assert_eq!(pending(guards[2]), 1_000);
        conclude();
        assert_eq!(heard(), (Verdict::Confirmed, vec![]));
    });
}

#[test]
fn no_guard_should_leave_before_it_is_judged() {
    use frame_support::assert_ok;
    execute(|| {
        let (worker, guards) = committed(Policy::Proven, same(), same());
        guards.iter().for_each(|guard| reveal(*guard, &same()));
        reveal(worker, &same());
        let origin = || signed(owner(guards[0]));
        assert_ok!(Providers::leave(origin(), guards[0]));
        (0..30).for_each(|_| full_block());
        let engaged = pallet_cairn_providers::Error::<Test>::Engaged;
        assert_noop!(Providers::withdraw(origin(), guards[0]), engaged);
        run(2);
        assert_eq!(heard().0, Verdict::Confirmed);
        assert_ok!(Providers::withdraw(origin(), guards[0]));
    });
}
