use super::*;
use proptest::prelude::*;

#[test]
fn weight_should_be_half_to_one_and_a_half() {
    assert_eq!(
        [0, 500_000, WHOLE, u32::MAX].map(|standing| weight(1_000, standing)),
        [500, 1_000, 1_500, 1_500]
    );
    assert_eq!(weight(Amount::MAX, WHOLE), Amount::MAX);
}

#[test]
fn grant_should_be_a_part_of_the_pool_and_no_more_than_of_the_fees() {
    assert_eq!(grant(1_000, 25, 100, 10_000, WHOLE), 250);
    assert_eq!(grant(1_000, 25, 100, 100, WHOLE), 80);
    assert_eq!(grant(1_000, 25, 100, 100, 500_000), 50);
    assert_eq!(grant(1_000, 0, 0, 100, WHOLE), 0);
    // Nobody weighs more than all.
    assert_eq!(grant(1_000, 9, 3, Amount::MAX, WHOLE), 1_000);
}

proptest! {
    /// Whoever pays itself gets back four fifths of what it loses, at the most, whatever governance
    /// says and whatever others do.
    #[test]
    fn grant_should_never_make_up_for_fees(
        pool: Amount, weight: Amount, weights: Amount, fees: Amount, most: Ppm,
    ) {
        let granted = grant(pool, weight, weights, fees, most);
        prop_assert!(granted <= of(800_000, fees) && granted <= pool);
        prop_assert!(fees == 0 || granted < fees);
    }

    /// Nor does it help to pay through many names.
    #[test]
    fn grants_should_be_no_more_than_the_pool(
        pool: Amount,
        served in prop::collection::vec((0..=u64::MAX, 0..=WHOLE), 1..20),
        most: Ppm,
    ) {
        let weights = served.iter().map(|(fees, standing)| weight((*fees).into(), *standing));
        let weights: Vec<_> = weights.collect();
        let all = weights.iter().sum();
        let grants = served.iter().zip(&weights).map(|((fees, _), weight)| {
            grant(pool, *weight, all, (*fees).into(), most)
        });
        let granted: Amount = grants.sum();
        let fees: Amount = served.iter().map(|(fees, _)| Amount::from(*fees)).sum();
        prop_assert!(granted <= pool && granted <= of(MOST_GRANT, fees));
    }

    #[test]
    fn weight_should_stay_within_its_bounds(fees in 0..=Amount::MAX / 2, standing: Ppm) {
        let weight = weight(fees, standing);
        prop_assert!(weight >= fees / 2 && weight <= fees + fees / 2 + 1);
    }
}
