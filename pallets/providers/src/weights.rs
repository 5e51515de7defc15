//! What each call and each step of a hook costs.
//!
//! Counted by hand from the code: reads and writes of storage at the most expensive state, where a
//! provider sits in all eleven lanes and is last in none of them.

use core::marker::PhantomData;
use frame_support::weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight};
use sp_runtime::traits::Get;

/// Declares the trait and both implementations from one table.
macro_rules! weights {
    ($($(#[$doc:meta])* $name:ident: $micros:literal, $reads:literal, $writes:literal;)*) => {
        /// Costs of this pallet.
        pub trait WeightInfo {
            $($(#[$doc])* fn $name() -> Weight;)*
        }

        /// Costs on the database of a runtime.
        pub struct SubstrateWeight<T>(PhantomData<T>);

        impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
            $(fn $name() -> Weight { cost(T::DbWeight::get(), $micros, $reads, $writes) })*
        }

        impl WeightInfo for () {
            $(fn $name() -> Weight { cost(RocksDbWeight::get(), $micros, $reads, $writes) })*
        }
    };
}

weights! {
    /// Parameters, next id, operator, binding, owner's list, account and holds; record, counter,
    /// details.
    register: 90, 10, 9;
    /// Record, bonds, floors, bindings, account and holds, details; a lane that is left costs
    /// three reads and five writes, a lane that is entered one and three.
    update_profile: 250, 54, 94;
    /// Record, bonds, account and holds; eleven lanes entered.
    add_bond: 110, 16, 36;
    /// Record, bonds, details, account and holds; eleven lanes left or entered.
    set_roles: 150, 40, 58;
    /// Record, bonds; eleven lanes left.
    set_availability: 110, 35, 56;
    /// Record, bonds, clock.
    heartbeat: 30, 3, 1;
    /// The operator as well; eleven lanes entered.
    heartbeat_seating: 90, 16, 36;
    /// Record, both operators; eleven lanes left.
    rotate_operator: 120, 37, 58;
    /// Both declarations, account and holds.
    link_account: 50, 4, 3;
    /// Record, bonds, period, clock.
    unbond: 30, 4, 1;
    /// Record, period, clock, binding; eleven lanes left.
    leave: 110, 37, 57;
    /// Record, clock, account and holds, operator, owner's list, counter, details.
    withdraw: 80, 7, 7;
    /// Slash, record.
    cancel_slash: 25, 2, 2;
    /// Queue, clock.
    on_idle_base: 10, 3, 1;
    /// Slash, window, record, account and holds, bonds; eleven lanes left, and what takes the
    /// slashed.
    execute_slash: 140, 40, 62;
}

fn cost(database: RuntimeDbWeight, micros: u64, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(micros.saturating_mul(1_000_000), 0)
        .saturating_add(database.reads_writes(reads, writes))
}
