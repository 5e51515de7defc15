//! A post that sends nothing, and notes what it was given.

use super::{Known, Post, Sends};
use crate::metrics::Metrics;
use cairn_sdk::{subxt::tx::Payload, Included, Outcome, Result, H256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

#[derive(Default)]
pub(crate) struct Notes {
    /// What became of each purpose; nothing yet of those that are under way.
    purposes: Mutex<BTreeMap<String, Option<Included>>>,
    /// The names of calls, in the order in which they were sent.
    sent: Mutex<Vec<String>>,
    trouble: Mutex<Option<String>>,
}

impl Sends for Notes {
    async fn known(&self, purpose: &str) -> Result<Known> {
        let found = self.purposes.lock().unwrap().get(purpose).cloned();
        Ok(match found {
            None => Known::Nothing,
            Some(None) => Known::UnderWay,
            Some(Some(included)) => Known::Ended(included),
        })
    }

    async fn submit(&self, purpose: &str, call: &(impl Payload + Sync)) -> Result<()> {
        self.sent.lock().unwrap().push(call.call_name().into());
        self.purposes.lock().unwrap().insert(purpose.into(), None);
        Ok(())
    }

    async fn forget(&self, purpose: &str) -> Result<()> {
        self.purposes.lock().unwrap().retain(|known, end| known != purpose || end.is_none());
        Ok(())
    }

    async fn forget_others(&self, prefix: &str, keep: &[String]) -> Result<()> {
        let stays = |known: &String| !known.starts_with(prefix) || keep.contains(known);
        self.purposes.lock().unwrap().retain(|known, end| end.is_none() || stays(known));
        Ok(())
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap().clone()
    }

    fn seen(&self) -> u64 {
        0
    }
}

impl Post<Notes> {
    pub fn noting() -> Arc<Self> {
        Arc::new(Self::new(Notes::default(), Arc::new(Metrics::new().unwrap())))
    }

    /// A purpose was sent, and it is not known what became of it.
    pub fn is_under_way(&self, purpose: &str) {
        self.outbox.purposes.lock().unwrap().insert(purpose.into(), None);
    }

    /// A purpose has ended so, in a block of this height.
    pub fn has_ended(&self, purpose: &str, number: u64, outcome: Outcome) {
        let included = Included { block: H256([1; 32]), number, outcome };
        self.outbox.purposes.lock().unwrap().insert(purpose.into(), Some(included));
    }

    /// Something keeps it from its work.
    pub fn is_in_trouble(&self, words: &str) {
        *self.outbox.trouble.lock().unwrap() = Some(words.into());
    }

    /// The trouble that was said last.
    pub fn said(&self) -> Option<String> {
        self.said.lock().unwrap().clone()
    }

    /// All purposes that are not forgotten, in the order of their names.
    pub fn purposes(&self) -> Vec<String> {
        self.outbox.purposes.lock().unwrap().keys().cloned().collect()
    }

    /// The names of the calls that were sent.
    pub fn calls(&self) -> Vec<String> {
        self.outbox.sent.lock().unwrap().clone()
    }
}
