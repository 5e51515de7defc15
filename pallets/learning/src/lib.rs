#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod commitment;
mod deposits;
mod ending;
mod judging;
mod laying;
mod rollback;
mod submission;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use alloc::boxed::Box;
    use cairn_protocol::{
        dag::{Component, Header},
        id::{Amount, BlockId, ContentId, DeltaId, Digest, File, Height, PanelId},
        learning::panel::Outcome,
    };
    use cairn_seams::{Clock, Custody, Lineage, Panels, Purse, Registry, Sealing};
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type Clock: Clock;
        type Registry: Registry<Self::AccountId>;
        /// What deltas are laid on.
        type Lineage: Lineage<Self::AccountId>;
        /// Judge them.
        type Panels: Panels<Self::AccountId>;
        /// Keep what comes of them.
        type Custody: Custody;
        /// Pays for them.
        type Purse: Purse<Self::AccountId>;
        /// Says whether pay waits for examples that nobody knows yet.
        type Sealing: Sealing<Self::AccountId>;

        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::Mutate<Self::AccountId>
            + fungible::hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + fungible::hold::Mutate<Self::AccountId>;
        type RuntimeHoldReason: From<HoldReason>;
        /// Gets what is forfeited.
        type Treasury: Get<Self::AccountId>;

        /// Says what a model's deltas have to come to, and which one was wrong after all.
        type ManagerOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        type Rules: Get<Rules>;

        /// Deltas that queue for one component.
        #[pallet::constant]
        type MaxQueue: Get<u32>;

        /// Deltas the chain moves on in one block.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

        /// Deltas that are taken off a component at one look.
        #[pallet::constant]
        type UndoneAtOnce: Get<u32>;

        type WeightInfo: WeightInfo;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A delta was committed to.
        #[codec(index = 0)]
        Commitment,
        /// Stands for there being a delta.
        #[codec(index = 1)]
        Bond,
        /// For the work of those who judge it, and its record.
        #[codec(index = 2)]
        Deposit,
        /// For the block that a delta may become.
        #[codec(index = 3)]
        Block,
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Commitments to deltas, by who made them.
    #[pallet::storage]
    pub type Commitments<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, Digest, Commitment>;

    /// The deltas that are judged, are laid, or were not so long ago.
    #[pallet::storage]
    pub type Deltas<T: Config> = StorageMap<_, Twox64Concat, DeltaId, DeltaOf<T>>;

    /// The deltas of an author that are still kept.
    #[pallet::storage]
    pub type DeltasOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, DeltaId, ()>;

    /// How many deltas of an author are being judged.
    #[pallet::storage]
    pub type Pending<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The deltas that are being judged for a component, in the order in which they were handed in.
    #[pallet::storage]
    pub type Queues<T: Config> =
        StorageMap<_, Blake2_128Concat, Place, BoundedVec<DeltaId, T::MaxQueue>, ValueQuery>;

    /// Artifacts that cannot be handed in for a component, or by their first author alone.
    #[pallet::storage]
    pub type Artifacts<T> =
        StorageDoubleMap<_, Blake2_128Concat, Place, Blake2_128Concat, ContentId, Taken>;

    /// Artifacts that were judged against a head and did not pass. Paid for by the deposits of
    /// those who handed them in.
    #[pallet::storage]
    pub type Tried<T> =
        StorageDoubleMap<_, Blake2_128Concat, BlockId, Blake2_128Concat, ContentId, ()>;

    /// The deltas that blocks were made of, as long as their records are kept.
    #[pallet::storage]
    pub type Laid<T> = StorageMap<_, Blake2_128Concat, BlockId, DeltaId>;

    /// What was laid last on each component.
    #[pallet::storage]
    pub type Tops<T> = StorageMap<_, Blake2_128Concat, Place, Top>;

    /// Components that are being rolled back. Nothing is laid on them meanwhile.
    #[pallet::storage]
    pub type Rollbacks<T> = StorageMap<_, Blake2_128Concat, Place, Rollback>;

    /// The block that is taken off though its delta is forgotten: one at a time.
    #[pallet::storage]
    pub type Cutting<T> = StorageValue<_, Cut>;

    /// How models were last measured, on the set that they were judged on then.
    #[pallet::storage]
    pub type Measures<T> = StorageMap<_, Blake2_128Concat, BlockId, Measure>;

    /// What deltas of a model have to come to, where it is something else than usual.
    #[pallet::storage]
    pub type Standards<T> = StorageMap<_, Blake2_128Concat, BlockId, Standard>;

    /// When each delta is looked at next.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Height, Twox64Concat, DeltaId, ()>;

    /// Every height before this one has been served.
    #[pallet::storage]
    pub type Served<T> = StorageValue<_, Height, ValueQuery>;

    /// Deltas so far.
    #[pallet::storage]
    pub type Submitted<T> = StorageValue<_, u64, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        #[codec(index = 0)]
        DeltaCommitted { author: T::AccountId, digest: Digest, place: Place },
        /// A commitment is no longer kept, and its deposit is released.
        #[codec(index = 1)]
        CommitmentWithdrawn { author: T::AccountId, digest: Digest },
        #[codec(index = 2)]
        DeltaSubmitted { delta: DeltaId, author: T::AccountId, place: Place, panel: PanelId },
        /// It is held against this head, on so many examples, after so many samples before.
        #[codec(index = 3)]
        Drawn { delta: DeltaId, head: BlockId, count: u32, attempts: u32 },
        /// What guards say of it. It comes to that when its turn comes.
        #[codec(index = 4)]
        Heard { delta: DeltaId, outcome: Outcome },
        /// The component changed before its turn came: it is judged once more.
        #[codec(index = 5)]
        Redrawn { delta: DeltaId, panel: PanelId },
        /// It is better. It is laid when enough say by then that they keep this file.
        #[codec(index = 6)]
        Passed { delta: DeltaId, file: File, due: Height },
        /// The component is another one by it. So much was put aside for it, and is paid unless it
        /// waits for examples that nobody knows yet.
        #[codec(index = 7)]
        DeltaLaid { delta: DeltaId, block: BlockId, gain: u64, reward: Amount, waits: bool },
        /// Its author loses so much.
        #[codec(index = 8)]
        Rejected { delta: DeltaId, reason: Reason, lost: Amount },
        #[codec(index = 9)]
        Outdated { delta: DeltaId, reason: Reason },
        #[codec(index = 10)]
        Lapsed { delta: DeltaId, reason: Reason },
        /// It is taken off, with all that was laid on it.
        #[codec(index = 11)]
        RollbackBegun { delta: DeltaId },
        /// A block was taken off, or has no effect any more; whose delta it was, if that is still
        /// known.
        #[codec(index = 12)]
        RolledBack { delta: Option<DeltaId>, block: BlockId, reason: Reason },
        /// Deltas are laid on the component again.
        #[codec(index = 13)]
        RollbackEnded { place: Place },
        /// Nothing of the record is kept.
        #[codec(index = 14)]
        Pruned { delta: DeltaId },
        /// What deltas of a model have to come to; none for the usual.
        #[codec(index = 15)]
        StandardSet { model: BlockId, standard: Option<Standard> },
        /// A block is taken off whose delta is forgotten, with all that was laid on it.
        #[codec(index = 16)]
        CutBegun { place: Place, block: BlockId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        #[codec(index = 0)]
        ChainStopped,
        /// There is no such delta, or its record is no longer kept. Look in the events for it.
        #[codec(index = 1)]
        UnknownDelta,
        /// The delta is not in a stage in which this can be done; look it up.
        #[codec(index = 2)]
        WrongStage,
        /// There is still something to wait for. Poke the delta after its `due`.
        #[codec(index = 3)]
        TooEarly,
        /// The model has no such component, or nothing was published of it yet. Name one that was
        /// published.
        #[codec(index = 4)]
        UnknownComponent,
        /// This was committed to already. Choose another salt.
        #[codec(index = 5)]
        CommittedAlready,
        /// The account cannot put aside what has to be, and keep itself alive. Fund it.
        #[codec(index = 6)]
        NotEnoughBalance,
        /// The account, or one linked to it, knows examples that deltas of this model will be
        /// judged on. Make some when their period is over.
        #[codec(index = 7)]
        Barred,
        /// The account has made no such commitment, or it is no longer kept. Commit first.
        #[codec(index = 8)]
        NotCommitted,
        /// The commitment still counts. Withdraw or forget it when it is too old.
        #[codec(index = 9)]
        StillCounts,
        /// The commitment is for another model or component. Commit for this one.
        #[codec(index = 10)]
        CommittedElsewhere,
        /// The commitment is too young: somebody may have copied what it is for. Wait until it is
        /// as old as the terms say.
        #[codec(index = 11)]
        CommittedTooLate,
        /// The commitment is too old to count. Withdraw it and commit anew.
        #[codec(index = 12)]
        CommitmentExpired,
        /// The header is of another kind of block. Hand in a DELTA.
        #[codec(index = 13)]
        NotADelta,
        /// The header is of a version that this runtime does not know. Write it anew with the
        /// version of `cairn_protocol::dag`.
        #[codec(index = 14)]
        UnknownVersion,
        /// The header names no model or no component. Name what the delta changes.
        #[codec(index = 15)]
        OfNothing,
        /// The header stands on no block, or on several. Name the one that the delta was made on.
        #[codec(index = 16)]
        NotOnOne,
        /// The artifact has no bytes, so there is no delta. Name the file that has them.
        #[codec(index = 17)]
        NoArtifact,
        /// The delta claims no gain, and is not worth judging. Say by how much it lowers the loss.
        #[codec(index = 18)]
        ClaimsNoGain,
        /// The header names another author. Have that one sign it, or name yourself.
        #[codec(index = 19)]
        NotTheAuthor,
        /// The artifact is larger than guards take. Make it no larger than the terms say.
        #[codec(index = 20)]
        TooLarge,
        /// The model's author has not chosen a set that deltas are judged on. Have one chosen.
        #[codec(index = 21)]
        NoValidationSet,
        /// Nobody pays for gains of this model: governance has not admitted it and its set, and
        /// what sponsors have left is no more than it takes to have one delta judged, and measured
        /// on sealed sets where it is judged on examples that everyone knows. Sponsor it, or wait
        /// until that is over for deltas that were handed in before.
        #[codec(index = 22)]
        NobodyPays,
        /// A delta of this artifact is being judged for the component. Wait for that, or make
        /// another one.
        #[codec(index = 23)]
        PendingAlready,
        /// A delta of this artifact was laid on the component once. Make another one.
        #[codec(index = 24)]
        LaidAlready,
        /// This artifact was judged against the component as it is, and did not pass. Make another
        /// delta, or wait until the component is another one.
        #[codec(index = 25)]
        TriedAlready,
        /// As many deltas of this account, and of those linked to it, are being judged as may be.
        /// Try again when some are judged.
        #[codec(index = 26)]
        TooManyPending,
        /// As many deltas queue for the component as may. Try again when some are judged.
        #[codec(index = 27)]
        QueueFull,
        /// The component is being rolled back. Try again in a few blocks.
        #[codec(index = 28)]
        BeingRolledBack,
        /// The threshold is not less than the whole, or the least one is more than it. Choose
        /// others.
        #[codec(index = 29)]
        NoStandard,
        /// Another account showed this artifact, and it came to nothing by no fault of its own. For
        /// a while that account alone may hand it in again.
        #[codec(index = 30)]
        KeptForItsAuthor,
        /// No delta of this name is part of the component as it stands: it never was, was taken
        /// off, or the component was published anew since, so that nothing of it is left.
        #[codec(index = 31)]
        NotCarried,
        /// Another block is being taken off whose delta is forgotten. Try again in a few blocks.
        #[codec(index = 32)]
        CuttingAnother,
        /// No block is being taken off whose delta is forgotten. There is nothing left to do.
        #[codec(index = 33)]
        NothingToCut,
        /// Judging it takes more than guards are asked for: the model's components have too many
        /// bytes, or a sample of what it is judged on has, or takes too much fuel to make. The
        /// preview of the component says which, and by how much; the model's author may publish
        /// smaller components, or choose another set.
        #[codec(index = 34)]
        TooMuchToJudge,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = frame_support::weights::WeightMeter::with_limit(limit);
            Self::serve(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::ServedPerBlock::get() > 0, "no delta would end");
            assert!(T::UndoneAtOnce::get() > 0, "nothing would be rolled back");
            assert!(T::MaxQueue::get() > 0, "nothing could be handed in");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Says that one has made a delta, without showing it: the digest of a
        /// [`cairn_protocol::preimage::DeltaCommitment`]. Whoever copies the delta when it is shown
        /// comes too late.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit_delta())]
        pub fn commit_delta(
            origin: OriginFor<T>,
            model: BlockId,
            component: Component,
            digest: Digest,
        ) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_commit_delta(author, Place { model, component }, digest)
        }

        /// Takes back a commitment that is too old to count, and its deposit.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::withdraw_commit())]
        pub fn withdraw_commit(origin: OriginFor<T>, digest: Digest) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_withdraw_commit(author, digest)
        }

        /// Hands in a delta that was committed to. What is held of its author comes back, unless
        /// guards say that it is not better, or that it is no delta.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::submit_delta())]
        pub fn submit_delta(
            origin: OriginFor<T>,
            header: Box<Header<T::AccountId>>,
            salt: Digest,
        ) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_submit_delta(author, *header, salt)
        }

        /// Moves on a delta whose time has run out, which the chain does by itself where a block
        /// has room for it.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::poke().saturating_add(Pallet::<T>::dearest_look()))]
        pub fn poke(origin: OriginFor<T>, delta: DeltaId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_poke(delta)
        }

        /// Takes a delta off that was laid, with all that was laid on it: not at once, but so many
        /// in a block. Rewards that wait are not paid.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::invalidate())]
        pub fn invalidate(origin: OriginFor<T>, delta: DeltaId) -> DispatchResult {
            T::ManagerOrigin::ensure_origin(origin)?;
            Self::do_invalidate(delta)
        }

        /// Says what deltas of a model have to come to; none for the usual. It counts from the next
        /// draw on.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::set_standard())]
        pub fn set_standard(
            origin: OriginFor<T>,
            model: BlockId,
            standard: Option<Standard>,
        ) -> DispatchResult {
            T::ManagerOrigin::ensure_origin(origin)?;
            Self::do_set_standard(model, standard)
        }

        /// Takes a block off a component whose delta may be forgotten, with all that was laid on
        /// it: not at once, but so many in a block.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::invalidate_block())]
        pub fn invalidate_block(
            origin: OriginFor<T>,
            model: BlockId,
            component: Component,
            block: BlockId,
        ) -> DispatchResult {
            T::ManagerOrigin::ensure_origin(origin)?;
            Self::do_invalidate_block(Place { model, component }, block)
        }

        /// Goes on with taking a block off whose delta is forgotten, which the chain does by itself
        /// where a block has room for it.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::cut()
            .saturating_add(T::WeightInfo::roll_back(T::UndoneAtOnce::get())))]
        pub fn cut(origin: OriginFor<T>) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_cut()
        }

        /// Takes off another's commitment that is too old to count. Its deposit goes back to who
        /// made it.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::forget_commit())]
        pub fn forget_commit(
            origin: OriginFor<T>,
            author: T::AccountId,
            digest: Digest,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_withdraw_commit(author, digest)
        }
    }
}
