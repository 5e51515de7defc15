//! Rounding, saturation, and scales made of integers.

/// ⌊(x + 2^(shift − 1)) / 2^shift⌋, as if nothing could overflow: to the nearest, halves upwards.
#[inline(always)]
pub const fn round(x: i64, shift: u32) -> i64 {
    match shift {
        0 => x,
        // Nothing is left of it, and halves upwards make -1/2 nothing too.
        64.. => 0,
        _ => (x >> shift) + ((x >> (shift - 1)) & 1),
    }
}

/// The same without a branch, for |x| up to 2^62 and shifts up to 62.
#[inline(always)]
pub(crate) const fn nearest(x: i64, shift: u32) -> i64 {
    (x + ((1 << shift) >> 1)) >> shift
}

/// `x / n` to the nearest, halves upwards. `n` is positive, and twice either fits.
#[inline(always)]
pub const fn quotient(x: i64, n: i64) -> i64 {
    (2 * x + n).div_euclid(2 * n)
}

/// How many binary digits a number has; zero has none.
#[inline(always)]
pub const fn digits(x: u64) -> u32 {
    u64::BITS - x.leading_zeros()
}

/// The largest value of so many bits. Saturation is symmetric: the least is its negative.
#[inline(always)]
pub const fn most(bits: u32) -> i64 {
    (1 << (bits - 1)) - 1
}

/// To what is representable in so many bits.
#[inline(always)]
pub const fn saturate(x: i64, bits: u32) -> i64 {
    let most = most(bits);
    if x > most {
        most
    } else if x < -most {
        -most
    } else {
        x
    }
}

/// The i8 that is computed with, of an i16 master.
#[inline(always)]
pub const fn weight(master: i16) -> i8 {
    saturate(round(master as i64, 8), 8) as i8
}

/// A positive real number: `multiplier / 2^shift`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Scale {
    /// Its top bit is set, so that a number has one form.
    pub multiplier: u16,
    pub shift: u8,
}

impl Scale {
    pub const MOST_SHIFT: u8 = 62;
    /// What can be scaled: products stay below 2^62.
    pub const MOST_BITS: u32 = 46;
    pub const ONE: Self = Self::power(0);
    /// The least there is, which leaves nothing of a number of 32 bits.
    pub const LEAST: Self = Self::power(-47);

    /// 2^exponent, valid from -47 to 14.
    pub const fn power(exponent: i8) -> Self {
        Self { multiplier: 1 << 15, shift: (15 - exponent as i16) as u8 }
    }

    pub const fn is_valid(&self) -> bool {
        self.multiplier >> 15 == 1 && self.shift >= 1 && self.shift <= Self::MOST_SHIFT
    }

    /// The form it has as a constant of an artifact.
    pub const fn pack(self) -> i32 {
        ((self.shift as i32) << 16) | self.multiplier as i32
    }

    /// What a constant means as a scale, if anything.
    pub const fn unpack(constant: i32) -> Option<Self> {
        let scale = Self::unpack_lossy(constant);
        if constant == scale.pack() && scale.is_valid() {
            Some(scale)
        } else {
            None
        }
    }

    /// The same for constants known to be scales.
    #[inline(always)]
    pub(crate) const fn unpack_lossy(constant: i32) -> Self {
        Self { multiplier: constant as u16, shift: (constant >> 16) as u8 }
    }

    /// `x` times it, to the nearest. `x` is below 2^[`Self::MOST_BITS`].
    #[inline(always)]
    pub const fn of(&self, x: i64) -> i64 {
        self.of_shifted(x, 0)
    }

    /// The same without a branch.
    #[inline(always)]
    pub(crate) const fn lane(&self, x: i64) -> i64 {
        nearest(x * self.multiplier as i64, self.shift as u32)
    }

    /// `x` times it times 2^exponent, which is not more than its shift.
    #[inline(always)]
    pub const fn of_shifted(&self, x: i64, exponent: u32) -> i64 {
        let product = x.wrapping_mul(self.multiplier as i64);
        round(product, (self.shift as u32).saturating_sub(exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn round_should_go_up_when_half() {
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|x| round(x, 1)), [-1, -1, 0, 0, 1, 1, 2]);
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|x| round(x, 2)), [-1, 0, 0, 0, 0, 1, 1]);
        assert_eq!(round(i64::MIN, 64), 0);
        assert_eq!(round(i64::MIN, 63), -1);
        assert_eq!(round(i64::MAX, 63), 1);
    }

    #[test]
    fn saturate_should_be_symmetric_when_at_the_ends() {
        assert_eq!(saturate(-128, 8), -127);
        assert_eq!(saturate(128, 8), 127);
        assert_eq!(saturate(i32::MIN.into(), 32), -i64::from(i32::MAX));
        assert_eq!([i16::MIN, -32_641, -32_640, i16::MAX].map(weight), [-127, -127, -127, 127]);
        assert_eq!([-128, -129, 127, 128].map(weight), [0, -1, 0, 1]);
    }

    #[test]
    fn least_should_leave_nothing_when_a_number_has_32_bits() {
        assert_eq!(Scale::LEAST.shift, Scale::MOST_SHIFT);
        for x in [-most(32), -1, 0, 1, most(32)] {
            assert_eq!([Scale::LEAST.of(x), Scale::LEAST.lane(x)], [0; 2], "{x}");
        }
    }

    #[test]
    fn unpack_should_refuse_when_no_scale() {
        assert_eq!(Scale::unpack(Scale::ONE.pack()), Some(Scale::ONE));
        assert!((-47..=14).all(|exponent| Scale::power(exponent).is_valid()));
        assert!([i8::MIN, -48, 15, i8::MAX].iter().all(|bad| !Scale::power(*bad).is_valid()));
        for bad in [0, 0x7fff | (15 << 16), 0x8000, 0x8000 | (63 << 16), 0x0100_8000, -1] {
            assert_eq!(Scale::unpack(bad), None, "{bad:x}");
        }
    }

    proptest! {
        #[test]
        fn round_should_be_the_floor_when_done_without_bounds(x: i64, shift in 1u32..80) {
            let exact = (i128::from(x) + (1 << (shift - 1))) >> shift;
            prop_assert_eq!(i128::from(round(x, shift)), exact);
        }

        #[test]
        fn nearest_should_be_rounded_when_within_its_bounds(
            x in -(1i64 << 62)..=1 << 62,
            few in 0u32..62,
            shift in 0u32..=62,
        ) {
            for x in [x, x >> few, (1 << 62) >> few, -(1 << 62) >> few] {
                prop_assert_eq!(nearest(x, shift), round(x, shift));
            }
        }

        #[test]
        fn quotient_should_be_the_nearest_when_any(x in -(1i64 << 60)..1 << 60, n in 1i64..1 << 20) {
            let q = quotient(x, n);
            let (left, right) = (2 * (x - q * n), n);
            prop_assert!(-right <= left && left < right);
        }

        #[test]
        fn scale_should_stay_within_64_bits_when_at_its_limits(
            multiplier in 1u16 << 15..,
            shift in 1u8..=Scale::MOST_SHIFT,
            x in prop_oneof![Just((1i64 << 46) - 1), Just(1 - (1i64 << 46)), -(1i64 << 46)..1 << 46],
        ) {
            let exact = (i128::from(x) * i128::from(multiplier) + (1 << (shift - 1))) >> shift;
            let scale = Scale { multiplier, shift };
            prop_assert_eq!(i128::from(scale.of(x)), exact);
            prop_assert_eq!(scale.lane(x), scale.of(x));
        }
    }
}
