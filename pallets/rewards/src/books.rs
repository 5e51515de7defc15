//! What is drawn of a budget, and minted. Nothing is minted elsewhere.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{Amount, BlockId},
    learning::reward::Cause,
    share::of,
};
use frame_support::{
    pallet_prelude::Get,
    traits::{fungible::Mutate, Defensive},
};

impl<T: Config> Pallet<T> {
    /// The period that goes on, and its ledger.
    pub(crate) fn running() -> Option<(u32, Ledger)> {
        let number = Current::<T>::get()?.number;
        Some((number, Ledgers::<T>::get(number).defensive()?))
    }

    /// What a model or data set may still draw of a budget of the running period.
    pub(crate) fn room(period: u32, ledger: &Ledger, cause: Cause, block: &BlockId) -> Amount {
        let cap = Admissions::<T>::get(block).unwrap_or(0);
        Self::book(period, block).room(cause, cap, ledger)
    }

    fn book(period: u32, block: &BlockId) -> Book {
        Books::<T>::get(block).unwrap_or_else(|| Book::since(period)).at(period)
    }

    /// Draws as much of an amount as there is for a model or data set, and says how much it was.
    pub(crate) fn draw(
        period: u32,
        ledger: &mut Ledger,
        cause: Cause,
        block: &BlockId,
        amount: Amount,
    ) -> Amount {
        let drawn = ledger.left.take(cause, amount.min(Self::room(period, ledger, cause, block)));
        let mut book = Self::book(period, block);
        book.draw(cause, drawn);
        Books::<T>::insert(block, book);
        drawn
    }

    /// Mints for an account, and says how much: nothing where so little would not keep it alive.
    pub(crate) fn mint(cause: Cause, to: &T::AccountId, amount: Amount) -> Amount {
        if amount == 0 {
            return 0;
        }
        let minted = T::Currency::mint_into(to, amount).unwrap_or(0);
        Issued::<T>::mutate(|issued| issued.add(cause, minted));
        minted
    }

    /// Of what was held of a period so much was minted. The rest is free again, as long as the
    /// period goes on; what it leaves behind is carried on as what is left of any.
    pub(crate) fn settle(period: u32, cause: Cause, block: &BlockId, held: Amount, minted: Amount) {
        let Some(mut ledger) = Ledgers::<T>::get(period).defensive() else { return };
        ledger.held.take(cause, held);
        ledger.minted.add(cause, minted);
        let free = held.saturating_sub(minted);
        if Current::<T>::get().map(|current| current.number) != Some(period) {
            Self::put_ended(period, ledger);
            return Self::carry(cause, free);
        }
        ledger.left.add(cause, free);
        Ledgers::<T>::insert(period, ledger);
        let mut book = Self::book(period, block);
        book.give_back(cause, free);
        Books::<T>::insert(block, book);
    }

    /// Keeps the ledger of a period that has ended, if something may yet be minted of it.
    pub(crate) fn put_ended(period: u32, ledger: Ledger) {
        if period < Retired::<T>::get() && ledger.is_settled() {
            Ledgers::<T>::remove(period);
        } else {
            Ledgers::<T>::insert(period, ledger);
        }
    }

    /// What of an amount that a period has left is the running one's.
    pub(crate) fn carried(amount: Amount) -> Amount {
        of(T::Rules::get().emission.carry, amount)
    }

    /// Gives the running period its share of what an earlier one has left.
    pub(crate) fn carry(cause: Cause, left: Amount) {
        let carried = Self::carried(left);
        if carried == 0 {
            return;
        }
        if let Some((number, mut ledger)) = Self::running() {
            ledger.carry(cause, carried);
            Ledgers::<T>::insert(number, ledger);
        }
    }
}
