//! Governance: referenda on tracks, conviction voting, treasury, scheduled enactment.
//!
//! There is no sudo. Whoever holds CRN decides, on the track whose origin the proposal needs.

pub mod origins;
pub mod tracks;

use self::{origins::Treasurer, tracks::Tracks};
use super::{parameters::governance::VotingClock, system::ServiceWeight};
use crate::{
    units::{deposit, DAYS, UNITS},
    AccountId, Balance, Balances, BlockNumber, OriginCaller, Preimage, Referenda, Runtime,
    RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, Scheduler, System, Treasury,
};
use frame_support::{
    parameter_types,
    traits::{
        fungible::HoldConsideration,
        tokens::{PayFromAccount, UnityAssetBalanceConversion},
        ConstU32, EitherOf, EqualPrivilegeOnly, Get, LinearStoragePrice,
    },
    PalletId,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureSigned};
use sp_runtime::{traits::IdentityLookup, Permill};

parameter_types! {
    pub const PreimageHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
    pub const PreimageBaseDeposit: Balance = deposit(2, 64);
    // A note is temporary, so its bytes cost a hundredth of those that stay: the preimage of a
    // runtime upgrade, a megabyte, holds some 10 CRN and not 1,000.
    pub const PreimageByteDeposit: Balance = deposit(0, 1) / 100;
}

impl pallet_preimage::Config for Runtime {
    type Consideration = HoldConsideration<
        AccountId,
        Balances,
        PreimageHoldReason,
        LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
    >;
    type Currency = Balances;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
}

impl pallet_scheduler::Config for Runtime {
    type BlockNumberProvider = System;
    type MaxScheduledPerBlock = ConstU32<50>;
    type MaximumWeight = ServiceWeight;
    type OriginPrivilegeCmp = EqualPrivilegeOnly;
    type PalletsOrigin = OriginCaller;
    type Preimages = Preimage;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeOrigin = RuntimeOrigin;
    type ScheduleOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
}

/// How long one step of conviction locks.
pub struct VoteLock;
impl Get<BlockNumber> for VoteLock {
    fn get() -> BlockNumber {
        VotingClock::get().lock
    }
}

/// When a referendum that nobody paid a decision deposit for is dropped.
pub struct UndecidingTimeout;
impl Get<BlockNumber> for UndecidingTimeout {
    fn get() -> BlockNumber {
        VotingClock::get().undeciding_timeout
    }
}

impl pallet_conviction_voting::Config for Runtime {
    type BlockNumberProvider = System;
    type Currency = Balances;
    type MaxTurnout = frame_support::traits::TotalIssuanceOf<Balances, AccountId>;
    type MaxVotes = ConstU32<512>;
    type Polls = Referenda;
    type RuntimeEvent = RuntimeEvent;
    type VoteLockingPeriod = VoteLock;
    type VotingHooks = ();
    type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
    /// Refunded when the referendum passes or is cancelled; keeps the list short.
    pub const SubmissionDeposit: Balance = 10 * UNITS;
}

impl pallet_referenda::Config for Runtime {
    type AlarmInterval = ConstU32<1>;
    type BlockNumberProvider = System;
    type CancelOrigin = EnsureRoot<AccountId>;
    type Currency = Balances;
    type KillOrigin = EnsureRoot<AccountId>;
    type MaxQueued = ConstU32<100>;
    type Preimages = Preimage;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type Scheduler = Scheduler;
    type Slash = Treasury;
    type SubmissionDeposit = SubmissionDeposit;
    type SubmitOrigin = frame_support::traits::AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
    type Tally = pallet_conviction_voting::TallyOf<Runtime>;
    type Tracks = Tracks;
    type UndecidingTimeout = UndecidingTimeout;
    type Votes = pallet_conviction_voting::VotesOf<Runtime>;
    type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
}

impl origins::Config for Runtime {}

parameter_types! {
    pub const TreasuryPalletId: PalletId = PalletId(*b"cairntsy");
    pub const SpendPeriod: BlockNumber = DAYS;
    pub const PayoutPeriod: BlockNumber = 30 * DAYS;
    // What is not spent stays: the treasury is not pressed to spend.
    pub const TreasuryBurn: Permill = Permill::zero();
    pub const MaxSpend: Balance = Balance::MAX;
    pub TreasuryAccount: AccountId = Treasury::account_id();
}

impl pallet_treasury::Config for Runtime {
    type AssetKind = ();
    type BalanceConverter = UnityAssetBalanceConversion;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = ();
    type Beneficiary = AccountId;
    type BeneficiaryLookup = IdentityLookup<AccountId>;
    type BlockNumberProvider = System;
    type Burn = TreasuryBurn;
    type BurnDestination = ();
    type Currency = Balances;
    type MaxApprovals = ConstU32<100>;
    type PalletId = TreasuryPalletId;
    type Paymaster = PayFromAccount<Balances, TreasuryAccount>;
    type PayoutPeriod = PayoutPeriod;
    type RejectOrigin = EnsureRoot<AccountId>;
    type RuntimeEvent = RuntimeEvent;
    type SpendFunds = ();
    type SpendOrigin = EitherOf<EnsureRootWithSuccess<AccountId, MaxSpend>, Treasurer>;
    type SpendPeriod = SpendPeriod;
    type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
}
