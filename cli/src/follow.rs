//! A task, from block to block, until it has ended.

use crate::values::words;
use cairn_protocol::id::{Amount, TaskId};
use cairn_sdk::{
    chain::tasks::events::{Refunded, Settled},
    Chain, Finalized, Result, H256,
};

/// What a final block says of a task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum News {
    /// The task has ended, and its workers are paid.
    Settled { block: H256, each: Amount, burnt: Amount },
    /// The task has ended, and what was put aside went back.
    Refunded { reason: String, back: Amount, burnt: Amount },
    /// It goes on, with this in words.
    Step(String),
}

/// Reads what becomes of a task, each block once.
pub struct Follow {
    blocks: Finalized,
    task: TaskId,
}

impl Follow {
    /// From the next final block on.
    pub async fn begin(chain: &Chain, task: TaskId) -> Result<Self> {
        Ok(Self { blocks: chain.follow().await?, task })
    }

    /// From this block on, which may be final already.
    pub fn from(self, number: u64) -> Self {
        Self { blocks: self.blocks.from(number), ..self }
    }

    /// What the next block says, as soon as it is final. It may say nothing.
    pub async fn next(&mut self) -> Result<Vec<News>> {
        let block = self.blocks.next().await?;
        let at = block.at(self.blocks.chain()).await?;
        let mut news = Vec::new();
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            // Each event of this pallet begins with the task that it is of.
            let ours = event.field_bytes().starts_with(&self.task.0.to_le_bytes());
            if event.pallet_name() != "Tasks" || !ours {
                continue;
            }
            if let Some(settled) = event.decode_fields_as::<Settled>() {
                let Settled { each, burnt, .. } = settled?;
                news.push(News::Settled { block: block.hash, each, burnt });
            } else if let Some(refunded) = event.decode_fields_as::<Refunded>() {
                let Refunded { reason, back, burnt, .. } = refunded?;
                news.push(News::Refunded { reason: words(&reason), back, burnt });
            } else {
                news.push(News::Step(spoken(event.event_name())));
            }
        }
        Ok(news)
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
    fn spoken_should_be_words_when_it_is_the_name_of_an_event() {
        assert_eq!(spoken("RevealsOpened"), "reveals opened");
        assert_eq!(spoken("Assigned"), "assigned");
    }
}
