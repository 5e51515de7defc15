//! Storage migrations: those of one block, and those that take many.

use super::system::ServiceWeight;
use crate::{BlockNumber, Runtime, RuntimeEvent, SafeMode};
use frame_support::{
    migrations::{FailedMigrationHandler, FailedMigrationHandling},
    traits::{ConstU32, SafeMode as Stop},
};

/// Run at once on an upgrade. Append; remove what every live chain has run.
pub type SingleBlockMigrations = ();

/// A half-migrated chain can still be repaired by governance: safe-mode, which spares it, begins
/// and lasts until governance ends it.
///
/// The chain must also count as unstuck for that, since a stuck one carries no transactions at
/// all, votes included. It stays stuck only where safe-mode cannot be entered.
pub struct RepairInSafeMode;
impl FailedMigrationHandler for RepairInSafeMode {
    fn failed(_: Option<u32>) -> FailedMigrationHandling {
        let stopped = if <SafeMode as Stop>::is_entered() {
            <SafeMode as Stop>::extend(BlockNumber::MAX)
        } else {
            <SafeMode as Stop>::enter(BlockNumber::MAX)
        };
        match stopped {
            Ok(()) => FailedMigrationHandling::ForceUnstuck,
            Err(_) => FailedMigrationHandling::KeepStuck,
        }
    }
}

impl pallet_migrations::Config for Runtime {
    type CursorMaxLen = ConstU32<65_536>;
    type FailedMigrationHandler = RepairInSafeMode;
    type IdentifierMaxLen = ConstU32<256>;
    type MaxServiceWeight = ServiceWeight;
    type MigrationStatusHandler = ();
    #[cfg(not(feature = "runtime-benchmarks"))]
    type Migrations = ();
    #[cfg(feature = "runtime-benchmarks")]
    type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}
