//! Guards and workers commit, then show what they committed to.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::Report,
    fault::Fault,
    id::{Digest, ProviderId, TaskId},
    lifecycle::audit::{Act, Turn},
    preimage::{AuditCommitment, Statement},
    reputation::Observation,
};
use cairn_seams::{Registry, Reputation};
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

    pub(crate) fn do_commit(
        operator: T::AccountId,
        id: TaskId,
        commitment: Digest,
    ) -> DispatchResult {
        let (mut audit, Member { provider, progress }) =
            Self::open_part(id, Act::Commit, &operator)
                .map_err(|error| Self::why_closed(&operator, id, error))?;
        ensure!(progress == Progress::Working, Error::<T>::CommittedAlready);
        audit.advance(provider, Progress::Committed(commitment));
        Self::deposit_event(Event::Committed { task: id, provider, commitment });
        if !Self::open_reveals_if_all_committed(id, &mut audit) {
            Audits::<T>::insert(id, audit);
        }
        Ok(())
    }

    /// Whoever has committed hears that before it hears that all have.
    fn why_closed(operator: &T::AccountId, id: TaskId, error: Error<T>) -> Error<T> {
        let has_committed = |audit: &AuditOf<T>| {
            let provider = T::Registry::operated_by(operator);
            let mut members = audit.members().filter(|one| Some(one.provider) == provider);
            members
                .any(|one| matches!(one.progress, Progress::Committed(_) | Progress::Revealed(_)))
        };
        match error {
            Error::WrongStage
                if Audits::<T>::get(id).is_some_and(|audit| has_committed(&audit)) =>
            {
                Error::CommittedAlready
            }
            other => other,
        }
    }

    pub(crate) fn open_reveals_if_all_committed(id: TaskId, audit: &mut AuditOf<T>) -> bool {
        let committed = |member: &Member| matches!(member.progress, Progress::Committed(_));
        let all = audit.members().all(committed);
        if all {
            Self::open_reveals(id, audit);
        }
        all
    }

    fn open_reveals(id: TaskId, audit: &mut AuditOf<T>) {
        Self::enter(id, audit, Turn::Committed, T::Rules::get().clocks.reveal);
        Audits::<T>::insert(id, &*audit);
        Self::deposit_event(Event::RevealsOpened { task: id, due: audit.due });
    }

    /// The time to commit is over: guards who have not leave. Workers who have not are asked no
    /// more, and lose the audit.
    pub(crate) fn close_commits(id: TaskId, mut audit: AuditOf<T>) {
        let late = |guard: &&Member| !matches!(guard.progress, Progress::Committed(_));
        Self::dismiss(id, &mut audit, late, Fault::Silent);
        let committed = |member: &Member| matches!(member.progress, Progress::Committed(_));
        if audit.members().any(committed) {
            Self::open_reveals(id, &mut audit);
        } else {
            Self::open_unmasking(id, audit, Turn::NobodyCommitted);
        }
    }

    pub(crate) fn do_reveal(
        operator: T::AccountId,
        id: TaskId,
        report: Report,
        salt: Digest,
    ) -> DispatchResult {
        let (mut audit, Member { provider, progress }) =
            Self::open_part(id, Act::Reveal, &operator)?;
        let commitment = match progress {
            Progress::Committed(commitment) => commitment,
            Progress::Revealed(_) => return Err(Error::<T>::RevealedAlready.into()),
            Progress::Locked | Progress::Working => return Err(Error::<T>::NotCommitted.into()),
        };
        let genesis = Self::genesis();
        let (round, answer, trace) = (audit.round, report.digest(&genesis), report.trace);
        // It names the provider, so that a commitment copied from another one opens for nobody.
        let opened = AuditCommitment { task: id, round, provider, answer, trace, salt };
        ensure!(opened.digest(&genesis) == commitment, Error::<T>::NotTheCommitment);
        ensure!(report.fits(audit.policy), Error::<T>::WrongReport);
        let guards = audit.guard(provider).is_some();
        ensure!(guards || report.finding == audit.claim, Error::<T>::NotTheClaim);

        audit.advance(provider, Progress::Revealed(report.clone()));
        if guards {
            T::Registry::end_work(provider);
        }
        Self::deposit_event(Event::Revealed { task: id, provider, report });
        let hidden = |member: &Member| matches!(member.progress, Progress::Committed(_));
        if audit.members().any(hidden) {
            Audits::<T>::insert(id, audit);
        } else {
            Self::open_unmasking(id, audit, Turn::Revealed);
        }
        Ok(())
    }

    /// The time to reveal is over: guards who have not leave.
    pub(crate) fn close_reveals(id: TaskId, mut audit: AuditOf<T>) {
        let hidden = |guard: &&Member| guard.report().is_none();
        Self::dismiss(id, &mut audit, hidden, Fault::Unrevealed);
        Self::open_unmasking(id, audit, Turn::Revealed);
    }

    /// Everything is known. What nobody looked at and what cannot be planted is judged soon.
    fn open_unmasking(id: TaskId, mut audit: AuditOf<T>, turn: Turn) {
        let plantable = !audit.is_outcome() && !audit.guards.is_empty();
        let blocks = if plantable { T::Rules::get().clocks.unmask } else { 0 };
        Self::enter(id, &mut audit, turn, blocks);
        let due = audit.due;
        Audits::<T>::insert(id, audit);
        Self::deposit_event(Event::UnmaskingOpened { task: id, due });
    }

    /// Sends guards home who were late. Their fault never costs the worker.
    fn dismiss(id: TaskId, audit: &mut AuditOf<T>, late: impl Fn(&&Member) -> bool, fault: Fault) {
        let late: Vec<_> = audit.guards.iter().filter(late).map(|one| one.provider).collect();
        for provider in late {
            let seen = Observation {
                timely: Some(false),
                available: Some(false),
                ..Observation::default()
            };
            T::Reputation::observe(provider, KIND, seen);
            T::Registry::penalise(provider, fault, id.0);
            Self::leave(id, audit, provider);
            Self::deposit_event(Event::Dismissed { task: id, guard: provider });
        }
    }

    /// Frees a guard of the audit. It is not drawn for it again.
    pub(crate) fn leave(id: TaskId, audit: &mut AuditOf<T>, provider: ProviderId) {
        audit.guards.retain(|guard| guard.provider != provider);
        // Where the list is full no more are drawn.
        let _ = audit.excluded.try_push(provider);
        Keys::<T>::remove(id, provider);
        T::Registry::end_work(provider);
        T::Registry::disengage(provider);
    }
}
