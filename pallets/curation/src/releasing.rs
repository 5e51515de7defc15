//! What is held is released, waits once more, or lapses: one reward at a time.

use crate::{pallet::*, types::*};
use cairn_protocol::{id::DeltaId, share::Ppm};
use cairn_seams::{OnReleased, Purse};
use frame_support::traits::Defensive;

impl<T: Config> Pallet<T> {
    /// Releases a share of one reward; ends the trial after the last.
    pub(crate) fn release_next(id: TrialId, trial: Trial, share: Ppm) {
        let Some((delta, _)) = Self::take_held(id) else { return Self::finish(id, trial) };
        let amount = T::Purse::release(delta, share);
        T::OnReleased::released(delta);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RewardReleased { model, period, delta, amount });
    }

    /// Has one reward wait for the next trial, or lapse; ends the trial after the last.
    pub(crate) fn carry_next(id: TrialId, trial: Trial) {
        let Some((delta, held)) = Self::take_held(id) else { return Self::finish(id, trial) };
        let TrialId { model, period } = id;
        if held.waited {
            T::Purse::release(delta, 0);
            T::OnReleased::released(delta);
            return Self::deposit_event(Event::RewardLapsed { model, period, delta });
        }
        let (next, mut heir) = Self::heir(id, &trial);
        // It is measured from where this one began, which may be later than what this one was
        // measured from: what waited here for the second time lapses.
        if heir.since.is_none() {
            trial.began.into_iter().for_each(Self::keep);
            heir.since = trial.began;
        }
        heir.gain = heir.gain.saturating_add(held.gain);
        Trials::<T>::insert(next, heir);
        Held::<T>::insert(next, delta, Holding { waited: true, ..held });
        WaitsFor::<T>::insert(delta, next);
        let until = next.period;
        Self::deposit_event(Event::RewardWaits { model, period, delta, until });
    }

    fn take_held(id: TrialId) -> Option<(DeltaId, Holding)> {
        let (delta, held) = Held::<T>::iter_prefix(id).next()?;
        Held::<T>::remove(id, delta);
        WaitsFor::<T>::remove(delta);
        Some((delta, held))
    }

    /// The trial after one that came to nothing. It is not decided before that one is over.
    fn heir(id: TrialId, trial: &Trial) -> (TrialId, Trial) {
        let next = trial.after.map(|period| TrialId { model: id.model, period });
        let known = next.and_then(|next| Some((next, Trials::<T>::get(next).defensive()?)));
        known.unwrap_or_else(|| Self::begin_now(id.model))
    }

    /// Keeps nothing of a trial.
    pub(crate) fn finish(id: TrialId, trial: Trial) {
        let TrialId { model, period } = id;
        Self::remove_sets(id);
        trial.snapshots().for_each(Self::let_go);
        Agenda::<T>::remove(trial.next, id);
        Trials::<T>::remove(id);
        match trial.after {
            Some(next) => Trials::<T>::mutate(TrialId { model, period: next }, |next| {
                if let Some(next) = next.as_mut().defensive() {
                    next.before = None;
                }
            }),
            None if Latest::<T>::get(model) == Some(period) => Latest::<T>::remove(model),
            None => {}
        }
        Self::deposit_event(Event::Over { model, period });
    }
}
