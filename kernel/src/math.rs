//! Powers, logarithms, roots and the curves of activation functions, in fixed point.
//!
//! Each is defined by the steps in the README, which are these, so that their errors are part of
//! the definition. The README's table of bounds is asserted by the tests.

use crate::num::{digits, most, nearest, quotient, round};

/// 2^(−2^−k) for k from 1, in units of 2^−31.
const ROOTS: [i64; 24] = {
    let mut roots = [0; 24];
    let mut root: i64 = 1 << 30;
    let mut k = 0;
    while k < roots.len() {
        root = (root << 31).isqrt();
        roots[k] = root;
        k += 1;
    }
    roots
};

/// 2^−z in units of 2^−15, for z in units of 2^−16.
#[inline]
pub const fn exp2(z: u64) -> i64 {
    if z >> 16 > 16 {
        return 0;
    }
    let f = ((z & 0xffff) >> 1) as i64;
    let t = 3_483 - round(444 * f, 15);
    let t = 62_772 - round(t * f, 13);
    let t = 90_844 - round(t * f, 16);
    let power = round(32_768 - round(t * f, 17), (z >> 16) as u32);
    if power > most(16) {
        most(16)
    } else {
        power
    }
}

/// The same below 2^21, beyond which nothing is left, in lanes of 32 bits without a branch.
#[inline(always)]
pub(crate) const fn exp2_lane(z: u32) -> u32 {
    const fn nearest(x: u32, shift: u32) -> u32 {
        (x + ((1 << shift) >> 1)) >> shift
    }
    let f = (z & 0xffff) >> 1;
    let t = 3_483 - nearest(444 * f, 15);
    let t = 62_772 - nearest(t * f, 13);
    let t = 90_844 - nearest(t * f, 16);
    let power = nearest(32_768 - nearest(t * f, 17), z >> 16);
    if power > 32_767 {
        32_767
    } else {
        power
    }
}

/// 2^−z in units of 2^−31, for z in units of 2^−24.
pub const fn exp2f(z: u64) -> i64 {
    if z >> 24 > 31 {
        return 0;
    }
    let mut power = 1 << 31;
    let mut k = 0;
    while k < ROOTS.len() {
        if (z >> (23 - k)) & 1 == 1 {
            power = round(power * ROOTS[k], 31);
        }
        k += 1;
    }
    round(power, (z >> 24) as u32)
}

/// The same of many at once, each step for all of them: lanes of 64 bits without a branch.
#[inline(always)]
pub(crate) fn exp2f_lanes<const N: usize>(z: &[u64; N]) -> [u64; N] {
    let mut powers = [1u64 << 31; N];
    for (k, root) in ROOTS.iter().enumerate() {
        for (power, z) in powers.iter_mut().zip(z) {
            // Both are at most 2^31, so that a product of 32 bits by 32 is enough.
            let product = (*power & 0xffff_ffff) * (root.unsigned_abs() & 0xffff_ffff);
            let less = (product + (1 << 30)) >> 31;
            *power = if (z >> (23 - k)) & 1 == 1 { less } else { *power };
        }
    }
    for (power, z) in powers.iter_mut().zip(z) {
        // Of 2^−32 a half would be left, which is rounded up.
        let shift = if z >> 24 > 31 { 33 } else { z >> 24 };
        *power = (*power + ((1 << shift) >> 1)) >> shift;
    }
    powers
}

/// The logarithm to base 2 in units of 2^−24; of zero, which has none, that of one.
pub const fn log2(x: u64) -> i64 {
    let x = if x == 0 { 1 } else { x };
    let whole = digits(x) - 1;
    let mut y = if whole > 31 { x >> (whole - 31) } else { x << (31 - whole) };
    let mut log = whole as i64;
    let mut bit = 0;
    while bit < 24 {
        y = (y * y) >> 31;
        log <<= 1;
        if y >> 32 == 1 {
            y >>= 1;
            log |= 1;
        }
        bit += 1;
    }
    log
}

/// (a, h) with 1 / √v = a · 2^h / 2^31; of zero, which has none, that of one.
pub const fn invroot(v: u64) -> (i64, i32) {
    let v = if v == 0 { 1 } else { v };
    // The digits that make it 29 or 30 long, by an even shift.
    let z = (30 - digits(v) as i32) & !1;
    let y = if z >= 0 { v << z } else { v >> -z };
    (((1u64 << 62) / y).isqrt() as i64, z / 2)
}

/// 1 / (1 + 2^−z) in units of 2^−16, for z in units of 2^−16.
#[inline]
pub const fn sigmoid(z: i64) -> i64 {
    let p = exp2(z.unsigned_abs());
    if z >= 0 {
        quotient(1 << 31, (1 << 15) + p)
    } else {
        quotient(p << 16, (1 << 15) + p)
    }
}

/// What of a normal distribution lies below z, in units of 2^−16, for z in units of 2^−16.
pub const fn normcdf(z: i64) -> i64 {
    const FAR: u64 = 1 << 19;
    let u = if z.unsigned_abs() < FAR { z.unsigned_abs() } else { FAR } as i64;
    let t = (1 << 62) / ((1 << 32) + round(u * 15_545_348, 10));
    let q = 1_560_310_108 - round(t * 1_139_675_401, 30);
    let q = 1_526_231_382 - round(t * q, 30);
    let q = 305_476_044 - round(t * q, 30);
    let q = round(t * (273_621_191 - round(t * q, 30)), 30);
    let r = round(q * exp2f(round(u * u * 24_204_406, 33) as u64), 31);
    if z >= 0 {
        (1 << 16) - round(r, 15)
    } else {
        round(r, 15)
    }
}

/// What every number of a row is multiplied by so that their squares have a mean, or a sum, of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Normal {
    exponent: i32,
    multiplier: i64,
    shift: u32,
}

impl Normal {
    /// Numbers below 2^33, at most 2^20 of them. Their squares are divided by `divisor`, and
    /// `epsilon` is added to them.
    #[inline(always)]
    pub fn of(row: impl Iterator<Item = i64> + Clone, divisor: u64, epsilon: u32) -> Self {
        let largest = row.clone().map(i64::unsigned_abs).fold(0, u64::max);
        let squares = row.map(|c| Self::square(c, largest)).sum();
        Self::from_squares(largest, squares, divisor, epsilon)
    }

    /// What a number adds to the squares of a row with such a largest.
    #[inline(always)]
    pub const fn square(c: i64, largest: u64) -> u64 {
        let t = Self::shifted(c, Self::exponent(largest));
        (t * t) as u64
    }

    /// From the largest absolute number and the squares of all.
    pub const fn from_squares(largest: u64, squares: u64, divisor: u64, epsilon: u32) -> Self {
        let exponent = Self::exponent(largest);
        let divisor = if divisor == 0 { 1 } else { divisor };
        let twice = 2 * exponent.unsigned_abs();
        let epsilon = epsilon as u64;
        let epsilon = if exponent < 0 { epsilon << twice } else { epsilon >> twice };
        let v = squares / divisor + epsilon;
        let (root, half) = invroot(v);
        let multiplier = if v == 0 { 0 } else { root };
        Self { exponent, multiplier, shift: (15 - half).unsigned_abs() }
    }

    /// What numbers are shifted by so that 2^20 of their squares fit, and small ones are as exact
    /// as large ones; a shifted epsilon has 62 bits at most.
    const fn exponent(largest: u64) -> i32 {
        let exponent = digits(largest) as i32 - 20;
        if exponent < -15 {
            -15
        } else {
            exponent
        }
    }

    #[inline(always)]
    const fn shifted(c: i64, exponent: i32) -> i64 {
        // One of the two shifts is none, so that a row is computed without a branch.
        let up = if exponent < 0 { -exponent } else { 0 };
        let down = if exponent > 0 { exponent } else { 0 };
        ((c << up) + ((1 << down) >> 1)) >> down
    }

    /// One number of the row, in units of 2^−16.
    #[inline(always)]
    pub const fn apply(&self, c: i64) -> i64 {
        nearest(Self::shifted(c, self.exponent) * self.multiplier, self.shift)
    }
}

#[cfg(test)]
mod tests;
