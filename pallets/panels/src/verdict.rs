//! A panel ends: guards are paid and go, and whoever asked hears.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{PanelId, ProviderId},
    learning::{brief::Brief, evaluation::Opinion, panel::Outcome},
    reputation::Observation,
};
use cairn_seams::{Beacon, Judged, Purse, Registry, Reputation};
use frame_support::{defensive, pallet_prelude::Get, traits::Defensive};

impl<T: Config> Pallet<T> {
    /// Nobody has shown what was decided to be wrong.
    pub(crate) fn conclude(id: PanelId, panel: PanelOf<T>) {
        let Some(opinion) = panel.decided.defensive() else { return };
        if let Some(brief) = Briefs::<T>::get(id).defensive() {
            Self::pay(id, &panel, &brief, &opinion);
        }
        Self::end(id, panel, Turn::Accepted, Outcome::Decided(opinion));
    }

    /// Pays those who said what was decided. What others said costs them no more than that.
    fn pay(id: PanelId, panel: &PanelOf<T>, brief: &Brief, decided: &Opinion) {
        let right = |(guard, opinion): (ProviderId, Opinion)| {
            let owner = T::Registry::owner(guard).filter(|_| opinion == *decided)?;
            Some((guard, owner))
        };
        let (guards, owners): (Vec<_>, Vec<_>) =
            panel.opinions().into_iter().filter_map(right).unzip();
        let each = T::Rules::get().pay;
        let amount = T::Purse::pay_panel(&panel.case, &brief.model, &owners, each);
        Self::deposit_event(Event::Paid { panel: id, guards, amount });
    }

    /// Ends a panel, and tells whoever asked for it.
    pub(crate) fn end(id: PanelId, panel: PanelOf<T>, turn: Turn, outcome: Outcome) {
        for (guard, opinion) in panel.opinions() {
            // Nobody knows who is right where nothing was decided.
            let accurate = panel.decided.map(|decided| decided == opinion);
            let seen = Observation { accurate, timely: Some(true), available: Some(true) };
            T::Reputation::observe(guard, KIND, seen);
        }
        let case = panel.case;
        let brief = Briefs::<T>::get(id);
        Self::forget(id, panel, turn);
        Self::deposit_event(Event::Judged { panel: id, case, outcome });
        T::Cases::judged(&case, brief.as_ref(), outcome);
    }

    /// Ends a panel that nobody needs any more.
    pub(crate) fn call_off(id: PanelId, panel: PanelOf<T>) {
        let case = panel.case;
        Self::forget(id, panel, Turn::CalledOff);
        Self::deposit_event(Event::CalledOff { panel: id, case });
    }

    fn forget(id: PanelId, panel: PanelOf<T>, turn: Turn) {
        if !panel.stage.ends(turn) {
            defensive!("a panel ends where it cannot");
        }
        if let Some(ticket) = panel.ticket {
            T::Beacon::release(ticket);
        }
        for seat in &panel.guards {
            // It was stopped at work, through no fault of its own.
            if seat.opinion().is_none() {
                T::Registry::end_work(seat.guard);
            }
            Self::leave(id, seat.guard);
        }
        Agenda::<T>::remove(panel.next, id);
        Briefs::<T>::remove(id);
        Panels::<T>::remove(id);
    }

    /// Frees a guard of the panel.
    pub(crate) fn leave(id: PanelId, guard: ProviderId) {
        SeatsOf::<T>::remove(guard, id);
        T::Registry::disengage(guard);
    }
}
