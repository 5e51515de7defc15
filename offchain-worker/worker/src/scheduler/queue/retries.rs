//! When a job that came to nothing is begun again: a file that nobody has is not asked for every
//! second.

use crate::work::Seat;
use cairn_protocol::id::Height;
use std::collections::{BTreeMap, BTreeSet};

/// Blocks between two tries at most.
const MOST: Height = 32;

/// How often jobs were begun, and when the last try ended.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<Seat, (u32, Height)>);

impl Retries {
    /// A try has ended.
    pub fn ended(&mut self, seat: Seat, now: Height) {
        let (tries, ended) = self.0.entry(seat).or_default();
        (*tries, *ended) = (tries.saturating_add(1), now);
    }

    pub fn of(&self, seat: &Seat) -> u32 {
        self.0.get(seat).map_or(0, |(tries, _)| *tries)
    }

    /// Whether it may be begun, where so many blocks are left for it: at once the first time, and
    /// then after twice as many each time, but no more than a quarter of those that are left.
    pub fn is_ready(&self, seat: &Seat, now: Height, left: Height) -> bool {
        let Some((tries, ended)) = self.0.get(seat) else { return true };
        let pause = match tries {
            0 | 1 => 0,
            more => 1u32.checked_shl(more - 1).map_or(MOST, |pause| pause.min(MOST)),
        };
        now >= ended.saturating_add(pause.min(left / 4))
    }

    /// Forgets those that are not waited for.
    pub fn retain(&mut self, awaited: &BTreeSet<Seat>) {
        self.0.retain(|seat, _| awaited.contains(seat));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::testing::seat;

    #[test]
    fn is_ready_should_not_wait_for_long_when_little_time_is_left() {
        let mut retries = Retries::default();
        for _ in 0..40 {
            retries.ended(seat(1), 10);
        }
        assert!(!retries.is_ready(&seat(1), 40, 1_000));
        assert!(retries.is_ready(&seat(1), 10 + MOST, 1_000));
        assert!(!retries.is_ready(&seat(1), 13, 16));
        assert!(retries.is_ready(&seat(1), 14, 16));
        assert!(retries.is_ready(&seat(2), 10, 16));
    }
}
