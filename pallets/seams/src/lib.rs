#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use alloc::vec::Vec;
use cairn_protocol::{
    fault::Fault,
    id::{Amount, BlockId, Height, ProviderId, Seed},
    job::JobKind,
    profile::{Candidate, DeviceClass, Role},
    reputation::Observation,
    share::Ppm,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The market's time.
pub trait Clock {
    /// Blocks so far, without those that passed while the chain was stopped.
    fn now() -> Height;

    /// Time stands still: nothing may come due.
    fn is_stopped() -> bool;
}

/// What a seed is drawn for. No two draws have the same subject.
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
pub struct Subject {
    /// The pallet and the kind of draw, in its own words.
    pub purpose: [u8; 8],
    /// The task, challenge or audit.
    pub id: u64,
    /// How often something was drawn for it before.
    pub nth: u32,
}

/// A seed asked for and not yet used.
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
pub struct Ticket {
    pub subject: Subject,
    /// The window opens after this height.
    pub requested_at: Height,
}

/// The one source of randomness for draws.
pub trait Beacon {
    /// Asks for a seed. Nobody can know it before its window of blocks has passed, all of which
    /// come after this one. Every ticket has to be released.
    fn request(subject: Subject) -> Ticket;

    /// How many heights pass from a request to its seed, if authors are not too few.
    fn delay() -> Height;

    /// The first height whose calls may read the seed; later if authors are too few.
    fn ready_at(ticket: &Ticket) -> Height;

    /// The seed; none before its window is closed, or after the ticket was released.
    fn seed(ticket: &Ticket) -> Option<Seed>;

    /// The seed will not be asked for again.
    fn release(ticket: Ticket);
}

/// A pool of providers from which some are drawn.
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
pub enum Lane {
    /// Compute providers who offer this kind.
    #[codec(index = 0)]
    Jobs(JobKind),
    /// All who have this role.
    #[codec(index = 1)]
    Holders(Role),
}

/// Who may serve.
pub trait Registry<AccountId> {
    /// At most `count` different providers of a lane, of that class or above, drawn by the seed
    /// from those who may be available. What it costs does not grow with their number.
    fn sample(lane: Lane, class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId>;

    /// What matching looks at, for a provider that is available now.
    fn candidate(provider: ProviderId, lane: Lane) -> Option<Candidate>;

    fn owner(provider: ProviderId) -> Option<AccountId>;

    /// Whether a provider and an account are one party: see [`Registry::linked`], asked of owner
    /// and operator.
    fn belongs_to(provider: ProviderId, account: &AccountId) -> bool {
        Self::owner(provider).is_some_and(|owner| Self::linked(&owner, account))
    }

    /// The provider whose operator an account is.
    fn operated_by(operator: &AccountId) -> Option<ProviderId>;

    /// How often the operator key or the hardware of a registration has changed.
    fn generation(provider: ProviderId) -> u32;

    /// Whether two accounts are the same party as far as the chain knows: equal, owner and
    /// operator of one provider, operators of one owner, or declared so.
    fn linked(a: &AccountId, b: &AccountId) -> bool;

    /// The provider has begun or ended a job.
    fn begin_work(provider: ProviderId);
    fn end_work(provider: ProviderId);

    /// The provider may yet be called to account for some work, and cannot withdraw.
    fn engage(provider: ProviderId);
    fn disengage(provider: ProviderId);

    /// Queues a penalty, which can be appealed before it is executed. `subject` is what the
    /// fault was made in, in the caller's words.
    fn penalise(provider: ProviderId, fault: Fault, subject: u64);
}

/// How well providers did.
pub trait Reputation<AccountId> {
    /// What was seen in work that the chain itself gave out.
    fn observe(provider: ProviderId, kind: JobKind, observation: Observation);

    /// What was seen in work for somebody. It counts nothing where the two are one party.
    fn observe_for(
        provider: ProviderId,
        kind: JobKind,
        observation: Observation,
        requester: &AccountId,
    );

    /// What matching weighs: everything known of a provider at this kind.
    fn standing(provider: ProviderId, kind: JobKind) -> Ppm;

    /// The provider is gone for good.
    fn forget(provider: ProviderId);
}

/// Hears what work was paid for.
pub trait OnSettled {
    /// A provider's work was settled, and so much of what it cost the requester reached neither
    /// the provider nor the model's creator: it was burnt, or is the treasury's.
    fn settled(provider: ProviderId, irrecoverable: Amount);
}

impl OnSettled for () {
    fn settled(_: ProviderId, _: Amount) {}
}

/// The models that jobs run on.
pub trait Models<AccountId> {
    fn exists(model: &BlockId) -> bool;

    /// Whether an account may use it.
    fn may_use(model: &BlockId, who: &AccountId) -> bool;

    /// Who gets the creator's share; none leaves it to the treasury.
    fn creator(model: &BlockId) -> Option<AccountId>;
}

/// No registry of models yet: every id is unknown.
impl<AccountId> Models<AccountId> for () {
    fn exists(_: &BlockId) -> bool {
        false
    }

    fn may_use(_: &BlockId, _: &AccountId) -> bool {
        false
    }

    fn creator(_: &BlockId) -> Option<AccountId> {
        None
    }
}
