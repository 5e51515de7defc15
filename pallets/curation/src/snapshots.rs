//! Heads of models as they stood, kept as long as a trial needs them.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{BlockId, ContentId},
    learning::model::{Part, Parts},
};
use cairn_seams::{Lineage, OldHeads};
use frame_support::traits::Defensive;

impl<T: Config> OldHeads for Pallet<T> {
    fn contain(model: &BlockId, file: &ContentId) -> bool {
        Files::<T>::contains_key(model, file)
    }
}

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
            None => Self::take_down(model, before),
        };
        (before, Self::take_down(model, after))
    }

    pub(crate) fn take_down(model: &BlockId, parts: Parts) -> SnapshotId {
        let id = NextSnapshot::<T>::get();
        NextSnapshot::<T>::put(id.saturating_add(1));
        for part in &parts {
            Files::<T>::mutate(model, part.file.id, |uses| *uses = uses.saturating_add(1));
        }
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

    /// One needs them no longer. Whoever keeps a file that was part of them alone is free of it.
    pub(crate) fn let_go(model: &BlockId, id: SnapshotId) {
        let Some(mut snapshot) = Snapshots::<T>::get(id).defensive() else { return };
        snapshot.uses = snapshot.uses.saturating_sub(1);
        if snapshot.uses > 0 {
            return Snapshots::<T>::insert(id, snapshot);
        }
        for part in &snapshot.parts {
            Files::<T>::mutate_exists(model, part.file.id, |uses| {
                *uses = uses.and_then(|uses| uses.checked_sub(1)).filter(|left| *left > 0);
            });
        }
        Snapshots::<T>::remove(id);
    }

    pub(crate) fn heads(id: Option<SnapshotId>) -> Option<Parts> {
        Some(Snapshots::<T>::get(id?)?.parts)
    }
}
