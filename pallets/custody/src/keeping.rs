//! A file is to be kept, and need not be any longer.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{BlockId, DeltaId, File};
use cairn_seams::{Beacon, Clock, Custody, Kept, Registry};
use frame_support::{defensive, pallet_prelude::Get};

impl<T: Config> Custody for Pallet<T> {
    fn ask(delta: DeltaId, model: &BlockId, file: File) {
        if Keeps::<T>::contains_key(delta) {
            defensive!("a delta has one candidate");
            Self::release(delta);
        }
        let due = T::Clock::now().saturating_add(T::Rules::get().gather);
        let mut keep = Keep {
            model: *model,
            file,
            stage: Stage::Gathering,
            due,
            next: due,
            until: 0,
            draws: 0,
            chunks: 0,
            keepers: Default::default(),
        };
        Self::schedule(delta, &mut keep, due.saturating_add(1));
        Keeps::<T>::insert(delta, keep);
        Self::deposit_event(Event::Wanted { delta, file, due });
    }

    fn release(delta: DeltaId) {
        if let Some(keep) = Keeps::<T>::get(delta) {
            Self::let_go(delta, keep);
            Self::deposit_event(Event::Released { delta });
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Too few attested in time.
    pub(crate) fn give_up(id: DeltaId, keep: Keep) {
        Self::let_go(id, keep);
        Self::deposit_event(Event::Unkept { delta: id });
        T::Deltas::unkept(id);
    }

    /// Forgets a file, and lets its keepers go.
    fn let_go(id: DeltaId, keep: Keep) {
        if let Some(ticket) = keep.stage.ticket() {
            T::Beacon::release(ticket);
        }
        keep.keepers.into_iter().for_each(T::Registry::disengage);
        Agenda::<T>::remove(keep.next, id);
        Keeps::<T>::remove(id);
    }
}
