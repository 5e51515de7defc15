//! What has to hold after every block. The README numbers and names these.

use crate::{pallet::*, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use cairn_protocol::id::ProviderId;
use cairn_seams::Registry;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet, named as in the README.
    pub fn do_try_state() -> Checked {
        let mut engaged: BTreeMap<ProviderId, u32> = BTreeMap::new();
        for (id, keep) in Keeps::<T>::iter() {
            ensure!(Agenda::<T>::contains_key(keep.next, id), "agenda: a file has no look");
            Self::check_keepers(&keep)?;
            Self::check_stage(&keep)?;
            for keeper in keep.keepers {
                let count = engaged.entry(keeper).or_default();
                *count = count.saturating_add(1);
            }
        }
        for (keeper, files) in engaged {
            let known = T::Registry::engagements(keeper);
            ensure!(known >= files, "engaged: a keeper could withdraw");
        }
        Self::check_agenda()
    }

    fn check_agenda() -> Checked {
        for (height, id) in Agenda::<T>::iter_keys() {
            let keep = Keeps::<T>::get(id).ok_or("agenda: a file on it is unknown")?;
            ensure!(keep.next == height, "agenda: a file stands on it twice");
            ensure!(height >= Served::<T>::get(), "agenda: a file would never be looked at");
        }
        Ok(())
    }

    fn check_keepers(keep: &Keep) -> Checked {
        let different: BTreeSet<_> = keep.keepers.iter().collect();
        ensure!(different.len() == keep.keepers.len(), "keepers: somebody keeps a file twice");
        let registered = keep.keepers.iter().all(|one| T::Registry::owner(*one).is_some());
        ensure!(registered, "keepers: somebody is not registered");
        Ok(())
    }

    fn check_stage(keep: &Keep) -> Checked {
        let gathers = keep.stage == Stage::Gathering;
        ensure!(!gathers || keep.until == 0, "stage: a file is kept before enough attested");
        ensure!(!gathers || !keep.old, "stage: a file is outlived before it was kept");
        if let Stage::Asked { keeper, .. } = keep.stage {
            ensure!(keep.keepers.contains(&keeper), "stage: somebody is asked who keeps nothing");
        }
        Ok(())
    }
}
