//! Curators open their sets, and panels can be asked to measure them.

use crate::{pallet::*, types::*};
use alloc::{collections::BTreeSet, vec::Vec};
use cairn_protocol::{
    id::Digest,
    learning::panel::Case,
    preimage::{SetCommitment, Statement},
};
use cairn_seams::{Clock, Panels};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// What binds statements to this chain.
    pub fn genesis() -> Digest {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut digest = Digest::default();
        digest.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    pub(crate) fn do_reveal_set(
        curator: T::AccountId,
        id: TrialId,
        opening: Opening,
    ) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let mut trial = Trials::<T>::get(id).ok_or(Error::<T>::UnknownTrial)?;
        ensure!(trial.stage == Stage::Reveals, Error::<T>::WrongStage);
        ensure!(T::Clock::now() <= trial.due, Error::<T>::TooLate);
        let sets = Self::sets(id);
        let own = sets.iter().find(|(_, set)| set.curator == curator);
        let (nth, set) = own.cloned().ok_or(Error::<T>::NoSet)?;
        ensure!(set.progress == Progress::Sealed, Error::<T>::RevealedAlready);
        let TrialId { model, period } = id;
        let Opening { root, key, salt } = opening;
        // It names the curator, so that a commitment copied from another one opens for nobody.
        let opened = SetCommitment { period, model, curator, root, key, salt };
        ensure!(opened.digest(&Self::genesis()) == set.commitment, Error::<T>::NotTheCommitment);

        SealedSets::<T>::insert(id, nth, SealedSet { progress: Progress::Opened(opening), ..set });
        Self::deposit_event(Event::SetRevealed { model, period, set: nth, root, key, salt });
        let is_sealed = |set: &SetOf<T>| set.progress == Progress::Sealed;
        if sets.iter().all(|(other, set)| *other == nth || !is_sealed(set)) {
            Self::last_until(id, &mut trial, T::Clock::now());
            Trials::<T>::insert(id, trial);
        }
        Ok(())
    }

    /// The sets of a trial, in the order in which they were sealed.
    pub(crate) fn sets(id: TrialId) -> Vec<(u8, SetOf<T>)> {
        let mut sets: Vec<_> = SealedSets::<T>::iter_prefix(id).collect();
        sets.sort_by_key(|(nth, _)| *nth);
        sets
    }

    /// The time to open sets is over: who has not pays for it, and the others' sets are measured.
    pub(crate) fn close_reveals(id: TrialId, mut trial: Trial) {
        let sets = Self::sets(id);
        let (sealed, opened): (Vec<_>, Vec<_>) =
            sets.into_iter().partition(|(_, set)| set.progress == Progress::Sealed);
        for (nth, set) in sealed {
            Self::slash(id, set.curator.clone());
            Self::make_void(id, nth, set, Lack::Unopened);
        }
        let opened = Self::without_repeated(id, opened);
        // The trial before released all it held, or what was held here is no longer there.
        if Self::holds_nothing(id) {
            return Self::finish(id, trial);
        }
        let rules = T::Rules::get();
        if opened.len() < rules.sets.needed().into() {
            return Self::wait(id, trial, 0);
        }
        let now = T::Clock::now();
        trial.stage = Stage::Judging;
        trial.due = now.saturating_add(rules.clocks.judging);
        Self::schedule(id, &mut trial, now);
        Trials::<T>::insert(id, trial);
        let TrialId { model, period } = id;
        Self::deposit_event(Event::JudgingBegan { model, period, due: trial.due });
    }

    /// The same records count once in the median, and are paid once: for who sealed them first.
    fn without_repeated(id: TrialId, opened: Vec<(u8, SetOf<T>)>) -> Vec<(u8, SetOf<T>)> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for (nth, set) in opened {
            let Progress::Opened(Opening { root, .. }) = set.progress else { continue };
            if seen.insert(root) {
                kept.push((nth, set));
            } else {
                Self::make_void(id, nth, set, Lack::Repeated);
            }
        }
        kept
    }

    /// Has a set measured at a head, and says whether it will be.
    pub(crate) fn ask_panel(
        id: TrialId,
        nth: u8,
        set: SetOf<T>,
        opening: Opening,
        head: SnapshotId,
        barred: Vec<T::AccountId>,
    ) -> bool {
        let case = Case::Sealed { model: id.model, period: id.period, set: nth };
        let Ok(panel) = T::Panels::open(case, barred) else {
            Self::miss(id, nth, set, opening, head, Lack::NobodyFit);
            return false;
        };
        let progress = Progress::Judging { opening, panel };
        SealedSets::<T>::insert(id, nth, SealedSet { progress, ..set });
        true
    }

    pub(crate) fn make_void(id: TrialId, nth: u8, set: SetOf<T>, lack: Lack) {
        SealedSets::<T>::insert(id, nth, SealedSet { progress: Progress::Void(lack), ..set });
        let TrialId { model, period } = id;
        Self::deposit_event(Event::SetVoid { model, period, set: nth, lack });
    }
}
