//! Panels measure what a model gained on each set, and the medians decide.

use crate::{pallet::*, types::*};
use alloc::{collections::BTreeMap, vec::Vec};
use cairn_protocol::{
    id::{BlockId, DeltaId, Seed},
    learning::{
        brief::{Brief, Subject},
        evaluation::Opinion,
        panel::{Case, Outcome},
        reward::{held_share, progress},
        sample,
        sealed::Climb,
        source::Source,
    },
};
use cairn_seams::{Clock, Judged, Lineage, Purse};
use frame_support::{pallet_prelude::Get, traits::Defensive};

impl<T: Config> Judged for Pallet<T> {
    fn held(case: &Case) -> u64 {
        // What there is to hold does not depend on the sample.
        Self::brief(case, 1, &Seed::default()).map_or(0, |brief| brief.held())
    }

    fn brief(case: &Case, round: u16, _: &Seed) -> Option<Brief> {
        let (id, _, set) = Self::under_judgement(case)?;
        let Progress::Judging { opening, .. } = set.progress else { return None };
        let trial = Trials::<T>::get(id)?;
        let records = set.records(opening.root);
        let most = T::Rules::get().sets.examples.clamp(sample::LEAST, sample::MOST);
        Some(Brief {
            model: id.model,
            bundle: T::Lineage::bundle(&id.model)?,
            judge: T::Lineage::card(&id.model)?.judge,
            parts: Self::heads(trial.base)?,
            subject: Subject::Heads(Self::heads(trial.at)?),
            source: Source::Records(records),
            count: u32::try_from(records.count()).unwrap_or(most).min(most),
            // What was gained is measured, and not held against anything.
            threshold: 0,
            attempts: 0,
            // One sample a round for all heads, so that what is between two of them is theirs and
            // not its.
            seed: opening.seed(round),
        })
    }

    fn judged(case: &Case, brief: Option<&Brief>, outcome: Outcome) {
        let Some((id, nth, set)) = Self::under_judgement(case) else { return };
        let Progress::Judging { opening, .. } = set.progress else { return };
        let Some(mut trial) = Trials::<T>::get(id).defensive() else { return };
        let Some(head) = trial.at.defensive() else { return };
        match measured(brief, &opening, outcome) {
            Ok(gain) => {
                let progress = Progress::Measured { opening, gain };
                SealedSets::<T>::insert(id, nth, SealedSet { progress, ..set });
                let TrialId { model, period } = id;
                Self::deposit_event(Event::SetMeasured { model, period, set: nth, head, gain });
            }
            Err(lack) => {
                Self::miss(id, nth, set, opening, head, lack);
            }
        }
        trial.judging = trial.judging.saturating_sub(1);
        if trial.judging == 0 {
            Self::schedule(id, &mut trial, T::Clock::now());
        }
        Trials::<T>::insert(id, trial);
    }
}

/// What a panel says of a set, or why that is nothing.
fn measured(brief: Option<&Brief>, opening: &Opening, outcome: Outcome) -> Result<i64, Lack> {
    match outcome {
        Outcome::Decided(Opinion::Measured(found))
            if brief.is_some_and(|brief| found.answers(brief)) =>
        {
            Ok(progress(found.baseline, found.loss))
        }
        Outcome::Decided(Opinion::Unavailable(what)) if what == opening.root => {
            Err(Lack::Unavailable)
        }
        Outcome::Decided(Opinion::Unavailable(_)) => Err(Lack::NoModel),
        Outcome::Decided(Opinion::Flawed(_)) => Err(Lack::Unmeasurable),
        Outcome::Decided(Opinion::Measured(_)) | Outcome::Divided => Err(Lack::Divided),
        Outcome::NobodyFit => Err(Lack::NobodyFit),
    }
}

impl<T: Config> Pallet<T> {
    /// The set that a case is about.
    fn under_judgement(case: &Case) -> Option<(TrialId, u8, SetOf<T>)> {
        let Case::Sealed { model, period, set: nth } = *case else { return None };
        let id = TrialId { model, period };
        Some((id, nth, SealedSets::<T>::get(id, nth)?))
    }

    /// Nothing is left to measure, or nothing to measure it with: what holds is said, and no set is
    /// kept.
    pub(crate) fn conclude(id: TrialId, mut trial: Trial) {
        let course = Courses::<T>::take(id);
        let rounds: BTreeMap<SnapshotId, Round> = Rounds::<T>::drain_prefix(id).collect();
        let base = trial.base.take();
        trial.again = None;
        let Some(counted) = counted(&rounds) else {
            Self::leave_course(&id.model, &course);
            let is_measured = |set: &SetOf<T>| matches!(set.progress, Progress::Measured { .. });
            let measured = Self::sets(id).iter().filter(|(_, set)| is_measured(set)).count();
            return Self::wait(id, trial, u8::try_from(measured).unwrap_or(u8::MAX));
        };
        let levels = |head| {
            if base == Some(head) {
                Some(counted.iter().map(|_| 0).collect())
            } else {
                levels(&rounds, &counted, head)
            }
        };
        let mut climb = Climb::default();
        let mut deltas = 0u32;
        for step in &course {
            // What was taken off meanwhile is no part of the way any more.
            let Some(held) = Held::<T>::get(id, step.delta) else { continue };
            let finding = match levels(step.before).zip(levels(step.after)) {
                Some((before, after)) => {
                    deltas = deltas.saturating_add(1);
                    Self::find(id, step.delta, held.gain, climb.lay(&before, &after))
                }
                None if is_unknown(&rounds, step) => Finding::Unknown,
                None => Finding::Open,
            };
            Held::<T>::insert(id, step.delta, Holding { finding, ..held });
        }
        Self::leave_course(&id.model, &course);
        // Whoever was at fault later is not paid for what was measured before.
        let is_paid =
            |nth: &u8, set: &SetOf<T>| counted.contains(nth) && set.progress.opening().is_some();
        let sets = Self::sets(id).into_iter().filter(|(nth, set)| is_paid(nth, set));
        let curators: Vec<_> = sets.map(|(_, set)| set.curator).collect();
        Self::remove_sets(id);
        trial.sets = 0;
        trial.stage = Stage::Releasing;
        Self::schedule(id, &mut trial, T::Clock::now());
        Trials::<T>::insert(id, trial);
        let (TrialId { model, period }, sets) =
            (id, u8::try_from(counted.len()).unwrap_or(u8::MAX));
        Self::deposit_event(Event::Judged { model, period, sets, deltas });
        let paid = T::Purse::pay_guards(&model, &curators, T::Rules::get().curators.pay);
        Self::deposit_event(Event::CuratorsPaid { model, period, paid });
    }

    fn find(id: TrialId, delta: DeltaId, public: u64, sealed: u64) -> Finding {
        let share = held_share(public, sealed);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::GainHeld { model, period, delta, public, sealed, share });
        Finding::Holds(share)
    }

    fn leave_course(model: &BlockId, course: &Course) {
        for step in course {
            Self::let_go(model, step.before);
            Self::let_go(model, step.after);
        }
    }
}

/// The sets that were measured at all heads at which enough were. Those who drop out do not come
/// back, also where a head is measured late, so they are the ones of the round with the fewest.
fn counted(rounds: &BTreeMap<SnapshotId, Round>) -> Option<Vec<u8>> {
    let known = rounds.values().filter(|round| !round.is_empty());
    let last = known.min_by_key(|round| round.len())?;
    Some(last.iter().map(|reading| reading.set).collect())
}

/// How a model stood at a head on each of the sets that count.
fn levels(
    rounds: &BTreeMap<SnapshotId, Round>,
    counted: &[u8],
    head: SnapshotId,
) -> Option<Vec<i64>> {
    let round = rounds.get(&head)?;
    let on = |set: &u8| round.iter().find(|reading| reading.set == *set);
    counted.iter().map(|set| on(set).map(|reading| reading.gain)).collect()
}

/// Whether panels were asked about one of a delta's heads, and too few could say anything.
fn is_unknown(rounds: &BTreeMap<SnapshotId, Round>, step: &Step) -> bool {
    let is_empty = |head: &SnapshotId| rounds.get(head).is_some_and(|round| round.is_empty());
    [step.before, step.after].iter().any(is_empty)
}
