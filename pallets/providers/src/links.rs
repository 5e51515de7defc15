//! Accounts that are the same party.

use crate::{
    types::Registration, Config, Declarations, Error, Event, HoldReason, Links, Operators, Pallet,
    Providers,
};
use alloc::vec::Vec;
use cairn_protocol::id::Amount;
use codec::Encode;
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{fungible::hold::Mutate, tokens::Precision, Defensive, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_link_account(
        by: T::AccountId,
        other: T::AccountId,
        same_party: bool,
    ) -> DispatchResult {
        if same_party {
            Self::do_declare_link(by, other)
        } else {
            Self::do_revoke_link(by, other)
        }
    }

    fn do_declare_link(by: T::AccountId, other: T::AccountId) -> DispatchResult {
        ensure!(by != other, Error::<T>::SelfLink);
        let known = Declarations::<T>::contains_key(&by, &other);
        ensure!(!known, Error::<T>::AlreadyDeclared);
        let linked = Declarations::<T>::contains_key(&other, &by);
        let room = |one: &T::AccountId| {
            let links = Links::<T>::decode_len(one).unwrap_or(0);
            links < T::MaxLinks::get() as usize
        };
        ensure!(!linked || room(&by) && room(&other), Error::<T>::TooManyLinks);
        // The declaration, and the other one's place among the links.
        let deposit = Self::deposit_for(2, (&by, &other, Amount::default(), &other).encoded_size());
        T::Currency::hold(&HoldReason::Deposit.into(), &by, deposit)
            .map_err(|_| Error::<T>::InsufficientBalance)?;
        Declarations::<T>::insert(&by, &other, deposit);
        if linked {
            Self::link(&by, &other);
            Self::link(&other, &by);
        }
        Self::deposit_event(Event::LinkDeclared { by, other, linked });
        Ok(())
    }

    fn do_revoke_link(by: T::AccountId, other: T::AccountId) -> DispatchResult {
        let deposit = Declarations::<T>::take(&by, &other).ok_or(Error::<T>::NotDeclared)?;
        T::Currency::release(&HoldReason::Deposit.into(), &by, deposit, Precision::Exact)?;
        // One side's word is not enough: it would let an account exclude whom it fears as judges.
        Self::unlink(&by, &other);
        Self::unlink(&other, &by);
        Self::deposit_event(Event::LinkRevoked { by, other });
        Ok(())
    }

    fn link(from: &T::AccountId, to: &T::AccountId) {
        Links::<T>::mutate(from, |links| {
            let _ = links.try_push(to.clone()).defensive();
        });
    }

    fn unlink(from: &T::AccountId, to: &T::AccountId) {
        Links::<T>::mutate_exists(from, |links| {
            if let Some(all) = links {
                all.retain(|one| one != to);
            }
            *links = links.take().filter(|all| !all.is_empty());
        });
    }

    /// An account, and the owner of the provider it operates.
    pub(crate) fn names_of_account(account: &T::AccountId) -> Vec<T::AccountId> {
        let operated = Operators::<T>::get(account).and_then(Providers::<T>::get);
        let owner = operated.map(|record| record.owner).filter(|owner| owner != account);
        [account.clone()].into_iter().chain(owner).collect()
    }

    /// All that a provider goes by. An operator that has agreed works for nobody but its owner. One
    /// that has not is anybody: whoever names it could make a requester its own, whose work is then
    /// not held against it.
    pub(crate) fn names_of_record(record: &Registration<T::AccountId>) -> Vec<T::AccountId> {
        let mut names = Self::names_of_account(&record.owner);
        if record.heartbeat.is_some() && !names.contains(&record.operator) {
            names.push(record.operator.clone());
        }
        names
    }

    /// These accounts, and those linked to one of them. Links are not followed further.
    pub(crate) fn linked_to(names: Vec<T::AccountId>) -> Vec<T::AccountId> {
        let links: Vec<_> = names.iter().flat_map(Links::<T>::get).collect();
        [names, links].concat()
    }
}
