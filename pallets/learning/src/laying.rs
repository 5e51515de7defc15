//! What is better and kept is laid, and paid.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{BlockId, DeltaId},
    learning::{
        evaluation::Evaluation,
        model::{Head, Part},
        reward::gain,
    },
    lifecycle::delta::Forfeit,
    share::WHOLE,
};
use cairn_seams::{Clock, Custody, Kept, Lineage, OnReleased, Purse, Sealing};
use frame_support::{pallet_prelude::Get, storage::with_storage_layer, traits::Defensive};

impl<T: Config> Kept for Pallet<T> {
    fn kept(id: DeltaId) {
        Self::note_kept(id, true);
    }

    fn unkept(id: DeltaId) {
        Self::note_kept(id, false);
    }
}

impl<T: Config> OnReleased for Pallet<T> {
    fn released(id: DeltaId) {
        let Some(mut delta) = Deltas::<T>::get(id).filter(|delta| delta.waits) else { return };
        delta.waits = false;
        let head = delta.place().and_then(|at| T::Lineage::head(&at.model, &at.component));
        // What is not the head any more was kept for its reward alone.
        if head.map(|head| head.block) != Some(delta.header.id()) {
            T::Custody::release(id);
        }
        Deltas::<T>::insert(id, delta);
    }
}

impl<T: Config> Pallet<T> {
    fn note_kept(id: DeltaId, kept: bool) {
        let Some(mut delta) = Deltas::<T>::get(id).filter(|it| it.stage == Stage::Keeping) else {
            return;
        };
        delta.kept = Some(kept);
        Self::schedule_now(id, &mut delta);
        Deltas::<T>::insert(id, delta);
    }

    pub(crate) fn look_at_kept(id: DeltaId, delta: DeltaOf<T>, place: &Place) {
        let known = delta.trial.zip(delta.evaluation()).defensive();
        let Some((trial, evaluation)) = known else {
            return Self::end(id, delta, Turn::NotKept, Reason::NotKept);
        };
        if Self::is_being_rolled_back(place) {
            Self::wait(id, delta);
        } else if Self::has_moved(place, &trial) {
            Self::try_again(id, delta, place);
        } else if delta.kept == Some(true) {
            Self::lay(id, delta, place, &trial, &evaluation);
        } else {
            Self::end(id, delta, Turn::NotKept, Reason::NotKept);
        }
    }

    fn lay(
        id: DeltaId,
        mut delta: DeltaOf<T>,
        place: &Place,
        trial: &Trial,
        evaluation: &Evaluation,
    ) {
        let Some(below) = T::Lineage::head(&place.model, &place.component).defensive() else {
            return Self::end(id, delta, Turn::Outdated, Reason::Superseded);
        };
        delta.gain = gain(evaluation.baseline, evaluation.loss);
        // The model may be judged on another set by now.
        delta.waits = T::Sealing::waits(&trial.data);
        let file = Self::outcome_of(trial, evaluation);
        let laid = with_storage_layer(|| {
            if delta.waits {
                // It takes down what the model is before, and what it will be.
                let part = Part { component: place.component.clone(), file };
                T::Sealing::note(&place.model, id, delta.gain, part);
            }
            // The block's own deposit is held by whoever keeps it.
            Self::give_back(HoldReason::Block, &delta.header.author, delta.stakes.block);
            T::Lineage::lay(delta.header.clone(), file, &delta.header.author)
        });
        if laid.is_err() {
            (delta.gain, delta.waits) = (0, false);
            return Self::end(id, delta, Turn::Outdated, Reason::Superseded);
        }
        delta.stakes.block = 0;
        delta.root = Some(Self::stack(id, place, &below, delta.header.id()));
        let before = evaluation.baseline.checked_div(evaluation.count.into()).unwrap_or(0);
        T::Lineage::note_loss(&place.model, &trial.data, before, Self::mean(evaluation));
        Self::pay(id, &mut delta, place, trial);
        Self::keep_laid(id, delta, place);
    }

    /// Notes what stands on what. Gives the published block at the bottom.
    fn stack(id: DeltaId, place: &Place, below: &Head, block: BlockId) -> BlockId {
        let last = Tops::<T>::get(place);
        // Another one may have been published since.
        let top = last.filter(|top| top.block == below.block);
        let root = top.map_or(below.block, |top| top.root);
        Tops::<T>::insert(place, Top { block, root, delta: Some(id) });
        if let Some(under) = last.and_then(|top| top.delta) {
            Self::supersede(under, top.map(|_| id));
        }
        Laid::<T>::insert(block, id);
        root
    }

    /// A delta is not the head any more, since another was laid, perhaps on it: nobody needs to
    /// keep it, unless its reward waits.
    fn supersede(id: DeltaId, above: Option<DeltaId>) {
        let record = Deltas::<T>::get(id);
        if !record.as_ref().is_some_and(|record| record.waits) {
            T::Custody::release(id);
        }
        if let Some(record) = record {
            Deltas::<T>::insert(id, Delta { above: above.or(record.above), ..record });
        }
    }

    /// Puts the reward aside, and pays it at once where nothing is waited for.
    fn pay(id: DeltaId, delta: &mut DeltaOf<T>, place: &Place, trial: &Trial) {
        let model = &place.model;
        let worth = T::Rules::get().curve.reward(delta.gain, T::Purse::difficulty(model));
        let author = &delta.header.author;
        delta.reward = T::Purse::reserve(id, model, &trial.data, author, worth);
        T::Purse::note_success(model);
        // With nothing put aside there is nothing to wait for, and others would wait for its turn.
        if delta.waits && delta.reward == 0 {
            T::Sealing::forget(model, id);
            delta.waits = false;
        }
        if !delta.waits {
            T::Purse::release(id, WHOLE);
        }
    }

    fn keep_laid(id: DeltaId, mut delta: DeltaOf<T>, place: &Place) {
        Self::turn(&mut delta, Turn::Kept);
        delta.reason = Some(Reason::Accepted);
        let author = delta.header.author.clone();
        Self::settle_stakes(&author, &mut delta.stakes, Forfeit::Nothing);
        Self::charge_mark(&author, &mut delta.stakes);
        Artifacts::<T>::insert(place, delta.header.artifact.id, Taken::Laid(id));
        let (block, gain, reward, waits) =
            (delta.header.id(), delta.gain, delta.reward, delta.waits);
        Self::keep_record(id, delta);
        Self::deposit_event(Event::DeltaLaid { delta: id, block, gain, reward, waits });
        Self::leave_queue(id, &author, place);
    }

    /// Keeps a delta that queues no more for a while, for those who look it up, and as long as its
    /// artifact is kept for its author.
    pub(crate) fn keep_record(id: DeltaId, mut delta: DeltaOf<T>) {
        let rules = T::Rules::get();
        let blocks = rules.clocks.record.max(rules.terms.life);
        let until = T::Clock::now().saturating_add(blocks);
        Self::schedule_due(id, &mut delta, until);
        Deltas::<T>::insert(id, delta);
    }
}
