//! What clients ask before and after they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Amount, Height, ProviderId, Seed, TaskId},
    job::{Policy, Terms},
    lifecycle::Stage,
    matching::{Demand, Unfit},
    result::Answer,
    settlement::Escrow,
};
use cairn_seams::{Beacon, Clock, Lane, Prospect, Registry};
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// Providers looked at for a quote.
const SAMPLE: u32 = 64;
/// Tasks of one account that are listed.
pub const LISTED: usize = 256;

/// What a task would cost, and who would do it.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct Quote {
    /// What is put aside. It costs up to so much: the reserve is only spent where results
    /// contradict each other and more workers are asked, each for what the first were offered.
    pub escrow: Escrow,
    /// Held while the task is kept, and returned.
    pub deposit: Amount,
    /// Providers drawn for this quote, and how many of them are fit and not the requester's.
    pub looked_at: u32,
    pub fit: u32,
    /// What the fit ask for a unit: the least, and the median. None where nobody is fit.
    pub prices: Option<(Amount, Amount)>,
    /// Why the others are not, and how many each.
    pub obstacles: Vec<(Obstacle, u32)>,
    /// Blocks until workers are drawn, if the task is submitted now.
    pub wait: Height,
    /// How the result would be judged, in words.
    pub judged: Vec<u8>,
    /// What a requester may not expect, in words; nothing where there is nothing to warn of.
    pub warning: Vec<u8>,
}

/// Why a provider does not come into question.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Ord, PartialEq, PartialOrd, TypeInfo)]
pub enum Obstacle {
    #[codec(index = 0)]
    Kind,
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
    /// It is the requester's own.
    #[codec(index = 11)]
    Own,
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
            Unfit::Full => Self::Full,
        }
    }
}

/// A task, and what it waits for.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
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
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct ComplaintView {
    pub against: ProviderId,
    /// Goes to the worker if it shows them.
    pub deposit: Amount,
    /// In ascending order; none before they are drawn.
    pub chunks: Vec<u64>,
}

/// Who has to act, that a task goes on.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
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

impl<T: Config> Pallet<T> {
    /// What a task would cost an account, and who would do it. `seed` decides who is looked at.
    pub fn quote(requester: &T::AccountId, terms: &Terms, seed: &Seed) -> Result<Quote, Error<T>> {
        let (escrow, deposit) = Self::price(requester, terms)?;
        let demand = Demand::of(terms, terms.redundancy);
        let lane = Lane::Jobs(terms.job.kind);
        // From the weakest class on, so that those of a weaker one are counted as such.
        let weakest = cairn_protocol::profile::DeviceClass::Cpu;
        let sample = T::Registry::sample(lane, weakest, SAMPLE, seed);
        let mut prices = Vec::new();
        let mut obstacles: Vec<(Obstacle, u32)> = Vec::new();
        let own = T::Registry::kin(T::Registry::names(requester));
        for Prospect { candidate, names } in &sample {
            let obstacle = match demand.check(candidate) {
                Err(reason) => Some(reason.into()),
                Ok(()) => names.iter().any(|name| own.contains(name)).then_some(Obstacle::Own),
            };
            match obstacle {
                None => prices.extend(candidate.price),
                Some(obstacle) => match obstacles.iter_mut().find(|(one, _)| *one == obstacle) {
                    Some((_, count)) => *count = count.saturating_add(1),
                    None => obstacles.push((obstacle, 1)),
                },
            }
        }
        prices.sort_unstable();
        let median = prices.len().checked_div(2).and_then(|middle| prices.get(middle));
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Ok(Quote {
            escrow,
            deposit,
            looked_at: count(sample.len()),
            fit: count(prices.len()),
            prices: prices.first().copied().zip(median.copied()),
            obstacles,
            wait: T::Beacon::delay().saturating_add(1),
            judged: Self::in_words(terms).as_bytes().to_vec(),
            warning: Self::warning(terms).as_bytes().to_vec(),
        })
    }

    fn in_words(terms: &Terms) -> &'static str {
        match (terms.policy, terms.redundancy) {
            (Policy::Proven, 1) => {
                "One worker computes an exact program. Whoever recomputes it gets the same bits."
            }
            (Policy::Proven, _) => {
                "All workers must get the same bits. If they do not, up to nine others are asked, \
                 and nobody is paid until a round is unanimous. The task costs up to its reserve \
                 more than its reward; what is not paid comes back."
            }
            (Policy::Replicated, 1) => "One worker is believed: nothing is compared.",
            (Policy::Replicated, _) => {
                "The majority of equal hashes is paid. A majority of colluding workers could \
                 pass off a wrong result."
            }
            (Policy::Tolerance { .. }, 1) => {
                "One worker gives a fingerprint that an auditor can compare. Nothing is proven."
            }
            (Policy::Tolerance { .. }, _) => {
                "All fingerprints must lie near each other. If they do not, up to nine others are \
                 asked. This screens results and proves none. The task costs up to its reserve \
                 more than its reward; what is not paid comes back."
            }
            (Policy::Outcome { .. }, _) => {
                "Drawn guards measure the loss exactly. At or under the target it is paid."
            }
        }
    }

    fn warning(terms: &Terms) -> &'static str {
        let measured = matches!(terms.policy, Policy::Outcome { .. });
        if terms.redundancy == 1 && !terms.auditable && !measured {
            "Nobody checks this result: one worker gives it, no other is asked, and no guard may \
             look at it. A worker who gives anything at all is paid."
        } else {
            ""
        }
    }

    /// A task as clients see it.
    pub fn view(id: TaskId) -> Option<TaskView<T::AccountId>> {
        let task = Tasks::<T>::get(id)?;
        let terms = TermsOf::<T>::get(id)?;
        let answers = task
            .seats
            .iter()
            .filter_map(|seat| Some((seat.provider, Answers::<T>::get(id, seat.provider)?)))
            .collect();
        let complaint = Complaints::<T>::get(id).and_then(|all| all.open).map(|open| {
            let chunks = Self::asked_chunks(id, &open).unwrap_or_default();
            ComplaintView { against: open.against, deposit: open.deposit, chunks }
        });
        Some(TaskView {
            waits_for: Self::waits_for(&task, complaint.as_ref()),
            requester: task.requester,
            terms,
            escrow: task.escrow,
            submitted: task.submitted,
            stage: task.stage,
            due: task.due,
            now: T::Clock::now(),
            redundancy: task.redundancy,
            reassigned: task.reassigned,
            seats: task.seats.into_inner(),
            answers,
            acknowledged: task.acknowledged,
            complaint,
        })
    }

    fn waits_for(task: &TaskOf<T>, complaint: Option<&ComplaintView>) -> WaitsFor {
        let those = |progress: fn(Progress) -> bool| Self::seats_where(task, progress);
        match task.stage {
            Stage::AwaitingKeys => WaitsFor::Keys(those(|progress| progress == Progress::Locked)),
            Stage::Assigned => {
                WaitsFor::Commitments(those(|progress| progress == Progress::Working))
            }
            Stage::Committed => {
                WaitsFor::Reveals(those(|progress| matches!(progress, Progress::Committed(_))))
            }
            Stage::Contested => match complaint {
                Some(one) if !one.chunks.is_empty() => WaitsFor::Results([one.against].to_vec()),
                _ => WaitsFor::Chain,
            },
            Stage::Queued | Stage::Audited | Stage::Window | Stage::Settled | Stage::Refunded => {
                WaitsFor::Chain
            }
        }
    }

    /// The tasks of an account that are still kept, in no order.
    pub fn tasks_of(requester: &T::AccountId) -> Vec<TaskId> {
        TasksOf::<T>::iter_key_prefix(requester).take(LISTED).collect()
    }
}
