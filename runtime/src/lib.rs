#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

mod apis;
pub mod batch;
pub mod configs;
pub mod genesis;
pub mod launch;
pub mod learning;
pub mod market;
pub mod signature;
pub mod units;

pub use apis::RuntimeApi;
pub use configs::parameters::RuntimeParameters;
pub use frame_system::Call as SystemCall;
pub use signature::Signature;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
    generic, impl_opaque_keys,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
    MultiAddress,
};
use sp_version::RuntimeVersion;

/// An account: the public key, or its hash, of whoever signs for it.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How a transaction names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// An amount of CRN in its smallest unit, 10⁻¹².
pub type Balance = u128;
pub type BlockNumber = u32;
pub type Hash = sp_core::H256;
/// How many transactions an account has sent.
pub type Nonce = u32;

pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
pub type BlockId = generic::BlockId<Block>;
pub type SignedBlock = generic::SignedBlock<Block>;
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// What is checked of a transaction before it runs, in the order that wallets expect.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckMortality<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);

pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// Types for a node that knows transactions only as bytes, so that it outlives any runtime.
pub mod opaque {
    use super::*;
    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
    pub type Block = generic::Block<Header, UncheckedExtrinsic>;
    pub type BlockId = generic::BlockId<Block>;
}

impl_opaque_keys! {
    /// The keys a validator signs with while it works.
    pub struct SessionKeys {
        pub babe: Babe,
        pub grandpa: Grandpa,
        pub authority_discovery: AuthorityDiscovery,
    }
}

#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("cairn"),
    impl_name: Cow::Borrowed("cairn"),
    authoring_version: 1,
    // Year, month and a running number; raised with every release whose behaviour differs.
    spec_version: 2_611_003,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    // Raised when a call, its index or its arguments change, or the transaction extensions do.
    transaction_version: 2,
    system_version: 1,
};

/// Indices are append-only; `tests/runtime/golden` holds them. Room is left between groups so
/// that a pallet stands beside its family.
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
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    // The frame.
    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Parameters = pallet_parameters;
    #[runtime::pallet_index(3)]
    pub type Launch = crate::launch;

    // Consensus. Babe comes before Session: a session ends when Babe's epoch does.
    #[runtime::pallet_index(5)]
    pub type Babe = pallet_babe;
    #[runtime::pallet_index(6)]
    pub type Authorship = pallet_authorship;

    // Money.
    #[runtime::pallet_index(10)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(11)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(12)]
    pub type Assets = pallet_assets;

    // Stake. Elections and the voter list come before Staking, whose genesis fills both.
    #[runtime::pallet_index(20)]
    pub type ElectionProviderMultiPhase = pallet_election_provider_multi_phase;
    #[runtime::pallet_index(21)]
    pub type VoterList = pallet_bags_list<Instance1>;
    #[runtime::pallet_index(22)]
    pub type Staking = pallet_staking;
    #[runtime::pallet_index(23)]
    pub type Offences = pallet_offences;
    #[runtime::pallet_index(24)]
    pub type Historical = pallet_session::historical;
    #[runtime::pallet_index(25)]
    pub type Session = pallet_session;
    #[runtime::pallet_index(26)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(27)]
    pub type AuthorityDiscovery = pallet_authority_discovery;

    // Accounts.
    #[runtime::pallet_index(30)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(31)]
    pub type Multisig = pallet_multisig;
    #[runtime::pallet_index(32)]
    pub type Proxy = pallet_proxy;

    // Governance.
    #[runtime::pallet_index(40)]
    pub type Preimage = pallet_preimage;
    #[runtime::pallet_index(41)]
    pub type Scheduler = pallet_scheduler;
    #[runtime::pallet_index(42)]
    pub type ConvictionVoting = pallet_conviction_voting;
    #[runtime::pallet_index(43)]
    pub type Referenda = pallet_referenda;
    #[runtime::pallet_index(44)]
    pub type Origins = crate::configs::governance::origins;
    #[runtime::pallet_index(45)]
    pub type Treasury = pallet_treasury;

    // Care.
    #[runtime::pallet_index(50)]
    pub type SafeMode = pallet_safe_mode;
    #[runtime::pallet_index(51)]
    pub type TxPause = pallet_tx_pause;
    #[runtime::pallet_index(52)]
    pub type MultiBlockMigrations = pallet_migrations;

    // The market. Its clock comes before those who read it, and Entropy after Babe, whose view
    // of a block it records.
    #[runtime::pallet_index(60)]
    pub type MarketClock = pallet_cairn_clock;
    #[runtime::pallet_index(61)]
    pub type Entropy = pallet_cairn_entropy;
    #[runtime::pallet_index(62)]
    pub type Providers = pallet_cairn_providers;
    #[runtime::pallet_index(63)]
    pub type Reputation = pallet_cairn_reputation;
    #[runtime::pallet_index(64)]
    pub type Tasks = pallet_cairn_tasks;
    #[runtime::pallet_index(65)]
    pub type Capability = pallet_cairn_capability;
    #[runtime::pallet_index(66)]
    pub type Audits = pallet_cairn_audits;
    #[runtime::pallet_index(67)]
    pub type Merit = pallet_cairn_merit;
    #[runtime::pallet_index(68)]
    pub type Experts = pallet_cairn_experts;

    // Learning. Who judges comes before those whose cases are judged, and Rewards, whose periods
    // Curation hears of, before that.
    #[runtime::pallet_index(69)]
    pub type Panels = pallet_cairn_panels;
    #[runtime::pallet_index(70)]
    pub type Learning = pallet_cairn_learning;
    #[runtime::pallet_index(71)]
    pub type Custody = pallet_cairn_custody;
    #[runtime::pallet_index(72)]
    pub type Rewards = pallet_cairn_rewards;
    #[runtime::pallet_index(73)]
    pub type Curation = pallet_cairn_curation;
}

#[cfg(feature = "runtime-benchmarks")]
mod benches {
    use crate::Runtime;

    impl frame_benchmarking::baseline::Config for Runtime {}
    impl frame_system_benchmarking::Config for Runtime {}
    impl pallet_transaction_payment::BenchmarkConfig for Runtime {}

    frame_benchmarking::define_benchmarks!(
        [frame_benchmarking, BaselineBench::<Runtime>]
        [frame_system, SystemBench::<Runtime>]
        [frame_system_extensions, SystemExtensionsBench::<Runtime>]
        [pallet_assets, Assets]
        [pallet_bags_list, VoterList]
        [pallet_balances, Balances]
        [pallet_cairn_audits, Audits]
        [pallet_cairn_capability, Capability]
        [pallet_cairn_curation, Curation]
        [pallet_cairn_custody, Custody]
        [pallet_cairn_entropy, Entropy]
        [pallet_cairn_experts, Experts]
        [pallet_cairn_learning, Learning]
        [pallet_cairn_merit, Merit]
        [pallet_cairn_panels, Panels]
        [pallet_cairn_providers, Providers]
        [pallet_cairn_rewards, Rewards]
        [pallet_cairn_tasks, Tasks]
        [pallet_conviction_voting, ConvictionVoting]
        [pallet_election_provider_multi_phase, ElectionProviderMultiPhase]
        [pallet_migrations, MultiBlockMigrations]
        [pallet_multisig, Multisig]
        [pallet_parameters, Parameters]
        [pallet_preimage, Preimage]
        [pallet_proxy, Proxy]
        [pallet_referenda, Referenda]
        [pallet_safe_mode, SafeMode]
        [pallet_scheduler, Scheduler]
        [pallet_staking, Staking]
        [pallet_timestamp, Timestamp]
        [pallet_transaction_payment, TransactionPayment]
        [pallet_treasury, Treasury]
        [pallet_tx_pause, TxPause]
        [pallet_utility, Utility]
    );
}
