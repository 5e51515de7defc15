//! What each call and each step of a hook costs.
//!
//! Counted by hand from the code: reads and writes of storage at the most expensive state, and a
//! guess of the time beside them that is meant to be too long.

use core::marker::PhantomData;
use frame_support::weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight};
use sp_runtime::traits::Get;

/// Declares the trait and both implementations from one table: microseconds, reads and writes.
macro_rules! weights {
    ($($(#[$doc:meta])* $name:ident: $micros:literal, $reads:literal, $writes:literal;)*) => {
        /// Costs of this pallet.
        pub trait WeightInfo {
            $($(#[$doc])* fn $name() -> Weight;)*

            /// A seed is there, and `s` providers are looked at: clock, awaited seed, its window,
            /// pool sizes, parameters; two seats that lose theirs; what is handed out, and the
            /// next seed asked for. Each provider: place and record, twice, for half of them may
            /// have gone silent; its record at each kind, and whether it is linked to two others,
            /// which is looked up from both sides.
            fn draw(s: u32) -> Weight;
        }

        /// Costs on the database of a runtime.
        pub struct SubstrateWeight<T>(PhantomData<T>);

        impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
            $(fn $name() -> Weight { cost(T::DbWeight::get(), $micros, $reads, $writes) })*

            fn draw(s: u32) -> Weight {
                draw(T::DbWeight::get(), s)
            }
        }

        impl WeightInfo for () {
            $(fn $name() -> Weight { cost(RocksDbWeight::get(), $micros, $reads, $writes) })*

            fn draw(s: u32) -> Weight {
                draw(RocksDbWeight::get(), s)
            }
        }
    };
}

weights! {
    /// Clock, challenge, operator, registration, agenda, parameter, genesis hash; challenge,
    /// registration, agenda.
    commit: 40, 7, 3;
    /// Clock, challenge, operator, agenda, parameter, genesis hash; challenge, agenda.
    reveal: 40, 6, 2;
    /// Clock, awaited seed, its window.
    wait: 5, 3, 0;
    /// Clock, awaited seed, number of draws, window, trace, parameter; seed, number, window.
    ask: 10, 6, 3;
    /// Clock, agenda.
    serve: 10, 2, 0;
    /// Challenge, agenda, floors, rules, clock. Each member: registration and record, and eleven
    /// lanes left and entered.
    judge: 250, 143, 272;
}

fn cost(database: RuntimeDbWeight, micros: u64, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(micros.saturating_mul(1_000_000), 0)
        .saturating_add(database.reads_writes(reads, writes))
}

fn draw(database: RuntimeDbWeight, sample: u32) -> Weight {
    let each = cost(database, 40, 58, 0);
    cost(database, 100, 22, 22).saturating_add(each.saturating_mul(sample.into()))
}
