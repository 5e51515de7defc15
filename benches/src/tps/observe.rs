//! What the finalized chain says about the transfers.

use std::sync::{Arc, Mutex};

use cairn_localnet::{Client, Event};
use cairn_runtime::{Hash, RuntimeEvent};
use frame_support::dispatch::DispatchClass;
use tokio::task::JoinHandle;

use super::ledger::Ledger;
use crate::Error;

/// A finalized block.
#[derive(Clone, Copy)]
pub struct Seen {
    pub hash: Hash,
    /// Transfers in it that are final for the first time.
    pub transfers: usize,
}

/// Reads every finalized block until it is dropped.
pub struct Observer {
    client: Client,
    task: JoinHandle<Result<(), Error>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Observer {
    pub fn start(client: Client, ledger: Arc<Ledger>) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let task = tokio::spawn(follow(client.clone(), ledger, seen.clone()));
        Self { client, task, seen }
    }

    /// The blocks final so far; fails if the chain is not followed any more.
    pub async fn blocks(&mut self) -> Result<Vec<Seen>, Error> {
        if self.task.is_finished() {
            (&mut self.task).await??;
        }
        Ok(self.seen.lock().map(|seen| seen.clone()).unwrap_or_default())
    }

    /// Milliseconds between the timestamps of two blocks.
    pub async fn elapsed_ms(&self, from: &Seen, to: &Seen) -> Result<f64, Error> {
        let [from, to] =
            [self.client.timestamp(from.hash).await?, self.client.timestamp(to.hash).await?];
        Ok(to.saturating_sub(from) as f64)
    }

    /// Transfers that are in a block and did not move anything.
    pub async fn count_failed(&self, blocks: &[Seen]) -> Result<usize, Error> {
        let mut failed = 0;
        for block in blocks {
            failed += self.client.events(block.hash).await?.iter().filter(is_failure).count();
        }
        Ok(failed)
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_failure(event: &&Event) -> bool {
    matches!(
        &event.event,
        RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { dispatch_info, .. })
            if dispatch_info.class == DispatchClass::Normal
    )
}

async fn follow(
    client: Client,
    ledger: Arc<Ledger>,
    seen: Arc<Mutex<Vec<Seen>>>,
) -> Result<(), Error> {
    let mut blocks = client.follow_finalized().await?;
    loop {
        let block = blocks.next().await?;
        let transfers = ledger.finalized(&block.extrinsics);
        if let Ok(mut seen) = seen.lock() {
            seen.push(Seen { hash: block.hash, transfers });
        }
    }
}
