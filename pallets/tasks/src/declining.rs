//! Workers say that they cannot do a job, and why.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    failure::{Failure, Reason},
    id::TaskId,
    lifecycle::{Act, Turn},
    reputation::Observation,
    settlement::{forfeit, refund},
    tally::quorum,
};
use cairn_seams::Reputation;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_decline(
        operator: T::AccountId,
        id: TaskId,
        failure: Failure,
        reason: Reason,
    ) -> DispatchResult {
        let (mut task, Seat { provider, progress, .. }) =
            Self::open_seat(id, Act::Decline, &operator)
                .map_err(|error| Self::why_closed(&operator, id, error))?;
        ensure!(progress == Progress::Working, Error::<T>::CommittedAlready);
        ensure!(is_readable(&reason), Error::<T>::ReasonNotReadable);
        if failure.requesters() {
            task.accusers = task.accusers.saturating_add(1);
        } else {
            // Less than silence costs, or nobody would say so.
            let unfit = Observation { available: Some(false), ..Observation::default() };
            T::Reputation::observe_for(provider, task.kind, unfit, &task.requester);
        }
        task.declined = task.declined.saturating_add(1);
        Self::vacate(id, &mut task, provider);
        Self::deposit_event(Event::Declined { task: id, provider, failure, reason });
        let is_over = failure.requesters() && task.is_plainly_requesters_fault();
        if task.seats.len() >= quorum(task.redundancy) {
            // So many decide without one who is silent, too. To decline does no more harm.
            Self::open_if_committed(id, task);
        } else if !is_over && Self::may_fill_again(&task, &T::Rules::get()) {
            Self::fill_again(id, task);
        } else {
            Self::give_up_declined(id, task, failure);
        }
        Ok(())
    }

    /// Nobody is asked any more. Of the fee nobody has anything, or it would pay to decline.
    fn give_up_declined(id: TaskId, task: TaskOf<T>, failure: Failure) {
        let split = if failure.requesters() && task.is_requesters_fault() {
            forfeit(&task.escrow, 0)
        } else {
            refund(&task.escrow)
        };
        Self::give_back(id, task, Turn::Exhausted, RefundReason::Declined(failure), split);
    }
}

/// Whether these are words that can be shown as they are.
fn is_readable(reason: &[u8]) -> bool {
    core::str::from_utf8(reason)
        .is_ok_and(|words| !words.trim().is_empty() && !words.chars().any(char::is_control))
}
