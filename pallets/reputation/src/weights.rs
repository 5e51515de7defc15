//! What reporting and reading cost, counted by hand: each storage item read or written once, and
//! a guess of the time beside it that is meant to be too long.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{
        constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_MICROS},
        RuntimeDbWeight, Weight,
    },
};

/// For the calls and hooks of others, which report and read in the course of theirs.
pub trait WeightInfo {
    fn observe() -> Weight;
    fn observe_for() -> Weight;
    fn forget() -> Weight;
    fn standing() -> Weight;
}

/// Weights on this chain's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn observe() -> Weight {
        observe(T::DbWeight::get())
    }

    fn observe_for() -> Weight {
        observe_for(T::DbWeight::get())
    }

    fn forget() -> Weight {
        forget(T::DbWeight::get())
    }

    fn standing() -> Weight {
        standing(T::DbWeight::get())
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn observe() -> Weight {
        observe(RocksDbWeight::get())
    }

    fn observe_for() -> Weight {
        observe_for(RocksDbWeight::get())
    }

    fn forget() -> Weight {
        forget(RocksDbWeight::get())
    }

    fn standing() -> Weight {
        standing(RocksDbWeight::get())
    }
}

fn micros(count: u64) -> Weight {
    Weight::from_parts(WEIGHT_REF_TIME_PER_MICROS.saturating_mul(count), 0)
}

/// The registration, the rules, the time and the record; the record.
fn observe(database: RuntimeDbWeight) -> Weight {
    micros(20).saturating_add(database.reads_writes(4, 1))
}

/// As above, and the requester's registration, its owner, and for each of two pairs of accounts
/// what they operate and what they declared.
fn observe_for(database: RuntimeDbWeight) -> Weight {
    micros(30).saturating_add(database.reads_writes(14, 1))
}

/// Every kind's record.
fn forget(database: RuntimeDbWeight) -> Weight {
    micros(20).saturating_add(database.reads_writes(6, 6))
}

/// The record, the rules and the time.
fn standing(database: RuntimeDbWeight) -> Weight {
    micros(10).saturating_add(database.reads(3))
}
