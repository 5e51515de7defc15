//! The moving average that each dimension is.

use super::Rules;
use crate::{
    id::Height,
    share::{mul_div, Ppm, WHOLE},
    wire::wire,
};

/// What one right result weighs in an [`Average`].
pub const PIECE: u64 = 1 << 32;

/// The most that an average holds under any rules: the widest window, full.
const FULL: u128 = u16::MAX as u128 * PIECE as u128;

/// The whole, in the fixed point that fading is computed in. With it, the largest window and the
/// largest inertia, no product of a reading exceeds 2¹²⁵.
const UNIT: u128 = 1 << 56;

/// ln 2, as a share of [`UNIT`].
const LN_2: u128 = 49_946_518_145_322_873;

/// Terms of the exponential series: with these the rest is below a [`UNIT`]th.
const TERMS: u128 = 18;

wire! {
    /// An exponential moving average, as the weights of what spoke for a provider and against it.
    ///
    /// Its mean is `right / (right + wrong)`, its weight `right + wrong`. Kept as a pair, time
    /// takes the same share of both, and each observation moves both in the sense of what was
    /// seen, whatever is rounded.
    #[derive(Copy, Default)]
    pub struct Average {
        /// The weight of right results, one of them being a [`PIECE`].
        pub right: u64,
        pub wrong: u64,
        /// The height at which these were the weights.
        pub updated: Height,
    }
}

impl Average {
    /// The average after one observation. Whatever is rounded is rounded in favour of what was
    /// seen, so a right one never lowers a reading and a wrong one never raises it.
    #[must_use]
    pub(super) fn observed(&self, right: bool, rules: &Rules, now: Height) -> Self {
        let (window, pieces) = (rules.window(), rules.pieces(right));
        let forget = |weight: u64| {
            let forgotten = u128::from(weight).saturating_mul(pieces.into());
            weight.saturating_sub(narrow(forgotten.div_ceil(window.into())))
        };
        let fitted = self.fitted(rules);
        let factor = remaining(fitted.elapsed(now), rules.half_life);
        let updated = now.max(self.updated);
        let added = pieces.saturating_mul(PIECE);
        if right {
            let (right, wrong) = (faded_up(fitted.right, factor), faded(fitted.wrong, factor));
            Self { right: forget(right).saturating_add(added), wrong: forget(wrong), updated }
        } else {
            let (right, wrong) = (faded(fitted.right, factor), faded_up(fitted.wrong, factor));
            Self { right: forget(right), wrong: forget(wrong).saturating_add(added), updated }
        }
    }

    /// The average with the weights it has at some height.
    ///
    /// In two steps or in one, a weight differs by at most two of its [`PIECE`]'s 2³² parts, and
    /// a reading by at most one ppm.
    #[must_use]
    pub(super) fn faded(&self, rules: &Rules, now: Height) -> Self {
        let fitted = self.fitted(rules);
        let factor = remaining(fitted.elapsed(now), rules.half_life);
        Self {
            right: faded(fitted.right, factor),
            wrong: faded(fitted.wrong, factor),
            updated: now.max(self.updated),
        }
    }

    /// What the average says at some height, rounded down: its mean and the prior, by their
    /// weights. It is computed from the stored weights in one go, so that while idle it only
    /// nears the prior, and never passes it.
    pub(super) fn reading(&self, rules: &Rules, now: Height) -> Ppm {
        let fitted = self.fitted(rules);
        let factor = remaining(fitted.elapsed(now), rules.half_life);
        let weighed = |weight: u64| u128::from(weight).saturating_mul(factor);
        let inertia = u128::from(rules.inertia()).saturating_mul(UNIT);
        let sum = inertia
            .saturating_mul(rules.prior())
            .saturating_add(weighed(fitted.right).saturating_mul(WHOLE.into()));
        let total =
            inertia.saturating_add(weighed(fitted.right)).saturating_add(weighed(fitted.wrong));
        sum.checked_div(total)
            .and_then(|reading| Ppm::try_from(reading).ok())
            .map_or(WHOLE, |reading| reading.min(WHOLE))
    }

    /// How many right results the evidence weighs at some height, to the nearest.
    pub(super) fn pieces(&self, rules: &Rules, now: Height) -> u32 {
        let faded = self.faded(rules, now);
        let weight = u128::from(faded.right).saturating_add(faded.wrong.into());
        let pieces = weight.saturating_add(u128::from(PIECE / 2)).checked_div(PIECE.into());
        pieces.and_then(|pieces| u32::try_from(pieces).ok()).unwrap_or(u32::MAX)
    }

    /// Whether it holds no more than the widest window does.
    pub(super) fn is_bounded(&self) -> bool {
        u128::from(self.right).saturating_add(self.wrong.into()) <= FULL
    }

    fn elapsed(&self, now: Height) -> Height {
        now.saturating_sub(self.updated)
    }

    /// The same mean with no more weight than the window holds: rules may have changed since.
    fn fitted(&self, rules: &Rules) -> Self {
        let full = u128::from(rules.window()).saturating_mul(PIECE.into());
        let weight = u128::from(self.right).saturating_add(self.wrong.into());
        if weight <= full {
            return *self;
        }
        let fit = |part: u64| mul_div(part.into(), full, weight).map_or(0, narrow);
        Self { right: fit(self.right), wrong: fit(self.wrong), updated: self.updated }
    }
}

/// What is left of a weight, rounded down.
fn faded(weight: u64, factor: u128) -> u64 {
    narrow(u128::from(weight).saturating_mul(factor).checked_div(UNIT).unwrap_or(0))
}

/// What is left of a weight, rounded up.
fn faded_up(weight: u64, factor: u128) -> u64 {
    narrow(u128::from(weight).saturating_mul(factor).div_ceil(UNIT))
}

fn narrow(weight: u128) -> u64 {
    u64::try_from(weight).unwrap_or(u64::MAX)
}

/// 2^(−elapsed / half-life), as a share of [`UNIT`].
///
/// The whole half-lives are a shift, the rest is e^−z for z < ln 2 by Horner's scheme, wrong by
/// less than 2⁻⁵⁰. A block takes at least 2⁻³³ of it away, more than the error, so it never rises.
pub(super) fn remaining(elapsed: Height, half_life: Height) -> u128 {
    let half_life = half_life.max(1);
    let halvings = elapsed.checked_div(half_life).unwrap_or(0);
    let rest = elapsed.checked_rem(half_life).unwrap_or(0);
    let z = u128::from(rest).saturating_mul(LN_2).checked_div(half_life.into()).unwrap_or(0);
    let power = (1..=TERMS).rev().fold(UNIT, |sum, n| {
        let divisor = UNIT.saturating_mul(n);
        UNIT.saturating_sub(z.saturating_mul(sum).checked_div(divisor).unwrap_or(0))
    });
    power.checked_shr(halvings).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(elapsed: Height, half_life: Height) -> f64 {
        (-f64::from(elapsed) / f64::from(half_life)).exp2()
    }

    #[test]
    fn remaining_should_be_exact_when_half_lives_are_whole() {
        for half_life in [1, 7, 2_592_000, u32::MAX / 4] {
            assert_eq!(remaining(0, half_life), UNIT);
            assert_eq!(remaining(half_life, half_life), UNIT / 2);
            assert_eq!(remaining(half_life * 3, half_life), UNIT / 8);
        }
        assert_eq!(remaining(56, 1), 1);
        assert_eq!(remaining(57, 1), 0);
        assert_eq!(remaining(u32::MAX, 1), 0);
        assert_eq!(remaining(u32::MAX, u32::MAX), UNIT / 2);
        assert_eq!(remaining(5, 0), remaining(5, 1));
    }

    proptest! {
        #[test]
        fn remaining_should_be_near_the_power_when_anything_has_elapsed(
            elapsed: Height, half_life in 1..=Height::MAX,
        ) {
            let share = remaining(elapsed, half_life) as f64 / UNIT as f64;
            prop_assert!((share - exact(elapsed, half_life)).abs() < 1e-14);
        }

        #[test]
        fn remaining_should_never_rise_when_a_block_passes(
            elapsed in 0..Height::MAX, half_life in 1..=Height::MAX,
        ) {
            let (before, after) = (remaining(elapsed, half_life), remaining(elapsed + 1, half_life));
            prop_assert!(after <= before);
            // For sixteen half-lives there are digits enough to see a single block.
            prop_assert!(after < before || elapsed / half_life >= 16);
        }

        #[test]
        fn remaining_should_multiply_when_times_add(
            first in 0..Height::MAX / 2, second in 0..Height::MAX / 2, half_life in 1..=Height::MAX,
        ) {
            let product = remaining(first, half_life) * remaining(second, half_life) / UNIT;
            prop_assert!(product.abs_diff(remaining(first + second, half_life)) < 1 << 6);
        }
    }

    #[test]
    fn remaining_should_fall_at_the_seam_of_two_half_lives() {
        for half_life in [2, 3, 1_000, 2_592_000, u32::MAX - 1] {
            assert!(remaining(half_life - 1, half_life) > remaining(half_life, half_life));
            assert!(remaining(half_life, half_life) > remaining(half_life + 1, half_life));
        }
    }
}
