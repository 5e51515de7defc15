#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
mod attesting;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod challenging;
mod keeping;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use types::{Keep, Keeping, Rules, Stage};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use alloc::vec::Vec;
    use cairn_protocol::{
        chunk::Proof,
        id::{Amount, DeltaId, File, Height, ProviderId},
    };
    use cairn_seams::{Beacon, Clock, Kept, OldHeads, Purse, Registry, Reputation};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls and the steps of the hook cost.
        type WeightInfo: WeightInfo;

        /// The market's time. Nothing here goes on while it is stopped.
        type Clock: Clock;

        /// Decides who has to show what.
        type Beacon: Beacon;

        /// Knows who may keep, and who is one party.
        type Registry: Registry<Self::AccountId>;

        /// Hears who could show what it was asked for, and who could not.
        type Reputation: Reputation<Self::AccountId>;

        /// Pays those who showed it.
        type Purse: Purse<Self::AccountId>;

        /// Whose candidates are kept.
        type Deltas: Kept;

        /// Whose files are kept though no delta needs them.
        type OldHeads: OldHeads;

        /// What governance may tune.
        type Rules: Get<Rules>;

        /// Files the chain moves on in one block.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Files that are to be kept, and who keeps them.
    #[pallet::storage]
    pub type Keeps<T: Config> = StorageMap<_, Twox64Concat, DeltaId, Keep>;

    /// When each of them is looked at next.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Height, Twox64Concat, DeltaId, ()>;

    /// Every height before this one has been served.
    #[pallet::storage]
    pub type Served<T> = StorageValue<_, Height, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Keepers are wanted for the candidate of this delta. They attest by then.
        #[codec(index = 0)]
        Wanted { delta: DeltaId, file: File, due: Height },
        /// The provider says that it holds the file.
        #[codec(index = 1)]
        Attested { delta: DeltaId, provider: ProviderId },
        /// Enough hold it. They keep it until they are released, or up to that height.
        #[codec(index = 2)]
        Kept { delta: DeltaId, until: Height },
        /// Too few attested in time, and those who did are released.
        #[codec(index = 3)]
        Unkept { delta: DeltaId },
        /// The keeper has to show these chunks by then.
        #[codec(index = 4)]
        ChunksAsked { delta: DeltaId, provider: ProviderId, chunks: Vec<u64>, due: Height },
        /// The keeper showed them, and was paid so much.
        #[codec(index = 5)]
        Shown { delta: DeltaId, provider: ProviderId, paid: Amount },
        /// The keeper did not, and is none any more.
        #[codec(index = 6)]
        Withheld { delta: DeltaId, provider: ProviderId },
        /// Nobody is left who keeps the file. Whoever holds it may attest.
        #[codec(index = 7)]
        Lost { delta: DeltaId, file: File },
        /// The file need not be kept any longer.
        #[codec(index = 8)]
        Released { delta: DeltaId },
        /// No delta needs the file any more. It is kept as long as old heads of the model contain
        /// it.
        #[codec(index = 9)]
        Outlived { delta: DeltaId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        #[codec(index = 0)]
        ChainStopped,
        /// No file of this delta is kept or to be kept. Look in the events for those that were.
        #[codec(index = 1)]
        NothingToKeep,
        /// The account operates no provider. Register one, or sign with its operator key.
        #[codec(index = 2)]
        NotAnOperator,
        /// Only providers who are there and have the role Storage or Guard keep files. Take the
        /// role, bond enough for it and send a heartbeat.
        #[codec(index = 3)]
        NotAKeeper,
        /// The provider has attested already. There is no more to do until it is asked for chunks.
        #[codec(index = 4)]
        AttestedAlready,
        /// A keeper of the same party has attested: one of its owner, or of an account that is
        /// linked to it. Attest with a provider of another party.
        #[codec(index = 5)]
        SameParty,
        /// As many keep this file as may. Attest when one of them is gone.
        #[codec(index = 6)]
        EnoughKeepers,
        /// The time to attest is over, and the delta lapses. Attest when its author has submitted
        /// it again.
        #[codec(index = 7)]
        TooLate,
        /// The provider is not asked for chunks of this file now. Wait for `ChunksAsked`.
        #[codec(index = 8)]
        NothingToShow,
        /// The time to show the chunks is over, and the provider will be sent home. Show them by
        /// the `due` of `ChunksAsked` the next time.
        #[codec(index = 9)]
        ShownTooLate,
        /// Another number of chunks was asked for. Show those that `ChunksAsked` names.
        #[codec(index = 10)]
        WrongNumberOfChunks,
        /// A chunk does not belong to the file, or not at that place. Show the chunks in ascending
        /// order, as they were asked for.
        #[codec(index = 11)]
        ChunkNotProven,
        /// Nothing is due yet. Poke it at the height that its record has as `next`.
        #[codec(index = 12)]
        TooEarly,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = frame_support::weights::WeightMeter::with_limit(limit);
            Self::serve(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::ServedPerBlock::get() > 0, "no file would ever be looked at");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Says that a provider holds the candidate of a delta, and shows chunks of it whenever it
        /// is asked to; for its operator. Costs nothing.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::attest())]
        pub fn attest(origin: OriginFor<T>, delta: DeltaId) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_attest(operator, delta)?;
            Ok(Pays::No.into())
        }

        /// Shows the chunks that a keeper is asked for, in ascending order. Costs nothing.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::show(proofs.len() as u32))]
        pub fn show(
            origin: OriginFor<T>,
            delta: DeltaId,
            proofs: BoundedVec<Proof, ConstU32<CHUNKS_SHOWN>>,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_show(operator, delta, &proofs)?;
            Ok(Pays::No.into())
        }

        /// Moves on a file whose time has come, which the chain does by itself where a block has
        /// room for it. Anyone may.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::poke().saturating_add(Pallet::<T>::dearest_look()))]
        pub fn poke(origin: OriginFor<T>, delta: DeltaId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_poke(delta)
        }
    }
}
