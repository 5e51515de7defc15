//! The pallets of the chain, and what they are told once and for all.

#[cfg(feature = "runtime-benchmarks")]
use super::Helper;
use super::{AccountId, Register, Seal, Shelf, Till, TREASURY, VAULT};
use crate::{
    self as pallet_cairn_learning,
    types::{Clocks, Price, Rules, Sample, Standard, Terms},
};
use cairn_protocol::{
    id::{Amount, Seed},
    learning::{
        panel::PanelRules,
        reward::{Curve, Decay},
    },
};
use codec::Encode;
use frame_support::{
    derive_impl, parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32},
};
use frame_system::EnsureRoot;
use pallet_cairn_entropy::BlockVrf;
use pallet_cairn_panels::types as panels;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Clock = pallet_cairn_clock;
    #[runtime::pallet_index(3)]
    pub type Entropy = pallet_cairn_entropy;
    #[runtime::pallet_index(4)]
    pub type Providers = pallet_cairn_providers;
    #[runtime::pallet_index(5)]
    pub type Reputation = pallet_cairn_reputation;
    #[runtime::pallet_index(6)]
    pub type Panels = pallet_cairn_panels;
    #[runtime::pallet_index(7)]
    pub type Learning = pallet_cairn_learning;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<Amount>;
    type Block = frame_system::mocking::MockBlock<Self>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Amount;
    type ExistentialDeposit = ConstU128<100>;
}

impl pallet_cairn_clock::Config for Test {}

/// Three authors take turns.
pub struct Turns;
impl BlockVrf<AccountId> for Turns {
    fn author_vrf() -> Option<(AccountId, Seed)> {
        let number = System::block_number();
        Some((number % 3, sp_io::hashing::blake2_256(&(Luck::get(), number).encode())))
    }

    fn active_authors() -> u32 {
        3
    }
}

impl pallet_cairn_entropy::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type BlockVrf = Turns;
    type Clock = Clock;
    type Currency = Balances;
    type MaxAuthors = ConstU32<3>;
    type MaxClosings = ConstU32<2>;
    type MaxContributors = ConstU32<4>;
    type MaxGaps = ConstU32<8>;
    type MinAuthors = ConstU32<3>;
    type OnForfeit = ();
    type Registry = Providers;
    type RoundBlocks = ConstU32<20>;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Stake = ConstU128<100>;
    type WeightInfo = ();
    type Window = ConstU32<16>;
}

parameter_types! {
    /// Makes seeds other ones.
    pub static Luck: u64 = 0;
    pub static LearningRules: Rules = RULES;
    pub static PanelsRules: panels::Rules = PANELS;
    pub const Treasury: AccountId = TREASURY;
    pub const Vault: AccountId = VAULT;
    pub const ThroughputFloors: pallet_cairn_providers::ThroughputFloors =
        pallet_cairn_providers::ThroughputFloors {
            small_gpu: 100,
            gpu: 1_000,
            large_gpu: 10_000,
            accelerator: 100_000,
        };
    pub const RoleBonds: pallet_cairn_providers::RoleBonds = pallet_cairn_providers::RoleBonds {
        compute: 10_000,
        guard: 10_000,
        router: 10_000,
        storage: 10_000,
        entropy: 10_000,
    };
    pub const FaultShares: pallet_cairn_providers::FaultShares =
        pallet_cairn_providers::FaultShares {
            silent: 1_000,
            unrevealed: 10_000,
            withheld: 10_000,
            outvoted: 40_000,
            agreed_unread: 50_000,
            wrong: 300_000,
        };
    pub ReputationRules: cairn_protocol::reputation::Rules = cairn_protocol::reputation::Rules {
        prior: 500_000,
        inertia: 8,
        window: 32,
        fault_weight: 4,
        half_life: 100_000,
        weights: cairn_protocol::reputation::Weights { accuracy: 2, timeliness: 1, availability: 1 },
    };
}

impl pallet_cairn_providers::Config for Test {
    type AppealOrigin = EnsureRoot<AccountId>;
    type AppealWindow = ConstU32<20>;
    type ByteDeposit = ConstU128<1>;
    type Clock = Clock;
    type Currency = Balances;
    type FaultMemory = ConstU32<1_000>;
    type FaultShares = FaultShares;
    type HeartbeatPeriod = ConstU32<5_000>;
    type HeartbeatTimeout = ConstU32<10_000>;
    type ItemDeposit = ConstU128<5>;
    type MaxEvictions = ConstU32<2>;
    type MaxLinks = ConstU32<4>;
    type MaxRegistrations = ConstU32<16>;
    type MaxSample = ConstU32<64>;
    type MaxSlashesPerBlock = ConstU32<4>;
    type OnSlash = ResolveTo<Vault, Balances>;
    type Reputation = Reputation;
    type RoleBonds = RoleBonds;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ThroughputFloors = ThroughputFloors;
    type UnbondingPeriod = ConstU32<21>;
    type WeightInfo = ();
}

impl pallet_cairn_reputation::Config for Test {
    type Clock = Clock;
    type Registry = Providers;
    type Rules = ReputationRules;
}

impl pallet_cairn_panels::Config for Test {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Cases = Learning;
    type Clock = Clock;
    type Purse = Till;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = PanelsRules;
    type ServedPerBlock = ConstU32<16>;
    type WeightInfo = ();
}

impl pallet_cairn_learning::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Clock = Clock;
    type Currency = Balances;
    type Custody = Shelf;
    type Lineage = Register;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type MaxQueue = ConstU32<6>;
    type Panels = Panels;
    type Purse = Till;
    type Registry = Providers;
    type Rules = LearningRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sealing = Seal;
    type ServedPerBlock = ConstU32<16>;
    type Treasury = Treasury;
    type UndoneAtOnce = ConstU32<2>;
    type WeightInfo = ();
}

pub(super) const PANELS: panels::Rules = panels::Rules {
    draws: PanelRules { guards: 3, most: 9, sample: 16, again: 2 },
    clocks: panels::Clocks { commit: 40, reveal: 10, window: 5 },
    pay: 700,
};

pub(crate) const RULES: Rules = Rules {
    terms: Terms {
        delay: 5,
        life: 50,
        commitment: 10,
        bond: Price { fixed: 1_000, byte: 1 },
        deposit: Price { fixed: 200, byte: 1 },
        mark: 30,
        most_bytes: 10_000,
    },
    clocks: Clocks { turn: 40, keeping: 30, record: 400 },
    standard: Standard { threshold: 10_000, decay: Decay { floor_loss: 0, least: 1_000 } },
    sample: Sample { variance: 400, most: 256 },
    curve: Curve { hundredth: 500 },
    forfeit: 100_000,
    pending: 3,
};
