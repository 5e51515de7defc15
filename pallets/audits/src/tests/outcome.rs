use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    audit::{Report, Verdict},
    id::ProviderId,
    job::Policy,
};

const POLICY: Policy = Policy::Outcome { target: 100, guards: 5 };

/// Five guards of seven, of whom some measure that.
fn measure(losses: &[u64]) -> Vec<ProviderId> {
    let worker = worker();
    crowd(7);
    begin(TASK, brief(POLICY, &[worker])).expect("it is measured");
    run(SEED);
    report_losses(losses)
}

fn report_losses(losses: &[u64]) -> Vec<ProviderId> {
    let guards = guards();
    assert_eq!(guards.len(), 5);
    let losses = losses.iter().copied().map(measured);
    let reports: Vec<(ProviderId, Report)> = guards.iter().copied().zip(losses).collect();
    if reports.is_empty() {
        run(21);
    } else {
        all_report(&reports);
    }
    // Nothing is planted here.
    assert_eq!(audit().due, now() - u32::from(now() > audit().due));
    run(2);
    guards
}

#[test]
fn an_outcome_should_be_confirmed_when_all_measure_the_target() {
    execute(|| {
        let guards = measure(&[100; 5]);
        assert_eq!(heard(), (Verdict::Confirmed, vec![]));
        // 15 % of 9,000, by five.
        let all: Vec<_> = guards.iter().map(|guard| (*guard, 270)).collect();
        System::assert_has_event(Event::Paid { task: TASK, guards: all }.into());
        assert!(score(guards[0]).accuracy > 500_000);
    });
}

#[test]
fn an_outcome_should_be_lost_when_it_misses_or_is_not_agreed_on() {
    execute(|| {
        measure(&[101; 5]);
        assert_eq!(heard().0, Verdict::Contradicted);
    });
    execute(|| {
        let guards = measure(&[99, 99, 99, 99, 98]);
        assert_eq!(heard().0, Verdict::Unmeasured);
        assert!(score(guards[4]).accuracy < 500_000);
    });
}

#[test]
fn an_outcome_should_be_measured_again_without_the_silent() {
    execute(|| {
        let guards = measure(&[50, 50]);
        assert!(Heard::get().is_empty());
        System::assert_has_event(Event::DrawnAgain { task: TASK, round: 2 }.into());
        let paid: Vec<_> = guards[..2].iter().map(|guard| (*guard, 270)).collect();
        System::assert_has_event(Event::Paid { task: TASK, guards: paid }.into());
        assert_eq!(audit().excluded.to_vec(), guards[2..]);
        run(SEED);
        // Four are left of seven: too few for five.
        assert_eq!(audit().round, 3);
        crowd(1);
        run(SEED);
        assert_eq!(audit().stage, Stage::Commits);
        assert!(super::mock::guards().iter().all(|guard| !guards[2..].contains(guard)));
        report_losses(&[50; 5]);
        assert_eq!(heard().0, Verdict::Confirmed);
    });
}

#[test]
fn an_outcome_should_be_given_up_when_guards_are_silent_thrice() {
    execute(|| {
        measure(&[]);
        crowd(9);
        for _ in 0..2 {
            run(SEED);
            report_losses(&[1]);
        }
        assert_eq!(heard().0, Verdict::Unmeasured);
    });
    // Nor are there any.
    execute(|| {
        let worker = worker();
        begin(TASK, brief(POLICY, &[worker]));
        run(3 * SEED + 2);
        assert_eq!(heard().0, Verdict::Unmeasured);
    });
}

#[test]
fn an_outcome_should_be_given_up_when_no_more_guards_can_be_left_out() {
    execute(|| {
        AuditRules::mutate(|rules| (rules.draws.again, rules.draws.sample) = (9, 64));
        let worker = worker();
        crowd(40);
        let policy = Policy::Outcome { target: 100, guards: 9 };
        begin(TASK, brief(policy, &[worker])).expect("it is measured");
        for round in 1..=3 {
            run(SEED);
            assert_eq!((audit().round, guards().len()), (round, 9));
            assert_eq!(audit().excluded.len(), 9 * usize::from(round - 1));
            // Nobody commits.
            run(21 + 2);
        }
        // Were more drawn who are silent, they could be drawn once more.
        assert_eq!(heard().0, Verdict::Unmeasured);
    });
}

#[test]
fn a_worker_should_take_no_part_in_a_measurement() {
    execute(|| {
        let worker = worker();
        crowd(5);
        begin(TASK, brief(POLICY, &[worker]));
        run(SEED);
        let refused = Audits::commit(by(worker), TASK, [1; 32]).expect_err("it is not asked");
        assert_eq!(refused.error, Error::<Test>::NotTakingPart.into());
    });
}
