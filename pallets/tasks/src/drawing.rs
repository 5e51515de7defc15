//! Workers are drawn: a seed is waited for, then a turn in the queue.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{ProviderId, Seed, TaskId},
    job::Terms,
    lifecycle::Turn,
    matching::Demand,
};
use cairn_seams::{Beacon, Clock, Lane, Prospect, Registry, Subject};
use frame_support::{pallet_prelude::Get, traits::Defensive};

/// What a seed for workers is drawn for.
const PURPOSE: [u8; 8] = *b"task/who";

impl<T: Config> Pallet<T> {
    /// Asks for the seed of the next draw. What is known when it comes can no longer be chosen.
    pub(crate) fn ask_for_seed(id: TaskId, task: &mut TaskOf<T>) {
        task.round = task.round.saturating_add(1);
        let subject = Subject { purpose: PURPOSE, id: id.0, nth: task.round.into() };
        let ticket = T::Beacon::request(subject);
        task.place = Place::Drawing(ticket);
        let ready = T::Beacon::ready_at(&ticket);
        Self::schedule(id, task, ready.min(task.due.saturating_add(1)));
    }

    /// Has a task draw again. Another draw looks at others; the same one again would be known
    /// beforehand. A task that nobody can do costs its requester nothing in the end. Were it to draw
    /// as often as it can it would cost everyone draws, so each in vain puts the next farther off.
    fn draw_again(id: TaskId, task: &mut TaskOf<T>) {
        let now = T::Clock::now();
        let rest = T::Rules::get().draws.rest_of(id, now.saturating_sub(task.sought));
        if rest == 0 {
            return Self::ask_for_seed(id, task);
        }
        task.place = Place::Resting;
        let overdue = task.due.saturating_add(1);
        Self::schedule(id, task, now.saturating_add(rest).min(overdue));
    }

    /// Puts a task into the queue if its seed is there. One that rested asks for another seed.
    pub(crate) fn enter_queue(id: TaskId, task: &mut TaskOf<T>) {
        let ticket = match task.place {
            Place::Drawing(ticket) => ticket,
            Place::Resting => return Self::ask_for_seed(id, task),
            Place::Nowhere | Place::Ready { .. } => return,
        };
        let overdue = task.due.saturating_add(1);
        if T::Beacon::seed(&ticket).is_none() {
            let soon = T::Clock::now().saturating_add(1);
            let ready = T::Beacon::ready_at(&ticket).max(soon);
            return Self::schedule(id, task, ready.min(overdue));
        }
        let ageing = T::Rules::get().prices.ageing;
        let key = queue_key(task.submitted, task.escrow.tip, ageing, id.0);
        Queue::<T>::insert(key, ());
        task.place = Place::Ready { ticket, key };
        Self::schedule(id, task, overdue);
    }

    /// Takes a task out of the queue, wherever in it it is.
    pub(crate) fn leave_queue(task: &mut TaskOf<T>) {
        match core::mem::replace(&mut task.place, Place::Nowhere) {
            Place::Nowhere | Place::Resting => {}
            Place::Drawing(ticket) => T::Beacon::release(ticket),
            Place::Ready { ticket, key } => {
                Queue::<T>::remove(key);
                T::Beacon::release(ticket);
            }
        }
    }

    /// Finds workers for a task in the queue, or has it draw anew.
    pub(crate) fn find_workers(id: TaskId, mut task: TaskOf<T>) {
        let seed = match &task.place {
            Place::Ready { ticket, .. } => T::Beacon::seed(ticket),
            _ => None,
        };
        Self::leave_queue(&mut task);
        let drawn = TermsOf::<T>::get(id).zip(seed).defensive().map(|(terms, seed)| {
            let chosen = Self::choose(&task, &terms, &seed);
            (terms, chosen)
        });
        match drawn {
            Some((terms, chosen)) if chosen.len() == usize::from(task.vacant()) => {
                Self::seat(id, &mut task, &terms, &chosen)
            }
            _ => Self::draw_again(id, &mut task),
        }
        Tasks::<T>::insert(id, task);
    }

    /// Who takes the vacant seats; fewer than those where not enough are fit.
    pub(crate) fn choose(task: &TaskOf<T>, terms: &Terms, seed: &Seed) -> Vec<ProviderId> {
        let draws = T::Rules::get().draws;
        // However many are asked in the end, each is offered what the first were.
        let demand = Demand::of(terms, terms.redundancy, draws.cover);
        let lane = Lane::Jobs(task.kind);
        let mut field =
            T::Registry::sample(lane, terms.requirements.class, draws.sample.into(), seed);
        field.retain(|Prospect { candidate, .. }| {
            !task.excluded.contains(&candidate.provider) && demand.check(candidate).is_ok()
        });
        // None of the requester's own, and one of a party, which is asked once: who failed or was
        // contradicted does not come again under another name.
        let mut taken = T::Registry::names(&task.requester);
        let seated = task.seats.iter().map(|seat| seat.provider);
        let asked = seated.chain(task.excluded.iter().copied());
        taken.extend(asked.flat_map(T::Registry::names_of));
        let field = T::Registry::strangers(field, taken);
        if task.redundancy > 1 {
            let field = T::Registry::parties(field);
            return demand.draw(&field, task.vacant(), &draws.weights, draws.floor, seed);
        }
        let candidates: Vec<_> = field.into_iter().map(|one| one.candidate).collect();
        demand.best(&candidates, &draws.weights, seed).into_iter().collect()
    }

    fn seat(id: TaskId, task: &mut TaskOf<T>, terms: &Terms, chosen: &[ProviderId]) {
        let (turn, progress, blocks) = match &terms.seal {
            None => (Turn::Seated, Progress::Working, terms.work_blocks),
            Some(seal) => (Turn::SeatedSealed, Progress::Locked, seal.key_blocks),
        };
        for provider in chosen {
            let generation = T::Registry::generation(*provider);
            let seat = Seat { provider: *provider, round: task.round, generation, progress };
            if task.seats.try_push(seat).defensive().is_ok() {
                T::Registry::begin_work(*provider);
                T::Registry::engage(*provider);
            }
        }
        Self::turn(task, turn);
        Self::schedule_due(id, task, T::Clock::now().saturating_add(blocks));
        Self::deposit_event(Event::Assigned {
            task: id,
            round: task.round,
            providers: chosen.to_vec(),
            due: task.due,
        });
    }
}
