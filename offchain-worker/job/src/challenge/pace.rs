//! How much of a challenge a device is given at once.
//!
//! A driver takes a dispatch that lasts for seconds for one that hangs, and ends it; and whatever
//! else the device does waits for its end.

use super::kernel::GROUP;
use cairn_protocol::challenge::work::LANES;
use std::time::Duration;

/// What a dispatch may take.
const MOST: Duration = Duration::from_millis(100);
/// How many times shorter one has to be that the next is made twice as long.
const SHORT: u32 = 8;
/// What is tried first, as nobody knows how fast the device is.
const FIRST_LANES: u32 = 1 << 10;

/// The next dispatch: all lanes before a second round of any, as they fill the device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Pace {
    lanes: u32,
    rounds: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { lanes: FIRST_LANES, rounds: 1 }
    }

    /// Of lanes that are left in a pass.
    pub(super) fn lanes(&self, left: u32) -> u32 {
        self.lanes.min(left)
    }

    /// Of rounds that are left at all.
    pub(super) fn rounds(&self, left: u64) -> u32 {
        u32::try_from(left).unwrap_or(u32::MAX).min(self.rounds)
    }

    /// A dispatch of so many lanes and rounds took so long.
    pub(super) fn took(&mut self, lanes: u32, rounds: u32, time: Duration) {
        let whole = lanes == self.lanes && rounds == self.rounds;
        if time > MOST / 2 {
            self.halve();
        } else if whole && time < MOST / SHORT {
            self.double();
        }
    }

    fn halve(&mut self) {
        if self.rounds > 1 {
            self.rounds /= 2;
        } else {
            self.lanes = (self.lanes / 2).max(GROUP);
        }
    }

    fn double(&mut self) {
        if self.lanes < LANES {
            self.lanes *= 2;
        } else {
            self.rounds = self.rounds.saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a device that makes so many hashes a second: how long each dispatch of a job takes.
    fn dispatches(speed: u64, rounds: u64) -> Vec<Duration> {
        let (mut pace, mut left, mut all) = (Pace::new(), rounds, Vec::new());
        while left > 0 {
            let (part, mut first) = (pace.rounds(left), 0);
            while first < LANES {
                let lanes = pace.lanes(LANES - first);
                assert!(lanes > 0 && lanes.is_multiple_of(GROUP), "{lanes}");
                let nanos = u64::from(lanes) * u64::from(part) * 1_000_000_000 / speed;
                let time = Duration::from_nanos(nanos);
                pace.took(lanes, part, time);
                all.push(time);
                first += lanes;
            }
            assert_eq!(first, LANES, "each lane once");
            left -= u64::from(part);
        }
        all
    }

    #[test]
    fn dispatch_should_never_take_longer_than_it_may_and_soon_be_long_enough() {
        for speed in [20_000_u64, 1_000_000, 30_000_000, 1_000_000_000, 50_000_000_000] {
            let rounds = (speed * 5).div_ceil(LANES.into()).max(1);
            let times = dispatches(speed, rounds);
            let longest = times.iter().max().unwrap();
            assert!(*longest <= MOST, "{speed}: {longest:?}");
            // What goes to and fro between two of them is a small part of all then.
            let all: Duration = times.iter().sum();
            let each = all / u32::try_from(times.len()).unwrap();
            assert!(each >= MOST / (2 * SHORT), "{speed}: {each:?}");
        }
    }

    #[test]
    fn pace_should_fall_to_a_group_at_least_and_rise_again() {
        let mut pace = Pace::new();
        for _ in 0..20 {
            pace.took(pace.lanes, pace.rounds, MOST);
        }
        assert_eq!(pace, Pace { lanes: GROUP, rounds: 1 });
        for _ in 0..13 {
            pace.took(pace.lanes, pace.rounds, Duration::ZERO);
        }
        assert_eq!(pace, Pace { lanes: LANES, rounds: 2 });
        // The rest of a pass says nothing of a whole one.
        pace.took(LANES / 2, 2, Duration::ZERO);
        assert_eq!(pace, Pace { lanes: LANES, rounds: 2 });
        pace.took(LANES, 2, MOST);
        assert_eq!(pace, Pace { lanes: LANES, rounds: 1 });
    }
}
