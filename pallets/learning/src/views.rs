//! What clients ask before and after they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    dag::Component,
    id::{BlockId, DeltaId},
};
use cairn_seams::{Lineage, Purse};
use frame_support::pallet_prelude::Get;

/// Deltas of one author that are listed at once.
pub const LISTED: usize = 256;

impl<T: Config> Pallet<T> {
    /// A delta that is judged, is laid, or was not so long ago.
    pub fn delta_view(id: DeltaId) -> Option<DeltaView<T::AccountId>> {
        let delta = Deltas::<T>::get(id)?;
        let waits_for = Self::waits_for(id, &delta, &delta.place()?);
        Some(DeltaView { block: delta.header.id(), waits_for, delta })
    }

    fn waits_for(id: DeltaId, delta: &DeltaOf<T>, place: &Place) -> DeltaWaitsFor {
        if !delta.stage.is_pending() {
            return DeltaWaitsFor::Nothing;
        }
        if let Some(panel) = delta.panel {
            return DeltaWaitsFor::Panel(panel);
        }
        if Self::is_being_rolled_back(place) {
            return DeltaWaitsFor::Rollback;
        }
        let before = Queues::<T>::get(place).iter().take_while(|one| **one != id).count();
        match u32::try_from(before) {
            Ok(0) if delta.stage == Stage::Keeping && delta.kept.is_none() => {
                DeltaWaitsFor::Keepers
            }
            Ok(0) => DeltaWaitsFor::Chain,
            ahead => DeltaWaitsFor::Turn { ahead: ahead.unwrap_or(u32::MAX) },
        }
    }

    /// The deltas of an author that are still kept, in the order of their hashes: as many as fit on
    /// a page, from the first on, or from the one that follows another, kept or not.
    pub fn deltas_of(author: &T::AccountId, after: Option<DeltaId>) -> Vec<DeltaId> {
        let from = after.map(|delta| DeltasOf::<T>::hashed_key_for(author, delta));
        let deltas = match from {
            Some(key) => DeltasOf::<T>::iter_key_prefix_from(author, key),
            None => DeltasOf::<T>::iter_key_prefix(author),
        };
        deltas.take(LISTED).collect()
    }

    /// The deltas that are being judged for a component, the first one first.
    pub fn queue_of(model: BlockId, component: Component) -> Vec<DeltaId> {
        Queues::<T>::get(Place { model, component }).into_inner()
    }

    /// What no model loses less than on what this one is judged on, as governance has it; none
    /// where nobody knows.
    pub fn floor_of(model: &BlockId) -> Option<u64> {
        let standard = Standards::<T>::get(model).unwrap_or_else(|| T::Rules::get().standard);
        Some(standard.decay.floor_loss).filter(|floor| *floor > 0)
    }

    /// What whoever makes a delta has to know beforehand; none where none can be handed in.
    pub fn preview(model: BlockId, component: Component) -> Option<Preview> {
        let head = T::Lineage::head(&model, &component)?;
        let data = T::Lineage::validation(&model)?;
        let source = T::Lineage::data(&data)?.source;
        let (threshold, count) = Self::demand(&model, &data, source.count())?;
        let ahead = Queues::<T>::get(Place { model, component }).len();
        let parts = T::Lineage::parts(&model);
        Some(Preview {
            bundle: T::Lineage::bundle(&model)?,
            judge: T::Lineage::card(&model)?.judge,
            too_much: Self::check_burden(&parts, &source).err(),
            parts,
            head,
            data,
            source,
            count,
            threshold,
            attempts: head.judged,
            ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
            paid: T::Purse::pays_for(&model, &data),
            difficulty: T::Purse::difficulty(&model),
            terms: T::Rules::get().terms,
        })
    }
}
