#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod drawing;
pub mod job;
mod judgement;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;
mod work;

pub use job::{IteratedHash, Job};
pub use pallet::*;
pub use types::{Measured, Work};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{
        types::{Appointment, Challenge, ChallengeId, Measured, Outcome},
        Job, WeightInfo,
    };
    use alloc::vec::Vec;
    use cairn_protocol::{
        id::{Digest, Height, ProviderId, Seed},
        profile::DeviceClass,
    };
    use cairn_seams::{Beacon, Clock, Registry, Reputation, Ticket};
    use frame_support::{pallet_prelude::*, weights::WeightMeter};
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls and hooks cost.
        type WeightInfo: WeightInfo;

        /// The market's time. Nothing here goes on while it is stopped.
        type Clock: Clock;

        /// Decides when somebody is challenged, who is, and with what.
        type Beacon: Beacon;

        /// Knows who may serve.
        type Registry: Registry<Self::AccountId>;

        /// Hears who was there when challenged.
        type Reputation: Reputation<Self::AccountId>;

        /// Keeps what was measured.
        type Measured: Measured;

        /// What the challenged compute.
        type Job: Job;

        /// Blocks between two challenges of one provider, on average.
        type Interval: Get<Height>;

        /// Blocks from handing out to the last commitment. Several times what the slowest device
        /// of a class takes, so that slower ones are measured too.
        type CommitBlocks: Get<Height>;

        /// Blocks to reveal in.
        type RevealBlocks: Get<Height>;

        /// Providers looked at to find the members of a challenge.
        type Sample: Get<u32>;

        /// Challenges that are open at once.
        #[pallet::constant]
        type MaxOpen: Get<u32>;

        /// Challenges that the chain moves on in one block.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Seeds asked for so far, and so the number of the next draw.
    #[pallet::storage]
    pub type Draws<T> = StorageValue<_, u64, ValueQuery>;

    /// What the next draw is made with.
    #[pallet::storage]
    pub type Awaited<T> = StorageValue<_, Ticket>;

    /// Challenges that are not yet judged.
    #[pallet::storage]
    pub type Challenges<T> = StorageMap<_, Twox64Concat, ChallengeId, Challenge>;

    /// When each of them has to be looked at.
    #[pallet::storage]
    pub type Agenda<T: Config> = StorageValue<_, BoundedVec<Appointment, T::MaxOpen>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// These providers are to compute the same job, and commit to its answer by then.
        #[codec(index = 0)]
        HandedOut {
            challenge: ChallengeId,
            class: DeviceClass,
            seed: Seed,
            units: u64,
            members: Vec<ProviderId>,
            due: Height,
        },
        /// A member committed to an answer.
        #[codec(index = 1)]
        Committed { challenge: ChallengeId, provider: ProviderId, commitment: Digest },
        /// Nobody can commit any more; answers are due by then.
        #[codec(index = 2)]
        RevealsOpened { challenge: ChallengeId, due: Height },
        /// A member gave its answer.
        #[codec(index = 3)]
        Revealed { challenge: ChallengeId, provider: ProviderId, answer: Digest },
        /// A challenge is over, and this is what it says of its members. None of it is kept.
        #[codec(index = 4)]
        Judged {
            challenge: ChallengeId,
            answer: Option<Digest>,
            outcomes: Vec<(ProviderId, Outcome)>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The market's time stands still. Try again when safe-mode is over.
        #[codec(index = 0)]
        Stopped,
        /// There is no such challenge; it may have been judged. Look for its event.
        #[codec(index = 1)]
        UnknownChallenge,
        /// The account operates no provider. Sign with the operator's key.
        #[codec(index = 2)]
        NotOperator,
        /// The provider is not a member of this challenge. Work on those that name it.
        #[codec(index = 3)]
        NotMember,
        /// The member has committed. Reveal when the reveals are open.
        #[codec(index = 4)]
        AlreadyCommitted,
        /// The time to commit is over. Be faster in the next challenge.
        #[codec(index = 5)]
        CommitsClosed,
        /// Other members can still commit, or too few have. Wait until the reveals are open.
        #[codec(index = 6)]
        RevealsClosed,
        /// The member has not committed in time, so it has nothing to reveal. Commit in the next
        /// challenge.
        #[codec(index = 7)]
        NothingCommitted,
        /// The member has revealed its answer. There is nothing left to do.
        #[codec(index = 8)]
        AlreadyRevealed,
        /// The time to reveal is over. Be earlier in the next challenge.
        #[codec(index = 9)]
        TooLate,
        /// Answer and salt are not what this provider committed to in this challenge on this
        /// chain. Reveal those that were.
        #[codec(index = 10)]
        WrongReveal,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Draws before anyone can act on a seed that became public with the last block.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::pass_draw()
        }

        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(remaining);
            Self::serve(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::MaxOpen::get() > 0, "nobody could be challenged");
            assert!(T::ServedPerBlock::get() > 0, "no challenge would end");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Commits to the answer of a challenge; for the operator of a member. The commitment is
        /// the digest of [`cairn_protocol::preimage::ChallengeCommitment`]. A valid one costs no
        /// fee.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            challenge: ChallengeId,
            commitment: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_commit(operator, challenge, commitment)?;
            Ok(Pays::No.into())
        }

        /// Reveals the answer that was committed to, once nobody can commit any more; for the
        /// operator of a member. A valid one costs no fee. The last one has the challenge judged.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::reveal().saturating_add(T::WeightInfo::judge()))]
        pub fn reveal(
            origin: OriginFor<T>,
            challenge: ChallengeId,
            answer: Digest,
            salt: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            let weight = Self::do_reveal(operator, challenge, answer, salt)?;
            Ok((weight, Pays::No).into())
        }
    }
}
