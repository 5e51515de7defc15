use super::mock::*;
use crate::{types::*, Error, Event, Keys};
use cairn_protocol::{audit::Verdict, id::ProviderId, job::Policy};
use frame_support::{assert_noop, assert_ok};

fn sealed(policy: Policy) -> (ProviderId, Vec<ProviderId>) {
    let worker = worker();
    crowd(5);
    begin(TASK, cairn_seams::Brief { sealed: true, ..brief(policy, &[worker]) });
    run(SEED);
    assert_eq!((audit().stage, audit().due), (Stage::Keys, now() + 9));
    (worker, guards())
}

fn post(guard: ProviderId) {
    assert_ok!(Audits::post_key(signed(ALICE), TASK, guard, key()));
}

fn open(policy: Policy) -> (ProviderId, Vec<ProviderId>) {
    let (worker, guards) = sealed(policy);
    guards.iter().for_each(|guard| post(*guard));
    (worker, guards)
}

#[test]
fn post_key_should_start_the_clock_when_every_guard_has_one() {
    execute(|| {
        let (_, guards) = sealed(Policy::Proven);
        post(guards[0]);
        System::assert_last_event(Event::KeyPosted { task: TASK, guard: guards[0] }.into());
        assert_eq!(audit().stage, Stage::Keys);
        run(3);
        post(guards[1]);
        post(guards[2]);
        assert_eq!((audit().stage, audit().due), (Stage::Commits, now() + 20));
        System::assert_last_event(Event::CommitsOpened { task: TASK, due: now() + 20 }.into());
        assert_eq!(Keys::<Test>::get(TASK, guards[1]), Some(key()));
    });
}

#[test]
fn post_key_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let (worker, guards) = sealed(Policy::Proven);
        let post_key = |who, task, guard| Audits::post_key(signed(who), task, guard, key());
        let unknown = cairn_protocol::id::TaskId(99);
        assert_noop!(post_key(ALICE, unknown, guards[0]), Error::<Test>::UnknownAudit);
        assert_noop!(post_key(BOB, TASK, guards[0]), Error::<Test>::NotTheRequester);
        assert_noop!(post_key(ALICE, TASK, worker), Error::<Test>::NotTakingPart);
        post(guards[0]);
        assert_noop!(post_key(ALICE, TASK, guards[0]), Error::<Test>::KeyPosted);
        // Nobody has seen to it that the stage is over.
        (0..11).for_each(|_| full_block());
        assert_noop!(post_key(ALICE, TASK, guards[1]), Error::<Test>::TooLate);
    });
    execute(|| {
        let (_, guards) = drawn(Policy::Proven);
        let early = Audits::post_key(signed(ALICE), TASK, guards[0], key());
        assert_noop!(early, Error::<Test>::WrongStage);
    });
}

#[test]
fn a_result_should_pass_when_keys_are_missing() {
    for policy in [Policy::Proven, Policy::Outcome { target: 1, guards: 3 }] {
        execute(|| {
            let (_, guards) = sealed(policy);
            post(guards[0]);
            run(12);
            assert_eq!(heard(), (Verdict::Passed, vec![]));
            assert_eq!(Keys::<Test>::iter().count(), 0);
            for guard in guards {
                assert_eq!((pending(guard), score(guard).volume), (0, 0));
            }
        });
    }
}

#[test]
fn reject_key_should_let_a_guard_go_without_blame_or_pay() {
    execute(|| {
        let (worker, guards) = open(Policy::Proven);
        let before = free(owner(guards[0]));
        assert_ok!(Audits::reject_key(by(guards[0]), TASK));
        System::assert_last_event(Event::KeyRejected { task: TASK, guard: guards[0] }.into());
        assert!(!Keys::<Test>::contains_key(TASK, guards[0]));
        let others = [(worker, same()), (guards[1], same()), (guards[2], same())];
        others.iter().for_each(|(provider, report)| commit(*provider, report));
        others.iter().for_each(|(provider, report)| reveal(*provider, report));
        conclude();
        assert_eq!(heard(), (Verdict::Confirmed, vec![]));
        assert_eq!((free(owner(guards[0])), pending(guards[0])), (before, 0));
        assert_eq!(score(guards[0]).volume, 0);
    });
}

#[test]
fn reject_key_should_open_reveals_when_all_others_have_committed() {
    execute(|| {
        let (worker, guards) = open(Policy::Proven);
        [worker, guards[1], guards[2]].iter().for_each(|one| commit(*one, &same()));
        assert_eq!(audit().stage, Stage::Commits);
        assert_ok!(Audits::reject_key(by(guards[0]), TASK));
        assert_eq!(audit().stage, Stage::Reveals);
    });
}

#[test]
fn reject_key_should_spare_the_result_when_most_guards_say_so() {
    execute(|| {
        let (_, guards) = open(Policy::Outcome { target: 1, guards: 3 });
        assert_ok!(Audits::reject_key(by(guards[0]), TASK));
        assert!(Heard::get().is_empty());
        assert_ok!(Audits::reject_key(by(guards[1]), TASK));
        assert_eq!(heard(), (Verdict::Passed, vec![]));
    });
}

#[test]
fn reject_key_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let (worker, guards) = open(Policy::Proven);
        let reject = |who| Audits::reject_key(signed(who), TASK);
        assert_noop!(reject(ALICE), Error::<Test>::NotAnOperator);
        assert_noop!(reject(operator(worker)), Error::<Test>::NotTakingPart);
        commit(guards[0], &same());
        assert_noop!(reject(operator(guards[0])), Error::<Test>::CommittedAlready);
    });
    execute(|| {
        let (_, guards) = drawn(Policy::Proven);
        assert_noop!(Audits::reject_key(by(guards[0]), TASK), Error::<Test>::NotSealed);
    });
}
