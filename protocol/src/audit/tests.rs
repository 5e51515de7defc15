use super::*;
use crate::{
    id::Region,
    profile::{DeviceClass, Hardware},
    testing::terms,
};
use bounded_collections::BoundedVec;
use proptest::prelude::*;

const TOLERANCE: Policy = Policy::Tolerance { within: 1_000 };
const OUTCOME: Policy = Policy::Outcome { target: 100, guards: 3 };

fn answer(answer: u8, trace: u8) -> Report {
    Report { finding: Finding::Answer([answer; 32]), trace: [trace; 32] }
}

fn print(value: i32) -> Report {
    let values = vec![1_000_000, value];
    let finding = Finding::Fingerprint(Fingerprint(BoundedVec::truncate_from(values)));
    Report { finding, trace: [0; 32] }
}

fn loss(loss: u64) -> Report {
    Report { finding: Finding::Loss(loss), trace: [0; 32] }
}

fn named(reports: impl IntoIterator<Item = Report>) -> Vec<(ProviderId, Report)> {
    reports.into_iter().zip(0..).map(|(report, name)| (ProviderId(name), report)).collect()
}

/// The verdict of three guards, and whether each was right.
fn three(policy: Policy, claim: Report, reports: &[Report]) -> (Verdict, Vec<Option<bool>>) {
    let judged = judge(policy, 3, &claim, &named(reports.iter().cloned()));
    (judged.verdict, judged.guards.into_iter().map(|(_, right)| right).collect())
}

#[test]
fn judge_should_pass_when_too_few_report() {
    for policy in [Policy::Proven, Policy::Replicated] {
        assert_eq!(three(policy, answer(1, 1), &[]), (Verdict::Passed, vec![]));
        let one = three(policy, answer(1, 1), &[answer(2, 2)]);
        assert_eq!(one, (Verdict::Passed, vec![None]));
    }
    assert_eq!(three(TOLERANCE, print(0), &[print(9_000)]), (Verdict::Passed, vec![None]));
}

#[test]
fn judge_should_convict_by_a_majority_when_replicated() {
    let of = |outputs: &[u8]| {
        let reports: Vec<_> = outputs.iter().map(|one| answer(*one, *one)).collect();
        three(Policy::Replicated, answer(1, 0), &reports)
    };
    assert_eq!(of(&[2, 2, 1]), (Verdict::Wrong, vec![Some(true), Some(true), Some(false)]));
    assert_eq!(of(&[2, 2]), (Verdict::Wrong, vec![Some(true); 2]));
    assert_eq!(of(&[1, 2, 1]), (Verdict::Confirmed, vec![Some(true), Some(false), Some(true)]));
    assert_eq!(of(&[1, 2, 3]), (Verdict::Passed, vec![None; 3]));
    assert_eq!(of(&[2, 3]), (Verdict::Passed, vec![None; 2]));
}

#[test]
fn convicts_outvoted_should_be_so_when_guards_confirm_the_majority() {
    use Verdict::*;
    let all = [Passed, Confirmed, Contradicted, Wrong, Withheld, Unmasked, Unmeasured];
    let convicting = all.into_iter().filter(|verdict| verdict.convicts_outvoted());
    assert_eq!(convicting.collect::<Vec<_>>(), [Confirmed]);
    assert!(may_convict_outvoted(Policy::Replicated));
    for policy in [Policy::Proven, TOLERANCE, OUTCOME] {
        assert!(!may_convict_outvoted(policy), "{policy:?}");
    }
}

#[test]
fn judge_should_want_all_guards_against_one_when_proven() {
    let of = |reports: &[Report]| three(Policy::Proven, answer(1, 1), reports);
    let other = || answer(2, 2);
    assert_eq!(of(&[other(), other(), other()]), (Verdict::Contradicted, vec![Some(true); 3]));
    assert_eq!(of(&[other(), other()]), (Verdict::Contradicted, vec![Some(true); 2]));
    // One who finds the same is enough to pass, though its record suffers.
    let saved = of(&[other(), answer(1, 1), other()]);
    assert_eq!(saved, (Verdict::Passed, vec![Some(true), Some(false), Some(true)]));
    let torn = of(&[other(), answer(3, 3), other()]);
    assert_eq!(torn, (Verdict::Passed, vec![Some(true), Some(false), Some(true)]));
    let confirmed = of(&[answer(1, 1), answer(1, 1), other()]);
    assert_eq!(confirmed, (Verdict::Confirmed, vec![Some(true), Some(true), Some(false)]));
}

#[test]
fn judge_should_credit_nobody_whose_trace_differs() {
    let of = |reports: &[Report]| three(Policy::Proven, answer(1, 1), reports);
    let (same, strange) = (|| answer(1, 1), || answer(1, 9));
    assert_eq!(of(&[same(), same(), strange()]), {
        (Verdict::Confirmed, vec![Some(true), Some(true), None])
    });
    // The answer is right, and the worker's trace is not what two guards have.
    assert_eq!(of(&[same(), strange(), strange()]), {
        (Verdict::Passed, vec![None, Some(true), Some(true)])
    });
    assert_eq!(of(&[strange(), answer(1, 8), answer(1, 7)]).0, Verdict::Passed);
    // Where no trace is compared it makes no difference.
    let replicated = three(Policy::Replicated, same(), &[same(), strange(), strange()]);
    assert_eq!(replicated, (Verdict::Confirmed, vec![Some(true); 3]));
}

#[test]
fn judge_should_compare_fingerprints_when_tolerant() {
    let of = |values: &[i32]| {
        let reports: Vec<_> = values.iter().copied().map(print).collect();
        three(TOLERANCE, print(0), &reports)
    };
    assert_eq!(of(&[900, 900, 9_000]).0, Verdict::Confirmed);
    assert_eq!(of(&[9_000, 9_500, 9_900]), (Verdict::Contradicted, vec![Some(true); 3]));
    assert_eq!(of(&[9_000, 9_500, 0]).0, Verdict::Passed);
    // Each differs from the worker, and they differ from each other.
    assert_eq!(of(&[9_000, 90_000, 900_000]), (Verdict::Passed, vec![None; 3]));
}

#[test]
fn judge_should_measure_an_outcome() {
    let of = |losses: &[u64]| {
        let reports: Vec<_> = losses.iter().copied().map(loss).collect();
        three(OUTCOME, answer(1, 1), &reports)
    };
    assert_eq!(of(&[100, 100, 100]), (Verdict::Confirmed, vec![Some(true); 3]));
    assert_eq!(of(&[101, 101]), (Verdict::Contradicted, vec![Some(true); 2]));
    assert_eq!(
        of(&[100, 100, 99]),
        (Verdict::Unmeasured, vec![Some(true), Some(true), Some(false)])
    );
    assert_eq!(of(&[100]), (Verdict::Unmeasured, vec![None]));
    let short = |losses: &[u64]| is_short(OUTCOME, 3, &named(losses.iter().copied().map(loss)));
    assert_eq!([short(&[]), short(&[1]), short(&[1, 2])], [true, true, false]);
    assert!(!is_short(Policy::Proven, 3, &[]));
}

#[test]
fn fits_should_want_what_the_policy_compares() {
    for (policy, right, wrong) in [
        (Policy::Proven, answer(1, 1), loss(1)),
        (Policy::Replicated, answer(1, 0), print(1)),
        (TOLERANCE, print(1), Report { trace: [1; 32], ..print(1) }),
        (OUTCOME, loss(1), answer(1, 1)),
    ] {
        assert!(right.fits(policy), "{policy:?}");
        assert!(!wrong.fits(policy), "{policy:?}");
    }
}

#[test]
fn chance_should_depend_on_what_was_compared() {
    let shares = Shares { alone: 1, contested: 2, unanimous: 3 };
    for policy in [Policy::Proven, Policy::Replicated, TOLERANCE] {
        assert_eq!(chance(policy, 1, false, &shares), 1);
    }
    assert_eq!(chance(Policy::Replicated, 3, true, &shares), 2);
    assert_eq!(chance(Policy::Replicated, 3, false, &shares), 3);
    assert_eq!(chance(Policy::Proven, 3, true, &shares), 0);
    assert_eq!(chance(TOLERANCE, 5, false, &shares), 0);
    assert_eq!(chance(OUTCOME, 1, false, &shares), WHOLE);
}

#[test]
fn may_be_should_hold_where_a_lot_can_fall() {
    let shares = Shares { alone: 1, contested: 2, unanimous: 3 };
    let policies = [Policy::Proven, Policy::Replicated, TOLERANCE, OUTCOME];
    for policy in policies {
        for redundancy in 0..=u8::MAX {
            let likely = |contested| chance(policy, redundancy, contested, &shares);
            let can_fall = [likely(false) > 0, likely(true) > 0];
            assert_eq!(can_fall, [may_be(policy, redundancy); 2], "{policy:?} by {redundancy}");
        }
    }
    assert_eq!(policies.map(|policy| may_be(policy, 1)), [true; 4]);
    assert_eq!(policies.map(|policy| may_be(policy, 3)), [false, true, false, true]);
}

#[test]
fn falls_should_fall_as_often_as_it_should() {
    let fallen = |chance| (0..10_000u32).filter(|n| falls(chance, &seed(*n))).count();
    assert_eq!((fallen(0), fallen(WHOLE)), (0, 10_000));
    // Three standard deviations are 90.
    assert!((910..1_090).contains(&fallen(100_000)), "{}", fallen(100_000));
}

fn seed(n: u32) -> Seed {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&n.to_le_bytes());
    seed
}

#[test]
fn fits_should_filter_by_what_the_job_needs_again() {
    let hardware = Hardware {
        class: DeviceClass::Gpu,
        memory_mib: 100,
        compute: 80,
        slots: 2,
        binding: [0; 32],
    };
    let guard = Candidate {
        provider: ProviderId(1),
        hardware,
        region: Region(1),
        price: None,
        throughput: 0,
        enclave: false,
        sealable: false,
        load: 1,
        bond: 1,
        reputation: 0,
    };
    let plain = terms(1, 1).requirements;
    let demanding = Requirements {
        class: DeviceClass::Gpu,
        memory_mib: 100,
        compute: 80,
        throughput: u64::MAX,
        reputation: WHOLE,
        within: Some(Region(1)),
        ..plain
    };
    assert!(fits(&plain, false, &guard) && fits(&demanding, false, &guard));
    assert!(!fits(&plain, true, &guard));
    assert!(fits(&plain, true, &Candidate { sealable: true, ..guard }));
    assert!(!fits(&plain, false, &Candidate { load: 2, ..guard }));
    for refused in [
        Requirements { class: DeviceClass::LargeGpu, ..plain },
        Requirements { memory_mib: 101, ..plain },
        Requirements { compute: 81, ..plain },
        Requirements { within: Some(Region(2)), ..plain },
        Requirements { enclave: true, ..plain },
    ] {
        assert!(!fits(&refused, false, &guard), "{refused:?}");
    }
}

fn reports(kinds: u8) -> impl Strategy<Value = Vec<(ProviderId, Report)>> {
    prop::collection::vec((0..kinds, 0..2u8), 0..10)
        .prop_map(|found| named(found.into_iter().map(|(what, trace)| answer(what, trace))))
}

fn sorted(mut judged: Judgement) -> Judgement {
    judged.guards.sort_unstable();
    judged
}

proptest! {
    #[test]
    fn judge_should_lose_nothing_to_less_than_a_quorum(
        drawn in prop::sample::select(vec![3u8, 5, 7, 9]),
        found in reports(3),
        proven: bool,
    ) {
        let policy = if proven { Policy::Proven } else { Policy::Replicated };
        let found: Vec<_> = found.into_iter().take(drawn.into()).collect();
        let judged = judge(policy, drawn, &answer(0, 0), &found);
        let against = found.iter().filter(|(_, one)| one.finding != answer(0, 0).finding);
        if against.count() < quorum(drawn) {
            prop_assert!(judged.verdict.passes());
        }
        prop_assert_eq!(judged.guards.len(), found.len());
    }

    #[test]
    fn judge_should_pass_a_proven_result_that_anyone_finds_again(
        drawn in prop::sample::select(vec![3u8, 5, 7, 9]),
        found in reports(3),
    ) {
        let found: Vec<_> = found.into_iter().take(drawn.into()).collect();
        let judged = judge(Policy::Proven, drawn, &answer(0, 0), &found);
        let found_again = found.iter().any(|(_, one)| one.finding == answer(0, 0).finding);
        prop_assert!(judged.verdict.passes() || !found_again);
        prop_assert!(judged.verdict != Verdict::Wrong, "nobody is convicted");
    }

    #[test]
    fn judge_should_not_depend_on_the_order(
        drawn in prop::sample::select(vec![3u8, 5, 7, 9]),
        found in reports(3),
        rotation in 0..9usize,
        proven: bool,
    ) {
        let policy = if proven { Policy::Proven } else { Policy::Replicated };
        let found: Vec<_> = found.into_iter().take(drawn.into()).collect();
        let mut turned = found.clone();
        turned.rotate_left(rotation.checked_rem(found.len().max(1)).unwrap());
        let claim = answer(0, 0);
        prop_assert_eq!(
            sorted(judge(policy, drawn, &claim, &found)),
            sorted(judge(policy, drawn, &claim, &turned)),
        );
    }

    #[test]
    fn judge_should_call_no_minority_right(found in reports(3), proven: bool) {
        let policy = if proven { Policy::Proven } else { Policy::Replicated };
        let found: Vec<_> = found.into_iter().take(5).collect();
        let judged = judge(policy, 5, &answer(0, 0), &found);
        for (guard, right) in judged.guards {
            let said = &found[guard.0 as usize].1.finding;
            let same = found.iter().filter(|(_, one)| one.finding == *said).count();
            prop_assert_eq!(right == Some(true), right.is_some() && same >= 3);
        }
    }

    #[test]
    fn pay_should_never_exceed_the_budget(reward in 0..u128::MAX / 4, share in 0..2_000_000u32, drawn in 1..10u8) {
        let budget = mul_div(reward, share.into(), WHOLE.into()).unwrap();
        let each = pay(reward, share, drawn);
        prop_assert!(each * Amount::from(drawn) <= budget);
        prop_assert!(budget - each * Amount::from(drawn) < Amount::from(drawn) + 1);
    }
}
