//! What the challenged compute.

use crate::types::Work;
use cairn_protocol::{
    id::{Digest, Seed},
    profile::DeviceClass,
};
use codec::Encode;
use core::marker::PhantomData;
use frame_support::traits::Get;
use sp_crypto_hashing::blake2_256;

/// A job whose cost is known, and whose answer takes that much work to find.
pub trait Job {
    /// The units of work of a job for that class; never none.
    fn cost(class: DeviceClass) -> u64;

    /// The answer to a job of so many units. Members compute it; the chain never does.
    fn solve(seed: &Seed, units: u64) -> Digest;
}

/// Hashes that have to be made one after the other, in many lanes beside each other.
///
/// ```text
/// lane i:   x ← H("cairn/lane", seed, i), then x ← H(x), once a round
/// answer:   a ← seed, then a ← H(a, x of lane i), lane by lane
/// units  =  lanes · rounds · operations of one H
/// ```
///
/// `H` is BLAKE2b-256, of which one step takes 1,344 additions, exclusive-ors and rotations of 64
/// bits. Each of them counts as a unit, where a kernel will count multiply-accumulates.
pub struct IteratedHash<Amounts>(PhantomData<Amounts>);

/// Lanes, as many as keep a large device busy.
pub const LANES: u32 = 1 << 18;
/// Operations in one hash.
pub const HASH_UNITS: u64 = 1_344;

/// The units of one round.
const ROUND_UNITS: u64 = (LANES as u64).saturating_mul(HASH_UNITS);

/// Rounds in a job of at least so many units.
fn rounds(units: u64) -> u64 {
    units.div_ceil(ROUND_UNITS).max(1)
}

impl<Amounts: Get<Work>> Job for IteratedHash<Amounts> {
    /// In whole rounds.
    fn cost(class: DeviceClass) -> u64 {
        rounds(Amounts::get().of(class)).saturating_mul(ROUND_UNITS)
    }

    fn solve(seed: &Seed, units: u64) -> Digest {
        (0..LANES).fold(*seed, |answer, lane| {
            let start = blake2_256(&(b"cairn/lane", seed, lane).encode());
            let end = (0..rounds(units)).fold(start, |x, _| blake2_256(&x));
            blake2_256(&(answer, end).encode())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame_support::parameter_types;

    parameter_types! {
        pub const Amounts: Work = Work {
            cpu: 0,
            small_gpu: ROUND_UNITS,
            gpu: ROUND_UNITS + 1,
            large_gpu: 60_000_000_000_000,
            accelerator: u64::MAX,
        };
    }

    #[test]
    fn cost_should_be_whole_rounds_and_never_none() {
        let cost = <IteratedHash<Amounts> as Job>::cost;
        assert_eq!(ROUND_UNITS, 352_321_536);
        assert_eq!(cost(DeviceClass::Cpu), ROUND_UNITS);
        assert_eq!(cost(DeviceClass::SmallGpu), ROUND_UNITS);
        assert_eq!(cost(DeviceClass::Gpu), 2 * ROUND_UNITS);
        assert_eq!(cost(DeviceClass::LargeGpu), 170_299 * ROUND_UNITS);
        assert_eq!(cost(DeviceClass::Accelerator), u64::MAX);
    }

    #[test]
    fn solve_should_depend_on_seed_and_rounds_alone() {
        let solve = <IteratedHash<Amounts> as Job>::solve;
        let answer = solve(&[1; 32], ROUND_UNITS);
        assert_eq!(solve(&[1; 32], 1), answer);
        assert_ne!(solve(&[2; 32], ROUND_UNITS), answer);
        assert_ne!(solve(&[1; 32], ROUND_UNITS + 1), answer);
    }

    #[test]
    fn solve_should_give_what_is_documented() {
        let seed = [7; 32];
        let mut expected = seed;
        for lane in 0..LANES {
            let mut bytes = b"cairn/lane".to_vec();
            bytes.extend_from_slice(&seed);
            bytes.extend_from_slice(&lane.to_le_bytes());
            let end = blake2_256(&blake2_256(&blake2_256(&bytes)));
            expected = blake2_256(&[expected, end].concat());
        }
        assert_eq!(IteratedHash::<Amounts>::solve(&seed, 2 * ROUND_UNITS), expected);
    }
}
