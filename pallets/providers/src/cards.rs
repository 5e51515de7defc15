//! What is shown to anyone who asks.

use crate::{types::Card, Config, Owned, Pallet, PoolSizes, ProviderDetails, Providers};
use alloc::vec::Vec;
use cairn_protocol::{
    id::ProviderId,
    profile::{DeviceClass, Profile},
};
use cairn_seams::Lane;

impl<T: Config> Pallet<T> {
    /// Everything about a provider but its payload key.
    pub fn card(provider: ProviderId) -> Option<Card<T::AccountId>> {
        let record = Providers::<T>::get(provider)?;
        let details = ProviderDetails::<T>::get(provider)?;
        let obstacle = Self::conditions().obstacle(&record);
        let unbonds = record.leaving || record.unbonding > 0;
        Some(Card {
            owner: record.owner,
            operator: record.operator,
            roles: record.roles,
            bond: record.bond,
            unbonding: record.unbonding,
            withdrawable_at: unbonds.then_some(record.withdrawable_at),
            pending: record.pending,
            availability: record.availability,
            obstacle,
            load: record.load,
            engagements: record.engagements,
            hardware: record.hardware,
            class: record.class,
            throughput: record.throughput,
            region: record.region,
            offers: record.offers,
            sealable: record.sealable,
            node: details.node,
            enclave: details.enclave,
            generation: record.generation,
            heartbeat: record.heartbeat,
        })
    }

    /// What a provider declares, with its payload key.
    pub fn profile(provider: ProviderId) -> Option<Profile> {
        let record = Providers::<T>::get(provider)?;
        let details = ProviderDetails::<T>::get(provider)?;
        Some(Profile {
            hardware: record.hardware,
            region: record.region,
            offers: record.offers,
            payload_key: details.payload_key,
            node: details.node,
            enclave: details.enclave,
        })
    }

    /// The registrations of an owner.
    pub fn providers_of(owner: &T::AccountId) -> Vec<ProviderId> {
        Owned::<T>::get(owner).into_inner()
    }

    /// How many providers there are to draw from in a lane, of that class or above. Some may
    /// have gone silent.
    pub fn pool_size(lane: Lane, class: DeviceClass) -> u64 {
        PoolSizes::<T>::get(lane).total(class)
    }
}
