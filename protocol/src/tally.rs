//! Who agrees with whom, once results are revealed.

use crate::{
    id::ProviderId,
    job::Policy,
    result::{Answer, Fingerprint},
    share::Ppm,
};
use alloc::vec::Vec;
use core::iter::successors;

/// What a round of results comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Enough of them agree. What the others gave is not paid.
    Agreed { by: Vec<ProviderId>, against: Vec<ProviderId> },
    /// There are enough results, and they contradict each other.
    Disagreed,
    /// There are too few results to decide.
    Short,
}

/// How many must agree: more than half of those asked, so that two groups never both do.
pub fn quorum(redundancy: u8) -> usize {
    usize::from(redundancy / 2).saturating_add(1)
}

/// How many are asked again when results contradict each other: three, five, nine; none after
/// that.
pub fn widened(redundancy: u8) -> Option<u8> {
    [3, 5, 9].into_iter().find(|wider| *wider > redundancy)
}

/// How many are asked in the end, if results contradict each other each time. Those of one worker
/// cannot, and where a majority decides nobody is asked again.
pub fn widest(policy: Policy, redundancy: u8) -> u8 {
    match policy {
        Policy::Proven | Policy::Tolerance { .. } if redundancy > 1 => {
            successors(Some(redundancy), |asked| widened(*asked)).last().unwrap_or(redundancy)
        }
        _ => redundancy,
    }
}

/// Judges what was revealed of `redundancy` results.
pub fn tally(policy: Policy, redundancy: u8, answers: &[(ProviderId, Answer)]) -> Verdict {
    // Never more answer than are asked; if they did, two groups must still not both decide.
    let answered = u8::try_from(answers.len()).unwrap_or(u8::MAX);
    let quorum = quorum(redundancy.max(answered));
    if answers.len() < quorum {
        return Verdict::Short;
    }
    // One worker has nobody to agree with: an audit or the requester looks at the result.
    let group = match policy {
        Policy::Tolerance { within } if redundancy > 1 => around(within, answers),
        _ => largest(answers, Answer::says_the_same),
    };
    let (by, against): (Vec<_>, Vec<_>) = group.iter().partition(|(_, agrees)| *agrees);
    let names = |side: Vec<(ProviderId, bool)>| side.into_iter().map(|(name, _)| name).collect();
    let unanimous = against.is_empty();
    let decided = match policy {
        // Here a majority decides nothing: one who contradicts is enough to ask again.
        Policy::Proven | Policy::Tolerance { .. } => unanimous,
        Policy::Replicated | Policy::Outcome { .. } => by.len() >= quorum,
    };
    if decided {
        Verdict::Agreed { by: names(by), against: names(against) }
    } else {
        Verdict::Disagreed
    }
}

/// What drawn guards make of a trained delta.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Measured {
    /// They agree on a loss that is at most the target.
    Met,
    /// They agree on a loss above the target.
    Missed,
    Disagreed,
    Short,
}

/// Judges the losses that `guards` measured against a target, all in micro-nats.
pub fn measured(target: u64, guards: u8, losses: &[u64]) -> Measured {
    let Some((first, others)) = losses.split_first() else { return Measured::Short };
    if losses.len() < quorum(guards) {
        Measured::Short
    } else if others.iter().any(|loss| loss != first) {
        Measured::Disagreed
    } else if *first <= target {
        Measured::Met
    } else {
        Measured::Missed
    }
}

/// Marks who is in the largest group around one answer; of equal groups the first answer's.
fn largest(
    answers: &[(ProviderId, Answer)],
    agree: impl Fn(&Answer, &Answer) -> bool,
) -> Vec<(ProviderId, bool)> {
    let size = |centre: &Answer| answers.iter().filter(|(_, one)| agree(centre, one)).count();
    let centre = answers.iter().rev().max_by_key(|(_, centre)| size(centre));
    answers
        .iter()
        .map(|(name, answer)| (*name, centre.is_some_and(|(_, centre)| agree(centre, answer))))
        .collect()
}

fn around(within: Ppm, answers: &[(ProviderId, Answer)]) -> Vec<(ProviderId, bool)> {
    let distance = |a: Option<&Fingerprint>, b: Option<&Fingerprint>| a?.distance(b?);
    largest(answers, |a, b| {
        distance(a.fingerprint.as_ref(), b.fingerprint.as_ref())
            .is_some_and(|distance| distance <= within.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::EngineId, result::Output};
    use bounded_collections::BoundedVec;
    use proptest::prelude::*;

    fn answer(output: u8) -> Answer {
        Answer {
            engine: EngineId([0; 32]),
            output: Output::Inline(BoundedVec::truncate_from(vec![output])),
            fingerprint: None,
            units: 1,
        }
    }

    fn vector(value: i32) -> Answer {
        let fingerprint = Fingerprint(BoundedVec::truncate_from(vec![1_000_000, value]));
        Answer { fingerprint: Some(fingerprint), ..answer(value.to_le_bytes()[0]) }
    }

    fn round(answers: impl IntoIterator<Item = Answer>) -> Vec<(ProviderId, Answer)> {
        answers.into_iter().zip(0..).map(|(answer, name)| (ProviderId(name), answer)).collect()
    }

    fn providers(names: &[u64]) -> Vec<ProviderId> {
        names.iter().copied().map(ProviderId).collect()
    }

    fn agreed(by: &[u64], against: &[u64]) -> Verdict {
        Verdict::Agreed { by: providers(by), against: providers(against) }
    }

    #[test]
    fn tally_should_let_the_majority_decide_when_replicated() {
        let of = |outputs: &[u8], redundancy| {
            tally(Policy::Replicated, redundancy, &round(outputs.iter().copied().map(answer)))
        };
        assert_eq!(of(&[7, 8, 7], 3), agreed(&[0, 2], &[1]));
        assert_eq!(of(&[7, 7], 3), agreed(&[0, 1], &[]));
        assert_eq!(of(&[7, 8], 3), Verdict::Disagreed);
        assert_eq!(of(&[7, 8, 9], 3), Verdict::Disagreed);
        assert_eq!(of(&[7, 7, 8, 8, 9], 5), Verdict::Disagreed);
        assert_eq!(of(&[7], 3), Verdict::Short);
        assert_eq!(of(&[7], 1), agreed(&[0], &[]));
        assert_eq!(of(&[], 1), Verdict::Short);
    }

    #[test]
    fn tally_should_let_no_majority_decide_when_proven() {
        let of = |outputs: &[u8], redundancy| {
            tally(Policy::Proven, redundancy, &round(outputs.iter().copied().map(answer)))
        };
        assert_eq!(of(&[7, 7, 8], 3), Verdict::Disagreed);
        assert_eq!(of(&[7, 7, 7], 3), agreed(&[0, 1, 2], &[]));
        assert_eq!(of(&[7, 7], 3), agreed(&[0, 1], &[]));
    }

    #[test]
    fn tally_should_compare_fingerprints_when_tolerant() {
        let policy = Policy::Tolerance { within: 10 };
        let of = |values: &[i32]| tally(policy, 3, &round(values.iter().copied().map(vector)));
        assert_eq!(of(&[100, 105, 95]), agreed(&[0, 1, 2], &[]));
        assert_eq!(of(&[100, 105, 500]), Verdict::Disagreed);
        assert_eq!(tally(policy, 3, &round([answer(1), answer(1)])), Verdict::Disagreed);
        assert_eq!(tally(policy, 1, &round([answer(1)])), agreed(&[0], &[]));
    }

    #[test]
    fn measured_should_want_equal_losses() {
        assert_eq!(measured(100, 3, &[100, 100, 100]), Measured::Met);
        assert_eq!(measured(100, 3, &[101, 101]), Measured::Missed);
        assert_eq!(measured(100, 3, &[100, 99, 100]), Measured::Disagreed);
        assert_eq!(measured(100, 3, &[1]), Measured::Short);
        assert_eq!(measured(100, 3, &[]), Measured::Short);
    }

    #[test]
    fn widened_should_end_at_nine() {
        assert_eq!([0, 1, 3, 4, 5, 7, 9].map(widened), {
            [Some(3), Some(3), Some(5), Some(5), Some(9), Some(9), None]
        });
    }

    #[test]
    fn widest_should_be_where_asking_again_ends() {
        for policy in [Policy::Proven, Policy::Tolerance { within: 1 }] {
            assert_eq!([1, 3, 5, 7, 9].map(|asked| widest(policy, asked)), [1, 9, 9, 9, 9]);
        }
        for policy in [Policy::Replicated, Policy::Outcome { target: 1, guards: 3 }] {
            assert_eq!([1, 3, 9].map(|asked| widest(policy, asked)), [1, 3, 9]);
        }
    }

    proptest! {
        #[test]
        fn tally_should_name_everyone_once_when_agreed(
            outputs in prop::collection::vec(0u8..3, 0..10),
            redundancy in prop::sample::select(vec![1u8, 3, 5, 7, 9]),
            proven: bool,
        ) {
            let policy = if proven { Policy::Proven } else { Policy::Replicated };
            let answers = round(outputs.iter().copied().map(answer));
            if let Verdict::Agreed { by, against } = tally(policy, redundancy, &answers) {
                let mut all = [by.clone(), against.clone()].concat();
                all.sort_unstable();
                prop_assert_eq!(all, answers.iter().map(|(name, _)| *name).collect::<Vec<_>>());
                prop_assert!(by.len() >= quorum(redundancy));
                let said = |name: &ProviderId| outputs[name.0 as usize];
                prop_assert!(by.iter().all(|name| said(name) == said(&by[0])));
                prop_assert!(against.iter().all(|name| said(name) != said(&by[0])));
            }
        }

        #[test]
        fn tally_should_not_depend_on_the_order(
            outputs in prop::collection::vec(0u8..3, 1..10),
            redundancy in prop::sample::select(vec![1u8, 3, 5, 7, 9]),
        ) {
            let answers = round(outputs.iter().copied().map(answer));
            let mut reversed = answers.clone();
            reversed.reverse();
            let sorted = |verdict| match verdict {
                Verdict::Agreed { mut by, mut against } => {
                    by.sort_unstable();
                    against.sort_unstable();
                    Verdict::Agreed { by, against }
                }
                other => other,
            };
            prop_assert_eq!(
                sorted(tally(Policy::Replicated, redundancy, &answers)),
                sorted(tally(Policy::Replicated, redundancy, &reversed)),
            );
        }
    }
}
