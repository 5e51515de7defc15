#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admission;
mod agenda;
mod auditing;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod complaint;
mod declining;
mod drawing;
mod footprint;
mod judgement;
mod rounds;
mod sealing;
mod settlement;
mod submission;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod views;
pub mod weights;
mod work;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use cairn_protocol::{
        chunk::Proof,
        failure::{Failure, Reason},
        id::{Amount, Digest, Height, ProviderId, TaskId},
        job::{Terms, MAX_REDUNDANCY},
        result::Answer,
    };
    use cairn_seams::{Audits, Beacon, Clock, Models, OnSettled, Registry, Reputation};
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type Clock: Clock;
        type Beacon: Beacon;
        type Registry: Registry<Self::AccountId>;
        type Reputation: Reputation<Self::AccountId>;
        type Models: Models<Self::AccountId>;
        /// Looks at results again.
        type Audits: Audits<Self::AccountId>;
        /// Hears what each settled task left for good.
        type OnSettled: OnSettled;

        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::Mutate<Self::AccountId>
            + fungible::hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + fungible::hold::Mutate<Self::AccountId>;
        type RuntimeHoldReason: From<HoldReason>;

        /// Where the treasury's share goes.
        type Treasury: Get<Self::AccountId>;
        type Rules: Get<Rules>;

        /// Tasks the chain moves on in one block, and tasks it finds workers for.
        #[pallet::constant]
        type ServedPerBlock: Get<u32>;

        type WeightInfo: WeightInfo;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::composite_enum]
    pub enum HoldReason {
        /// What a task will pay.
        #[codec(index = 0)]
        Escrow,
        /// What a task occupies in the state.
        #[codec(index = 1)]
        Deposit,
        /// What a complaint costs that is answered.
        #[codec(index = 2)]
        Complaint,
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Tasks submitted so far, and so the next one's number.
    #[pallet::storage]
    pub type Submitted<T> = StorageValue<_, u64, ValueQuery>;

    /// What changes of a task.
    #[pallet::storage]
    pub type Tasks<T: Config> = StorageMap<_, Twox64Concat, TaskId, TaskOf<T>>;

    /// What was asked for.
    #[pallet::storage]
    pub type TermsOf<T: Config> = StorageMap<_, Twox64Concat, TaskId, Terms>;

    /// The results revealed in the round that is under way, or was paid.
    #[pallet::storage]
    pub type Answers<T: Config> =
        StorageDoubleMap<_, Twox64Concat, TaskId, Twox64Concat, ProviderId, Answer>;

    /// The keys of a sealed task, wrapped for each of its workers.
    #[pallet::storage]
    pub type Keys<T: Config> =
        StorageDoubleMap<_, Twox64Concat, TaskId, Twox64Concat, ProviderId, WrappedKey>;

    /// The complaints about the workers of a task, if there were any.
    #[pallet::storage]
    pub type Complaints<T: Config> = StorageMap<_, Twox64Concat, TaskId, Grievances>;

    /// The tasks of a requester that are still kept.
    #[pallet::storage]
    pub type TasksOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, TaskId, ()>;

    /// When each task is looked at next.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Height, Twox64Concat, TaskId, ()>;

    /// Every height before this one has been served.
    #[pallet::storage]
    pub type Served<T> = StorageValue<_, Height, ValueQuery>;

    /// Tasks whose workers can be drawn, in the order in which they are. The keys order
    /// themselves, so none may be hashed; they are made by the chain.
    #[pallet::storage]
    pub type Queue<T> = StorageMap<_, Identity, QueueKey, ()>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        #[codec(index = 0)]
        Submitted { task: TaskId, requester: T::AccountId },
        /// These providers are to do it, by then.
        #[codec(index = 1)]
        Assigned { task: TaskId, round: u16, providers: alloc::vec::Vec<ProviderId>, due: Height },
        #[codec(index = 2)]
        KeyPosted { task: TaskId, provider: ProviderId },
        /// The provider could not open the payload, and left without blame.
        #[codec(index = 3)]
        KeyRejected { task: TaskId, provider: ProviderId },
        #[codec(index = 4)]
        Committed { task: TaskId, provider: ProviderId, commitment: Digest },
        /// Everyone has committed; results are due by then.
        #[codec(index = 5)]
        RevealsOpened { task: TaskId, due: Height },
        #[codec(index = 6)]
        Revealed { task: TaskId, provider: ProviderId, answer: Digest },
        /// The provider left its seat: it was late.
        #[codec(index = 7)]
        Vacated { task: TaskId, provider: ProviderId },
        /// The results contradict each other, and so many workers are asked next.
        #[codec(index = 8)]
        Contradicted { task: TaskId, redundancy: u8 },
        /// The result stands unless somebody objects by then.
        #[codec(index = 9)]
        Agreed { task: TaskId, by: alloc::vec::Vec<ProviderId>, due: Height },
        /// Each of the paid workers got that much; so much was burnt.
        #[codec(index = 10)]
        Settled { task: TaskId, each: Amount, burnt: Amount },
        /// So much was given back, and so much burnt.
        #[codec(index = 11)]
        Refunded { task: TaskId, reason: RefundReason, back: Amount, burnt: Amount },
        #[codec(index = 12)]
        Acknowledged { task: TaskId },
        /// The task ended a while ago and is no longer kept.
        #[codec(index = 13)]
        Pruned { task: TaskId },
        /// The requester could not fetch the provider's result.
        #[codec(index = 14)]
        Complained { task: TaskId, provider: ProviderId },
        /// The provider has to show these chunks of its result by then.
        #[codec(index = 15)]
        ChunksAsked {
            task: TaskId,
            provider: ProviderId,
            chunks: alloc::vec::Vec<u64>,
            due: Height,
        },
        /// The provider showed what it was asked for. The result stands unless somebody objects
        /// by then.
        #[codec(index = 16)]
        Shown { task: TaskId, provider: ProviderId, due: Height },
        /// The provider did not show its result, and is not paid.
        #[codec(index = 17)]
        Withheld { task: TaskId, provider: ProviderId },
        /// Guards may look at the result. They are done by then, if the seed is there in time.
        #[codec(index = 18)]
        AuditAwaited { task: TaskId, by: alloc::vec::Vec<ProviderId>, due: Height },
        /// The provider cannot do the job, says why, and left.
        #[codec(index = 19)]
        Declined { task: TaskId, provider: ProviderId, failure: Failure, reason: Reason },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        ChainStopped,
        /// There is no such task, or it ended and is no longer kept. Look in the events for its
        /// history.
        UnknownTask,
        /// The task is not in a stage in which this can be done; look it up.
        WrongStage,
        /// The stage is over. Act by the `due` of the next task.
        TooLate,
        /// The stage is not over. Poke the task after its `due`.
        TooEarly,
        /// Only the account that submitted the task may do this. Sign with its key.
        NotTheRequester,
        /// The account operates no provider. Register one, or sign with its operator key.
        NotAnOperator,
        /// The provider has no seat at this task. Look up in the task who has.
        NotAssigned,

        /// `match_by` has passed. Name a later height of the market's clock.
        DeadlinePassed,
        /// `match_by` is farther ahead than `clocks.match_most`. Name an earlier height.
        DeadlineTooFar,
        /// `work_blocks` is less than `clocks.work_least` or more than `clocks.work_most`. Name a
        /// number between.
        WorkTimeOutOfRange,
        /// `key_blocks` is less than `clocks.keys_least` or more than `clocks.keys_most`. Name a
        /// number between.
        KeyTimeOutOfRange,
        /// `redundancy` is zero. Ask for one worker at least.
        NoRedundancy,
        /// `redundancy` is more than nine, or than the policy can use. Ask for fewer workers.
        TooMuchRedundancy,
        /// `redundancy` is even, and an even number may have no majority. Ask for one worker more
        /// or less.
        EvenRedundancy,
        /// The policy does not fit the kind of job. Have Proven judge Infer, Embed and Evaluate,
        /// Replicated Simulate and Wasm, Tolerance Infer and Embed, Outcome Train.
        PolicyDoesNotFit,
        /// Two honest workers sample different text. Ask one, or do not sample.
        SampledTextDiffers,
        /// So many guards measure no outcome. Ask for an odd number from three to nine.
        WrongNumberOfGuards,
        /// The job has no units of work. Say how many it has.
        NoWork,
        /// The reward for each worker is less than `prices.reward_least`. Offer more.
        RewardTooSmall,
        /// Reward, tip, fee, reserve and the model's price together are no amount of CRN. Offer
        /// less.
        AmountTooLarge,
        /// The account cannot put aside reward, tip, fee, reserve, the model's price and deposit,
        /// or the deposit of a complaint, and keep itself alive. Fund it, or offer less.
        NotEnoughBalance,
        /// The encoded terms are longer than `prices.terms_bytes`. Pass the input as an artifact.
        TermsTooLong,
        /// `output_bytes` is more than the chain keeps of an answer. Name less: longer ones come as
        /// artifacts.
        OutputTooLong,
        /// A job of this kind runs on a registered model. Name one.
        ModelNeeded,
        /// A job of this kind runs on no model. Leave it out.
        ModelNotNeeded,
        /// No model with this id is registered. Look its id up.
        UnknownModel,
        /// The model is licensed, and the account has no licence for it. Have its author give it
        /// one, or name a model that is open or has a price.
        ModelNotLicensed,

        /// The task is not sealed. There is no key to reject.
        NotSealed,
        /// The provider has its key. There is nothing left to do.
        KeyPosted,
        /// The provider has committed to a result already. Reveal it when all have.
        CommittedAlready,
        /// The provider has not committed to a result. Commit first; reveal when all have.
        NotCommitted,
        /// The provider has revealed its result already. There is nothing left to do.
        RevealedAlready,
        /// The answer and the salt are not what the provider committed to. Reveal those that were.
        NotTheCommitment,
        /// The answer comes from another engine than the job asks for. Answer with that one.
        WrongEngine,
        /// The answer claims more units than the job has. Claim fewer.
        TooManyUnits,
        /// The inline answer is longer than the requester keeps space for. Answer with an
        /// artifact.
        AnswerTooLong,
        /// The policy compares fingerprints, and the answer has none. Answer with one.
        FingerprintNeeded,
        /// The result was acknowledged before. There is nothing left to do.
        AcknowledgedAlready,

        /// The provider's result is in its answer, on the chain: nothing is to be fetched. Read it
        /// there.
        NotAnArtifact,
        /// The provider was complained about as often as `complaints.most` allows. Fetch the result
        /// from it, or from another worker.
        ComplainedAlready,
        /// Nobody complained about this provider, or it has answered. There is nothing left to do.
        NothingToShow,
        /// The chunks to be shown are not drawn yet. Wait for the event `ChunksAsked`.
        ChunksNotDrawn,
        /// There is not one proof for each chunk that was asked for. Show all of them, in ascending
        /// order.
        WrongNumberOfChunks,
        /// A chunk is not part of the result at the length that was revealed. Show the chunks of
        /// that file.
        ChunkNotProven,

        /// Workers are at it already, and are not sent home because others are still looked for.
        /// Wait for what comes of it.
        SeatTaken,
        /// Results of the task were shown, and contradict each other. Wait: others are asked until
        /// they agree and are paid, or all of it is refunded.
        ResultsShown,
        /// `sampled` is for text that a float engine infers: the kind Infer with the policy
        /// Tolerance. Leave it off for any other job, exact ones too.
        NotSampledText,

        /// The reason is empty, is not UTF-8 or has control characters. Say in a few words of plain
        /// text what went wrong.
        ReasonNotReadable,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = frame_support::weights::WeightMeter::with_limit(limit);
            Self::serve(&mut meter);
            meter.consumed()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Asks for work, and puts aside what it will cost.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::submit())]
        pub fn submit(origin: OriginFor<T>, terms: alloc::boxed::Box<Terms>) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_submit(requester, *terms).map(|_| ())
        }

        /// Takes a task back that nobody is at and of which no result was shown. Everything is
        /// returned.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::cancel())]
        pub fn cancel(origin: OriginFor<T>, task: TaskId) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_cancel(requester, task)
        }

        /// Gives a worker the key of a sealed payload. Work begins when every worker has one.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::post_key())]
        pub fn post_key(
            origin: OriginFor<T>,
            task: TaskId,
            provider: ProviderId,
            key: WrappedKey,
        ) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_post_key(requester, task, provider, key)
        }

        /// Says that the key does not open the payload. The worker leaves without blame.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::reject_key())]
        pub fn reject_key(origin: OriginFor<T>, task: TaskId) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_reject_key(operator, task)
        }

        /// Commits to a result that nobody else can know yet. Costs nothing.
        #[pallet::call_index(4)]
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

        /// Shows the result that was committed to. Costs nothing.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::reveal(MAX_REDUNDANCY.into()))]
        pub fn reveal(
            origin: OriginFor<T>,
            task: TaskId,
            answer: alloc::boxed::Box<Answer>,
            salt: Digest,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            let spent = Self::do_reveal(operator, task, *answer, salt)?;
            Ok((Some(spent), Pays::No).into())
        }

        /// Says that the result was fetched. Nothing depends on it.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::acknowledge())]
        pub fn acknowledge(origin: OriginFor<T>, task: TaskId) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_acknowledge(requester, task)
        }

        /// Moves on a task whose time has run out, which the chain does by itself where a block
        /// has room for it.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::poke().saturating_add(Pallet::<T>::dearest_look()))]
        pub fn poke(origin: OriginFor<T>, task: TaskId) -> DispatchResultWithPostInfo {
            let anyone = ensure_signed(origin)?;
            Self::do_poke(anyone, task)
        }

        /// Says that a worker's artifact cannot be fetched. The worker has to show chunks of it
        /// that are drawn now, or is not paid. The deposit is the worker's if it shows them.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::complain_unavailable())]
        pub fn complain_unavailable(
            origin: OriginFor<T>,
            task: TaskId,
            provider: ProviderId,
        ) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_complain(requester, task, provider)
        }

        /// Shows the chunks of a result that a complaint asks for. Costs nothing.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::show(proofs.len() as u32))]
        pub fn show(
            origin: OriginFor<T>,
            task: TaskId,
            proofs: BoundedVec<Proof, ConstU32<CHUNKS_SHOWN>>,
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_show(operator, task, &proofs)?;
            Ok(Pays::No.into())
        }

        /// Says that the worker cannot do the job, and why. It leaves, and its bond is not touched.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::decline())]
        pub fn decline(
            origin: OriginFor<T>,
            task: TaskId,
            failure: Failure,
            reason: Reason,
        ) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_decline(operator, task, failure, reason)
        }
    }
}
