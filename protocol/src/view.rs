//! What clients are told when they ask.

use crate::{
    id::{Amount, Height, ProviderId},
    job::Terms,
    lifecycle::Stage,
    matching::{chance, Unfit},
    result::Answer,
    settlement::Escrow,
    share::{mul_div, Ppm, WHOLE},
    task::Seat,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// What every answer derives. None is stored, so none has a longest encoding.
macro_rules! answer {
    ($($item:item)*) => {$(
        #[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
        $item
    )*};
}

mod models;
mod unpriced;

pub use models::{HeadView, LossesView, ModelView, Step};
pub use unpriced::{UnpricedEscrow, UnpricedQuote, UnpricedTaskView};

answer! {
    /// What a task would cost, and who would do it.
    pub struct Quote {
        /// What is put aside. It costs up to so much: the reserve is only spent where results
        /// contradict each other and more workers are asked, each for what the first were
        /// offered. The price is what the model's author asks for a use now; a task that is
        /// submitted later puts aside what is asked then.
        pub escrow: Escrow,
        /// Held while the task is kept, and returned.
        pub deposit: Amount,
        pub supply: Supply,
        /// What the fit ask for a unit: the least, and the median. None where nobody is fit.
        pub prices: Option<(Amount, Amount)>,
        /// Tasks that the chain looks at before it, as far as they were counted: those that wait
        /// for their draw with a higher place, and those that come due no later.
        pub ahead: u32,
        /// How many blocks from now workers are to be expected, if the task is submitted next:
        /// the time that its seed takes, for each draw that it will most likely need, and what
        /// those ahead take of otherwise empty blocks. None where no draw would find enough.
        ///
        /// It is no promise. It does not know of tasks that are submitted later with a higher
        /// tip, of blocks that are full, of seeds that come late because authors are too few, or
        /// of providers who take or end other work, come or go until then.
        pub wait: Option<Height>,
        /// Why workers are not to be expected, and the same in words; nothing where they are.
        pub lack: Option<Lack>,
        pub why: Vec<u8>,
        /// How the result would be judged, in words.
        pub judged: Vec<u8>,
        /// What a requester may not expect, in words; nothing where there is nothing to warn of.
        pub warning: Vec<u8>,
    }

    /// Who there is for a task. Of a large pool only some are looked at, and what they are like
    /// is an estimate of what all are like.
    #[derive(Default)]
    pub struct Supply {
        /// Providers who offer this kind of job and are of the class asked for, or above, as far
        /// as the chain knows without looking at each: some may have gone silent.
        pub pool: u64,
        /// Providers who offer it and are of a weaker class.
        pub weaker: u64,
        /// How many of the pool were drawn for this quote.
        pub looked_at: u32,
        /// How many of those could be given the task now.
        pub fit: u32,
        /// How many parties the fit are, of each of which one may have a seat. Another draw may
        /// count a little differently where one is linked to two who are not to each other.
        pub parties: u32,
        /// Why the others could not, and how many each.
        pub obstacles: Vec<(Obstacle, u32)>,
    }

    /// Why a provider does not come into question.
    #[derive(Copy, Ord, PartialOrd)]
    pub enum Obstacle {
        /// Nobody in the pool of a kind fails to offer it.
        #[codec(index = 0)]
        Kind,
        /// Nobody in the pool of a class is below it; see [`Supply::weaker`].
        #[codec(index = 1)]
        Class,
        #[codec(index = 2)]
        Memory,
        #[codec(index = 3)]
        Compute,
        #[codec(index = 4)]
        Throughput,
        #[codec(index = 5)]
        Region,
        #[codec(index = 6)]
        Reputation,
        #[codec(index = 7)]
        Enclave,
        #[codec(index = 8)]
        PayloadKey,
        /// It asks more than is paid.
        #[codec(index = 9)]
        Price,
        /// It works on as many jobs as it can.
        #[codec(index = 10)]
        Full,
        /// It and the requester are one party.
        #[codec(index = 11)]
        Own,
        /// It scores less than whoever is drawn for a task of several workers must.
        #[codec(index = 12)]
        Score,
        /// It has gone silent, or its bond is less than its roles need.
        #[codec(index = 13)]
        Absent,
        /// Its bond does not cover what each worker is offered.
        #[codec(index = 14)]
        Bond,
    }

    /// Why a task is not to be expected to find its workers.
    #[derive(Copy)]
    pub enum Lack {
        /// Nobody who offers this kind of job is there, of whatever class.
        #[codec(index = 0)]
        Nobody,
        /// All who are there are of a weaker class.
        #[codec(index = 1)]
        Class,
        /// None of those looked at is there.
        #[codec(index = 2)]
        Absent,
        /// None of those looked at who are there is fit; the obstacles say why.
        #[codec(index = 3)]
        Unfit,
        /// Fewer parties are fit, of those looked at, than workers are asked for.
        #[codec(index = 4)]
        Parties,
        /// Workers are to be expected later than the task waits for them.
        #[codec(index = 5)]
        Time,
    }

    /// A task, and what it waits for.
    pub struct TaskView<AccountId> {
        pub requester: AccountId,
        pub terms: Terms,
        pub escrow: Escrow,
        pub submitted: Height,
        pub stage: Stage,
        /// Up to when this stage lasts, and what the market's clock shows.
        pub due: Height,
        pub now: Height,
        pub waits_for: WaitsFor,
        pub redundancy: u8,
        pub reassigned: u8,
        pub seats: Vec<Seat>,
        pub answers: Vec<(ProviderId, Answer)>,
        pub acknowledged: bool,
        /// The complaint that is to be answered.
        pub complaint: Option<ComplaintView>,
    }

    /// What a worker has to show.
    pub struct ComplaintView {
        pub against: ProviderId,
        /// Goes to the worker if it shows them.
        pub deposit: Amount,
        /// In ascending order; none before they are drawn.
        pub chunks: Vec<u64>,
    }

    /// Who has to act, that a task goes on.
    pub enum WaitsFor {
        /// Nobody: it goes on by itself.
        #[codec(index = 0)]
        Chain,
        /// The requester, to post keys for these.
        #[codec(index = 1)]
        Keys(Vec<ProviderId>),
        /// These workers, to commit.
        #[codec(index = 2)]
        Commitments(Vec<ProviderId>),
        /// These workers, to reveal.
        #[codec(index = 3)]
        Reveals(Vec<ProviderId>),
        /// These workers, to show chunks of the result.
        #[codec(index = 4)]
        Results(Vec<ProviderId>),
    }
}

impl From<Unfit> for Obstacle {
    fn from(reason: Unfit) -> Self {
        match reason {
            Unfit::Kind => Self::Kind,
            Unfit::Class => Self::Class,
            Unfit::Memory => Self::Memory,
            Unfit::Compute => Self::Compute,
            Unfit::Throughput => Self::Throughput,
            Unfit::Region => Self::Region,
            Unfit::Reputation => Self::Reputation,
            Unfit::Enclave => Self::Enclave,
            Unfit::PayloadKey => Self::PayloadKey,
            Unfit::Price => Self::Price,
            Unfit::Bond => Self::Bond,
            Unfit::Full => Self::Full,
            Unfit::Score => Self::Score,
        }
    }
}

impl Obstacle {
    pub const ALL: [Self; 15] = [
        Self::Kind,
        Self::Class,
        Self::Memory,
        Self::Compute,
        Self::Throughput,
        Self::Region,
        Self::Reputation,
        Self::Enclave,
        Self::PayloadKey,
        Self::Price,
        Self::Full,
        Self::Own,
        Self::Score,
        Self::Absent,
        Self::Bond,
    ];

    /// What is the matter with such a provider.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Kind => "it does not offer this kind of job",
            Self::Class => "it is of a weaker class",
            Self::Memory => "it has too little memory",
            Self::Compute => "its compute capability is too low",
            Self::Throughput => "it was measured to be too slow, or not at all yet",
            Self::Region => "it stands in another region",
            Self::Reputation => "its reputation is too low",
            Self::Enclave => "it declares no quote of a trusted execution environment",
            Self::PayloadKey => "the task is sealed, and it has no payload key",
            Self::Price => "it asks more for a unit than the reward pays",
            Self::Full => "it works on as many jobs as it can",
            Self::Own => "it belongs to the requester, or is linked to it",
            Self::Score => "it scores too low to be drawn for a task of several workers",
            Self::Absent => "it has gone silent, or its bond is too small",
            Self::Bond => {
                "its bond does not cover what each worker is offered: offer less, or split the job"
            }
        }
    }
}

impl Lack {
    pub const ALL: [Self; 6] =
        [Self::Nobody, Self::Class, Self::Absent, Self::Unfit, Self::Parties, Self::Time];

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Nobody => {
                "Nobody is there for jobs of this kind: no provider offers them, or all who do \
                 have paused, are draining or have gone silent."
            }
            Self::Class => {
                "Providers are there for jobs of this kind, but all are of a weaker class than is \
                 asked for."
            }
            Self::Absent => {
                "All providers that were looked at have gone silent, or have too small a bond."
            }
            Self::Unfit => "No provider that was looked at can be given the task now.",
            Self::Parties => {
                "Those who were looked at and could be given the task now are fewer parties than \
                 workers are asked for, and each party gets one seat at most."
            }
            Self::Time => {
                "The task gives up at `match_by`, which is before workers are to be expected."
            }
        }
    }
}

impl Supply {
    /// How many of the whole pool are fit, if all are like those looked at. It is their number
    /// where all were looked at, else an estimate.
    pub fn eligible(&self) -> u64 {
        self.in_pool(self.fit)
    }

    /// What so many of those looked at come to in the whole pool.
    fn in_pool(&self, count: u32) -> u64 {
        mul_div(count.into(), self.pool.into(), self.looked_at.into())
            .map_or(0, |count| u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// How many of those looked at are there.
    fn present(&self) -> u32 {
        let absent = self.obstacles.iter().find(|(one, _)| *one == Obstacle::Absent);
        self.looked_at.saturating_sub(absent.map_or(0, |(_, count)| *count))
    }

    /// Notes one more who was looked at and is not fit.
    pub fn note(&mut self, obstacle: Obstacle, count: u32) {
        match self.obstacles.iter_mut().find(|(one, _)| *one == obstacle) {
            Some((_, noted)) => *noted = noted.saturating_add(count),
            None if count > 0 => self.obstacles.push((obstacle, count)),
            None => {}
        }
    }

    /// What most of those who are there fail by; the first noted of several.
    pub fn chief_obstacle(&self) -> Option<Obstacle> {
        let there = self.obstacles.iter().filter(|(one, _)| *one != Obstacle::Absent);
        there.rev().max_by_key(|(_, count)| *count).map(|(one, _)| *one)
    }

    /// How likely it is that a draw of so many, of those who are there, fills so many seats.
    pub fn chance(&self, sample: u8, seats: u8) -> Ppm {
        // One seat is filled by anyone who is fit, several by as many parties.
        let fit = if seats > 1 { self.parties } else { self.fit };
        chance(self.in_pool(self.present()), self.in_pool(fit), sample, seats)
    }

    /// How many draws it takes until one fills so many seats, on an average and rounded up; none
    /// where none ever does.
    pub fn draws(&self, sample: u8, seats: u8) -> Option<u32> {
        let chance = self.chance(sample, seats);
        (chance > 0).then(|| WHOLE.div_ceil(chance))
    }

    /// Why so many seats will not be filled, as far as it lies with those who are there.
    pub fn lack(&self, seats: u8) -> Option<Lack> {
        match (self.pool, self.weaker) {
            (0, 0) => Some(Lack::Nobody),
            (0, _) => Some(Lack::Class),
            _ if self.present() == 0 => Some(Lack::Absent),
            _ if self.fit == 0 => Some(Lack::Unfit),
            _ => (self.parties < seats.into()).then_some(Lack::Parties),
        }
    }
}

#[cfg(test)]
mod tests;
