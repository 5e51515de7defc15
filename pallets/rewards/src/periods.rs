//! A period ends and the next one begins; one of long ago is forgotten.

use crate::{pallet::*, types::*, WeightInfo};
use alloc::vec::Vec;
use cairn_protocol::{id::ProviderId, learning::reward::Cause};
use cairn_seams::{Clock, OnPeriod};
use frame_support::{
    pallet_prelude::{Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
};

/// Causes whose budgets end with the period. Grants of the other one are claimed after it.
const SPENT_AT_ONCE: [Cause; 3] = [Cause::Learning, Cause::Validation, Cause::Data];

impl<T: Config> Pallet<T> {
    /// Ends the period, if it is over. Says what that cost.
    pub(crate) fn turn() -> Weight {
        let look = T::WeightInfo::turn();
        if T::Clock::is_stopped() {
            return look;
        }
        match Current::<T>::get() {
            Some(period) if T::Clock::now() < period.ends => return look,
            Some(period) => Self::roll_over(period.number),
            None => Self::begin(0, Sums::default()),
        }
        look.saturating_add(T::WeightInfo::roll_over())
    }

    /// Ends a period, and begins the next one.
    pub(crate) fn roll_over(number: u32) {
        let mut carried = Sums::default();
        if let Some(mut ledger) = Ledgers::<T>::get(number).defensive() {
            for cause in SPENT_AT_ONCE {
                let left = ledger.left.take(cause, ledger.left.of(cause));
                carried.add(cause, Self::carried(left));
            }
            // What guards are paid may have become more while it went on.
            ledger.grant = ledger.grant.min(T::MostGrant::get());
            Ledgers::<T>::insert(number, ledger);
            let Ledger { minted, held, .. } = ledger;
            Self::deposit_event(Event::PeriodEnded { period: number, minted, held });
        }
        Self::begin(number.saturating_add(1), carried);
        // Whoever hears it finds the next one begun.
        T::OnPeriod::ended(number);
    }

    fn begin(number: u32, carried: Sums) {
        let rules = T::Rules::get();
        let fresh = rules.budgets();
        Allotted::<T>::mutate(|allotted| *allotted = allotted.plus(&fresh));
        let budgets = fresh.plus(&carried);
        Ledgers::<T>::insert(number, Ledger::of(budgets, &rules, T::MostGrant::get()));
        // A period of no blocks would end before it began.
        let ends = T::Clock::now().saturating_add(rules.emission.period.max(1));
        Current::<T>::put(Period { number, ends });
        Self::deposit_event(Event::PeriodBegan { period: number, ends, budgets });
    }

    /// Whether grants of a period that has ended can be claimed in that one.
    pub(crate) fn is_claimable(period: u32, current: u32) -> bool {
        let last = period.saturating_add(T::Rules::get().claimable.max(1));
        period >= Retired::<T>::get() && current <= last
    }

    /// Forgets the fees of the oldest period that nothing can be claimed of any more, as many as
    /// there is room for, and then the period.
    pub(crate) fn retire(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::retire(0)).is_err() {
            return;
        }
        let (oldest, current) = (Retired::<T>::get(), Self::number());
        if oldest >= current || Self::is_claimable(oldest, current) {
            return;
        }
        let each = T::WeightInfo::retire(1).saturating_sub(T::WeightInfo::retire(0));
        let room = (0..T::ForgottenPerBlock::get()).take_while(|_| meter.try_consume(each).is_ok());
        let room = room.count();
        let unclaimed: Vec<ProviderId> = Fees::<T>::iter_key_prefix(oldest).take(room).collect();
        for provider in &unclaimed {
            Fees::<T>::remove(oldest, provider);
        }
        if unclaimed.len() < room {
            Self::forget(oldest);
        }
    }

    /// Nothing is left to claim of a period: what its grants were not is carried on.
    fn forget(period: u32) {
        Retired::<T>::put(period.saturating_add(1));
        let Some(mut ledger) = Ledgers::<T>::get(period).defensive() else { return };
        let unclaimed = ledger.left.take(Cause::Inference, ledger.left.inference);
        Self::put_ended(period, ledger);
        Self::carry(Cause::Inference, unclaimed);
        Self::deposit_event(Event::PeriodRetired { period, unclaimed });
    }

    /// The number of the period that goes on.
    pub(crate) fn number() -> u32 {
        Current::<T>::get().map_or(0, |period| period.number)
    }
}
