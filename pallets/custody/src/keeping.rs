//! A file is to be kept, and need not be any longer.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{BlockId, DeltaId, File};
use cairn_seams::{Beacon, Clock, Custody, Kept, OldHeads, Registry};
use frame_support::{defensive, pallet_prelude::Get};

impl<T: Config> Custody for Pallet<T> {
    fn ask(delta: DeltaId, model: &BlockId, file: File) {
        if let Some(keep) = Keeps::<T>::get(delta) {
            // What it was to become before may be what others have become.
            if !keep.old {
                defensive!("a delta has one candidate");
            }
            Self::free(delta, keep);
        }
        let due = T::Clock::now().saturating_add(T::Rules::get().gather);
        let mut keep = Keep {
            model: *model,
            file,
            stage: Stage::Gathering,
            due,
            next: due,
            until: 0,
            old: false,
            draws: 0,
            chunks: 0,
            keepers: Default::default(),
        };
        Self::schedule(delta, &mut keep, due.saturating_add(1));
        Keeps::<T>::insert(delta, keep);
        Self::deposit_event(Event::Wanted { delta, file, due });
    }

    fn release(delta: DeltaId) {
        let Some(keep) = Keeps::<T>::get(delta) else { return };
        // As long as it gathers nobody is bound to the whole of it, and nothing was laid.
        if keep.stage == Stage::Gathering || !Self::is_of_old_heads(&keep) {
            return Self::free(delta, keep);
        }
        // When they are gone is seen at the next look.
        if !keep.old {
            Keeps::<T>::insert(delta, Keep { old: true, ..keep });
            Self::deposit_event(Event::Outlived { delta });
        }
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn is_of_old_heads(keep: &Keep) -> bool {
        T::OldHeads::contain(&keep.model, &keep.file.id)
    }

    /// Nobody needs a file any more.
    pub(crate) fn free(id: DeltaId, keep: Keep) {
        Self::let_go(id, keep);
        Self::deposit_event(Event::Released { delta: id });
    }

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
