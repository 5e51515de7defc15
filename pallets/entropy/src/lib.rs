#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod rounds;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;
mod windows;

pub use pallet::*;
pub use types::BlockVrf;
pub use weights::WeightInfo;

use cairn_protocol::id::{Digest, Height};
use cairn_seams::Clock;
use frame_support::traits::{fungible, Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

/// An amount in the currency that stakes are held in.
pub type BalanceOf<T> =
    <<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// A stake that was forfeited.
pub type CreditOf<T> =
    fungible::Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// A contribution of this chain's accounts, in its currency.
pub type ContributionOf<T> =
    types::Contribution<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
/// A trace of this chain's authors.
pub type TraceOf<T> =
    types::Trace<<T as frame_system::Config>::AccountId, <T as Config>::MaxAuthors>;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use crate::types::{Mix, Round, Window};
    use cairn_protocol::id::{ProviderId, Seed};
    use cairn_seams::Registry;
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{BalancedHold, MutateHold},
            OnUnbalanced,
        },
    };
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls and hooks cost.
        type WeightInfo: WeightInfo;

        /// The reasons for which an account's funds can be held.
        type RuntimeHoldReason: From<HoldReason>;

        /// Holds the stakes of contributors.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + BalancedHold<Self::AccountId>;

        /// Takes the stakes of those who committed and did not reveal; `()` burns them.
        type OnForfeit: OnUnbalanced<CreditOf<Self>>;

        /// The market's time. Nothing here goes on while it is stopped.
        type Clock: Clock;

        /// Knows who provides entropy.
        type Registry: Registry<Self::AccountId>;

        /// Whose block this is, and what its author could not choose.
        type BlockVrf: BlockVrf<Self::AccountId>;

        /// Heights in a window; fewer than [`types::LEAST_WINDOW`] count as that many. A change
        /// concerns windows that are opened after it.
        type Window: Get<Height>;

        /// Different authors who must take part in a window, or all active ones where they are
        /// fewer. More than `MaxAuthors` count as that many.
        type MinAuthors: Get<u32>;

        /// Latest authors that are remembered.
        #[pallet::constant]
        type MaxAuthors: Get<u32>;

        /// Windows closed in a block. One is enough while authors are, two or more catch up after
        /// they were too few.
        #[pallet::constant]
        type MaxClosings: Get<u32>;

        /// Heights passed in a block at which nobody asked. Again one is enough, and two or more
        /// catch up.
        #[pallet::constant]
        type MaxGaps: Get<u32>;

        /// Heights in a round of contributions, the first half to commit and the rest to reveal;
        /// fewer than half a window count as that many. A change concerns the next round.
        type RoundBlocks: Get<Height>;

        /// Contributions to a round.
        #[pallet::constant]
        type MaxContributors: Get<u32>;

        /// What is held from a contributor between commit and reveal. It pays for the storage,
        /// and is what silence costs.
        type Stake: Get<BalanceOf<Self>>;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Why funds are held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A contribution was committed to and not yet revealed.
        #[codec(index = 0)]
        Commitment,
    }

    /// What the recorded blocks amount to; none before the first.
    #[pallet::storage]
    pub type BlockTrace<T: Config> = StorageValue<_, TraceOf<T>>;

    /// The windows that somebody has a ticket for, by the height they were asked for at.
    #[pallet::storage]
    pub type Windows<T: Config> = StorageMap<_, Twox64Concat, Height, Window>;

    /// The round of contributions that goes on.
    #[pallet::storage]
    pub type CurrentRound<T: Config> = StorageValue<_, Round, ValueQuery>;

    /// The contributions to the current round, in the order in which they were committed to.
    #[pallet::storage]
    pub type Contributions<T: Config> =
        StorageValue<_, BoundedVec<ContributionOf<T>, T::MaxContributors>, ValueQuery>;

    /// What the contributions of all rounds so far amount to.
    #[pallet::storage]
    pub type ContributedMix<T: Config> = StorageValue<_, Mix, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The seeds of all tickets from that height can be read.
        #[codec(index = 0)]
        WindowClosed { requested_at: Height, closed_at: Height, seed: Seed },
        /// A provider committed to a contribution.
        #[codec(index = 1)]
        Committed { round: Height, contributor: T::AccountId, provider: ProviderId },
        /// A contribution was revealed and its stake given back.
        #[codec(index = 2)]
        Revealed { round: Height, contributor: T::AccountId, value: Seed },
        /// A contribution was not revealed in time.
        #[codec(index = 3)]
        Forfeited { round: Height, contributor: T::AccountId, stake: BalanceOf<T> },
        /// The revealed contributions of a round count in windows that close at that height or
        /// later.
        #[codec(index = 4)]
        Mixed { round: Height, contributions: u32, mix: Digest, settles_at: Height },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The market's time stands still. Try again when safe-mode is over.
        #[codec(index = 0)]
        Stopped,
        /// Commitments are taken in the first half of a round. Wait for the next one.
        #[codec(index = 1)]
        NotCommitting,
        /// Values are taken in the second half of a round, after all commitments. Wait for it; if
        /// it is over, the stake is lost.
        #[codec(index = 2)]
        NotRevealing,
        /// The account is not the operator of a provider. Sign with the operator's key.
        #[codec(index = 3)]
        NotOperator,
        /// The provider does not have the Entropy role. Set it.
        #[codec(index = 4)]
        NotServing,
        /// The provider or the account has committed in this round. Wait for the next one.
        #[codec(index = 5)]
        AlreadyCommitted,
        /// The round has as many contributions as it can take. Be earlier in the next one.
        #[codec(index = 6)]
        RoundFull,
        /// The account cannot pay the stake. Add funds to it.
        #[codec(index = 7)]
        StakeUnaffordable,
        /// The account has not committed in this round. Commit first.
        #[codec(index = 8)]
        NothingCommitted,
        /// The account has revealed its value in this round. There is nothing left to do.
        #[codec(index = 9)]
        AlreadyRevealed,
        /// The value is not what was committed to, in this round, by this account, on this chain.
        /// Reveal the value that was.
        #[codec(index = 10)]
        WrongValue,
        /// The provider has the role and is not available: it is draining, paused or leaving, its
        /// bond is too small, or its heartbeats have stopped. Look at its card for which, and mend
        /// that.
        #[codec(index = 11)]
        NotAvailable,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Commits to a contribution to the current round. The commitment is the digest of
        /// [`cairn_protocol::preimage::EntropyCommitment`], where a round goes by the height it
        /// began at. Holds the stake; a valid commitment costs no fee.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(origin: OriginFor<T>, commitment: Digest) -> DispatchResultWithPostInfo {
            Self::do_commit(ensure_signed(origin)?, commitment)?;
            Ok(Pays::No.into())
        }

        /// Reveals what was committed to in the current round. Gives the stake back; a valid
        /// value costs no fee.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::reveal())]
        pub fn reveal(origin: OriginFor<T>, value: Seed) -> DispatchResultWithPostInfo {
            Self::do_reveal(ensure_signed(origin)?, value)?;
            Ok(Pays::No.into())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Ends a round that is over. Pays for the end of the block too, which cannot.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            let recording = T::WeightInfo::record_block(T::MaxGaps::get(), T::MaxClosings::get());
            recording.saturating_add(Self::pass_round())
        }

        /// Records the block. Here, since only now its VRF output is known.
        fn on_finalize(_: BlockNumberFor<T>) {
            if !T::Clock::is_stopped() {
                Self::record_block(T::BlockVrf::author_vrf());
            }
        }

        fn integrity_test() {
            assert!(T::MaxAuthors::get() >= 1, "no author could be remembered");
            assert!(T::MinAuthors::get() <= T::MaxAuthors::get(), "authors would be forgotten");
            assert!(T::MaxClosings::get() >= 2, "late windows could never be caught up with");
            assert!(T::MaxGaps::get() >= 2, "late windows could never be caught up with");
            assert!(T::MaxContributors::get() >= 1, "nobody could contribute");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The genesis hash, which every digest contains.
    pub(crate) fn genesis() -> Digest {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut digest = Digest::default();
        digest.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    /// Heights in a window that is opened now.
    pub(crate) fn window_length() -> Height {
        T::Window::get().max(types::LEAST_WINDOW)
    }
}
