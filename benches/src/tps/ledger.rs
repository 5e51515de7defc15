//! What is known of each transfer: handed to a node, accepted by it, final.

use std::{
    collections::HashMap,
    sync::{
        atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
        Mutex,
    },
    time::{Duration, Instant},
};

use cairn_localnet::tx;
use cairn_runtime::Hash;
use sp_core::Bytes;

/// One in so many transfers is timed.
const SAMPLE: usize = 50;

const HANDED: u8 = 1;
const ACCEPTED: u8 = 2;
const FINAL: u8 = 4;

pub struct Ledger {
    numbers: HashMap<Hash, usize>,
    states: Vec<AtomicU8>,
    underway: AtomicUsize,
    times: Mutex<Times>,
}

#[derive(Default)]
struct Times {
    started: HashMap<usize, Instant>,
    /// When a sampled transfer was first handed over, and how long it took.
    taken: Vec<(Instant, Duration)>,
}

impl Ledger {
    pub fn new(transfers: &[Bytes]) -> Self {
        Self {
            numbers: transfers.iter().enumerate().map(|(i, bytes)| (tx::hash(bytes), i)).collect(),
            states: transfers.iter().map(|_| AtomicU8::new(0)).collect(),
            underway: AtomicUsize::new(0),
            times: Mutex::default(),
        }
    }

    fn set(&self, number: usize, state: u8) -> u8 {
        self.states.get(number).map_or(0, |known| known.fetch_or(state, Relaxed))
    }

    pub fn handed_over(&self, number: usize) {
        if self.set(number, HANDED) & HANDED == 0 {
            self.underway.fetch_add(1, Relaxed);
        }
        if number.is_multiple_of(SAMPLE) {
            if let Ok(mut times) = self.times.lock() {
                // A retry counts from the first attempt: the user waits all the while.
                times.started.entry(number).or_insert_with(Instant::now);
            }
        }
    }

    pub fn accepted(&self, number: usize) {
        self.set(number, ACCEPTED);
    }

    /// The node did not take it.
    pub fn refused(&self, number: usize) {
        let Some(state) = self.states.get(number) else { return };
        if state.fetch_and(!HANDED, Relaxed) & (HANDED | FINAL) == HANDED {
            self.underway.fetch_sub(1, Relaxed);
        }
    }

    /// Notes which of these are transfers of ours, and how many are final for the first time.
    pub fn finalized(&self, extrinsics: &[Bytes]) -> usize {
        let ours: Vec<usize> = extrinsics
            .iter()
            .filter_map(|bytes| self.numbers.get(&tx::hash(bytes)).copied())
            .collect();
        if let Ok(mut times) = self.times.lock() {
            for number in &ours {
                if let Some(started) = times.started.remove(number) {
                    times.taken.push((started, started.elapsed()));
                }
            }
        }
        let first_time = |number: &&usize| {
            let before = self.set(**number, FINAL);
            if before & (HANDED | FINAL) == HANDED {
                self.underway.fetch_sub(1, Relaxed);
            }
            before & FINAL == 0
        };
        ours.iter().filter(first_time).count()
    }

    /// Handed over, not refused and not final.
    pub fn underway(&self) -> usize {
        self.underway.load(Relaxed)
    }

    fn count(&self, holds: impl Fn(u8) -> bool) -> usize {
        self.states.iter().filter(|state| holds(state.load(Relaxed))).count()
    }

    pub fn count_accepted(&self) -> usize {
        self.count(|state| state & ACCEPTED != 0)
    }

    /// Accepted and not final.
    pub fn count_lost(&self) -> usize {
        self.count(|state| state & (ACCEPTED | FINAL) == ACCEPTED)
    }

    /// How long the sampled transfers took that were handed over between these times.
    pub fn times(&self, from: Instant, to: Instant) -> Vec<Duration> {
        let Ok(times) = self.times.lock() else { return Vec::new() };
        let inside = times.taken.iter().filter(|(started, _)| (from..to).contains(started));
        inside.map(|(_, taken)| *taken).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> (Ledger, Vec<Bytes>) {
        let transfers: Vec<Bytes> = (0..4).map(|byte| Bytes(vec![byte])).collect();
        (Ledger::new(&transfers), transfers)
    }

    #[test]
    fn count_lost_should_name_the_accepted_ones_when_others_are_final() {
        let (ledger, transfers) = ledger();
        for number in 0..3 {
            ledger.handed_over(number);
        }
        ledger.accepted(0);
        ledger.accepted(1);
        ledger.refused(2);
        // Final before the node's answer to the submission arrived, and never accepted here.
        assert_eq!(ledger.finalized(&transfers[1..3]), 2);
        assert_eq!((ledger.count_accepted(), ledger.count_lost()), (2, 1));
        assert_eq!(ledger.underway(), 1);
    }

    #[test]
    fn finalized_should_count_once_when_a_transfer_is_seen_again() {
        let (ledger, transfers) = ledger();
        ledger.handed_over(0);
        assert_eq!(ledger.finalized(&transfers[..1]), 1);
        assert_eq!(ledger.finalized(&transfers[..1]), 0);
        assert_eq!(ledger.finalized(&[Bytes(vec![99])]), 0);
        assert_eq!(ledger.underway(), 0);
    }

    #[test]
    fn refused_should_leave_the_count_when_the_transfer_is_already_final() {
        let (ledger, transfers) = ledger();
        ledger.handed_over(0);
        ledger.finalized(&transfers[..1]);
        ledger.refused(0);
        assert_eq!(ledger.underway(), 0);
    }

    #[test]
    fn times_should_leave_out_what_started_outside_the_window() {
        let (ledger, transfers) = ledger();
        let before = Instant::now();
        ledger.handed_over(0);
        ledger.finalized(&transfers[..1]);
        let after = Instant::now();
        assert_eq!(ledger.times(before, after).len(), 1);
        assert!(ledger.times(after, after + Duration::from_secs(1)).is_empty());
    }
}
