#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonding;
mod capability;
mod cards;
mod draw;
pub mod lanes;
mod links;
mod operation;
pub mod penalties;
mod pools;
mod registration;
mod registry;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use draw::Draw;
pub use pallet::*;
pub use penalties::CreditOf;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{penalties::CreditOf, types::*, WeightInfo};
    use alloc::boxed::Box;
    use cairn_protocol::{
        fault::Fault,
        id::{Amount, Digest, Height, ProviderId},
        profile::{Availability, DeviceClass, Profile, RoleSet},
    };
    use cairn_seams::{Clock, Lane, Reputation};
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{hold, Inspect},
            OnUnbalanced,
        },
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type RuntimeHoldReason: From<HoldReason>;

        /// What bonds and deposits are held in.
        type Currency: Inspect<Self::AccountId, Balance = Amount>
            + hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + hold::Balanced<Self::AccountId>;

        /// Where slashed bonds go; `()` burns them.
        type OnSlash: OnUnbalanced<CreditOf<Self>>;

        /// The market's time.
        type Clock: Clock;

        /// How well a provider did.
        type Reputation: Reputation<Self::AccountId>;

        /// Who may take back a queued slash.
        type AppealOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The least bond of each role.
        type RoleBonds: Get<RoleBonds>;

        /// What each fault costs.
        type FaultShares: Get<FaultShares>;

        /// What each class must reach when it is measured.
        type ThroughputFloors: Get<ThroughputFloors>;

        /// Held for each item of state.
        type ItemDeposit: Get<Amount>;

        /// Held for each byte of state.
        type ByteDeposit: Get<Amount>;

        /// From unbonding to withdrawing; longer than work can be disputed and than a slash can
        /// be appealed.
        type UnbondingPeriod: Get<Height>;

        /// How often a heartbeat is free.
        type HeartbeatPeriod: Get<Height>;

        /// How long a heartbeat is good for; longer than the period.
        type HeartbeatTimeout: Get<Height>;

        /// How long a slash can be appealed.
        type AppealWindow: Get<Height>;

        /// After how long without another one a fault is forgotten.
        type FaultMemory: Get<Height>;

        /// Registrations of one owner, at most.
        #[pallet::constant]
        type MaxRegistrations: Get<u32>;

        /// Accounts that one account is linked to, at most.
        #[pallet::constant]
        type MaxLinks: Get<u32>;

        /// Providers drawn at once, at most.
        type MaxSample: Get<u32>;

        /// Silent providers who lose their seat in one draw, at most.
        type MaxEvictions: Get<u32>;

        /// Slashes looked at in one block, at most.
        type MaxSlashesPerBlock: Get<u32>;

        type WeightInfo: WeightInfo;
    }

    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Stands behind a provider's work.
        #[codec(index = 0)]
        Bond,
        /// For the state that a registration or a declaration occupies.
        #[codec(index = 1)]
        Deposit,
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The id of the next registration. None is ever given twice.
    #[pallet::storage]
    pub type NextProvider<T> = StorageValue<_, u64, ValueQuery>;

    /// Every registration, with all that matching reads of it.
    #[pallet::storage]
    pub type Providers<T: Config> =
        CountedStorageMap<_, Twox64Concat, ProviderId, Registration<T::AccountId>>;

    /// The part of each profile that matching does not read.
    #[pallet::storage]
    pub type ProviderDetails<T> = StorageMap<_, Twox64Concat, ProviderId, Details>;

    /// The provider that an account operates, once it has consented by a heartbeat.
    #[pallet::storage]
    pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ProviderId>;

    /// The provider that hardware backs.
    #[pallet::storage]
    pub type Bindings<T> = StorageMap<_, Blake2_128Concat, Digest, ProviderId>;

    /// The registrations of an owner.
    #[pallet::storage]
    pub type Owned<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<ProviderId, T::MaxRegistrations>,
        ValueQuery,
    >;

    /// Who sits where in the pool of a lane and class.
    #[pallet::storage]
    pub type Pools<T> = StorageMap<_, Twox64Concat, (Lane, DeviceClass, u32), ProviderId>;

    /// How many sit in the pools of a lane.
    #[pallet::storage]
    pub type PoolSizes<T> = StorageMap<_, Twox64Concat, Lane, Sizes, ValueQuery>;

    /// Where a provider sits in a lane, in the pool of its class.
    #[pallet::storage]
    pub type Seats<T> = StorageDoubleMap<_, Twox64Concat, ProviderId, Twox64Concat, Lane, u32>;

    /// Penalties that can still be appealed or wait for their execution.
    #[pallet::storage]
    pub type Slashes<T> = StorageMap<_, Twox64Concat, SlashId, Slash>;

    /// Which slashes there may be.
    #[pallet::storage]
    pub type SlashQueue<T> = StorageValue<_, QueueEnds, ValueQuery>;

    /// That the first account calls the second the same party, and what is held for it.
    #[pallet::storage]
    pub type Declarations<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, T::AccountId, Amount>;

    /// Those whom an account calls the same party, and who call it so.
    #[pallet::storage]
    pub type Links<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<T::AccountId, T::MaxLinks>,
        ValueQuery,
    >;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Somebody registered. The operator's first heartbeat will make it available.
        #[codec(index = 0)]
        Registered {
            provider: ProviderId,
            owner: T::AccountId,
            operator: T::AccountId,
            roles: RoleSet,
            bond: Amount,
        },
        /// A provider says something else of itself.
        #[codec(index = 1)]
        ProfileUpdated { provider: ProviderId, generation: u32 },
        /// A bond grew.
        #[codec(index = 2)]
        BondAdded { provider: ProviderId, amount: Amount },
        /// A provider has these roles now.
        #[codec(index = 3)]
        RolesSet { provider: ProviderId, roles: RoleSet },
        /// A provider takes work, finishes what it has, or rests.
        #[codec(index = 4)]
        AvailabilitySet { provider: ProviderId, availability: Availability },
        /// An operator sent its first heartbeat.
        #[codec(index = 5)]
        OperatorConfirmed { provider: ProviderId, operator: T::AccountId },
        /// Another account is to operate a provider, once it has sent a heartbeat.
        #[codec(index = 6)]
        OperatorRotated { provider: ProviderId, operator: T::AccountId, generation: u32 },
        /// An account calls another the same party; the two are linked once both do.
        #[codec(index = 7)]
        LinkDeclared { by: T::AccountId, other: T::AccountId, linked: bool },
        /// An account calls another the same party no more.
        #[codec(index = 8)]
        LinkRevoked { by: T::AccountId, other: T::AccountId },
        /// Part of a bond can be withdrawn from then on.
        #[codec(index = 9)]
        Unbonding { provider: ProviderId, amount: Amount, withdrawable_at: Height },
        /// A provider has ended its service; its bond can be withdrawn from then on.
        #[codec(index = 10)]
        Left { provider: ProviderId, amount: Amount, withdrawable_at: Height },
        /// What had unbonded went back to the owner.
        #[codec(index = 11)]
        Withdrawn { provider: ProviderId, amount: Amount },
        /// A registration has ended.
        #[codec(index = 12)]
        Deregistered { provider: ProviderId },
        /// A provider was not there when it was called.
        #[codec(index = 13)]
        Missed { provider: ProviderId },
        /// A provider was measured, and is drawn in that class.
        #[codec(index = 14)]
        Measured { provider: ProviderId, throughput: u64, class: DeviceClass },
        /// A provider is to be penalised, unless that is appealed.
        #[codec(index = 15)]
        SlashQueued {
            slash: SlashId,
            provider: ProviderId,
            fault: Fault,
            subject: u64,
            amount: Amount,
            executes_at: Height,
        },
        /// An appeal was heard: the slash will not be executed.
        #[codec(index = 16)]
        SlashCancelled { slash: SlashId, provider: ProviderId },
        /// A provider was penalised.
        #[codec(index = 17)]
        Slashed { slash: SlashId, provider: ProviderId, amount: Amount },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no such registration, or it has ended. Name one that there is.
        UnknownProvider,
        /// Only the owner of the registration may do this. Sign with its key.
        NotOwner,
        /// Only the account that the owner named as operator may do this. Sign with its key.
        NotOperator,
        /// Only owner or operator of the registration may do this. Sign with a key of theirs.
        NotOwnerOrOperator,
        /// No role is named. Name at least one.
        NoRole,
        /// A role does not exist. Name some of Compute, Guard, Router, Storage and Entropy.
        UnknownRole,
        /// The provider is to compute and offers no kind of job. Offer at least one.
        NothingOffered,
        /// A kind of job is offered twice. Offer each once.
        DuplicateOffer,
        /// The hardware has no slot to work in. Declare at least one, for one job at once.
        NoSlots,
        /// The owner has as many registrations as it may. End one before making another.
        TooManyRegistrations,
        /// No id is left for a registration. Wait for a runtime that has more.
        IdsExhausted,
        /// The account operates another provider. Name one that does not.
        OperatorTaken,
        /// The account is the operator already. Name another one.
        SameOperator,
        /// The binding backs another provider. Let that one leave first, or commit to your devices
        /// with another salt if it is not yours.
        BindingTaken,
        /// The bond, less what queued slashes are to take, would be less than the sum of what the
        /// roles need. Have more bonded, or name fewer roles.
        BondBelowMinimum,
        /// The owner's free balance does not cover the bond or the deposit. Fund it.
        InsufficientBalance,
        /// The registration is leaving and takes no more changes. Register again.
        Leaving,
        /// The amount is zero. Name one above it.
        ZeroAmount,
        /// The bond is less than that. Unbond no more than there is.
        NotBonded,
        /// Nothing is unbonding. Unbond first.
        NothingUnbonding,
        /// The unbonding period is not over yet. Withdraw at `withdrawable_at`.
        StillUnbonding,
        /// Some work of the provider can still be done or disputed. Withdraw when that is over.
        Engaged,
        /// A slash waits for its execution. Withdraw when it has been executed or cancelled.
        SlashPending,
        /// There is no such slash, or it has been executed or cancelled. Look for its event.
        UnknownSlash,
        /// An account is always linked to itself. Name another one.
        SelfLink,
        /// This account has declared that link already. Have the other one declare it too.
        AlreadyDeclared,
        /// This account has not declared that link. There is nothing to take back.
        NotDeclared,
        /// One of the two accounts is linked to as many as there may be. Take a link of it back.
        TooManyLinks,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(remaining);
            Self::execute_due(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::HeartbeatPeriod::get() < T::HeartbeatTimeout::get());
            assert!(T::AppealWindow::get() < T::UnbondingPeriod::get());
            assert!(T::MaxRegistrations::get() > 0);
            assert!(T::MaxSample::get() > 0);
            assert!(T::MaxSlashesPerBlock::get() > 0);
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers a provider owned by the caller, with a bond for its roles and a deposit for
        /// the state it occupies. It is available from its operator's first heartbeat on.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            operator: T::AccountId,
            profile: Box<Profile>,
            roles: RoleSet,
            bond: Amount,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_register(owner, operator, &profile, roles, bond)
        }

        /// Says something else of a provider. The generation rises with other hardware.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::update_profile())]
        pub fn update_profile(
            origin: OriginFor<T>,
            provider: ProviderId,
            profile: Box<Profile>,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_update_profile(owner, provider, &profile)
        }

        /// Adds to a bond.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::add_bond())]
        pub fn add_bond(
            origin: OriginFor<T>,
            provider: ProviderId,
            amount: Amount,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_add_bond(owner, provider, amount)
        }

        /// Takes and gives up roles. The bond must cover those named.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::set_roles())]
        pub fn set_roles(
            origin: OriginFor<T>,
            provider: ProviderId,
            roles: RoleSet,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_set_roles(owner, provider, roles)
        }

        /// Takes work, finishes what there is, or rests; for owner and operator.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_availability())]
        pub fn set_availability(
            origin: OriginFor<T>,
            provider: ProviderId,
            availability: Availability,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_availability(who, provider, availability)
        }

        /// Says that the provider is there; for the operator, who agrees to be it by the first
        /// one. Free when it is due; earlier it counts as well, and pays.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::heartbeat_seating())]
        pub fn heartbeat(origin: OriginFor<T>, provider: ProviderId) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            Self::do_heartbeat(operator, provider)
        }

        /// Names another operator, who has to send a heartbeat before the provider is available
        /// again.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::rotate_operator())]
        pub fn rotate_operator(
            origin: OriginFor<T>,
            provider: ProviderId,
            operator: T::AccountId,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_rotate_operator(owner, provider, operator)
        }

        /// Declares another account the same party as the caller, or takes that back. It counts
        /// once the other one has declared it too.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::link_account())]
        pub fn link_account(
            origin: OriginFor<T>,
            other: T::AccountId,
            same_party: bool,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_link_account(who, other, same_party)
        }

        /// Unbonds what neither the roles need nor queued slashes take. All that is unbonding waits
        /// from now.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::unbond())]
        pub fn unbond(
            origin: OriginFor<T>,
            provider: ProviderId,
            amount: Amount,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_unbond(owner, provider, amount)
        }

        /// Ends the service for good and unbonds everything.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>, provider: ProviderId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_leave(owner, provider)
        }

        /// Gives the owner what has unbonded. Ends the registration of one that is leaving.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>, provider: ProviderId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_withdraw(owner, provider)
        }

        /// Takes back a slash that has not been executed; for the appeal origin.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::cancel_slash())]
        pub fn cancel_slash(origin: OriginFor<T>, slash: SlashId) -> DispatchResult {
            T::AppealOrigin::ensure_origin(origin)?;
            Self::do_cancel_slash(slash)
        }
    }
}
