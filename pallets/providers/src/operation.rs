//! What an operator does, and who the operator is.

use crate::{
    types::{Obstacle, Registration, RoleBonds},
    weights::WeightInfo,
    Config, Error, Event, Operators, Pallet, Providers,
};
use cairn_protocol::{
    id::{Height, ProviderId},
    profile::Availability,
};
use cairn_seams::Clock;
use frame_support::{
    dispatch::{DispatchResult, DispatchResultWithPostInfo, Pays},
    ensure,
    traits::Get,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_heartbeat(
        operator: T::AccountId,
        provider: ProviderId,
    ) -> DispatchResultWithPostInfo {
        let mut record = Providers::<T>::get(provider).ok_or(Error::<T>::UnknownProvider)?;
        ensure!(record.operator == operator, Error::<T>::NotOperator);
        if record.heartbeat.is_none() {
            ensure!(!Operators::<T>::contains_key(&operator), Error::<T>::OperatorTaken);
            Operators::<T>::insert(&operator, provider);
            Self::deposit_event(Event::OperatorConfirmed { provider, operator });
        }
        let now = T::Clock::now();
        let due = record.missed
            || record
                .heartbeat
                .is_none_or(|last| now >= last.saturating_add(T::HeartbeatPeriod::get()));
        record.heartbeat = Some(now);
        record.missed = false;
        let weight = if Self::wanted_seats(&record) == record.seats {
            T::WeightInfo::heartbeat()
        } else {
            Self::settle_seats(provider, &mut record);
            T::WeightInfo::heartbeat_seating()
        };
        Providers::<T>::insert(provider, record);
        Ok((Some(weight), if due { Pays::No } else { Pays::Yes }).into())
    }

    pub(crate) fn do_set_availability(
        who: T::AccountId,
        provider: ProviderId,
        availability: Availability,
    ) -> DispatchResult {
        let mut record = Providers::<T>::get(provider).ok_or(Error::<T>::UnknownProvider)?;
        let entitled = record.owner == who || record.operator == who;
        ensure!(entitled, Error::<T>::NotOwnerOrOperator);
        ensure!(!record.leaving, Error::<T>::Leaving);
        record.availability = availability;
        Self::settle_seats(provider, &mut record);
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::AvailabilitySet { provider, availability });
        Ok(())
    }

    /// Also for one that is leaving: a stolen key must not finish its work.
    pub(crate) fn do_rotate_operator(
        owner: T::AccountId,
        provider: ProviderId,
        operator: T::AccountId,
    ) -> DispatchResult {
        let mut record = Self::owned(&owner, provider)?;
        ensure!(record.operator != operator, Error::<T>::SameOperator);
        ensure!(!Operators::<T>::contains_key(&operator), Error::<T>::OperatorTaken);
        if record.heartbeat.take().is_some() {
            Operators::<T>::remove(&record.operator);
        }
        record.operator = operator.clone();
        record.generation = record.generation.saturating_add(1);
        Self::settle_seats(provider, &mut record);
        let generation = record.generation;
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::OperatorRotated { provider, operator, generation });
        Ok(())
    }

    /// What is asked of providers now.
    pub(crate) fn conditions() -> Conditions {
        Conditions {
            bonds: T::RoleBonds::get(),
            timeout: T::HeartbeatTimeout::get(),
            now: T::Clock::now(),
        }
    }
}

/// What is asked of providers at some height. It is looked up once for all that are looked at.
pub(crate) struct Conditions {
    bonds: RoleBonds,
    timeout: Height,
    now: Height,
}

impl Conditions {
    /// Why a provider gets no work; none if it may.
    pub(crate) fn obstacle<AccountId>(&self, record: &Registration<AccountId>) -> Option<Obstacle> {
        if record.leaving {
            return Some(Obstacle::Leaving);
        }
        if record.sound_bond() < self.bonds.sum(record.roles) {
            return Some(Obstacle::Underbonded);
        }
        match record.availability {
            Availability::Available => {}
            Availability::Draining => return Some(Obstacle::Draining),
            Availability::Paused => return Some(Obstacle::Paused),
        }
        let Some(last) = record.heartbeat else { return Some(Obstacle::Unconfirmed) };
        if record.missed {
            return Some(Obstacle::Missed);
        }
        (self.now > last.saturating_add(self.timeout)).then_some(Obstacle::Stale)
    }
}
