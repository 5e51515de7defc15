//! What the calls and hooks cost, counted by hand: each storage item read or written once, and a
//! guess of the time beside it that is meant to be too long.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{
        constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_MICROS},
        RuntimeDbWeight, Weight,
    },
};

pub trait WeightInfo {
    fn commit() -> Weight;
    fn reveal() -> Weight;
    fn round_goes_on() -> Weight;
    /// `c` contributions, none of them revealed.
    fn end_round(c: u32) -> Weight;
    /// `g` heights without a window passed, `w` windows closed.
    fn record_block(g: u32, w: u32) -> Weight;
}

/// Weights on this chain's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn commit() -> Weight {
        commit(T::DbWeight::get())
    }

    fn reveal() -> Weight {
        reveal(T::DbWeight::get())
    }

    fn round_goes_on() -> Weight {
        round_goes_on(T::DbWeight::get())
    }

    fn end_round(c: u32) -> Weight {
        end_round(T::DbWeight::get(), c.into())
    }

    fn record_block(g: u32, w: u32) -> Weight {
        record_block(T::DbWeight::get(), g.into(), w.into())
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn commit() -> Weight {
        commit(RocksDbWeight::get())
    }

    fn reveal() -> Weight {
        reveal(RocksDbWeight::get())
    }

    fn round_goes_on() -> Weight {
        round_goes_on(RocksDbWeight::get())
    }

    fn end_round(c: u32) -> Weight {
        end_round(RocksDbWeight::get(), c.into())
    }

    fn record_block(g: u32, w: u32) -> Weight {
        record_block(RocksDbWeight::get(), g.into(), w.into())
    }
}

fn micros(count: u64) -> Weight {
    Weight::from_parts(WEIGHT_REF_TIME_PER_MICROS.saturating_mul(count), 0)
}

/// Reads the clock, the round, the contributions, five items of the registry, the account and its
/// holds; writes the contributions, the account and its holds.
fn commit(db: RuntimeDbWeight) -> Weight {
    micros(60).saturating_add(db.reads_writes(10, 3))
}

/// Reads the clock, the round, the contributions, the genesis hash, the account and its holds;
/// writes the contributions, the account and its holds.
fn reveal(db: RuntimeDbWeight) -> Weight {
    micros(60).saturating_add(db.reads_writes(6, 3))
}

/// Reads the clock and the round.
fn round_goes_on(db: RuntimeDbWeight) -> Weight {
    micros(5).saturating_add(db.reads(2))
}

/// Reads the clock, the round, the contributions, the mix, the genesis hash and what all is
/// issued, and for each contribution an account and its holds; writes the contributions, the mix,
/// the round and what is issued, and for each contribution an account and its holds.
fn end_round(db: RuntimeDbWeight, contributions: u64) -> Weight {
    let each = micros(30).saturating_add(db.reads_writes(2, 2));
    micros(20)
        .saturating_add(db.reads_writes(6, 4))
        .saturating_add(each.saturating_mul(contributions))
}

/// Reads the clock, the trace, the VRF output, the validators, the genesis hash, the window of
/// this height, the mix and one window that stays, and each height that is passed; writes the
/// trace, the window of this height, and each closed window.
fn record_block(db: RuntimeDbWeight, gaps: u64, windows: u64) -> Weight {
    let gap = micros(1).saturating_add(db.reads(1));
    let window = micros(10).saturating_add(db.reads_writes(1, 1));
    micros(20)
        .saturating_add(db.reads_writes(8, 2))
        .saturating_add(gap.saturating_mul(gaps))
        .saturating_add(window.saturating_mul(windows))
}
