//! What was laid is taken off again, with all that was laid on it.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{BlockId, DeltaId};
use cairn_seams::{Clock, Custody, Lineage, Purse, Sealing};
use frame_support::{dispatch::DispatchResult, ensure, pallet_prelude::Get, traits::Defensive};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_invalidate(id: DeltaId) -> DispatchResult {
        let mut delta = Self::open(id, Act::Invalidate)?;
        let place = delta.place().ok_or(Error::<T>::OfNothing)?;
        ensure!(!Self::is_being_rolled_back(&place), Error::<T>::BeingRolledBack);
        Rollbacks::<T>::insert(&place, Rollback { target: id, up: None });
        Self::schedule_now(id, &mut delta);
        Deltas::<T>::insert(id, delta);
        Self::deposit_event(Event::RollbackBegun { delta: id });
        Ok(())
    }

    pub(crate) fn do_invalidate_block(place: Place, block: BlockId) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let Place { model, component } = &place;
        ensure!(T::Lineage::carries(model, component, &block), Error::<T>::NotCarried);
        if let Some(id) = Laid::<T>::get(block) {
            return Self::do_invalidate(id);
        }
        ensure!(!Self::is_being_rolled_back(&place), Error::<T>::BeingRolledBack);
        ensure!(!Cutting::<T>::exists(), Error::<T>::CuttingAnother);
        Cutting::<T>::put(Cut { place: place.clone(), block });
        Self::deposit_event(Event::CutBegun { place, block });
        Ok(())
    }

    pub(crate) fn do_cut() -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let cut = Cutting::<T>::get().ok_or(Error::<T>::NothingToCut)?;
        Self::go_on_cutting(&cut);
        Ok(())
    }

    /// Whether something is taken off a component, so that nothing may be laid on it.
    pub(crate) fn is_being_rolled_back(place: &Place) -> bool {
        Rollbacks::<T>::contains_key(place)
            || Cutting::<T>::get().is_some_and(|cut| cut.place == *place)
    }

    /// Goes on with taking a block off whose delta is forgotten, as far as a look goes.
    pub(crate) fn go_on_cutting(cut: &Cut) {
        let Cut { place, block: last } = cut;
        for _ in 0..T::UndoneAtOnce::get() {
            // Where the component was published anew meanwhile nothing of it is left.
            let top = Tops::<T>::get(place);
            let Some(block) = top.and_then(|top| Self::take_top_off(place, top)) else {
                return Self::end_cut(place);
            };
            Self::mark_undone(Laid::<T>::get(block), block, block == *last);
            if block == *last {
                return Self::end_cut(place);
            }
        }
    }

    fn end_cut(place: &Place) {
        Cutting::<T>::kill();
        Self::reopen(place);
    }

    pub(crate) fn is_rolled_back_to(place: &Place, id: DeltaId) -> bool {
        Rollbacks::<T>::get(place).is_some_and(|rollback| rollback.target == id)
    }

    /// Goes on with it, as far as a look goes.
    pub(crate) fn roll_back(id: DeltaId, place: &Place) {
        for _ in 0..T::UndoneAtOnce::get() {
            let Some(rollback) = Rollbacks::<T>::get(place).defensive() else { return };
            match Self::undo_one(place, rollback) {
                Some(rollback) => Rollbacks::<T>::insert(place, rollback),
                None => return Self::end_rollback(id, place),
            }
        }
        // The rest waits for the next block.
        let Some(mut delta) = Deltas::<T>::get(id).defensive() else { return };
        Self::schedule_due(id, &mut delta, T::Clock::now());
        Deltas::<T>::insert(id, delta);
    }

    /// Takes one delta off. Gives what is left to be done.
    fn undo_one(place: &Place, rollback: Rollback) -> Option<Rollback> {
        let Rollback { target, up } = rollback;
        let record = Deltas::<T>::get(target).defensive()?;
        let Some(at) = up else {
            let Some(block) = Self::take_off(place, &record) else {
                // Nothing of it is in the component any more; what was laid on it says so.
                return Some(Rollback { target, up: Some(target) });
            };
            let delta = Laid::<T>::get(block);
            Self::mark_undone(delta, block, delta == Some(target));
            return (delta != Some(target)).then_some(rollback);
        };
        let delta = Deltas::<T>::get(at).filter(|delta| delta.stage == Stage::Laid)?;
        Self::mark_undone(Some(at), delta.header.id(), at == target);
        delta.above.map(|above| Rollback { target, up: Some(above) })
    }

    /// Takes off the topmost delta of a component, if all that is laid there is on what this one
    /// was laid on.
    fn take_off(place: &Place, target: &DeltaOf<T>) -> Option<BlockId> {
        let top = Tops::<T>::get(place).filter(|top| Some(top.root) == target.root)?;
        Self::take_top_off(place, top)
    }

    /// Takes off what was laid last on a component.
    fn take_top_off(place: &Place, top: Top) -> Option<BlockId> {
        let Place { model, component } = place;
        // Another one was published since.
        T::Lineage::head(model, component).filter(|head| head.block == top.block)?;
        let block = T::Lineage::unlay(model, component)?;
        // Its record may be forgotten already.
        if let Some(gone) = top.delta {
            T::Custody::release(gone);
        }
        match T::Lineage::head(model, component) {
            Some(head) => {
                let delta = Laid::<T>::get(head.block);
                Tops::<T>::insert(place, Top { block: head.block, delta, ..top });
            }
            None => Tops::<T>::remove(place),
        }
        Some(block)
    }

    fn mark_undone(id: Option<DeltaId>, block: BlockId, is_target: bool) {
        let reason = if is_target { Reason::Invalidated } else { Reason::AncestorInvalidated };
        if let Some((id, delta)) = id.and_then(|id| Some((id, Deltas::<T>::get(id)?))) {
            Self::undo(id, delta, reason);
        }
        Self::deposit_event(Event::RolledBack { delta: id, block, reason });
    }

    fn undo(id: DeltaId, mut delta: DeltaOf<T>, reason: Reason) {
        let Some(model) = delta.header.model.defensive() else { return };
        if delta.waits {
            T::Sealing::forget(&model, id);
            T::Purse::release(id, 0);
            delta.waits = false;
        }
        T::Custody::release(id);
        Self::turn(&mut delta, Turn::Undone);
        delta.reason = Some(reason);
        Self::keep_record(id, delta);
    }

    /// Deltas are laid on the component again.
    fn end_rollback(target: DeltaId, place: &Place) {
        Rollbacks::<T>::remove(place);
        // It was looked at until now, whatever it had said of its own record.
        if let Some(delta) = Deltas::<T>::get(target) {
            Self::keep_record(target, delta);
        }
        Self::reopen(place);
    }

    /// Whatever waits for a component has its turn again.
    fn reopen(place: &Place) {
        if let Some(first) = Queues::<T>::get(place).first() {
            Self::wake(*first);
        }
        Self::deposit_event(Event::RollbackEnded { place: place.clone() });
    }
}
