#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod learning;
mod weights;

use alloc::vec::Vec;
use cairn_protocol::{
    audit::Verdict,
    fault::Fault,
    id::{Amount, BlockId, Digest, Height, ProviderId, Seed, TaskId},
    job::{JobKind, Policy, Requirements},
    profile::{Candidate, DeviceClass, Role},
    reputation::Observation,
    result::Fingerprint,
    share::Ppm,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use cairn_protocol::{
    beacon::{Subject, Ticket},
    task::FAILED_AT_MOST,
};
pub use learning::{
    Authors, Custody, Judged, Judging, Kept, Lineage, OldHeads, OnPeriod, OnPublished, OnReleased,
    Panels, Purse, Sealing,
};

/// The market's time.
pub trait Clock {
    /// Blocks so far, without those that passed while the chain was stopped.
    fn now() -> Height;

    /// Time stands still: nothing may come due.
    fn is_stopped() -> bool;
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
    Ord,
    PartialEq,
    PartialOrd,
    TypeInfo,
)]
pub enum Lane {
    /// Compute providers who offer this kind.
    #[codec(index = 0)]
    Jobs(JobKind),
    /// All who have this role.
    #[codec(index = 1)]
    Holders(Role),
    /// Compute providers who declare more than they were measured to do: drawn in a class below it.
    #[codec(index = 2)]
    Rising,
}

/// A provider that was drawn: what matching looks at, and the accounts it goes by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prospect<AccountId> {
    pub candidate: Candidate,
    pub names: Vec<AccountId>,
}

/// What a look at a lane shows of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Survey<AccountId> {
    /// Those who were drawn and are available now.
    pub field: Vec<Prospect<AccountId>>,
    /// How many were drawn beside them and are not there.
    pub absent: u32,
    /// How many are drawn from: those of the class asked for and above who have a seat. Some may
    /// have gone silent.
    pub pool: u64,
    /// How many have a seat in the classes below it.
    pub weaker: u64,
}

/// The accounts that somebody goes by, and all that are one party with them.
#[derive(Clone, Debug)]
pub struct Party<AccountId> {
    names: Vec<AccountId>,
    kin: Vec<AccountId>,
}

/// Equal are those of whom one goes by an account that is kin of the other.
impl<AccountId: PartialEq> PartialEq for Party<AccountId> {
    fn eq(&self, other: &Self) -> bool {
        self.names.iter().any(|name| other.kin.contains(name))
    }
}

/// Who may serve, and who is one party as far as the chain knows.
pub trait Registry<AccountId: Clone + PartialEq> {
    /// At most `count` different providers of a lane, of that class or above, drawn by the seed
    /// from those who are available now. What it costs does not grow with their number.
    fn sample(lane: Lane, class: DeviceClass, count: u32, seed: &Seed) -> Vec<Prospect<AccountId>>;

    /// Whom `sample` would draw, and out of how many. Nobody loses a seat by it.
    fn survey(lane: Lane, class: DeviceClass, count: u32, seed: &Seed) -> Survey<AccountId>;

    /// What matching looks at, for a provider that is available now.
    fn candidate(provider: ProviderId, lane: Lane) -> Option<Candidate>;

    /// Whether a provider is registered for a lane, available now or not.
    fn serves(provider: ProviderId, lane: Lane) -> bool;

    fn owner(provider: ProviderId) -> Option<AccountId>;

    /// The accounts that an account goes by: itself, and the owner of the provider it operates.
    fn names(account: &AccountId) -> Vec<AccountId>;

    /// The accounts that a provider goes by: its owner, whom that one operates for, and its
    /// operator, if it has agreed to be that. None if there is no such provider.
    fn names_of(provider: ProviderId) -> Vec<AccountId>;

    /// These accounts, and all that are linked to one of them.
    fn kin(names: Vec<AccountId>) -> Vec<AccountId>;

    /// Whether a provider and an account are one party.
    fn belongs_to(provider: ProviderId, account: &AccountId) -> bool {
        let kin = Self::kin(Self::names(account));
        Self::names_of(provider).iter().any(|name| kin.contains(name))
    }

    /// Those of a field who are not one party with whoever goes by these names.
    fn strangers(
        field: Vec<Prospect<AccountId>>,
        names: Vec<AccountId>,
    ) -> Vec<Prospect<AccountId>> {
        let kin = Self::kin(names);
        let is_kin = |one: &Prospect<AccountId>| one.names.iter().any(|name| kin.contains(name));
        field.into_iter().filter(|one| !is_kin(one)).collect()
    }

    /// Each of a field with all who are one party with it.
    fn parties(field: Vec<Prospect<AccountId>>) -> Vec<(Party<AccountId>, Candidate)> {
        let party = |names: Vec<AccountId>| Party { kin: Self::kin(names.clone()), names };
        field.into_iter().map(|one| (party(one.names), one.candidate)).collect()
    }

    /// The provider whose operator an account is.
    fn operated_by(operator: &AccountId) -> Option<ProviderId>;

    /// How often the operator key or the hardware of a registration has changed.
    fn generation(provider: ProviderId) -> u32;

    /// The provider has begun or ended a job.
    fn begin_work(provider: ProviderId);
    fn end_work(provider: ProviderId);

    /// The provider may yet be called to account for some work, and cannot withdraw.
    fn engage(provider: ProviderId);
    fn disengage(provider: ProviderId);

    /// For how much work it may yet be called to account.
    fn engagements(provider: ProviderId) -> u32;

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

    /// The same of as many providers as are asked for: what counts for all is looked up once.
    fn standings(kind: JobKind) -> impl Fn(ProviderId) -> Ppm {
        move |provider| Self::standing(provider, kind)
    }

    /// The provider is gone for good.
    fn forget(provider: ProviderId);
}

/// Hears what work was paid for.
pub trait OnSettled {
    /// A provider's work of that kind was settled, and so much of what it cost the requester
    /// reached neither the provider nor the model's creator: it was burnt, or is the treasury's.
    fn settled(provider: ProviderId, kind: JobKind, irrecoverable: Amount);
}

impl OnSettled for () {
    fn settled(_: ProviderId, _: JobKind, _: Amount) {}
}

/// What those who audit a result need to know of it.
#[derive(Clone, Debug)]
pub struct Brief<AccountId> {
    pub requester: AccountId,
    pub policy: Policy,
    pub requirements: Requirements,
    /// Guards need a key to read the input.
    pub sealed: bool,
    /// Blocks that the work takes at most.
    pub work_blocks: Height,
    /// What each worker was offered when the task was submitted.
    pub offered: Amount,
    /// How many workers were asked.
    pub redundancy: u8,
    /// Those who agree on the result.
    pub workers: Vec<ProviderId>,
    /// Those who worked at it and failed, or said something else; the last to do so at the end. At
    /// most [`FAILED_AT_MOST`].
    pub others: Vec<ProviderId>,
    /// Others said something else.
    pub contested: bool,
    /// The gist of what the workers said.
    pub answer: Digest,
    /// The worker's, for the policy Tolerance.
    pub fingerprint: Option<Fingerprint>,
}

/// Those who look at results again.
pub trait Audits<AccountId> {
    /// Results were agreed on, and may be audited. None where they will not be. Else
    /// [`Audited::judged`] hears what comes of it, most likely by the height given here.
    fn begin(task: TaskId, brief: Brief<AccountId>) -> Option<Height>;

    /// Until when nothing more will come of an audit; none if there is none.
    fn pending(task: TaskId) -> Option<Height>;
}

/// Nothing is audited.
impl<AccountId> Audits<AccountId> for () {
    fn begin(_: TaskId, _: Brief<AccountId>) -> Option<Height> {
        None
    }

    fn pending(_: TaskId) -> Option<Height> {
        None
    }
}

/// Those whose results are audited.
pub trait Audited {
    /// An audit is over. `silent` are workers who did not show their traces: what the others say
    /// may stand, but not theirs.
    fn judged(task: TaskId, verdict: Verdict, silent: &[ProviderId]);

    /// Whether a task waits for its audit.
    fn awaits(task: TaskId) -> bool;
}

/// Pays for what the market needs and no requester orders.
pub trait Patron<AccountId> {
    /// Pays an account, and says how much: all of it, or nothing.
    fn pay(to: &AccountId, amount: Amount) -> Amount;
}

/// Pays nothing.
impl<AccountId> Patron<AccountId> for () {
    fn pay(_: &AccountId, _: Amount) -> Amount {
        0
    }
}

/// The models that jobs run on.
pub trait Models<AccountId> {
    fn exists(model: &BlockId) -> bool;

    /// What an account pays for each use, beside what workers get; none if it may not use it.
    fn price(model: &BlockId, who: &AccountId) -> Option<Amount>;

    /// Whether an account may use it.
    fn may_use(model: &BlockId, who: &AccountId) -> bool {
        Self::price(model, who).is_some()
    }

    /// Who gets the creator's share; none leaves it to the treasury.
    fn creator(model: &BlockId) -> Option<AccountId>;

    /// What the creator asks for of what workers are paid.
    fn royalty(model: &BlockId) -> Ppm;

    /// A job that ran on it was settled.
    fn note_use(model: &BlockId);
}
