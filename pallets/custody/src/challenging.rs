//! A keeper that nobody could foresee shows chunks that nobody could foresee, or is none any more.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    chunk::{self, Proof},
    fault::Fault,
    id::{Amount, DeltaId, ProviderId},
    reputation::Observation,
};
use cairn_seams::{Beacon, Clock, Purse, Registry, Reputation, Subject};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::Defensive,
};

/// What a seed for challenges is drawn for.
const PURPOSE: [u8; 8] = *b"kept/for";

impl<T: Config> Pallet<T> {
    /// Lets a kept file be until its next challenge.
    pub(crate) fn rest(id: DeltaId, mut keep: Keep) {
        keep.stage = Stage::Resting;
        let now = T::Clock::now();
        let next = now.saturating_add(T::Rules::get().interval).min(keep.until);
        // Once a block is often enough, whatever the interval.
        keep.due = next.max(now.saturating_add(1));
        let due = keep.due;
        Self::schedule(id, &mut keep, due);
        Keeps::<T>::insert(id, keep);
    }

    /// It is time for a challenge, or to let the file go.
    pub(crate) fn challenge(id: DeltaId, mut keep: Keep) {
        let is_outlived = keep.old && !Self::is_of_old_heads(&keep);
        if is_outlived || T::Clock::now() >= keep.until {
            return Self::free(id, keep);
        }
        // Nobody can be asked until somebody attests.
        if keep.keepers.is_empty() {
            return Self::rest(id, keep);
        }
        let ticket = T::Beacon::request(Subject { purpose: PURPOSE, id: id.0, nth: keep.draws });
        keep.draws = keep.draws.saturating_add(1);
        keep.stage = Stage::Drawing { ticket };
        Self::wait_for_seed(id, keep, &ticket);
    }

    fn wait_for_seed(id: DeltaId, mut keep: Keep, ticket: &Ticket) {
        let soon = T::Clock::now().saturating_add(1);
        keep.due = T::Beacon::ready_at(ticket).max(soon);
        let due = keep.due;
        Self::schedule(id, &mut keep, due);
        Keeps::<T>::insert(id, keep);
    }

    /// The seed should be there, and says who has to show what.
    pub(crate) fn draw(id: DeltaId, mut keep: Keep, ticket: Ticket) {
        let Some(seed) = T::Beacon::seed(&ticket) else {
            // Authors were too few.
            return Self::wait_for_seed(id, keep, &ticket);
        };
        // Keepers leave only when they are asked, so there are as many as when it was drawn.
        let Some(keeper) = keep.pick(&seed).defensive() else {
            T::Beacon::release(ticket);
            return Self::rest(id, keep);
        };
        let rules = T::Rules::get();
        keep.chunks = rules.chunks.min(CHUNKS_DRAWN);
        keep.stage = Stage::Asked { ticket, keeper };
        keep.due = T::Clock::now().saturating_add(rules.show);
        let (due, chunks) = (keep.due, keep.asked(&seed));
        Self::schedule(id, &mut keep, due.saturating_add(1));
        Keeps::<T>::insert(id, keep);
        Self::deposit_event(Event::ChunksAsked { delta: id, provider: keeper, chunks, due });
    }

    pub(crate) fn do_show(operator: T::AccountId, id: DeltaId, proofs: &[Proof]) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let provider = T::Registry::operated_by(&operator).ok_or(Error::<T>::NotAnOperator)?;
        let keep = Keeps::<T>::get(id).ok_or(Error::<T>::NothingToKeep)?;
        let Stage::Asked { ticket, keeper } = keep.stage else {
            return Err(Error::<T>::NothingToShow.into());
        };
        ensure!(keeper == provider, Error::<T>::NothingToShow);
        ensure!(T::Clock::now() <= keep.due, Error::<T>::ShownTooLate);
        let seed = T::Beacon::seed(&ticket).ok_or(Error::<T>::NothingToShow)?;
        let (file, chunks) = (keep.file, keep.asked(&seed));
        ensure!(chunks.len() == proofs.len(), Error::<T>::WrongNumberOfChunks);
        for (index, proof) in chunks.into_iter().zip(proofs) {
            chunk::verify(&file.id, file.bytes, index, proof)
                .map_err(|_| Error::<T>::ChunkNotProven)?;
        }
        T::Beacon::release(ticket);
        let paid = Self::pay(provider, &keep);
        Self::note(provider, true);
        Self::rest(id, keep);
        Self::deposit_event(Event::Shown { delta: id, provider, paid });
        Ok(())
    }

    /// The keeper showed nothing in time: whatever it said, it does not hold the file.
    pub(crate) fn withhold(id: DeltaId, mut keep: Keep, ticket: Ticket, keeper: ProviderId) {
        T::Beacon::release(ticket);
        keep.keepers.retain(|one| *one != keeper);
        Self::note(keeper, false);
        T::Registry::penalise(keeper, Fault::Withheld, id.0);
        T::Registry::disengage(keeper);
        Self::deposit_event(Event::Withheld { delta: id, provider: keeper });
        if keep.keepers.is_empty() {
            Self::deposit_event(Event::Lost { delta: id, file: keep.file });
        }
        Self::rest(id, keep);
    }

    fn pay(provider: ProviderId, keep: &Keep) -> Amount {
        let pay = T::Rules::get().pay;
        let owner = T::Registry::owner(provider).filter(|_| pay > 0);
        owner.map_or(0, |owner| T::Purse::pay_guards(&keep.model, &[owner], pay))
    }

    fn note(provider: ProviderId, showed: bool) {
        let seen =
            Observation { available: Some(showed), timely: Some(showed), ..Observation::default() };
        T::Reputation::observe(provider, KIND, seen);
    }
}
