//! Whoever wants a model bettered that is not admitted pays for it.

use crate::{pallet::*, purse::alike, types::*};
use cairn_protocol::{
    id::{Amount, BlockId, DeltaId},
    share::{of, Ppm},
};
use cairn_seams::{Clock, Lineage, Purse};
use frame_support::{
    defensive, ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Defensive,
    },
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_sponsor(
        account: T::AccountId,
        model: BlockId,
        amount: Amount,
    ) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        ensure!(T::Lineage::bundle(&model).is_some(), Error::<T>::UnknownModel);
        // Places are few, so that nobody may take one for nothing.
        ensure!(amount >= T::Rules::get().least.max(1), Error::<T>::TooLittle);
        let mut sponsors = Sponsors::<T>::get(model);
        match sponsors.iter_mut().find(|one| one.account == account) {
            Some(known) => {
                known.left = known.left.saturating_add(amount);
                known.leaves = None;
            }
            None => {
                if sponsors.is_full() {
                    Self::make_room(&model, &mut sponsors, amount)?;
                }
                let account = account.clone();
                let fresh = Sponsor { account, left: amount, held: 0, leaves: None };
                sponsors.try_push(fresh).map_err(|_| Error::<T>::TooManySponsors)?;
            }
        }
        T::Currency::hold(&HoldReason::Sponsorship.into(), &account, amount)
            .map_err(|_| Error::<T>::NotEnoughBalance)?;
        Sponsors::<T>::insert(model, sponsors);
        Self::open_book(model);
        Self::deposit_event(Event::Sponsored { model, sponsor: account, amount });
        Ok(())
    }

    /// Gives a sponsor its own back who has less left than another offers, and nothing put aside.
    /// Else whoever takes all places with less than a delta costs would keep a model from being
    /// bettered, and lose nothing by it.
    fn make_room(
        model: &BlockId,
        sponsors: &mut SponsorsOf<T::AccountId>,
        amount: Amount,
    ) -> DispatchResult {
        let outbid = sponsors.iter().enumerate();
        let outbid = outbid.filter(|(_, one)| one.held == 0 && one.left < amount);
        let least = outbid.min_by_key(|(_, one)| one.left).map(|(at, _)| at);
        let Sponsor { account, left, .. } =
            sponsors.remove(least.ok_or(Error::<T>::TooManySponsors)?);
        T::Currency::release(&HoldReason::Sponsorship.into(), &account, left, Precision::Exact)?;
        Self::deposit_event(Event::Withdrawn { model: *model, sponsor: account, amount: left });
        Ok(())
    }

    pub(crate) fn do_withdraw(account: T::AccountId, model: BlockId) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let mut sponsors = Sponsors::<T>::get(model);
        let known = sponsors.iter_mut().find(|one| one.account == account);
        let known = known.ok_or(Error::<T>::NotASponsor)?;
        let now = T::Clock::now();
        let event = match known.leaves {
            None => {
                let from = now.saturating_add(T::Rules::get().notice);
                known.leaves = Some(from);
                Event::NoticeGiven { model, sponsor: account, from }
            }
            Some(from) => {
                ensure!(now >= from, Error::<T>::NoticeRuns);
                ensure!(known.left > 0, Error::<T>::AllPutAside);
                let amount = core::mem::take(&mut known.left);
                let reason = HoldReason::Sponsorship.into();
                let _ =
                    T::Currency::release(&reason, &account, amount, Precision::Exact).defensive();
                Event::Withdrawn { model, sponsor: account, amount }
            }
        };
        Self::put_sponsors(&model, sponsors);
        Self::deposit_event(event);
        Ok(())
    }

    /// Keeps those who have anything left to pay.
    fn put_sponsors(model: &BlockId, mut sponsors: SponsorsOf<T::AccountId>) {
        sponsors.retain(|one| one.left > 0 || one.held > 0);
        if sponsors.is_empty() {
            Sponsors::<T>::remove(model);
        } else {
            Sponsors::<T>::insert(model, sponsors);
        }
    }

    /// What a model's sponsors have left.
    pub(crate) fn escrow(model: &BlockId) -> Amount {
        left_of(&Sponsors::<T>::get(model))
    }

    /// Has sponsors put an amount aside, the first ones first; as much of it as they have left.
    pub(crate) fn put_aside_of_sponsors(
        model: &BlockId,
        amount: Amount,
    ) -> (Amount, Parts<T::AccountId>) {
        let mut sponsors = Sponsors::<T>::get(model);
        let mut parts = Parts::default();
        let mut missing = amount;
        for one in sponsors.iter_mut() {
            let part = missing.min(one.left);
            if part > 0 && parts.try_push((one.account.clone(), part)).defensive().is_ok() {
                one.left = one.left.saturating_sub(part);
                one.held = one.held.saturating_add(part);
                missing = missing.saturating_sub(part);
            }
        }
        Self::put_sponsors(model, sponsors);
        (amount.saturating_sub(missing), parts)
    }

    /// Has sponsors put aside what judging a delta costs, if they have as much.
    pub(crate) fn fill_pot(delta: DeltaId, model: &BlockId, cost: Amount) -> bool {
        if Judging::<T>::contains_key(delta) {
            defensive!("a delta is judged once at a time");
            Self::empty_pot(delta);
        }
        if Self::escrow(model) < cost {
            return false;
        }
        if cost > 0 {
            let (_, parts) = Self::put_aside_of_sponsors(model, cost);
            Judging::<T>::insert(delta, Pot { model: *model, parts });
        }
        true
    }

    /// Gives sponsors back what they put aside to have a delta judged, if they did.
    pub(crate) fn empty_pot(delta: DeltaId) {
        if let Some(pot) = Judging::<T>::take(delta) {
            Self::give_back(pot);
        }
    }

    /// Has sponsors put aside what measuring a delta costs, which they have.
    pub(crate) fn put_aside_for_measuring(delta: DeltaId, model: &BlockId, cost: Amount) {
        let (_, parts) = Self::put_aside_of_sponsors(model, cost);
        if !parts.is_empty() {
            Measuring::<T>::insert(delta, Pot { model: *model, parts });
        }
    }

    /// Pays those who measure a model, of what is put aside for the delta that it is measured for
    /// and of what is left. The rest of the pot stays aside for the next of them.
    pub(crate) fn pay_for_measuring(
        model: &BlockId,
        guards: &[T::AccountId],
        each: Amount,
    ) -> Amount {
        let pot = Measured::<T>::take(model).and_then(|delta| {
            let pot = Measuring::<T>::take(delta).defensive()?;
            Some((delta, pot))
        });
        let Some((delta, pot)) = pot else { return Self::pay_guards(model, guards, each) };
        let aside = pot.parts.iter().fold(0, |sum: Amount, (_, part)| sum.saturating_add(*part));
        Self::give_back(pot);
        let paid = Self::pay_guards(model, guards, each);
        Self::put_aside_for_measuring(delta, model, aside.saturating_sub(paid));
        Self::measure(model, delta);
        paid
    }

    /// Gives sponsors back what they put aside to have a delta measured, if they did.
    pub(crate) fn end_measuring(delta: DeltaId) {
        let Some(pot) = Measuring::<T>::take(delta) else { return };
        if Measured::<T>::get(pot.model) == Some(delta) {
            Measured::<T>::remove(pot.model);
        }
        Self::give_back(pot);
    }

    fn give_back(Pot { model, parts }: Pot<T::AccountId>) {
        let mut sponsors = Sponsors::<T>::get(model);
        for (account, part) in parts {
            let known = sponsors.iter_mut().find(|one| one.account == account);
            let Some(sponsor) = known.defensive() else { continue };
            sponsor.held = sponsor.held.saturating_sub(part);
            sponsor.left = sponsor.left.saturating_add(part);
        }
        Self::put_sponsors(&model, sponsors);
    }

    /// Pays a share of what sponsors put aside, and gives them back what is not paid.
    pub(crate) fn pay_parts(
        model: &BlockId,
        to: &T::AccountId,
        parts: Parts<T::AccountId>,
        share: Ppm,
    ) -> Amount {
        let mut sponsors = Sponsors::<T>::get(model);
        let mut sum: Amount = 0;
        for (account, part) in parts {
            let known = sponsors.iter_mut().find(|one| one.account == account);
            let Some(sponsor) = known.defensive() else { continue };
            let paid = Self::transfer(&account, to, of(share, part));
            sponsor.held = sponsor.held.saturating_sub(part);
            sponsor.left = sponsor.left.saturating_add(part.saturating_sub(paid));
            sum = sum.saturating_add(paid);
        }
        Self::put_sponsors(model, sponsors);
        sum
    }

    /// Pays each the same out of what sponsors have left, the first ones first.
    pub(crate) fn pay_of_sponsors(
        model: &BlockId,
        judges: &[T::AccountId],
        each: Amount,
    ) -> Amount {
        let mut sponsors = Sponsors::<T>::get(model);
        let each = alike(left_of(&sponsors), judges.len(), each);
        let mut sum: Amount = 0;
        for judge in judges {
            let mut missing = each;
            for one in sponsors.iter_mut() {
                let paid = Self::transfer(&one.account, judge, missing.min(one.left));
                one.left = one.left.saturating_sub(paid);
                missing = missing.saturating_sub(paid);
            }
            sum = sum.saturating_add(each.saturating_sub(missing));
        }
        Self::put_sponsors(model, sponsors);
        sum
    }

    /// Pays out of what is held of a sponsor, and says how much: nothing where so little would not
    /// keep the account alive.
    fn transfer(sponsor: &T::AccountId, to: &T::AccountId, amount: Amount) -> Amount {
        if amount == 0 {
            return 0;
        }
        T::Currency::transfer_on_hold(
            &HoldReason::Sponsorship.into(),
            sponsor,
            to,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Force,
        )
        .unwrap_or(0)
    }
}

fn left_of<AccountId>(sponsors: &SponsorsOf<AccountId>) -> Amount {
    sponsors.iter().fold(0, |sum: Amount, one| sum.saturating_add(one.left))
}
