//! What guards found is compared, they are paid, and nothing of the audit is kept.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::{is_short, judge, pay, Verdict},
    id::{Amount, ProviderId, TaskId},
    lifecycle::audit::Turn,
    reputation::Observation,
};
use cairn_seams::{Audited, Patron, Registry, Reputation};
use frame_support::{defensive, pallet_prelude::Get};

impl<T: Config> Pallet<T> {
    /// Nobody said that the result was planted.
    pub(crate) fn judge(id: TaskId, mut audit: AuditOf<T>) {
        let rules = T::Rules::get();
        let reports = audit.reports();
        let judged = judge(audit.policy, audit.drawn, &audit.claimed(), &reports);
        let short = is_short(audit.policy, audit.drawn, &reports);
        if short && Self::may_draw_again(&audit, &rules) {
            Self::release(id, &mut audit, &judged.guards);
            audit.drawn = 0;
            audit.rejected = 0;
            Self::draw_again(id, &mut audit, &rules);
            return;
        }
        let none_shown = audit.asks_workers() && audit.silent().len() == audit.workers.len();
        let verdict = if none_shown { Verdict::Withheld } else { judged.verdict };
        Self::finish(id, audit, Turn::Judged, verdict, &judged.guards);
    }

    /// Ends an audit. `known` are guards who reported, and whether they were right.
    pub(crate) fn finish(
        id: TaskId,
        mut audit: AuditOf<T>,
        turn: Turn,
        verdict: Verdict,
        known: &[(ProviderId, Option<bool>)],
    ) {
        if !audit.stage.ends(turn) {
            defensive!("an audit ends where it cannot");
        }
        Self::release(id, &mut audit, known);
        // Of those who were drawn, and had to show their traces.
        let shown = turn == Turn::Judged;
        let silent = if shown { audit.silent() } else { Vec::new() };
        Agenda::<T>::remove(audit.next, id);
        Audits::<T>::remove(id);
        Self::deposit_event(Event::Judged { task: id, verdict });
        T::Tasks::judged(id, verdict, &silent);
    }

    /// Pays the guards who reported, says what was seen of them, and lets all of them go.
    fn release(id: TaskId, audit: &mut AuditOf<T>, known: &[(ProviderId, Option<bool>)]) {
        let each = Self::pay_of(audit);
        let mut paid = Vec::new();
        for guard in core::mem::take(&mut audit.guards) {
            let provider = guard.provider;
            match known.iter().find(|(one, _)| *one == provider) {
                Some((_, accurate)) => {
                    Self::note(provider, *accurate);
                    paid.push((provider, Self::reward(provider, each)));
                }
                // It was stopped at work, through no fault of its own.
                None if guard.report().is_none() => T::Registry::end_work(provider),
                None => {}
            }
            Keys::<T>::remove(id, provider);
            T::Registry::disengage(provider);
        }
        if !paid.is_empty() {
            Self::deposit_event(Event::Paid { task: id, guards: paid });
        }
    }

    /// What a guard did that reported in time.
    pub(crate) fn note(provider: ProviderId, accurate: Option<bool>) {
        let seen = Observation { accurate, timely: Some(true), available: Some(true) };
        T::Reputation::observe(provider, KIND, seen);
    }

    fn pay_of(audit: &AuditOf<T>) -> Amount {
        let rules = T::Rules::get().pay;
        let share = if audit.is_outcome() { rules.outcome } else { rules.guards };
        pay(audit.offered, share, audit.drawn)
    }

    /// Has the patron pay a provider, if it can.
    pub(crate) fn reward(provider: ProviderId, amount: Amount) -> Amount {
        let owner = T::Registry::owner(provider).filter(|_| amount > 0);
        owner.map_or(0, |owner| T::Patron::pay(&owner, amount))
    }
}
