//! Keys of sealed payloads, for guards.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    audit::Verdict,
    id::{ProviderId, TaskId},
    job::WrappedKey,
    lifecycle::audit::{Act, Turn},
    tally::quorum,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_post_key(
        requester: T::AccountId,
        id: TaskId,
        provider: ProviderId,
        key: WrappedKey,
    ) -> DispatchResult {
        let mut audit = Self::open(id, Act::PostKey, &requester)?;
        let guard = audit.guard(provider).ok_or(Error::<T>::NotTakingPart)?;
        ensure!(guard.progress == Progress::Locked, Error::<T>::KeyPosted);
        audit.advance(provider, Progress::Working);
        Keys::<T>::insert(id, provider, key);
        Self::deposit_event(Event::KeyPosted { task: id, guard: provider });
        if audit.guards.iter().all(|guard| guard.progress != Progress::Locked) {
            let blocks = T::Rules::get().clocks.to_commit(audit.work_blocks);
            Self::enter(id, &mut audit, Turn::KeysPosted, blocks);
            Self::deposit_event(Event::CommitsOpened { task: id, due: audit.due });
        }
        Audits::<T>::insert(id, audit);
        Ok(())
    }

    pub(crate) fn do_reject_key(operator: T::AccountId, id: TaskId) -> DispatchResult {
        let (mut audit, Member { provider, progress }) =
            Self::open_part(id, Act::RejectKey, &operator)?;
        ensure!(progress == Progress::Working, Error::<T>::CommittedAlready);
        ensure!(Keys::<T>::contains_key(id, provider), Error::<T>::NotSealed);
        Self::leave(id, &mut audit, provider);
        audit.rejected = audit.rejected.saturating_add(1);
        Self::deposit_event(Event::KeyRejected { task: id, guard: provider });
        let left = audit.drawn.saturating_sub(audit.rejected);
        if usize::from(left) < quorum(audit.drawn) {
            Self::drop(id, audit, Turn::KeysRejected);
        } else if !Self::open_reveals_if_all_committed(id, &mut audit) {
            Audits::<T>::insert(id, audit);
        }
        Ok(())
    }

    /// The requester lets nobody look: that must not cost its worker the pay.
    pub(crate) fn drop(id: TaskId, audit: AuditOf<T>, turn: Turn) {
        Self::finish(id, audit, turn, Verdict::Passed, &[]);
    }
}
