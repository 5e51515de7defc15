use super::*;
use crate::learning::reference::{ln, numbers, BITS};
use num_bigint::BigInt;
use proptest::prelude::*;

#[test]
fn log2_should_be_exact_when_the_number_is_a_power_of_two() {
    for bit in 0..64u32 {
        assert_eq!(log2(1 << bit), u128::from(bit) << FRACTION);
    }
    assert_eq!(log2(0), log2(1));
}

proptest! {
    #[test]
    fn log2_should_never_fall(a in numbers(), b in numbers()) {
        prop_assert!(log2(a.min(b)) <= log2(a.max(b)));
        prop_assert!(log2(a) <= log2(a.saturating_add(1)));
    }

    #[test]
    fn log2_should_be_too_low_by_its_slack_at_most(number in numbers()) {
        // What the reference itself may be wrong by.
        let blur = BigInt::from(1) << (BITS - 180);
        let exact = ln(number);
        let natural = |log: u128| (ln(2) * BigInt::from(log)) >> FRACTION;
        prop_assert!(natural(log2(number)) <= &exact + &blur);
        prop_assert!(natural(log2(number) + SLACK) + &blur >= exact);
    }
}
