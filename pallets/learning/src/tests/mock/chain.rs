//! The pallets of the chain, and what they are told once and for all.

#[cfg(feature = "runtime-benchmarks")]
use super::Helper;
use super::{AccountId, Register, Seal, Shelf, Till, TREASURY, VAULT};
use crate::{
    self as pallet_cairn_learning,
    types::{Clocks, Price, Rules, Sample, Standard, Terms},
};
use cairn_protocol::learning::{
    limits::Limits,
    panel::PanelRules,
    reward::{Curve, Decay},
};
use frame_support::{
    parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU32},
};
use frame_system::EnsureRoot;
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

cairn_doubles::money!(Test, ExistentialDeposit = 100);
cairn_doubles::market!(Test, Helper, OnSlash = ResolveTo<Vault, Balances>);

parameter_types! {
    pub static LearningRules: Rules = RULES;
    pub static PanelsRules: panels::Rules = PANELS;
    pub const Treasury: AccountId = TREASURY;
    pub const Vault: AccountId = VAULT;
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
    memory_mib: 8_000,
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
    // Twice what the model and its set have.
    limits: Limits { model: 16_000, sample: 1 << 15, fuel: 512_000 },
    curve: Curve { hundredth: 500 },
    forfeit: 100_000,
    pending: 3,
};
