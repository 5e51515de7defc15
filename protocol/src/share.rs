//! Shares of a whole, in parts per million, and products that do not overflow.

/// Parts per million.
pub type Ppm = u32;

/// The whole.
pub const WHOLE: Ppm = 1_000_000;

/// `amount · numerator / denominator`, rounded down, exact whatever the product's size.
///
/// `None` where the denominator is zero or the quotient does not fit.
pub fn mul_div(amount: u128, numerator: u128, denominator: u128) -> Option<u128> {
    if denominator == 0 {
        return None;
    }
    if let Some(product) = amount.checked_mul(numerator) {
        return product.checked_div(denominator);
    }
    let (high, low) = widening_mul(amount, numerator);
    if high >= denominator {
        return None;
    }
    Some(long_div(high, low, denominator))
}

/// That share of an amount, rounded down; all of it where the share is more than the whole.
pub fn of(share: Ppm, amount: u128) -> u128 {
    mul_div(amount, share.min(WHOLE).into(), WHOLE.into()).unwrap_or(amount)
}

/// The share that a part has of a total, rounded down; the whole where it is not less.
pub fn ratio(part: u128, total: u128) -> Ppm {
    if part >= total {
        return WHOLE;
    }
    mul_div(part, WHOLE.into(), total).and_then(|share| Ppm::try_from(share).ok()).unwrap_or(WHOLE)
}

/// The 256-bit product, high half first.
fn widening_mul(a: u128, b: u128) -> (u128, u128) {
    const HALF: u32 = 64;
    const MASK: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> HALF, a & MASK);
    let (b_high, b_low) = (b >> HALF, b & MASK);
    // Each partial product has two halves less than 2⁶⁴, so none of these sums overflows.
    let low = a_low.wrapping_mul(b_low);
    let middle = a_high.wrapping_mul(b_low).wrapping_add(low >> HALF);
    let cross = a_low.wrapping_mul(b_high).wrapping_add(middle & MASK);
    let high = a_high.wrapping_mul(b_high).wrapping_add(middle >> HALF).wrapping_add(cross >> HALF);
    (high, (cross << HALF) | (low & MASK))
}

/// Divides a 256-bit number whose high half is less than the divisor.
fn long_div(high: u128, low: u128, divisor: u128) -> u128 {
    let (mut remainder, mut quotient) = (high, 0u128);
    for bit in (0..u128::BITS).rev() {
        let carry = remainder >> (u128::BITS - 1);
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || remainder >= divisor {
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn mul_div_should_agree_with_plain_arithmetic_when_nothing_overflows(
            amount in 0..=u64::MAX, numerator in 0..=u64::MAX, denominator in 1..=u64::MAX,
        ) {
            let plain = u128::from(amount) * u128::from(numerator) / u128::from(denominator);
            prop_assert_eq!(
                mul_div(amount.into(), numerator.into(), denominator.into()),
                Some(plain),
            );
        }

        #[test]
        fn mul_div_should_be_the_floor_when_the_product_is_wide(
            amount: u128, numerator: u128, denominator in 1..=u128::MAX,
        ) {
            let product = widening_mul(amount, numerator);
            match mul_div(amount, numerator, denominator) {
                // quotient · denominator ≤ product < (quotient + 1) · denominator
                Some(quotient) => {
                    let (high, low) = widening_mul(quotient, denominator);
                    prop_assert!((high, low) <= product);
                    let (next, carry) = low.overflowing_add(denominator);
                    prop_assert!((high + u128::from(carry), next) > product);
                }
                None => prop_assert!(product.0 >= denominator),
            }
        }

        #[test]
        fn of_should_never_exceed_the_amount(share: Ppm, amount: u128) {
            prop_assert!(of(share, amount) <= amount);
        }

        #[test]
        fn ratio_should_be_a_share(part: u128, total: u128) {
            prop_assert!(ratio(part, total) <= WHOLE);
        }
    }

    #[test]
    fn of_should_be_exact_at_the_ends() {
        assert_eq!(of(0, u128::MAX), 0);
        assert_eq!(of(WHOLE, u128::MAX), u128::MAX);
        assert_eq!(of(u32::MAX, 5), 5);
        assert_eq!(of(150_000, 1_000), 150);
        assert_eq!(ratio(0, 0), WHOLE);
        assert_eq!(mul_div(1, 1, 0), None);
    }
}
