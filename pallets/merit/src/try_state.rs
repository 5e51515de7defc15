//! What must hold between any two blocks. The README numbers and names these.

use crate::*;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let session = CurrentSession::<T>::get();
        for (validator, link) in Links::<T>::iter() {
            let back = ValidatorOf::<T>::get(link.provider);
            ensure!(back.as_ref() == Some(&validator), "links_are_mutual");
            let is_past = session.as_ref().is_some_and(|now| link.session <= now.number);
            ensure!(is_past, "work_is_past");
        }
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&HoldReason::Link.into(), &account);
            let deposit = Links::<T>::get(account).map(|link| link.deposit).unwrap_or_default();
            ensure!(held == deposit, "deposits_are_held");
        }
        for (provider, validator) in ValidatorOf::<T>::iter() {
            let there = Links::<T>::get(validator).map(|link| link.provider);
            ensure!(there == Some(provider), "links_are_mutual");
        }
        Ok(())
    }
}
