//! Providers say that they hold a file.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{DeltaId, ProviderId},
    profile::Role,
};
use cairn_seams::{Clock, Kept, Lane, Registry};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_attest(operator: T::AccountId, id: DeltaId) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let provider = T::Registry::operated_by(&operator).ok_or(Error::<T>::NotAnOperator)?;
        let mut keep = Keeps::<T>::get(id).ok_or(Error::<T>::NothingToKeep)?;
        let gathers = keep.stage == Stage::Gathering;
        ensure!(!gathers || T::Clock::now() <= keep.due, Error::<T>::TooLate);
        ensure!(!keep.keepers.contains(&provider), Error::<T>::AttestedAlready);
        ensure!(Self::may_keep(provider), Error::<T>::NotAKeeper);
        let rules = T::Rules::get();
        ensure!(keep.count() < rules.room(), Error::<T>::EnoughKeepers);
        ensure!(!Self::is_kin_of_one(provider, &keep.keepers), Error::<T>::SameParty);

        keep.keepers.try_push(provider).map_err(|_| Error::<T>::EnoughKeepers)?;
        // It has to be there when it is asked.
        T::Registry::engage(provider);
        Self::deposit_event(Event::Attested { delta: id, provider });
        if !gathers || keep.count() < rules.enough() {
            Keeps::<T>::insert(id, keep);
            return Ok(());
        }
        keep.until = T::Clock::now().saturating_add(rules.keep);
        Self::deposit_event(Event::Kept { delta: id, until: keep.until });
        Self::rest(id, keep);
        // Whoever hears it may release the file at once, so it hears it last.
        T::Deltas::kept(id);
        Ok(())
    }

    /// Whether a provider is there, with a role to keep files in and a bond behind it.
    fn may_keep(provider: ProviderId) -> bool {
        [Role::Storage, Role::Guard]
            .into_iter()
            .any(|role| T::Registry::candidate(provider, Lane::Holders(role)).is_some())
    }

    /// Whether a provider is one party with any of the others.
    fn is_kin_of_one(provider: ProviderId, others: &[ProviderId]) -> bool {
        let kin = T::Registry::kin(T::Registry::names_of(provider));
        let mut names = others.iter().flat_map(|other| T::Registry::names_of(*other));
        names.any(|name| kin.contains(&name))
    }
}
