//! What clients ask before they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::id::BlockId;
use frame_support::pallet_prelude::Get;

impl<T: Config> Pallet<T> {
    /// How a model's trial of a period stands; none if there is none, or it is over.
    pub fn trial_view(model: BlockId, period: u32) -> Option<TrialView> {
        Trials::<T>::get(TrialId { model, period }).map(|trial| trial.view())
    }

    /// One of the sets of a trial.
    pub fn set_view(model: BlockId, period: u32, set: u8) -> Option<SetView<T::AccountId>> {
        let sealed = SealedSets::<T>::get(TrialId { model, period }, set)?;
        Some(SetView { set, sealed })
    }

    /// All of them, in the order in which they were sealed.
    pub fn sets_of(model: BlockId, period: u32) -> Vec<SetView<T::AccountId>> {
        let view = |(set, sealed)| SetView { set, sealed };
        Self::sets(TrialId { model, period }).into_iter().map(view).collect()
    }

    /// What a curator has at stake.
    pub fn curator_view(account: &T::AccountId) -> Option<CuratorView> {
        let Curator { bond, sets } = Curators::<T>::get(account)?;
        Some(CuratorView { bond, need: T::Rules::get().curators.bond, sets })
    }
}
