//! Choosing among columns: the largest ones, or one at random.

use crate::{
    chacha,
    math::{exp2, exp2f, log2},
    num::{most, round, Scale},
};
use alloc::vec::Vec;
use core::cmp::Reverse;

/// A whole in the units of prefixes.
pub const WHOLE: u32 = 1 << 16;

/// Beyond this nothing is left of a power of two.
const FAR: i64 = 1 << 21;
/// Nor of a fine one.
pub(crate) const FINE_FAR: i64 = 1 << 30;
/// A loss beyond this is the largest there is.
const LOST: i64 = 1 << 36;

/// How a token is chosen.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rule {
    /// The largest, which is what temperature 0 comes to.
    Greedy,
    /// At random, in proportion to powers of two.
    Drawn {
        /// What brings a difference to units of 2^−16 of a logarithm to base 2.
        scale: Scale,
        /// Only among so many of the largest.
        most: u32,
        /// Only among the fewest that have so much of the whole.
        prefix: u32,
    },
}

/// The columns of the `count` largest, the largest first, of equals the lower first.
pub fn largest(row: &[i32], count: usize) -> Vec<u32> {
    let mut columns: Vec<(Reverse<i32>, u32)> = row.iter().copied().map(Reverse).zip(0..).collect();
    if let Some(last) = count.checked_sub(1).filter(|last| *last < columns.len()) {
        columns.select_nth_unstable(last);
    }
    columns.truncate(count);
    columns.sort_unstable();
    columns.into_iter().map(|(_, column)| column).collect()
}

/// 2^−difference in units of 2^−15, of a difference from the largest.
#[inline(always)]
pub(crate) fn power(difference: i64, scale: Scale) -> i64 {
    exp2(scale.of(difference).clamp(0, FAR).unsigned_abs())
}

/// The same in units of 2^−31, for a scale that brings differences to units of 2^−24.
#[inline(always)]
pub(crate) fn fine_power(difference: i64, scale: Scale) -> i64 {
    exp2f(scale.of(difference).clamp(0, FINE_FAR).unsigned_abs())
}

/// What is lost on a target so far from the largest, in millionths of a nat, for the sum of all
/// fine powers.
pub(crate) fn loss(powers: i64, difference: i64, scale: Scale) -> i64 {
    let bits = log2(powers.unsigned_abs()) - (31 << 24) + scale.of(difference).clamp(0, LOST);
    round(bits * 693_147, 24).min(most(32))
}

/// The column that the rule chooses; none where there is none.
pub fn sample(row: &[i32], rule: &Rule, seed: &[u8; 32], position: u64) -> Option<u32> {
    let Rule::Drawn { scale, most, prefix } = *rule else {
        return largest(row, 1).first().copied();
    };
    let columns = largest(row, most.try_into().unwrap_or(usize::MAX));
    let of = |column: &u32| row.get(*column as usize).copied().map(i64::from);
    let top = columns.first().and_then(of)?;
    let powers = || columns.iter().filter_map(of).map(|value| power(top - value, scale));
    let need = needed(powers().sum(), prefix);
    let sums = || {
        powers().scan(0, |sum, power| {
            *sum += power;
            Some(*sum)
        })
    };
    let kept = sums().find(|sum| *sum >= need)?;
    let point = point(kept, seed, position);
    sums().zip(&columns).find(|(sum, _)| *sum > point).map(|(_, column)| *column)
}

/// What the powers of a prefix have to come to.
pub(crate) fn needed(whole: i64, prefix: u32) -> i64 {
    (whole * i64::from(prefix) + i64::from(WHOLE) - 1) >> 16
}

/// Where among the powers that are kept the one lies that is drawn.
pub(crate) fn point(kept: i64, seed: &[u8; 32], position: u64) -> i64 {
    let random = u128::from(chacha::first(seed, position));
    // Less than what is kept, so it fits again.
    ((random * u128::from(kept.unsigned_abs())) >> 64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(most: u32, prefix: u32) -> Rule {
        Rule::Drawn { scale: Scale::power(-8), most, prefix }
    }

    fn seed(number: u64) -> [u8; 32] {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        seed
    }

    #[test]
    fn largest_should_take_the_lower_column_when_equal() {
        assert_eq!(largest(&[3, 5, 5, 1, 5], 2), [1, 2]);
        assert_eq!(largest(&[3, 5, 5, 1, 5], 9), [1, 2, 4, 0, 3]);
        assert_eq!(largest(&[0; 4], 4), [0, 1, 2, 3]);
        assert_eq!(largest(&[1], 0), [0; 0]);
    }

    #[test]
    fn sample_should_choose_in_proportion_when_drawn_often() {
        // Two to the power of 0, −1, −2 and −20: 4/7, 2/7, 1/7 and nothing.
        let unit = 256 << 16;
        let row = [-unit, 0, -20 * unit, -2 * unit];
        let mut counts = [0i32; 4];
        for position in 0..70_000 {
            let column = sample(&row, &drawn(4, WHOLE), &seed(1), position).unwrap();
            counts[column as usize] += 1;
        }
        for (have, need) in counts.into_iter().zip([20_000, 40_000, 0, 10_000]) {
            assert!((have - need).abs() < 600, "{counts:?}");
        }
    }

    #[test]
    fn sample_should_leave_out_the_unlikely_when_told_to() {
        let unit = 256 << 16;
        let row = [0, -unit, -2 * unit, -3 * unit];
        let seen = |rule: Rule| {
            let mut seen: Vec<_> =
                (0..500).filter_map(|at| sample(&row, &rule, &seed(2), at)).collect();
            seen.sort_unstable();
            seen.dedup();
            seen
        };
        assert_eq!(seen(drawn(2, WHOLE)), [0, 1]);
        // 8/15 are 34,952 of 65,536 parts.
        assert_eq!(seen(drawn(4, 34_000)), [0]);
        assert_eq!(seen(drawn(4, 36_000)), [0, 1]);
        assert_eq!(seen(drawn(4, WHOLE)), [0, 1, 2, 3]);
        assert_eq!(seen(drawn(4, 1)), [0]);
    }

    proptest! {
        #[test]
        fn largest_should_be_the_start_of_the_sorted_when_any(
            row in prop::collection::vec(prop_oneof![-3i32..3, any::<i32>()], 1..40),
            count in 0usize..50,
        ) {
            let mut sorted: Vec<u32> = (0..row.len() as u32).collect();
            sorted.sort_by_key(|column| Reverse(row[*column as usize]));
            sorted.truncate(count);
            prop_assert_eq!(largest(&row, count), sorted);
        }

        #[test]
        fn sample_should_choose_the_largest_when_only_one_is_allowed(
            row in prop::collection::vec(-3i32..3, 1..40),
            position: u64,
        ) {
            let greedy = sample(&row, &Rule::Greedy, &seed(3), position);
            prop_assert_eq!(sample(&row, &drawn(1, WHOLE), &seed(3), position), greedy);
            prop_assert_eq!(greedy, largest(&row, 1).first().copied());
        }

        #[test]
        fn sample_should_stay_within_the_allowed_when_any(
            row in prop::collection::vec(any::<i32>(), 1..40),
            most in 1u32..50,
            prefix in 1..=WHOLE,
            multiplier in 1u16 << 15..,
            shift in 1u8..=62,
            position: u64,
        ) {
            let rule = Rule::Drawn { scale: Scale { multiplier, shift }, most, prefix };
            let column = sample(&row, &rule, &seed(4), position).unwrap();
            prop_assert!(largest(&row, most as usize).contains(&column));
        }
    }
}
