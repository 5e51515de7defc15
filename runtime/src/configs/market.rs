//! The market of AI work: its clock, its randomness, who serves, how well, and the tasks.

use super::{
    governance::{origins::EmergencyStop, TreasuryAccount},
    parameters::market,
};
use crate::{
    units::deposit, AccountId, Babe, Balance, Balances, Entropy, MarketClock, Providers,
    Reputation, Runtime, RuntimeHoldReason, System,
};
use cairn_protocol::id::Seed;
use frame_support::{
    parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU32, EitherOf, FindAuthor},
};
use frame_system::EnsureRoot;

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

impl pallet_cairn_reputation::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type Clock = MarketClock;
    type Registry = Providers;
    type Rules = market::ReputationRules;
    type WeightInfo = pallet_cairn_reputation::weights::SubstrateWeight<Runtime>;
}

impl pallet_cairn_tasks::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = benchmarking::Helper;
    type Beacon = Entropy;
    type Clock = MarketClock;
    type Currency = Balances;
    // No model can be registered yet.
    type Models = ();
    type OnSettled = ();
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = market::TaskRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    // As many as a block has room for beside a thousand transfers; the weight decides first.
    type ServedPerBlock = ConstU32<64>;
    type Treasury = TreasuryAccount;
    type WeightInfo = pallet_cairn_tasks::weights::SubstrateWeight<Runtime>;
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
