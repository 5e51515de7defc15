//! Guards look at a delta, and it comes to something when its turn comes.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{BlockId, DeltaId, File, Seed},
    learning::{
        acceptance::variance,
        brief::{Brief, Subject},
        evaluation::{Evaluation, Opinion},
        limits::TooMuch,
        model::Parts,
        panel::{Case, Outcome},
        reward::decayed,
        sample::{largest, size},
        source::Source,
    },
    share::{Ppm, WHOLE},
};
use cairn_seams::{Clock, Custody, Judged, Judging, Lineage, Panels};
use frame_support::{dispatch::DispatchResult, ensure, pallet_prelude::Get, traits::Defensive};

impl<T: Config> Judging for Pallet<T> {
    fn takes(source: &Source) -> bool {
        Self::check_sample(source).is_ok()
    }
}

impl<T: Config> Judged for Pallet<T> {
    fn held(case: &Case) -> u64 {
        let Case::Delta(id) = case else { return 0 };
        // What there is to hold does not depend on the sample.
        let brief = Deltas::<T>::get(id).and_then(|delta| Self::try_on(&delta, &Seed::default()));
        brief.map_or(0, |(brief, _)| brief.held())
    }

    fn brief(case: &Case, _: u16, seed: &Seed) -> Option<Brief> {
        let Case::Delta(id) = *case else { return None };
        let mut delta = Deltas::<T>::get(id).filter(|delta| delta.stage == Stage::Judging)?;
        match Self::try_on(&delta, seed) {
            Some((brief, trial)) => {
                T::Lineage::note_judged(&brief.model, &delta.header.component);
                delta.trial = Some(trial);
                Deltas::<T>::insert(id, delta);
                let Trial { head, count, attempts, .. } = trial;
                Self::deposit_event(Event::Drawn { delta: id, head, count, attempts });
                Some(brief)
            }
            None => {
                // What comes of it is seen when it is looked at: this is somebody else's hook.
                delta.panel = None;
                Self::schedule_now(id, &mut delta);
                Deltas::<T>::insert(id, delta);
                None
            }
        }
    }

    fn judged(case: &Case, _: Option<&Brief>, outcome: Outcome) {
        let Case::Delta(id) = *case else { return };
        let Some(mut delta) = Deltas::<T>::get(id).filter(|it| it.stage == Stage::Judging) else {
            return;
        };
        delta.panel = None;
        delta.word = Some(outcome);
        Self::schedule_now(id, &mut delta);
        Deltas::<T>::insert(id, delta);
        Self::deposit_event(Event::Heard { delta: id, outcome });
    }
}

impl<T: Config> Pallet<T> {
    /// What guards are to judge of a delta, against the component as it is now. Each sample counts
    /// as an attempt: whoever can have another one drawn is as lucky as who hands in another delta.
    fn try_on(delta: &DeltaOf<T>, seed: &Seed) -> Option<(Brief, Trial)> {
        let Place { model, component } = delta.place()?;
        T::Lineage::check(&delta.header).ok()?;
        let card = T::Lineage::card(&model)?;
        let head = T::Lineage::head(&model, &component)?;
        let data = T::Lineage::validation(&model)?;
        let source = T::Lineage::data(&data)?.source;
        let parts = T::Lineage::parts(&model);
        // It may have become too much since the delta was handed in.
        Self::check_burden(&parts, &source).ok()?;
        let (threshold, count) = Self::demand(&model, &data, source.count())?;
        let attempts = head.judged;
        let brief = Brief {
            model,
            bundle: T::Lineage::bundle(&model)?,
            judge: card.judge,
            parts,
            subject: Subject::Delta {
                component,
                artifact: delta.header.artifact,
                base: T::Lineage::file(&delta.parent()?)?.id,
            },
            source,
            count,
            threshold,
            attempts,
            seed: *seed,
        };
        let trial = Trial { head: head.block, file: head.file, data, count, threshold, attempts };
        Some((brief, trial))
    }

    /// By how much a delta of a model has to be better now, and on how many examples of a set.
    pub(crate) fn demand(model: &BlockId, data: &BlockId, examples: u64) -> Option<(Ppm, u32)> {
        let rules = T::Rules::get();
        // The model's author may have chosen another set since.
        let measure = Measures::<T>::get(model).filter(|measure| measure.data == *data);
        let standard = Standards::<T>::get(model).unwrap_or(rules.standard);
        let Standard { threshold, decay } = standard;
        // How near the model is to its floor is not known before it was measured.
        let threshold = measure.map_or(threshold, |it| decayed(threshold, decay, it.loss));
        // What did the same to all examples would have the next judged on a few, among which harm
        // to a small part of them is seen too seldom.
        let last = measure.map_or(0, |measure| measure.variance);
        let variance = last.max(rules.sample.variance);
        Some((threshold, size(variance, threshold, rules.sample.most, examples)?))
    }

    /// Whether judging a model of these components on a set takes no more than guards are asked
    /// for.
    pub(crate) fn check_burden(parts: &Parts, source: &Source) -> Result<(), TooMuch> {
        T::Rules::get().limits.check_model(parts)?;
        Self::check_sample(source)
    }

    /// The same of the largest sample that may be drawn: a set is not to become too much by what is
    /// measured on it.
    fn check_sample(source: &Source) -> Result<(), TooMuch> {
        let rules = T::Rules::get();
        rules.limits.check_source(source, largest(rules.sample.most, source.count()))
    }

    pub(crate) fn do_set_standard(model: BlockId, standard: Option<Standard>) -> DispatchResult {
        match &standard {
            Some(Standard { threshold, decay }) => {
                let makes_sense = *threshold < WHOLE && decay.least <= *threshold;
                ensure!(makes_sense, Error::<T>::NoStandard);
                Standards::<T>::insert(model, Standard { threshold: *threshold, decay: *decay });
            }
            None => Standards::<T>::remove(model),
        }
        Self::deposit_event(Event::StandardSet { model, standard });
        Ok(())
    }

    /// Whether what a delta was made on is still what its component is, or was of late.
    fn stands(delta: &DeltaOf<T>) -> bool {
        T::Lineage::check(&delta.header).is_ok()
    }

    /// Whether nothing of the component comes before a delta.
    fn is_its_turn(id: DeltaId, place: &Place) -> bool {
        !Self::is_being_rolled_back(place) && Queues::<T>::get(place).first() == Some(&id)
    }

    pub(crate) fn look_at_judged(id: DeltaId, mut delta: DeltaOf<T>, place: &Place) {
        match (delta.word, delta.panel.and_then(T::Panels::due)) {
            (Some(word), _) if Self::is_its_turn(id, place) => {
                Self::conclude(id, delta, place, word)
            }
            (Some(_), _) => {
                if delta.stage == Stage::Judging {
                    Self::turn(&mut delta, Turn::Waits);
                }
                Self::wait(id, delta);
            }
            (None, Some(due)) => {
                Self::schedule_due(id, &mut delta, due.max(T::Clock::now()));
                Deltas::<T>::insert(id, delta);
            }
            // Its panel had nothing to judge.
            (None, None) if Self::stands(&delta) => {
                Self::end(id, delta, Turn::Undecided, Reason::NobodyFit)
            }
            (None, None) => Self::end(id, delta, Turn::Outdated, Reason::Superseded),
        }
    }

    /// It is another's turn. Whoever is before it wakes it up; this is but to be sure.
    pub(crate) fn wait(id: DeltaId, mut delta: DeltaOf<T>) {
        let until = T::Clock::now().saturating_add(T::Rules::get().clocks.turn);
        Self::schedule_due(id, &mut delta, until);
        Deltas::<T>::insert(id, delta);
    }

    /// It is the delta's turn, and guards have said something of it.
    fn conclude(id: DeltaId, delta: DeltaOf<T>, place: &Place, word: Outcome) {
        let opinion = match word {
            Outcome::Decided(opinion) => opinion,
            Outcome::Divided => return Self::end(id, delta, Turn::Undecided, Reason::Divided),
            Outcome::NobodyFit => return Self::end(id, delta, Turn::Undecided, Reason::NobodyFit),
        };
        let Some(trial) = delta.trial.defensive() else {
            return Self::end(id, delta, Turn::Undecided, Reason::NobodyFit);
        };
        let artifact = &delta.header.artifact.id;
        match (Reason::against(&opinion, trial.attempts, artifact), opinion) {
            (Some(reason @ Reason::Unmeasurable), _) => {
                Self::end(id, delta, Turn::Undecided, reason)
            }
            (Some(reason), Opinion::Unavailable(_) | Opinion::Flawed(_)) => {
                Self::end(id, delta, Turn::Failed, reason)
            }
            // What was measured is of that head alone.
            (_, Opinion::Measured(_)) if Self::has_moved(place, &trial) => {
                Self::try_again(id, delta, place)
            }
            (None, Opinion::Measured(evaluation)) => Self::pass(id, delta, &trial, &evaluation),
            (Some(reason), Opinion::Measured(_)) => Self::end(id, delta, Turn::Failed, reason),
            // Only what is measured can pass.
            (None, _) => Self::end(id, delta, Turn::Undecided, Reason::Unmeasurable),
        }
    }

    /// Whether a component is another one than a delta was held against.
    pub(crate) fn has_moved(place: &Place, trial: &Trial) -> bool {
        let head = T::Lineage::head(&place.model, &place.component);
        head.map(|head| head.block) != Some(trial.head)
    }

    /// Its component has changed: it is judged once more, and no more than once.
    pub(crate) fn try_again(id: DeltaId, mut delta: DeltaOf<T>, place: &Place) {
        if !Self::stands(&delta) {
            return Self::end(id, delta, Turn::Outdated, Reason::Superseded);
        }
        // It may have been rolled back to what the delta was tried against before.
        if delta.again || Self::was_tried(place, &delta.header.artifact.id) {
            return Self::end(id, delta, Turn::Outdated, Reason::HeadMoved);
        }
        if delta.stage == Stage::Keeping {
            T::Custody::release(id);
        }
        Self::turn(&mut delta, Turn::Redrawn);
        (delta.again, delta.trial, delta.word, delta.kept) = (true, None, None, None);
        match Self::ask_for_panel(id, &mut delta) {
            Ok(panel) => {
                Deltas::<T>::insert(id, delta);
                Self::deposit_event(Event::Redrawn { delta: id, panel });
            }
            // Such as where nobody pays those who would judge it once more.
            Err(_) => Self::end(id, delta, Turn::Outdated, Reason::HeadMoved),
        }
    }

    /// It is better. Others have to say that they keep what comes of it.
    fn pass(id: DeltaId, mut delta: DeltaOf<T>, trial: &Trial, evaluation: &Evaluation) {
        let Some(model) = delta.header.model.defensive() else { return };
        // Whatever does not pass says nothing of how deltas differ: anyone can hand it in.
        let (variance, loss) = (variance(evaluation), Self::mean(evaluation));
        let measure = Measure { data: trial.data, variance, loss };
        Measures::<T>::insert(model, measure);
        let file = Self::outcome_of(trial, evaluation);
        Self::turn(&mut delta, Turn::Passed);
        let due = T::Clock::now().saturating_add(T::Rules::get().clocks.keeping);
        Self::schedule_due(id, &mut delta, due);
        Deltas::<T>::insert(id, delta);
        Self::deposit_event(Event::Passed { delta: id, file, due });
        // It may answer at once.
        T::Custody::ask(id, &model, file);
    }

    /// What the candidate loses, as a mean over examples.
    pub(crate) fn mean(evaluation: &Evaluation) -> u64 {
        evaluation.loss.checked_div(evaluation.count.into()).unwrap_or(0)
    }

    /// What the component becomes by a delta. Deltas add to masters, of which there are as many as
    /// before.
    pub(crate) fn outcome_of(trial: &Trial, evaluation: &Evaluation) -> File {
        File { id: evaluation.candidate, bytes: trial.file.bytes }
    }
}
