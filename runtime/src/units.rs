//! Money and time, in the units the chain counts in.

use crate::{Balance, BlockNumber};
use frame_support::weights::Weight;

/// Decimals of CRN.
pub const DECIMALS: u8 = 12;
/// One CRN.
pub const UNITS: Balance = 1_000_000_000_000;
/// A thousandth of a CRN.
pub const MILLIUNITS: Balance = UNITS / 1_000;
/// A millionth of a CRN.
pub const MICROUNITS: Balance = UNITS / 1_000_000;
/// All CRN at genesis: 1,000,000,000.
pub const GENESIS_SUPPLY: Balance = 1_000_000_000 * UNITS;
/// The least an account may hold. Far below the deposit its 128 bytes would cost, so that a
/// newcomer's first payment is not refused; dust accounts are reaped.
pub const EXISTENTIAL_DEPOSIT: Balance = 10 * MILLIUNITS;

/// Addresses start with `cak` to `car`; the prefix is in no registry (SS58, 14-bit range).
pub const SS58_PREFIX: u16 = 2883;

/// One BABE slot, in milliseconds. Changing it after genesis stops the chain.
pub const SLOT_MILLIS: u64 = 1_000;
pub const SECONDS: BlockNumber = 1;
pub const MINUTES: BlockNumber = 60 * SECONDS;
pub const HOURS: BlockNumber = 60 * MINUTES;
pub const DAYS: BlockNumber = 24 * HOURS;

/// What it costs to occupy state: the whole genesis supply buys a terabyte, which is about what
/// a validator can be asked to hold. An item adds the weight of its trie path.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
    items as Balance * 100 * MILLIUNITS + bytes as Balance * MILLIUNITS
}

/// The work of a full block, in reference-machine time.
///
/// A block is made in the slot's first 80 % and must be imported by everyone else before the
/// next author begins, so both together have to fit into one slot. A transfer weighs 458 µs and
/// costs its author about 250 (an account read thrice counts thrice, and is read once), so a
/// second of weight is little over half a second of work.
pub const BLOCK_WEIGHT: Weight =
    Weight::from_parts(frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND, u64::MAX);
