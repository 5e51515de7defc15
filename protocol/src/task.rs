//! The record of a task: everything of it that changes, what may be done with it as it stands, and
//! its place among those that wait.

use crate::{
    beacon::Ticket,
    failure::Failure,
    id::{Amount, Digest, Height, ProviderId},
    job::{JobKind, MAX_REDUNDANCY},
    lifecycle::{Act, Actor, Condition, Refusal, Stage},
    settlement::Escrow,
    wire::wire,
};
use bounded_collections::{BoundedVec, ConstU32};

/// Providers that fail at one task or are contradicted, at most: all that a round can fail with, a
/// few times. Nobody is asked again once so many have.
pub const FAILED_AT_MOST: u32 = 32;

/// Parties that have to say that nobody can do what a requester asks for, before it pays for that.
/// The chain cannot tell who of them lies. The lot brings each: one or two who lie must not cost a
/// requester its fee.
pub const ACCUSERS_LEAST: u8 = 3;

/// Providers that a majority outvotes at one task, at most.
pub const OUTVOTED_AT_MOST: u32 = MAX_REDUNDANCY as u32 / 2;

/// A place in the queue: lower is earlier. What it holds of tip and age never changes, because
/// waiting a block is worth the same to every task.
pub type QueueKey = [u8; 24];

wire! {
    /// Everything of a task that changes.
    pub struct Task<AccountId> {
        pub requester: AccountId,
        pub kind: JobKind,
        pub escrow: Escrow,
        /// Held for the task's place in the state, until it is pruned.
        pub deposit: Amount,
        pub submitted: Height,
        pub stage: Stage,
        /// Up to when this stage lasts.
        pub due: Height,
        /// When the chain looks at it next.
        pub next: Height,
        /// Since when it looks for the workers that it lacks, or did last.
        pub sought: Height,
        /// How many workers are asked, which grows when results contradict each other.
        pub redundancy: u8,
        /// How often workers were drawn.
        pub round: u16,
        /// How often seats were filled again.
        pub reassigned: u8,
        /// How many declined it for what the requester asks for.
        pub accusers: u8,
        /// How many declined it since workers were drawn last, and left seats that nobody fills.
        pub declined: u8,
        pub place: Place,
        pub seats: BoundedVec<Seat, ConstU32<{ MAX_REDUNDANCY as u32 }>>,
        /// Those who failed it, or whose results were contradicted.
        pub excluded: BoundedVec<ProviderId, ConstU32<FAILED_AT_MOST>>,
        /// Those who said something else than the majority, as long as guards may yet find that it
        /// is wrong.
        pub outvoted: BoundedVec<ProviderId, ConstU32<OUTVOTED_AT_MOST>>,
        pub acknowledged: bool,
    }

    /// Where a queued task stands.
    #[derive(Copy)]
    pub enum Place {
        /// Not queued.
        #[codec(index = 0)]
        Nowhere,
        /// Waits for the seed of its draw.
        #[codec(index = 1)]
        Drawing(Ticket),
        /// Waits for its turn.
        #[codec(index = 2)]
        Ready { ticket: Ticket, key: QueueKey },
        /// Too few were found, and it rests before it asks for another seed.
        #[codec(index = 3)]
        Resting,
    }

    /// A provider at work on a task.
    #[derive(Copy)]
    pub struct Seat {
        pub provider: ProviderId,
        /// The round it was drawn in.
        pub round: u16,
        /// Its registration as it was then.
        pub generation: u32,
        pub progress: Progress,
    }

    /// How far a provider has come.
    #[derive(Copy)]
    pub enum Progress {
        /// Has no key to the payload yet.
        #[codec(index = 0)]
        Locked,
        #[codec(index = 1)]
        Working,
        #[codec(index = 2)]
        Committed(Digest),
        #[codec(index = 3)]
        Revealed,
    }

    /// Why money was given back.
    #[derive(Copy)]
    pub enum RefundReason {
        #[codec(index = 0)]
        Cancelled,
        /// No worker was found by the deadline.
        #[codec(index = 1)]
        NobodyFound,
        /// The requester posted no keys, and lost the fee to those who waited for them.
        #[codec(index = 2)]
        NoKeys,
        /// Worker after worker could not open the payload, and the fee was burnt.
        #[codec(index = 3)]
        KeyRejected,
        /// Worker after worker was late.
        #[codec(index = 4)]
        NobodyDelivered,
        /// The results contradict each other.
        #[codec(index = 5)]
        Contradicted,
        /// The result could not be shown.
        #[codec(index = 6)]
        Withheld,
        /// Guards found something else, or knew the result to be false.
        #[codec(index = 7)]
        AuditLost,
        /// Nobody could measure what the task is paid for.
        #[codec(index = 8)]
        Unmeasured,
        /// Worker after worker declined, the last of them for this. Where that is the requester's
        /// doing the fee was burnt.
        #[codec(index = 9)]
        Declined(Failure),
    }
}

impl<AccountId> Task<AccountId> {
    /// The seat of a provider, if it has one.
    pub fn seat(&self, provider: ProviderId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.provider == provider)
    }

    /// Notes how far a provider has come that has a seat.
    pub fn advance(&mut self, provider: ProviderId, progress: Progress) {
        let seat = self.seats.iter_mut().find(|seat| seat.provider == provider);
        if let Some(seat) = seat {
            seat.progress = progress;
        }
    }

    /// Seats to be filled.
    pub fn vacant(&self) -> u8 {
        let taken = u8::try_from(self.seats.len()).unwrap_or(u8::MAX);
        self.redundancy.saturating_sub(taken)
    }

    /// Whether results were shown that contradict each other, if so many workers were asked for:
    /// it is all that has more asked.
    pub fn is_contradicted(&self, asked: u8) -> bool {
        self.redundancy > asked
    }

    /// Whether the requester pays for it that nobody does its task: enough parties said that no
    /// other could do better, they are more than half of all who left, and none of those who are
    /// still there has a result.
    pub fn is_requesters_fault(&self) -> bool {
        let more_than_half = usize::from(self.accusers).saturating_mul(2) > self.excluded.len();
        self.accusers >= ACCUSERS_LEAST && more_than_half && self.committed() == 0
    }

    /// Whether nobody else needs to be asked: of all who have or had a seat, most blame the
    /// requester.
    pub fn is_plainly_requesters_fault(&self) -> bool {
        let all = self.excluded.len().saturating_add(self.seats.len());
        self.is_requesters_fault() && usize::from(self.accusers).saturating_mul(2) > all
    }

    pub fn committed(&self) -> usize {
        let committed =
            |seat: &&Seat| matches!(seat.progress, Progress::Committed(_) | Progress::Revealed);
        self.seats.iter().filter(committed).count()
    }
}

impl<AccountId: PartialEq> Task<AccountId> {
    /// Whether somebody may do this now, as [`crate::lifecycle::RULES`] has it. `operated` looks up
    /// the provider that an account operates, and `asked` how many workers its terms ask for, each
    /// where that matters. Gives the seat of whoever acts as a worker.
    pub fn admit(
        &self,
        act: Act,
        who: &AccountId,
        now: Height,
        operated: impl FnOnce(&AccountId) -> Option<ProviderId>,
        asked: impl FnOnce() -> u8,
    ) -> Result<Option<Seat>, Refusal> {
        let rule = self.stage.allows(act, self.due, now)?;
        let seat = match rule.actor {
            Actor::Anyone => None,
            Actor::Requester if self.requester == *who => None,
            Actor::Requester => return Err(Refusal::NotTheRequester),
            Actor::Worker => {
                let provider = operated(who).ok_or(Refusal::NotAnOperator)?;
                Some(*self.seat(provider).ok_or(Refusal::NotAssigned)?)
            }
        };
        if rule.condition == Condition::NothingDone {
            if self.is_contradicted(asked()) {
                return Err(Refusal::ResultsShown);
            }
            if !self.seats.is_empty() {
                return Err(Refusal::SeatTaken);
            }
        }
        Ok(seat)
    }
}

/// The place of a task in the queue: what its tip is worth in waiting is taken off the time it
/// was submitted at.
pub fn queue_key(submitted: Height, tip: Amount, ageing: Amount, task: u64) -> QueueKey {
    // Half the range, so that a tip can go below the first block's key.
    let start = (Amount::MAX / 2).saturating_add(ageing.saturating_mul(submitted.into()));
    let mut key = [0; 24];
    let (order, name) = key.split_at_mut(16);
    order.copy_from_slice(&start.saturating_sub(tip).to_be_bytes());
    name.copy_from_slice(&task.to_be_bytes());
    key
}

/// The task that stands at a place of the queue.
pub fn queued_task(key: &QueueKey) -> u64 {
    let mut name = [0; 8];
    name.iter_mut().zip(key.iter().skip(16)).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(name)
}

#[cfg(test)]
mod tests;
