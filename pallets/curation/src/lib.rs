#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod curators;
mod judging;
mod periods;
mod releasing;
mod revealing;
mod rounds;
mod sealing;
mod snapshots;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use frame_support::traits::fungible;

/// A part of a bond that was lost.
pub type CreditOf<T> =
    fungible::Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, CreditOf, WeightInfo};
    use cairn_protocol::{
        id::{Amount, BlockId, ContentId, DeltaId, Digest, File, Height},
        share::Ppm,
    };
    use cairn_seams::{Authors, Clock, Lineage, OnReleased, Panels, Purse, Registry};
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, OnUnbalanced},
    };
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls and hooks cost.
        type WeightInfo: WeightInfo;

        /// The reasons for which an account's funds can be held.
        type RuntimeHoldReason: From<HoldReason>;

        /// Holds the bonds of curators.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + fungible::BalancedHold<Self::AccountId>;

        /// Takes what curators lose of their bonds; `()` burns it.
        type OnSlash: OnUnbalanced<CreditOf<Self>>;

        /// The market's time. Nothing here goes on while it is stopped.
        type Clock: Clock;

        /// Knows who is one party.
        type Registry: Registry<Self::AccountId>;

        /// Knows models and their heads.
        type Lineage: Lineage<Self::AccountId>;

        /// Measure what a model gained on a set.
        type Panels: Panels<Self::AccountId>;

        /// Holds rewards until they are released, and pays curators.
        type Purse: Purse<Self::AccountId>;

        /// Knows whose deltas are being judged.
        type Authors: Authors<Self::AccountId>;

        /// Hears which rewards are held no more.
        type OnReleased: OnReleased;

        type Rules: Get<Rules>;

        /// Sets of one trial.
        #[pallet::constant]
        type MaxSets: Get<u8>;

        /// Models whose period is ended in a block, and steps of trials that are taken in one.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

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
        /// The account may seal sets.
        #[codec(index = 0)]
        Bond,
    }

    /// Who may seal sets.
    #[pallet::storage]
    pub type Curators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Curator>;

    /// Periods of models that are not over, or have not begun and have sets sealed for them.
    #[pallet::storage]
    pub type Trials<T> = StorageMap<_, Blake2_128Concat, TrialId, Trial>;

    /// The sets of each trial, in the order in which they were sealed.
    #[pallet::storage]
    pub type SealedSets<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, TrialId, Twox64Concat, u8, SetOf<T>>;

    /// The deltas of each trial whose rewards are held.
    #[pallet::storage]
    pub type Held<T> =
        StorageDoubleMap<_, Blake2_128Concat, TrialId, Twox64Concat, DeltaId, Holding>;

    /// The trial that each of them waits for.
    #[pallet::storage]
    pub type WaitsFor<T> = StorageMap<_, Twox64Concat, DeltaId, TrialId>;

    /// The same deltas by model, in the order in which they were laid.
    #[pallet::storage]
    pub type Line<T> = StorageDoubleMap<_, Blake2_128Concat, BlockId, Twox64Concat, u64, DeltaId>;

    /// The deltas that panels are asked about in each trial.
    #[pallet::storage]
    pub type Courses<T> = StorageMap<_, Blake2_128Concat, TrialId, Course, ValueQuery>;

    /// What was measured at each head that panels were asked about, by the sets that are measured
    /// at all heads that were measured by then; nothing where they are too few.
    #[pallet::storage]
    pub type Rounds<T> =
        StorageDoubleMap<_, Blake2_128Concat, TrialId, Twox64Concat, SnapshotId, Round>;

    /// Heads of models, as trials need them.
    #[pallet::storage]
    pub type Snapshots<T> = StorageMap<_, Twox64Concat, SnapshotId, Snapshot>;

    #[pallet::storage]
    pub type NextSnapshot<T> = StorageValue<_, SnapshotId, ValueQuery>;

    /// How often each file is part of heads of a model that trials need.
    #[pallet::storage]
    pub type Files<T> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        BlockId,
        Blake2_128Concat,
        ContentId,
        u32,
        ValueQuery,
    >;

    /// The period of a model's trial that began last, while that one is not over.
    #[pallet::storage]
    pub type Latest<T> = StorageMap<_, Blake2_128Concat, BlockId, u32>;

    /// Up to which period a curator may not author deltas of a model.
    #[pallet::storage]
    pub type Barred<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, BlockId, Blake2_128Concat, T::AccountId, u32>;

    /// The models whose trials begin or end when a period does.
    #[pallet::storage]
    pub type Turns<T> = StorageDoubleMap<_, Twox64Concat, u32, Blake2_128Concat, BlockId, ()>;

    /// All that begins or ends with an earlier period than this one has.
    #[pallet::storage]
    pub type Turned<T> = StorageValue<_, u32, ValueQuery>;

    /// The period that goes on.
    #[pallet::storage]
    pub type Period<T> = StorageValue<_, u32, ValueQuery>;

    /// When each trial whose period has ended is looked at next.
    #[pallet::storage]
    pub type Agenda<T> = StorageDoubleMap<_, Twox64Concat, Height, Blake2_128Concat, TrialId, ()>;

    /// Every height before this one has been served.
    #[pallet::storage]
    pub type Served<T> = StorageValue<_, Height, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The account has so much held, and may seal sets.
        #[codec(index = 0)]
        Registered { curator: T::AccountId, bond: Amount },
        /// It has its bond back.
        #[codec(index = 1)]
        Left { curator: T::AccountId, bond: Amount },
        /// A set was sealed.
        #[codec(index = 2)]
        SetCommitted {
            model: BlockId,
            period: u32,
            set: u8,
            curator: T::AccountId,
            commitment: Digest,
            encrypted: File,
        },
        /// The period goes on, and rewards of its deltas are held.
        #[codec(index = 3)]
        Began { model: BlockId, period: u32, sets: u8 },
        /// The period is over, and its curators are to open their sets by then.
        #[codec(index = 4)]
        RevealsOpened { model: BlockId, period: u32, due: Height },
        /// Everyone can read a set.
        #[codec(index = 5)]
        SetRevealed {
            model: BlockId,
            period: u32,
            set: u8,
            root: ContentId,
            key: [u8; 32],
            salt: Digest,
        },
        /// Panels measure the sets that were opened, and have to be done by then.
        #[codec(index = 6)]
        JudgingBegan { model: BlockId, period: u32, due: Height },
        /// On a set the model had gained so much at this head, since the first that was measured.
        #[codec(index = 7)]
        SetMeasured { model: BlockId, period: u32, set: u8, head: SnapshotId, gain: i64 },
        /// A set says nothing, and is measured no more.
        #[codec(index = 8)]
        SetVoid { model: BlockId, period: u32, set: u8, lack: Lack },
        /// A curator's set cannot be used, which cost it so much of its bond.
        #[codec(index = 9)]
        Slashed { model: BlockId, period: u32, curator: T::AccountId, amount: Amount },
        /// So many of the period's deltas were measured on so many sets, and a share of each one's
        /// reward is released.
        #[codec(index = 10)]
        Judged { model: BlockId, period: u32, sets: u8, deltas: u32 },
        /// Each curator whose set was measured was paid, all of them so much.
        #[codec(index = 11)]
        CuratorsPaid { model: BlockId, period: u32, paid: Amount },
        /// The reward of a delta waits for the sealed sets of this period.
        #[codec(index = 12)]
        RewardHeld { model: BlockId, period: u32, delta: DeltaId, gain: u64 },
        /// So much of a reward was minted, or paid by who sponsors it. The rest never will be.
        #[codec(index = 13)]
        RewardReleased { model: BlockId, period: u32, delta: DeltaId, amount: Amount },
        /// Too few sets were measured at any head: all that is held waits for the next trial, or
        /// lapses if it has waited before.
        #[codec(index = 14)]
        TooFewSets { model: BlockId, period: u32, measured: u8 },
        /// A reward waits for the sets of another period.
        #[codec(index = 15)]
        RewardWaits { model: BlockId, period: u32, delta: DeltaId, until: u32 },
        /// A reward has waited twice, or was put off as often as it may be, and is not paid.
        #[codec(index = 16)]
        RewardLapsed { model: BlockId, period: u32, delta: DeltaId },
        /// The delta is no longer part of the model, or nothing was put aside for it. Its reward is
        /// none of this pallet's any more.
        #[codec(index = 17)]
        RewardForgotten { model: BlockId, period: u32, delta: DeltaId },
        /// Nothing of the trial is kept, and its curators are free of it.
        #[codec(index = 18)]
        Over { model: BlockId, period: u32 },
        /// Panels are asked how the model stood at this head, which it had before or after the
        /// delta; once more if they said nothing of it before.
        #[codec(index = 19)]
        HeadAsked { model: BlockId, period: u32, head: SnapshotId, delta: DeltaId },
        /// A set was not measured at this head.
        #[codec(index = 20)]
        SetMissed { model: BlockId, period: u32, set: u8, head: SnapshotId, lack: Lack },
        /// The delta gained `public` on the examples it was judged on, and `sealed` on sets that
        /// nobody knew, beyond what all before it did. This share of its reward is released.
        #[codec(index = 21)]
        GainHeld {
            model: BlockId,
            period: u32,
            delta: DeltaId,
            public: u64,
            sealed: u64,
            share: Ppm,
        },
        /// There was no room or no time to measure the delta. It is among the first of the next
        /// trial, [`MOST_PUT_OFF`] times.
        #[codec(index = 22)]
        RewardPutOff { model: BlockId, period: u32, delta: DeltaId, until: u32 },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        #[codec(index = 0)]
        ChainStopped,
        /// The account's bond is all it has to be. There is nothing to add.
        #[codec(index = 1)]
        BondedAlready,
        /// The account cannot put the bond aside, and keep itself alive. Fund it.
        #[codec(index = 2)]
        InsufficientBalance,
        /// The account is no curator. Register it first.
        #[codec(index = 3)]
        NotACurator,
        /// The curator has sets in trials that are not over. Leave when they are.
        #[codec(index = 4)]
        HasSets,
        /// The bond is less than it has to be, since a part was lost or more is asked for.
        /// Register again to fill it up.
        #[codec(index = 5)]
        BondTooSmall,
        /// The curator has sealed as many sets as it may. Wait for a trial to be over.
        #[codec(index = 6)]
        TooManySets,
        /// There is no such model. Look its id up.
        #[codec(index = 7)]
        UnknownModel,
        /// The model is judged on examples that a program makes anew each time, and needs no sealed
        /// sets. Seal them for another one.
        #[codec(index = 8)]
        NeedsNoSets,
        /// The period has begun. Seal a set for a later one.
        #[codec(index = 9)]
        PeriodBegan,
        /// Nobody may seal a set for so late a period. Wait, or choose an earlier one.
        #[codec(index = 10)]
        TooFarAhead,
        /// The records are not whole tokens, or too few. Cut them at whole tokens, or seal more of
        /// them.
        #[codec(index = 11)]
        WrongRecords,
        /// The records have more bytes than a set may have. Seal fewer.
        #[codec(index = 12)]
        TooLarge,
        /// The encrypted bytes are fewer than the records. Name the file that has all of them.
        #[codec(index = 13)]
        EncryptedTooShort,
        /// The trial has as many sets as it can take. Choose another period.
        #[codec(index = 14)]
        NoRoom,
        /// The curator, or who is linked to it, has sealed a set for this trial, and one party has
        /// one say. Choose another period.
        #[codec(index = 15)]
        SealedAlready,
        /// There is no such trial. Look in the events for those that are over.
        #[codec(index = 16)]
        UnknownTrial,
        /// The trial does not wait for sets to be opened. Look its stage up; before its period
        /// has ended, keep the set secret.
        #[codec(index = 17)]
        WrongStage,
        /// The time to open sets is over. Open the next one by the trial's `due`.
        #[codec(index = 18)]
        TooLate,
        /// The curator has sealed no set for this trial. Name a trial for which it has.
        #[codec(index = 19)]
        NoSet,
        /// The set is open. There is nothing left to do.
        #[codec(index = 20)]
        RevealedAlready,
        /// Root, key and salt are not what the curator committed to, for this period and model, on
        /// this chain. Reveal those that were.
        #[codec(index = 21)]
        NotTheCommitment,
        /// The trial has nothing to do yet. Poke it when its period begins, when it has ended, or
        /// after its `due`.
        #[codec(index = 22)]
        TooEarly,
        /// A delta of the curator, or of who is linked to it, is being judged. It could be laid in
        /// the period, and be measured on the set. Seal it when nothing of the party is judged.
        #[codec(index = 23)]
        StillAnAuthor,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = frame_support::weights::WeightMeter::with_limit(limit);
            Self::serve(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::ServedPerBlock::get() > 0, "no trial would end");
            assert!(T::MaxSets::get() >= LEAST_SETS, "no trial could have enough sets");
            assert!(u32::from(T::MaxSets::get()) <= MOST_SETS, "some could not be measured");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Puts a bond aside, after which sets can be sealed; or fills one up that is too small.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(origin: OriginFor<T>) -> DispatchResult {
            Self::do_register(ensure_signed(origin)?)
        }

        /// Gives the bond back, once no set depends on it.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            Self::do_leave(ensure_signed(origin)?)
        }

        /// Seals a set of records for a period of a model that has not begun. The commitment is
        /// the digest of a [`cairn_protocol::preimage::SetCommitment`]. From now to the end of that
        /// period the curator, and who is linked to it, may not author deltas of the model; after
        /// its end it has to open the set.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::commit_set(T::MaxSets::get().into()))]
        pub fn commit_set(
            origin: OriginFor<T>,
            model: BlockId,
            period: u32,
            commitment: Digest,
            encrypted: File,
            record_bytes: u32,
            count: u64,
        ) -> DispatchResult {
            let curator = ensure_signed(origin)?;
            let progress = Progress::Sealed;
            let set = SealedSet { curator, commitment, encrypted, record_bytes, count, progress };
            Self::do_commit_set(TrialId { model, period }, set)
        }

        /// Opens a set after its period: says what its plain records are called, and the key to
        /// the encrypted ones. Have the plain records at hand for guards until they are measured.
        /// Costs nothing.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::reveal_set(T::MaxSets::get().into()))]
        pub fn reveal_set(
            origin: OriginFor<T>,
            model: BlockId,
            period: u32,
            root: ContentId,
            key: [u8; 32],
            salt: Digest,
        ) -> DispatchResultWithPostInfo {
            let curator = ensure_signed(origin)?;
            Self::do_reveal_set(curator, TrialId { model, period }, Opening { root, key, salt })?;
            Ok(Pays::No.into())
        }

        /// Moves on a trial whose time has run out, which the chain does by itself where a block
        /// has room for it.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::poke().saturating_add(Pallet::<T>::dearest_step()))]
        pub fn poke(
            origin: OriginFor<T>,
            model: BlockId,
            period: u32,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_poke(TrialId { model, period })
        }
    }
}
