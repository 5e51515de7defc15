//! What clients ask before they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Amount, BlockId, DeltaId, ProviderId},
    learning::reward::Cause,
};
use cairn_seams::Purse;

impl<T: Config> Pallet<T> {
    /// The period that goes on; none before the first block.
    pub fn period_view() -> Option<PeriodView> {
        let Period { number, ends } = Current::<T>::get()?;
        let ledger = Ledgers::<T>::get(number)?;
        Some(PeriodView { number, ends, ledger, issued: Issued::<T>::get() })
    }

    /// Who pays for what a model gains, and how much there is.
    pub fn support_of(model: &BlockId) -> SupportView {
        let room = |cause| {
            let (period, ledger) = Self::running()?;
            Some(Self::room(period, &ledger, cause, model))
        };
        SupportView {
            cap: Admissions::<T>::get(model),
            learning: room(Cause::Learning).unwrap_or(0),
            validation: room(Cause::Validation).unwrap_or(0),
            escrow: Self::escrow(model),
            sponsors: u32::try_from(Sponsors::<T>::get(model).len()).unwrap_or(u32::MAX),
            difficulty: Self::difficulty(model),
        }
    }

    pub fn sponsors_of(model: &BlockId) -> Vec<Sponsor<T::AccountId>> {
        Sponsors::<T>::get(model).into_inner()
    }

    /// What is put aside for a delta's author.
    pub fn reserved_for(delta: DeltaId) -> Option<Amount> {
        Reserves::<T>::get(delta).map(|reserve| reserve.amount)
    }

    /// The periods that a provider's owner can claim a grant of now, and how much each is.
    pub fn grants_of(provider: ProviderId) -> Vec<(u32, Amount)> {
        let current = Self::number();
        let ended = (Retired::<T>::get()..current).filter(|one| Self::is_claimable(*one, current));
        let grant = |period| {
            let ledger = Ledgers::<T>::get(period)?;
            Some((period, Self::grant_for(&ledger, &Fees::<T>::get(period, provider))))
        };
        ended.filter_map(grant).filter(|(_, amount)| *amount > 0).collect()
    }
}
