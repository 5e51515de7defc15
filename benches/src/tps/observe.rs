//! What the finalized chain says about the transfers.

use crate::Error;
use cairn_localnet::{tx, Client};
use cairn_runtime::Hash;
use sp_core::Bytes;
use std::{
    collections::HashMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Mutex,
    },
    time::{Duration, Instant},
};

/// One in so many transfers is timed.
const SAMPLE: usize = 50;

/// Which transfers are under way, which are final, and how long the sampled ones took.
pub struct Ledger {
    numbers: HashMap<Hash, usize>,
    submitted: AtomicUsize,
    finalized: AtomicUsize,
    started: Mutex<HashMap<usize, Instant>>,
    times: Mutex<Vec<Duration>>,
}

impl Ledger {
    pub fn new(transfers: &[Bytes]) -> Self {
        let numbers = transfers.iter().enumerate().map(|(i, bytes)| (tx::hash(bytes), i));
        Self {
            numbers: numbers.collect(),
            submitted: AtomicUsize::new(0),
            finalized: AtomicUsize::new(0),
            started: Mutex::default(),
            times: Mutex::default(),
        }
    }

    pub fn submitted(&self, batch: &[usize]) {
        self.submitted.fetch_add(batch.len(), Ordering::Relaxed);
        if let Ok(mut started) = self.started.lock() {
            for number in batch.iter().filter(|number| *number % SAMPLE == 0) {
                // A retry counts from the first attempt: the user waits all the while.
                started.entry(*number).or_insert_with(Instant::now);
            }
        }
    }

    pub fn refused(&self, count: usize) {
        self.submitted.fetch_sub(count, Ordering::Relaxed);
    }

    pub fn finalized(&self) -> usize {
        self.finalized.load(Ordering::Relaxed)
    }

    pub fn outstanding(&self) -> usize {
        self.submitted.load(Ordering::Relaxed).saturating_sub(self.finalized())
    }

    pub fn sampled(&self) -> Vec<Duration> {
        self.times.lock().map(|times| times.clone()).unwrap_or_default()
    }

    fn saw(&self, extrinsics: &[Bytes]) {
        let known = extrinsics.iter().filter_map(|bytes| self.numbers.get(&tx::hash(bytes)));
        let known: Vec<usize> = known.copied().collect();
        self.finalized.fetch_add(known.len(), Ordering::Relaxed);
        if let (Ok(mut started), Ok(mut times)) = (self.started.lock(), self.times.lock()) {
            times.extend(
                known.iter().filter_map(|number| started.remove(number)).map(|at| at.elapsed()),
            );
        }
    }
}

/// Reads every finalized block until it is told to stop.
pub async fn follow(client: Client, ledger: std::sync::Arc<Ledger>) -> Result<(), Error> {
    let mut blocks = client.follow_finalized().await?;
    loop {
        ledger.saw(&blocks.next().await?.extrinsics);
    }
}
