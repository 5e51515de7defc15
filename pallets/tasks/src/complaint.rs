//! A requester cannot fetch a result, and its worker shows parts of it that nobody could know of
//! beforehand, or is not paid.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    chunk::{self, Proof},
    fault::Fault,
    id::{ContentId, Height, ProviderId, TaskId},
    lifecycle::{Act, Turn},
    reputation::Observation,
    result::Output,
};
use cairn_seams::{Beacon, Clock, Registry, Reputation, Subject, Ticket};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Defensive,
    },
};

/// What a seed for chunks is drawn for.
const PURPOSE: [u8; 8] = *b"task/get";

impl<T: Config> Pallet<T> {
    pub(crate) fn do_complain(
        requester: T::AccountId,
        id: TaskId,
        provider: ProviderId,
    ) -> DispatchResult {
        let mut task = Self::open(id, Act::Complain, &requester)?;
        ensure!(task.seat(provider).is_some(), Error::<T>::NotAssigned);
        ensure!(Self::artifact(id, provider).is_some(), Error::<T>::NotAnArtifact);
        let rules = T::Rules::get().complaints;
        let mut complaints = Complaints::<T>::get(id).unwrap_or_default();
        let nth = complaints.count(provider, rules.most).ok_or(Error::<T>::ComplainedAlready)?;
        T::Currency::hold(&HoldReason::Complaint.into(), &requester, rules.deposit)
            .map_err(|_| Error::<T>::NotEnoughBalance)?;

        let subject = Subject { purpose: PURPOSE, id: id.0, nth };
        let ticket = T::Beacon::request(subject);
        complaints.open = Some(Complaint {
            against: provider,
            deposit: rules.deposit,
            ticket,
            chunks: rules.chunks.min(CHUNKS_DRAWN),
            asked: false,
            rest: task.due.saturating_sub(T::Clock::now()),
        });
        Self::turn(&mut task, Turn::Complained);
        Self::await_chunks(id, &mut task, &ticket);
        Complaints::<T>::insert(id, complaints);
        Tasks::<T>::insert(id, task);
        Self::deposit_event(Event::Complained { task: id, provider });
        Ok(())
    }

    /// What a worker says its result is, where it is no bytes of its answer.
    pub(crate) fn artifact(id: TaskId, provider: ProviderId) -> Option<(ContentId, u64)> {
        match Answers::<T>::get(id, provider)?.output {
            Output::Artifact { id, bytes } => Some((id, bytes)),
            Output::Inline(_) => None,
        }
    }

    /// Has a task looked at when its chunks may be drawn. How long the worker has is counted from
    /// then on, so what is due now is the earliest it may be.
    fn await_chunks(id: TaskId, task: &mut TaskOf<T>, ticket: &Ticket) {
        let soon = T::Clock::now().saturating_add(1);
        let ready = T::Beacon::ready_at(ticket).max(soon);
        task.due = ready.saturating_add(T::Rules::get().complaints.show);
        Self::schedule(id, task, ready);
    }

    /// The chunks that a complaint asks for, in ascending order; none before they are drawn.
    pub(crate) fn asked_chunks(id: TaskId, complaint: &Complaint) -> Option<Vec<u64>> {
        let seed = T::Beacon::seed(&complaint.ticket)?;
        let (_, bytes) = Self::artifact(id, complaint.against)?;
        Some(chunk::asked(&seed, bytes, complaint.chunks))
    }

    /// Chunks can be drawn, or the time to show them is over.
    pub(crate) fn hear(id: TaskId, mut task: TaskOf<T>) {
        let Some(mut complaints) = Complaints::<T>::get(id).defensive() else { return };
        let Some(complaint) = complaints.open.as_mut().defensive() else { return };
        if complaint.asked {
            return Self::withhold(id, task, complaints);
        }
        let provider = complaint.against;
        match Self::asked_chunks(id, complaint) {
            // Authors were too few.
            None => Self::await_chunks(id, &mut task, &complaint.ticket),
            Some(chunks) => {
                complaint.asked = true;
                let show = T::Rules::get().complaints.show;
                let due = T::Clock::now().saturating_add(show);
                Self::schedule_due(id, &mut task, due);
                Complaints::<T>::insert(id, complaints);
                Self::deposit_event(Event::ChunksAsked { task: id, provider, chunks, due });
            }
        }
        Tasks::<T>::insert(id, task);
    }

    pub(crate) fn do_show(operator: T::AccountId, id: TaskId, proofs: &[Proof]) -> DispatchResult {
        let (task, Seat { provider, .. }) = Self::open_seat(id, Act::Show, &operator)?;
        let complaints = Complaints::<T>::get(id).unwrap_or_default();
        let complaint = complaints.open.ok_or(Error::<T>::NothingToShow)?;
        ensure!(complaint.against == provider, Error::<T>::NothingToShow);
        let chunks = Self::asked_chunks(id, &complaint).ok_or(Error::<T>::ChunksNotDrawn)?;
        let (content, bytes) = Self::artifact(id, provider).ok_or(Error::<T>::NotAnArtifact)?;
        ensure!(chunks.len() == proofs.len(), Error::<T>::WrongNumberOfChunks);
        for (index, proof) in chunks.into_iter().zip(proofs) {
            chunk::verify(&content, bytes, index, proof).map_err(|_| Error::<T>::ChunkNotProven)?;
        }
        let owner = T::Registry::owner(provider);
        Self::close_complaint(id, &task, complaints, owner);
        let due = Self::back_to_window(id, task, Turn::Shown, complaint.rest);
        Self::deposit_event(Event::Shown { task: id, provider, due });
        Ok(())
    }

    /// The worker showed nothing in time: it is not paid. What it would have had is shared by
    /// those who are left, or goes back where each is paid by itself.
    fn withhold(id: TaskId, mut task: TaskOf<T>, complaints: Grievances) {
        let Some(complaint) = complaints.open.defensive() else { return };
        let provider = complaint.against;
        Self::close_complaint(id, &task, complaints, None);
        let absent = Observation { available: Some(false), ..Observation::default() };
        T::Reputation::observe_for(provider, task.kind, absent, &task.requester);
        T::Registry::penalise(provider, Fault::Withheld, id.0);
        Self::leave_seat(id, &mut task, provider);
        Self::deposit_event(Event::Withheld { task: id, provider });
        if task.seats.is_empty() {
            return Self::refund(id, task, Turn::Withheld, RefundReason::Withheld);
        }
        Self::back_to_window(id, task, Turn::Dropped, complaint.rest);
    }

    /// What was left of the window when the complaint came is left of it still. Were it to begin
    /// anew, complaints would put payment off for more than they take themselves.
    fn back_to_window(id: TaskId, mut task: TaskOf<T>, turn: Turn, rest: Height) -> Height {
        Self::turn(&mut task, turn);
        let due = T::Clock::now().saturating_add(rest);
        Self::schedule_due(id, &mut task, due);
        Tasks::<T>::insert(id, task);
        due
    }

    /// The deposit goes to whoever answered, or back.
    fn close_complaint(
        id: TaskId,
        task: &TaskOf<T>,
        mut complaints: Grievances,
        answered: Option<T::AccountId>,
    ) {
        let Some(complaint) = complaints.open.take().defensive() else { return };
        T::Beacon::release(complaint.ticket);
        Complaints::<T>::insert(id, complaints);
        let reason = HoldReason::Complaint.into();
        let requester = &task.requester;
        let exact = Precision::Exact;
        let paid = answered.map(|owner| {
            let (free, force) = (Restriction::Free, Fortitude::Force);
            let deposit = complaint.deposit;
            T::Currency::transfer_on_hold(&reason, requester, &owner, deposit, exact, free, force)
        });
        // An account that so little would not keep alive cannot be paid.
        if !matches!(paid, Some(Ok(_))) {
            let _ = T::Currency::release(&reason, requester, complaint.deposit, exact).defensive();
        }
    }
}
