//! What the challenged compute, until there is a kernel: hashes that have to be made one after the
//! other, in many lanes beside each other.
//!
//! ```text
//! lane i:   x ← H("cairn/lane", seed, i), then x ← H(x), once a round
//! answer:   a ← seed, then a ← H(a, x of lane i), lane by lane
//! units  =  lanes · rounds · operations of one H
//! ```
//!
//! `H` is BLAKE2b-256, of which one step takes 1,344 additions, exclusive-ors and rotations of 64
//! bits. Each of them counts as a unit, where a kernel will count multiply-accumulates. The seed is
//! hashed as its 32 bytes, the number of the lane as 4, the lowest first.

use crate::id::{Digest, Seed};
use codec::Encode;
use sp_crypto_hashing::blake2_256;

/// Lanes, as many as keep a large device busy.
pub const LANES: u32 = 1 << 18;
/// Operations in one hash.
pub const HASH_UNITS: u64 = 1_344;
/// The units of one round.
pub const ROUND_UNITS: u64 = (LANES as u64).saturating_mul(HASH_UNITS);

/// Rounds in a job of at least so many units; never none.
pub fn rounds(units: u64) -> u64 {
    units.div_ceil(ROUND_UNITS).max(1)
}

/// The units of a job that is to have at least so many, in whole rounds.
pub fn cost(units: u64) -> u64 {
    rounds(units).saturating_mul(ROUND_UNITS)
}

/// Where a lane ends. No lane needs another, so a worker makes as many at once as it can.
pub fn lane(seed: &Seed, number: u32, rounds: u64) -> Digest {
    let start = blake2_256(&(b"cairn/lane", seed, number).encode());
    (0..rounds).fold(start, |x, _| blake2_256(&x))
}

/// The answer, from where all lanes end, in their order.
pub fn fold(seed: &Seed, ends: impl Iterator<Item = Digest>) -> Digest {
    ends.fold(*seed, |answer, end| blake2_256(&(answer, end).encode()))
}

/// The answer to a job of so many units. Members compute it; the chain never does.
pub fn solve(seed: &Seed, units: u64) -> Digest {
    let rounds = rounds(units);
    fold(seed, (0..LANES).map(|number| lane(seed, number, rounds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(digest: Digest) -> String {
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn solve_should_depend_on_seed_and_rounds_alone() {
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
        assert_eq!(solve(&seed, 2 * ROUND_UNITS), expected);
    }

    /// What hashlib of Python comes to.
    #[test]
    fn solve_should_give_what_another_implementation_does() {
        let counting: Seed = core::array::from_fn(|n| n as u8);
        let vectors = [
            ([7; 32], 1, "c452f1e6fba00d8753d91d32538f45798c72e466485af2fc1b8b422d9224c35c"),
            ([7; 32], 2, "d2450433e1ffb2c84aca0eed61d1edf55478890ab8122b1c147ec6d2457ae7cb"),
            (counting, 3, "7ab264028622383bce530ff33d59bf47f1a95be51821fc4c8c8db9a22a77578c"),
        ];
        for (seed, rounds, answer) in vectors {
            assert_eq!(hex(solve(&seed, rounds * ROUND_UNITS)), answer);
        }
        let ends = [
            ([7; 32], 1, "d6ec1754ac0ffa74da242c63a7d94463ac533fbf094f53094b4c39cb442ef60b"),
            (counting, 3, "da600f32140757c1d119800c24fe9a78cbf1563b9a04c5a92b19b815af4ea465"),
        ];
        for (seed, rounds, end) in ends {
            assert_eq!(hex(lane(&seed, 5, rounds)), end);
        }
    }

    proptest! {
        #[test]
        fn cost_should_be_whole_rounds_and_no_less_than_asked(units: u64) {
            prop_assume!(units <= u64::MAX - ROUND_UNITS);
            let cost = cost(units);
            prop_assert_eq!(cost % ROUND_UNITS, 0);
            prop_assert!(cost >= units.max(1) && cost - units <= ROUND_UNITS);
            prop_assert_eq!(rounds(cost), rounds(units));
        }

        #[test]
        fn lane_should_need_every_round_before(
            seed: [u8; 32], number: u32, before in 0u64..20, rounds in 0u64..20,
        ) {
            let halfway = lane(&seed, number, before);
            let end = (0..rounds).fold(halfway, |x, _| blake2_256(&x));
            prop_assert_eq!(lane(&seed, number, before + rounds), end);
        }

        #[test]
        fn lanes_should_differ(seed: [u8; 32], other: [u8; 32], a: u32, b: u32) {
            prop_assume!(a != b && seed != other);
            prop_assert_ne!(lane(&seed, a, 1), lane(&seed, b, 1));
            prop_assert_ne!(lane(&seed, a, 1), lane(&other, a, 1));
        }

        #[test]
        fn fold_should_depend_on_the_order_of_lanes(seed: [u8; 32], a: [u8; 32], b: [u8; 32]) {
            prop_assume!(a != b);
            let folded = |ends: [Digest; 2]| fold(&seed, ends.into_iter());
            prop_assert_ne!(folded([a, b]), folded([b, a]));
        }
    }
}
