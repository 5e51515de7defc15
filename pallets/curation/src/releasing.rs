//! What is held is released, waits once more, or lapses: one reward at a time.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{BlockId, DeltaId},
    share::Ppm,
};
use cairn_seams::{OnReleased, Purse};
use frame_support::traits::Defensive;

impl<T: Config> Pallet<T> {
    /// Releases of one reward what holds, or has it wait; ends the trial after the last.
    pub(crate) fn release_next(id: TrialId, trial: Trial) {
        let Some((delta, held)) = Self::take_held(id) else { return Self::finish(id, trial) };
        match held.finding {
            Finding::Holds(share) => Self::pay(id, delta, &held, share),
            Finding::Unknown => Self::wait_again(id, &trial, delta, held),
            Finding::Open => Self::put_off(id, &trial, delta, held),
        }
    }

    /// Has one reward wait for the next trial, or lapse; ends the trial after the last.
    pub(crate) fn carry_next(id: TrialId, trial: Trial) {
        let Some((delta, held)) = Self::take_held(id) else { return Self::finish(id, trial) };
        Self::wait_again(id, &trial, delta, held);
    }

    fn pay(id: TrialId, delta: DeltaId, held: &Holding, share: Ppm) {
        let TrialId { model, period } = id;
        Self::leave_line(&model, held);
        let amount = T::Purse::release(delta, share);
        T::OnReleased::released(delta);
        Self::deposit_event(Event::RewardReleased { model, period, delta, amount });
    }

    /// Nothing is known of a delta: it waits once.
    fn wait_again(id: TrialId, trial: &Trial, delta: DeltaId, held: Holding) {
        if held.waited {
            return Self::lapse(id, delta, &held);
        }
        let held = Holding { waited: true, finding: Finding::Open, ..held };
        let until = Self::hand_on(id, trial, delta, held);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RewardWaits { model, period, delta, until });
    }

    /// There was no room or no time for a delta: it has its turn in the next trial, so many times.
    fn put_off(id: TrialId, trial: &Trial, delta: DeltaId, held: Holding) {
        if held.put_off >= MOST_PUT_OFF {
            return Self::lapse(id, delta, &held);
        }
        let held = Holding { put_off: held.put_off.saturating_add(1), ..held };
        let until = Self::hand_on(id, trial, delta, held);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RewardPutOff { model, period, delta, until });
    }

    /// Nothing of a reward is paid, and nobody waits for it any more.
    fn lapse(id: TrialId, delta: DeltaId, held: &Holding) {
        let TrialId { model, period } = id;
        Self::leave_line(&model, held);
        T::Purse::release(delta, 0);
        T::OnReleased::released(delta);
        Self::deposit_event(Event::RewardLapsed { model, period, delta });
    }

    /// Has a reward wait for the next trial, and says which. It keeps its place there, before all
    /// that was laid later.
    fn hand_on(id: TrialId, trial: &Trial, delta: DeltaId, held: Holding) -> u32 {
        let (next, mut heir) = Self::heir(id, trial);
        heir.gain = heir.gain.saturating_add(held.gain);
        heir.first = heir.first.min(held.place);
        Trials::<T>::insert(next, heir);
        Held::<T>::insert(next, delta, held);
        WaitsFor::<T>::insert(delta, next);
        next.period
    }

    fn take_held(id: TrialId) -> Option<(DeltaId, Holding)> {
        let (delta, held) = Held::<T>::iter_prefix(id).next()?;
        Held::<T>::remove(id, delta);
        WaitsFor::<T>::remove(delta);
        Some((delta, held))
    }

    /// Keeps nothing of a delta that is held no more.
    pub(crate) fn leave_line(model: &BlockId, held: &Holding) {
        Line::<T>::remove(model, held.place);
        Self::let_go(model, held.before);
        Self::let_go(model, held.after);
    }

    /// The trial after one that leaves something. It is not decided before that one is over.
    fn heir(id: TrialId, trial: &Trial) -> (TrialId, Trial) {
        let next = trial.after.map(|period| TrialId { model: id.model, period });
        let known = next.and_then(|next| Some((next, Trials::<T>::get(next).defensive()?)));
        known.unwrap_or_else(|| Self::begin_now(id.model))
    }

    /// Keeps nothing of a trial.
    pub(crate) fn finish(id: TrialId, trial: Trial) {
        let TrialId { model, period } = id;
        Self::remove_sets(id);
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
