//! What was paid for good for serving is noted, and a part of it comes back as a grant.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
    learning::{
        inference::{grant, weight},
        reward::Cause,
    },
};
use cairn_seams::{Clock, OnSettled, Registry, Reputation};
use frame_support::{ensure, pallet_prelude::DispatchResult};

impl<T: Config> OnSettled for Pallet<T> {
    /// Fees count by how well the provider does when they are paid, so that a record which comes
    /// later makes them no more.
    fn settled(provider: ProviderId, kind: JobKind, irrecoverable: Amount) {
        let Some((period, mut ledger)) = Self::running() else { return };
        if irrecoverable == 0 {
            return;
        }
        let weight = weight(irrecoverable, T::Reputation::standing(provider, kind));
        Fees::<T>::mutate(period, provider, |paid| {
            paid.fees = paid.fees.saturating_add(irrecoverable);
            paid.weight = paid.weight.saturating_add(weight);
        });
        ledger.weights = ledger.weights.saturating_add(weight);
        Ledgers::<T>::insert(period, ledger);
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_claim(period: u32, provider: ProviderId) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let current = Self::number();
        ensure!(period < current, Error::<T>::PeriodGoesOn);
        ensure!(Self::is_claimable(period, current), Error::<T>::ClaimedTooLate);
        let paid = Fees::<T>::take(period, provider);
        let mut ledger = Ledgers::<T>::get(period).ok_or(Error::<T>::ClaimedTooLate)?;
        let amount = Self::grant_for(&ledger, &paid);
        ensure!(amount > 0, Error::<T>::NothingToClaim);
        let owner = T::Registry::owner(provider).ok_or(Error::<T>::UnknownProvider)?;
        let minted = Self::mint(Cause::Inference, &owner, amount);
        ensure!(minted == amount, Error::<T>::CannotBePaid);
        ledger.left.take(Cause::Inference, minted);
        ledger.minted.add(Cause::Inference, minted);
        Ledgers::<T>::insert(period, ledger);
        Self::deposit_event(Event::Granted { period, provider, to: owner, amount });
        Ok(())
    }

    /// What a provider gets of a period's budget for serving.
    pub(crate) fn grant_for(ledger: &Ledger, paid: &Paid) -> Amount {
        let pool = ledger.budgets.inference;
        grant(pool, paid.weight, ledger.weights, paid.fees, ledger.grant).min(ledger.left.inference)
    }
}
