#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod linking;
pub mod sessions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;
mod work;

pub use pallet::*;
pub use sessions::FlushAtEnd;
pub use types::{EraPoints, Rules};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{
        types::{EraPoints, Link, Rules, Session},
        WeightInfo,
    };
    use cairn_protocol::id::{Amount, ProviderId};
    use cairn_seams::Registry;
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls and the end of a session cost.
        type WeightInfo: WeightInfo;

        /// The reasons for which an account's funds can be held.
        type RuntimeHoldReason: From<HoldReason>;

        /// Holds the deposits of links.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// Knows who is one party with a provider.
        type Registry: Registry<Self::AccountId>;

        /// Knows who validates, and pays by points.
        type EraPoints: EraPoints<Self::AccountId>;

        /// What work is worth.
        type Rules: Get<Rules>;

        /// What is held for the storage of a link.
        type Deposit: Get<Amount>;

        /// Validators of a session; more than that get no points for work.
        #[pallet::constant]
        type MaxValidators: Get<u32>;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Why funds are held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A provider is linked.
        #[codec(index = 0)]
        Link,
    }

    /// Which provider a validator linked, and what that one did.
    #[pallet::storage]
    pub type Links<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Link>;

    /// Which validator linked a provider.
    #[pallet::storage]
    pub type ValidatorOf<T: Config> = StorageMap<_, Twox64Concat, ProviderId, T::AccountId>;

    /// The session that goes on; none before the first link.
    #[pallet::storage]
    pub type CurrentSession<T: Config> = StorageValue<_, Session<BlockNumberFor<T>>>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// What this provider does from now on earns the validator points.
        #[codec(index = 0)]
        Linked { validator: T::AccountId, provider: ProviderId },
        /// It does no longer.
        #[codec(index = 1)]
        Unlinked { validator: T::AccountId, provider: ProviderId },
        /// For that much work of its provider in the session that ended a validator got points.
        /// They are fewer than the work is worth where all together earned more than there was.
        #[codec(index = 2)]
        Rewarded { validator: T::AccountId, provider: ProviderId, work: Amount, points: u32 },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account does not validate in this session. Link when it does.
        #[codec(index = 0)]
        NotValidator,
        /// There is no such provider. Register it first.
        #[codec(index = 1)]
        UnknownProvider,
        /// Validator and provider are not one party. Own or operate it, or have its owner and the
        /// validator declare each other linked.
        #[codec(index = 2)]
        NotYours,
        /// The validator has a provider. Unlink that one first.
        #[codec(index = 3)]
        AlreadyLinked,
        /// Another validator linked this provider, and is one party with it. Have that one unlink
        /// it.
        #[codec(index = 4)]
        ProviderTaken,
        /// The account cannot pay the deposit. Fund it.
        #[codec(index = 5)]
        InsufficientBalance,
        /// The account has linked nothing. There is nothing to unlink.
        #[codec(index = 6)]
        NotLinked,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::MaxValidators::get() > 0, "nobody would ever get points");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Links a provider, whose settled work earns this validator points of its era from now
        /// on. For active validators that are one party with it; a deposit is held.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::link_provider())]
        pub fn link_provider(origin: OriginFor<T>, provider: ProviderId) -> DispatchResult {
            Self::do_link(ensure_signed(origin)?, provider)
        }

        /// Ends the link, and gives the deposit back. Work of this session that was not yet
        /// rewarded is forgotten.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::unlink_provider())]
        pub fn unlink_provider(origin: OriginFor<T>) -> DispatchResult {
            Self::do_unlink(ensure_signed(origin)?)
        }
    }
}
