//! Penalties: graded, queued, open to appeal, then executed.

use crate::{
    types::{Slash, SlashId},
    weights::WeightInfo,
    Config, Error, Event, HoldReason, Pallet, Providers, SlashQueue, Slashes,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, Height, ProviderId},
    share::{self, Ppm, WHOLE},
};
use cairn_seams::Clock;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    defensive,
    dispatch::DispatchResult,
    traits::{
        fungible::{hold::Balanced, Credit},
        Get, OnUnbalanced,
    },
    weights::WeightMeter,
};
use scale_info::TypeInfo;

/// What is taken from a bond.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;

/// How often a provider was at fault of late. Each stretch of good time takes one fault off.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Default,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Faults {
    /// As of the last one.
    pub count: u32,
    /// When that was.
    pub last: Height,
}

impl Faults {
    /// How many still count, if one is forgotten after each `memory` blocks.
    pub fn recent(&self, now: Height, memory: Height) -> u32 {
        let forgotten = now.saturating_sub(self.last).checked_div(memory).unwrap_or(u32::MAX);
        self.count.saturating_sub(forgotten)
    }

    /// With one more.
    pub fn after(&self, now: Height, memory: Height) -> Self {
        Self { count: self.recent(now, memory).saturating_add(1), last: now }
    }
}

/// The share that a fault costs after so many recent ones: once more for each, at most all.
pub fn graded(share: Ppm, recent: u32) -> Ppm {
    share.saturating_mul(recent.saturating_add(1)).min(WHOLE)
}

impl<T: Config> Pallet<T> {
    /// Queues what a fault costs: a share of all that the provider has at stake, so that who is
    /// drawn more often for a larger bond also risks more. Only its own bond is looked at, and
    /// no more is queued than is there.
    ///
    /// If a fault graver than lateness leaves too little for its roles it gets no work from now on.
    /// Its seats go when it is drawn or sends a heartbeat, as those of the silent do: whoever
    /// penalises several must not pay for that.
    pub(crate) fn do_penalise(provider: ProviderId, fault: Fault, subject: u64) {
        let Some(mut record) = Providers::<T>::get(provider) else { return };
        let (now, memory) = (T::Clock::now(), T::FaultMemory::get());
        let share = graded(T::FaultShares::get().of(fault), record.faults.recent(now, memory));
        let uncommitted = record.stake().saturating_sub(record.pending);
        let amount = share::of(share, record.stake()).min(uncommitted);
        record.faults = record.faults.after(now, memory);
        if amount > 0 {
            record.queued = record.queued.saturating_add(1);
            record.pending = record.pending.saturating_add(amount);
            if !fault.is_lateness() {
                record.grave = record.grave.saturating_add(amount);
            }
            let slash = Self::enqueue(Slash { provider, fault, subject, amount, queued_at: now });
            let executes_at = now.saturating_add(T::AppealWindow::get());
            Self::deposit_event(Event::SlashQueued {
                slash,
                provider,
                fault,
                subject,
                amount,
                executes_at,
            });
        }
        Providers::<T>::insert(provider, record);
    }

    fn enqueue(slash: Slash) -> SlashId {
        SlashQueue::<T>::mutate(|queue| {
            let id = queue.next;
            Slashes::<T>::insert(id, slash);
            queue.next = id.saturating_add(1);
            id
        })
    }

    /// Takes a slash back, and forgets the fault. If enough is free again it has its seats again.
    pub(crate) fn do_cancel_slash(id: SlashId) -> DispatchResult {
        let slash = Slashes::<T>::take(id).ok_or(Error::<T>::UnknownSlash)?;
        Self::amend(slash.provider, |record| {
            record.settle(&slash);
            record.faults.count = record.faults.count.saturating_sub(1);
            Self::settle_seats(slash.provider, record);
        });
        Self::deposit_event(Event::SlashCancelled { slash: id, provider: slash.provider });
        Ok(())
    }

    /// Executes the slashes whose time to appeal has passed, as many as a block may and the
    /// meter allows. The queue is in the order of time, so the first that is not due ends it.
    pub(crate) fn execute_due(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::on_idle_base()).is_err() || T::Clock::is_stopped() {
            return;
        }
        let mut queue = SlashQueue::<T>::get();
        let (before, now) = (queue, T::Clock::now());
        for _ in 0..T::MaxSlashesPerBlock::get() {
            let more = queue.first < queue.next
                && meter.try_consume(T::WeightInfo::execute_slash()).is_ok();
            if !more {
                break;
            }
            // A cancelled one leaves a gap.
            if let Some(slash) = Slashes::<T>::get(queue.first) {
                if now < slash.queued_at.saturating_add(T::AppealWindow::get()) {
                    break;
                }
                Self::execute(queue.first, slash);
            }
            queue.first = queue.first.saturating_add(1);
        }
        if queue != before {
            SlashQueue::<T>::put(queue);
        }
    }

    /// Takes what a slash names from the bond, and from what is unbonding where that is not
    /// enough. A bond that is too small for its roles costs the provider the seats it still has.
    pub(crate) fn execute(id: SlashId, slash: Slash) {
        Slashes::<T>::remove(id);
        Self::amend(slash.provider, |record| {
            let amount = slash.amount.min(record.stake());
            let from_bond = amount.min(record.bond);
            let from_unbonding = amount.saturating_sub(from_bond);
            record.bond = record.bond.saturating_sub(from_bond);
            record.unbonding = record.unbonding.saturating_sub(from_unbonding);
            record.settle(&slash);
            Self::settle_seats(slash.provider, record);
            Self::take_bond(&record.owner, amount);
            Self::deposit_event(Event::Slashed { slash: id, provider: slash.provider, amount });
        });
    }

    fn take_bond(owner: &T::AccountId, amount: Amount) {
        let (credit, missing) = T::Currency::slash(&HoldReason::Bond.into(), owner, amount);
        if missing > 0 {
            defensive!("bonds are held");
        }
        T::OnSlash::on_unbalanced(credit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn recent_should_forget_one_fault_a_stretch() {
        let faults = Faults { count: 3, last: 100 };
        let recent: Vec<_> =
            [100, 149, 150, 200, 250, 1_000].map(|now| faults.recent(now, 50)).into();
        assert_eq!(recent, [3, 3, 2, 1, 0, 0]);
        // Without a memory nothing is remembered.
        assert_eq!(faults.recent(100, 0), 0);
        assert_eq!(faults.after(150, 50), Faults { count: 3, last: 150 });
        assert_eq!(Faults { count: u32::MAX, last: 0 }.after(0, 1).count, u32::MAX);
    }

    proptest! {
        #[test]
        fn graded_should_rise_with_recent_faults_up_to_the_whole(
            share in 1..=WHOLE, recent in 0..u32::MAX,
        ) {
            prop_assert_eq!(graded(share, 0), share);
            prop_assert!(graded(share, recent) <= graded(share, recent + 1));
            prop_assert!(graded(share, recent) <= WHOLE);
            prop_assert_eq!(graded(share, u32::MAX), WHOLE);
        }
    }
}
