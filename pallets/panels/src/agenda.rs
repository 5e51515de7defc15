//! When each panel is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::id::{Height, PanelId};
use cairn_seams::Clock;
use frame_support::{
    pallet_prelude::{DispatchResultWithPostInfo, Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
};

impl<T: Config> Pallet<T> {
    /// Turns a panel to its next stage.
    pub(crate) fn turn(panel: &mut PanelOf<T>, turn: Turn) {
        if let Some(stage) = panel.stage.after(turn).defensive() {
            panel.stage = stage;
        }
    }

    /// Turns it to a stage that lasts so many blocks, after which it is looked at.
    pub(crate) fn enter(id: PanelId, panel: &mut PanelOf<T>, turn: Turn, blocks: Height) {
        Self::turn(panel, turn);
        panel.due = T::Clock::now().saturating_add(blocks);
        Self::schedule(id, panel, panel.due.saturating_add(1));
    }

    /// Has a panel looked at once, at that height.
    pub(crate) fn schedule(id: PanelId, panel: &mut PanelOf<T>, at: Height) {
        Agenda::<T>::remove(panel.next, id);
        // What lies behind is never looked at again.
        panel.next = at.max(Served::<T>::get());
        Agenda::<T>::insert(panel.next, id, ());
    }

    pub(crate) fn do_poke(id: PanelId) -> DispatchResultWithPostInfo {
        let panel = Self::open_overdue(id)?;
        let spent = T::WeightInfo::poke().saturating_add(Self::cost_of_look(&panel));
        Self::look_at(id, panel);
        Ok(Some(spent).into())
    }

    /// Moves on what is due, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
        }
        let now = T::Clock::now();
        let first = Served::<T>::get();
        let mut height = first;
        // Goes on behind the last: each search from the beginning would go over all removed so far.
        let mut due = Agenda::<T>::iter_key_prefix(height);
        for _ in 0..T::ServedPerBlock::get() {
            if height > now || meter.try_consume(T::WeightInfo::find_due()).is_err() {
                break;
            }
            let next = due.next().or_else(|| {
                // Something may have been added behind.
                due = Agenda::<T>::iter_key_prefix(height);
                due.next()
            });
            let Some(id) = next else {
                height = height.saturating_add(1);
                due = Agenda::<T>::iter_key_prefix(height);
                continue;
            };
            let Some(panel) = Panels::<T>::get(id).defensive() else {
                Agenda::<T>::remove(height, id);
                continue;
            };
            if meter.try_consume(Self::cost_of_look(&panel)).is_err() {
                break;
            }
            Self::look_at(id, panel);
        }
        if height > first {
            Served::<T>::put(height);
        }
    }

    /// What the next look at a panel costs at most.
    pub(crate) fn cost_of_look(panel: &PanelOf<T>) -> Weight {
        let guards = u32::try_from(panel.guards.len()).unwrap_or(u32::MAX);
        match panel.stage {
            Stage::Drawing => T::WeightInfo::draw(T::Rules::get().draws.sample.into())
                .max(T::WeightInfo::conclude(guards)),
            // Late guards leave, and it may end.
            Stage::Commits | Stage::Reveals => T::WeightInfo::close(guards),
            Stage::Window => T::WeightInfo::conclude(guards),
        }
    }

    /// The most that a look at any panel costs.
    pub(crate) fn dearest_look() -> Weight {
        T::WeightInfo::draw(T::Rules::get().draws.sample.into())
            .max(T::WeightInfo::close(MAX_GUARDS))
            .max(T::WeightInfo::conclude(MAX_GUARDS))
    }

    /// Does what time demands of a panel.
    fn look_at(id: PanelId, panel: PanelOf<T>) {
        match panel.stage {
            Stage::Drawing => Self::draw(id, panel),
            Stage::Commits => Self::close_commits(id, panel),
            Stage::Reveals => Self::close_reveals(id, panel),
            Stage::Window => Self::conclude(id, panel),
        }
    }
}
