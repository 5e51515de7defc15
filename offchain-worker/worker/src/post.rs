//! Transactions, by what they are for.

use crate::metrics::Metrics;
use cairn_sdk::{subxt::tx::Payload, Error, Included, Outbox, Outcome, Result};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tracing::{info, warn};

/// Blocks until what came to nothing is tried again: it costs a fee each time.
const AGAIN: u64 = 10;

pub(crate) struct Post {
    outbox: Outbox,
    metrics: Arc<Metrics>,
}

impl Post {
    pub fn new(outbox: Outbox, metrics: Arc<Metrics>) -> Self {
        Self { outbox, metrics }
    }

    /// Sends a call, unless it was sent for this purpose and is under way or has succeeded. One
    /// that the runtime took back is sent anew: whoever asks has seen, after block `block`, that it
    /// is still to be done.
    pub async fn send(
        &self,
        what: &str,
        purpose: &str,
        call: &impl Payload,
        block: u64,
    ) -> Result<()> {
        if let Some(included) = self.ended(purpose).await? {
            let Some(reason) = failure(&included.outcome) else { return Ok(()) };
            if block < included.number.saturating_add(AGAIN) {
                return Ok(());
            }
            warn!("{purpose} came to nothing in block {}: {reason}", included.number);
            self.metrics.refused(what);
            self.outbox.forget(purpose).await?;
        } else if self.outbox.find(purpose)?.is_some() {
            return Ok(());
        }
        self.outbox.submit(purpose, call).await?;
        info!("sent {purpose}");
        self.metrics.sent(what);
        Ok(())
    }

    /// Where it is, if it is in a final block.
    async fn ended(&self, purpose: &str) -> Result<Option<Included>> {
        let Some(ticket) = self.outbox.find(purpose)? else { return Ok(None) };
        // What is known is known at once.
        timeout(Duration::ZERO, ticket.finalized()).await.ok().transpose()
    }

    /// Forgets a purpose that nobody will come back to.
    pub async fn forget(&self, purpose: &str) -> Result<()> {
        self.outbox.forget(purpose).await
    }
}

/// Why a call came to nothing; none if it did not.
fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { pallet, name, help } => Some(format!("{pallet}::{name}: {help}")),
        Outcome::Refused { reason } => Some(reason.clone()),
        // Whatever is still to be done is seen by the state.
        Outcome::Done | Outcome::Unknown => None,
    }
}

/// Whether an error does not pass, so that the worker had better end.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(error, Error::Store(_) | Error::OutboxEnded { .. } | Error::Forked { .. })
}
