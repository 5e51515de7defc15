//! The invariants that the README names, checked against all of the pallet's state.

use crate::{
    lanes, types::Registration, Bindings, Config, Declarations, HoldReason, NextProvider,
    Operators, Owned, Pallet, PoolSizes, Pools, ProviderDetails, Providers, Seats, SlashQueue,
    Slashes,
};
use alloc::collections::BTreeMap;
use cairn_protocol::{
    id::{Amount, Height, ProviderId},
    profile::DeviceClass,
};
use frame_support::{ensure, traits::fungible::hold::Inspect};
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Checked {
        Self::check_holds()?;
        Self::check_pools()?;
        Self::check_operators()?;
        Self::check_bindings()?;
        Self::check_owners()?;
        Self::check_numbers()?;
        Self::check_slashes()?;
        Self::check_work()
    }

    fn check_holds() -> Checked {
        let mut due: BTreeMap<T::AccountId, (Amount, Amount)> = BTreeMap::new();
        for record in Providers::<T>::iter_values() {
            let (bond, deposit) = due.entry(record.owner.clone()).or_default();
            *bond = bond.checked_add(record.bond).ok_or("holds: bonds overflow")?;
            *bond = bond.checked_add(record.unbonding).ok_or("holds: bonds overflow")?;
            *deposit = deposit.saturating_add(record.deposit);
        }
        for (by, _, held) in Declarations::<T>::iter() {
            let (_, deposit) = due.entry(by).or_default();
            *deposit = deposit.saturating_add(held);
        }
        for (owner, (bond, deposit)) in due {
            let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &owner);
            ensure!(held(HoldReason::Bond) == bond, "holds: bonds are not what is held");
            ensure!(held(HoldReason::Deposit) == deposit, "holds: deposits are not what is held");
        }
        Ok(())
    }

    fn check_pools() -> Checked {
        let mut places = 0u64;
        for lane in lanes::all() {
            let sizes = PoolSizes::<T>::get(lane);
            places = places.saturating_add(sizes.total(DeviceClass::Cpu));
            for class in DeviceClass::ALL {
                for index in 0..sizes.of(class) {
                    let provider = Pools::<T>::get((lane, class, index));
                    let provider = provider.ok_or("pools: a place is empty")?;
                    let seat = Seats::<T>::get(provider, lane);
                    ensure!(seat == Some(index), "pools: a seat does not point back");
                    let record = Providers::<T>::get(provider);
                    let record = record.ok_or("pools: a seat without a provider")?;
                    ensure!(record.class == class, "pools: a seat in another class");
                    ensure!(record.seats.contains(lane), "pools: a seat without record");
                    ensure!(record.lanes().contains(lane), "pools: a lane not served");
                    ensure!(Self::is_seatable(&record), "pools: a seat for one not there");
                    ensure!(!record.missed, "pools: a seat for one that missed a call");
                }
            }
        }
        // With as many of each as there are places, none stands elsewhere.
        let count = |all: usize| u64::try_from(all).unwrap_or(u64::MAX);
        ensure!(count(Pools::<T>::iter_keys().count()) == places, "pools: a place too many");
        ensure!(count(Seats::<T>::iter_keys().count()) == places, "pools: a seat too many");
        let recorded = Providers::<T>::iter_values()
            .fold(0u64, |sum, record| sum.saturating_add(record.seats.count().into()));
        ensure!(recorded == places, "pools: a record of a seat too many");
        Ok(())
    }

    fn check_operators() -> Checked {
        for (operator, provider) in Operators::<T>::iter() {
            let record = Providers::<T>::get(provider).ok_or("operators: of no provider")?;
            ensure!(record.operator == operator, "operators: of a provider that has another");
            ensure!(record.heartbeat.is_some(), "operators: without consent");
        }
        for (provider, record) in Providers::<T>::iter() {
            let known = Operators::<T>::get(&record.operator) == Some(provider);
            ensure!(known == record.heartbeat.is_some(), "operators: one is not known");
        }
        Ok(())
    }

    fn check_bindings() -> Checked {
        for (binding, provider) in Bindings::<T>::iter() {
            let record = Providers::<T>::get(provider).ok_or("bindings: of no provider")?;
            ensure!(record.hardware.binding == binding, "bindings: of another's hardware");
            ensure!(!record.leaving, "bindings: of one that is leaving");
        }
        for (provider, record) in Providers::<T>::iter() {
            let bound = Bindings::<T>::get(record.hardware.binding) == Some(provider);
            ensure!(bound != record.leaving, "bindings: hardware that is not bound");
        }
        Ok(())
    }

    fn check_owners() -> Checked {
        let mut listed = 0usize;
        for (owner, providers) in Owned::<T>::iter() {
            ensure!(!providers.is_empty(), "owners: an empty list");
            for provider in &providers {
                let record = Providers::<T>::get(provider).ok_or("owners: of no provider")?;
                ensure!(record.owner == owner, "owners: of another's provider");
            }
            listed = listed.saturating_add(providers.len());
        }
        let all = Providers::<T>::iter_keys().count();
        ensure!(listed == all, "owners: a provider in no list or in two");
        Ok(())
    }

    fn check_numbers() -> Checked {
        let next = NextProvider::<T>::get();
        let mut all = 0u32;
        for ProviderId(id) in Providers::<T>::iter_keys() {
            ensure!(id < next, "numbers: an id that was not given");
            let described = ProviderDetails::<T>::contains_key(ProviderId(id));
            ensure!(described, "numbers: a provider without details");
            all = all.saturating_add(1);
        }
        ensure!(Providers::<T>::count() == all, "numbers: the counter is wrong");
        let details = u32::try_from(ProviderDetails::<T>::iter_keys().count());
        ensure!(details == Ok(all), "numbers: details of no provider");
        Ok(())
    }

    fn check_slashes() -> Checked {
        let queue = SlashQueue::<T>::get();
        let mut slashes: BTreeMap<_, _> = Slashes::<T>::iter().collect();
        let mut sums: BTreeMap<ProviderId, (u32, Amount)> = BTreeMap::new();
        let mut latest: Height = 0;
        while let Some((id, slash)) = slashes.pop_first() {
            ensure!((queue.first..queue.next).contains(&id), "slashes: outside the queue");
            ensure!(slash.queued_at >= latest, "slashes: later than the next");
            latest = slash.queued_at;
            let (count, sum) = sums.entry(slash.provider).or_default();
            *count = count.saturating_add(1);
            *sum = sum.saturating_add(slash.amount);
        }
        for (provider, record) in Providers::<T>::iter() {
            let queued = sums.remove(&provider).unwrap_or_default();
            ensure!(queued == (record.queued, record.pending), "slashes: not as recorded");
            ensure!(record.pending <= record.stake(), "slashes: more than is at stake");
        }
        ensure!(sums.is_empty(), "slashes: of no provider");
        Ok(())
    }

    fn check_work() -> Checked {
        Providers::<T>::iter_values().try_for_each(|record: Registration<T::AccountId>| {
            ensure!(record.load <= record.engagements, "work: not engaged for it");
            ensure!(!record.leaving || record.bond == 0, "work: a bond of one that is leaving");
            ensure!(record.class <= record.hardware.class, "work: a class above the declared");
            Ok(())
        })
    }
}
