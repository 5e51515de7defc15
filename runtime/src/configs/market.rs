//! The market of AI work: its clock, its randomness, who serves, how well, the tasks and their
//! audits, what hardware can do, what useful work is worth to validators, and the models.

use super::{
    consensus::MAX_AUTHORITIES,
    governance::{origins::EmergencyStop, TreasuryAccount},
    learning::GrantsThenPoints,
    parameters::{learning, market},
};
use crate::{
    units::{deposit, MILLIUNITS},
    AccountId, Audits, Babe, Balance, Balances, BlockNumber, Entropy, Experts, Learning,
    MarketClock, Providers, Reputation, Rewards, Runtime, RuntimeHoldReason, Session, Staking,
    System, Tasks,
};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{ProviderId, Seed},
    learning::inference::{most_pay_for_disputes, Dealing},
    profile::DeviceClass,
    share::{Ppm, WHOLE},
};
use cairn_seams::Beacon;
use frame_support::{
    parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU32, EitherOf, FindAuthor, Get, RewardsReporter},
};
use frame_system::EnsureRoot;
use pallet_cairn_audits::{types as audits, PaidFrom};
use pallet_cairn_capability::{IteratedHash, Work};

impl pallet_cairn_clock::Config for Runtime {}

/// What BABE knows of the block that is ending.
pub struct BabeVrf;
impl pallet_cairn_entropy::BlockVrf<AccountId> for BabeVrf {
    fn author_vrf() -> Option<(AccountId, Seed)> {
        let digest = System::digest();
        let logs = digest.logs.iter().filter_map(|log| log.as_pre_runtime());
        // Not asked of pallet-authorship: it has closed its books for this block, and would
        // open them again.
        let author = <Runtime as pallet_authorship::Config>::FindAuthor::find_author(logs)?;
        Some((author, Babe::author_vrf_randomness()?))
    }

    fn active_authors() -> u32 {
        let count = |length: Option<usize>| length.and_then(|all| u32::try_from(all).ok());
        let disabled = pallet_session::DisabledValidators::<Runtime>::decode_len();
        let validators = pallet_session::Validators::<Runtime>::decode_len();
        count(validators).unwrap_or(0).saturating_sub(count(disabled).unwrap_or(0))
    }
}

impl pallet_cairn_entropy::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type BlockVrf = BabeVrf;
    type Clock = MarketClock;
    type Currency = Balances;
    // More than have to take part in a window, since a few more make the trace of each block
    // longer by 36 bytes and nothing else.
    type MaxAuthors = ConstU32<8>;
    // Catching up after authors were too few: about 2 ms of a block.
    type MaxClosings = ConstU32<8>;
    type MaxContributors = ConstU32<16>;
    type MaxGaps = ConstU32<32>;
    type MinAuthors = market::SeedAuthors;
    type OnForfeit = ();
    type Registry = Providers;
    type RoundBlocks = market::EntropyRound;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Stake = market::EntropyStake;
    type WeightInfo = pallet_cairn_entropy::weights::SubstrateWeight<Runtime>;
    type Window = market::SeedWindow;
}

parameter_types! {
    pub const ItemDeposit: Balance = deposit(1, 0);
    pub const ByteDeposit: Balance = deposit(0, 1);
}

impl pallet_cairn_providers::Config for Runtime {
    type AppealOrigin = EitherOf<EnsureRoot<AccountId>, EmergencyStop>;
    type AppealWindow = market::AppealWindow;
    type ByteDeposit = ByteDeposit;
    type Clock = MarketClock;
    type Currency = Balances;
    type FaultMemory = market::FaultMemory;
    type FaultShares = market::FaultShares;
    type HeartbeatPeriod = market::HeartbeatPeriod;
    type HeartbeatTimeout = market::HeartbeatTimeout;
    type ItemDeposit = ItemDeposit;
    type MaxEvictions = ConstU32<4>;
    // An owner with more machines than that can well have a second account.
    type MaxLinks = ConstU32<8>;
    type MaxRegistrations = ConstU32<64>;
    type MaxSample = ConstU32<64>;
    type MaxSlashesPerBlock = ConstU32<8>;
    type OnSlash = ResolveTo<TreasuryAccount, Balances>;
    type Reputation = Reputation;
    type RoleBonds = market::RoleBonds;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ThroughputFloors = market::ThroughputFloors;
    type UnbondingPeriod = market::UnbondingPeriod;
    type WeightInfo = pallet_cairn_providers::weights::SubstrateWeight<Runtime>;
}

/// The longest time in which a provider can be called to account for work, from the block in which
/// it was given to it until a penalty for it can no longer be appealed, by the rules as they are
/// now. Seeds may be late, and full blocks hold tasks up; that it is engaged keeps the bond of a
/// provider even then.
pub fn longest_dispute() -> BlockNumber {
    let (tasks, audits) = (market::TaskRules::get(), market::AuditRules::get());
    let seed = <Entropy as Beacon>::delay();
    let audit = |outcome| {
        let look = audits.longest(tasks.clocks.work_most, true, outcome, seed);
        // The lot waits for a seed of its own.
        look.saturating_add(seed)
    };
    // Outcomes are the work of one.
    let alone = tasks.longest_alone(seed, audit(true));
    let among = tasks.longest_among(seed, audit(false));
    let panel = longest_panel();
    // Whoever keeps a file may be asked for it up to the end of that time.
    let custody = learning::CustodyRules::get();
    let keeping = custody.keep.saturating_add(seed).saturating_add(custody.show);
    let work = alone.max(among).max(panel).max(keeping);
    work.saturating_add(market::AppealWindow::get())
}

/// How long a panel takes at most, by the rules as they are now.
pub fn longest_panel() -> BlockNumber {
    learning::PanelRules::get().longest(<Entropy as Beacon>::delay())
}

impl pallet_cairn_reputation::Config for Runtime {
    type Clock = MarketClock;
    type Registry = Providers;
    type Rules = market::ReputationRules;
}

impl pallet_cairn_tasks::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type Beacon = Entropy;
    type Clock = MarketClock;
    type Currency = Balances;
    type Audits = Audits;
    type Models = Experts;
    type OnSettled = GrantsThenPoints;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = market::TaskRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    // More than a block has room for: the weight decides first.
    type ServedPerBlock = ConstU32<512>;
    type Treasury = TreasuryAccount;
    type WeightInfo = pallet_cairn_tasks::weights::SubstrateWeight<Runtime>;
}

/// What trades with oneself come to by the rules in force, where so many results are looked at.
fn dealing(audited: Ppm) -> Dealing {
    let prices = market::TaskRules::get().prices;
    Dealing::of(audited, &prices.shares, prices.fee_share)
}

/// The share of results that guards look at, of one worker or of several who agree. Of several who
/// do not, others may all be the dealer's: what that costs bounds guards' pay by itself.
fn audited(rules: &audits::Rules) -> Ppm {
    rules.shares.alone.max(rules.shares.unanimous)
}

/// How audits go: as governance says, but guards are never paid so much that whoever asks, works
/// and guards under several names gains by it, nor whoever has workers of its own contradict each
/// other. Who wants more audits has to raise fees too, and who wants milder penalties pays less.
pub struct AuditsThatLose;
impl Get<audits::Rules> for AuditsThatLose {
    fn get() -> audits::Rules {
        let mut rules: audits::Rules = market::AuditRules::get();
        let of_trades = dealing(audited(&rules)).most_pay();
        let of_disputes = most_pay_for_disputes(
            market::FaultShares::get().outvoted,
            market::TaskRules::get().draws.cover,
        );
        rules.pay.guards = rules.pay.guards.min(of_trades).min(of_disputes);
        // Outcomes are all measured by guards.
        rules.pay.outcome = rules.pay.outcome.min(dealing(WHOLE).most_pay());
        rules
    }
}

/// The most that grants may be: what leaves a loss to the same.
pub struct GrantsThatLose;
impl Get<Ppm> for GrantsThatLose {
    fn get() -> Ppm {
        let rules = AuditsThatLose::get();
        let of_results = dealing(audited(&rules)).most_grant(rules.pay.guards);
        of_results.min(dealing(WHOLE).most_grant(rules.pay.outcome))
    }
}

impl pallet_cairn_audits::Config for Runtime {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type Clock = MarketClock;
    type Currency = Balances;
    type LicenceOrigin = EnsureRoot<AccountId>;
    // As many as are paid for in a day, and ten times as many that mean nothing.
    type MaxNotes = ConstU32<1_000>;
    type Patron = PaidFrom<Balances, TreasuryAccount>;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = AuditsThatLose;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = ConstU32<32>;
    type Tasks = Tasks;
    type WeightInfo = pallet_cairn_audits::weights::SubstrateWeight<Runtime>;
}

/// The register, where measurements go.
pub struct Register;
impl pallet_cairn_capability::Measured for Register {
    fn population(class: DeviceClass) -> u32 {
        Providers::population(class)
    }

    fn sample(class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId> {
        Providers::sample_class(class, count, seed)
    }

    fn rising(class: DeviceClass) -> u32 {
        Providers::rising(class)
    }

    fn sample_rising(class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId> {
        Providers::sample_rising(class, count, seed)
    }

    fn throughput(provider: ProviderId) -> Option<u64> {
        Providers::throughput(provider)
    }

    fn floor(class: DeviceClass) -> u64 {
        Providers::floor(class)
    }

    fn note_throughput(provider: ProviderId, measured: u64) {
        Providers::note_throughput(provider, measured);
    }

    fn note_missed(provider: ProviderId) {
        Providers::note_missed(provider);
    }
}

/// What a device at the floor of each class does while a challenge should take it. Floors are by
/// the second, which is a block.
pub struct ChallengeWork;
impl Get<Work> for ChallengeWork {
    fn get() -> Work {
        let (floors, blocks) = (market::ThroughputFloors::get(), market::ChallengeBlocks::get());
        let of = |class| floors.of(class).saturating_mul(blocks.into());
        Work {
            cpu: of(DeviceClass::Cpu),
            small_gpu: of(DeviceClass::SmallGpu),
            gpu: of(DeviceClass::Gpu),
            large_gpu: of(DeviceClass::LargeGpu),
            accelerator: of(DeviceClass::Accelerator),
        }
    }
}

impl pallet_cairn_capability::Config for Runtime {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type Clock = MarketClock;
    type CommitBlocks = market::ChallengeCommit;
    type Interval = market::ChallengeInterval;
    // Until there is a kernel whose work is that of the jobs themselves.
    type Job = IteratedHash<ChallengeWork>;
    // One is opened every 17 blocks at most, and ends within 210.
    type MaxOpen = ConstU32<32>;
    type Measured = Register;
    type Registry = Providers;
    type Reputation = Reputation;
    type RevealBlocks = market::ChallengeReveal;
    // Three who are idle and strangers are found among eight, or somebody else next time.
    type Sample = ConstU32<8>;
    type ServedPerBlock = ConstU32<4>;
    type WeightInfo = pallet_cairn_capability::weights::SubstrateWeight<Runtime>;
}

/// Staking's eras and points, and the session's validators.
pub struct StakingPoints;
impl StakingPoints {
    /// What pallet-staking gives authors; it has no name there.
    const PER_BLOCK: u32 = 20;
}

impl pallet_cairn_merit::EraPoints<AccountId> for StakingPoints {
    /// Without those that are disabled, who make no blocks either.
    fn validators() -> Vec<AccountId> {
        let disabled = Session::disabled_validators();
        (0u32..)
            .zip(Session::validators())
            .filter(|(index, _)| !disabled.contains(index))
            .map(|(_, validator)| validator)
            .collect()
    }

    fn per_block() -> u32 {
        Self::PER_BLOCK
    }

    fn given() -> Option<u32> {
        let era = pallet_staking::ActiveEra::<Runtime>::get()?;
        Some(pallet_staking::ErasRewardPoints::<Runtime>::get(era.index).total)
    }

    fn give(points: Vec<(AccountId, u32)>) {
        <Staking as RewardsReporter<AccountId>>::reward_by_ids(points);
    }
}

parameter_types! {
    /// The link by validator and by provider: 92 bytes and 48.
    pub const LinkDeposit: Balance = deposit(2, 140);
}

/// What a point of an era costs at least. At a block a second, and with a tenth of a supply of
/// 1,000,000,000 CRN emitted a year, which is the most there may be, a point is worth 0.16 CRN. It
/// is paid for with what no grant gives back, so dealing with oneself loses as long as a point
/// costs more than it is worth. Twice of that leaves room for a supply that doubles, or for half of
/// the blocks to be missed.
pub const LEAST_POINT_PRICE: Balance = 320 * MILLIUNITS;

/// What work is worth: as governance says, but points are never sold for what they bring.
pub struct WorthOfWork;
impl Get<pallet_cairn_merit::Rules> for WorthOfWork {
    fn get() -> pallet_cairn_merit::Rules {
        let rules: pallet_cairn_merit::Rules = market::MeritRules::get();
        pallet_cairn_merit::Rules { price: rules.price.max(LEAST_POINT_PRICE), ..rules }
    }
}

impl pallet_cairn_merit::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type Currency = Balances;
    type Deposit = LinkDeposit;
    type EraPoints = StakingPoints;
    type MaxValidators = ConstU32<{ MAX_AUTHORITIES }>;
    type Registry = Providers;
    type Rules = WorthOfWork;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = pallet_cairn_merit::weights::SubstrateWeight<Runtime>;
}

impl pallet_cairn_experts::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type ByteDeposit = ByteDeposit;
    type Clock = MarketClock;
    type Currency = Balances;
    type ItemDeposit = ItemDeposit;
    type Judging = Learning;
    // As many as a machine has room for, and a list that is read whole.
    type MaxServed = ConstU32<32>;
    type OnPublished = Rewards;
    type PriceNotice = market::PriceNotice;
    type Registry = Providers;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServeBlocks = market::ServeBlocks;
    type WeightInfo = pallet_cairn_experts::weights::SubstrateWeight<Runtime>;
}

#[cfg(feature = "runtime-benchmarks")]
pub(super) mod benchmarking;
