#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admission;
mod agenda;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod drawing;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod verdict;
mod views;
pub mod weights;
mod work;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use alloc::vec::Vec;
    use cairn_protocol::{
        id::{Amount, Digest, Height, PanelId, ProviderId},
        learning::{
            brief::Brief,
            evaluation::Opinion,
            panel::{Case, Outcome},
        },
    };
    use cairn_seams::{Beacon, Clock, Judged, Purse, Registry, Reputation};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type Clock: Clock;
        type Beacon: Beacon;
        type Registry: Registry<Self::AccountId>;
        type Reputation: Reputation<Self::AccountId>;
        /// Whose cases are judged, and who hears what comes of them.
        type Cases: Judged;
        /// Pays guards.
        type Purse: Purse<Self::AccountId>;
        type Rules: Get<Rules>;

        /// Panels the chain moves on in one block.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

        type WeightInfo: WeightInfo;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The panels under way.
    #[pallet::storage]
    pub type Panels<T: Config> = StorageMap<_, Twox64Concat, PanelId, PanelOf<T>>;

    /// What each of them judges, from its draw on.
    #[pallet::storage]
    pub type Briefs<T> = StorageMap<_, Twox64Concat, PanelId, Brief>;

    /// On which panels a guard has a seat.
    #[pallet::storage]
    pub type SeatsOf<T> = StorageDoubleMap<_, Twox64Concat, ProviderId, Twox64Concat, PanelId, ()>;

    /// When each panel is looked at next.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Height, Twox64Concat, PanelId, ()>;

    /// Every height before this one has been served.
    #[pallet::storage]
    pub type Served<T> = StorageValue<_, Height, ValueQuery>;

    /// Panels so far.
    #[pallet::storage]
    pub type Opened<T> = StorageValue<_, u64, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Guards are drawn for this case as soon as there is a seed.
        #[codec(index = 0)]
        PanelOpened { panel: PanelId, case: Case },
        /// These guards have seats from now on. All are to judge the brief of this round, and to
        /// commit by then.
        #[codec(index = 1)]
        Drawn { panel: PanelId, round: u16, guards: Vec<ProviderId>, due: Height },
        /// Too few could be drawn; others are looked at.
        #[codec(index = 2)]
        DrawnAgain { panel: PanelId },
        #[codec(index = 3)]
        Committed { panel: PanelId, guard: ProviderId, commitment: Digest },
        /// Nobody can commit any more; opinions are due by then.
        #[codec(index = 4)]
        RevealsOpened { panel: PanelId, due: Height },
        #[codec(index = 5)]
        Revealed { panel: PanelId, guard: ProviderId, opinion: Opinion },
        /// The guard was late, and left.
        #[codec(index = 6)]
        Dismissed { panel: PanelId, guard: ProviderId },
        /// Others are drawn for so many seats.
        #[codec(index = 7)]
        Vacated { panel: PanelId, seats: u8 },
        /// Guards differ. There are so many seats from now on, and another sample.
        #[codec(index = 8)]
        Enlarged { panel: PanelId, round: u16, size: u8 },
        /// Enough guards say this. It stands unless somebody shows by then that it is wrong.
        #[codec(index = 9)]
        Decided { panel: PanelId, opinion: Opinion, due: Height },
        /// So much was paid to these guards, together.
        #[codec(index = 10)]
        Paid { panel: PanelId, guards: Vec<ProviderId>, amount: Amount },
        /// A panel is over. Nothing of it is kept.
        #[codec(index = 11)]
        Judged { panel: PanelId, case: Case, outcome: Outcome },
        /// Whoever asked for the panel needs it no more.
        #[codec(index = 12)]
        CalledOff { panel: PanelId, case: Case },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        #[codec(index = 0)]
        ChainStopped,
        /// No such panel is under way. Look in the events for those that are over.
        #[codec(index = 1)]
        UnknownPanel,
        /// The panel is not in a stage in which this can be done; look it up.
        #[codec(index = 2)]
        WrongStage,
        /// The stage is over. Act by the `due` of the next panel.
        #[codec(index = 3)]
        TooLate,
        /// The panel has nothing to do yet. Poke it after its `due`.
        #[codec(index = 4)]
        TooEarly,
        /// The account operates no provider. Register one, or sign with its operator key.
        #[codec(index = 5)]
        NotAnOperator,
        /// The provider has no seat on this panel. Look up the panels that it has one on.
        #[codec(index = 6)]
        NotTakingPart,
        /// The guard has committed already. Reveal when reveals are open.
        #[codec(index = 7)]
        CommittedAlready,
        /// The guard has revealed already. There is nothing left to do.
        #[codec(index = 8)]
        RevealedAlready,
        /// Opinion and salt are not what the guard committed to in this round. Reveal those that
        /// were.
        #[codec(index = 9)]
        NotTheCommitment,
        /// The numbers do not go together, or are of another sample than the brief's. Judge the
        /// brief as it is kept.
        #[codec(index = 10)]
        NotAnAnswer,
        /// More accounts are to have no guard on the panel than can be noted. Name fewer.
        #[codec(index = 11)]
        TooManyBarred,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = frame_support::weights::WeightMeter::with_limit(limit);
            Self::serve(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::ServedPerBlock::get() > 0, "no panel would end");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Commits to an opinion that nobody else can know yet: the digest of a
        /// [`cairn_protocol::preimage::OpinionCommitment`]. For the operator of a guard of the
        /// panel. Costs nothing.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            panel: PanelId,
            commitment: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_commit(operator, panel, commitment)?;
            Ok(Pays::No.into())
        }

        /// Shows what was committed to. Costs nothing.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::reveal())]
        pub fn reveal(
            origin: OriginFor<T>,
            panel: PanelId,
            opinion: Opinion,
            salt: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_reveal(operator, panel, opinion, salt)?;
            Ok(Pays::No.into())
        }

        /// Moves on a panel whose time has run out, which the chain does by itself where a block
        /// has room for it.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::poke().saturating_add(Pallet::<T>::dearest_look()))]
        pub fn poke(origin: OriginFor<T>, panel: PanelId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_poke(panel)
        }
    }
}
