//! Which transactions were found valid.

use std::collections::{HashMap, HashSet, VecDeque};

use cairn_runtime::{AccountId, BlockNumber, Hash, Nonce};
use codec::DecodeAll;
use sp_runtime::transaction_validity::{TransactionTag as Tag, ValidTransaction};

/// Blocks for which a valid transaction is not validated again, where few wait.
///
/// At one block a second it is longer than a transaction waits on a network that keeps up, and
/// short enough that one which cannot be paid any more does not stay.
const REMEMBERED_BLOCKS: BlockNumber = 10;

/// Answers that grow old in a block, about. Where more wait than ten times that, each is kept for
/// longer: else a pool that is full after a burst has its node do nothing but validate it again
/// and again, and the queue never shrinks.
const AGEING: usize = 400;

/// Best blocks that may come while an answer is on its way.
const STEPS: usize = 32;

/// Answers kept at most: twice the pool's limit. Beyond that answers are given and not kept.
const REMEMBERED: usize = 65_536;

/// What another best block changes for transactions that are not in it.
#[derive(Debug, Default)]
pub struct Change {
    /// Whose transactions left the chain: those that followed them may have to wait for them again.
    pub left: HashSet<AccountId>,
    /// What transactions that entered it provide, for which others may have waited.
    pub entered: HashSet<Tag>,
    /// Those that entered it.
    pub included: HashSet<Hash>,
}

impl Change {
    /// Makes an answer what it is after the change, if that is known.
    fn applies(&self, validity: &mut ValidTransaction) -> bool {
        validity.requires.retain(|tag| !self.entered.contains(tag));
        let stays = self.left.is_empty()
            || validity
                .provides
                .iter()
                .all(|tag| sender(tag).is_some_and(|sender| !self.left.contains(&sender)));
        stays && !validity.provides.iter().any(|tag| self.entered.contains(tag))
    }
}

/// Who sent what provides this. An account's transaction provides the account and a number.
fn sender(tag: &Tag) -> Option<AccountId> {
    <(AccountId, Nonce)>::decode_all(&mut tag.as_slice()).ok().map(|(sender, _)| sender)
}

/// A best block, and what it changed.
struct Step {
    block: Hash,
    height: BlockNumber,
    change: Change,
}

/// What was found valid, at which height, and for how many blocks that is believed.
struct Found {
    height: BlockNumber,
    lifetime: BlockNumber,
    validity: ValidTransaction,
}

/// What was found valid.
#[derive(Default)]
pub struct Memory {
    found: HashMap<Hash, Found>,
    /// The last best blocks, newest last.
    steps: VecDeque<Step>,
}

impl Memory {
    /// The best block that was heard of last.
    pub fn best(&self) -> Option<Hash> {
        self.steps.back().map(|step| step.block)
    }

    /// Whether a transaction is in one of the last blocks. Some are told by peers who have not
    /// heard of the block.
    pub fn has_included(&self, transaction: &Hash) -> bool {
        self.steps.iter().any(|step| step.change.included.contains(transaction))
    }

    /// What was found for a transaction, as if it had been found at this height. What was found
    /// a little later counts too: the pool asks about blocks that are no longer the best one.
    pub fn recall(&self, transaction: &Hash, height: BlockNumber) -> Option<ValidTransaction> {
        let found = self.found.get(transaction)?;
        let passed = height.saturating_sub(found.height);
        (height.abs_diff(found.height) <= found.lifetime).then(|| ValidTransaction {
            longevity: found.validity.longevity.saturating_sub(passed.into()),
            ..found.validity.clone()
        })
    }

    /// Keeps what was found at a block: as it is after what changed since, if that is known, which
    /// is given back, and as it will be after what changes next.
    pub fn note(
        &mut self,
        block: Hash,
        height: BlockNumber,
        transaction: Hash,
        mut validity: ValidTransaction,
    ) -> Option<ValidTransaction> {
        // Who waits for something else than an account's transaction is never told that it came.
        let lasting = validity.requires.iter().all(|tag| sender(tag).is_some());
        let current = self
            .since(block, height)
            .is_some_and(|mut steps| steps.all(|step| step.change.applies(&mut validity)));
        if lasting && current && self.found.len() < REMEMBERED {
            let lifetime = lifetime(self.found.len());
            let found = Found { height, lifetime, validity: validity.clone() };
            self.found.insert(transaction, found);
        }
        current.then_some(validity)
    }

    /// What changed since a block was the best. Nothing if that is still to be heard of.
    fn since(&self, block: Hash, height: BlockNumber) -> Option<impl Iterator<Item = &Step>> {
        let heard = self.steps.iter().rposition(|step| step.block == block);
        let ahead = self.steps.back().is_none_or(|best| height > best.height);
        let known = heard.map(|position| position + 1).or(ahead.then_some(self.steps.len()))?;
        Some(self.steps.range(known..))
    }

    pub fn forget(&mut self, transaction: &Hash) {
        self.found.remove(transaction);
    }

    /// Forgets what is too old at this height.
    fn age(&mut self, height: BlockNumber) {
        self.found.retain(|_, found| height.saturating_sub(found.height) <= found.lifetime);
    }

    /// The chain has another best block. If nobody knows what it changes, nothing is known.
    pub fn step(&mut self, block: Hash, height: BlockNumber, change: Option<Change>) {
        match &change {
            Some(change) => self.found.retain(|_, found| change.applies(&mut found.validity)),
            None => {
                self.found.clear();
                self.steps.clear();
            }
        }
        if change.as_ref().is_some_and(|change| !change.left.is_empty()) {
            // Some of these are in no block any more.
            self.steps.iter_mut().for_each(|step| step.change.included.clear());
        }
        if self.steps.len() >= STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(Step { block, height, change: change.unwrap_or_default() });
        self.age(height);
    }
}

/// Blocks for which an answer is believed that is kept beside so many. Those that came in one burst
/// do not grow old in one block.
fn lifetime(kept: usize) -> BlockNumber {
    let behind = BlockNumber::try_from(kept / AGEING).unwrap_or(BlockNumber::MAX);
    behind.saturating_add(REMEMBERED_BLOCKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Encode;
    use sp_runtime::traits::{BlakeTwo256, Hash as _};

    const TRANSACTION: Hash = Hash::repeat_byte(1);

    const SENDER: AccountId = AccountId::new([7; 32]);

    fn validity() -> ValidTransaction {
        let provides = vec![(SENDER, 1u32).encode()];
        ValidTransaction { longevity: 64, provides, ..Default::default() }
    }

    fn hash(number: u64) -> Hash {
        BlakeTwo256::hash(&number.to_le_bytes())
    }

    fn noted(validity: ValidTransaction) -> Memory {
        let mut memory = Memory::default();
        memory.step(hash(100), 100, Some(Change::default()));
        memory.note(hash(100), 100, TRANSACTION, validity);
        memory
    }

    fn memory() -> Memory {
        noted(validity())
    }

    fn left(sender: AccountId) -> Option<Change> {
        Some(Change { left: HashSet::from([sender]), ..Change::default() })
    }

    fn entered(nonce: Nonce) -> Option<Change> {
        Some(Change { entered: HashSet::from([(SENDER, nonce).encode()]), ..Change::default() })
    }

    #[test]
    fn recall_should_age_the_answer_when_blocks_have_passed() {
        let memory = memory();
        assert_eq!(memory.recall(&TRANSACTION, 100), Some(validity()));
        let later = ValidTransaction { longevity: 54, ..validity() };
        assert_eq!(memory.recall(&TRANSACTION, 110), Some(later));
    }

    #[test]
    fn recall_should_know_nothing_when_the_answer_is_of_a_distant_block() {
        let memory = memory();
        assert_eq!(memory.recall(&TRANSACTION, 100 + REMEMBERED_BLOCKS + 1), None);
        assert_eq!(memory.recall(&TRANSACTION, 100 - REMEMBERED_BLOCKS), Some(validity()));
        assert_eq!(memory.recall(&TRANSACTION, 99 - REMEMBERED_BLOCKS), None);
        assert_eq!(memory.recall(&Hash::repeat_byte(2), 100), None);
    }

    #[test]
    fn step_should_forget_those_whose_sender_left_the_chain() {
        let mut memory = memory();
        memory.step(hash(101), 101, left(AccountId::new([8; 32])));
        assert!(memory.recall(&TRANSACTION, 101).is_some());
        memory.step(hash(102), 101, left(SENDER));
        assert_eq!(memory.recall(&TRANSACTION, 101), None);
    }

    #[test]
    fn step_should_forget_what_no_account_sent_when_someone_left_the_chain() {
        let mut memory = noted(ValidTransaction { provides: vec![vec![1]], ..validity() });
        memory.step(hash(101), 100, Some(Change::default()));
        assert!(memory.recall(&TRANSACTION, 100).is_some());
        memory.step(hash(102), 100, left(SENDER));
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn step_should_forget_what_another_transaction_has_replaced() {
        let mut memory = memory();
        memory.step(hash(101), 100, entered(1));
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn step_should_let_a_transaction_wait_no_more_when_the_one_before_it_has_entered() {
        let waiting = ValidTransaction { requires: vec![(SENDER, 0u32).encode()], ..validity() };
        let mut memory = noted(waiting.clone());
        memory.step(hash(101), 100, entered(7));
        assert_eq!(memory.recall(&TRANSACTION, 100), Some(waiting));
        memory.step(hash(102), 100, entered(0));
        assert_eq!(memory.recall(&TRANSACTION, 100), Some(validity()));
    }

    #[test]
    fn step_should_know_what_is_in_the_chain_until_something_leaves_it() {
        let mut memory = Memory::default();
        let included = HashSet::from([TRANSACTION]);
        memory.step(hash(1), 1, Some(Change { included, ..Change::default() }));
        memory.step(hash(2), 2, entered(1));
        assert!(memory.has_included(&TRANSACTION));
        assert!(!memory.has_included(&hash(7)));
        memory.step(hash(3), 2, left(SENDER));
        assert!(!memory.has_included(&TRANSACTION));
    }

    #[test]
    fn step_should_forget_everything_when_the_change_is_unknown() {
        let mut memory = memory();
        memory.step(hash(101), 100, None);
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
        memory.note(hash(100), 100, TRANSACTION, validity());
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn recall_should_know_nothing_when_a_block_has_included_the_transaction() {
        let mut memory = memory();
        memory.note(hash(100), 100, Hash::repeat_byte(2), validity());
        memory.forget(&TRANSACTION);
        assert_eq!(memory.recall(&TRANSACTION, 100), None);
        assert_eq!(memory.recall(&Hash::repeat_byte(2), 100), Some(validity()));
    }

    #[test]
    fn note_should_keep_an_answer_as_it_is_after_what_changed_meanwhile() {
        let requires = vec![(SENDER, 0u32).encode()];
        let waiting = ValidTransaction { requires, ..validity() };
        for (change, expected) in [
            (left(SENDER), None),
            (entered(1), None),
            (entered(0), Some(validity())),
            (left(AccountId::new([8; 32])), Some(waiting.clone())),
        ] {
            let mut memory = Memory::default();
            memory.step(hash(1), 100, None);
            memory.step(hash(2), 100, change);
            memory.step(hash(3), 100, Some(Change::default()));
            memory.note(hash(1), 100, TRANSACTION, waiting.clone());
            assert_eq!(memory.recall(&TRANSACTION, 100), expected);
        }
    }

    #[test]
    fn note_should_keep_an_answer_of_a_block_that_was_not_heard_of_yet() {
        let mut memory = Memory::default();
        memory.step(hash(1), 100, None);
        memory.note(hash(2), 101, TRANSACTION, validity());
        assert_eq!(memory.recall(&TRANSACTION, 101), Some(validity()));
    }

    #[test]
    fn note_should_keep_nothing_when_the_block_is_old_or_was_never_the_best() {
        let mut memory = Memory::default();
        for height in 0..=STEPS as u32 {
            memory.step(hash(height.into()), height, Some(Change::default()));
        }
        memory.note(hash(0), 0, TRANSACTION, validity());
        memory.note(hash(1_000), STEPS as u32, TRANSACTION, validity());
        assert_eq!(memory.recall(&TRANSACTION, 0), None);
        memory.note(hash(1), 1, TRANSACTION, validity());
        assert_eq!(memory.recall(&TRANSACTION, 1), Some(validity()));
    }

    #[test]
    fn note_should_keep_nothing_when_no_account_sent_what_is_waited_for() {
        let waiting = ValidTransaction { requires: vec![vec![0]], ..validity() };
        assert_eq!(noted(waiting).recall(&TRANSACTION, 100), None);
    }

    #[test]
    fn note_should_keep_no_more_when_the_memory_is_full() {
        let mut memory = Memory::default();
        for number in 0..REMEMBERED as u64 + 1 {
            memory.note(hash(100), 100, Hash::from_low_u64_be(number), validity());
        }
        assert_eq!(memory.found.len(), REMEMBERED);
    }

    /// Hashes that are spread like real ones.
    fn burst(size: u64) -> Memory {
        let mut memory = Memory::default();
        for number in 0..size {
            memory.note(hash(100), 100, hash(number), validity());
        }
        memory
    }

    #[test]
    fn age_should_forget_after_a_few_blocks_when_few_wait() {
        let mut memory = burst(AGEING as u64);
        memory.age(100 + REMEMBERED_BLOCKS);
        assert_eq!(memory.found.len(), AGEING);
        memory.age(101 + REMEMBERED_BLOCKS);
        assert!(memory.found.is_empty());
    }

    #[test]
    fn age_should_forget_a_burst_bit_by_bit_when_it_waits() {
        let mut memory = burst(24_000);
        let mut most = 0;
        for height in 101..=171 {
            let before = memory.found.len();
            memory.age(height);
            let forgotten = before - memory.found.len();
            most = most.max(forgotten);
        }
        assert!(memory.found.is_empty(), "{} are left", memory.found.len());
        assert!(most <= AGEING, "{most} in one block");
    }
}
