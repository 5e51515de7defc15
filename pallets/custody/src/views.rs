//! What clients ask before they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::id::{DeltaId, File, Height, ProviderId};
use cairn_seams::Beacon;

impl<T: Config> Pallet<T> {
    /// The file of a delta that is kept, or to be kept.
    pub fn keep_of(delta: DeltaId) -> Option<Keep> {
        Keeps::<T>::get(delta)
    }

    /// Files that keepers are wanted for, and until when they count before the head moves; no
    /// height where it has moved and nobody is left who keeps the file.
    pub fn wanted() -> Vec<(DeltaId, File, Option<Height>)> {
        let wanted = |(delta, keep): (DeltaId, Keep)| match keep.stage {
            Stage::Gathering => Some((delta, keep.file, Some(keep.due))),
            _ if keep.keepers.is_empty() => Some((delta, keep.file, None)),
            _ => None,
        };
        Keeps::<T>::iter().filter_map(wanted).collect()
    }

    /// The files that a provider keeps, and what it has to show of them.
    pub fn keepings_of(provider: ProviderId) -> Vec<Keeping> {
        let mine = Keeps::<T>::iter().filter(|(_, keep)| keep.keepers.contains(&provider));
        mine.map(|(delta, keep)| Keeping {
            delta,
            file: keep.file,
            asked: Self::asked(&keep, provider),
        })
        .collect()
    }

    /// The chunks that a keeper has to show of a file now, and by when.
    fn asked(keep: &Keep, provider: ProviderId) -> Option<(Vec<u64>, Height)> {
        match keep.stage {
            Stage::Asked { ticket, keeper } if keeper == provider => {
                Some((keep.asked(&T::Beacon::seed(&ticket)?), keep.due))
            }
            _ => None,
        }
    }
}
