//! Panels measure what a model gained on each set, and the median decides.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    id::Seed,
    learning::{
        brief::{Brief, Subject},
        evaluation::Opinion,
        panel::{Case, Outcome},
        reward::{held_share, progress},
        sample,
        sealed::median,
        source::Source,
    },
};
use cairn_seams::{Clock, Judged, Lineage, Panels, Purse};
use frame_support::pallet_prelude::Get;

impl<T: Config> Judged for Pallet<T> {
    fn held(case: &Case) -> u64 {
        // What there is to hold does not depend on the sample.
        Self::brief(case, &Seed::default()).map_or(0, |brief| brief.held())
    }

    fn brief(case: &Case, seed: &Seed) -> Option<Brief> {
        let (id, _, set) = Self::under_judgement(case)?;
        let Progress::Judging { opening, .. } = set.progress else { return None };
        let trial = Trials::<T>::get(id)?;
        let records = set.records(opening.root);
        let most = T::Rules::get().sets.examples.clamp(sample::LEAST, sample::MOST);
        Some(Brief {
            model: id.model,
            bundle: T::Lineage::bundle(&id.model)?,
            judge: T::Lineage::card(&id.model)?.judge,
            parts: Self::heads(trial.since.or(trial.began))?,
            subject: Subject::Heads(Self::heads(trial.ended)?),
            source: Source::Records(records),
            count: u32::try_from(records.count()).unwrap_or(most).min(most),
            // What was gained is measured, and not held against anything.
            threshold: 0,
            attempts: 0,
            seed: *seed,
        })
    }

    fn judged(case: &Case, brief: Option<&Brief>, outcome: Outcome) {
        let Some((id, nth, set)) = Self::under_judgement(case) else { return };
        let Progress::Judging { opening, .. } = set.progress else { return };
        match measured(brief, &opening, outcome) {
            Ok(gain) => {
                let progress = Progress::Measured { opening, gain };
                SealedSets::<T>::insert(id, nth, SealedSet { progress, ..set });
                let TrialId { model, period } = id;
                Self::deposit_event(Event::SetMeasured { model, period, set: nth, gain });
            }
            Err(lack) => Self::make_void(id, nth, set, lack),
        }
        let Some(mut trial) = Trials::<T>::get(id) else { return };
        trial.judging = trial.judging.saturating_sub(1);
        if trial.judging == 0 {
            Self::last_until(id, &mut trial, T::Clock::now());
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

    /// All panels are done, or their time is over: what holds is said, and no set is kept.
    pub(crate) fn conclude(id: TrialId, mut trial: Trial) {
        let (mut gains, mut curators, mut void) = (Vec::new(), Vec::new(), Vec::new());
        for (nth, set) in Self::sets(id) {
            match set.progress {
                Progress::Measured { gain, .. } => {
                    gains.push(gain);
                    curators.push(set.curator);
                }
                Progress::Judging { panel, .. } => {
                    T::Panels::close(panel);
                    Self::make_void(id, nth, set, Lack::Late);
                }
                // Who did not open one has paid for it.
                Progress::Void(lack) if lack != Lack::Unopened => void.push((lack, set.curator)),
                Progress::Void(_) | Progress::Sealed | Progress::Opened(_) => {}
            }
        }
        for (_, curator) in void.into_iter().filter(|(lack, _)| lack.is_fault(!gains.is_empty())) {
            Self::slash(id, curator);
        }
        trial.judging = 0;
        let rules = T::Rules::get();
        let sets = u8::try_from(gains.len()).unwrap_or(u8::MAX);
        let sealed = median(&mut gains).filter(|_| sets >= rules.sets.needed());
        let Some(sealed) = sealed else { return Self::wait(id, trial, sets) };

        let share = held_share(trial.gain, u64::try_from(sealed).unwrap_or(0));
        Self::remove_sets(id);
        trial.sets = 0;
        trial.stage = Stage::Releasing(share);
        Self::schedule(id, &mut trial, T::Clock::now());
        Trials::<T>::insert(id, trial);
        let (TrialId { model, period }, public) = (id, trial.gain);
        Self::deposit_event(Event::Judged { model, period, sets, public, sealed, share });
        let paid = T::Purse::pay_guards(&model, &curators, rules.curators.pay);
        Self::deposit_event(Event::CuratorsPaid { model, period, paid });
    }
}
