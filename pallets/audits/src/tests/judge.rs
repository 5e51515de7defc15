use super::mock::*;
use crate::{Agenda, Audits as Kept, Event};
use cairn_protocol::{
    audit::{Report, Verdict},
    id::ProviderId,
    job::Policy,
};

/// What comes of an audit in which the worker and guards say that; the rest is silent. Gives who
/// took part.
fn judged(
    policy: Policy,
    worker_says: Option<Report>,
    guards_say: &[Report],
) -> (ProviderId, Vec<ProviderId>) {
    let (worker, guards) = drawn(policy);
    let mut reports: Vec<_> = guards.iter().copied().zip(guards_say.iter().cloned()).collect();
    reports.extend(worker_says.map(|report| (worker, report)));
    all_report(&reports);
    conclude();
    (worker, guards)
}

#[test]
fn a_result_should_be_confirmed_and_guards_paid_when_they_find_the_same() {
    execute(|| {
        let paid = free(TREASURY);
        let (_, guards) = judged(Policy::Proven, Some(same()), &[same(), same(), same()]);
        assert_eq!(heard(), (Verdict::Confirmed, vec![]));
        // A fifth more than the reward of 9,000, by three.
        assert_eq!(free(TREASURY), paid - 10_800);
        let all: Vec<_> = guards.iter().map(|guard| (*guard, 3_600)).collect();
        System::assert_has_event(Event::Paid { task: TASK, guards: all }.into());
        let verdict = Verdict::Confirmed;
        System::assert_has_event(Event::Judged { task: TASK, verdict }.into());
        for guard in guards {
            let seen = score(guard);
            assert!(seen.accuracy > 500_000 && seen.timeliness > 500_000);
            assert_eq!(pending(guard), 0);
        }
        assert_eq!((Kept::<Test>::iter().count(), Agenda::<Test>::iter().count()), (0, 0));
    });
}

#[test]
fn a_proven_result_should_be_lost_only_when_all_guards_contradict_it() {
    let other = || report(3, 3);
    let of = |guards: &[Report]| {
        let mut verdict = Verdict::Passed;
        execute(|| {
            judged(Policy::Proven, Some(same()), guards);
            verdict = heard().0;
        });
        verdict
    };
    assert_eq!(of(&[other(), other(), other()]), Verdict::Contradicted);
    assert_eq!(of(&[other(), other(), same()]), Verdict::Passed);
    assert_eq!(of(&[other(), other(), report(4, 4)]), Verdict::Passed);
    assert_eq!(of(&[other(), other()]), Verdict::Contradicted);
    assert_eq!(of(&[other()]), Verdict::Passed);
    assert_eq!(of(&[report(1, 8), report(1, 8), report(1, 8)]), Verdict::Passed);
}

#[test]
fn a_guard_should_have_a_fault_in_its_record_when_others_disagree() {
    execute(|| {
        let (_, guards) = judged(Policy::Proven, Some(same()), &[same(), report(3, 3), same()]);
        assert_eq!(heard().0, Verdict::Confirmed);
        assert!(score(guards[0]).accuracy > 500_000);
        assert!(score(guards[1]).accuracy < 500_000);
        // It is paid for its work, and its bond is safe: nobody knows who is right.
        assert_eq!(pending(guards[1]), 0);
        let all: Vec<_> = guards.iter().map(|guard| (*guard, 3_600)).collect();
        System::assert_has_event(Event::Paid { task: TASK, guards: all }.into());
    });
}

#[test]
fn no_guard_should_be_credited_whose_trace_differs() {
    execute(|| {
        let (_, guards) = judged(Policy::Proven, Some(same()), &[same(), same(), report(1, 9)]);
        assert_eq!(heard().0, Verdict::Confirmed);
        assert_eq!(score(guards[2]).accuracy, 500_000);
        assert!(score(guards[2]).timeliness > 500_000);
    });
}

#[test]
fn a_replicated_result_should_be_wrong_when_most_guards_find_another() {
    execute(|| {
        let other = report(3, 0);
        judged(Policy::Replicated, Some(report(1, 0)), &[other.clone(), other, report(1, 0)]);
        assert_eq!(heard(), (Verdict::Wrong, vec![]));
    });
}

#[test]
fn a_float_result_should_be_lost_when_fingerprints_lie_far_from_it() {
    let policy = Policy::Tolerance { within: 1_000 };
    for (value, verdict) in [(900, Verdict::Confirmed), (9_000, Verdict::Contradicted)] {
        execute(|| {
            let guards = [resembling(value), resembling(value), resembling(value)];
            judged(policy, Some(resembling(0)), &guards);
            assert_eq!(heard().0, verdict);
        });
    }
}

#[test]
fn a_worker_should_lose_when_it_keeps_its_trace() {
    // It does not commit.
    execute(|| {
        let (worker, guards) = judged(Policy::Proven, None, &[same(), same(), same()]);
        assert_eq!(heard(), (Verdict::Withheld, vec![worker]));
        assert_eq!(free(TREASURY), RICH - 10_800);
        assert!(score(guards[0]).accuracy > 500_000);
    });
    // It does not reveal.
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        commit(worker, &same());
        guards.iter().for_each(|guard| commit(*guard, &same()));
        guards.iter().for_each(|guard| reveal(*guard, &same()));
        run(12);
        assert_eq!(audit().stage, crate::types::Stage::Unmasking);
        conclude();
        assert_eq!(heard(), (Verdict::Withheld, vec![worker]));
    });
    // Nobody does anything.
    execute(|| {
        let (worker, _) = drawn(Policy::Proven);
        run(21);
        conclude();
        assert_eq!(heard(), (Verdict::Withheld, vec![worker]));
        assert_eq!(free(TREASURY), RICH);
    });
}

#[test]
fn one_of_several_workers_should_lose_alone_when_it_keeps_its_trace() {
    execute(|| {
        let workers: Vec<_> = (0..2).map(|_| worker()).collect();
        crowd(3);
        let brief = brief(Policy::Replicated, &workers);
        begin(TASK, cairn_seams::Brief { contested: true, redundancy: 3, ..brief });
        run(SEED);
        let mut reports: Vec<_> = guards().into_iter().map(|guard| (guard, same())).collect();
        reports.push((workers[0], same()));
        all_report(&reports);
        conclude();
        assert_eq!(heard(), (Verdict::Confirmed, vec![workers[1]]));
    });
}

#[test]
fn silent_guards_should_not_be_paid_nor_harm_the_worker() {
    execute(|| {
        let (_, guards) = judged(Policy::Proven, Some(same()), &[report(3, 3)]);
        assert_eq!(heard(), (Verdict::Passed, vec![]));
        let paid = vec![(guards[0], 3_600)];
        System::assert_has_event(Event::Paid { task: TASK, guards: paid }.into());
        assert_eq!([pending(guards[1]), pending(guards[2])], [100, 100]);
    });
}

#[test]
fn an_audit_should_end_when_there_is_nothing_to_pay_guards_with() {
    execute(|| {
        let all = Balances::free_balance(TREASURY);
        assert!(Balances::transfer_keep_alive(signed(TREASURY), BOB, all - 100).is_ok());
        let (_, guards) = judged(Policy::Proven, Some(same()), &[same(), same(), same()]);
        assert_eq!(heard(), (Verdict::Confirmed, vec![]));
        let all: Vec<_> = guards.iter().map(|guard| (*guard, 0)).collect();
        System::assert_has_event(Event::Paid { task: TASK, guards: all }.into());
        assert_eq!(free(TREASURY), 100);
    });
}
