//! Which transactions were found valid.

use std::collections::HashMap;

use cairn_runtime::{BlockNumber, Hash};
use sp_runtime::transaction_validity::ValidTransaction;

/// Blocks for which a valid transaction is not validated again.
///
/// At one block a second it is longer than a transaction waits on a network that keeps up, and
/// short enough that one which cannot be paid any more does not stay.
pub const REMEMBERED_BLOCKS: BlockNumber = 10;

/// Answers kept at most: what ten blocks of 2,000 transactions a second need, and half as many
/// again. Beyond that answers are given and not kept.
const REMEMBERED: usize = 30_000;

/// What was found valid, and at which height.
#[derive(Default)]
pub struct Memory {
    found: HashMap<Hash, (BlockNumber, ValidTransaction)>,
    /// Counts forks, since an answer may be on its way while the chain changes.
    branch: u64,
}

impl Memory {
    /// Counts forks.
    pub fn branch(&self) -> u64 {
        self.branch
    }

    /// What was found for a transaction, as if it had been found at this height.
    pub fn recall(&self, transaction: &Hash, height: BlockNumber) -> Option<ValidTransaction> {
        let (found_at, validity) = self.found.get(transaction)?;
        let age = height.checked_sub(*found_at)?;
        (age <= REMEMBERED_BLOCKS).then(|| ValidTransaction {
            longevity: validity.longevity.saturating_sub(age.into()),
            ..validity.clone()
        })
    }

    /// Keeps an answer, unless it changes with the next block: a transaction that requires
    /// another one does so no more when that one is in a block, and remembered it would wait for
    /// it forever. Nor is an answer kept whose branch has been left since.
    pub fn note(
        &mut self,
        branch: u64,
        transaction: Hash,
        height: BlockNumber,
        validity: &ValidTransaction,
    ) {
        let lasting = validity.requires.is_empty() && branch == self.branch;
        if lasting && self.found.len() < REMEMBERED {
            self.found.insert(transaction, (height, validity.clone()));
        }
    }

    pub fn forget(&mut self, transaction: &Hash) {
        self.found.remove(transaction);
    }

    pub fn forget_before(&mut self, height: BlockNumber) {
        self.found.retain(|_, (found_at, _)| *found_at >= height);
    }

    /// A transaction that followed another one may have to wait for it again.
    pub fn forget_all(&mut self) {
        self.found.clear();
        self.branch = self.branch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: Hash = Hash::repeat_byte(1);

    fn validity() -> ValidTransaction {
        ValidTransaction { longevity: 64, provides: vec![vec![1]], ..Default::default() }
    }

    fn memory() -> Memory {
        let mut memory = Memory::default();
        memory.note(0, TRANSACTION, 100, &validity());
        memory
    }

    #[test]
    fn recall_should_age_the_answer_when_blocks_have_passed() {
        let memory = memory();
        assert_eq!(memory.recall(&TRANSACTION, 100), Some(validity()));
        let later = ValidTransaction { longevity: 54, ..validity() };
        assert_eq!(memory.recall(&TRANSACTION, 110), Some(later));
    }

    #[test]
    fn recall_should_know_nothing_when_the_answer_is_old_or_of_a_later_block() {
        let memory = memory();
        assert_eq!(memory.recall(&TRANSACTION, 100 + REMEMBERED_BLOCKS + 1), None);
        assert_eq!(memory.recall(&TRANSACTION, 99), None);
        assert_eq!(memory.recall(&Hash::repeat_byte(2), 100), None);
    }

    #[test]
    fn recall_should_know_nothing_when_the_chain_has_forked() {
        let mut memory = memory();
        memory.forget_all();
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn recall_should_know_nothing_when_a_block_has_included_the_transaction() {
        let mut memory = memory();
        memory.note(0, Hash::repeat_byte(2), 100, &validity());
        memory.forget(&TRANSACTION);
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
        assert_eq!(memory.recall(&Hash::repeat_byte(2), 100), Some(validity()));
    }

    #[test]
    fn note_should_keep_nothing_when_the_branch_was_left_meanwhile() {
        let mut memory = Memory::default();
        let branch = memory.branch;
        memory.forget_all();
        memory.note(branch, TRANSACTION, 100, &validity());
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn note_should_keep_nothing_when_the_transaction_waits_for_another() {
        let mut memory = Memory::default();
        let waiting = ValidTransaction { requires: vec![vec![0]], ..validity() };
        memory.note(0, TRANSACTION, 100, &waiting);
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn note_should_keep_no_more_when_the_memory_is_full() {
        let mut memory = Memory::default();
        for number in 0..REMEMBERED as u64 + 1 {
            memory.note(0, Hash::from_low_u64_be(number), 100, &validity());
        }
        assert_eq!(memory.found.len(), REMEMBERED);
        memory.forget_before(101);
        assert!(memory.found.is_empty());
    }
}
