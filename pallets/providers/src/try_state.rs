//! The invariants that the README names, checked against all of the pallet's state.

use crate::{
    types::Registration, Bindings, Config, Declarations, HoldReason, Links, NextProvider,
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
type Records<T> = BTreeMap<ProviderId, Registration<<T as frame_system::Config>::AccountId>>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Checked {
        let records = Providers::<T>::iter().collect();
        Self::check_holds(&records)?;
        Self::check_pools(&records)?;
        Self::check_operators(&records)?;
        Self::check_links()?;
        Self::check_bindings(&records)?;
        Self::check_owners(&records)?;
        Self::check_numbers(&records)?;
        Self::check_slashes(&records)?;
        Self::check_work(&records)
    }

    fn check_holds(records: &Records<T>) -> Checked {
        let mut due: BTreeMap<T::AccountId, (Amount, Amount)> = BTreeMap::new();
        for record in records.values() {
            let (bond, deposit) = due.entry(record.owner.clone()).or_default();
            *bond = bond.checked_add(record.bond).ok_or("holds: bonds overflow")?;
            *bond = bond.checked_add(record.unbonding).ok_or("holds: bonds overflow")?;
            *deposit = deposit.saturating_add(record.deposit);
        }
        for (by, _, held) in Declarations::<T>::iter() {
            let (_, deposit) = due.entry(by).or_default();
            *deposit = deposit.saturating_add(held);
        }
        for account in frame_system::Account::<T>::iter_keys() {
            let (bond, deposit) = due.remove(&account).unwrap_or_default();
            let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &account);
            ensure!(held(HoldReason::Bond) == bond, "holds: bonds are not what is held");
            ensure!(held(HoldReason::Deposit) == deposit, "holds: deposits are not what is held");
        }
        ensure!(due.is_empty(), "holds: of an account that is gone");
        Ok(())
    }

    fn check_pools(records: &Records<T>) -> Checked {
        let mut seats: BTreeMap<_, _> =
            Seats::<T>::iter().map(|(provider, lane, index)| ((provider, lane), index)).collect();
        let sizes: BTreeMap<_, _> = PoolSizes::<T>::iter().collect();
        let mut places = 0u64;
        for ((lane, class, index), provider) in Pools::<T>::iter() {
            places = places.saturating_add(1);
            let size = sizes.get(&lane).map_or(0, |sizes| sizes.of(class));
            ensure!(index < size, "pools: a place outside");
            let seat = seats.remove(&(provider, lane));
            ensure!(seat == Some(index), "pools: a seat does not point back");
            let record = records.get(&provider).ok_or("pools: a seat without a provider")?;
            ensure!(record.class == class, "pools: a seat in another class");
            ensure!(record.seats.contains(lane), "pools: a seat without record");
            ensure!(record.lanes().contains(lane), "pools: a lane not served");
            ensure!(Self::is_seatable(record), "pools: a seat for one not there");
            ensure!(!record.missed, "pools: a seat for one that missed a call");
        }
        ensure!(seats.is_empty(), "pools: a seat too many");
        // With as many as there is room for, none of which stands outside, no place is empty.
        let room =
            sizes.values().fold(0u64, |sum, one| sum.saturating_add(one.total(DeviceClass::Cpu)));
        ensure!(places == room, "pools: a place is empty");
        let recorded = records
            .values()
            .fold(0u64, |sum, record| sum.saturating_add(record.seats.count().into()));
        ensure!(recorded == places, "pools: a record of a seat too many");
        Ok(())
    }

    fn check_operators(records: &Records<T>) -> Checked {
        for (operator, provider) in Operators::<T>::iter() {
            let record = records.get(&provider).ok_or("operators: of no provider")?;
            ensure!(record.operator == operator, "operators: of a provider that has another");
            ensure!(record.heartbeat.is_some(), "operators: without consent");
        }
        for (provider, record) in records {
            let known = Operators::<T>::get(&record.operator) == Some(*provider);
            ensure!(known == record.heartbeat.is_some(), "operators: one is not known");
        }
        Ok(())
    }

    fn check_links() -> Checked {
        let mut mutual = 0usize;
        for (by, other, _) in Declarations::<T>::iter() {
            let back = Declarations::<T>::contains_key(&other, &by);
            let linked = Links::<T>::get(&by).contains(&other);
            ensure!(linked == back, "links: not as both declare");
            mutual = mutual.saturating_add(usize::from(back));
        }
        let mut listed = 0usize;
        for links in Links::<T>::iter_values() {
            ensure!(!links.is_empty(), "links: an empty list");
            listed = listed.saturating_add(links.len());
        }
        ensure!(listed == mutual, "links: one that is not declared, or there twice");
        Ok(())
    }

    fn check_bindings(records: &Records<T>) -> Checked {
        for (binding, provider) in Bindings::<T>::iter() {
            let record = records.get(&provider).ok_or("bindings: of no provider")?;
            ensure!(record.hardware.binding == binding, "bindings: of another's hardware");
            ensure!(!record.leaving, "bindings: of one that is leaving");
        }
        for (provider, record) in records {
            let bound = Bindings::<T>::get(record.hardware.binding) == Some(*provider);
            ensure!(bound != record.leaving, "bindings: hardware that is not bound");
        }
        Ok(())
    }

    fn check_owners(records: &Records<T>) -> Checked {
        let mut listed = 0usize;
        for (owner, providers) in Owned::<T>::iter() {
            ensure!(!providers.is_empty(), "owners: an empty list");
            for provider in &providers {
                let record = records.get(provider).ok_or("owners: of no provider")?;
                ensure!(record.owner == owner, "owners: of another's provider");
            }
            listed = listed.saturating_add(providers.len());
        }
        ensure!(listed == records.len(), "owners: a provider in no list or in two");
        Ok(())
    }

    fn check_numbers(records: &Records<T>) -> Checked {
        let next = NextProvider::<T>::get();
        for ProviderId(id) in records.keys() {
            ensure!(*id < next, "numbers: an id that was not given");
            let described = ProviderDetails::<T>::contains_key(ProviderId(*id));
            ensure!(described, "numbers: a provider without details");
        }
        let counted = usize::try_from(Providers::<T>::count());
        ensure!(counted == Ok(records.len()), "numbers: the counter is wrong");
        let details = ProviderDetails::<T>::iter_keys().count();
        ensure!(details == records.len(), "numbers: details of no provider");
        Ok(())
    }

    fn check_slashes(records: &Records<T>) -> Checked {
        let queue = SlashQueue::<T>::get();
        let mut slashes: BTreeMap<_, _> = Slashes::<T>::iter().collect();
        let mut sums: BTreeMap<ProviderId, (u32, Amount, Amount)> = BTreeMap::new();
        let mut latest: Height = 0;
        while let Some((id, slash)) = slashes.pop_first() {
            ensure!((queue.first..queue.next).contains(&id), "slashes: outside the queue");
            ensure!(slash.queued_at >= latest, "slashes: later than the next");
            latest = slash.queued_at;
            let (count, sum, grave) = sums.entry(slash.provider).or_default();
            *count = count.saturating_add(1);
            *sum = sum.saturating_add(slash.amount);
            if !slash.fault.is_lateness() {
                *grave = grave.saturating_add(slash.amount);
            }
        }
        for (provider, record) in records {
            let queued = sums.remove(provider).unwrap_or_default();
            let recorded = (record.queued, record.pending, record.grave);
            ensure!(queued == recorded, "slashes: not as recorded");
            ensure!(record.pending <= record.stake(), "slashes: more than is at stake");
        }
        ensure!(sums.is_empty(), "slashes: of no provider");
        Ok(())
    }

    fn check_work(records: &Records<T>) -> Checked {
        records.values().try_for_each(|record| {
            ensure!(record.load <= record.engagements, "work: not engaged for it");
            ensure!(!record.leaving || record.bond == 0, "work: a bond of one that is leaving");
            ensure!(record.class <= record.hardware.class, "work: a class above the declared");
            Ok(())
        })
    }
}
