//! On how many examples a delta is judged, and on which.

use crate::{
    id::Seed,
    learning::source::Source,
    share::{Ppm, WHOLE},
};
use alloc::{collections::BTreeSet, vec::Vec};
use codec::Encode;
use primitive_types::U256;

/// Fewer examples say nothing.
pub const LEAST: u32 = 64;
/// And more take too long.
pub const MOST: u32 = 1 << 14;

/// So many deviations has the mean of a sample to lie off, that a delta just at the threshold is
/// seen at four of them: ⌈16 · variance / threshold²⌉.
const SQUARED_DEVIATIONS: u64 = 16;

/// How many examples out of `count` tell a delta at the threshold from chance; none where there are
/// too few. `variance` is that of a difference, over the square of the mean loss, in millionths.
/// Where that many are too many, it is `most`.
pub fn size(variance: u64, threshold: Ppm, most: u32, count: u64) -> Option<u32> {
    if count < LEAST.into() {
        return None;
    }
    // Millionths over the square of millionths.
    let spread = U256::from(variance)
        .checked_mul(SQUARED_DEVIATIONS.into())
        .and_then(|spread| spread.checked_mul(WHOLE.into()));
    let threshold = U256::from(threshold);
    let enough = spread
        .zip(threshold.checked_mul(threshold))
        .and_then(|(spread, square)| {
            let (whole, rest) = (spread.checked_div(square)?, spread.checked_rem(square)?);
            whole.checked_add(u32::from(!rest.is_zero()).into())
        })
        .and_then(|enough| u32::try_from(enough).ok())
        .unwrap_or(MOST);
    Some(enough.max(LEAST).min(largest(most, count)))
}

/// How many examples out of `count` a sample has at most, whatever is judged on it.
pub fn largest(most: u32, count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).min(most.clamp(LEAST, MOST))
}

/// Which records a seed asks for, in ascending order. All are different, and each set of so many
/// is as likely as any other. A generator has the seed itself, and makes the first of it.
pub fn records(source: &Source, count: u32, seed: &Seed) -> Vec<u64> {
    let there_are = source.count();
    let count = u64::from(count.min(MOST)).min(there_are);
    if source.is_generator() {
        return (0..count).collect();
    }
    let mut drawn = BTreeSet::new();
    // Floyd's sample.
    for top in there_are.saturating_sub(count)..there_are {
        let drawn_now = lot(seed, top).checked_rem(u128::from(top).saturating_add(1)).unwrap_or(0);
        let drawn_now = u64::try_from(drawn_now).unwrap_or(top);
        if !drawn.insert(drawn_now) {
            drawn.insert(top);
        }
    }
    drawn.into_iter().collect()
}

/// A number that nobody knows before the seed.
fn lot(seed: &Seed, nth: u64) -> u128 {
    let hash = sp_crypto_hashing::blake2_128(&(b"cairn/record", seed, nth).encode());
    u128::from_le_bytes(hash)
}

#[cfg(test)]
mod tests;
