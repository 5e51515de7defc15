//! Results that guards look at again.

use crate::{footprint::guards, pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::{may_convict_outvoted, Verdict},
    fault::Fault,
    id::{ProviderId, TaskId},
    job::{Policy, Terms},
    lifecycle::{Stage, Turn},
    reputation::Observation,
};
use cairn_seams::{Audited, Audits, Brief, Clock, Registry, Reputation};
use frame_support::traits::Defensive;

impl<T: Config> Pallet<T> {
    /// Those who still have seats agree. The result stands for a while, or guards look at it
    /// first.
    pub(crate) fn agree(
        id: TaskId,
        mut task: TaskOf<T>,
        terms: &Terms,
        by: Vec<ProviderId>,
        against: &[ProviderId],
    ) {
        let measured = matches!(terms.policy, Policy::Outcome { .. });
        // No other audit has room in the state that is paid for.
        let audited = (guards(terms) > 0)
            .then(|| Self::brief(id, &task, terms, &by, !against.is_empty()))
            .flatten()
            .and_then(|brief| T::Audits::begin(id, brief));
        if measured && audited.is_none() {
            // What nobody measures cannot be paid.
            return Self::refund(id, task, Turn::Exhausted, RefundReason::Unmeasured);
        }
        for provider in &by {
            T::Registry::end_work(*provider);
        }
        let Some(due) = audited else {
            Self::turn(&mut task, Turn::Agreed);
            return Self::open_window(id, task);
        };
        if may_convict_outvoted(terms.policy) {
            Self::accuse(&mut task, against);
        }
        Self::turn(&mut task, Turn::AgreedAuditable);
        Self::schedule_due(id, &mut task, due);
        Tasks::<T>::insert(id, task);
        Self::deposit_event(Event::AuditAwaited { task: id, by, due });
    }

    fn brief(
        id: TaskId,
        task: &TaskOf<T>,
        terms: &Terms,
        by: &[ProviderId],
        contested: bool,
    ) -> Option<Brief<T::AccountId>> {
        // They all said the same, so the first stands for all.
        let answer = by.first().and_then(|first| Answers::<T>::get(id, first)).defensive()?;
        Some(Brief {
            requester: task.requester.clone(),
            policy: terms.policy,
            requirements: terms.requirements,
            sealed: terms.seal.is_some(),
            work_blocks: terms.work_blocks,
            offered: terms.offered(),
            redundancy: task.redundancy,
            workers: by.to_vec(),
            others: task.excluded.to_vec(),
            contested,
            answer: answer.gist(&Self::genesis()),
            fingerprint: answer.fingerprint,
        })
    }

    /// Notes who was outvoted. They have no seats any more, but until guards are done they cannot
    /// withdraw.
    pub(crate) fn accuse(task: &mut TaskOf<T>, outvoted: &[ProviderId]) {
        for provider in outvoted {
            if task.outvoted.try_push(*provider).defensive().is_ok() {
                T::Registry::engage(*provider);
            }
        }
    }

    /// Guards are done. Whoever was outvoted is penalised if they found what the others did, and is
    /// let go.
    fn release_outvoted(id: TaskId, task: &mut TaskOf<T>, is_convicted: bool) {
        for provider in core::mem::take(&mut task.outvoted) {
            if is_convicted {
                T::Registry::penalise(provider, Fault::Outvoted, id.0);
            }
            T::Registry::disengage(provider);
        }
    }

    /// The audit should be over. If it is not, the task waits on; if it is, and nobody said what
    /// came of it, nothing did.
    pub(crate) fn look_at_audit(id: TaskId, mut task: TaskOf<T>) {
        if let Some(due) = T::Audits::pending(id) {
            Self::schedule_due(id, &mut task, due.max(T::Clock::now()));
            return Tasks::<T>::insert(id, task);
        }
        Self::release_outvoted(id, &mut task, false);
        Self::turn(&mut task, Turn::AuditPassed);
        Self::open_window(id, task);
    }

    /// A worker kept its trace to itself, and is not paid.
    fn withdraw(id: TaskId, task: &mut TaskOf<T>, provider: ProviderId) {
        if task.seat(provider).defensive().is_none() {
            return;
        }
        T::Registry::penalise(provider, Fault::Withheld, id.0);
        let silent = Observation { available: Some(false), ..Observation::default() };
        T::Reputation::observe_for(provider, task.kind, silent, &task.requester);
        Self::leave_seat(id, task, provider);
        Self::deposit_event(Event::Withheld { task: id, provider });
    }

    fn note_accuracy(id: TaskId, task: &TaskOf<T>, verdict: Verdict) {
        // Of several, the settlement says so: they were compared with each other as well.
        if verdict.passes() && task.seats.len() > 1 {
            return;
        }
        let seen = Observation { accurate: verdict.accurate(), ..Observation::default() };
        for seat in &task.seats {
            T::Reputation::observe_for(seat.provider, task.kind, seen, &task.requester);
            if verdict == Verdict::Wrong {
                T::Registry::penalise(seat.provider, Fault::Wrong, id.0);
            }
        }
    }
}

impl<T: Config> Audited for Pallet<T> {
    fn judged(id: TaskId, verdict: Verdict, silent: &[ProviderId]) {
        let audited = |task: &TaskOf<T>| task.stage == Stage::Audited;
        let Some(mut task) = Tasks::<T>::get(id).filter(audited).defensive() else { return };
        for provider in silent {
            Self::withdraw(id, &mut task, *provider);
        }
        Self::note_accuracy(id, &task, verdict);
        Self::release_outvoted(id, &mut task, verdict.convicts_outvoted());
        let reason = match verdict {
            _ if task.seats.is_empty() => RefundReason::Withheld,
            Verdict::Passed | Verdict::Confirmed => {
                Self::turn(&mut task, Turn::AuditPassed);
                return Self::open_window(id, task);
            }
            Verdict::Withheld => RefundReason::Withheld,
            Verdict::Contradicted | Verdict::Wrong | Verdict::Unmasked => RefundReason::AuditLost,
            Verdict::Unmeasured => RefundReason::Unmeasured,
        };
        Self::refund(id, task, Turn::AuditLost, reason);
    }

    fn awaits(task: TaskId) -> bool {
        Tasks::<T>::get(task).is_some_and(|task| task.stage == Stage::Audited)
    }
}
