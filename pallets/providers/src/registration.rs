//! Registering, and what a provider says of itself.

use crate::{
    types::{Details, Registration},
    Bindings, Config, Error, Event, NextProvider, Operators, Owned, Pallet, ProviderDetails,
    Providers,
};
use cairn_protocol::{
    id::{Amount, Digest, ProviderId},
    profile::{Offers, Profile, Role, RoleSet},
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register(
        owner: T::AccountId,
        operator: T::AccountId,
        profile: &Profile,
        roles: RoleSet,
        bond: Amount,
    ) -> DispatchResult {
        Self::ensure_profile(profile)?;
        Self::ensure_roles(roles, &profile.offers)?;
        ensure!(bond >= Self::required_bond(roles), Error::<T>::BondBelowMinimum);
        ensure!(!Operators::<T>::contains_key(&operator), Error::<T>::OperatorTaken);

        let provider = Self::next_id()?;
        Self::bind(provider, profile.hardware.binding)?;
        Owned::<T>::try_mutate(&owner, |ids| ids.try_push(provider))
            .map_err(|_| Error::<T>::TooManyRegistrations)?;
        Self::hold_bond(&owner, bond)?;
        let mut record = Registration::new(owner.clone(), operator.clone(), roles, bond, profile);
        let details = Details::of(profile);
        Self::settle_deposit(&mut record, &details)?;
        Providers::<T>::insert(provider, record);
        ProviderDetails::<T>::insert(provider, details);
        Self::deposit_event(Event::Registered { provider, owner, operator, roles, bond });
        Ok(())
    }

    pub(crate) fn do_update_profile(
        owner: T::AccountId,
        provider: ProviderId,
        profile: &Profile,
    ) -> DispatchResult {
        let mut record = Self::serving(&owner, provider)?;
        Self::ensure_profile(profile)?;
        Self::ensure_roles(record.roles, &profile.offers)?;
        if profile.hardware.binding != record.hardware.binding {
            Self::bind(provider, profile.hardware.binding)?;
            Bindings::<T>::remove(record.hardware.binding);
        }
        if profile.hardware != record.hardware {
            record.generation = record.generation.saturating_add(1);
        }
        let class = T::ThroughputFloors::get().class(profile.hardware.class, record.throughput);
        Self::reclass(provider, &mut record, class);
        record.describe(profile);
        Self::settle_seats(provider, &mut record);
        let details = Details::of(profile);
        Self::settle_deposit(&mut record, &details)?;
        let generation = record.generation;
        Providers::<T>::insert(provider, record);
        ProviderDetails::<T>::insert(provider, details);
        Self::deposit_event(Event::ProfileUpdated { provider, generation });
        Ok(())
    }

    pub(crate) fn do_set_roles(
        owner: T::AccountId,
        provider: ProviderId,
        roles: RoleSet,
    ) -> DispatchResult {
        let mut record = Self::serving(&owner, provider)?;
        Self::ensure_roles(roles, &record.offers)?;
        ensure!(record.free_bond() >= Self::required_bond(roles), Error::<T>::BondBelowMinimum);
        let details = ProviderDetails::<T>::get(provider).ok_or(Error::<T>::UnknownProvider)?;
        record.roles = roles;
        Self::settle_seats(provider, &mut record);
        Self::settle_deposit(&mut record, &details)?;
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::RolesSet { provider, roles });
        Ok(())
    }

    /// A registration for its owner, leaving or not.
    pub(crate) fn owned(
        owner: &T::AccountId,
        provider: ProviderId,
    ) -> Result<Registration<T::AccountId>, DispatchError> {
        let record = Providers::<T>::get(provider).ok_or(Error::<T>::UnknownProvider)?;
        ensure!(record.owner == *owner, Error::<T>::NotOwner);
        Ok(record)
    }

    /// A registration for its owner, to change how it serves.
    pub(crate) fn serving(
        owner: &T::AccountId,
        provider: ProviderId,
    ) -> Result<Registration<T::AccountId>, DispatchError> {
        let record = Self::owned(owner, provider)?;
        ensure!(!record.leaving, Error::<T>::Leaving);
        Ok(record)
    }

    fn next_id() -> Result<ProviderId, DispatchError> {
        NextProvider::<T>::try_mutate(|next| {
            let id = ProviderId(*next);
            *next = next.checked_add(1).ok_or(Error::<T>::IdsExhausted)?;
            Ok(id)
        })
    }

    fn bind(provider: ProviderId, binding: Digest) -> DispatchResult {
        ensure!(!Bindings::<T>::contains_key(binding), Error::<T>::BindingTaken);
        Bindings::<T>::insert(binding, provider);
        Ok(())
    }

    fn ensure_profile(profile: &Profile) -> DispatchResult {
        ensure!(profile.hardware.slots > 0, Error::<T>::NoSlots);
        ensure!(profile.offers.are_distinct(), Error::<T>::DuplicateOffer);
        Ok(())
    }

    fn ensure_roles(roles: RoleSet, offers: &Offers) -> DispatchResult {
        ensure!(roles.is_known(), Error::<T>::UnknownRole);
        ensure!(roles != RoleSet::default(), Error::<T>::NoRole);
        let idle = roles.contains(Role::Compute) && offers.0.is_empty();
        ensure!(!idle, Error::<T>::NothingOffered);
        Ok(())
    }
}
