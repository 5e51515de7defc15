//! Panels are asked for, and guards drawn for them.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::fits,
    id::{Height, PanelId, ProviderId, Seed},
    job::Requirements,
    learning::{
        brief::Brief,
        panel::{choose, Case, Outcome},
    },
    profile::{DeviceClass, Role},
};
use cairn_seams::{Beacon, Clock, Judged, Lane, Panels as Committees, Prospect, Registry, Subject};
use frame_support::{
    pallet_prelude::Get,
    traits::{Defensive, DefensiveSaturating},
    BoundedVec,
};
use sp_runtime::DispatchError;

/// What a seed for a panel is drawn for.
const PURPOSE: [u8; 8] = *b"panel/on";

impl<T: Config> Committees<T::AccountId> for Pallet<T> {
    fn open(case: Case, barred: Vec<T::AccountId>) -> Result<PanelId, DispatchError> {
        let barred = BoundedVec::try_from(barred).map_err(|_| Error::<T>::TooManyBarred)?;
        let id = Opened::<T>::mutate(|count| {
            let id = PanelId(*count);
            *count = count.defensive_saturating_add(1);
            id
        });
        let (now, rules) = (T::Clock::now(), T::Rules::get());
        let mut panel = Panel {
            case,
            barred,
            opened: now,
            stage: Stage::Drawing,
            ticket: None,
            due: now,
            next: now,
            round: 1,
            size: rules.seats(),
            draws: 0,
            spare: rules.draws.again,
            guards: Default::default(),
            excluded: Default::default(),
            decided: None,
        };
        Self::ask_for_seed(id, &mut panel);
        Panels::<T>::insert(id, panel);
        Self::deposit_event(Event::PanelOpened { panel: id, case });
        Ok(id)
    }

    fn due(id: PanelId) -> Option<Height> {
        Panels::<T>::get(id).map(|panel| panel.due)
    }

    fn close(id: PanelId) {
        if let Some(panel) = Panels::<T>::get(id) {
            Self::call_off(id, panel);
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Has another draw wait for a seed that nobody knows yet.
    pub(crate) fn ask_for_seed(id: PanelId, panel: &mut PanelOf<T>) {
        panel.draws = panel.draws.saturating_add(1);
        let nth = panel.draws.into();
        let ticket = T::Beacon::request(Subject { purpose: PURPOSE, id: id.0, nth });
        panel.ticket = Some(ticket);
        Self::wait_for_seed(id, panel, &ticket);
    }

    fn wait_for_seed(id: PanelId, panel: &mut PanelOf<T>, ticket: &Ticket) {
        let soon = T::Clock::now().saturating_add(1);
        panel.due = T::Beacon::ready_at(ticket).max(soon);
        Self::schedule(id, panel, panel.due);
    }

    /// The seed should be there, and says who judges, and on what.
    pub(crate) fn draw(id: PanelId, mut panel: PanelOf<T>) {
        let Some(ticket) = panel.ticket.defensive() else { return };
        let Some(seed) = T::Beacon::seed(&ticket) else {
            Self::wait_for_seed(id, &mut panel, &ticket);
            return Panels::<T>::insert(id, panel);
        };
        T::Beacon::release(ticket);
        panel.ticket = None;
        let rules = T::Rules::get();
        let vacant = panel.vacant();
        // Whoever is replaced judged the same as who replaces it.
        let brief = Briefs::<T>::get(id);
        let held = brief.as_ref().map_or_else(|| T::Cases::held(&panel.case), Brief::held);
        let memory_mib = rules.memory_for(held);
        let wanted = Requirements { memory_mib, ..Requirements::any(DeviceClass::Cpu) };
        let chosen = Self::choose(&panel, &wanted, vacant, rules.draws.sample, &seed);
        if chosen.len() < vacant.into() {
            return Self::make_do(id, panel);
        }
        if brief.is_none() {
            let Some(brief) = T::Cases::brief(&panel.case, panel.round, &seed) else {
                return Self::call_off(id, panel);
            };
            Briefs::<T>::insert(id, brief);
        }
        Self::convene(id, panel, &rules.clocks, chosen);
    }

    /// Too few are fit for the seats that are vacant.
    fn make_do(id: PanelId, mut panel: PanelOf<T>) {
        if Self::may_draw_again(&panel) {
            Self::draw_again(id, &mut panel, Turn::DrawnAgain);
            Panels::<T>::insert(id, panel);
            Self::deposit_event(Event::DrawnAgain { panel: id });
        } else if panel.could_decide() {
            Self::open_reveals(id, panel, Turn::Short);
        } else {
            Self::end(id, panel, Turn::NobodyFit, Outcome::NobodyFit);
        }
    }

    /// Whether others may be drawn: not too often, and as long as all who were silent are known.
    pub(crate) fn may_draw_again(panel: &PanelOf<T>) -> bool {
        panel.spare > 0 && !panel.excluded.is_full()
    }

    pub(crate) fn draw_again(id: PanelId, panel: &mut PanelOf<T>, turn: Turn) {
        panel.spare = panel.spare.saturating_sub(1);
        Self::turn(panel, turn);
        Self::ask_for_seed(id, panel);
    }

    /// So many guards who are not there yet, of parties of their own that have nothing to do with
    /// the case; fewer where not enough are fit.
    fn choose(
        panel: &PanelOf<T>,
        wanted: &Requirements,
        count: u8,
        sample: u8,
        seed: &Seed,
    ) -> Vec<ProviderId> {
        let lane = Lane::Holders(Role::Guard);
        let mut field = T::Registry::sample(lane, wanted.class, sample.into(), seed);
        field.retain(|Prospect { candidate, .. }| {
            let one = candidate.provider;
            let is_out = panel.excluded.contains(&one) || panel.seat(one).is_some();
            !is_out && fits(wanted, false, candidate)
        });
        let seated = panel.guards.iter().flat_map(|seat| T::Registry::names_of(seat.guard));
        let concerned = panel.barred.iter().cloned().chain(seated).collect();
        let field = T::Registry::strangers(field, concerned);
        choose(T::Registry::parties(field), count, seed)
    }

    pub(crate) fn convene(
        id: PanelId,
        mut panel: PanelOf<T>,
        clocks: &Clocks,
        guards: Vec<ProviderId>,
    ) {
        for guard in &guards {
            if panel.guards.try_push(Seat::working(*guard)).defensive().is_ok() {
                SeatsOf::<T>::insert(guard, id, ());
                T::Registry::begin_work(*guard);
                T::Registry::engage(*guard);
            }
        }
        Self::enter(id, &mut panel, Turn::Convened, clocks.commit);
        let (round, due) = (panel.round, panel.due);
        Panels::<T>::insert(id, panel);
        Self::deposit_event(Event::Drawn { panel: id, round, guards, due });
    }
}
