//! Money moves, and the task ends.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{Amount, TaskId},
    lifecycle::Turn,
    reputation::Observation,
    settlement::{forfeit, refund, Pay, Split},
};
use cairn_seams::{Clock, Models, OnSettled, Registry, Reputation};
use frame_support::{
    pallet_prelude::Get,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Defensive,
    },
};

impl<T: Config> Pallet<T> {
    /// The result was not objected to: its workers are paid.
    pub(crate) fn settle(id: TaskId, mut task: TaskOf<T>) {
        let Some(terms) = TermsOf::<T>::get(id).defensive() else { return };
        let model = terms.job.model;
        let creator = model.as_ref().and_then(T::Models::creator);
        let royalty = model.as_ref().filter(|_| creator.is_some()).map(T::Models::royalty);
        let workers = Self::workers(&task);
        let shares = T::Rules::get().prices.shares;
        let pay = Pay::of(terms.policy, terms.redundancy);
        let split = shares.settle(&task.escrow, pay, workers, royalty);
        Self::pay(&task, &split, creator);
        if let Some(model) = &model {
            T::Models::note_use(model);
        }

        let left = split.irrecoverable().checked_div(workers.into()).unwrap_or(0);
        // One worker's result was compared with nobody's: it was in time, and no more is known.
        let well = Observation {
            accurate: (workers > 1).then_some(true),
            timely: Some(true),
            available: Some(true),
        };
        for seat in &task.seats {
            T::Reputation::observe_for(seat.provider, task.kind, well, &task.requester);
            T::OnSettled::settled(seat.provider, task.kind, left);
            T::Registry::disengage(seat.provider);
        }
        Self::turn(&mut task, Turn::Accepted);
        Self::keep(id, task);
        Self::deposit_event(Event::Settled { task: id, each: split.each, burnt: split.burnt });
    }

    /// Gives everything back.
    pub(crate) fn refund(id: TaskId, task: TaskOf<T>, turn: Turn, reason: RefundReason) {
        let split = refund(&task.escrow);
        Self::give_back(id, task, turn, reason, split);
    }

    /// The requester posted no keys: the fee goes to those who waited.
    pub(crate) fn forfeit(id: TaskId, task: TaskOf<T>) {
        let split = forfeit(&task.escrow, Self::workers(&task));
        Self::give_back(id, task, Turn::KeysMissing, RefundReason::NoKeys, split);
    }

    pub(crate) fn give_back(
        id: TaskId,
        mut task: TaskOf<T>,
        turn: Turn,
        reason: RefundReason,
        split: Split,
    ) {
        let burnt = Self::pay(&task, &split, None);
        for provider in Self::seats_where(&task, |_| true) {
            Self::leave_seat(id, &mut task, provider);
        }
        Self::turn(&mut task, turn);
        Self::keep(id, task);
        Self::deposit_event(Event::Refunded { task: id, reason, back: split.back, burnt });
    }

    fn workers(task: &TaskOf<T>) -> u8 {
        u8::try_from(task.seats.len()).unwrap_or(u8::MAX)
    }

    /// Takes the escrow apart. Whoever cannot be paid loses it to the treasury, and what the
    /// treasury cannot take is burnt: an end that moves less than all would hold it forever. Says
    /// how much was burnt.
    fn pay(task: &TaskOf<T>, split: &Split, creator: Option<T::AccountId>) -> Amount {
        let treasury = T::Treasury::get();
        let mut unpaid = split.treasury;
        for seat in &task.seats {
            let owner = T::Registry::owner(seat.provider).unwrap_or_else(|| treasury.clone());
            unpaid = unpaid.saturating_add(Self::transfer(task, &owner, split.each));
        }
        if let Some(creator) = creator {
            unpaid = unpaid.saturating_add(Self::transfer(task, &creator, split.creator));
        }
        let burnt = split.burnt.saturating_add(Self::transfer(task, &treasury, unpaid));
        let reason = HoldReason::Escrow.into();
        let requester = &task.requester;
        let (exact, force) = (Precision::Exact, Fortitude::Force);
        let _ = T::Currency::burn_held(&reason, requester, burnt, exact, force).defensive();
        let _ = T::Currency::release(&reason, requester, split.back, exact).defensive();
        burnt
    }

    /// Pays out of the escrow; what could not be paid is returned.
    fn transfer(task: &TaskOf<T>, to: &T::AccountId, amount: Amount) -> Amount {
        let paid = T::Currency::transfer_on_hold(
            &HoldReason::Escrow.into(),
            &task.requester,
            to,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Force,
        );
        amount.saturating_sub(paid.unwrap_or(0))
    }

    /// Keeps an ended task for a while, for those who look it up.
    fn keep(id: TaskId, mut task: TaskOf<T>) {
        task.escrow = Default::default();
        let until = T::Clock::now().saturating_add(T::Rules::get().clocks.record);
        Self::schedule_due(id, &mut task, until);
        Tasks::<T>::insert(id, task);
    }

    /// Forgets an ended task.
    pub(crate) fn prune(id: TaskId, task: TaskOf<T>) {
        for seat in &task.seats {
            Answers::<T>::remove(id, seat.provider);
            Keys::<T>::remove(id, seat.provider);
        }
        Agenda::<T>::remove(task.next, id);
        Complaints::<T>::remove(id);
        TasksOf::<T>::remove(&task.requester, id);
        TermsOf::<T>::remove(id);
        Tasks::<T>::remove(id);
        let reason = HoldReason::Deposit.into();
        let _ = T::Currency::release(&reason, &task.requester, task.deposit, Precision::Exact)
            .defensive();
        Self::deposit_event(Event::Pruned { task: id });
    }
}
