#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod access;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod components;
mod creation;
mod deposits;
mod serving;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use alloc::boxed::Box;
    use cairn_protocol::{
        dag::{Header, SemVer},
        id::{Amount, BlockId, Height, ProviderId},
        learning::{
            model::{Access, Component, ModelCard, MAX_COMPONENTS},
            source::{Purpose, Source},
        },
    };
    use cairn_seams::{Clock, Judging, OnPublished, Registry};
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls cost.
        type WeightInfo: WeightInfo;

        /// The reasons for which an account's funds can be held.
        type RuntimeHoldReason: From<HoldReason>;

        /// Holds the deposits of blocks, licences and declarations.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// By which prices change and declarations expire.
        type Clock: Clock;

        /// Knows who operates a provider.
        type Registry: Registry<Self::AccountId>;

        /// Hears when an author publishes a component.
        type OnPublished: OnPublished;

        /// Knows how much guards can be asked to judge.
        type Judging: Judging;

        /// What is held for an item of state.
        type ItemDeposit: Get<Amount>;

        /// What is held for a byte of state.
        type ByteDeposit: Get<Amount>;

        /// How long a higher price is announced before it counts: longer than a transaction can
        /// wait that was signed at the lower one.
        type PriceNotice: Get<Height>;

        /// How long a declaration counts that a provider serves a model.
        type ServeBlocks: Get<Height>;

        /// Models that one provider may declare to serve.
        #[pallet::constant]
        type MaxServed: Get<u32>;

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
        /// A block is kept.
        #[codec(index = 0)]
        Block,
        /// An account has a licence.
        #[codec(index = 1)]
        Licence,
        /// A provider says that it serves a model.
        #[codec(index = 2)]
        Serving,
    }

    /// The blocks of the DAG.
    #[pallet::storage]
    pub type Blocks<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, Block<T::AccountId>>;

    /// What models say of themselves. Who may use one is what was announced of it, once that
    /// counts.
    #[pallet::storage]
    pub type Cards<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, ModelCard>;

    /// Who may use a model from a height on.
    #[pallet::storage]
    pub type Announced<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, Announcement>;

    /// Where the components of models stand.
    #[pallet::storage]
    pub type Heads<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, BlockId, Blake2_128Concat, Component, Top>;

    /// Where the examples of DATA blocks come from.
    #[pallet::storage]
    pub type DataSets<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, Examples>;

    /// The set that the deltas of a model are judged on.
    #[pallet::storage]
    pub type Validation<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, BlockId>;

    /// How many jobs that ran on a model were settled.
    #[pallet::storage]
    pub type Uses<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, u64, ValueQuery>;

    /// What a model loses on the set that it is judged on.
    #[pallet::storage]
    pub type LossesOf<T: Config> = StorageMap<_, Blake2_128Concat, BlockId, Losses>;

    /// Who has a licence for a model, and what is held of its author for it.
    #[pallet::storage]
    pub type Licences<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, BlockId, Blake2_128Concat, T::AccountId, Amount>;

    /// What providers say that they serve of a model.
    #[pallet::storage]
    pub type Servers<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        BlockId,
        Twox64Concat,
        ProviderId,
        Serving<T::AccountId>,
    >;

    /// The models that a provider says it serves.
    #[pallet::storage]
    pub type Served<T: Config> =
        StorageMap<_, Twox64Concat, ProviderId, BoundedVec<BlockId, T::MaxServed>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// There is a new model, which jobs can run on from now on.
        #[codec(index = 0)]
        ModelCreated { model: BlockId, author: T::AccountId },
        /// A component is this block from now on, whatever it was before.
        #[codec(index = 1)]
        Published { model: BlockId, component: Component, block: BlockId, release: SemVer },
        /// There is a new set of examples for a model.
        #[codec(index = 2)]
        DataRegistered { data: BlockId, model: BlockId, author: T::AccountId, purpose: Purpose },
        /// Deltas of the model are judged on this set from now on.
        #[codec(index = 3)]
        ValidationChosen { model: BlockId, data: BlockId },
        /// Who may use a model, and for how much, changes at that height.
        #[codec(index = 4)]
        AccessSet { model: BlockId, access: Access, from: Height },
        /// The account may use the model while that is licensed.
        #[codec(index = 5)]
        Licensed { model: BlockId, who: T::AccountId },
        /// It may no longer.
        #[codec(index = 6)]
        LicenceRevoked { model: BlockId, who: T::AccountId },
        /// The provider says that it serves components of the model, up to that height.
        #[codec(index = 7)]
        Serving { provider: ProviderId, model: BlockId, until: Height },
        /// It does no longer.
        #[codec(index = 8)]
        StoppedServing { provider: ProviderId, model: BlockId },
        /// A delta was laid on a component, which is this release now.
        #[codec(index = 9)]
        Laid { model: BlockId, component: Component, block: BlockId, release: SemVer },
        /// A delta was taken off a component, which is what it was before.
        #[codec(index = 10)]
        Unlaid { model: BlockId, component: Component, block: BlockId, head: BlockId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The block is there already. Use it, or give the new one another release.
        #[codec(index = 0)]
        AlreadyThere,
        /// The header is of another kind of block. Begin a model with a META block.
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
        /// The artifact has no bytes, so that there is nothing in it. Name the one that has.
        #[codec(index = 6)]
        NoArtifact,
        /// The header claims a gain, and only a delta has one: claim none.
        #[codec(index = 7)]
        ClaimsGain,
        /// The card names no component, or one without a name. Name each part of the model.
        #[codec(index = 8)]
        NoComponents,
        /// The card's components are not in the order of their names, or one is named twice. Sort
        /// them.
        #[codec(index = 9)]
        ComponentsUnsorted,
        /// The card's royalty is more than the whole. Ask for 1,000,000 parts in a million at most.
        #[codec(index = 10)]
        RoyaltyTooHigh,
        /// The card's licence is no SPDX expression. Name one, such as `Apache-2.0`.
        #[codec(index = 11)]
        LicenceUnreadable,
        /// No model with this id is registered. Create it first.
        #[codec(index = 12)]
        UnknownModel,
        /// The model has no component of this name. Name one that its card lists.
        #[codec(index = 13)]
        UnknownComponent,
        /// Only the author of the model may do this. Sign with its key.
        #[codec(index = 14)]
        NotTheModelsAuthor,
        /// The header is of another kind of block. Publish an EXPERT or a ROUTER.
        #[codec(index = 15)]
        NotAComponent,
        /// The header is of another kind of block. Register a DATA block, which is a set of
        /// examples.
        #[codec(index = 16)]
        NotASet,
        /// The header is of another kind of block. Change a component by a DELTA.
        #[codec(index = 17)]
        NotADelta,
        /// The header names no model. Name the block that began its model.
        #[codec(index = 18)]
        NamesNoModel,
        /// The header names no component. Name the one that it is of.
        #[codec(index = 19)]
        NamesNoComponent,
        /// The header names a component, and a set of examples is for the whole model. Leave it
        /// empty.
        #[codec(index = 20)]
        NamesAComponent,
        /// The header stands on no block, or on several. Name one.
        #[codec(index = 21)]
        NotOnOneBlock,
        /// A set of examples stands on the block that began its model. Name that one.
        #[codec(index = 22)]
        NotOnItsModel,
        /// The header does not stand on the component's head, or on the block that began the model
        /// where nothing of the component was published. Name that one; it may just have moved.
        #[codec(index = 23)]
        NotOnTheHead,
        /// The block that the header stands on is not there: it was never laid, or was taken off.
        /// Stand on the component's head.
        #[codec(index = 24)]
        UnknownParent,
        /// The block that the header stands on is of another model or component. Stand on the
        /// component's head.
        #[codec(index = 25)]
        OfAnotherComponent,
        /// The component was published anew since the block that the header stands on. Learn on its
        /// head.
        #[codec(index = 26)]
        Superseded,
        /// What is published has to have a higher major or minor number than all before it; patches
        /// are deltas. Raise one.
        #[codec(index = 27)]
        ReleaseNotNewer,
        /// The delta claims no gain. Say by how much it lowers the loss.
        #[codec(index = 28)]
        ClaimsNoGain,
        /// Nothing of the component was published that could be changed. Have the model's author
        /// publish it.
        #[codec(index = 29)]
        NothingPublished,
        /// There are as many patches of this release as there can be. Have the model's author
        /// publish the component anew.
        #[codec(index = 30)]
        PatchesExhausted,
        /// The header names another artifact than the source. Name the same file in both.
        #[codec(index = 31)]
        NotTheSource,
        /// A record is no whole number of tokens, or has too few or too many of them. Choose
        /// another length.
        #[codec(index = 32)]
        RecordLengthWrong,
        /// The file has bytes for no whole number of records. Cut off what is left over.
        #[codec(index = 33)]
        RecordsRagged,
        /// There are too few examples to judge anything on. Bring more.
        #[codec(index = 34)]
        TooFewRecords,
        /// A record may burn no fuel at all, or more than guards spend on one. Name an amount
        /// between.
        #[codec(index = 35)]
        FuelOutOfRange,
        /// No set of examples with this id is registered. Register it first.
        #[codec(index = 36)]
        UnknownData,
        /// The set is for another model, or not to judge on. Register one for validation.
        #[codec(index = 37)]
        NotForValidation,
        /// The account has a licence. There is nothing left to do.
        #[codec(index = 38)]
        AlreadyLicensed,
        /// The account has no licence. There is nothing to take back.
        #[codec(index = 39)]
        NotLicensed,
        /// The account does not operate this provider, or not yet. Sign with its operator key, once a
        /// heartbeat was sent with it.
        #[codec(index = 40)]
        NotTheOperator,
        /// No component is named. Name what is served, or stop serving.
        #[codec(index = 41)]
        NothingServed,
        /// The provider serves as many models as it may. Stop serving another one.
        #[codec(index = 42)]
        TooManyServed,
        /// The provider does not say that it serves this model. There is nothing to take back.
        #[codec(index = 43)]
        NotServed,
        /// A sample of the set may have more bytes than guards take, or take more fuel to make
        /// than they spend: the parameters of deltas have these limits. Register one of shorter
        /// examples, or a generator that may burn less.
        #[codec(index = 44)]
        TooMuchToJudge,
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
            card: Box<ModelCard>,
        ) -> DispatchResult {
            Self::do_create_model(ensure_signed(origin)?, *header, *card)
        }

        /// Publishes an expert or a router of a model, for the first time or anew. Deltas are for
        /// it from now on. For the model's author; a deposit is held for good.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::publish())]
        pub fn publish(origin: OriginFor<T>, header: Box<Header<T::AccountId>>) -> DispatchResult {
            Self::do_publish(ensure_signed(origin)?, *header)
        }

        /// Registers a set of examples for a model. For the author that the header names; a deposit
        /// is held for good.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::register_data())]
        pub fn register_data(
            origin: OriginFor<T>,
            header: Box<Header<T::AccountId>>,
            source: Source,
            purpose: Purpose,
        ) -> DispatchResult {
            Self::do_register_data(ensure_signed(origin)?, *header, source, purpose)
        }

        /// Has deltas of a model be judged on this set from now on. For the model's author.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::choose_validation())]
        pub fn choose_validation(
            origin: OriginFor<T>,
            model: BlockId,
            data: BlockId,
        ) -> DispatchResult {
            Self::do_choose_validation(ensure_signed(origin)?, model, data)
        }

        /// Says who may use a model, and for how much. A higher price is announced a while before
        /// it counts; all else counts at once. For the model's author.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_access())]
        pub fn set_access(origin: OriginFor<T>, model: BlockId, access: Access) -> DispatchResult {
            Self::do_set_access(ensure_signed(origin)?, model, access)
        }

        /// Gives an account a licence, by which it may use a model that is licensed. For the
        /// model's author, of whom a deposit is held.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::license())]
        pub fn license(origin: OriginFor<T>, model: BlockId, who: T::AccountId) -> DispatchResult {
            Self::do_license(ensure_signed(origin)?, model, who)
        }

        /// Takes a licence back. Tasks that were submitted with it go on. For the model's author,
        /// who has the deposit back.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::revoke_licence())]
        pub fn revoke_licence(
            origin: OriginFor<T>,
            model: BlockId,
            who: T::AccountId,
        ) -> DispatchResult {
            Self::do_revoke_licence(ensure_signed(origin)?, model, who)
        }

        /// Says which components of a model a provider serves, for a while; said again, it counts
        /// from then on. For the provider's operator, of whom a deposit is held.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::serve())]
        pub fn serve(
            origin: OriginFor<T>,
            provider: ProviderId,
            model: BlockId,
            components: BoundedVec<Component, ConstU32<MAX_COMPONENTS>>,
        ) -> DispatchResult {
            Self::do_serve(ensure_signed(origin)?, provider, model, components)
        }

        /// Says that a provider serves a model no longer, and gives the deposit back. For the
        /// provider's operator, or for anyone where it counts no more.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::stop_serving())]
        pub fn stop_serving(
            origin: OriginFor<T>,
            provider: ProviderId,
            model: BlockId,
        ) -> DispatchResult {
            Self::do_stop_serving(ensure_signed(origin)?, provider, model)
        }
    }
}
