//! What must hold between any two blocks. The README numbers and names these.

use crate::{
    types::{Phase, Stage, Value, LEAST_WINDOW},
    *,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_trace()?;
        Self::try_windows()?;
        Self::try_rounds()?;
        Self::try_holds()
    }

    fn try_trace() -> Result<(), TryRuntimeError> {
        let Some(trace) = BlockTrace::<T>::get() else { return Ok(()) };
        ensure!(trace.recorded <= T::Clock::now(), "trace_is_past");
        ensure!(trace.next <= trace.recorded, "trace_is_past");
        let mut seen = alloc::vec::Vec::new();
        let mut later = trace.recorded.saturating_add(1);
        for (author, height) in trace.authors {
            ensure!(height < later, "authors_are_in_order");
            ensure!(!seen.contains(&author), "authors_are_in_order");
            later = height;
            seen.push(author);
        }
        Ok(())
    }

    fn try_windows() -> Result<(), TryRuntimeError> {
        let trace = BlockTrace::<T>::get();
        let is_recorded = |height| trace.as_ref().is_some_and(|trace| height <= trace.recorded);
        let is_done = |height| trace.as_ref().is_some_and(|trace| height < trace.next);
        for (height, window) in Windows::<T>::iter() {
            ensure!(window.tickets > 0, "windows_have_tickets");
            ensure!(height <= T::Clock::now(), "windows_are_past");
            ensure!(window.due >= height.saturating_add(LEAST_WINDOW), "windows_are_long_enough");
            let stage_fits = match window.stage {
                Stage::Announced => !is_recorded(height),
                Stage::Open { .. } => is_recorded(height) && !is_done(height),
                Stage::Closed { .. } => is_done(height),
            };
            ensure!(stage_fits, "stages_follow_the_trace");
            let closes_early =
                is_done(height) && trace.as_ref().is_some_and(|trace| trace.recorded < window.due);
            ensure!(!closes_early, "no_window_closes_early");
        }
        Ok(())
    }

    fn try_rounds() -> Result<(), TryRuntimeError> {
        let (now, round) = (T::Clock::now(), CurrentRound::<T>::get());
        let contributions = Contributions::<T>::get();
        ensure!(round.began <= now, "round_is_past");
        let accounts: BTreeSet<_> = contributions.iter().map(|c| c.contributor.clone()).collect();
        let providers: BTreeSet<_> = contributions.iter().map(|c| c.provider).collect();
        ensure!(accounts.len() == contributions.len(), "contributors_differ");
        ensure!(providers.len() == contributions.len(), "contributors_differ");
        let revealed = contributions.iter().any(|c| matches!(c.value, Value::Revealed { .. }));
        ensure!(!revealed || round.phase(now) != Phase::Commit, "nobody_reveals_early");
        let ends = round.began.saturating_add(round.length);
        ensure!(ContributedMix::<T>::get().settles_at <= ends, "mix_settles_in_its_round");
        Ok(())
    }

    fn try_holds() -> Result<(), TryRuntimeError> {
        let stake = |contribution: ContributionOf<T>| match contribution.value {
            Value::Sealed { stake, .. } => Some((contribution.contributor, stake)),
            Value::Revealed { .. } => None,
        };
        let mut stakes: BTreeMap<_, _> =
            Contributions::<T>::get().into_iter().filter_map(stake).collect();
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&HoldReason::Commitment.into(), &account);
            let stake = stakes.remove(&account).unwrap_or_else(Zero::zero);
            ensure!(held == stake, "holds_equal_stakes");
        }
        ensure!(stakes.is_empty(), "holds_equal_stakes");
        Ok(())
    }
}
