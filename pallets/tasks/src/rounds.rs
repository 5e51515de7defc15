//! Seats fall vacant, and are filled again or not.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    fault::Fault,
    id::{ProviderId, TaskId},
    lifecycle::{Stage, Turn},
    reputation::Observation,
    tally::quorum,
};
use cairn_seams::{Clock, Registry, Reputation};
use frame_support::pallet_prelude::Get;

impl<T: Config> Pallet<T> {
    /// The time to commit is over: whoever has not loses the seat.
    pub(crate) fn close_commits(id: TaskId, mut task: TaskOf<T>) {
        let silent = Self::seats_where(&task, |progress| {
            matches!(progress, Progress::Locked | Progress::Working)
        });
        for provider in silent {
            Self::blame(id, &mut task, provider, Fault::Silent);
        }
        if task.committed() >= quorum(task.redundancy) {
            Self::open_reveals(id, task);
        } else {
            Self::fill_again(id, task);
        }
    }

    pub(crate) fn seats_where(
        task: &TaskOf<T>,
        progress: impl Fn(Progress) -> bool,
    ) -> Vec<ProviderId> {
        let chosen = task.seats.iter().filter(|seat| progress(seat.progress));
        chosen.map(|seat| seat.provider).collect()
    }

    /// Takes a seat from a provider that was late.
    pub(crate) fn blame(id: TaskId, task: &mut TaskOf<T>, provider: ProviderId, fault: Fault) {
        let late =
            Observation { timely: Some(false), available: Some(false), ..Observation::default() };
        T::Reputation::observe_for(provider, task.kind, late, &task.requester);
        T::Registry::penalise(provider, fault, id.0);
        Self::vacate(id, task, provider);
        Self::deposit_event(Event::Vacated { task: id, provider });
    }

    /// Takes a seat from a provider and does not ask it again.
    pub(crate) fn vacate(id: TaskId, task: &mut TaskOf<T>, provider: ProviderId) {
        // Where the list is full, nobody is asked again at all.
        let _ = task.excluded.try_push(provider);
        Self::leave_seat(id, task, provider);
    }

    /// Frees a provider of the task.
    pub(crate) fn leave_seat(id: TaskId, task: &mut TaskOf<T>, provider: ProviderId) {
        task.seats.retain(|seat| seat.provider != provider);
        Answers::<T>::remove(id, provider);
        Keys::<T>::remove(id, provider);
        // Once results agree, nobody is at work any more.
        if !matches!(task.stage, Stage::Audited | Stage::Window | Stage::Contested) {
            T::Registry::end_work(provider);
        }
        T::Registry::disengage(provider);
    }

    /// Whether vacant seats are filled once more.
    pub(crate) fn may_fill_again(task: &TaskOf<T>, rules: &Rules) -> bool {
        task.reassigned < rules.draws.reassignments && !task.excluded.is_full()
    }

    /// Looks for workers for the vacant seats, if it has not done so too often.
    pub(crate) fn fill_again(id: TaskId, mut task: TaskOf<T>) {
        let rules = T::Rules::get();
        if !Self::may_fill_again(&task, &rules) {
            return Self::refund(id, task, Turn::Exhausted, RefundReason::NobodyDelivered);
        }
        task.reassigned = task.reassigned.saturating_add(1);
        // Those who have committed keep their seats and their commitments.
        Self::turn(&mut task, Turn::Vacated);
        Self::queue_again(id, task, &rules);
    }

    pub(crate) fn queue_again(id: TaskId, mut task: TaskOf<T>, rules: &Rules) {
        task.declined = 0;
        task.sought = T::Clock::now();
        task.due = task.due.max(task.sought.saturating_add(rules.clocks.rematch));
        Self::ask_for_seed(id, &mut task);
        Tasks::<T>::insert(id, task);
    }
}
