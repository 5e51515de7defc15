use super::*;
use crate::{
    id::ContentId,
    learning::{
        evaluation::{excess, MOST_LOSS},
        reference::{ln, BITS},
        sample::MOST,
    },
    share::Ppm,
};
use num_bigint::BigInt;
use proptest::prelude::*;

const THRESHOLD: Ppm = 10_000;

/// What these losses before and after come to.
fn evaluation(losses: &[(u64, u64)], threshold: Ppm) -> Evaluation {
    let excesses = || losses.iter().map(|(b, c)| excess(*b, *c, threshold));
    let square = |e: i128| U256::from(e.unsigned_abs()) * U256::from(e.unsigned_abs());
    Evaluation {
        candidate: ContentId([0; 32]),
        baseline: losses.iter().map(|(b, _)| b).sum(),
        loss: losses.iter().map(|(_, c)| c).sum(),
        count: losses.len() as u32,
        sum: excesses().sum(),
        squares: excesses().fold(U256::zero(), |all, e| all + square(e)),
        trace: [0; 32],
    }
}

fn big(number: U256) -> BigInt {
    BigInt::from_bytes_le(num_bigint::Sign::Plus, &number.to_little_endian())
}

/// D² and nQ − D².
fn moments(evaluation: &Evaluation) -> (BigInt, BigInt) {
    let square = BigInt::from(evaluation.sum).pow(2);
    let spread = big(evaluation.squares) * evaluation.count - &square;
    (square, spread)
}

/// The rule as it is written, in numbers of any length.
fn reference_passes(evaluation: &Evaluation, attempts: u32) -> bool {
    let (square, spread) = moments(evaluation);
    evaluation.count >= LEAST
        && evaluation.sum > 0
        && spread >= BigInt::ZERO
        && ((square * (evaluation.count - 1)) << PATIENCE_FRACTION) >= spread * patience(attempts)
}

/// Samples about the border: the candidate is better by a few thresholds, more on some examples
/// than on others, and by how much differs from sample to sample.
fn samples() -> impl Strategy<Value = Evaluation> {
    let noise = prop::collection::vec(0..1_000u64, 64..200);
    (noise, 1..MOST_LOSS / 4_000, 0..40u64, 0..1_000u64, 0..=30_000u32).prop_map(
        |(noise, scale, better, spread, threshold)| {
            let one = |noise: &u64| {
                let before = scale * (1_000 + noise);
                let after = before * (1_000 - better) / 1_000;
                // Up or down, by chance.
                let moved = scale * (noise * 7_919 % 1_000) * spread / 10_000;
                let after = if noise.is_multiple_of(2) {
                    after + moved
                } else {
                    after.saturating_sub(moved)
                };
                (before, after)
            };
            evaluation(&noise.iter().map(one).collect::<Vec<_>>(), threshold)
        },
    )
}

/// Whatever a guard may say.
fn claims() -> impl Strategy<Value = Evaluation> {
    let sums = prop_oneof![any::<i128>(), (-1i128 << 90)..(1i128 << 90), 0..=1_000i128];
    let wide = any::<[u8; 32]>().prop_map(|bytes| U256::from_little_endian(&bytes));
    let squares = prop_oneof![wide, any::<u128>().prop_map(U256::from), Just(U256::MAX)];
    let counts = prop_oneof![any::<u32>(), 0..=100u32, LEAST..=MOST];
    (sums, squares, counts, any::<u64>(), any::<u64>()).prop_map(
        |(sum, squares, count, baseline, loss)| Evaluation {
            sum,
            squares,
            count,
            baseline,
            loss,
            ..evaluation(&[], 0)
        },
    )
}

#[test]
fn patience_should_grow_with_attempts() {
    let cases = [(0, 589_824), (1, 680_677), (9, 891_629), (99, 1_193_433), (u32::MAX, 3_497_094)];
    for (attempts, squared) in cases {
        assert_eq!(patience(attempts), squared, "{attempts}");
    }
}

#[test]
fn passes_should_tell_better_from_lucky() {
    let alike = |before, after| evaluation(&[(before, after); 64], THRESHOLD);
    assert!(passes(&alike(1_000, 989), u32::MAX), "better everywhere");
    assert!(!passes(&alike(1_000, 990), 0), "by the threshold and no more");
    assert!(!passes(&alike(1_000, 1_000), 0), "nothing is changed");
    assert!(!passes(&alike(1_000, 1_010), 0), "worse");
    assert!(!passes(&alike(0, 0), 0), "nothing is lost");
    assert!(!passes(&evaluation(&[(1_000, 900); 63], THRESHOLD), 0), "too few examples");
    // Better by two thresholds on average, and by no more than chance.
    let lucky: Vec<_> = (0..64).map(|i| (1_000, if i % 2 == 0 { 780 } else { 1_180 })).collect();
    assert!(!passes(&evaluation(&lucky, THRESHOLD), 0));
    let steady: Vec<_> = (0..64).map(|i| (1_000, if i % 2 == 0 { 960 } else { 1_000 })).collect();
    assert!(passes(&evaluation(&steady, THRESHOLD), 0));
}

#[test]
fn passes_should_ask_for_more_when_others_were_judged() {
    // Of 100 examples 55 are better by 3 % and 45 worse by 1 %, beyond a threshold of zero.
    let losses: Vec<_> = (0..100).map(|i| (1_000, if i < 55 { 970 } else { 1_010 })).collect();
    let found = evaluation(&losses, 0);
    // Its mean of 12 and its deviation of √396 are six deviations, squared 36: up to 700,000.
    let passed = [0, 1, 700_000, 750_000, u32::MAX].map(|attempts| passes(&found, attempts));
    assert_eq!(passed, [true, true, true, false, false]);
}

#[test]
fn variance_should_be_relative_to_the_loss() {
    // Differences of 0 and 20 thousandths: a deviation of 10, of which there are one too few.
    let losses: Vec<_> = (0..64).map(|i| (1_000, if i % 2 == 0 { 980 } else { 1_000 })).collect();
    assert_eq!(variance(&evaluation(&losses, THRESHOLD)), 102);
    assert_eq!(variance(&evaluation(&[(1_000, 980); 64], THRESHOLD)), 0);
    assert_eq!(variance(&evaluation(&[(0, 0); 64], THRESHOLD)), u64::MAX);
    assert_eq!(variance(&evaluation(&[(9, 9)], THRESHOLD)), u64::MAX);
}

/// The largest numbers that a sample has are counted.
#[test]
fn rules_should_not_overflow_when_a_sample_is_the_largest() {
    let most = MOST as usize;
    let best = evaluation(&vec![(MOST_LOSS, 0); most], 0);
    assert!(passes(&best, u32::MAX));
    assert_eq!(variance(&best), 0);
    let mut split = vec![(MOST_LOSS, 0); most];
    for (_, loss) in split.iter_mut().skip(most / 2) {
        *loss = MOST_LOSS;
    }
    let split = evaluation(&split, 0);
    assert!(passes(&split, u32::MAX));
    assert_eq!(variance(&split), 250_016);
}

proptest! {
    #[test]
    fn patience_should_be_rounded_up(attempts in prop_oneof![any::<u32>(), 0..1_000u32]) {
        let exact: BigInt = (BigInt::from(9) << BITS) + ln(u64::from(attempts) + 1) * 2;
        let unit = BITS - PATIENCE_FRACTION;
        // Finer than either can be wrong by.
        let blur = BigInt::from(1) << (BITS - 50);
        let found = BigInt::from(patience(attempts)) << unit;
        prop_assert!(found + &blur >= exact);
        prop_assert!((BigInt::from(patience(attempts) - 1) << unit) < exact + blur);
    }

    #[test]
    fn patience_should_never_fall(a: u32, b: u32) {
        prop_assert!(patience(a.min(b)) <= patience(a.max(b)));
    }

    #[test]
    fn passes_should_be_the_rule_when_a_sample_was_measured(
        found in samples(), attempts in prop_oneof![any::<u32>(), 0..9u32],
    ) {
        prop_assert_eq!(passes(&found, attempts), reference_passes(&found, attempts));
    }

    #[test]
    fn passes_should_never_let_through_what_the_rule_does_not(claim in claims(), attempts: u32) {
        prop_assert!(!passes(&claim, attempts) || reference_passes(&claim, attempts));
    }

    #[test]
    fn passes_should_not_be_easier_when_more_were_judged(found in samples(), a: u32, b: u32) {
        prop_assert!(!passes(&found, a.max(b)) || passes(&found, a.min(b)));
    }

    #[test]
    fn variance_should_be_rounded_up(found in prop_oneof![samples(), claims()]) {
        let (_, spread) = moments(&found);
        let below = BigInt::from(found.baseline).pow(2)
            * (found.count.max(1) - 1)
            * 1_000_000;
        let above = spread * found.count;
        let v = variance(&found);
        if v < u64::MAX {
            prop_assert!(&below * v >= above);
            prop_assert!(v == 0 || below * (v - 1) < above);
        } else if below > BigInt::ZERO && above >= BigInt::ZERO {
            // Too much, or of numbers that no sample has.
            let overflows = above >= BigInt::from(1) << 256;
            prop_assert!(overflows || above > below * (u64::MAX - 1));
        }
    }
}
