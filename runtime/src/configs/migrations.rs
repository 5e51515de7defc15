//! Storage migrations: those of one block, and those that take many.

use super::system::ServiceWeight;
use crate::{Runtime, RuntimeEvent, SafeMode};
use frame_support::{
    migrations::{EnterSafeModeOnFailedMigration, FreezeChainOnFailedMigration},
    traits::ConstU32,
};

/// Run at once on an upgrade. Append; remove what every live chain has run.
pub type SingleBlockMigrations = ();

impl pallet_migrations::Config for Runtime {
    type CursorMaxLen = ConstU32<65_536>;
    // A half-migrated chain may still be repaired by governance, so it enters safe-mode, which
    // spares governance; only where that fails too does it freeze.
    type FailedMigrationHandler =
        EnterSafeModeOnFailedMigration<SafeMode, FreezeChainOnFailedMigration>;
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
