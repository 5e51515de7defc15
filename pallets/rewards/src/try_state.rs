//! What has to hold after every block. The README numbers and names these.

use crate::{pallet::*, types::*};
use alloc::collections::BTreeMap;
use cairn_protocol::{
    id::{Amount, BlockId},
    learning::reward::Cause,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Checked {
        Self::check_ledgers()?;
        Self::check_issued()?;
        Self::check_reserves()?;
        Self::check_books()?;
        Self::check_sponsors()?;
        Self::check_fees()
    }

    fn check_ledgers() -> Checked {
        let Some(current) = Current::<T>::get() else {
            ensure!(Ledgers::<T>::iter().next().is_none(), "ledgers: one is of no period");
            return Ok(());
        };
        let (retired, number) = (Retired::<T>::get(), current.number);
        ensure!(retired <= number, "ledgers: a period is retired that goes on");
        let all = (retired..=number).all(Ledgers::<T>::contains_key);
        ensure!(all, "ledgers: a period has none");
        for (period, ledger) in Ledgers::<T>::iter() {
            ensure!(period <= number, "ledgers: one is of a period to come");
            ensure!(period >= retired || !ledger.is_settled(), "ledgers: one is left");
            for cause in Cause::ALL {
                let used = ledger.minted.plus(&ledger.held).plus(&ledger.left).of(cause);
                ensure!(used <= ledger.budgets.of(cause), "budgets: more is used than there was");
                let ends = period < number && cause != Cause::Inference || period < retired;
                let is_left = ends && ledger.left.of(cause) > 0;
                ensure!(!is_left, "budgets: something is left of a period that has ended");
            }
        }
        Ok(())
    }

    fn check_issued() -> Checked {
        let open = Ledgers::<T>::iter_values()
            .fold(Sums::default(), |sum, ledger| sum.plus(&ledger.held).plus(&ledger.left));
        let (allotted, issued) = (Allotted::<T>::get(), Issued::<T>::get());
        for cause in Cause::ALL {
            let most = issued.plus(&open).of(cause);
            ensure!(most <= allotted.of(cause), "issued: more may be minted than was allotted");
        }
        Ok(())
    }

    fn check_reserves() -> Checked {
        let mut held: BTreeMap<u32, Sums> = BTreeMap::new();
        for reserve in Reserves::<T>::iter_values() {
            ensure!(reserve.amount > 0, "reserves: one is of nothing");
            match reserve.payer {
                Payer::Budget { period, data } => {
                    let sums = held.entry(period).or_default();
                    sums.add(Cause::Learning, reserve.amount);
                    sums.add(Cause::Data, data.map_or(0, |part| part.amount));
                }
                Payer::Sponsors(parts) => {
                    let sum = parts.iter().fold(0, |sum: Amount, part| sum.saturating_add(part.1));
                    ensure!(sum == reserve.amount, "reserves: parts are not the whole");
                }
            }
        }
        for (period, ledger) in Ledgers::<T>::iter() {
            let sums = held.remove(&period).unwrap_or_default();
            ensure!(sums == ledger.held, "reserves: they differ from what is held");
        }
        ensure!(held.is_empty(), "reserves: one is of no period");
        Ok(())
    }

    fn check_books() -> Checked {
        let Some((period, ledger)) = Self::running() else { return Ok(()) };
        let mut drawn = Sums::default();
        for book in Books::<T>::iter_values() {
            ensure!(book.period <= period, "books: one is of a period to come");
            ensure!(book.since <= book.period, "books: one was opened before it was heard of");
            let book = book.at(period);
            Cause::ALL.into_iter().for_each(|cause| drawn.add(cause, book.drawn(cause)));
        }
        let used = ledger.minted.plus(&ledger.held);
        for cause in [Cause::Learning, Cause::Validation, Cause::Data] {
            ensure!(drawn.of(cause) == used.of(cause), "books: they differ from the ledger");
        }
        Ok(())
    }

    fn check_sponsors() -> Checked {
        let mut parts: BTreeMap<(BlockId, T::AccountId), Amount> = BTreeMap::new();
        for reserve in Reserves::<T>::iter_values() {
            let Payer::Sponsors(all) = reserve.payer else { continue };
            for (account, part) in all {
                let sum = parts.entry((reserve.model, account)).or_default();
                *sum = sum.saturating_add(part);
            }
        }
        for (model, delta) in Measured::<T>::iter() {
            let pot = Measuring::<T>::get(delta).filter(|pot| pot.model == model);
            ensure!(pot.is_some(), "sponsors: nothing is put aside to measure a model");
        }
        for pot in Judging::<T>::iter_values().chain(Measuring::<T>::iter_values()) {
            ensure!(!pot.parts.is_empty(), "sponsors: nothing is put aside to judge a delta");
            for (account, part) in pot.parts {
                let sum = parts.entry((pot.model, account)).or_default();
                *sum = sum.saturating_add(part);
            }
        }
        let mut sums: BTreeMap<T::AccountId, Amount> = BTreeMap::new();
        for (model, sponsors) in Sponsors::<T>::iter() {
            ensure!(!sponsors.is_empty(), "sponsors: a model has none and a place for them");
            for one in sponsors {
                let aside = parts.remove(&(model, one.account.clone())).unwrap_or(0);
                ensure!(aside == one.held, "sponsors: what is put aside is not what deltas have");
                let has = one.left.saturating_add(one.held);
                ensure!(has > 0, "sponsors: one pays nothing");
                let sum = sums.entry(one.account).or_default();
                *sum = sum.saturating_add(has);
            }
        }
        ensure!(parts.is_empty(), "sponsors: a part is nobody's");
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&HoldReason::Sponsorship.into(), &account);
            let sum = sums.get(&account).copied().unwrap_or(0);
            ensure!(held == sum, "sponsors: they differ from holds");
        }
        Ok(())
    }

    fn check_fees() -> Checked {
        let mut weights: BTreeMap<u32, Amount> = BTreeMap::new();
        for (period, _, paid) in Fees::<T>::iter() {
            ensure!(period >= Retired::<T>::get(), "fees: some are of a period that is retired");
            let least = paid.fees.saturating_div(2);
            let most = paid.fees.saturating_add(least).saturating_add(1);
            // Each that was added is rounded down by itself, to less than half at worst.
            let fits = paid.fees > 0 && paid.weight <= most;
            ensure!(fits, "fees: they count for more than they may");
            let sum = weights.entry(period).or_default();
            *sum = sum.saturating_add(paid.weight);
        }
        for (period, sum) in weights {
            let known = Ledgers::<T>::get(period).map_or(0, |ledger| ledger.weights);
            ensure!(sum <= known, "fees: they count for more than all of the period");
        }
        Ok(())
    }
}
