//! What a guard found.

use crate::{
    id::{ContentId, Digest},
    learning::{brief::Brief, sums::Node},
    preimage::Statement,
    share::{Ppm, WHOLE},
    wire::wire,
};
use primitive_types::U256;

/// The largest loss of one example: nine years of nats, and small enough that no sum overflows.
pub const MOST_LOSS: u64 = 1 << 48;

wire! {
    /// What the candidate loses on a sample, and what the baseline does, in millionths of a nat.
    #[derive(Copy)]
    pub struct Evaluation {
        /// Of a delta the component's file with it laid on; of heads
        /// [`content_of`](crate::learning::model::content_of) the parts.
        pub candidate: ContentId,
        pub baseline: u64,
        pub loss: u64,
        pub count: u32,
        /// Of the [`excess`] of each example.
        pub sum: i128,
        /// Of its square.
        pub squares: U256,
        /// The root of the [sum tree](crate::learning::sums).
        pub trace: Digest,
    }

    /// Why a delta cannot be judged.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum DeltaFlaw {
        /// The artifact is no delta.
        #[codec(index = 0)]
        NotAChange,
        /// It is for another base than it was submitted on.
        #[codec(index = 1)]
        OtherBase,
        /// It changes a tensor that the component does not have.
        #[codec(index = 2)]
        UnknownTensor,
        /// It changes a tensor of constants.
        #[codec(index = 3)]
        NoMasters,
        /// It changes a tensor as if that were of another shape.
        #[codec(index = 4)]
        WrongShape,
        /// It, or what it unfolds to, is larger than guards take.
        #[codec(index = 5)]
        TooLarge,
        /// The model cannot be measured on the set by its program. No fault of the delta's.
        #[codec(index = 6)]
        Unmeasurable,
    }

    /// What a guard says of its brief.
    #[derive(Copy)]
    pub enum Opinion {
        #[codec(index = 0)]
        Measured(Evaluation),
        /// This artifact was not to be had.
        #[codec(index = 1)]
        Unavailable(ContentId),
        #[codec(index = 2)]
        Flawed(DeltaFlaw),
    }
}

impl Statement for Opinion {
    const TAG: &'static str = "cairn/opinion/body";
}

impl DeltaFlaw {
    pub const ALL: [Self; 7] = [
        Self::NotAChange,
        Self::OtherBase,
        Self::UnknownTensor,
        Self::NoMasters,
        Self::WrongShape,
        Self::TooLarge,
        Self::Unmeasurable,
    ];
}

/// By how much an example's loss fell beyond what is asked for: 10⁶ · (baseline − loss) −
/// threshold · baseline.
pub fn excess(baseline: u64, loss: u64, threshold: Ppm) -> i128 {
    // 64 and 32 bits multiply, and 64 and 20.
    let fallen = i128::from(baseline).saturating_sub(i128::from(loss));
    let asked = i128::from(threshold).saturating_mul(baseline.into());
    i128::from(WHOLE).saturating_mul(fallen).saturating_sub(asked)
}

impl Evaluation {
    /// What a tree of examples comes to.
    pub fn of(candidate: ContentId, root: &Node) -> Self {
        let Node { count, baseline, loss, sum, squares, hash } = *root;
        Self { candidate, baseline, loss, count, sum, squares, trace: hash }
    }

    /// Whether its numbers go together, and answer the brief. Whether they are true is another
    /// question.
    pub fn answers(&self, brief: &Brief) -> bool {
        let most = MOST_LOSS.saturating_mul(self.count.into());
        self.count == brief.count
            && self.baseline.max(self.loss) <= most
            && self.sum == excess(self.baseline, self.loss, brief.threshold)
            && self.moments().is_some()
    }

    /// None where no numbers have such a sum and such squares.
    pub(super) fn moments(&self) -> Option<Moments> {
        let sum = U256::from(self.sum.unsigned_abs());
        let square = sum.checked_mul(sum)?;
        let all = self.squares.checked_mul(self.count.into())?;
        // No mean of squares is less than the square of the mean.
        Some(Moments { square, spread: all.checked_sub(square)? })
    }
}

/// What tells a mean from chance.
pub(super) struct Moments {
    /// The square of the sum.
    pub(super) square: U256,
    /// The sum of squares as often as there are examples, less the square of the sum: the variance
    /// times the square of their number.
    pub(super) spread: U256,
}

#[cfg(test)]
mod tests;
