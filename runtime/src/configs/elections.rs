//! Who becomes a validator: single-page NPoS elections, solved off chain, checked on chain.

use super::system::RuntimeBlockWeights;
// The solution type's macro writes `vec!`.
use crate::{
    launch::EpochSlots,
    units::{deposit, UNITS},
    AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeEvent, Staking, TransactionPayment,
    Treasury,
};
use alloc::vec;
use frame_election_provider_support::{
    bounds::{ElectionBounds, ElectionBoundsBuilder},
    onchain, SequentialPhragmen,
};
use frame_support::{
    dispatch::DispatchClass,
    pallet_prelude::Weight,
    parameter_types,
    traits::{ConstU32, Get},
};
use frame_system::EnsureRoot;
use pallet_election_provider_multi_phase::{GeometricDepositBase, SolutionAccuracyOf};
use sp_runtime::{Perbill, Percent, SaturatedConversion};

/// Seats in a validator set.
pub const MAX_VALIDATORS: u32 = 300;
/// Voters that take part in an election, the heaviest of the bags list.
pub const MAX_ELECTING_VOTERS: u32 = 2_000;
/// Candidates of an election.
pub const MAX_CANDIDATES: u32 = 1_000;
/// Candidates one nominator may name.
pub const MAX_VOTES: u32 = 16;
/// Backers of one validator. A slash reaches all of them in the block that reports the offence,
/// so they are as many as fit into a quarter of one.
pub const MAX_BACKERS: u32 = 512;
/// Backers in one page of an exposure.
pub const MAX_WINNERS_EXPOSED: u32 = 64;
/// Voters of the on-chain fallback. It runs inside a block, between two slots, so it considers
/// the heaviest few only: a coarser set beats a chain without elections.
const FALLBACK_VOTERS: u32 = 400;

frame_election_provider_support::generate_solution_type!(
    #[compact]
    pub struct Solution::<
        VoterIndex = u16,
        TargetIndex = u16,
        Accuracy = sp_runtime::PerU16,
        MaxVoters = ConstU32<MAX_ELECTING_VOTERS>,
    >(16)
);

const BAGS: usize = 200;

/// Upper score of each bag: every bag is a ninth wider than the one below. 200 of them span nine
/// decades up to `u64::MAX`, the vote weight of the whole supply.
const fn bag_thresholds() -> [u64; BAGS] {
    let mut bags = [u64::MAX; BAGS];
    let mut i = BAGS - 1;
    while i > 0 {
        bags[i - 1] = bags[i] / 10 * 9;
        i -= 1;
    }
    bags
}

const BAG_THRESHOLDS: [u64; BAGS] = bag_thresholds();

parameter_types! {
    pub const BagThresholds: &'static [u64] = &BAG_THRESHOLDS;
    pub ElectionLimits: ElectionBounds = ElectionBoundsBuilder::default()
        .voters_count(MAX_ELECTING_VOTERS.into())
        .targets_count(MAX_CANDIDATES.into())
        .build();
    pub FallbackLimits: ElectionBounds = ElectionBoundsBuilder::default()
        .voters_count(FALLBACK_VOTERS.into())
        .targets_count(MAX_VALIDATORS.into())
        .build();
    // A signed solution is slashed when it is worse than it says: the deposit has to hurt, and
    // to grow while the queue fills.
    pub const SignedFixedDeposit: Balance = 10 * UNITS;
    pub const SignedDepositIncrease: Percent = Percent::from_percent(10);
    pub const SignedDepositByte: Balance = deposit(0, 1);
    pub const SignedReward: Balance = UNITS;
    pub MaxSolutionWeight: Weight = RuntimeBlockWeights::get()
        .get(DispatchClass::Normal)
        .max_extrinsic
        .unwrap_or(Weight::zero());
    pub MaxSolutionLength: u32 = Perbill::from_percent(50)
        * *super::system::RuntimeBlockLength::get().max.get(DispatchClass::Normal);
}

/// A quarter of an epoch: the first for signed solutions, the next for the validators' own.
pub struct QuarterEpoch;
impl Get<BlockNumber> for QuarterEpoch {
    fn get() -> BlockNumber {
        (EpochSlots::<Runtime>::get() / 4).saturated_into()
    }
}

/// An election inside a block.
pub struct OnChainElection<Limits>(core::marker::PhantomData<Limits>);
impl<Limits: Get<ElectionBounds>> onchain::Config for OnChainElection<Limits> {
    type Bounds = Limits;
    type DataProvider = Staking;
    type MaxBackersPerWinner = ConstU32<MAX_BACKERS>;
    type MaxWinnersPerPage = ConstU32<MAX_VALIDATORS>;
    type Solver = SequentialPhragmen<AccountId, sp_runtime::PerU16>;
    type Sort = frame_support::traits::ConstBool<true>;
    type System = Runtime;
    type WeightInfo = frame_election_provider_support::weights::SubstrateWeight<Runtime>;
}

/// The election of the first validator set, before there is a chain to solve one.
pub type OnChain = onchain::OnChainExecution<OnChainElection<ElectionLimits>>;
/// The election that is held when no solution arrived in time.
pub type Fallback = onchain::OnChainExecution<OnChainElection<FallbackLimits>>;

impl pallet_election_provider_multi_phase::MinerConfig for Runtime {
    type AccountId = AccountId;
    type MaxBackersPerWinner = ConstU32<MAX_BACKERS>;
    type MaxLength = MaxSolutionLength;
    type MaxVotesPerVoter = ConstU32<MAX_VOTES>;
    type MaxWeight = MaxSolutionWeight;
    type MaxWinners = ConstU32<MAX_VALIDATORS>;
    type Solution = Solution;

    fn solution_weight(voters: u32, targets: u32, active: u32, desired: u32) -> Weight {
        use pallet_election_provider_multi_phase::WeightInfo;
        <Self as pallet_election_provider_multi_phase::Config>::WeightInfo::submit_unsigned(
            voters, targets, active, desired,
        )
    }
}

/// Sizes that benchmarks are run with.
pub struct BenchmarkSizes;
impl pallet_election_provider_multi_phase::BenchmarkingConfig for BenchmarkSizes {
    const ACTIVE_VOTERS: [u32; 2] = [500, 800];
    const DESIRED_TARGETS: [u32; 2] = [200, 300];
    const MAXIMUM_TARGETS: u32 = 300;
    const MINER_MAXIMUM_VOTERS: u32 = 1_000;
    const SNAPSHOT_MAXIMUM_VOTERS: u32 = 1_000;
    const TARGETS: [u32; 2] = [500, 1_000];
    const VOTERS: [u32; 2] = [1_000, 2_000];
}

impl pallet_election_provider_multi_phase::Config for Runtime {
    type BenchmarkingConfig = BenchmarkSizes;
    type BetterSignedThreshold = ();
    type Currency = Balances;
    type DataProvider = Staking;
    type ElectionBounds = ElectionLimits;
    type EstimateCallFee = TransactionPayment;
    type Fallback = Fallback;
    type ForceOrigin = EnsureRoot<AccountId>;
    type GovernanceFallback = OnChain;
    type MaxBackersPerWinner = ConstU32<MAX_BACKERS>;
    type MaxWinners = ConstU32<MAX_VALIDATORS>;
    type MinerConfig = Self;
    // Below equivocation reports, above all that pays: an election cannot be outbid.
    type MinerTxPriority = frame_support::traits::ConstU64<{ u64::MAX / 2 }>;
    type OffchainRepeat = ConstU32<10>;
    type RewardHandler = ();
    type RuntimeEvent = RuntimeEvent;
    type SignedDepositBase =
        GeometricDepositBase<Balance, SignedFixedDeposit, SignedDepositIncrease>;
    type SignedDepositByte = SignedDepositByte;
    type SignedDepositWeight = ();
    type SignedMaxRefunds = ConstU32<3>;
    type SignedMaxSubmissions = ConstU32<16>;
    type SignedMaxWeight = MaxSolutionWeight;
    type SignedPhase = QuarterEpoch;
    type SignedRewardBase = SignedReward;
    type SlashHandler = Treasury;
    type Solver = SequentialPhragmen<AccountId, SolutionAccuracyOf<Self>>;
    type UnsignedPhase = QuarterEpoch;
    type WeightInfo = pallet_election_provider_multi_phase::weights::SubstrateWeight<Self>;
}
