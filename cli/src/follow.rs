//! A task, from block to block, until it has ended.

use crate::values::words;
use cairn_protocol::{
    failure::Failure,
    id::{Amount, ProviderId, TaskId},
};
use cairn_sdk::{
    chain::{
        runtime_types::cairn_protocol::task::RefundReason,
        tasks::events::{Declined, Refunded, Settled},
    },
    At, Chain, Finalized, Result, H256,
};

/// What a final block says of a task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum News {
    /// The task has ended, and its workers are paid.
    Settled { block: H256, each: Amount, burnt: Amount },
    /// The task has ended, and what was put aside went back.
    Refunded { reason: String, failure: Option<Failure>, back: Amount, burnt: Amount },
    /// It goes on, with this in words.
    Step(String),
}

/// Reads what becomes of a task, each block once.
pub struct Follow {
    blocks: Finalized,
    task: TaskId,
    /// What the last worker said that could not do it.
    declined: Option<(Failure, String)>,
}

impl Follow {
    /// From the next final block on.
    pub async fn begin(chain: &Chain, task: TaskId) -> Result<Self> {
        Ok(Self { blocks: chain.follow().await?, task, declined: None })
    }

    /// From this block on, which may be final already.
    pub fn from(self, number: u64) -> Self {
        Self { blocks: self.blocks.from(number), ..self }
    }

    /// What the next block says, as soon as it is final. It may say nothing.
    pub async fn next(&mut self) -> Result<Vec<News>> {
        let block = self.blocks.next().await?;
        let at = block.at(self.blocks.chain()).await?;
        told(&at, self.task, &mut self.declined).await
    }
}

/// What a block says of a task, of which the last worker that could not do it has said this.
pub async fn told(
    at: &At,
    task: TaskId,
    last: &mut Option<(Failure, String)>,
) -> Result<Vec<News>> {
    let mut news = Vec::new();
    for event in at.events().fetch().await?.iter() {
        let event = event?;
        // Each event of this pallet begins with the task that it is of.
        let ours = event.field_bytes().starts_with(&task.0.to_le_bytes());
        if event.pallet_name() != "Tasks" || !ours {
            continue;
        }
        if let Some(settled) = event.decode_fields_as::<Settled>() {
            let Settled { each, burnt, .. } = settled?;
            news.push(News::Settled { block: at.block_hash(), each, burnt });
        } else if let Some(refunded) = event.decode_fields_as::<Refunded>() {
            let Refunded { reason, back, burnt, .. } = refunded?;
            let (reason, failure) = why(&reason, last.as_ref());
            news.push(News::Refunded { reason, failure, back, burnt });
        } else if let Some(declined) = event.decode_fields_as::<Declined>() {
            let Declined { provider, failure, reason, .. } = declined?;
            let (ProviderId(worker), said) = (provider.0, said(failure.0, &reason.0));
            news.push(News::Step(format!("worker {worker} declined: {said}")));
            *last = Some((failure.0, said));
        } else {
            news.push(News::Step(spoken(event.event_name())));
        }
    }
    Ok(news)
}

/// A failure in the worker's words, which need not name it again.
fn said(failure: Failure, reason: &[u8]) -> String {
    let (general, own) = (failure.to_string(), String::from_utf8_lossy(reason));
    if own == general {
        general
    } else {
        format!("{general}: {own}")
    }
}

/// Why nobody is paid, with what the last worker said that could not do it.
fn why(reason: &RefundReason, declined: Option<&(Failure, String)>) -> (String, Option<Failure>) {
    match (reason, declined) {
        (RefundReason::Declined(failure), Some((last, said))) if *last == failure.0 => {
            (format!("declined: {said}"), Some(failure.0))
        }
        (RefundReason::Declined(failure), _) => {
            (format!("declined: {}", failure.0), Some(failure.0))
        }
        (reason, Some((last, said))) => {
            (format!("{}; the last worker declined: {said}", words(reason)), Some(*last))
        }
        (reason, None) => (words(reason), None),
    }
}

/// An event's name as words: `RevealsOpened` is `reveals opened`.
fn spoken(name: &str) -> String {
    // Its name alone, without the quotes that text has.
    words(&format_args!("{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_should_have_the_workers_words_when_it_declined() {
        let disk = Failure::DiskFull;
        let last = (disk, said(disk, b"no room for 8 GB"));
        assert_eq!(last.1, "the worker's disk is full: no room for 8 GB");
        assert_eq!(said(disk, disk.to_string().as_bytes()), disk.to_string());
        let declined = |failure| RefundReason::Declined(cairn_sdk::Static(failure));
        let (reason, failure) = why(&declined(disk), Some(&last));
        assert_eq!(reason, "declined: the worker's disk is full: no room for 8 GB");
        assert_eq!(failure, Some(disk));
        // The words are of another failure, or nobody heard them.
        let other = Failure::Trapped;
        for known in [Some(&last), None] {
            assert_eq!(why(&declined(other), known), (format!("declined: {other}"), Some(other)));
        }
        let nobody = why(&RefundReason::NobodyDelivered, Some(&last));
        assert!(nobody.0.starts_with("nobody delivered; the last worker declined: "), "{nobody:?}");
        assert_eq!(nobody.1, Some(disk));
        assert_eq!(why(&RefundReason::Cancelled, None), ("cancelled".into(), None));
    }

    #[test]
    fn spoken_should_be_words_when_it_is_the_name_of_an_event() {
        assert_eq!(spoken("RevealsOpened"), "reveals opened");
        assert_eq!(spoken("Assigned"), "assigned");
    }
}
