//! A delta comes to nothing, and what has come to its end is forgotten.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{ContentId, DeltaId};
use cairn_seams::{Clock, Custody, Panels, Purse};
use frame_support::{pallet_prelude::Get, traits::Defensive};

impl<T: Config> Pallet<T> {
    /// Ends a delta that is not laid.
    pub(crate) fn end(id: DeltaId, mut delta: DeltaOf<T>, turn: Turn, reason: Reason) {
        let Some(place) = delta.place().defensive() else { return };
        if delta.stage == Stage::Keeping {
            T::Custody::release(id);
        }
        Self::turn(&mut delta, turn);
        delta.reason = Some(reason);
        if let Some(panel) = delta.panel.take() {
            T::Panels::close(panel);
        }
        T::Purse::free_judging(id);
        let author = delta.header.author.clone();
        let lost = Self::settle_stakes(&author, &mut delta.stakes, reason.forfeits());
        let artifact = delta.header.artifact.id;
        if delta.stage == Stage::Rejected {
            Artifacts::<T>::remove(&place, artifact);
        } else {
            // Everyone has seen it, and whoever committed to it then would be first.
            let until = T::Clock::now().saturating_add(T::Rules::get().terms.life);
            Artifacts::<T>::insert(&place, artifact, Taken::Reserved { delta: id, until });
        }
        let event = match (delta.stage, delta.trial) {
            (Stage::Rejected, trial) => {
                if let Some(trial) = trial {
                    Tried::<T>::insert(trial.head, artifact, ());
                }
                Event::Rejected { delta: id, reason, lost }
            }
            (Stage::Stale, _) => Event::Outdated { delta: id, reason },
            _ => Event::Lapsed { delta: id, reason },
        };
        Self::keep_record(id, delta);
        Self::deposit_event(event);
        Self::leave_queue(id, &author, &place);
    }

    /// Frees what is kept for a delta's author, unless it was handed in again since.
    fn end_reservation(id: DeltaId, place: &Place, artifact: ContentId) {
        let taken = Artifacts::<T>::get(place, artifact);
        if matches!(taken, Some(Taken::Reserved { delta, .. }) if delta == id) {
            Artifacts::<T>::remove(place, artifact);
        }
    }

    /// Takes a delta out of its queue, and wakes the one that is first then.
    pub(crate) fn leave_queue(id: DeltaId, author: &T::AccountId, place: &Place) {
        let first = Queues::<T>::mutate_exists(place, |queue| {
            let mut left = queue.take().unwrap_or_default();
            left.retain(|one| *one != id);
            let first = left.first().copied();
            *queue = Some(left).filter(|left| !left.is_empty());
            first
        });
        Pending::<T>::mutate_exists(author, |count| {
            *count = count.and_then(|count| count.checked_sub(1)).filter(|left| *left > 0);
        });
        if let Some(first) = first {
            Self::wake(first);
        }
    }

    /// Has a delta looked at that waited for its turn.
    pub(crate) fn wake(id: DeltaId) {
        let Some(mut delta) = Deltas::<T>::get(id).defensive() else { return };
        // Others are looked at anyway when what they wait for comes.
        if delta.word.is_some() {
            Self::schedule_now(id, &mut delta);
            Deltas::<T>::insert(id, delta);
        }
    }

    /// Forgets a delta.
    pub(crate) fn prune(id: DeltaId, delta: DeltaOf<T>) {
        let author = &delta.header.author;
        Self::give_back(HoldReason::Deposit, author, delta.stakes.deposit);
        Agenda::<T>::remove(delta.next, id);
        DeltasOf::<T>::remove(author, id);
        if delta.root.is_some() {
            Laid::<T>::remove(delta.header.id());
        } else if let Some(place) = delta.place() {
            Self::end_reservation(id, &place, delta.header.artifact.id);
        }
        Deltas::<T>::remove(id);
        Self::deposit_event(Event::Pruned { delta: id });
    }
}
