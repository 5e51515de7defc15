//! When each trial is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::id::Height;
use cairn_seams::Clock;
use codec::FullCodec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResultWithPostInfo, Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
    IterableStorageDoubleMap,
};

impl<T: Config> Pallet<T> {
    /// Has a trial looked at once, at that height.
    pub(crate) fn schedule(id: TrialId, trial: &mut Trial, at: Height) {
        Agenda::<T>::remove(trial.next, id);
        // What lies behind is never looked at again.
        trial.next = at.max(Served::<T>::get());
        Agenda::<T>::insert(trial.next, id, ());
    }

    /// Has a trial's stage last up to that height.
    pub(crate) fn last_until(id: TrialId, trial: &mut Trial, due: Height) {
        trial.due = due;
        Self::schedule(id, trial, due.saturating_add(1));
    }

    pub(crate) fn do_poke(id: TrialId) -> DispatchResultWithPostInfo {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let trial = Trials::<T>::get(id).ok_or(Error::<T>::UnknownTrial)?;
        let turns_at = match trial.stage {
            Stage::Announced => Some(id.period),
            Stage::Running => Some(id.period.saturating_add(1)),
            _ => None,
        };
        let cost = match turns_at {
            Some(period) => {
                ensure!(Period::<T>::get() >= period, Error::<T>::TooEarly);
                Self::turn(id.model, period);
                Self::cost_of_turn()
            }
            None => {
                ensure!(T::Clock::now() >= trial.next, Error::<T>::TooEarly);
                let cost = Self::cost_of_look(&trial);
                Self::look_at(id, trial);
                cost
            }
        };
        Ok(Some(T::WeightInfo::poke().saturating_add(cost)).into())
    }

    /// Ends periods and moves on what is due, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
        }
        let (first, last) = (Turned::<T>::get(), Period::<T>::get());
        let turned = Self::walk::<_, Turns<T>>(first, last, meter, |period, model, meter| {
            let room = meter.try_consume(Self::cost_of_turn()).is_ok();
            if room {
                Self::turn(model, period);
            }
            room
        });
        if turned > first {
            Turned::<T>::put(turned);
        }

        let (first, last) = (Served::<T>::get(), T::Clock::now());
        let served = Self::walk::<_, Agenda<T>>(first, last, meter, |height, id, meter| {
            let Some(trial) = Trials::<T>::get(id).defensive() else {
                Agenda::<T>::remove(height, id);
                return true;
            };
            let room = meter.try_consume(Self::cost_of_look(&trial)).is_ok();
            if room {
                Self::look_at(id, trial);
            }
            room
        });
        if served > first {
            Served::<T>::put(served);
        }
    }

    /// Takes steps at what stands in a queue from `first` up to `last`, as long as there is room,
    /// and says how far that went. What stands there stays until a step removes it.
    fn walk<Key: FullCodec, Queue: IterableStorageDoubleMap<u32, Key, ()>>(
        first: u32,
        last: u32,
        meter: &mut WeightMeter,
        mut step: impl FnMut(u32, Key, &mut WeightMeter) -> bool,
    ) -> u32 {
        let mut at = first;
        // Goes on behind the last: each search from the beginning would go over all removed so far.
        let mut due = Queue::iter_key_prefix(at);
        for _ in 0..T::ServedPerBlock::get() {
            if at > last || meter.try_consume(T::WeightInfo::find_due()).is_err() {
                break;
            }
            let next = due.next().or_else(|| {
                // Something may have been added behind, or have more than one step to take.
                due = Queue::iter_key_prefix(at);
                due.next()
            });
            let Some(key) = next else {
                at = at.saturating_add(1);
                due = Queue::iter_key_prefix(at);
                continue;
            };
            if !step(at, key, meter) {
                break;
            }
        }
        at
    }

    /// What it costs to end a trial and begin the next one.
    fn cost_of_turn() -> Weight {
        // Of the one that ends, or of one that is called off.
        T::WeightInfo::turn(u32::from(T::MaxSets::get()).saturating_mul(2))
    }

    /// What the next look at a trial costs at most.
    fn cost_of_look(trial: &Trial) -> Weight {
        let sets = trial.sets.into();
        let step = match trial.stage {
            Stage::Announced | Stage::Running => Weight::zero(),
            // Each set costs the one or the other.
            Stage::Reveals => T::WeightInfo::close_reveals(sets, sets),
            Stage::Judging if trial.at.is_some() => T::WeightInfo::close_round(sets),
            Stage::Judging => {
                T::WeightInfo::open_round(sets).max(T::WeightInfo::conclude(sets, MOST_STEPS))
            }
            // What is known is released, and what is not waits, or has waited before and lapses.
            Stage::Releasing | Stage::Waiting => {
                T::WeightInfo::carry().max(T::WeightInfo::release())
            }
        };
        step.max(T::WeightInfo::finish())
    }

    /// The most that any step costs.
    pub(crate) fn dearest_step() -> Weight {
        let sets = T::MaxSets::get().into();
        Self::cost_of_turn()
            .max(T::WeightInfo::close_reveals(sets, sets))
            .max(T::WeightInfo::open_round(sets))
            .max(T::WeightInfo::close_round(sets))
            .max(T::WeightInfo::conclude(sets, MOST_STEPS))
            .max(T::WeightInfo::release())
            .max(T::WeightInfo::carry())
            .max(T::WeightInfo::finish())
    }

    /// Does what time demands of a trial.
    fn look_at(id: TrialId, mut trial: Trial) {
        match (trial.stage, trial.before) {
            (Stage::Announced | Stage::Running, _) => Agenda::<T>::remove(trial.next, id),
            // What waits in the one before may come to wait for this one.
            (Stage::Reveals | Stage::Waiting, Some(_)) => {
                let soon = T::Clock::now().saturating_add(1);
                Self::schedule(id, &mut trial, soon);
                Trials::<T>::insert(id, trial);
            }
            (Stage::Reveals, None) => Self::close_reveals(id, trial),
            (Stage::Judging, _) => Self::judge_next(id, trial),
            (Stage::Releasing, _) => Self::release_next(id, trial),
            (Stage::Waiting, None) => Self::carry_next(id, trial),
        }
    }
}
