//! What has to hold after every block.

use crate::{pallet::*, types::*};
use alloc::collections::BTreeSet;
use cairn_protocol::{id::PanelId, learning::panel::MOST_GUARDS};
use cairn_seams::Registry;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet, named as in the README.
    pub fn do_try_state() -> Checked {
        Self::check_agenda()?;
        for (id, panel) in Panels::<T>::iter() {
            ensure!(Agenda::<T>::contains_key(panel.next, id), "agenda: a panel has no look");
            ensure!(id.0 < Opened::<T>::get(), "agenda: a panel was never opened");
            Self::check_guards(id, &panel)?;
            Self::check_progress(id, &panel)?;
        }
        Self::check_seats()?;
        for id in Briefs::<T>::iter_keys() {
            ensure!(Panels::<T>::contains_key(id), "briefs: one is left");
        }
        Ok(())
    }

    fn check_agenda() -> Checked {
        for (height, id) in Agenda::<T>::iter_keys() {
            let panel = Panels::<T>::get(id).ok_or("agenda: a panel on it is unknown")?;
            ensure!(panel.next == height, "agenda: a panel stands on it twice");
            ensure!(height >= Served::<T>::get(), "agenda: a panel would never be looked at");
        }
        Ok(())
    }

    fn check_guards(id: PanelId, panel: &PanelOf<T>) -> Checked {
        let different: BTreeSet<_> = panel.guards.iter().map(|seat| seat.guard).collect();
        ensure!(different.len() == panel.guards.len(), "guards: one has two seats");
        ensure!(panel.guards.len() <= panel.size.into(), "guards: there are too many");
        ensure!((1..=MOST_GUARDS).contains(&panel.size), "guards: there are too many seats");
        for guard in different {
            // They are engaged, so that they cannot withdraw before it is over.
            ensure!(T::Registry::owner(guard).is_some(), "guards: one is not registered");
            ensure!(!panel.excluded.contains(&guard), "guards: one was silent before");
            ensure!(SeatsOf::<T>::contains_key(guard, id), "seats: one is not listed");
        }
        Ok(())
    }

    fn check_progress(id: PanelId, panel: &PanelOf<T>) -> Checked {
        let draws = panel.stage == Stage::Drawing;
        ensure!(draws == panel.ticket.is_some(), "progress: a seed is waited for, or is not");
        let fits = |seat: &Seat| {
            matches!(
                (panel.stage, seat.progress),
                (Stage::Drawing, Progress::Working | Progress::Committed(_))
                    | (Stage::Commits, Progress::Working | Progress::Committed(_))
                    | (Stage::Reveals, Progress::Committed(_) | Progress::Revealed(_))
                    | (Stage::Window, Progress::Revealed(_))
            )
        };
        ensure!(panel.guards.iter().all(fits), "progress: a guard is ahead, or behind");
        let brief = Briefs::<T>::get(id);
        ensure!(draws || brief.is_some(), "briefs: guards have none");
        // What was committed to before newcomers are drawn is of the same sample.
        let committed = panel.guards.iter().any(|seat| !seat.is_working());
        ensure!(!committed || brief.is_some(), "briefs: one was thrown away");
        let window = panel.stage == Stage::Window;
        ensure!(window == panel.decided.is_some(), "progress: it is decided, or is not");
        for opinion in panel.opinions().into_iter().map(|(_, opinion)| opinion) {
            if let cairn_protocol::learning::evaluation::Opinion::Measured(evaluation) = opinion {
                let answers = brief.as_ref().is_some_and(|brief| evaluation.answers(brief));
                ensure!(answers, "progress: an opinion is of something else");
            }
        }
        Ok(())
    }

    fn check_seats() -> Checked {
        for (guard, id) in SeatsOf::<T>::iter_keys() {
            let seated = Panels::<T>::get(id).is_some_and(|panel| panel.seat(guard).is_some());
            ensure!(seated, "seats: one is left");
        }
        Ok(())
    }
}
