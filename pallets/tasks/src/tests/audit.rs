use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    audit::Verdict,
    fault::Fault,
    id::{ProviderId, TaskId},
    job::{JobKind, Policy, Terms},
    lifecycle::Stage,
    result::Fingerprint,
};
use frame_support::{assert_noop, assert_ok};

fn auditable(redundancy: u8) -> Terms {
    Terms { auditable: true, ..terms(redundancy) }
}

/// Training that is measured by guards.
fn training() -> Terms {
    let mut terms = proven(1);
    terms.job.kind = JobKind::Train;
    terms.policy = Policy::Outcome { target: 100, guards: 3 };
    terms
}

/// A task whose workers agree and wait for guards.
fn audited(terms: Terms) -> (TaskId, Vec<ProviderId>) {
    let (id, workers) = assigned(terms);
    deliver(id, &vec![1; workers.len()]);
    assert_eq!(task(id).stage, Stage::Audited);
    (id, workers)
}

fn accuracy(provider: ProviderId, kind: JobKind) -> u32 {
    Reputation::score(provider, kind).accuracy
}

fn penalised(provider: ProviderId) -> u128 {
    Providers::card(provider).expect("it is registered").pending
}

fn poke(id: TaskId) -> Result<(), sp_runtime::DispatchError> {
    Tasks::poke(RuntimeOrigin::signed(BOB), id).map(|_| ()).map_err(|failed| failed.error)
}

#[test]
fn agree_should_wait_for_guards_when_they_may_look() {
    market(1, || {
        let (id, workers) = audited(auditable(1));
        assert_eq!(task(id).due, now() + AUDIT);
        let due = task(id).due;
        let awaited = Event::AuditAwaited { task: id, by: workers.clone(), due };
        System::assert_last_event(awaited.into());
        let brief = LastBrief::get().expect("it was told");
        assert_eq!((brief.requester, brief.redundancy, brief.offered), (ALICE, 1, 9_000));
        assert_eq!((brief.workers, brief.contested, brief.sealed), (workers.clone(), false, false));
        assert_eq!(brief.others, []);
        assert_eq!(brief.answer, answer(1).gist(&Tasks::genesis()));
        // The worker is done with it, and may still be called to account.
        let card = Providers::card(workers[0]).expect("it is registered");
        assert_eq!((card.load, card.engagements), (0, 1));
    });
}

#[test]
fn agree_should_tell_guards_of_a_minority() {
    market(3, || {
        let (id, workers) = assigned(auditable(3));
        deliver(id, &[1, 2, 1]);
        let brief = LastBrief::get().expect("it was told");
        assert_eq!((brief.workers, brief.contested), (vec![workers[0], workers[2]], true));
        assert_eq!(brief.others, [workers[1]]);
        assert_eq!(task(id).stage, Stage::Audited);
    });
}

#[test]
fn agree_should_tell_guards_the_fingerprint_when_tolerant() {
    market(1, || {
        let policy = Policy::Tolerance { within: 10 };
        let (id, workers) = assigned(Terms { policy, auditable: true, ..proven(1) });
        let print = Fingerprint(vec![7].try_into().expect("it is short"));
        let answer =
            cairn_protocol::result::Answer { fingerprint: Some(print.clone()), ..answer(1) };
        commit(id, workers[0], &answer);
        reveal(id, workers[0], &answer);
        let brief = LastBrief::get().expect("it was told");
        assert_eq!(brief.fingerprint, Some(print));
        // It is no part of what is compared between exact results.
        assert_eq!(brief.answer, super::mock::answer(1).gist(&Tasks::genesis()));
    });
}

#[test]
fn agree_should_not_wait_when_guards_may_not_or_do_not_look() {
    market(1, || {
        let (id, _) = assigned(terms(1));
        deliver(id, &[1]);
        assert_eq!(task(id).stage, Stage::Window);
        Auditing::set(false);
        let (id, _) = assigned(auditable(1));
        deliver(id, &[1]);
        assert_eq!(task(id).stage, Stage::Window);
    });
}

#[test]
fn agree_should_ask_no_guards_when_all_of_several_had_to_say_the_same() {
    market(PROVIDERS, || {
        let (id, _) = assigned(Terms { auditable: true, ..proven(3) });
        deliver(id, &[1, 1, 2]);
        // Nor when five agree in the end.
        run(18);
        deliver(id, &[1; 5]);
        assert_eq!((task(id).stage, task(id).redundancy), (Stage::Window, 5));
    });
}

#[test]
fn judged_should_open_the_window_when_nothing_was_found_out() {
    market(1, || {
        let (id, workers) = audited(auditable(1));
        run(5);
        judge_audit(id, Verdict::Passed, &[]);
        assert_eq!((task(id).stage, task(id).due), (Stage::Window, now() + 20));
        assert_eq!(accuracy(workers[0], JobKind::Simulate), 500_000);
        let paid = free(owner(workers[0]));
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(owner(workers[0])), paid + 7_920);
    });
}

#[test]
fn judged_should_call_one_worker_right_when_guards_found_the_same() {
    for (redundancy, seen) in [(1, 555_555), (3, 555_555)] {
        market(3, || {
            let (id, workers) = audited(auditable(redundancy));
            judge_audit(id, Verdict::Confirmed, &[]);
            // Of several it is said when they are paid, and once.
            let now = if redundancy == 1 { seen } else { 500_000 };
            assert_eq!(accuracy(workers[0], JobKind::Simulate), now);
            expire(id);
            let later = accuracy(workers[0], JobKind::Simulate);
            assert!((seen - 100..=seen).contains(&later), "{later}");
        });
    }
}

#[test]
fn judged_should_refund_and_penalise_nobody_when_contradicted() {
    market(1, || {
        let before = free(ALICE);
        let (id, workers) = audited(auditable(1));
        judge_audit(id, Verdict::Contradicted, &[]);
        let reason = RefundReason::AuditLost;
        System::assert_last_event(
            Event::Refunded { task: id, reason, back: 10_009, burnt: 0 }.into(),
        );
        assert_eq!(free(ALICE), before - task(id).deposit);
        assert_eq!(penalised(workers[0]), 0);
        assert!(accuracy(workers[0], JobKind::Simulate) < 500_000);
        let card = Providers::card(workers[0]).expect("it is registered");
        assert_eq!((card.load, card.engagements), (0, 0));
    });
}

/// The one who says something else than all the others.
const OUTVOTED: ProviderId = ProviderId(1);

/// A task whose workers said the same but for that one, and were as many as there are.
fn contested(terms: Terms) -> TaskId {
    let (id, workers) = assigned(terms);
    assert!(workers.contains(&OUTVOTED));
    let outputs: Vec<_> = workers.iter().map(|one| u8::from(*one == OUTVOTED)).collect();
    deliver(id, &outputs);
    id
}

fn engagements(provider: ProviderId) -> u32 {
    Providers::card(provider).expect("it is registered").engagements
}

#[test]
fn judged_should_penalise_who_was_outvoted_when_guards_confirm_the_majority() {
    market(3, || {
        let id = contested(auditable(3));
        assert_eq!(task(id).outvoted.as_slice(), [OUTVOTED]);
        // It is done with it, and cannot withdraw before guards are.
        let card = Providers::card(OUTVOTED).expect("it is registered");
        assert_eq!((card.load, card.engagements, card.pending), (0, 1, 0));
        let seen = accuracy(OUTVOTED, JobKind::Simulate);
        assert!(seen < 500_000);
        judge_audit(id, Verdict::Confirmed, &[]);
        assert!(task(id).outvoted.is_empty());
        assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (800, 0));
        let queued = pallet_cairn_providers::Slashes::<Test>::iter_values();
        let queued: Vec<_> = queued.map(|one| (one.provider, one.fault, one.subject)).collect();
        assert_eq!(queued, [(OUTVOTED, Fault::Outvoted, id.0)]);
        // Its record had it before, and says it once.
        assert!(accuracy(OUTVOTED, JobKind::Simulate).abs_diff(seen) < 100);
        let agreed = workers(id);
        assert_eq!(agreed.len(), 2);
        assert!(agreed.iter().all(|one| penalised(*one) == 0));
        expire(id);
        System::assert_has_event(Event::Settled { task: id, each: 3_960, burnt: 109 }.into());
    });
}

#[test]
fn judged_should_penalise_all_four_who_were_outvoted_by_five() {
    market(9, || {
        let (id, workers) = assigned(auditable(9));
        deliver(id, &[1, 2, 1, 3, 1, 2, 1, 4, 1]);
        let outvoted: Vec<_> = workers.iter().copied().skip(1).step_by(2).collect();
        assert_eq!(task(id).outvoted.as_slice(), outvoted);
        judge_audit(id, Verdict::Confirmed, &[]);
        for worker in workers {
            let wrong = outvoted.contains(&worker);
            assert_eq!(penalised(worker), if wrong { 800 } else { 0 });
            assert_eq!(engagements(worker), u32::from(!wrong));
        }
    });
}

#[test]
fn judged_should_not_penalise_who_was_outvoted_when_guards_do_not_confirm() {
    use Verdict::*;
    for (verdict, stage) in [
        (Passed, Stage::Window),
        (Contradicted, Stage::Refunded),
        (Withheld, Stage::Refunded),
        (Unmasked, Stage::Refunded),
    ] {
        market(3, || {
            let id = contested(auditable(3));
            judge_audit(id, verdict, &[]);
            assert_eq!(task(id).stage, stage, "{verdict:?}");
            for provider in (0..3).map(ProviderId) {
                assert_eq!(penalised(provider), 0, "{provider:?} after {verdict:?}");
            }
            assert_eq!(engagements(OUTVOTED), 0);
        });
    }
    // Nor when nobody says what came of it.
    market(3, || {
        let id = contested(auditable(3));
        Pending::set(Vec::new());
        expire(id);
        assert_eq!(task(id).stage, Stage::Window);
        assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (0, 0));
    });
}

#[test]
fn judged_should_penalise_the_majority_alone_when_it_is_wrong() {
    market(3, || {
        let id = contested(auditable(3));
        let majority = workers(id);
        judge_audit(id, Verdict::Wrong, &[]);
        assert_eq!(task(id).stage, Stage::Refunded);
        assert!(majority.into_iter().all(|one| penalised(one) == 6_000));
        assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (0, 0));
    });
}

#[test]
fn judged_should_penalise_who_was_outvoted_beside_who_keeps_its_trace() {
    market(3, || {
        let id = contested(auditable(3));
        let silent = workers(id)[0];
        judge_audit(id, Verdict::Confirmed, &[silent]);
        assert_eq!((penalised(OUTVOTED), penalised(silent)), (800, 200));
        assert_eq!(task(id).stage, Stage::Window);
    });
}

#[test]
fn a_majority_should_penalise_nobody_when_no_guards_look() {
    for (may, do_look) in [(false, true), (true, false)] {
        market(3, || {
            Auditing::set(do_look);
            let id = contested(Terms { auditable: may, ..terms(3) });
            assert_eq!(task(id).stage, Stage::Window);
            assert!(task(id).outvoted.is_empty());
            assert!(accuracy(OUTVOTED, JobKind::Simulate) < 500_000);
            expire(id);
            assert_eq!(task(id).stage, Stage::Settled);
            assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (0, 0));
        });
    }
}

#[test]
fn results_that_differ_should_cost_nobody_a_penalty_when_proven() {
    market(PROVIDERS, || {
        let (id, first) = assigned(Terms { auditable: true, ..proven(3) });
        deliver(id, &[1, 1, 2]);
        run(18);
        let then = workers(id);
        deliver(id, &[1; 5]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        for one in first.into_iter().chain(then) {
            assert_eq!((penalised(one), engagements(one)), (0, 0), "{one:?}");
        }
    });
}

#[test]
fn who_was_outvoted_should_be_penalised_when_it_is_leaving() {
    type Refused = pallet_cairn_providers::Error<Test>;
    market(3, || {
        let id = contested(auditable(3));
        let signed = RuntimeOrigin::signed(owner(OUTVOTED));
        assert_ok!(Providers::leave(signed.clone(), OUTVOTED));
        // Long after it could have taken its bond.
        let late = now() + 300;
        Pending::set(vec![(id, late)]);
        run(250);
        assert_noop!(Providers::withdraw(signed.clone(), OUTVOTED), Refused::Engaged);
        judge_audit(id, Verdict::Confirmed, &[]);
        assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (800, 0));
        assert_noop!(Providers::withdraw(signed.clone(), OUTVOTED), Refused::SlashPending);
        run(52);
        assert_ok!(Providers::withdraw(signed, OUTVOTED));
        assert!(Providers::card(OUTVOTED).is_none());
    });
}

#[test]
fn who_was_outvoted_should_be_penalised_for_each_task() {
    market(3, || {
        let (first, second) = (contested(auditable(3)), contested(auditable(3)));
        assert_eq!(engagements(OUTVOTED), 2);
        judge_audit(first, Verdict::Confirmed, &[]);
        assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (800, 1));
        // The second time costs more.
        judge_audit(second, Verdict::Confirmed, &[]);
        assert_eq!((penalised(OUTVOTED), engagements(OUTVOTED)), (2_400, 0));
    });
}

#[test]
fn the_penalty_of_who_was_outvoted_should_be_open_to_appeal() {
    market(3, || {
        let id = contested(auditable(3));
        judge_audit(id, Verdict::Confirmed, &[]);
        let slash = pallet_cairn_providers::Slashes::<Test>::iter_keys().next();
        let slash = slash.expect("it is queued");
        assert_ok!(Providers::cancel_slash(RuntimeOrigin::root(), slash));
        assert_eq!(penalised(OUTVOTED), 0);
    });
}

#[test]
fn judged_should_penalise_every_worker_when_their_hash_is_wrong() {
    market(3, || {
        let (id, workers) = audited(auditable(3));
        judge_audit(id, Verdict::Wrong, &[]);
        assert_eq!(task(id).stage, Stage::Refunded);
        for worker in workers {
            assert_eq!(penalised(worker), 6_000);
            assert!(accuracy(worker, JobKind::Simulate) < 500_000);
        }
    });
}

#[test]
fn judged_should_blame_nobody_when_the_result_was_planted() {
    market(1, || {
        let (id, workers) = audited(auditable(1));
        judge_audit(id, Verdict::Unmasked, &[]);
        assert_eq!(task(id).stage, Stage::Refunded);
        assert_eq!(penalised(workers[0]), 0);
        assert_eq!(accuracy(workers[0], JobKind::Simulate), 500_000);
    });
}

#[test]
fn judged_should_penalise_who_keeps_its_trace() {
    market(1, || {
        let (id, workers) = audited(auditable(1));
        judge_audit(id, Verdict::Withheld, &workers);
        System::assert_has_event(Event::Withheld { task: id, provider: workers[0] }.into());
        let reason = RefundReason::Withheld;
        System::assert_last_event(
            Event::Refunded { task: id, reason, back: 10_009, burnt: 0 }.into(),
        );
        assert_eq!(penalised(workers[0]), 200);
    });
    // Of several, the others are paid.
    market(3, || {
        let (id, workers) = audited(auditable(3));
        judge_audit(id, Verdict::Confirmed, &workers[1..2]);
        assert_eq!(super::mock::workers(id), [workers[0], workers[2]]);
        assert_eq!(penalised(workers[1]), 200);
        expire(id);
        System::assert_has_event(Event::Settled { task: id, each: 3_960, burnt: 109 }.into());
    });
}

#[test]
fn poke_should_not_end_an_audit_that_goes_on() {
    market(1, || {
        let (id, _) = audited(auditable(1));
        assert_noop!(poke(id), Error::<Test>::TooEarly);
        System::set_block_number(u64::from(task(id).due) + 1);
        let late = task(id).due + 30;
        Pending::set(vec![(id, late)]);
        assert_ok!(poke(id));
        assert_eq!((task(id).stage, task(id).due), (Stage::Audited, late));
        // Later than it should be, it is asked again with every block.
        System::set_block_number(u64::from(late) + 7);
        assert_ok!(poke(id));
        assert_eq!((task(id).stage, task(id).due), (Stage::Audited, late + 7));
    });
}

#[test]
fn a_task_should_pass_when_its_audit_is_gone() {
    for by_hand in [true, false] {
        market(1, || {
            let (id, _) = audited(auditable(1));
            Pending::set(Vec::new());
            if by_hand {
                System::set_block_number(u64::from(task(id).due) + 1);
                assert_ok!(poke(id));
            } else {
                expire(id);
            }
            assert_eq!(task(id).stage, Stage::Window);
        });
    }
}

#[test]
fn acknowledge_should_be_allowed_while_guards_look() {
    market(1, || {
        let (id, _) = audited(auditable(1));
        assert_ok!(Tasks::acknowledge(RuntimeOrigin::signed(ALICE), id));
        assert!(task(id).acknowledged);
    });
}

#[test]
fn an_outcome_should_be_paid_when_guards_measured_it() {
    market(1, || {
        let (id, workers) = audited(training());
        assert_eq!(LastBrief::get().expect("it was told").policy, training().policy);
        let paid = free(owner(workers[0]));
        judge_audit(id, Verdict::Confirmed, &[]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(owner(workers[0])), paid + 7_920);
        assert!(accuracy(workers[0], JobKind::Train) > 500_000);
    });
}

#[test]
fn an_outcome_should_be_refunded_when_it_is_missed_or_not_measured() {
    for (verdict, reason, right) in [
        (Verdict::Contradicted, RefundReason::AuditLost, false),
        (Verdict::Unmeasured, RefundReason::Unmeasured, true),
    ] {
        market(1, || {
            let (id, workers) = audited(training());
            judge_audit(id, verdict, &[]);
            System::assert_last_event(
                Event::Refunded { task: id, reason, back: 10_009, burnt: 0 }.into(),
            );
            assert_eq!(penalised(workers[0]), 0);
            assert_eq!(accuracy(workers[0], JobKind::Train) == 500_000, right);
        });
    }
}

#[test]
fn an_outcome_should_be_refunded_when_nobody_audits() {
    market(1, || {
        Auditing::set(false);
        let (id, workers) = assigned(training());
        deliver(id, &[1]);
        let reason = RefundReason::Unmeasured;
        System::assert_last_event(
            Event::Refunded { task: id, reason, back: 10_009, burnt: 0 }.into(),
        );
        let card = Providers::card(workers[0]).expect("it is registered");
        assert_eq!((card.load, card.engagements), (0, 0));
    });
}

#[test]
fn no_audit_should_be_waited_for_while_the_chain_is_stopped() {
    use frame_support::traits::SafeModeNotify;
    market(1, || {
        let (id, _) = audited(auditable(1));
        Pending::set(Vec::new());
        Clock::entered();
        run(100);
        assert_eq!(task(id).stage, Stage::Audited);
        assert_noop!(poke(id), Error::<Test>::ChainStopped);
        Clock::exited();
        expire(id);
        assert_eq!(task(id).stage, Stage::Window);
    });
}
