//! Periods begin and end, and what is gained in them is noted.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{BlockId, DeltaId},
    learning::model::Part,
};
use cairn_seams::{Clock, Lineage, OnPeriod, Registry, Sealing};
use frame_support::{pallet_prelude::Get, traits::Defensive};

impl<T: Config> OnPeriod for Pallet<T> {
    fn ended(period: u32) {
        Period::<T>::mutate(|now| *now = period.saturating_add(1).max(*now));
    }
}

impl<T: Config> Sealing<T::AccountId> for Pallet<T> {
    fn waits(data: &BlockId) -> bool {
        !T::Lineage::data(data).is_some_and(|set| set.source.is_generator())
    }

    fn barred(model: &BlockId, who: &T::AccountId) -> bool {
        let now = Self::running(model).map_or_else(Period::<T>::get, |(id, _)| id.period);
        let is_barred = |name: &_| Barred::<T>::get(model, name).is_some_and(|until| until >= now);
        T::Registry::kin(T::Registry::names(who)).iter().any(is_barred)
    }

    fn note(model: &BlockId, delta: DeltaId, gain: u64, laid: Part) {
        let (id, mut trial) = Self::running(model).unwrap_or_else(|| Self::begin_now(*model));
        let (before, after) = Self::take_heads(model, trial.last, laid);
        let place = trial.end;
        let finding = Finding::Open;
        let held = Holding { gain, place, before, after, waited: false, put_off: 0, finding };
        trial.gain = trial.gain.saturating_add(gain);
        trial.end = place.saturating_add(1);
        trial.last = Some(after);
        Trials::<T>::insert(id, trial);
        Held::<T>::insert(id, delta, held);
        WaitsFor::<T>::insert(delta, id);
        Line::<T>::insert(model, place, delta);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RewardHeld { model, period, delta, gain });
    }

    fn forget(_: &BlockId, delta: DeltaId) {
        let Some(id) = WaitsFor::<T>::take(delta) else { return };
        let Some(held) = Held::<T>::take(id, delta).defensive() else { return };
        Self::leave_line(&id.model, &held);
        Trials::<T>::mutate(id, |trial| {
            // What a period was is told as it was when it ended.
            if let Some(trial) = trial.as_mut().filter(|trial| !trial.has_ended()) {
                trial.gain = trial.gain.saturating_sub(held.gain);
            }
        });
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RewardForgotten { model, period, delta });
    }
}

impl<T: Config> Pallet<T> {
    /// The trial of a model that goes on.
    pub(crate) fn running(model: &BlockId) -> Option<(TrialId, Trial)> {
        let id = TrialId { model: *model, period: Latest::<T>::get(model)? };
        let trial = Trials::<T>::get(id).filter(|trial| trial.stage == Stage::Running)?;
        Some((id, trial))
    }

    /// Ends the trial that went on before a period, and begins the one of that period if sets were
    /// sealed for it.
    pub(crate) fn turn(model: BlockId, period: u32) {
        Turns::<T>::remove(period, model);
        let ending = Self::running(&model).filter(|(id, _)| id.period < period);
        let next = TrialId { model, period };
        let announced = Trials::<T>::get(next).filter(|next| next.stage == Stage::Announced);
        if let Some((id, trial)) = ending {
            Self::end(id, trial);
        }
        match announced {
            // After blocks without room a later one may go on already.
            Some(trial) if Self::running(&model).is_some() => Self::finish(next, trial),
            Some(trial) => {
                Self::begin(next, trial);
            }
            None => {}
        }
    }

    /// Begins a trial in the middle of its period, for something that has to wait.
    pub(crate) fn begin_now(model: BlockId) -> (TrialId, Trial) {
        let id = TrialId { model, period: Period::<T>::get() };
        let trial = Trials::<T>::get(id).unwrap_or_else(Trial::announced);
        (id, Self::begin(id, trial))
    }

    fn begin(id: TrialId, trial: Trial) -> Trial {
        let TrialId { model, period } = id;
        let before = Latest::<T>::get(model);
        // Its places come after those of the trial before, which may come to wait for it.
        let (mut first, mut last) = (0, None);
        if let Some(earlier) = before {
            Trials::<T>::mutate(TrialId { model, period: earlier }, |trial| {
                if let Some(trial) = trial.as_mut().defensive() {
                    trial.after = Some(period);
                    (first, last) = (trial.end, trial.last);
                }
            });
        }
        let trial = Trial { stage: Stage::Running, before, first, end: first, last, ..trial };
        Latest::<T>::insert(model, period);
        Turns::<T>::insert(period.saturating_add(1), model, ());
        Trials::<T>::insert(id, trial);
        Self::deposit_event(Event::Began { model, period, sets: trial.sets });
        trial
    }

    /// The period is over: its curators are asked, if anything depends on them.
    fn end(id: TrialId, mut trial: Trial) {
        if trial.before.is_none() && Self::holds_nothing(id) {
            return Self::finish(id, trial);
        }
        let rules = T::Rules::get();
        if trial.sets < rules.sets.needed() {
            return Self::wait(id, trial, 0);
        }
        trial.stage = Stage::Reveals;
        Self::last_until(id, &mut trial, T::Clock::now().saturating_add(rules.clocks.reveal));
        Trials::<T>::insert(id, trial);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RevealsOpened { model, period, due: trial.due });
    }

    /// Too few sets can be measured, or were: nothing is released.
    pub(crate) fn wait(id: TrialId, mut trial: Trial, measured: u8) {
        Self::remove_sets(id);
        trial.sets = 0;
        trial.stage = Stage::Waiting;
        Self::schedule(id, &mut trial, T::Clock::now());
        Trials::<T>::insert(id, trial);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::TooFewSets { model, period, measured });
    }

    pub(crate) fn holds_nothing(id: TrialId) -> bool {
        Held::<T>::iter_key_prefix(id).next().is_none()
    }
}
