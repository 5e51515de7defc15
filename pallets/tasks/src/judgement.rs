//! Results are compared.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    fault::Fault,
    id::{ProviderId, TaskId},
    job::Policy,
    lifecycle::Turn,
    reputation::Observation,
    result::Answer,
    tally::{tally, widened, Verdict},
};
use cairn_seams::{Clock, Reputation};
use frame_support::{pallet_prelude::Get, traits::Defensive};

impl<T: Config> Pallet<T> {
    /// Everyone has revealed, or the time to do so is over.
    pub(crate) fn judge(id: TaskId, mut task: TaskOf<T>) {
        let hidden = Self::seats_where(&task, |progress| progress != Progress::Revealed);
        for provider in hidden {
            Self::blame(id, &mut task, provider, Fault::Unrevealed);
        }
        let Some(terms) = TermsOf::<T>::get(id).defensive() else { return };
        let answers: Vec<(ProviderId, Answer)> = task
            .seats
            .iter()
            .filter_map(|seat| Some((seat.provider, Answers::<T>::get(id, seat.provider)?)))
            .collect();
        match tally(terms.policy, task.redundancy, &answers) {
            Verdict::Agreed { by, against } => {
                for provider in against.iter().copied() {
                    let wrong = Observation { accurate: Some(false), ..Observation::default() };
                    T::Reputation::observe_for(provider, task.kind, wrong, &task.requester);
                    Self::vacate(id, &mut task, provider);
                }
                Self::agree(id, task, &terms, by, &against);
            }
            Verdict::Short => Self::fill_again(id, task),
            Verdict::Disagreed => Self::contradict(id, task, terms.policy),
        }
    }

    /// The result stands for a while before it is paid.
    pub(crate) fn open_window(id: TaskId, mut task: TaskOf<T>) {
        let due = T::Clock::now().saturating_add(T::Rules::get().clocks.window);
        Self::schedule_due(id, &mut task, due);
        let by = Self::seats_where(&task, |_| true);
        Tasks::<T>::insert(id, task);
        Self::deposit_event(Event::Agreed { task: id, by, due });
    }

    /// Asks more workers, none of whom has answered, where that can decide. Nobody is blamed:
    /// the chain does not know who is right.
    fn contradict(id: TaskId, mut task: TaskOf<T>, policy: Policy) {
        for provider in Self::seats_where(&task, |_| true) {
            Self::vacate(id, &mut task, provider);
        }
        let wider = match policy {
            Policy::Proven | Policy::Tolerance { .. } => widened(task.redundancy),
            Policy::Replicated | Policy::Outcome { .. } => None,
        };
        let Some(redundancy) = wider else {
            return Self::refund(id, task, Turn::Exhausted, RefundReason::Contradicted);
        };
        task.redundancy = redundancy;
        Self::turn(&mut task, Turn::Contradicted);
        Self::deposit_event(Event::Contradicted { task: id, redundancy });
        Self::queue_again(id, task, &T::Rules::get());
    }
}
