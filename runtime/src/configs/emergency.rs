//! The emergency stop: safe-mode for the whole chain, tx-pause for single calls.
//!
//! Both are entered by governance. Neither can reach what keeps the chain alive: inherents,
//! equivocation reports, election solutions, and governance itself.

use super::{governance::origins::EmergencyStop, parameters::emergency::SafeModeBlocks};
use crate::{
    AccountId, Balances, BlockNumber, Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason,
};
use frame_support::traits::{ConstU32, Contains, EitherOf, EnsureOrigin, Get, GetCallMetadata};
use frame_system::EnsureRoot;
use pallet_tx_pause::RuntimeCallNameOf;

/// Pallets whose calls go on in safe-mode and cannot be paused.
const VITAL_PALLETS: [&str; 15] = [
    // The block itself.
    "System",
    "Timestamp",
    "Babe",
    "Grandpa",
    "Session",
    "ElectionProviderMultiPhase",
    // Governance, and what it needs to be heard and enacted.
    "Preimage",
    "Scheduler",
    "Referenda",
    "ConvictionVoting",
    "Parameters",
    "MultiBlockMigrations",
    "SafeMode",
    "TxPause",
    // Wrappers: the call inside meets the filter again, with its own name.
    "Utility",
];

/// Further wrappers, which safe-mode lets through for the same reason; a single pause of them
/// stops nothing vital.
const WRAPPERS: [&str; 2] = ["Multisig", "Proxy"];

/// Calls that safe-mode leaves alone.
pub struct GoesOnInSafeMode;
impl Contains<RuntimeCall> for GoesOnInSafeMode {
    fn contains(call: &RuntimeCall) -> bool {
        let pallet = call.get_call_metadata().pallet_name;
        VITAL_PALLETS.contains(&pallet) || WRAPPERS.contains(&pallet)
    }
}

/// Calls that nobody can pause.
pub struct CannotBePaused;
impl Contains<RuntimeCallNameOf<Runtime>> for CannotBePaused {
    fn contains(name: &RuntimeCallNameOf<Runtime>) -> bool {
        VITAL_PALLETS.iter().any(|vital| vital.as_bytes() == name.0.as_slice())
    }
}

/// The emergency track, with the duration that is set as parameter.
pub struct StopForAWhile;
impl<O> EnsureOrigin<O> for StopForAWhile
where
    EmergencyStop: EnsureOrigin<O>,
{
    type Success = BlockNumber;

    fn try_origin(origin: O) -> Result<BlockNumber, O> {
        EmergencyStop::try_origin(origin).map(|_| SafeModeBlocks::get())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin() -> Result<O, ()> {
        EmergencyStop::try_successful_origin()
    }
}

/// Root, with the same duration.
pub struct RootForAWhile;
impl<O> EnsureOrigin<O> for RootForAWhile
where
    EnsureRoot<AccountId>: EnsureOrigin<O>,
{
    type Success = BlockNumber;

    fn try_origin(origin: O) -> Result<BlockNumber, O> {
        EnsureRoot::<AccountId>::try_origin(origin).map(|_| SafeModeBlocks::get())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin() -> Result<O, ()> {
        EnsureRoot::<AccountId>::try_successful_origin()
    }
}

type Governance = EitherOf<RootForAWhile, StopForAWhile>;

impl pallet_safe_mode::Config for Runtime {
    type Currency = Balances;
    // Nobody can buy a stop of the chain: only governance enters and extends it.
    type EnterDepositAmount = ();
    type EnterDuration = SafeModeBlocks;
    type ExtendDepositAmount = ();
    type ExtendDuration = SafeModeBlocks;
    type ForceDepositOrigin = EnsureRoot<AccountId>;
    type ForceEnterOrigin = Governance;
    type ForceExitOrigin = EitherOf<EnsureRoot<AccountId>, EmergencyStop>;
    type ForceExtendOrigin = Governance;
    // Every deadline of the market is on this clock, which stands still meanwhile.
    type Notify = crate::MarketClock;
    type ReleaseDelay = ();
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
    type WhitelistedCalls = GoesOnInSafeMode;
}

impl pallet_tx_pause::Config for Runtime {
    type MaxNameLen = ConstU32<64>;
    type PauseOrigin = EitherOf<EnsureRoot<AccountId>, EmergencyStop>;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type UnpauseOrigin = EitherOf<EnsureRoot<AccountId>, EmergencyStop>;
    type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
    type WhitelistedCalls = CannotBePaused;
}
