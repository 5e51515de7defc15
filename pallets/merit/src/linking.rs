//! Validators take providers, and give them up.

use crate::{types::*, *};
use cairn_protocol::id::ProviderId;
use cairn_seams::Registry;
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_link(validator: T::AccountId, provider: ProviderId) -> DispatchResult {
        ensure!(!Links::<T>::contains_key(&validator), Error::<T>::AlreadyLinked);
        ensure!(T::Registry::owner(provider).is_some(), Error::<T>::UnknownProvider);
        ensure!(T::Registry::belongs_to(provider, &validator), Error::<T>::NotYours);
        ensure!(T::EraPoints::validators().contains(&validator), Error::<T>::NotValidator);
        let former = ValidatorOf::<T>::get(provider);
        let is_taken = |former| T::Registry::belongs_to(provider, former);
        ensure!(!former.as_ref().is_some_and(is_taken), Error::<T>::ProviderTaken);

        let deposit = T::Deposit::get();
        T::Currency::hold(&HoldReason::Link.into(), &validator, deposit)
            .map_err(|_| Error::<T>::InsufficientBalance)?;
        // Who is no longer one party with it must not keep it from those who are.
        if let Some(former) = former {
            Self::do_unlink(former)?;
        }
        // Authors' blocks count from the first link on.
        let now = frame_system::Pallet::<T>::block_number();
        let session = CurrentSession::<T>::mutate(|session| {
            session.get_or_insert(Session { number: 0, began: now }).number
        });
        Links::<T>::insert(&validator, Link { provider, deposit, session, work: 0 });
        ValidatorOf::<T>::insert(provider, &validator);
        Self::deposit_event(Event::Linked { validator, provider });
        Ok(())
    }

    pub(crate) fn do_unlink(validator: T::AccountId) -> DispatchResult {
        let link = Links::<T>::take(&validator).ok_or(Error::<T>::NotLinked)?;
        ValidatorOf::<T>::remove(link.provider);
        // What else took from the account may have left less.
        T::Currency::release(
            &HoldReason::Link.into(),
            &validator,
            link.deposit,
            Precision::BestEffort,
        )?;
        Self::deposit_event(Event::Unlinked { validator, provider: link.provider });
        Ok(())
    }
}
