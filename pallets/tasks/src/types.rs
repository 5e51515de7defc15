//! What the pallet stores of a task, and what governance may tune.

use crate::Config;
use cairn_protocol::{
    id::{Amount, Digest, Height, ProviderId},
    job::{JobKind, MAX_REDUNDANCY},
    lifecycle::Stage,
    matching::Weights,
    settlement::{Escrow, Shares},
    share::Ppm,
};
use cairn_seams::Ticket;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    traits::{fungible::Inspect, ConstU32},
    BoundedVec,
};
use scale_info::TypeInfo;

pub use cairn_protocol::job::{WrappedKey, WRAPPED_KEY_BYTES};

pub type BalanceOf<T> =
    <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type TaskOf<T> = Task<AccountIdOf<T>>;

/// Providers that are not asked again for one task.
pub const EXCLUDED: u32 = cairn_seams::FAILED_AT_MOST;

/// Chunks of a result that are drawn to be shown, at most; the last is shown beside them.
pub const CHUNKS_DRAWN: u8 = 15;
pub const CHUNKS_SHOWN: u32 = CHUNKS_DRAWN as u32 + 1;

/// What a task rests is this part of how long it has looked for workers.
const PATIENCE: Height = 8;

/// A stage is left in the block after its last.
const LOOK: Height = 1;

/// A place in the queue: lower is earlier. What it holds of tip and age never changes, because
/// waiting a block is worth the same to every task.
pub type QueueKey = [u8; 24];

/// Everything of a task that changes.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
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
    pub place: Place,
    pub seats: BoundedVec<Seat, ConstU32<{ MAX_REDUNDANCY as u32 }>>,
    /// Those who failed it, or whose results were contradicted.
    pub excluded: BoundedVec<ProviderId, ConstU32<EXCLUDED>>,
    pub acknowledged: bool,
}

/// Where a queued task stands.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
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
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Seat {
    pub provider: ProviderId,
    /// The round it was drawn in.
    pub round: u16,
    /// Its registration as it was then.
    pub generation: u32,
    pub progress: Progress,
}

/// How far a provider has come.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
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

/// What was complained about the workers of a task, kept as long as the task is.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Grievances {
    /// The one that is to be answered.
    pub open: Option<Complaint>,
    /// How often each was complained about.
    pub made: BoundedVec<(ProviderId, u8), ConstU32<{ MAX_REDUNDANCY as u32 }>>,
}

/// A worker has to show chunks of its result.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Complaint {
    pub against: ProviderId,
    /// Held of the requester until it is answered.
    pub deposit: Amount,
    /// Of the seed that says which chunks.
    pub ticket: Ticket,
    /// How many beside the last one.
    pub chunks: u8,
    /// They are drawn, and the worker's time has begun.
    pub asked: bool,
    /// Blocks that were left of the window.
    pub rest: Height,
}

/// Why money was given back.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
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
}

/// What governance may tune of tasks.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Rules {
    pub clocks: Clocks,
    pub prices: Prices,
    pub draws: Draws,
    pub complaints: ComplaintRules,
}

/// Times, in blocks of the market's clock.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Clocks {
    /// How long a task may wait for a worker, at most.
    pub match_most: Height,
    /// How long a worker gets, at least and at most.
    pub work_least: Height,
    pub work_most: Height,
    /// How long the requester of a sealed task has to post keys, at least and at most.
    pub keys_least: Height,
    pub keys_most: Height,
    /// From the last commitment to the last reveal.
    pub reveal: Height,
    /// How long a result stands before it is paid.
    pub window: Height,
    /// How long seats that fell vacant may wait for another worker.
    pub rematch: Height,
    /// How long an ended task is kept.
    pub record: Height,
}

/// Money.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Prices {
    /// The least reward of one worker, so that no payment is dust.
    pub reward_least: Amount,
    /// The fee's fixed part, and its share of reward and tip.
    pub fee_fixed: Amount,
    pub fee_share: Ppm,
    pub shares: Shares,
    /// Held for a task's record, and for each byte of it.
    pub deposit_item: Amount,
    pub deposit_byte: Amount,
    /// Bytes of a task's terms.
    pub terms_bytes: u32,
    /// What a block of waiting is worth against a tip.
    pub ageing: Amount,
}

/// Matching.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Draws {
    /// Providers looked at for a task.
    pub sample: u8,
    pub weights: Weights,
    /// The least score of those who are drawn by bond.
    pub floor: Ppm,
    /// How often vacant seats are filled again.
    pub reassignments: u8,
    /// How long a task rests after a draw that found too few, at most.
    pub rest: Height,
}

/// Complaints about results that cannot be fetched.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct ComplaintRules {
    /// What one costs that is answered.
    pub deposit: Amount,
    /// Complaints about each worker of a task.
    pub most: u8,
    /// Chunks to be shown beside the last, [`CHUNKS_DRAWN`] at most.
    pub chunks: u8,
    /// How long a worker has to show them, once they are drawn.
    pub show: Height,
}

impl Rules {
    /// How long a provider can have a seat at a task of one worker, from the draw to the end, if
    /// seeds, which take so many blocks, are in time and blocks have room. `audit` is how long the
    /// longest audit of it takes.
    pub fn longest_alone(&self, seed: Height, audit: Height) -> Height {
        let work = self.clocks.longest_round();
        work.saturating_add(audit).saturating_add(self.longest_standing(1, seed))
    }

    /// The same at a task of several workers. Who has committed keeps its seat while those of
    /// others are filled again, each time by workers who may take as long as the first.
    pub fn longest_among(&self, seed: Height, audit: Height) -> Height {
        let again = Height::from(self.draws.reassignments);
        let round = self.clocks.longest_round();
        let more = round.saturating_add(self.clocks.rematch);
        round
            .saturating_add(again.saturating_mul(more))
            .saturating_add(audit)
            .saturating_add(self.longest_standing(MAX_REDUNDANCY, seed))
    }

    /// How long a result stands before it is paid, if every worker is complained about as often
    /// as may be. The window does not pass meanwhile.
    fn longest_standing(&self, workers: u8, seed: Height) -> Height {
        let complaints = Height::from(self.complaints.most).saturating_mul(workers.into());
        let each = seed.saturating_add(self.complaints.show).saturating_add(LOOK);
        let window = self.clocks.window.saturating_add(LOOK);
        window.saturating_add(complaints.saturating_mul(each))
    }
}

impl Draws {
    /// How long a task rests that has looked for workers for so long. The longer it did, the
    /// rarer are its draws, and whoever is found at last was looked for not much longer than
    /// it was needed.
    pub fn resting(&self, looked: Height) -> Height {
        looked.checked_div(PATIENCE).unwrap_or(0).min(self.rest)
    }
}

impl Clocks {
    /// From the draw of workers to the end of their reveals.
    fn longest_round(&self) -> Height {
        let looks = LOOK.saturating_mul(3);
        self.keys_most
            .saturating_add(self.work_most)
            .saturating_add(self.reveal)
            .saturating_add(looks)
    }
}

impl Grievances {
    /// Notes one more about a provider; gives its number among those of the task, or none where
    /// there were as many as may be.
    pub fn count(&mut self, provider: ProviderId, most: u8) -> Option<u32> {
        let earlier: u32 = self.made.iter().map(|(_, count)| u32::from(*count)).sum();
        match self.made.iter_mut().find(|(one, _)| *one == provider) {
            Some((_, count)) if *count < most => *count = count.saturating_add(1),
            None if most > 0 => self.made.try_push((provider, 1)).ok()?,
            _ => return None,
        }
        Some(earlier)
    }
}

impl<AccountId> Task<AccountId> {
    /// The seat of a provider, if it has one.
    pub fn seat(&self, provider: ProviderId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.provider == provider)
    }

    pub fn seat_mut(&mut self, provider: ProviderId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.provider == provider)
    }

    /// Seats to be filled.
    pub fn vacant(&self) -> u8 {
        let taken = u8::try_from(self.seats.len()).unwrap_or(u8::MAX);
        self.redundancy.saturating_sub(taken)
    }

    pub fn committed(&self) -> usize {
        let committed =
            |seat: &&Seat| matches!(seat.progress, Progress::Committed(_) | Progress::Revealed);
        self.seats.iter().filter(committed).count()
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn queue_key_should_order_by_tip_and_age(
            (earlier, tip) in (0..1_000_000u32, 0..1_000_000u128),
            (wait, other_tip) in (0..1_000u32, 0..1_000_000u128),
        ) {
            let ageing = 1_000;
            let a = queue_key(earlier, tip, ageing, 1);
            let b = queue_key(earlier + wait, other_tip, ageing, 2);
            let worth = tip + ageing * u128::from(wait);
            prop_assert_eq!(a < b, worth >= other_tip);
        }

        #[test]
        fn queued_task_should_read_the_name(submitted: u32, tip: u128, ageing: u128, task: u64) {
            prop_assert_eq!(queued_task(&queue_key(submitted, tip, ageing, task)), task);
        }
    }
}
