//! The lot falls or does not, and guards are drawn.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::{chance, falls, fits, Verdict},
    id::{Height, ProviderId, Seed, TaskId},
    job::Policy,
    lifecycle::audit::Turn,
    matching::by_bond,
    profile::Role,
};
use cairn_seams::{Audits as Auditors, Beacon, Brief, Clock, Lane, Prospect, Registry, Subject};
use frame_support::{pallet_prelude::Get, traits::Defensive};

/// What a seed for an audit is drawn for.
const PURPOSE: [u8; 8] = *b"audit/on";

impl<T: Config> Auditors<T::AccountId> for Pallet<T> {
    fn begin(id: TaskId, brief: Brief<T::AccountId>) -> Option<Height> {
        let rules = T::Rules::get();
        if chance(brief.policy, brief.redundancy, brief.contested, &rules.shares) == 0 {
            return None;
        }
        let ticket = Self::ask_for_seed(id, 1);
        let mut audit = audit_of(brief, T::Clock::now(), ticket);
        Self::wait_for_seed(id, &mut audit, &ticket);
        let delay = T::Beacon::delay();
        let longest = rules.longest(audit.work_blocks, audit.sealed, audit.is_outcome(), delay);
        let latest = audit.due.saturating_add(longest);
        Audits::<T>::insert(id, audit);
        Some(latest)
    }

    fn pending(id: TaskId) -> Option<Height> {
        Audits::<T>::get(id).map(|audit| audit.due)
    }
}

impl<T: Config> Pallet<T> {
    fn ask_for_seed(id: TaskId, round: u16) -> Ticket {
        T::Beacon::request(Subject { purpose: PURPOSE, id: id.0, nth: round.into() })
    }

    fn wait_for_seed(id: TaskId, audit: &mut AuditOf<T>, ticket: &Ticket) {
        let soon = T::Clock::now().saturating_add(1);
        let ready = T::Beacon::ready_at(ticket).max(soon);
        audit.due = ready;
        Self::schedule(id, audit, ready);
    }

    /// The seed should be there: the lot falls, and says who looks.
    pub(crate) fn draw(id: TaskId, mut audit: AuditOf<T>) {
        let Some(ticket) = audit.ticket.defensive() else { return };
        let Some(seed) = T::Beacon::seed(&ticket) else {
            Self::wait_for_seed(id, &mut audit, &ticket);
            return Audits::<T>::insert(id, audit);
        };
        T::Beacon::release(ticket);
        audit.ticket = None;
        let rules = T::Rules::get();
        let chance = chance(audit.policy, audit.redundancy, audit.contested, &rules.shares);
        if !audit.fell && !falls(chance, &seed) {
            Self::deposit_event(Event::Spared { task: id });
            return Self::finish(id, audit, Turn::Spared, Verdict::Passed, &[]);
        }
        audit.fell = true;
        let count = match audit.policy {
            Policy::Outcome { guards, .. } => guards,
            _ => rules.draws.guards,
        };
        let count = u32::from(count).min(MAX_GUARDS);
        let chosen = Self::choose(&audit, count, rules.draws.sample, &seed);
        if chosen.len() == count as usize && count > 0 {
            Self::convene(id, audit, &rules.clocks, chosen);
        } else if !Self::draw_again(id, &mut audit, &rules) {
            let nobody = if audit.is_outcome() { Verdict::Unmeasured } else { Verdict::Passed };
            Self::finish(id, audit, Turn::NobodyFit, nobody, &[]);
        }
    }

    /// Whether others may be drawn: not too often, and as long as all who were silent are known.
    pub(crate) fn may_draw_again(audit: &AuditOf<T>, rules: &Rules) -> bool {
        audit.round <= rules.draws.again.into() && !audit.excluded.is_full()
    }

    /// Asks for another seed, if others may be drawn. The same one would be known.
    pub(crate) fn draw_again(id: TaskId, audit: &mut AuditOf<T>, rules: &Rules) -> bool {
        if !Self::may_draw_again(audit, rules) {
            return false;
        }
        audit.round = audit.round.saturating_add(1);
        let ticket = Self::ask_for_seed(id, audit.round);
        Self::turn(audit, Turn::DrawnAgain);
        audit.ticket = Some(ticket);
        Self::wait_for_seed(id, audit, &ticket);
        Audits::<T>::insert(id, &*audit);
        Self::deposit_event(Event::DrawnAgain { task: id, round: audit.round });
        true
    }

    /// Guards who can do the job again, and are nobody's of those whom it is about: who was
    /// contradicted has something to win by it too. Fewer than `count` where not enough are fit.
    fn choose(audit: &AuditOf<T>, count: u32, sample: u8, seed: &Seed) -> Vec<ProviderId> {
        let lane = Lane::Holders(Role::Guard);
        let mut field = T::Registry::sample(lane, audit.requirements.class, sample.into(), seed);
        field.retain(|Prospect { candidate, .. }| {
            let one = candidate.provider;
            let is_out = audit.excluded.contains(&one) || audit.others.contains(&one);
            !is_out && !Self::is_licensed(one) && fits(&audit.requirements, audit.sealed, candidate)
        });
        let mut concerned = T::Registry::names(&audit.requester);
        concerned.extend(audit.witnesses().flat_map(T::Registry::names_of));
        let field = T::Registry::parties(T::Registry::strangers(field, concerned));
        by_bond(field.iter().collect(), u8::try_from(count).unwrap_or(0), seed)
    }

    fn convene(id: TaskId, mut audit: AuditOf<T>, clocks: &Clocks, guards: Vec<ProviderId>) {
        let (turn, progress, blocks) = if audit.sealed {
            (Turn::ConvenedSealed, Progress::Locked, clocks.keys)
        } else {
            (Turn::Convened, Progress::Working, clocks.to_commit(audit.work_blocks))
        };
        for provider in &guards {
            let guard = Member { provider: *provider, progress: progress.clone() };
            if audit.guards.try_push(guard).defensive().is_ok() {
                T::Registry::begin_work(*provider);
                T::Registry::engage(*provider);
            }
        }
        audit.drawn = u8::try_from(guards.len()).unwrap_or(u8::MAX);
        Self::enter(id, &mut audit, turn, blocks);
        let (round, due) = (audit.round, audit.due);
        Audits::<T>::insert(id, audit);
        Self::deposit_event(Event::Drawn { task: id, round, guards, due });
    }
}
