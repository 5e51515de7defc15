//! Providers say which components they serve, for a while.

use crate::{deposits::Footprint, types::*, *};
use cairn_protocol::id::{BlockId, ProviderId};
use cairn_seams::{Clock, Registry};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, BoundedVec};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_serve(
        operator: T::AccountId,
        provider: ProviderId,
        model: BlockId,
        components: Components,
    ) -> DispatchResult {
        Self::ensure_operator(&operator, provider)?;
        let card = Cards::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
        ensure!(!components.is_empty(), Error::<T>::NothingServed);
        let known = components.iter().all(|component| card.has(component));
        ensure!(known, Error::<T>::UnknownComponent);

        match Servers::<T>::get(model, provider) {
            // Its operator may be another one by now.
            Some(before) => Self::release(HoldReason::Serving, &before.payer, before.deposit),
            None => {
                Served::<T>::try_append(provider, model).map_err(|_| Error::<T>::TooManyServed)?
            }
        }
        let mut sorted = components.into_inner();
        sorted.sort_unstable();
        sorted.dedup();
        let until = T::Clock::now().saturating_add(T::ServeBlocks::get());
        let components = BoundedVec::truncate_from(sorted);
        let serving = Serving { components, until, payer: operator.clone(), deposit: 0 };
        let deposit = Self::price_for(Footprint::of_serving(&serving));
        Self::hold(HoldReason::Serving, &operator, deposit)?;
        Servers::<T>::insert(model, provider, Serving { deposit, ..serving });
        Self::deposit_event(Event::Serving { provider, model, until });
        Ok(())
    }

    pub(crate) fn do_stop_serving(
        who: T::AccountId,
        provider: ProviderId,
        model: BlockId,
    ) -> DispatchResult {
        let serving = Servers::<T>::get(model, provider).ok_or(Error::<T>::NotServed)?;
        // What counts no more anyone may clear away.
        if T::Clock::now() <= serving.until {
            Self::ensure_operator(&who, provider)?;
        }
        Servers::<T>::remove(model, provider);
        Served::<T>::mutate_exists(provider, |served| {
            if let Some(models) = served {
                models.retain(|one| *one != model);
            }
            *served = served.take().filter(|models| !models.is_empty());
        });
        Self::release(HoldReason::Serving, &serving.payer, serving.deposit);
        Self::deposit_event(Event::StoppedServing { provider, model });
        Ok(())
    }

    fn ensure_operator(who: &T::AccountId, provider: ProviderId) -> Result<(), Error<T>> {
        ensure!(T::Registry::operated_by(who) == Some(provider), Error::<T>::NotTheOperator);
        Ok(())
    }
}
