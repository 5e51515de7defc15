//! Who seals sets, and what that one risks.

use crate::{pallet::*, types::*};
use cairn_protocol::share::of;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{
        fungible::{BalancedHold, MutateHold},
        tokens::Precision,
        Defensive, OnUnbalanced,
    },
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register(account: T::AccountId) -> DispatchResult {
        let need = T::Rules::get().curators.bond;
        let known = Curators::<T>::get(&account);
        let Curator { bond, sets } = known.unwrap_or(Curator { bond: 0, sets: 0 });
        ensure!(known.is_none() || bond < need, Error::<T>::BondedAlready);
        T::Currency::hold(&HoldReason::Bond.into(), &account, need.saturating_sub(bond))
            .map_err(|_| Error::<T>::InsufficientBalance)?;
        Curators::<T>::insert(&account, Curator { bond: need, sets });
        Self::deposit_event(Event::Registered { curator: account, bond: need });
        Ok(())
    }

    pub(crate) fn do_leave(account: T::AccountId) -> DispatchResult {
        let Curator { bond, sets } = Curators::<T>::get(&account).ok_or(Error::<T>::NotACurator)?;
        ensure!(sets == 0, Error::<T>::HasSets);
        Curators::<T>::remove(&account);
        T::Currency::release(&HoldReason::Bond.into(), &account, bond, Precision::Exact)?;
        Self::deposit_event(Event::Left { curator: account, bond });
        Ok(())
    }

    /// Takes a part of a curator's bond, since one of its sets cannot be used.
    pub(crate) fn slash(id: TrialId, account: T::AccountId) {
        let Some(curator) = Curators::<T>::get(&account).defensive() else { return };
        let amount = of(T::Rules::get().curators.silence, curator.bond);
        let (taken, _) = T::Currency::slash(&HoldReason::Bond.into(), &account, amount);
        T::OnSlash::on_unbalanced(taken);
        let bond = curator.bond.saturating_sub(amount);
        Curators::<T>::insert(&account, Curator { bond, ..curator });
        let TrialId { model, period } = id;
        Self::deposit_event(Event::Slashed { model, period, curator: account, amount });
    }

    /// Frees the curators of a trial, and keeps nothing of their sets.
    pub(crate) fn remove_sets(id: TrialId) {
        for (_, SealedSet { curator, .. }) in SealedSets::<T>::drain_prefix(id) {
            Curators::<T>::mutate(&curator, |known| {
                if let Some(known) = known.as_mut().defensive() {
                    known.sets = known.sets.saturating_sub(1);
                }
            });
            // With a set of a later period it is barred for longer.
            if Barred::<T>::get(id.model, &curator) == Some(id.period) {
                Barred::<T>::remove(id.model, &curator);
            }
        }
    }
}
