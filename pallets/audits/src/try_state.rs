//! What has to hold after every block.

use crate::{pallet::*, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use cairn_protocol::id::{Amount, ProviderId};
use cairn_seams::{Audited, Registry};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet, named as in the README.
    pub fn do_try_state() -> Checked {
        Self::check_agenda()?;
        for (id, audit) in Audits::<T>::iter() {
            ensure!(Agenda::<T>::contains_key(audit.next, id), "agenda: an audit has no look");
            ensure!(T::Tasks::awaits(id), "tasks: a task does not wait for its audit");
            Self::check_members(&audit)?;
            Self::check_progress(&audit)?;
        }
        Self::check_keys()?;
        Self::check_notes()?;
        Self::check_deposits()
    }

    fn check_agenda() -> Checked {
        for (height, id) in Agenda::<T>::iter_keys() {
            let audit = Audits::<T>::get(id).ok_or("agenda: an audit on it is unknown")?;
            ensure!(audit.next == height, "agenda: an audit stands on it twice");
            ensure!(height >= Served::<T>::get(), "agenda: an audit would never be looked at");
        }
        Ok(())
    }

    fn check_members(audit: &AuditOf<T>) -> Checked {
        let all = || audit.guards.iter().chain(&audit.workers);
        let different: BTreeSet<_> = all().map(|member| member.provider).collect();
        ensure!(different.len() == all().count(), "members: somebody takes part twice");
        // They are engaged, so that they cannot withdraw before it is over.
        let registered = different.iter().all(|one| T::Registry::owner(*one).is_some());
        ensure!(registered, "members: somebody is not registered");
        let out = audit.guards.iter().all(|guard| !audit.excluded.contains(&guard.provider));
        ensure!(out, "members: a guard was silent before");
        let out = audit.guards.iter().all(|guard| !audit.others.contains(&guard.provider));
        ensure!(out, "members: a guard failed at the task");
        let gone = usize::from(audit.rejected).saturating_add(audit.guards.len());
        ensure!(gone <= usize::from(audit.drawn), "members: a guard was never drawn");
        Ok(())
    }

    fn check_progress(audit: &AuditOf<T>) -> Checked {
        let draws = audit.stage == Stage::Drawing;
        ensure!(draws == audit.ticket.is_some(), "progress: a seed is waited for, or is not");
        ensure!(draws || audit.fell, "progress: guards were drawn though no lot fell");
        let fits = |member: &Member| match (&audit.stage, &member.progress) {
            (Stage::Drawing, _) => false,
            (Stage::Keys, Progress::Locked | Progress::Working) => audit.sealed,
            (Stage::Commits, Progress::Working | Progress::Committed(_)) => true,
            (Stage::Reveals, Progress::Committed(_)) => true,
            (Stage::Reveals | Stage::Unmasking, Progress::Revealed(report)) => {
                report.fits(audit.policy)
            }
            _ => false,
        };
        ensure!(audit.guards.iter().all(fits), "progress: a guard is ahead, or behind");
        for worker in &audit.workers {
            let waits = worker.progress == Progress::Working;
            let late = matches!(
                (&audit.stage, &worker.progress),
                (Stage::Unmasking, Progress::Committed(_))
            );
            ensure!(waits || late || fits(worker), "progress: a worker is ahead");
            ensure!(waits || audit.asks_workers(), "progress: a worker is not asked");
        }
        Ok(())
    }

    fn check_keys() -> Checked {
        for (id, guard) in Keys::<T>::iter_keys() {
            let audit = Audits::<T>::get(id).filter(|audit| audit.sealed);
            let known = audit.is_some_and(|audit| {
                audit
                    .guards
                    .iter()
                    .any(|one| one.provider == guard && one.progress != Progress::Locked)
            });
            ensure!(known, "keys: one is left");
        }
        Ok(())
    }

    fn check_notes() -> Checked {
        let mut counts: BTreeMap<ProviderId, u32> = BTreeMap::new();
        for (planter, _) in Notes::<T>::iter_keys() {
            let count = counts.entry(planter).or_default();
            *count = count.saturating_add(1);
        }
        for (planter, licence) in Licences::<T>::iter() {
            let count = counts.remove(&planter).unwrap_or(0);
            ensure!(licence.notes == count, "notes: a licence miscounts them");
            ensure!(count <= T::MaxNotes::get(), "notes: there are too many");
            ensure!(licence.valid || count > 0, "notes: a licence is left");
        }
        ensure!(counts.is_empty(), "notes: one has no licence");
        Ok(())
    }

    fn check_deposits() -> Checked {
        let mut sums: BTreeMap<T::AccountId, Amount> = BTreeMap::new();
        for note in Notes::<T>::iter_values() {
            let sum = sums.entry(note.depositor).or_default();
            *sum = sum.saturating_add(note.deposit);
        }
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&HoldReason::Note.into(), &account);
            let sum = sums.get(&account).copied().unwrap_or(0);
            ensure!(held == sum, "deposits: they differ from holds");
        }
        Ok(())
    }
}
