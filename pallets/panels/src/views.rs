//! What clients ask before they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Height, PanelId, ProviderId},
    learning::brief::Brief,
};

/// Panels of one guard that are listed at once.
pub const LISTED: usize = 256;

impl<T: Config> Pallet<T> {
    /// A panel that is under way.
    pub fn panel_view(panel: PanelId) -> Option<PanelView> {
        Panels::<T>::get(panel).map(|panel| panel.view())
    }

    /// What a panel judges, once its guards are drawn.
    pub fn brief_of(panel: PanelId) -> Option<Brief> {
        Briefs::<T>::get(panel)
    }

    /// Whether a guard has a seat on a panel.
    pub fn is_on(guard: ProviderId, panel: PanelId) -> bool {
        SeatsOf::<T>::contains_key(guard, panel)
    }

    /// The panels that wait for a guard, for what, and up to when.
    pub fn panels_of(guard: ProviderId) -> Vec<(PanelId, Duty, Height)> {
        let due = |id| {
            let panel = Panels::<T>::get(id)?;
            Some((id, panel.duty(guard)?, panel.due))
        };
        SeatsOf::<T>::iter_key_prefix(guard).take(LISTED).filter_map(due).collect()
    }
}
