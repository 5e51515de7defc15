//! What is reported, and what becomes of it.

use crate::{Config, Event, Pallet, Records};
use cairn_protocol::{id::ProviderId, job::JobKind, reputation::Observation, share::Ppm};
use cairn_seams::{Clock, Registry, Reputation};
use frame_support::traits::Get;

impl<T: Config> Reputation<T::AccountId> for Pallet<T> {
    /// Work that the chain gave out.
    fn observe(provider: ProviderId, kind: JobKind, observation: Observation) {
        if observation.is_empty() || T::Registry::owner(provider).is_none() {
            return;
        }
        Self::note(provider, kind, observation);
    }

    /// Work that somebody paid for. It counts nothing between linked accounts, for nor against:
    /// else a good record would cost no more than fees, and a linked requester could flush bad
    /// results out of it.
    fn observe_for(
        provider: ProviderId,
        kind: JobKind,
        observation: Observation,
        requester: &T::AccountId,
    ) {
        if observation.is_empty() {
            return;
        }
        if T::Registry::belongs_to(provider, requester) {
            return;
        }
        Self::observe(provider, kind, observation);
    }

    fn standing(provider: ProviderId, kind: JobKind) -> Ppm {
        Self::score(provider, kind).standing
    }

    fn standings(kind: JobKind) -> impl Fn(ProviderId) -> Ppm {
        let (rules, now) = (T::Rules::get(), T::Clock::now());
        move |provider| Records::<T>::get(provider, kind).standing(&rules, now)
    }

    /// Removes all records of a provider. An id is never used twice, so nothing of them could be
    /// read again.
    fn forget(provider: ProviderId) {
        let mut known = false;
        for kind in JobKind::ALL {
            known |= Records::<T>::contains_key(provider, kind);
            Records::<T>::remove(provider, kind);
        }
        if known {
            Self::deposit_event(Event::Forgotten { provider });
        }
    }
}

impl<T: Config> Pallet<T> {
    fn note(provider: ProviderId, kind: JobKind, observation: Observation) {
        let (rules, now) = (T::Rules::get(), T::Clock::now());
        let record = Records::<T>::get(provider, kind).observed(observation, &rules, now);
        Records::<T>::insert(provider, kind, record);
        let standing = record.standing(&rules, now);
        Self::deposit_event(Event::Observed { provider, kind, standing });
    }
}
