//! What a lower loss is worth.

use crate::{
    id::{Amount, Height},
    learning::logarithm::{log2, FRACTION},
    share::{of, ratio, Ppm, WHOLE},
    wire::wire,
};
use primitive_types::U256;

/// Millionths of the natural logarithm in the logarithm to base two: 10⁶ · ln 2, rounded down.
const MILLIONTHS: u128 = 762_123_384_785_810_450;
/// Bits after its point.
const MILLIONTHS_FRACTION: u32 = 40;
/// Millionths in a hundredth.
const HUNDREDTH: u64 = 10_000;
/// The largest factor of a reward.
const HARDEST: Ppm = 3 * WHOLE;

wire! {
    /// What a gain is paid.
    #[derive(Copy)]
    pub struct Curve {
        /// For each hundredth by which the logarithm of the loss falls.
        pub hundredth: Amount,
    }

    /// How the threshold falls where there is little left to learn.
    #[derive(Copy)]
    pub struct Decay {
        /// The loss that no model goes below, as a mean; zero where nobody knows one.
        pub floor_loss: u64,
        /// Below this the threshold does not fall.
        pub least: Ppm,
    }

    /// How a period's tokens are shared.
    #[derive(Copy)]
    pub struct Budgets {
        pub inference: Ppm,
        pub learning: Ppm,
        pub validation: Ppm,
        pub data: Ppm,
    }

    /// What tokens are minted for.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Cause {
        /// Serving models.
        #[codec(index = 0)]
        Inference,
        /// Lowering a loss.
        #[codec(index = 1)]
        Learning,
        /// Judging, and keeping what was judged.
        #[codec(index = 2)]
        Validation,
        /// The examples that deltas were judged on.
        #[codec(index = 3)]
        Data,
    }

    /// What may be minted.
    #[derive(Copy)]
    pub struct Emission {
        /// How long a period is.
        pub period: Height,
        /// What may be minted in one.
        pub tokens: Amount,
        pub budgets: Budgets,
        /// Which share of what was not minted may be so in the next period.
        pub carry: Ppm,
    }
}

/// By how much the logarithm of the loss changed, in millionths, rounded down: what is not
/// positive is no gain. A loss of zero counts as one.
///
/// It is a difference of two logarithms that are rounded once each, so that however a way down is
/// cut into steps, the steps together are no more than the whole.
pub fn progress(baseline: u64, loss: u64) -> i64 {
    // 66 and 60 bits multiply.
    let millionths = |loss| {
        let product = log2(loss).saturating_mul(MILLIONTHS);
        i128::try_from(product).unwrap_or(i128::MAX)
    };
    let change = millionths(baseline).saturating_sub(millionths(loss));
    i64::try_from(change >> (FRACTION + MILLIONTHS_FRACTION)).unwrap_or(0)
}

/// How much is gained where a loss falls: millionths of the logarithm of old over new, rounded
/// down; nothing where it does not fall.
pub fn gain(baseline: u64, loss: u64) -> u64 {
    u64::try_from(progress(baseline, loss)).unwrap_or(0)
}

impl Curve {
    /// What a gain is paid at that difficulty, from the whole to three times it.
    pub fn reward(&self, gain: u64, difficulty: Ppm) -> Amount {
        let difficulty = difficulty.clamp(WHOLE, HARDEST);
        // 128, 64 and 22 bits multiply, and are rounded once.
        let whole = U256::from(self.hundredth)
            .checked_mul(gain.into())
            .and_then(|product| product.checked_mul(difficulty.into()))
            .and_then(|product| product.checked_div(U256::from(HUNDREDTH)))
            .and_then(|product| product.checked_div(WHOLE.into()));
        whole.and_then(|reward| Amount::try_from(reward).ok()).unwrap_or(Amount::MAX)
    }
}

/// What rewards are multiplied by where so many deltas succeeded in the last period and so many
/// were expected to: three times without any, once where they are as many or more.
pub fn difficulty(successes: u32, expected: u32) -> Ppm {
    let easy = ratio(successes.into(), expected.into());
    HARDEST.saturating_sub(easy.saturating_mul(2))
}

/// The threshold for a model of that mean loss: the same share of what is left to learn as it is of
/// the whole loss where nobody knows a floor.
pub fn decayed(threshold: Ppm, decay: Decay, loss: u64) -> Ppm {
    let left = loss.saturating_sub(decay.floor_loss);
    let share = if decay.floor_loss == 0 { WHOLE } else { ratio(left.into(), loss.max(1).into()) };
    let fallen = of(share, threshold.into());
    Ppm::try_from(fallen).unwrap_or(threshold).max(decay.least.min(threshold))
}

/// Which share of a reward is minted, where its delta gained so much on public examples and so much
/// on sealed ones.
pub fn held_share(public_gain: u64, sealed_gain: u64) -> Ppm {
    ratio(sealed_gain.into(), public_gain.into())
}

impl Cause {
    pub const ALL: [Self; 4] = [Self::Inference, Self::Learning, Self::Validation, Self::Data];
}

impl Budgets {
    pub fn share(&self, cause: Cause) -> Ppm {
        match cause {
            Cause::Inference => self.inference,
            Cause::Learning => self.learning,
            Cause::Validation => self.validation,
            Cause::Data => self.data,
        }
    }

    /// Whether they are no more than the whole.
    pub fn are_shares(&self) -> bool {
        let sum =
            Cause::ALL.iter().try_fold(0, |sum: Ppm, cause| sum.checked_add(self.share(*cause)));
        sum.is_some_and(|sum| sum <= WHOLE)
    }
}

impl Emission {
    /// What a period has for that, beside what was carried over. All budgets together are no more
    /// than the tokens, where they [are shares](Budgets::are_shares).
    pub fn budget(&self, cause: Cause) -> Amount {
        of(self.budgets.share(cause), self.tokens)
    }
}

#[cfg(test)]
mod tests;
