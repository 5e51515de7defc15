//! Heads of models as they stood, kept as long as a trial needs them.

use crate::{pallet::*, types::*};
use cairn_protocol::{id::BlockId, learning::model::Parts};
use cairn_seams::Lineage;
use frame_support::traits::Defensive;

impl<T: Config> Pallet<T> {
    /// Takes down a model's heads. Whoever does has to let go of them.
    pub(crate) fn take_heads(model: &BlockId) -> SnapshotId {
        let id = NextSnapshot::<T>::get();
        NextSnapshot::<T>::put(id.saturating_add(1));
        Snapshots::<T>::insert(id, Snapshot { parts: T::Lineage::parts(model), uses: 1 });
        id
    }

    /// One more needs them.
    pub(crate) fn keep(id: SnapshotId) {
        Snapshots::<T>::mutate(id, |snapshot| {
            if let Some(snapshot) = snapshot.as_mut().defensive() {
                snapshot.uses = snapshot.uses.saturating_add(1);
            }
        });
    }

    /// One needs them no longer.
    pub(crate) fn let_go(id: SnapshotId) {
        Snapshots::<T>::mutate_exists(id, |snapshot| {
            let Some(known) = snapshot.as_mut().defensive() else { return };
            known.uses = known.uses.saturating_sub(1);
            if known.uses == 0 {
                *snapshot = None;
            }
        });
    }

    pub(crate) fn heads(id: Option<SnapshotId>) -> Option<Parts> {
        Some(Snapshots::<T>::get(id?)?.parts)
    }
}
