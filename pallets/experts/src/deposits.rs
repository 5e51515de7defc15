//! What is held for what somebody has the chain keep.

use crate::{types::*, *};
use cairn_protocol::{
    id::{Amount, BlockId},
    learning::model::{Access, Component, ModelCard},
};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Defensive, Get},
};

/// Bytes of a hash in a key.
const HASH_BYTES: usize = 16;
/// Bytes of an entry's key: a hash before an id of 32 bytes.
const KEY_BYTES: usize = HASH_BYTES + 32;

/// Entries of the state, and the bytes of what is in them; their keys are counted by themselves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Footprint {
    items: u32,
    bytes: usize,
}

impl Footprint {
    /// With an entry of so many bytes.
    fn with(self, bytes: usize) -> Self {
        Self { items: self.items.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }

    /// What stands beside a model's first block: its card and its next access, both at their
    /// longest, the set that it is judged on, its uses and its losses.
    pub(crate) fn beside_model(card: &ModelCard) -> Self {
        let access = Access::max_encoded_len().saturating_sub(card.access.encoded_size());
        Self::default()
            .with(card.encoded_size().saturating_add(access))
            .with(Announcement::max_encoded_len())
            .with(BlockId::max_encoded_len())
            .with(u64::max_encoded_len())
            .with(Losses::max_encoded_len())
    }

    /// What stands beside the first block of a component: its place among the heads.
    pub(crate) fn beside_first(component: &Component) -> Self {
        let name = HASH_BYTES.saturating_add(component.encoded_size());
        Self::default().with(Top::max_encoded_len().saturating_add(name))
    }

    /// What stands beside a set of examples: where they come from.
    pub(crate) fn beside_data() -> Self {
        Self::default().with(Examples::max_encoded_len())
    }

    /// A licence for an account.
    pub(crate) fn of_licence<AccountId: MaxEncodedLen>() -> Self {
        let account = HASH_BYTES.saturating_add(AccountId::max_encoded_len());
        Self::default().with(Amount::max_encoded_len().saturating_add(account))
    }

    /// What a provider says of a model, with the model's place among those that it serves.
    pub(crate) fn of_serving<AccountId: Encode>(serving: &Serving<AccountId>) -> Self {
        let provider = HASH_BYTES.saturating_add(u64::max_encoded_len());
        Self::default()
            .with(serving.encoded_size().saturating_add(provider))
            .with(BlockId::max_encoded_len())
    }
}

impl<T: Config> Pallet<T> {
    /// Keeps a block, for which its payer pays, and for what stands beside it.
    pub(crate) fn keep(block: Block<T::AccountId>, beside: Footprint) -> DispatchResult {
        let id = block.header.id();
        ensure!(!Blocks::<T>::contains_key(id), Error::<T>::AlreadyThere);
        let deposit = Self::price_of_block(&block, beside);
        Self::hold(HoldReason::Block, &block.payer, deposit)?;
        Blocks::<T>::insert(id, Block { deposit, ..block });
        Ok(())
    }

    /// What is held for a block, and for what stands beside it.
    pub(crate) fn price_of_block(block: &Block<T::AccountId>, beside: Footprint) -> Amount {
        Self::price_for(beside.with(block.encoded_size()))
    }

    /// What is held for entries of the state.
    pub(crate) fn price_for(footprint: Footprint) -> Amount {
        let Footprint { items, bytes } = footprint;
        let keys = KEY_BYTES.saturating_mul(usize::try_from(items).unwrap_or(usize::MAX));
        let bytes = Amount::try_from(bytes.saturating_add(keys)).unwrap_or(Amount::MAX);
        let entries = T::ItemDeposit::get().saturating_mul(items.into());
        entries.saturating_add(T::ByteDeposit::get().saturating_mul(bytes))
    }

    pub(crate) fn hold(
        reason: HoldReason,
        payer: &T::AccountId,
        deposit: Amount,
    ) -> Result<(), Error<T>> {
        T::Currency::hold(&reason.into(), payer, deposit)
            .map_err(|_| Error::<T>::InsufficientBalance)
    }

    pub(crate) fn release(reason: HoldReason, payer: &T::AccountId, deposit: Amount) {
        let _ = T::Currency::release(&reason.into(), payer, deposit, Precision::Exact).defensive();
    }
}
