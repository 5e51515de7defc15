#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admission;
mod agenda;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod drawing;
mod patron;
mod plants;
mod sealing;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod unmasking;
mod verdict;
mod views;
pub mod weights;
mod work;

pub use pallet::*;
pub use patron::PaidFrom;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use alloc::vec::Vec;
    use cairn_protocol::{
        audit::{Report, Verdict},
        id::{Amount, Digest, Height, ProviderId, TaskId},
        job::WrappedKey,
    };
    use cairn_seams::{Audited, Beacon, Clock, Patron, Registry, Reputation};
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type Clock: Clock;
        type Beacon: Beacon;
        type Registry: Registry<Self::AccountId>;
        type Reputation: Reputation<Self::AccountId>;
        /// Whose results are looked at, and who hears what comes of it.
        type Tasks: Audited;
        /// Pays guards and planters.
        type Patron: Patron<Self::AccountId>;

        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::Mutate<Self::AccountId>
            + fungible::hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + fungible::hold::Mutate<Self::AccountId>;
        type RuntimeHoldReason: From<HoldReason>;

        /// Says who may plant false results.
        type LicenceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        type Rules: Get<Rules>;

        /// Notes of one planter that are kept at once.
        #[pallet::constant]
        type MaxNotes: Get<u32>;

        /// Audits the chain moves on in one block.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

        type WeightInfo: WeightInfo;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For a note that something was planted.
        #[codec(index = 0)]
        Note,
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Results that are looked at again, or may be.
    #[pallet::storage]
    pub type Audits<T: Config> = StorageMap<_, Twox64Concat, TaskId, AuditOf<T>>;

    /// The keys of sealed tasks, wrapped for each of the guards.
    #[pallet::storage]
    pub type Keys<T: Config> =
        StorageDoubleMap<_, Twox64Concat, TaskId, Twox64Concat, ProviderId, WrappedKey>;

    /// When each audit is looked at next.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Height, Twox64Concat, TaskId, ()>;

    /// Every height before this one has been served.
    #[pallet::storage]
    pub type Served<T> = StorageValue<_, Height, ValueQuery>;

    /// Who may plant false results.
    #[pallet::storage]
    pub type Licences<T> = StorageMap<_, Twox64Concat, ProviderId, Licence>;

    /// Digests of what will have been planted, or of nothing at all, by planter.
    #[pallet::storage]
    pub type Notes<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ProviderId, Blake2_128Concat, Digest, Note<T::AccountId>>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The lot spared the result: nobody looks at it again.
        #[codec(index = 0)]
        Spared { task: TaskId },
        /// These guards are to look at the result. Their keys, or their commitments and the
        /// workers' to their traces, are due by then.
        #[codec(index = 1)]
        Drawn { task: TaskId, round: u16, guards: Vec<ProviderId>, due: Height },
        #[codec(index = 2)]
        KeyPosted { task: TaskId, guard: ProviderId },
        /// Every guard has its key, and all may commit by then.
        #[codec(index = 3)]
        CommitsOpened { task: TaskId, due: Height },
        /// The guard could not open the payload, and left without blame.
        #[codec(index = 4)]
        KeyRejected { task: TaskId, guard: ProviderId },
        #[codec(index = 5)]
        Committed { task: TaskId, provider: ProviderId, commitment: Digest },
        /// Nobody can commit any more; reports are due by then.
        #[codec(index = 6)]
        RevealsOpened { task: TaskId, due: Height },
        #[codec(index = 7)]
        Revealed { task: TaskId, provider: ProviderId, report: Report },
        /// The guard was late, and left.
        #[codec(index = 8)]
        Dismissed { task: TaskId, guard: ProviderId },
        /// Everything is known. By then the result can be called planted.
        #[codec(index = 9)]
        UnmaskingOpened { task: TaskId, due: Height },
        /// Too few guards could be drawn, or reported; others are drawn.
        #[codec(index = 10)]
        DrawnAgain { task: TaskId, round: u16 },
        /// The result was false and known to be, and so much was paid for knowing it.
        #[codec(index = 11)]
        Unmasked { task: TaskId, planter: ProviderId, paid: Amount },
        /// What guards got who reported.
        #[codec(index = 12)]
        Paid { task: TaskId, guards: Vec<(ProviderId, Amount)> },
        /// An audit is over. Nothing of it is kept.
        #[codec(index = 13)]
        Judged { task: TaskId, verdict: Verdict },
        #[codec(index = 14)]
        Licensed { planter: ProviderId },
        #[codec(index = 15)]
        LicenceRevoked { planter: ProviderId },
        #[codec(index = 16)]
        Noted { planter: ProviderId, note: Digest },
        /// A note is no longer kept, and its deposit is released.
        #[codec(index = 17)]
        DugUp { planter: ProviderId, note: Digest },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        ChainStopped,
        /// No audit of this task is under way. Look in the events for those that are over.
        UnknownAudit,
        /// The audit is not in a stage in which this can be done; look it up.
        WrongStage,
        /// The stage is over. Act by the `due` of the next audit.
        TooLate,
        /// The audit has nothing to do yet. Poke it after its `due`.
        TooEarly,
        /// Only the account that submitted the task may do this. Sign with its key.
        NotTheRequester,
        /// The account operates no provider. Register one, or sign with its operator key.
        NotAnOperator,
        /// The provider is neither a guard of this audit nor a worker who is asked for its trace.
        /// Look up in the audit who is.
        NotTakingPart,
        /// The guard has its key. There is nothing left to do.
        KeyPosted,
        /// The task is not sealed, or the provider has no key to it. There is nothing to reject.
        NotSealed,
        /// The provider has committed already. Reveal when reveals are open.
        CommittedAlready,
        /// The provider has not committed in time, so it has nothing to reveal. Commit by the `due`
        /// of the next audit.
        NotCommitted,
        /// The provider has revealed already. There is nothing left to do.
        RevealedAlready,
        /// Report and salt are not what the provider committed to. Reveal those that were.
        NotTheCommitment,
        /// The policy compares something else: digests of answers, fingerprints without a trace, or
        /// losses. Report what it compares.
        WrongReport,
        /// The report is not of the answer that the worker gave. Report that one, and the trace to
        /// it.
        NotTheClaim,

        /// There is no such provider. Name one that is registered.
        UnknownProvider,
        /// The provider has a licence. There is nothing left to do.
        LicensedAlready,
        /// The provider has no licence to plant false results. Have governance give it one.
        NotLicensed,
        /// This note is kept already. Choose another salt.
        NotedAlready,
        /// As many notes are kept as may be. Dig up old ones.
        TooManyNotes,
        /// The account cannot put aside the deposit of a note, and keep itself alive. Fund it.
        NotEnoughBalance,
        /// The planter made no such note, or it was dug up. See that planter and salt, or the note
        /// itself, are the right ones.
        UnknownNote,
        /// The note may still be needed. Dig it up when it is too old to count, or its planter has
        /// no licence.
        NoteCounts,
        /// Only what a single worker said can be planted, and no outcome. Leave this audit to its
        /// guards.
        NotPlantable,
        /// The note was made when the result could already be known. Make the next one before its
        /// audit begins.
        NotedTooLate,
        /// The note is too old to count. Dig it up, and make the next one later.
        NoteTooOld,
        /// A guard came to the answer by the trace that the worker showed, so it is not made up.
        /// Leave the audit to be judged as any other.
        FoundAgain,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = frame_support::weights::WeightMeter::with_limit(limit);
            Self::serve(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::ServedPerBlock::get() > 0, "no audit would end");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Lets a provider plant false results.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::license())]
        pub fn license(origin: OriginFor<T>, planter: ProviderId) -> DispatchResult {
            T::LicenceOrigin::ensure_origin(origin)?;
            Self::do_license(planter)
        }

        /// Takes the licence back. What the provider noted no longer counts.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::revoke_licence())]
        pub fn revoke_licence(origin: OriginFor<T>, planter: ProviderId) -> DispatchResult {
            T::LicenceOrigin::ensure_origin(origin)?;
            Self::do_revoke_licence(planter)
        }

        /// Notes that something false will have been planted, or pretends to; for the operator of
        /// a licensed provider. The note is the digest of a
        /// [`cairn_protocol::preimage::PlantCommitment`], or any other one.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::plant())]
        pub fn plant(origin: OriginFor<T>, note: Digest) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_plant(operator, note)
        }

        /// Removes a note that no longer counts, and releases its deposit. Anyone may.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::dig_up())]
        pub fn dig_up(origin: OriginFor<T>, planter: ProviderId, note: Digest) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_dig_up(planter, note)
        }

        /// Says that a result was planted, and gives the money up that would be paid for it; for
        /// the requester of the task, who with it says that nobody else is harmed.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::unmask())]
        pub fn unmask(
            origin: OriginFor<T>,
            task: TaskId,
            planter: ProviderId,
            salt: Digest,
        ) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_unmask(requester, task, planter, salt)
        }

        /// Gives a guard the key of a sealed payload; for the requester. Guards begin when each
        /// has one; where one is missing in time, nobody looks at the result.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::post_key())]
        pub fn post_key(
            origin: OriginFor<T>,
            task: TaskId,
            guard: ProviderId,
            key: WrappedKey,
        ) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_post_key(requester, task, guard, key)
        }

        /// Says that the key does not open the payload. The guard leaves without blame or pay;
        /// when so many do that no majority is left, the result passes.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::reject_key().saturating_add(T::WeightInfo::conclude(MAX_GUARDS)))]
        pub fn reject_key(origin: OriginFor<T>, task: TaskId) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_reject_key(operator, task)
        }

        /// Commits to a finding, or to one's own trace, that nobody else can know yet: the digest
        /// of a [`cairn_protocol::preimage::AuditCommitment`]. Costs nothing.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            task: TaskId,
            commitment: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_commit(operator, task, commitment)?;
            Ok(Pays::No.into())
        }

        /// Shows what was committed to. Costs nothing.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::reveal())]
        pub fn reveal(
            origin: OriginFor<T>,
            task: TaskId,
            report: Report,
            salt: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_reveal(operator, task, report, salt)?;
            Ok(Pays::No.into())
        }

        /// Moves on an audit whose time has run out, which the chain does by itself where a block
        /// has room for it.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::poke().saturating_add(Pallet::<T>::dearest_look()))]
        pub fn poke(origin: OriginFor<T>, task: TaskId) -> DispatchResultWithPostInfo {
            let anyone = ensure_signed(origin)?;
            Self::do_poke(anyone, task)
        }
    }
}
