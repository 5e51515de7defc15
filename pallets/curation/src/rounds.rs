//! A model is measured at one head after the other, on all sets at once.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::id::DeltaId;
use cairn_seams::{Clock, Panels, Purse, Registry};
use frame_support::{pallet_prelude::Get, traits::Defensive};

/// What comes next where no panel is at work.
enum Next {
    /// This head is measured, which comes before or after that delta.
    Head(SnapshotId, DeltaId),
    /// What comes then is seen at another look.
    Look,
    /// There is nothing left to measure, nor to be asked about once more.
    Nothing,
}

impl<T: Config> Pallet<T> {
    /// Takes a step at a trial that is judged: ends a round, begins one, looks for the next delta,
    /// or says what holds.
    pub(crate) fn judge_next(id: TrialId, mut trial: Trial) {
        if trial.at.is_some() {
            return Self::close_round(id, trial);
        }
        let rules = T::Rules::get().sets;
        let sets = Self::sets(id);
        let left = sets.iter().filter(|(_, set)| set.progress.opening().is_some()).count();
        let is_over = left < rules.needed().into() || T::Clock::now() > trial.due;
        // All that was held may have been taken off since.
        if is_over || Self::holds_nothing(id) {
            return Self::conclude(id, trial);
        }
        match Self::next_head(id, &mut trial, rules.most_steps()) {
            Next::Head(head, delta) => Self::open_round(id, trial, sets, head, delta),
            Next::Look => {
                Self::schedule(id, &mut trial, T::Clock::now());
                Trials::<T>::insert(id, trial);
            }
            Next::Nothing => Self::conclude(id, trial),
        }
    }

    fn next_head(id: TrialId, trial: &mut Trial, most: usize) -> Next {
        let mut course = Courses::<T>::get(id);
        // Nobody needs the heads of what was taken off; what was laid on it names its own.
        if let Some(step) = course.last().filter(|step| Held::<T>::contains_key(id, step.delta)) {
            let was_asked = |head| trial.base == Some(head) || Rounds::<T>::contains_key(id, head);
            let heads = [step.before, step.after];
            if let Some(head) = heads.into_iter().find(|head| !was_asked(*head)) {
                return Next::Head(head, step.delta);
            }
        }
        let place = trial.first;
        if place >= trial.end || course.len() >= most {
            let Some((head, delta)) = Self::unknown_head(id, &course, trial.again) else {
                return Next::Nothing;
            };
            trial.again = Some(head);
            return Next::Head(head, delta);
        }
        trial.first = place.saturating_add(1);
        // Others were taken off, or are held no more.
        let Some(delta) = Line::<T>::get(id.model, place) else { return Next::Look };
        let Some(held) = Held::<T>::get(id, delta) else { return Next::Look };
        let Holding { before, after, .. } = held;
        // It may be taken off while it is measured.
        if course.try_push(Step { delta, before, after }).defensive().is_ok() {
            Self::keep(before);
            Self::keep(after);
            trial.base = trial.base.or(Some(before));
            Courses::<T>::insert(id, course);
        }
        Next::Look
    }

    /// The first head behind `last` that is not known though panels were asked about it, with a
    /// delta that needs it: one panel that came to no end may have spoilt it for all others. Heads
    /// are numbered in the order of the course, so that each is asked about twice at most.
    fn unknown_head(
        id: TrialId,
        course: &Course,
        last: Option<SnapshotId>,
    ) -> Option<(SnapshotId, DeltaId)> {
        let heads = |step: &Step| [(step.before, step.delta), (step.after, step.delta)];
        let mut later = course.iter().flat_map(heads);
        later.find(|(head, delta)| {
            last.is_none_or(|last| *head > last)
                && Rounds::<T>::get(id, head).is_some_and(|round| round.is_empty())
                && Held::<T>::contains_key(id, delta)
        })
    }

    /// Asks a panel for each set.
    fn open_round(
        id: TrialId,
        mut trial: Trial,
        sets: Vec<(u8, SetOf<T>)>,
        head: SnapshotId,
        delta: DeltaId,
    ) {
        // None of them judges what another one's set is compared with.
        let has_opened = |set: &SetOf<T>| set.progress != Progress::Void(Lack::Unopened);
        let curators = sets.iter().map(|(_, set)| set).filter(|set| has_opened(set));
        let barred: Vec<_> = curators.flat_map(|set| T::Registry::names(&set.curator)).collect();
        let TrialId { model, period } = id;
        Self::deposit_event(Event::HeadAsked { model, period, head, delta });
        T::Purse::measure(&model, delta);
        trial.at = Some(head);
        for (nth, set) in sets {
            let Some(opening) = set.progress.opening() else { continue };
            if Self::ask_panel(id, nth, set, opening, head, barred.clone()) {
                trial.judging = trial.judging.saturating_add(1);
            }
        }
        let now = T::Clock::now();
        let next = if trial.judging > 0 { trial.due.saturating_add(1) } else { now };
        Self::schedule(id, &mut trial, next);
        Trials::<T>::insert(id, trial);
    }

    /// All panels are done, or the trial's time is over. A set that was not measured here is out
    /// if its curator is at fault, or if the others are enough without it.
    fn close_round(id: TrialId, mut trial: Trial) {
        let Some(head) = trial.at.take().defensive() else { return };
        let (needed, now) = (T::Rules::get().sets.needed(), T::Clock::now());
        let mut round = Vec::new();
        let mut missed = Vec::new();
        for (nth, set) in Self::sets(id) {
            match set.progress {
                Progress::Measured { gain, .. } => round.push(Reading { set: nth, gain }),
                Progress::Missed { lack, .. } => missed.push((nth, set, lack)),
                Progress::Judging { opening, panel } => {
                    T::Panels::close(panel);
                    let set = Self::miss(id, nth, set, opening, head, Lack::Late);
                    missed.push((nth, set, Lack::Late));
                }
                Progress::Sealed | Progress::Opened(_) | Progress::Void(_) => {}
            }
        }
        let is_known = round.len() >= needed.into();
        for (nth, set, lack) in missed {
            let is_fault = lack.is_fault(!round.is_empty());
            if is_fault {
                Self::slash(id, set.curator.clone());
            }
            if is_fault || is_known {
                Self::make_void(id, nth, set, lack);
            }
        }
        // What there was no time for is neither known nor unknown, or as unknown as it was.
        if is_known || now <= trial.due {
            let round = if is_known { round } else { Vec::new() };
            Rounds::<T>::insert(id, head, Round::truncate_from(round));
        }
        trial.judging = 0;
        Self::schedule(id, &mut trial, now);
        Trials::<T>::insert(id, trial);
    }

    /// Notes that a set was not measured at a head.
    pub(crate) fn miss(
        id: TrialId,
        nth: u8,
        set: SetOf<T>,
        opening: Opening,
        head: SnapshotId,
        lack: Lack,
    ) -> SetOf<T> {
        let set = SealedSet { progress: Progress::Missed { opening, lack }, ..set };
        SealedSets::<T>::insert(id, nth, &set);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::SetMissed { model, period, set: nth, head, lack });
        set
    }
}
