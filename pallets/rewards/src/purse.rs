//! Rewards are put aside and paid, and so are those who judge.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{Amount, BlockId, DeltaId},
    learning::{
        panel::Case,
        reward::{difficulty, Cause},
    },
    share::{of, Ppm, WHOLE},
};
use cairn_seams::{Lineage, Purse};
use frame_support::{defensive, pallet_prelude::Get};

impl<T: Config> Purse<T::AccountId> for Pallet<T> {
    fn period() -> u32 {
        Self::number()
    }

    /// Sponsors have to have something for the author too.
    fn pays_for(model: &BlockId, data: &BlockId) -> bool {
        let cost = Self::judging_cost(model).saturating_add(Self::measuring_cost(model));
        let escrow = Self::escrow(model);
        escrow > cost || escrow == cost && Self::draws(model, data)
    }

    /// Of a model that nobody knew in the period before, nothing says that it is hard.
    fn difficulty(model: &BlockId) -> Ppm {
        let Some((period, ledger)) = Self::running() else { return WHOLE };
        match Books::<T>::get(model) {
            Some(book) if book.since < period => {
                difficulty(book.at(period).before, ledger.expected)
            }
            _ => WHOLE,
        }
    }

    fn reserve(
        delta: DeltaId,
        model: &BlockId,
        data: &BlockId,
        author: &T::AccountId,
        amount: Amount,
    ) -> Amount {
        if Reserves::<T>::contains_key(delta) {
            defensive!("a delta is rewarded once");
            return 0;
        }
        let (amount, payer) = if Self::draws(model, data) {
            Self::put_aside_of_budget(model, data, amount)
        } else {
            let (amount, parts) = Self::put_aside_of_sponsors(model, amount);
            (amount, Payer::Sponsors(parts))
        };
        if amount > 0 {
            let data = payer.data().map_or(0, |part| part.amount);
            let reserve = Reserve { model: *model, author: author.clone(), amount, payer };
            Reserves::<T>::insert(delta, reserve);
            Self::deposit_event(Event::Reserved { delta, amount, data });
        }
        amount
    }

    fn release(delta: DeltaId, share: Ppm) -> Amount {
        Self::end_measuring(delta);
        let Some(reserve) = Reserves::<T>::take(delta) else { return 0 };
        let Reserve { model, author, amount, payer } = reserve;
        let (paid, data) = match payer {
            Payer::Sponsors(parts) => (Self::pay_parts(&model, &author, parts, share), 0),
            Payer::Budget { period, data } => {
                let cause = Cause::Learning;
                let paid = Self::mint_held(period, cause, &model, &author, amount, share);
                let part = data.map(|part| {
                    let DataPart { data, author, amount } = part;
                    Self::mint_held(period, Cause::Data, &data, &author, amount, share)
                });
                (paid, part.unwrap_or(0))
            }
        };
        Self::deposit_event(Event::Released { delta, paid, data });
        paid
    }

    /// All get the same. Whoever is one too many gets nothing.
    fn pay_guards(model: &BlockId, guards: &[T::AccountId], each: Amount) -> Amount {
        let guards = guards.get(..MOST_JUDGES).unwrap_or(guards);
        let paid = if Self::draws_for_judging(model) {
            Self::mint_for_judging(model, guards, each)
        } else {
            Self::pay_of_sponsors(model, guards, each)
        };
        if paid > 0 {
            Self::deposit_event(Event::JudgesPaid { model: *model, paid });
        }
        paid
    }

    fn set_aside_for_judging(delta: DeltaId, model: &BlockId) -> bool {
        // It is measured once, however often it is judged.
        let is_aside = Measuring::<T>::contains_key(delta);
        let measuring = if is_aside { 0 } else { Self::measuring_cost(model) };
        let judging = Self::judging_cost(model);
        if Self::escrow(model) < judging.saturating_add(measuring) {
            return false;
        }
        if measuring > 0 {
            Self::put_aside_for_measuring(delta, model, measuring);
        }
        Self::fill_pot(delta, model, judging)
    }

    fn free_judging(delta: DeltaId) {
        Self::empty_pot(delta);
        Self::end_measuring(delta);
    }

    fn measure(model: &BlockId, delta: DeltaId) {
        if Measuring::<T>::contains_key(delta) {
            Measured::<T>::insert(model, delta);
        } else {
            Measured::<T>::remove(model);
        }
    }

    /// What was put aside is free for a moment, and guards are paid of it before anybody can have
    /// it: they may be more than it was put aside for, and the model admitted by now.
    fn pay_panel(case: &Case, model: &BlockId, guards: &[T::AccountId], each: Amount) -> Amount {
        match case {
            Case::Delta(delta) => {
                Self::empty_pot(*delta);
                Self::pay_guards(model, guards, each)
            }
            Case::Sealed { .. } => Self::pay_for_measuring(model, guards, each),
        }
    }

    fn note_success(model: &BlockId) {
        let period = Self::number();
        Books::<T>::mutate_extant(model, |book| {
            *book = book.at(period);
            book.successes = book.successes.saturating_add(1);
        });
    }
}

impl<T: Config> Pallet<T> {
    /// Whether those who judge a model are paid from the budget: as those whose deltas they judge.
    pub(crate) fn draws_for_judging(model: &BlockId) -> bool {
        T::Lineage::validation(model).is_some_and(|data| Self::draws(model, &data))
    }

    /// What a model's sponsors have to put aside to have a delta judged.
    fn judging_cost(model: &BlockId) -> Amount {
        if Self::draws_for_judging(model) {
            0
        } else {
            T::JudgingCost::get()
        }
    }

    /// What they have to put aside beside it, where the reward is to wait for sealed sets.
    fn measuring_cost(model: &BlockId) -> Amount {
        let data = T::Lineage::validation(model).and_then(|data| T::Lineage::data(&data));
        let is_made = data.is_some_and(|set| set.source.is_generator());
        if is_made || Self::draws_for_judging(model) {
            0
        } else {
            T::MeasuringCost::get()
        }
    }

    fn put_aside_of_budget(
        model: &BlockId,
        data: &BlockId,
        amount: Amount,
    ) -> (Amount, Payer<T::AccountId>) {
        let Some((period, mut ledger)) = Self::running() else {
            return (0, Payer::Sponsors(Parts::default()));
        };
        let amount = Self::draw(period, &mut ledger, Cause::Learning, model, amount);
        ledger.held.add(Cause::Learning, amount);
        let part = T::Lineage::data(data).map(|set| {
            let wanted = of(T::Rules::get().data, amount);
            let amount = Self::draw(period, &mut ledger, Cause::Data, data, wanted);
            ledger.held.add(Cause::Data, amount);
            DataPart { data: *data, author: set.author, amount }
        });
        Ledgers::<T>::insert(period, ledger);
        (amount, Payer::Budget { period, data: part.filter(|part| part.amount > 0) })
    }

    /// Mints a share of what is held of a period.
    fn mint_held(
        period: u32,
        cause: Cause,
        block: &BlockId,
        to: &T::AccountId,
        held: Amount,
        share: Ppm,
    ) -> Amount {
        let minted = Self::mint(cause, to, of(share, held));
        Self::settle(period, cause, block, held, minted);
        minted
    }

    fn mint_for_judging(model: &BlockId, judges: &[T::AccountId], each: Amount) -> Amount {
        let Some((period, mut ledger)) = Self::running() else { return 0 };
        let room = Self::room(period, &ledger, Cause::Validation, model);
        let each = alike(room, judges.len(), each);
        let minted = judges.iter().fold(0, |sum: Amount, judge| {
            sum.saturating_add(Self::mint(Cause::Validation, judge, each))
        });
        let drawn = Self::draw(period, &mut ledger, Cause::Validation, model, minted);
        ledger.minted.add(Cause::Validation, drawn);
        Ledgers::<T>::insert(period, ledger);
        minted
    }
}

/// What each of so many gets where there is so much, and each is to get no more than that.
pub(crate) fn alike(room: Amount, count: usize, each: Amount) -> Amount {
    let count = Amount::try_from(count).unwrap_or(Amount::MAX);
    room.checked_div(count).unwrap_or(0).min(each)
}

impl<AccountId> Payer<AccountId> {
    /// What is put aside for the author of the data set.
    pub fn data(&self) -> Option<&DataPart<AccountId>> {
        match self {
            Self::Budget { data, .. } => data.as_ref(),
            Self::Sponsors(_) => None,
        }
    }
}
