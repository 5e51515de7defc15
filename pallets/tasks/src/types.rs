//! What the pallet stores beside the record of a task, and what governance may tune.

use crate::Config;
use cairn_protocol::{
    id::{Amount, Height, ProviderId, TaskId},
    job::MAX_REDUNDANCY,
    matching::Weights,
    settlement::Shares,
    share::Ppm,
};
use cairn_seams::Ticket;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    traits::{fungible::Inspect, ConstU32},
    BoundedVec,
};
use scale_info::TypeInfo;

pub use cairn_protocol::{
    job::{WrappedKey, WRAPPED_KEY_BYTES},
    task::{queue_key, queued_task, Place, Progress, QueueKey, RefundReason, Seat, Task},
};

pub type BalanceOf<T> =
    <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type TaskOf<T> = Task<AccountIdOf<T>>;

/// Chunks of a result that are drawn to be shown, at most; the last is shown beside them.
pub const CHUNKS_DRAWN: u8 = 15;
pub const CHUNKS_SHOWN: u32 = CHUNKS_DRAWN as u32 + 1;

/// What a task rests is this part of how long it has looked for workers.
const PATIENCE: Height = 8;

/// Draws after which rests grow no more, nearly: by then they are the longest there may be.
const GROWING: u32 = 128;

/// A stage is left in the block after its last.
const LOOK: Height = 1;

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
    /// Held for each entry of the state that a task may come to have, and for each byte in it.
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
    /// What one worker is offered at most, with its part of the tip, as a share of its bond: a lie
    /// must not bring more than it risks. It may be more than the whole.
    pub cover: Ppm,
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
    /// How long a task rests that has looked for workers for so long, by its number a quarter less
    /// to a quarter more than most: tasks submitted together shall not draw together ever after.
    pub fn rest_of(&self, id: TaskId, looked: Height) -> Height {
        let rest = self.resting(looked);
        let quarter = rest.checked_div(4).unwrap_or(0);
        let apart = quarter.saturating_mul(2).saturating_add(1);
        let by_number = id.0.checked_rem(apart.into()).unwrap_or(0);
        let more = Height::try_from(by_number).unwrap_or(0);
        rest.saturating_sub(quarter).saturating_add(more)
    }

    /// How long a task rests in the middle. The longer it has looked for workers, the rarer are its
    /// draws, and whoever is found at last was looked for not much longer than it was needed.
    fn resting(&self, looked: Height) -> Height {
        looked.checked_div(PATIENCE).unwrap_or(0).min(self.rest)
    }

    /// How long so many draws take in the middle, if the seed of each takes so long.
    pub fn lasting(&self, draws: u32, seed: Height) -> Height {
        let next = |looked: Height| seed.saturating_add(self.resting(looked));
        let gone = (1..draws.min(GROWING)).fold(seed, |gone, _| gone.saturating_add(next(gone)));
        gone.saturating_add(next(gone).saturating_mul(draws.saturating_sub(GROWING)))
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
