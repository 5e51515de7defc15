//! What must hold between any two blocks. The README numbers and names these.

use crate::*;
use alloc::collections::BTreeMap;
use cairn_protocol::id::Amount;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let mut deposits = BTreeMap::<T::AccountId, Amount>::new();
        for (id, block) in Blocks::<T>::iter() {
            ensure!(block.header.id() == id, "blocks_are_named_by_their_headers");
            ensure!(block.header.check_meta().is_ok(), "models_begin_with_meta");
            let sum = deposits.entry(block.header.author).or_default();
            *sum = sum.saturating_add(block.deposit);
        }
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&HoldReason::Block.into(), &account);
            let deposit = deposits.remove(&account).unwrap_or_default();
            ensure!(held == deposit, "deposits_are_held");
        }
        // An author without an account has nothing that could be held.
        ensure!(deposits.values().all(|deposit| *deposit == 0), "deposits_are_held");
        Ok(())
    }
}
