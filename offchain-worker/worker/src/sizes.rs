//! How much memory it takes to judge. The chain does not say it: it is known once the list of a
//! model's files is there.

use cairn_protocol::id::ContentId;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// MiB, by what was looked at.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// All that jobs are given.
    most: u64,
    known: Mutex<BTreeMap<ContentId, u64>>,
}

impl Sizes {
    pub fn new(most: u64) -> Self {
        Self { most, known: Mutex::default() }
    }

    /// Notes how much it takes, or more.
    pub fn note(&self, like: ContentId, mib: u64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(like, mib);
    }

    /// What is asked for: as much as is known, and no more than there is.
    pub fn of(&self, like: &ContentId) -> u32 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mib = known.get(like).copied().unwrap_or(0).min(self.most);
        u32::try_from(mib).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_should_be_what_was_noted_last_and_no_more_than_there_is() {
        let (sizes, like) = (Sizes::new(1_000), ContentId([1; 32]));
        assert_eq!(sizes.of(&like), 0);
        for (noted, asked) in [(300, 300), (600, 600), (5_000_000_000, 1_000)] {
            sizes.note(like, noted);
            assert_eq!((sizes.of(&like), sizes.of(&ContentId([2; 32]))), (asked, 0));
        }
    }
}
