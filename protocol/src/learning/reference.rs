//! What tests compare with: the same in numbers of any length.

use num_bigint::BigInt;
use proptest::prelude::*;

/// Bits after the point of [`ln`].
pub(super) const BITS: u32 = 200;

/// The natural logarithm of a whole number that is not zero, a few units too low at most.
pub(super) fn ln(number: u64) -> BigInt {
    let exponent = number.ilog2();
    // The number is 2^exponent times something from one to two.
    let (above, below) = (BigInt::from(number), BigInt::from(1) << exponent);
    twice_atanh(&above - &below, above + below) + twice_atanh(1.into(), 3.into()) * exponent
}

/// Of a fraction from zero to a third, by its series.
fn twice_atanh(above: BigInt, below: BigInt) -> BigInt {
    let fraction: BigInt = (above << BITS) / below;
    let square: BigInt = (&fraction * &fraction) >> BITS;
    let (mut sum, mut power) = (BigInt::ZERO, fraction);
    for odd in (1..2 * BITS).step_by(2) {
        sum += &power / odd;
        power = (power * &square) >> BITS;
    }
    sum << 1
}

/// Numbers of every length, and what lies beside powers of two.
pub(super) fn numbers() -> impl Strategy<Value = u64> {
    let length = 1..=64u32;
    let beside = (0..64u32, 0..3u64).prop_map(|(bit, more)| (1u64 << bit).saturating_sub(1) + more);
    prop_oneof![
        (any::<u64>(), length).prop_map(|(number, bits)| (number >> (64 - bits)).max(1)),
        beside.prop_map(|number| number.max(1)),
    ]
}
