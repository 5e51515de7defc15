//! Periods begin and end, and what is gained in them is noted.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{BlockId, DeltaId};
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

    fn note(model: &BlockId, delta: DeltaId, gain: u64) {
        let (id, mut trial) = Self::running(model).unwrap_or_else(|| Self::begin_now(*model));
        trial.gain = trial.gain.saturating_add(gain);
        Trials::<T>::insert(id, trial);
        Held::<T>::insert(id, delta, Holding { gain, waited: false });
        WaitsFor::<T>::insert(delta, id);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::RewardHeld { model, period, delta, gain });
    }

    fn forget(_: &BlockId, delta: DeltaId) {
        let Some(id) = WaitsFor::<T>::take(delta) else { return };
        let Some(held) = Held::<T>::take(id, delta).defensive() else { return };
        Trials::<T>::mutate(id, |trial| {
            // In heads that were taken down its gain is still there.
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
        if ending.is_none() && announced.is_none() {
            return;
        }
        let heads = Self::take_heads(&model);
        if let Some((id, trial)) = ending {
            Self::end(id, trial, heads);
        }
        match announced {
            // After blocks without room a later one may go on already.
            Some(trial) if Self::running(&model).is_some() => Self::finish(next, trial),
            Some(trial) => {
                Self::begin(next, trial, heads);
            }
            None => {}
        }
        Self::let_go(heads);
    }

    /// Begins a trial in the middle of its period, for something that has to wait.
    pub(crate) fn begin_now(model: BlockId) -> (TrialId, Trial) {
        let id = TrialId { model, period: Period::<T>::get() };
        let trial = Trials::<T>::get(id).unwrap_or_else(Trial::announced);
        let heads = Self::take_heads(&model);
        let trial = Self::begin(id, trial, heads);
        Self::let_go(heads);
        (id, trial)
    }

    fn begin(id: TrialId, trial: Trial, heads: SnapshotId) -> Trial {
        let TrialId { model, period } = id;
        let before = Latest::<T>::get(model);
        if let Some(earlier) = before {
            Trials::<T>::mutate(TrialId { model, period: earlier }, |trial| {
                if let Some(trial) = trial.as_mut().defensive() {
                    trial.after = Some(period);
                }
            });
        }
        Self::keep(heads);
        let trial = Trial { stage: Stage::Running, began: Some(heads), before, ..trial };
        Latest::<T>::insert(model, period);
        Turns::<T>::insert(period.saturating_add(1), model, ());
        Trials::<T>::insert(id, trial);
        Self::deposit_event(Event::Began { model, period, sets: trial.sets });
        trial
    }

    /// The period is over: its curators are asked, if anything depends on them.
    fn end(id: TrialId, mut trial: Trial, heads: SnapshotId) {
        if trial.before.is_none() && Self::holds_nothing(id) {
            return Self::finish(id, trial);
        }
        Self::keep(heads);
        trial.ended = Some(heads);
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
