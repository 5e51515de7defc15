//! Heads of models as they stood, kept as long as a trial needs them.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::BlockId,
    learning::model::{Part, Parts},
};
use cairn_seams::Lineage;
use frame_support::traits::Defensive;

impl<T: Config> Pallet<T> {
    /// Takes down a model's heads as they are, and as a delta will make them. Whoever does has to
    /// let go of both. Where nothing changed since the last delta its heads are these.
    pub(crate) fn take_heads(
        model: &BlockId,
        last: Option<SnapshotId>,
        laid: Part,
    ) -> (SnapshotId, SnapshotId) {
        let before = T::Lineage::parts(model);
        let mut after = before.clone();
        for part in after.iter_mut().filter(|part| part.component == laid.component) {
            part.file = laid.file;
        }
        let before = match last.filter(|last| Self::heads(Some(*last)).as_ref() == Some(&before)) {
            Some(last) => {
                Self::keep(last);
                last
            }
            None => Self::take_down(before),
        };
        (before, Self::take_down(after))
    }

    fn take_down(parts: Parts) -> SnapshotId {
        let id = NextSnapshot::<T>::get();
        NextSnapshot::<T>::put(id.saturating_add(1));
        Snapshots::<T>::insert(id, Snapshot { parts, uses: 1 });
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
