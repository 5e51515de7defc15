#![doc = include_str!("../README.md")]

mod calls;
mod checks;
mod config;
mod course;
mod dice;
mod drive;
mod market;
mod money;
mod reference;

pub use course::CALLS;
pub use drive::{drive, Area, Tally};
pub use market::{new_market, run_block};

/// An account of the chain.
pub type AccountId = u64;

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
    pub struct Mock;

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
    pub type Tasks = pallet_cairn_tasks;
    #[runtime::pallet_index(7)]
    pub type Capability = pallet_cairn_capability;
    #[runtime::pallet_index(8)]
    pub type Audits = pallet_cairn_audits;
    #[runtime::pallet_index(9)]
    pub type Merit = pallet_cairn_merit;
    #[runtime::pallet_index(10)]
    pub type Experts = pallet_cairn_experts;
    #[runtime::pallet_index(11)]
    pub type Panels = pallet_cairn_panels;
    #[runtime::pallet_index(12)]
    pub type Learning = pallet_cairn_learning;
    #[runtime::pallet_index(13)]
    pub type Custody = pallet_cairn_custody;
    #[runtime::pallet_index(14)]
    pub type Rewards = pallet_cairn_rewards;
    #[runtime::pallet_index(15)]
    pub type Curation = pallet_cairn_curation;
}
