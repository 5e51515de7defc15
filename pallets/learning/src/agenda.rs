//! When each delta is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::{
    id::{DeltaId, Height},
    lifecycle::delta::Refusal,
};
use cairn_seams::Clock;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResultWithPostInfo, Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
};

/// Why something may not be done, in the pallet's words.
impl<T> From<Refusal> for Error<T> {
    fn from(reason: Refusal) -> Self {
        match reason {
            Refusal::WrongStage => Self::WrongStage,
            Refusal::TooEarly => Self::TooEarly,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// A delta with which that may be done now.
    pub(crate) fn open(id: DeltaId, act: Act) -> Result<DeltaOf<T>, Error<T>> {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let delta = Deltas::<T>::get(id).ok_or(Error::<T>::UnknownDelta)?;
        delta.stage.allows(act, delta.due, T::Clock::now())?;
        Ok(delta)
    }

    /// Turns a delta to its next stage.
    pub(crate) fn turn(delta: &mut DeltaOf<T>, turn: Turn) {
        if let Some(stage) = delta.stage.after(turn).defensive() {
            delta.stage = stage;
        }
    }

    /// Has a delta looked at after it is due.
    pub(crate) fn schedule_due(id: DeltaId, delta: &mut DeltaOf<T>, due: Height) {
        delta.due = due;
        Self::schedule(id, delta, due.saturating_add(1));
    }

    /// Has a delta looked at as soon as may be.
    pub(crate) fn schedule_now(id: DeltaId, delta: &mut DeltaOf<T>) {
        delta.due = T::Clock::now();
        Self::schedule(id, delta, delta.due);
    }

    /// Has a delta looked at once, at that height.
    fn schedule(id: DeltaId, delta: &mut DeltaOf<T>, at: Height) {
        Agenda::<T>::remove(delta.next, id);
        // What lies behind is never looked at again.
        delta.next = at.max(Served::<T>::get());
        Agenda::<T>::insert(delta.next, id, ());
    }

    pub(crate) fn do_poke(id: DeltaId) -> DispatchResultWithPostInfo {
        let delta = Self::open(id, Act::Poke)?;
        let spent = T::WeightInfo::poke().saturating_add(Self::cost_of_look(&delta));
        Self::look_at(id, delta);
        Ok(Some(spent).into())
    }

    /// Moves on what is due, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
        }
        if let Some(cut) = Cutting::<T>::get() {
            let cost = T::WeightInfo::roll_back(T::UndoneAtOnce::get());
            if meter.try_consume(cost).is_ok() {
                Self::go_on_cutting(&cut);
            }
        }
        let now = T::Clock::now();
        let first = Served::<T>::get();
        let mut height = first;
        // Goes on behind the last: each search from the beginning would go over all removed so far.
        let mut due = Agenda::<T>::iter_key_prefix(height);
        for _ in 0..T::ServedPerBlock::get() {
            if height > now || meter.try_consume(T::WeightInfo::find_due()).is_err() {
                break;
            }
            let next = due.next().or_else(|| {
                // Something may have been added behind.
                due = Agenda::<T>::iter_key_prefix(height);
                due.next()
            });
            let Some(id) = next else {
                height = height.saturating_add(1);
                due = Agenda::<T>::iter_key_prefix(height);
                continue;
            };
            let Some(delta) = Deltas::<T>::get(id).defensive() else {
                Agenda::<T>::remove(height, id);
                continue;
            };
            if meter.try_consume(Self::cost_of_look(&delta)).is_err() {
                break;
            }
            Self::look_at(id, delta);
        }
        if height > first {
            Served::<T>::put(height);
        }
    }

    /// What the next look at a delta costs at most.
    pub(crate) fn cost_of_look(delta: &DeltaOf<T>) -> Weight {
        let undone = T::UndoneAtOnce::get();
        match delta.stage {
            Stage::Queued | Stage::Judging => T::WeightInfo::conclude(),
            Stage::Keeping => T::WeightInfo::lay().max(T::WeightInfo::conclude()),
            Stage::Laid | Stage::RolledBack => {
                T::WeightInfo::roll_back(undone).max(T::WeightInfo::prune())
            }
            Stage::Rejected | Stage::Stale | Stage::Lapsed => T::WeightInfo::prune(),
        }
    }

    /// The most that a look at any delta costs.
    pub(crate) fn dearest_look() -> Weight {
        T::WeightInfo::conclude()
            .max(T::WeightInfo::lay())
            .max(T::WeightInfo::roll_back(T::UndoneAtOnce::get()))
            .max(T::WeightInfo::prune())
    }

    /// Does what time demands of a delta.
    fn look_at(id: DeltaId, delta: DeltaOf<T>) {
        let Some(place) = delta.place().defensive() else { return };
        match delta.stage {
            Stage::Queued | Stage::Judging => Self::look_at_judged(id, delta, &place),
            Stage::Keeping => Self::look_at_kept(id, delta, &place),
            Stage::Laid | Stage::RolledBack if Self::is_rolled_back_to(&place, id) => {
                Self::roll_back(id, &place)
            }
            // Whoever keeps it is asked as long as its reward waits, which its record says.
            Stage::Laid if delta.waits => Self::keep_record(id, delta),
            Stage::Laid | Stage::Rejected | Stage::Stale | Stage::Lapsed | Stage::RolledBack => {
                Self::prune(id, delta)
            }
        }
    }
}
