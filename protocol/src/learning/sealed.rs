//! What several curators' sets come to.

use alloc::vec::Vec;

/// The median of gains; of an even number the lower of the two in the middle, none of none.
pub fn median(gains: &mut [i64]) -> Option<i64> {
    gains.sort_unstable();
    let middle = gains.len().checked_sub(1)? / 2;
    gains.get(middle).copied()
}

/// How a model went up and down on sealed sets, from one delta to the next.
///
/// Where it stands is what its deltas were paid for, and what else was gained, less what is lost of
/// both. So however deltas go down and up again, together they are paid for no more than the highest
/// that the model ever stood.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Climb {
    at: i64,
    /// What the model gained that nobody was paid for, and did not lose again.
    spare: u64,
    /// What it lost, and did not gain again.
    debt: u64,
}

impl Climb {
    /// Goes on to the next delta, in the order in which they were laid: how the model stood on each
    /// set when it was laid, and after that. Gives what is its own gain: nothing as long as it makes
    /// good for what was lost before, and never more than the median of what it gained on each set.
    /// The median of where a model stands may rise though it fell on most sets.
    pub fn lay(&mut self, before: &[i64], after: &[i64]) -> u64 {
        let gains = before.iter().zip(after).map(|(before, after)| after.saturating_sub(*before));
        let Some(own) = median(&mut gains.collect::<Vec<_>>()) else { return 0 };
        let stood = |levels: &[i64]| median(&mut levels.to_vec()).unwrap_or(self.at);
        let (before, after) = (stood(before), stood(after));
        self.drift(before.saturating_sub(self.at));
        self.at = after;
        let step = after.saturating_sub(before);
        if step < 0 {
            self.debt = self.debt.saturating_add(step.unsigned_abs());
            return 0;
        }
        let gain = self.make_good(step.unsigned_abs());
        let paid = gain.min(u64::try_from(own).unwrap_or(0));
        self.spare = self.spare.saturating_add(gain.saturating_sub(paid));
        paid
    }

    /// The model changed by what no delta here did.
    fn drift(&mut self, change: i64) {
        let size = change.unsigned_abs();
        if change < 0 {
            let spared = size.min(self.spare);
            self.spare = self.spare.saturating_sub(spared);
            self.debt = self.debt.saturating_add(size.saturating_sub(spared));
        } else {
            let more = self.make_good(size);
            self.spare = self.spare.saturating_add(more);
        }
    }

    /// What is left of a gain after what was lost is gained again.
    fn make_good(&mut self, gain: u64) -> u64 {
        let lost = gain.min(self.debt);
        self.debt = self.debt.saturating_sub(lost);
        gain.saturating_sub(lost)
    }
}

#[cfg(test)]
mod tests;
