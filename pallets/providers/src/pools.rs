//! Seats in the pools: dense, so that drawing is a matter of drawing a number.

use crate::{
    lanes::LaneSet, types::Registration, Config, Pallet, PoolSizes, Pools, Providers, Seats,
};
use cairn_protocol::{
    id::ProviderId,
    profile::{Availability, DeviceClass},
};
use cairn_seams::Lane;
use frame_support::defensive;

impl<T: Config> Pallet<T> {
    /// Gives a provider the seats it should have and takes those it should not.
    pub(crate) fn settle_seats(provider: ProviderId, record: &mut Registration<T::AccountId>) {
        let wanted = Self::wanted_seats(record);
        for lane in record.seats.without(wanted).iter() {
            Self::unseat(provider, lane, record.class);
        }
        for lane in wanted.without(record.seats).iter() {
            Self::seat(provider, lane, record.class);
        }
        record.seats = wanted;
    }

    /// The seats a provider should have. The age of its heartbeat is left out: it changes
    /// without anyone's doing, and whoever draws looks at it.
    pub(crate) fn wanted_seats(record: &Registration<T::AccountId>) -> LaneSet {
        let there = Self::is_seatable(record)
            && !record.missed
            && record.sound_bond() >= Self::required_bond(record.roles);
        if there {
            record.lanes()
        } else {
            LaneSet::default()
        }
    }

    /// What must be so of whoever sits in a pool, whatever governance sets bonds to.
    pub(crate) fn is_seatable(record: &Registration<T::AccountId>) -> bool {
        record.availability == Availability::Available
            && !record.leaving
            && record.heartbeat.is_some()
    }

    /// Moves a provider to another class, without a seat until its seats are settled.
    pub(crate) fn reclass(
        provider: ProviderId,
        record: &mut Registration<T::AccountId>,
        class: DeviceClass,
    ) {
        if class == record.class {
            return;
        }
        for lane in record.seats.iter() {
            Self::unseat(provider, lane, record.class);
        }
        record.seats = LaneSet::default();
        record.class = class;
    }

    /// Takes the seat of one who was drawn and was not there. Its next heartbeat gives it back.
    pub(crate) fn evict(provider: ProviderId, lane: Lane) {
        Self::amend(provider, |record| {
            if record.seats.contains(lane) {
                Self::unseat(provider, lane, record.class);
                record.seats.remove(lane);
            }
        });
    }

    fn seat(provider: ProviderId, lane: Lane, class: DeviceClass) {
        let mut sizes = PoolSizes::<T>::get(lane);
        let index = sizes.of(class);
        Pools::<T>::insert((lane, class, index), provider);
        Seats::<T>::insert(provider, lane, index);
        sizes.set(class, index.saturating_add(1));
        PoolSizes::<T>::insert(lane, sizes);
    }

    /// The last of the pool takes the place that becomes free.
    fn unseat(provider: ProviderId, lane: Lane, class: DeviceClass) {
        let mut sizes = PoolSizes::<T>::get(lane);
        let taken = (Seats::<T>::take(provider, lane), sizes.of(class).checked_sub(1));
        let (Some(index), Some(last)) = taken else {
            defensive!("a provider has the seats that its record names");
            return;
        };
        match Pools::<T>::take((lane, class, last)) {
            Some(moved) if index != last => {
                Pools::<T>::insert((lane, class, index), moved);
                Seats::<T>::insert(moved, lane, index);
            }
            _ => {}
        }
        sizes.set(class, last);
        PoolSizes::<T>::insert(lane, sizes);
    }

    /// Changes a record, if there is one.
    pub(crate) fn amend(
        provider: ProviderId,
        change: impl FnOnce(&mut Registration<T::AccountId>),
    ) {
        Providers::<T>::mutate_exists(provider, |record| {
            if let Some(record) = record {
                change(record);
            }
        });
    }
}
