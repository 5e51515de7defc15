//! Weights as a table: people write the words, `scripts/bench weights` the numbers.

/// Declares a pallet's `WeightInfo` and both of its implementations: nanoseconds, reads and
/// writes of each call and step of a hook, and what each of something adds to them.
///
/// ```ignore
/// cairn_seams::weights! {
///     /// Record; agenda.
///     commit(): (30_000, 4, 3);
///     /// Account, holds. Of each seat its answer.
///     prune(seats): (50_000, 2, 6) + seats * (3_000, 0, 2);
/// }
/// ```
#[macro_export]
macro_rules! weights {
    ($(
        $(#[$doc:meta])*
        $name:ident($($variable:ident),*): $fixed:tt $(+ $each:ident * $per:tt)*;
    )*) => {
        use ::frame_support::{
            traits::Get,
            weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
        };

        /// Costs of this pallet.
        pub trait WeightInfo {
            $($(#[$doc])* fn $name($($variable: u32),*) -> Weight;)*
        }

        /// Costs on the database of a runtime.
        pub struct SubstrateWeight<T>(::core::marker::PhantomData<T>);

        impl<T: ::frame_system::Config> WeightInfo for SubstrateWeight<T> {
            $(fn $name($($variable: u32),*) -> Weight {
                let database = T::DbWeight::get();
                cost(database, $fixed)
                    $(.saturating_add(cost(database, $per).saturating_mul($each.into())))*
            })*
        }

        impl WeightInfo for () {
            $(fn $name($($variable: u32),*) -> Weight {
                let database = ParityDbWeight::get();
                cost(database, $fixed)
                    $(.saturating_add(cost(database, $per).saturating_mul($each.into())))*
            })*
        }

        fn cost(database: RuntimeDbWeight, (nanos, reads, writes): (u64, u64, u64)) -> Weight {
            // Weights count picoseconds.
            Weight::from_parts(nanos.saturating_mul(1_000), 0)
                .saturating_add(database.reads_writes(reads, writes))
        }
    };
}
