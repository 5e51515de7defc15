#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod creation;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::Block, WeightInfo};
    use alloc::boxed::Box;
    use cairn_protocol::{
        dag::Header,
        id::{Amount, BlockId},
    };
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls cost.
        type WeightInfo: WeightInfo;

        /// The reasons for which an account's funds can be held.
        type RuntimeHoldReason: From<HoldReason>;

        /// Holds the deposits of blocks.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// What is held for an item of state.
        type ItemDeposit: Get<Amount>;

        /// What is held for a byte of state.
        type ByteDeposit: Get<Amount>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Why funds are held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A block is kept.
        #[codec(index = 0)]
        Block,
    }

    /// The blocks of the DAG.
    #[pallet::storage]
    pub type Blocks<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, Block<T::AccountId>>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// There is a new model, which jobs can run on from now on.
        #[codec(index = 0)]
        ModelCreated { model: BlockId, author: T::AccountId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The block is there already. Use it, or give the new one another release.
        #[codec(index = 0)]
        AlreadyThere,
        /// The header is of another kind of block. A model begins with a META block.
        #[codec(index = 1)]
        NotAMeta,
        /// The header is of a version that this runtime does not know. Write it anew with the
        /// version of `cairn_protocol::dag`.
        #[codec(index = 2)]
        UnknownVersion,
        /// The header names another author. Have that one sign it, or name yourself.
        #[codec(index = 3)]
        NotTheAuthor,
        /// The account cannot pay the deposit. Fund it.
        #[codec(index = 4)]
        InsufficientBalance,
        /// The header names a model, a component, or parents. A model's first block stands on
        /// nothing: leave them empty.
        #[codec(index = 5)]
        NotTheFirst,
        /// The artifact has no bytes, so that nothing describes the model. Name the one that does.
        #[codec(index = 6)]
        NoArtifact,
        /// The header claims a gain. A model's first block has nothing to gain on: claim none.
        #[codec(index = 7)]
        ClaimsGain,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers a model, which jobs name by the id of this header from now on. For the author
        /// that the header names; a deposit is held for good.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::create_model())]
        pub fn create_model(
            origin: OriginFor<T>,
            header: Box<Header<T::AccountId>>,
        ) -> DispatchResult {
            Self::do_create_model(ensure_signed(origin)?, *header)
        }
    }
}
