//! Logarithms of whole numbers, in whole numbers.

/// Bits after the point.
pub(super) const FRACTION: u32 = 60;
/// By so many units [`log2`] is too low, at most: one for the bits that are not looked at, and one
/// for what each square loses.
pub(super) const SLACK: u128 = 2;

/// The logarithm to base two, rounded down; of zero it is that of one.
///
/// A mantissa from one to two is squared again and again, and each time it is two or more the next
/// bit is one. Rounding a square down keeps the order of two mantissas, and where their bits come
/// to differ the larger has the one. So of two numbers the larger never has the lower logarithm.
pub(super) fn log2(number: u64) -> u128 {
    let number = number.max(1);
    let mut log = u128::from(number.checked_ilog2().unwrap_or(0));
    // Its top bit is set, and stands for one.
    let mut mantissa = number.unbounded_shl(number.leading_zeros());
    for _ in 0..FRACTION {
        // Two factors of 64 bits, both with their top bits set.
        let square = u128::from(mantissa).saturating_mul(mantissa.into());
        let carries = square.leading_zeros() == 0;
        let mantissa_bits = square >> if carries { u64::BITS } else { u64::BITS - 1 };
        mantissa = u64::try_from(mantissa_bits).unwrap_or(u64::MAX);
        log = (log << 1) | u128::from(carries);
    }
    log
}

#[cfg(test)]
mod tests;
