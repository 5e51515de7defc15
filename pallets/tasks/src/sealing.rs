//! Keys of sealed payloads.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{ProviderId, TaskId},
    lifecycle::{Act, Turn},
    settlement::forfeit,
};
use cairn_seams::Clock;
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
        let mut task = Self::open(id, Act::PostKeys, &requester)?;
        let seat = task.seat(provider).ok_or(Error::<T>::NotAssigned)?;
        ensure!(seat.progress == Progress::Locked, Error::<T>::KeyPosted);
        task.advance(provider, Progress::Working);
        Keys::<T>::insert(id, provider, key);
        Self::deposit_event(Event::KeyPosted { task: id, provider });
        if task.seats.iter().all(|seat| seat.progress != Progress::Locked) {
            let terms = TermsOf::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
            Self::turn(&mut task, Turn::KeysPosted);
            // The workers' clock starts when all of them can begin.
            let due = T::Clock::now().saturating_add(terms.work_blocks);
            Self::schedule_due(id, &mut task, due);
        }
        Tasks::<T>::insert(id, task);
        Ok(())
    }

    pub(crate) fn do_reject_key(operator: T::AccountId, id: TaskId) -> DispatchResult {
        let (mut task, Seat { provider, progress, .. }) =
            Self::open_seat(id, Act::RejectKey, &operator)?;
        ensure!(Keys::<T>::contains_key(id, provider), Error::<T>::NotSealed);
        ensure!(progress == Progress::Working, Error::<T>::CommittedAlready);
        Self::vacate(id, &mut task, provider);
        Self::deposit_event(Event::KeyRejected { task: id, provider });
        if Self::may_fill_again(&task, &T::Rules::get()) {
            Self::fill_again(id, task);
        } else {
            // So many cannot open it that the key is wrong. Those who say so are not paid for
            // it, or it would pay to say so.
            let split = forfeit(&task.escrow, 0);
            Self::give_back(id, task, Turn::Exhausted, RefundReason::KeyRejected, split);
        }
        Ok(())
    }
}
