//! What is held, and its way back.

use crate::{
    types::{Details, Registration},
    Bindings, Config, Error, Event, HoldReason, Operators, Owned, Pallet, ProviderDetails,
    Providers,
};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
    profile::RoleSet,
    reputation::Record,
};
use cairn_seams::{Clock, Reputation};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{fungible::hold::Mutate, tokens::Precision, ConstU32, Get},
    BoundedVec,
};

/// Records of a provider's reputation, at most.
const RECORDS: u32 = JobKind::ALL.len() as u32;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_add_bond(
        owner: T::AccountId,
        provider: ProviderId,
        amount: Amount,
    ) -> DispatchResult {
        let mut record = Self::serving(&owner, provider)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        Self::hold_bond(&owner, amount)?;
        record.bond = record.bond.saturating_add(amount);
        Self::settle_seats(provider, &mut record);
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::BondAdded { provider, amount });
        Ok(())
    }

    pub(crate) fn do_unbond(
        owner: T::AccountId,
        provider: ProviderId,
        amount: Amount,
    ) -> DispatchResult {
        let mut record = Self::serving(&owner, provider)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        record.bond = record.bond.checked_sub(amount).ok_or(Error::<T>::NotBonded)?;
        let required = Self::required_bond(record.roles);
        ensure!(record.free_bond() >= required, Error::<T>::BondBelowMinimum);
        let withdrawable_at = Self::start_unbonding(&mut record, amount);
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::Unbonding { provider, amount, withdrawable_at });
        Ok(())
    }

    /// The hardware may back another provider at once; the operator key is needed until the last
    /// work is done.
    pub(crate) fn do_leave(owner: T::AccountId, provider: ProviderId) -> DispatchResult {
        let mut record = Self::serving(&owner, provider)?;
        let amount = core::mem::take(&mut record.bond);
        record.leaving = true;
        let withdrawable_at = Self::start_unbonding(&mut record, amount);
        Self::settle_seats(provider, &mut record);
        Bindings::<T>::remove(record.hardware.binding);
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::Left { provider, amount, withdrawable_at });
        Ok(())
    }

    pub(crate) fn do_withdraw(owner: T::AccountId, provider: ProviderId) -> DispatchResult {
        let mut record = Self::owned(&owner, provider)?;
        ensure!(record.leaving || record.unbonding > 0, Error::<T>::NothingUnbonding);
        ensure!(T::Clock::now() >= record.withdrawable_at, Error::<T>::StillUnbonding);
        ensure!(record.engagements == 0 && record.load == 0, Error::<T>::Engaged);
        ensure!(record.queued == 0, Error::<T>::SlashPending);
        let amount = core::mem::take(&mut record.unbonding);
        T::Currency::release(&HoldReason::Bond.into(), &owner, amount, Precision::Exact)?;
        Self::deposit_event(Event::Withdrawn { provider, amount });
        if record.leaving {
            return Self::deregister(provider, record);
        }
        Providers::<T>::insert(provider, record);
        Ok(())
    }

    fn deregister(provider: ProviderId, record: Registration<T::AccountId>) -> DispatchResult {
        let reason = HoldReason::Deposit.into();
        T::Currency::release(&reason, &record.owner, record.deposit, Precision::Exact)?;
        if record.heartbeat.is_some() {
            Operators::<T>::remove(&record.operator);
        }
        Owned::<T>::mutate_exists(&record.owner, |owned| {
            let mut rest = owned.take().unwrap_or_default();
            rest.retain(|other| *other != provider);
            *owned = (!rest.is_empty()).then_some(rest);
        });
        Providers::<T>::remove(provider);
        ProviderDetails::<T>::remove(provider);
        T::Reputation::forget(provider);
        Self::deposit_event(Event::Deregistered { provider });
        Ok(())
    }

    fn start_unbonding(
        record: &mut Registration<T::AccountId>,
        amount: Amount,
    ) -> cairn_protocol::id::Height {
        record.unbonding = record.unbonding.saturating_add(amount);
        record.withdrawable_at = T::Clock::now().saturating_add(T::UnbondingPeriod::get());
        record.withdrawable_at
    }

    /// The least bond of these roles together.
    pub fn required_bond(roles: RoleSet) -> Amount {
        T::RoleBonds::get().sum(roles)
    }

    pub(crate) fn hold_bond(owner: &T::AccountId, amount: Amount) -> DispatchResult {
        T::Currency::hold(&HoldReason::Bond.into(), owner, amount)
            .map_err(|_| Error::<T>::InsufficientBalance.into())
    }

    /// Holds for a registration what is due for it now, no more and no less.
    pub(crate) fn settle_deposit(
        record: &mut Registration<T::AccountId>,
        details: &Details,
    ) -> DispatchResult {
        let (reason, due) = (HoldReason::Deposit.into(), Self::deposit_of(record, details));
        if due > record.deposit {
            let more = due.saturating_sub(record.deposit);
            T::Currency::hold(&reason, &record.owner, more)
                .map_err(|_| Error::<T>::InsufficientBalance)?;
        } else {
            let less = record.deposit.saturating_sub(due);
            T::Currency::release(&reason, &record.owner, less, Precision::Exact)?;
        }
        record.deposit = due;
        Ok(())
    }

    /// For the most that a registration may come to occupy, its reputation included. Nothing but
    /// its owner's calls changes that, so nobody else has to settle it.
    pub(crate) fn deposit_of(record: &Registration<T::AccountId>, details: &Details) -> Amount {
        let lanes = record.possible_lanes().count();
        let entries = [
            // Its size changes with its state, so that its bound is what counts.
            (1, Registration::<T::AccountId>::max_encoded_len()),
            (1, details.encoded_size()),
            // By its operator, and by its binding.
            (2, ProviderId::max_encoded_len()),
            // The owner's list, as if no other stood there.
            (1, BoundedVec::<ProviderId, ConstU32<1>>::max_encoded_len()),
            // Its place in each pool, and where that is.
            (lanes, ProviderId::max_encoded_len()),
            (lanes, u32::max_encoded_len()),
            (RECORDS, Record::max_encoded_len()),
        ];
        let items = entries.iter().fold(0u32, |sum, (count, _)| sum.saturating_add(*count));
        let bytes = entries.iter().fold(0usize, |sum, (count, each)| {
            sum.saturating_add(each.saturating_mul(*count as usize))
        });
        Self::deposit_for(items, bytes)
    }

    pub(crate) fn deposit_for(items: u32, bytes: usize) -> Amount {
        let bytes = Amount::try_from(bytes).unwrap_or(Amount::MAX);
        T::ItemDeposit::get()
            .saturating_mul(items.into())
            .saturating_add(T::ByteDeposit::get().saturating_mul(bytes))
    }
}
