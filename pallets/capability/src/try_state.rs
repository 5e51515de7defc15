//! The invariants that the README names, checked against all of the pallet's state.

use crate::{types::*, *};
use alloc::collections::BTreeSet;
use cairn_seams::{Clock, Registry};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Checked {
        Self::check_draws()?;
        Self::check_agenda()?;
        for (id, challenge) in Challenges::<T>::iter() {
            Self::check_times(id, &challenge)?;
            Self::check_members(&challenge)?;
            Self::check_progress(&challenge)?;
        }
        Ok(())
    }

    fn check_draws() -> Checked {
        let Some(ticket) = Awaited::<T>::get() else { return Ok(()) };
        let known = ticket.subject.id.checked_add(1) == Some(Draws::<T>::get());
        ensure!(known, "draws_are_numbered");
        ensure!(ticket.requested_at <= T::Clock::now(), "draws_are_numbered");
        Ok(())
    }

    fn check_agenda() -> Checked {
        let agenda = Agenda::<T>::get();
        for Appointment { challenge, due } in &agenda {
            let known = Challenges::<T>::get(challenge).map(|challenge| challenge.due);
            ensure!(known == Some(*due), "agenda_is_complete");
        }
        let different: BTreeSet<_> = agenda.iter().map(|known| known.challenge).collect();
        ensure!(different.len() == agenda.len(), "agenda_is_complete");
        let all = Challenges::<T>::iter_keys().count();
        ensure!(all == agenda.len(), "agenda_is_complete");
        Ok(())
    }

    fn check_times(id: ChallengeId, challenge: &Challenge) -> Checked {
        let now = Self::moment();
        let begun = challenge.handed_out;
        ensure!(id < Draws::<T>::get(), "challenges_are_past");
        ensure!(begun.height <= now.height && begun.block <= now.block, "challenges_are_past");
        ensure!(challenge.commit_by >= begun.height, "deadlines_are_in_order");
        let in_order = match challenge.stage {
            Stage::Commits => challenge.due == challenge.commit_by,
            Stage::Reveals => challenge.due >= begun.height,
        };
        ensure!(in_order, "deadlines_are_in_order");
        Ok(())
    }

    fn check_members(challenge: &Challenge) -> Checked {
        let members = &challenge.members;
        let different: BTreeSet<_> = members.iter().map(|member| member.provider).collect();
        ensure!(different.len() == MEMBERS as usize, "members_are_three");
        for provider in different {
            // They are engaged, so that they cannot withdraw before it is judged.
            ensure!(T::Registry::owner(provider).is_some(), "members_are_registered");
        }
        Ok(())
    }

    fn check_progress(challenge: &Challenge) -> Checked {
        let (committed, hidden) = (challenge.committed(), challenge.hidden());
        let fits = match challenge.stage {
            Stage::Commits => hidden == committed && committed < challenge.members.len(),
            Stage::Reveals => hidden > 0 && committed >= AGREEING,
        };
        ensure!(fits, "nobody_reveals_early");
        for member in &challenge.members {
            let latency = match member.progress {
                Progress::Working => None,
                Progress::Committed { latency, .. } | Progress::Revealed { latency, .. } => latency,
            };
            let most = challenge.commit_by.saturating_sub(challenge.handed_out.height).max(1);
            ensure!(latency.is_none_or(|took| (1..=most).contains(&took)), "latencies_are_real");
        }
        Ok(())
    }
}
