//! Who may use a model, and what it costs.

use crate::{deposits::Footprint, types::*, *};
use cairn_protocol::{
    id::{Amount, BlockId},
    learning::model::{Access, ModelCard},
    share::Ppm,
};
use cairn_seams::{Clock, Models};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_access(
        author: T::AccountId,
        model: BlockId,
        access: Access,
    ) -> DispatchResult {
        Self::ensure_author(&author, &model)?;
        let card = Cards::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
        let (now, current) = (T::Clock::now(), Self::access(&model, &card));
        let from = if price_of(access) > price_of(current) {
            // Whoever was told a price, and submits within that time, pays no more.
            now.saturating_add(T::PriceNotice::get())
        } else {
            now
        };
        if from > now {
            Announced::<T>::insert(model, Announcement { access, from });
            Cards::<T>::insert(model, ModelCard { access: current, ..card });
        } else {
            Announced::<T>::remove(model);
            Cards::<T>::insert(model, ModelCard { access, ..card });
        }
        Self::deposit_event(Event::AccessSet { model, access, from });
        Ok(())
    }

    pub(crate) fn do_license(
        author: T::AccountId,
        model: BlockId,
        who: T::AccountId,
    ) -> DispatchResult {
        Self::ensure_author(&author, &model)?;
        let licensed = Licences::<T>::contains_key(model, &who);
        ensure!(!licensed, Error::<T>::AlreadyLicensed);
        let deposit = Self::price_for(Footprint::of_licence::<T::AccountId>());
        Self::hold(HoldReason::Licence, &author, deposit)?;
        Licences::<T>::insert(model, &who, deposit);
        Self::deposit_event(Event::Licensed { model, who });
        Ok(())
    }

    pub(crate) fn do_revoke_licence(
        author: T::AccountId,
        model: BlockId,
        who: T::AccountId,
    ) -> DispatchResult {
        Self::ensure_author(&author, &model)?;
        let deposit = Licences::<T>::take(model, &who).ok_or(Error::<T>::NotLicensed)?;
        Self::release(HoldReason::Licence, &author, deposit);
        Self::deposit_event(Event::LicenceRevoked { model, who });
        Ok(())
    }

    /// Who may use a model now: what was announced counts from its height on.
    pub(crate) fn access(model: &BlockId, card: &ModelCard) -> Access {
        match Announced::<T>::get(model) {
            Some(Announcement { access, from }) if from <= T::Clock::now() => access,
            _ => card.access,
        }
    }
}

/// What a use costs whoever may use it.
fn price_of(access: Access) -> Amount {
    match access {
        Access::PerUse { price } => price,
        Access::Open | Access::Licensed => 0,
    }
}

impl<T: Config> Models<T::AccountId> for Pallet<T> {
    fn exists(model: &BlockId) -> bool {
        Cards::<T>::contains_key(model)
    }

    fn price(model: &BlockId, who: &T::AccountId) -> Option<Amount> {
        let card = Cards::<T>::get(model)?;
        let access = Self::access(model, &card);
        let may_use = match access {
            Access::Open | Access::PerUse { .. } => true,
            Access::Licensed => {
                Licences::<T>::contains_key(model, who)
                    || Self::creator(model).as_ref() == Some(who)
            }
        };
        may_use.then(|| price_of(access))
    }

    fn creator(model: &BlockId) -> Option<T::AccountId> {
        Self::meta(model).map(|header| header.author)
    }

    fn royalty(model: &BlockId) -> Ppm {
        Cards::<T>::get(model).map_or(0, |card| card.royalty)
    }

    fn note_use(model: &BlockId) {
        if Self::exists(model) {
            Uses::<T>::mutate(model, |uses| *uses = uses.saturating_add(1));
        }
    }
}
