//! What other pallets ask of the register.

use crate::{types::Registration, Config, Operators, Pallet, Providers};
use alloc::vec::Vec;
use cairn_protocol::{
    fault::Fault,
    id::{ProviderId, Seed},
    job::JobKind,
    profile::{Candidate, DeviceClass, Hardware},
    share::Ppm,
};
use cairn_seams::{Lane, Prospect, Registry, Reputation, Survey};
use frame_support::traits::DefensiveSaturating;

/// Roles are judged by how their holder evaluates: it is what guards do, and all others are too
/// few a kind of work to have a record of their own.
const KIND_OF_HOLDERS: JobKind = JobKind::Evaluate;

/// What holders of a lane are judged by.
pub(crate) fn kind_of(lane: Lane) -> JobKind {
    match lane {
        Lane::Jobs(kind) => kind,
        Lane::Holders(_) | Lane::Rising => KIND_OF_HOLDERS,
    }
}

impl<T: Config> Registry<T::AccountId> for Pallet<T> {
    fn sample(
        lane: Lane,
        class: DeviceClass,
        count: u32,
        seed: &Seed,
    ) -> Vec<Prospect<T::AccountId>> {
        Self::do_sample(lane, class, count, seed)
    }

    fn survey(lane: Lane, class: DeviceClass, count: u32, seed: &Seed) -> Survey<T::AccountId> {
        Self::do_survey(lane, class, count, seed)
    }

    fn candidate(provider: ProviderId, lane: Lane) -> Option<Candidate> {
        let record = Providers::<T>::get(provider)?;
        let there = Self::conditions().obstacle(&record).is_none();
        (there && record.lanes().contains(lane)).then(|| {
            let standing = T::Reputation::standing(provider, kind_of(lane));
            Self::candidate_of(provider, &record, lane, standing)
        })
    }

    fn serves(provider: ProviderId, lane: Lane) -> bool {
        Providers::<T>::get(provider).is_some_and(|record| record.lanes().contains(lane))
    }

    fn owner(provider: ProviderId) -> Option<T::AccountId> {
        Providers::<T>::get(provider).map(|record| record.owner)
    }

    fn operated_by(operator: &T::AccountId) -> Option<ProviderId> {
        Operators::<T>::get(operator)
    }

    fn generation(provider: ProviderId) -> u32 {
        Providers::<T>::get(provider).map_or(0, |record| record.generation)
    }

    fn names(account: &T::AccountId) -> Vec<T::AccountId> {
        Self::names_of_account(account)
    }

    fn names_of(provider: ProviderId) -> Vec<T::AccountId> {
        Providers::<T>::get(provider).map_or_else(Vec::new, |record| Self::names_of_record(&record))
    }

    fn kin(names: Vec<T::AccountId>) -> Vec<T::AccountId> {
        Self::linked_to(names)
    }

    fn begin_work(provider: ProviderId) {
        Self::amend(provider, |record| record.load = record.load.saturating_add(1));
    }

    fn end_work(provider: ProviderId) {
        Self::amend(provider, |record| record.load.defensive_saturating_reduce(1));
    }

    fn engage(provider: ProviderId) {
        Self::amend(provider, |record| {
            record.engagements = record.engagements.saturating_add(1);
        });
    }

    fn disengage(provider: ProviderId) {
        Self::amend(provider, |record| record.engagements.defensive_saturating_reduce(1));
    }

    fn engagements(provider: ProviderId) -> u32 {
        Providers::<T>::get(provider).map_or(0, |record| record.engagements)
    }

    fn penalise(provider: ProviderId, fault: Fault, subject: u64) {
        Self::do_penalise(provider, fault, subject);
    }
}

impl<T: Config> Pallet<T> {
    /// What matching looks at.
    pub(crate) fn candidate_of(
        provider: ProviderId,
        record: &Registration<T::AccountId>,
        lane: Lane,
        reputation: Ppm,
    ) -> Candidate {
        let price = match lane {
            Lane::Jobs(kind) => record.offers.price(kind),
            Lane::Holders(_) | Lane::Rising => None,
        };
        Candidate {
            provider,
            // As measured: what matching filters by must be what is there.
            hardware: Hardware { class: record.class, ..record.hardware },
            region: record.region,
            price,
            throughput: record.throughput.unwrap_or(0),
            enclave: record.enclave,
            sealable: record.sealable,
            load: u8::try_from(record.load).unwrap_or(u8::MAX),
            bond: record.free_bond(),
            reputation,
        }
    }
}
