//! What is held of authors, and what is lost of it.

use crate::{pallet::*, types::*};
use cairn_protocol::{id::Amount, lifecycle::delta::Forfeit, share};
use frame_support::{
    dispatch::DispatchResult,
    pallet_prelude::Get,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Defensive,
    },
};

impl<T: Config> Pallet<T> {
    pub(crate) fn hold(reason: HoldReason, who: &T::AccountId, amount: Amount) -> DispatchResult {
        T::Currency::hold(&reason.into(), who, amount)
            .map_err(|_| Error::<T>::NotEnoughBalance.into())
    }

    pub(crate) fn give_back(reason: HoldReason, who: &T::AccountId, amount: Amount) {
        let _ = T::Currency::release(&reason.into(), who, amount, Precision::Exact).defensive();
    }

    /// Gives it to the treasury. What that cannot take is burnt: it must not be held for ever.
    fn forfeit(reason: HoldReason, who: &T::AccountId, amount: Amount) {
        if amount == 0 {
            return;
        }
        let (reason, exact, force) = (reason.into(), Precision::Exact, Fortitude::Force);
        let treasury = T::Treasury::get();
        let free = Restriction::Free;
        let moved =
            T::Currency::transfer_on_hold(&reason, who, &treasury, amount, exact, free, force);
        if moved.is_err() {
            let _ = T::Currency::burn_held(&reason, who, amount, exact, force).defensive();
        }
    }

    pub(crate) fn hold_stakes(who: &T::AccountId, stakes: &Stakes) -> DispatchResult {
        Self::hold(HoldReason::Bond, who, stakes.bond)?;
        Self::hold(HoldReason::Deposit, who, stakes.deposit)?;
        Self::hold(HoldReason::Block, who, stakes.block)
    }

    /// Settles what is held of a delta's author when it comes to its end. What stands for the
    /// record is held as long as that is kept. Says how much is lost.
    pub(crate) fn settle_stakes(
        who: &T::AccountId,
        stakes: &mut Stakes,
        forfeit: Forfeit,
    ) -> Amount {
        let Stakes { bond, deposit, block } = *stakes;
        let rules = T::Rules::get();
        let (of_bond, of_deposit) = match forfeit {
            Forfeit::Nothing => (0, 0),
            Forfeit::Deposit => (0, deposit),
            Forfeit::DepositAndBond => (share::of(rules.forfeit, bond), deposit),
        };
        Self::forfeit(HoldReason::Bond, who, of_bond);
        Self::forfeit(HoldReason::Deposit, who, of_deposit);
        Self::give_back(HoldReason::Bond, who, bond.saturating_sub(of_bond));
        Self::give_back(HoldReason::Block, who, block);
        *stakes = Stakes { deposit: deposit.saturating_sub(of_deposit), ..Stakes::default() };
        of_bond.saturating_add(of_deposit)
    }

    /// Takes what the name of a laid delta costs, which is kept for good.
    pub(crate) fn charge_mark(who: &T::AccountId, stakes: &mut Stakes) {
        let mark = T::Rules::get().terms.mark.min(stakes.deposit);
        Self::forfeit(HoldReason::Deposit, who, mark);
        stakes.deposit = stakes.deposit.saturating_sub(mark);
    }
}
