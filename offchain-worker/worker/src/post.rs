//! Transactions, by what they are for.

#[cfg(test)]
pub(crate) mod testing;

use crate::metrics::Metrics;
use cairn_sdk::{subxt::tx::Payload, Error, Included, Outbox, Outcome, Result};
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use tracing::{info, warn};

/// Blocks until what came to nothing is tried again: it costs a fee each time.
const AGAIN: u64 = 10;

/// What a post sends by.
pub(crate) trait Sends: Send + Sync + 'static {
    /// How far a purpose is.
    fn known(&self, purpose: &str) -> impl Future<Output = Result<Known>> + Send;

    fn submit(
        &self,
        purpose: &str,
        call: &(impl Payload + Sync),
    ) -> impl Future<Output = Result<()>> + Send;

    /// Forgets a purpose of which it is known what became of it.
    fn forget(&self, purpose: &str) -> impl Future<Output = Result<()>> + Send;

    /// The same of all that begin with this, but for those to keep.
    fn forget_others(
        &self,
        prefix: &str,
        keep: &[String],
    ) -> impl Future<Output = Result<()>> + Send;

    /// What last kept it from its work.
    fn trouble(&self) -> Option<String>;

    /// The last block that it has looked through.
    fn seen(&self) -> u64;
}

pub(crate) struct Post<O = Outbox> {
    outbox: O,
    metrics: Arc<Metrics>,
    /// The trouble that was said last.
    said: Mutex<Option<String>>,
}

impl<O: Sends> Post<O> {
    pub fn new(outbox: O, metrics: Arc<Metrics>) -> Self {
        Self { outbox, metrics, said: Mutex::default() }
    }

    /// Sends a call, unless it was sent for this purpose and is under way or has succeeded. One
    /// that came to nothing, or of which nobody knows, is sent anew: whoever asks has seen, after
    /// block `block`, that it is still to be done.
    pub async fn send(
        &self,
        what: &str,
        purpose: &str,
        call: &(impl Payload + Sync),
        block: u64,
    ) -> Result<()> {
        match next(&self.outbox.known(purpose).await?, block) {
            Next::Leave => return Ok(()),
            Next::Send => {}
            Next::Again(reason) => {
                warn!("{purpose} is sent again: {reason}");
                self.metrics.refused(what);
                self.outbox.forget(purpose).await?;
            }
        }
        self.outbox.submit(purpose, call).await?;
        info!("sent {purpose}");
        self.metrics.sent(what);
        Ok(())
    }

    /// Forgets a purpose that nobody will come back to.
    pub async fn forget(&self, purpose: &str) -> Result<()> {
        self.outbox.forget(purpose).await
    }

    /// Forgets all that begin with this, of this process or an earlier one, but for those to keep.
    /// What is under way is forgotten the next time.
    pub async fn forget_others(&self, prefix: &str, keep: &[String]) -> Result<()> {
        self.outbox.forget_others(prefix, keep).await
    }

    /// Says once what keeps the outbox from its work.
    pub fn look_after(&self) {
        let trouble = self.outbox.trouble();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trouble) = trouble.filter(|trouble| said.as_ref() != Some(trouble)) {
            warn!("of what was sent, some is in trouble: {trouble}");
            *said = Some(trouble);
        }
    }

    /// Why nothing becomes of what is sent; none while the outbox keeps up with the chain.
    pub fn trouble(&self) -> Option<String> {
        let (block, _) = self.metrics.last()?;
        stuck(self.outbox.trouble(), self.outbox.seen(), block)
    }
}

/// What troubles an outbox that is at block `seen` while the chain is at `block`. One that keeps up
/// has got over its trouble.
fn stuck(trouble: Option<String>, seen: u64, block: u64) -> Option<String> {
    let trouble = trouble.filter(|_| seen.saturating_add(AGAIN) < block)?;
    Some(format!("nothing sent is looked after since block {seen}: {trouble}"))
}

impl Sends for Outbox {
    async fn known(&self, purpose: &str) -> Result<Known> {
        let Some(ticket) = self.find(purpose)? else { return Ok(Known::Nothing) };
        // What is known is known at once.
        match timeout(Duration::ZERO, ticket.finalized()).await {
            Ok(included) => Ok(Known::Ended(included?)),
            Err(_) => Ok(Known::UnderWay),
        }
    }

    async fn submit(&self, purpose: &str, call: &(impl Payload + Sync)) -> Result<()> {
        Self::submit(self, purpose, call).await.map(drop)
    }

    async fn forget(&self, purpose: &str) -> Result<()> {
        Self::forget(self, purpose).await
    }

    async fn forget_others(&self, prefix: &str, keep: &[String]) -> Result<()> {
        Self::forget_others(self, prefix, keep).await
    }

    fn trouble(&self) -> Option<String> {
        Self::trouble(self)
    }

    fn seen(&self) -> u64 {
        Self::seen(self)
    }
}

/// What the outbox knows of a purpose.
pub(crate) enum Known {
    Nothing,
    UnderWay,
    Ended(Included),
}

/// What is done about a purpose that is still to be done.
#[derive(Debug, Eq, PartialEq)]
enum Next {
    Leave,
    Send,
    /// For this reason.
    Again(String),
}

/// What is done about a purpose that was still to be done after this block.
fn next(known: &Known, block: u64) -> Next {
    let included = match known {
        Known::Nothing => return Next::Send,
        Known::UnderWay => return Next::Leave,
        Known::Ended(included) => included,
    };
    match failure(&included.outcome) {
        Some(reason) if block >= included.number.saturating_add(AGAIN) => {
            Next::Again(format!("of block {}, {reason}", included.number))
        }
        _ => Next::Leave,
    }
}

/// Why a call has to be made again that is still asked for; none if it was made.
fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Done => None,
        Outcome::Failed { pallet, name, help } => {
            Some(format!("it came to nothing, {pallet}::{name}: {help}"))
        }
        Outcome::Refused { reason } => Some(format!("it came to nothing: {reason}")),
        Outcome::Unfit { reason } => Some(format!("it was given up: {reason}")),
        // Had it succeeded, it would not be asked for any more.
        Outcome::Unknown => Some("it was there, and the node has forgotten its end".into()),
    }
}

/// Whether an error does not pass, so that the worker had better end.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(error, Error::Store(_) | Error::OutboxEnded { .. } | Error::Forked { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::id::ProviderId;
    use cairn_sdk::{calls, H256};

    fn ended(outcome: Outcome) -> Known {
        Known::Ended(Included { block: H256([1; 32]), number: 100, outcome })
    }

    fn is_again(known: &Known, block: u64) -> bool {
        matches!(next(known, block), Next::Again(_))
    }

    #[test]
    fn next_should_send_again_when_a_call_is_still_asked_for_that_failed_or_is_unknown() {
        let failed = Outcome::Failed { pallet: "P".into(), name: "N".into(), help: "H".into() };
        let refused = Outcome::Refused { reason: "R".into() };
        let unfit = Outcome::Unfit { reason: "R".into() };
        for outcome in [failed, refused, unfit, Outcome::Unknown] {
            let known = ended(outcome);
            // What is looked at may be from before it was included, or just after.
            assert_eq!(next(&known, 100 + AGAIN - 1), Next::Leave);
            assert!(is_again(&known, 100 + AGAIN));
        }
    }

    #[test]
    fn stuck_should_be_said_when_an_outbox_in_trouble_does_not_keep_up() {
        let trouble = || Some("a reason".to_owned());
        assert_eq!(stuck(trouble(), 100, 100 + AGAIN), None);
        assert_eq!(stuck(None, 100, 101 + AGAIN), None);
        let said = stuck(trouble(), 100, 101 + AGAIN).unwrap();
        assert!(said.contains("since block 100: a reason"), "{said}");
    }

    #[test]
    fn next_should_send_once_when_a_call_is_under_way_or_was_made() {
        assert_eq!(next(&Known::Nothing, 5_000), Next::Send);
        assert_eq!(next(&Known::UnderWay, 5_000), Next::Leave);
        assert_eq!(next(&ended(Outcome::Done), 5_000), Next::Leave);
    }

    #[tokio::test]
    async fn send_should_send_anew_when_what_was_sent_came_to_nothing_a_while_ago() {
        let (post, purpose) = (Post::noting(), "heartbeat:first");
        let call = calls::heartbeat(ProviderId(4));
        let send = |block| post.send("heartbeat", purpose, &call, block);
        send(90).await.unwrap();
        send(200).await.unwrap();
        assert_eq!(post.calls(), ["heartbeat"], "it is under way");
        post.has_ended(purpose, 100, Outcome::Refused { reason: "R".into() });
        send(100 + AGAIN - 1).await.unwrap();
        assert_eq!(post.calls(), ["heartbeat"]);
        send(100 + AGAIN).await.unwrap();
        assert_eq!(post.calls(), ["heartbeat"; 2]);
    }

    #[test]
    fn look_after_should_say_what_is_wrong() {
        let post = Post::noting();
        post.look_after();
        assert_eq!(post.said(), None);
        post.is_in_trouble("no room");
        post.look_after();
        assert_eq!(post.said().as_deref(), Some("no room"));
    }
}
