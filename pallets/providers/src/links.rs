//! Accounts that are the same party.

use crate::{Config, Declarations, Error, Event, HoldReason, Operators, Pallet, Providers};
use cairn_protocol::id::Amount;
use codec::Encode;
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{fungible::hold::Mutate, tokens::Precision},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_declare_link(by: T::AccountId, other: T::AccountId) -> DispatchResult {
        ensure!(by != other, Error::<T>::SelfLink);
        let known = Declarations::<T>::contains_key(&by, &other);
        ensure!(!known, Error::<T>::AlreadyDeclared);
        let deposit = Self::deposit_for(1, (&by, &other, Amount::default()).encoded_size());
        T::Currency::hold(&HoldReason::Deposit.into(), &by, deposit)
            .map_err(|_| Error::<T>::InsufficientBalance)?;
        Declarations::<T>::insert(&by, &other, deposit);
        let linked = Declarations::<T>::contains_key(&other, &by);
        Self::deposit_event(Event::LinkDeclared { by, other, linked });
        Ok(())
    }

    pub(crate) fn do_revoke_link(by: T::AccountId, other: T::AccountId) -> DispatchResult {
        let deposit = Declarations::<T>::take(&by, &other).ok_or(Error::<T>::NotDeclared)?;
        T::Currency::release(&HoldReason::Deposit.into(), &by, deposit, Precision::Exact)?;
        Self::deposit_event(Event::LinkRevoked { by, other });
        Ok(())
    }

    /// Whether two accounts are the same party: they, or the owners of the providers they
    /// operate, are equal or have declared each other. Declarations are not followed further.
    pub(crate) fn are_linked(a: &T::AccountId, b: &T::AccountId) -> bool {
        if a == b {
            return true;
        }
        let (for_a, for_b) = (Self::principal(a), Self::principal(b));
        let sides = |own: &T::AccountId, principal: &Option<T::AccountId>| {
            [Some(own.clone()), principal.clone().filter(|other| other != own)]
        };
        let (of_a, of_b) = (sides(a, &for_a), sides(b, &for_b));
        of_a.iter()
            .flatten()
            .any(|x| of_b.iter().flatten().any(|y| x == y || Self::have_declared_each_other(x, y)))
    }

    /// Whom an account works for: the owner of the provider it operates.
    fn principal(account: &T::AccountId) -> Option<T::AccountId> {
        let provider = Operators::<T>::get(account)?;
        Providers::<T>::get(provider).map(|record| record.owner)
    }

    /// One side's word is not enough: it would let an account exclude whom it fears as judges.
    fn have_declared_each_other(a: &T::AccountId, b: &T::AccountId) -> bool {
        Declarations::<T>::contains_key(a, b) && Declarations::<T>::contains_key(b, a)
    }
}
