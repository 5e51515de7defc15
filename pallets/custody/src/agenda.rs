//! When each file is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::id::{DeltaId, Height};
use cairn_seams::Clock;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResultWithPostInfo, Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
};

impl<T: Config> Pallet<T> {
    /// Has a file looked at once, at that height.
    pub(crate) fn schedule(id: DeltaId, keep: &mut Keep, at: Height) {
        Agenda::<T>::remove(keep.next, id);
        // What lies behind is never looked at again.
        keep.next = at.max(Served::<T>::get());
        Agenda::<T>::insert(keep.next, id, ());
    }

    pub(crate) fn do_poke(id: DeltaId) -> DispatchResultWithPostInfo {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let keep = Keeps::<T>::get(id).ok_or(Error::<T>::NothingToKeep)?;
        ensure!(T::Clock::now() >= keep.next, Error::<T>::TooEarly);
        let spent = T::WeightInfo::poke().saturating_add(Self::cost_of_look(&keep));
        Self::look_at(id, keep);
        Ok(Some(spent).into())
    }

    /// Moves on what is due, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
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
            let Some(keep) = Keeps::<T>::get(id).defensive() else {
                Agenda::<T>::remove(height, id);
                continue;
            };
            if meter.try_consume(Self::cost_of_look(&keep)).is_err() {
                break;
            }
            Self::look_at(id, keep);
        }
        if height > first {
            Served::<T>::put(height);
        }
    }

    /// What the next look at a file costs at most.
    pub(crate) fn cost_of_look(keep: &Keep) -> Weight {
        match keep.stage {
            Stage::Gathering | Stage::Resting => Self::cost_of_end(keep.count()),
            Stage::Drawing { .. } => T::WeightInfo::draw(),
            Stage::Asked { .. } => T::WeightInfo::withhold(),
        }
    }

    /// The most that a look at any file costs.
    pub(crate) fn dearest_look() -> Weight {
        Self::cost_of_end(MOST_KEEPERS).max(T::WeightInfo::draw()).max(T::WeightInfo::withhold())
    }

    /// Of a file that is let go, or challenged.
    fn cost_of_end(keepers: u32) -> Weight {
        T::WeightInfo::let_go(keepers).max(T::WeightInfo::challenge())
    }

    /// Does what time demands of a file.
    fn look_at(id: DeltaId, keep: Keep) {
        match keep.stage {
            Stage::Gathering => Self::give_up(id, keep),
            Stage::Resting => Self::challenge(id, keep),
            Stage::Drawing { ticket } => Self::draw(id, keep, ticket),
            Stage::Asked { ticket, keeper } => Self::withhold(id, keep, ticket, keeper),
        }
    }
}
