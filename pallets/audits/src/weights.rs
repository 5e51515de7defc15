//! What each call and each step of the hook costs.
//!
//! Counted by hand from the code until it is measured: reads and writes of storage at the most
//! expensive state, each key once. What the tasks do when they hear a verdict is part of it.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Declares the trait and both implementations from one table: microseconds, reads and writes,
/// and what each member or each provider looked at adds to them.
macro_rules! weights {
    ($(
        $(#[$doc:meta])*
        $name:ident($($each:ident)?): $fixed:tt $(+ $per:tt)?;
    )*) => {
        /// Costs of this pallet.
        pub trait WeightInfo {
            $($(#[$doc])* fn $name($($each: u32)?) -> Weight;)*
        }

        /// Costs on the database of a runtime.
        pub struct SubstrateWeight<T>(PhantomData<T>);

        impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
            $(fn $name($($each: u32)?) -> Weight {
                let database = T::DbWeight::get();
                cost(database, $fixed)
                    $(.saturating_add(cost(database, $per).saturating_mul($each.into())))?
            })*
        }

        impl WeightInfo for () {
            $(fn $name($($each: u32)?) -> Weight {
                let database = ParityDbWeight::get();
                cost(database, $fixed)
                    $(.saturating_add(cost(database, $per).saturating_mul($each.into())))?
            })*
        }
    };
}

weights! {
    /// Registration, licence, clock; licence.
    license(): (20, 3, 1);
    /// Licence.
    revoke_licence(): (20, 1, 1);
    /// Clock, operator, licence, note, rules, account and holds; note, licence.
    plant(): (50, 8, 4);
    /// Clock, note, licence, rules, account and holds; note, licence.
    dig_up(): (50, 7, 4);
    /// Audit, licence, note, rules, accounts and holds, patron, genesis hash; the end of an audit
    /// of nine guards who all agreed, and each of whom is penalised.
    unmask(): (700, 130, 110);
    /// Clock, audit, key, rules; audit, key, agenda.
    post_key(): (30, 5, 5);
    /// Clock, operator, audit, key, registration, rules; audit, key, registration and its lanes,
    /// agenda.
    reject_key(): (50, 9, 9);
    /// Clock, operator, audit, rules; audit, agenda.
    commit(): (30, 5, 4);
    /// Clock, operator, audit, genesis hash, rules, registration; audit, agenda, registration.
    reveal(): (50, 9, 6);
    /// Clock, audit; what it then does is counted by itself.
    poke(): (15, 3, 0);
    /// Clock, how far it has come.
    serve(): (10, 3, 1);
    /// Agenda, audit.
    find_due(): (10, 2, 0);
    /// Audit, rules, window of the seed, nine guards seated; agenda. Of each provider looked at
    /// its place and record, licence, reputation, and whether it is linked to nine workers, the
    /// requester, and the other guards.
    draw(sample): (150, 20, 34) + (150, 60, 0);
    /// Audit, rules, faults; agenda, audit. Of each guard its registration and lanes, reputation,
    /// penalty and key.
    close(guards): (60, 8, 6) + (70, 9, 7);
    /// Audit, rules, patron; agenda, task, terms and what is held for them. Of each guard its
    /// registration, reputation, key and owner's account; of each worker as much, and its penalty,
    /// answer and key.
    conclude(members): (180, 18, 16) + (150, 20, 17);
}

fn cost(database: RuntimeDbWeight, (micros, reads, writes): (u64, u64, u64)) -> Weight {
    Weight::from_parts(micros.saturating_mul(1_000_000), 0)
        .saturating_add(database.reads_writes(reads, writes))
}
