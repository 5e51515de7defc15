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

const SHARES: Shares = Shares { provider: 800_000, treasury: 150_000 };

#[test]
fn grants_should_be_less_when_guards_are_paid_more() {
    let dealing = Dealing::of(100_000, &SHARES, 10_000);
    assert_eq!((dealing.lost, dealing.points), (160_000, 100_000));
    // A third of 18 % is 37.5 % of 16 %. A tenth comes back as points, and a hundredth is lost.
    let most = |pay| dealing.most_grant(pay);
    assert_eq!([0, 1_800_000, 3_600_000].map(most), [800_000, 515_000, 140_000]);
    // At what guards may get at most nothing is left for grants.
    assert_eq!(dealing.most_pay(), 4_272_000);
    assert_eq!([4_272_000, 4_272_001, u32::MAX].map(most), [0; 3]);
}

#[test]
fn guards_should_get_nothing_when_nothing_is_paid_for_good() {
    let of = |audited, provider, treasury| Dealing::of(audited, &Shares { provider, treasury }, 0);
    assert_eq!((of(1, WHOLE, 0).most_pay(), of(1, WHOLE, 0).most_grant(0)), (0, 800_000));
    assert_eq!(of(1, WHOLE, 0).most_grant(1), 0);
    // What workers take first is not the treasury's.
    assert_eq!(of(1, 990_000, WHOLE).lost, 10_000);
    // Where nobody looks, it does not matter what it would be paid.
    assert_eq!((of(0, WHOLE, 0).most_pay(), of(0, WHOLE, 0).most_grant(9)), (u32::MAX, 800_000));
}

#[test]
fn guards_should_get_less_for_disputes_than_three_times_what_the_outvoted_lose() {
    // Five sixths of what was offered, three times, and a hundredth is lost.
    assert_eq!(most_pay_for_disputes(50_000, 60_000), 2_475_000);
    assert_eq!(most_pay_for_disputes(20_000, 60_000), 990_000);
    assert_eq!(most_pay_for_disputes(50_000, 150_000), 990_000);
    assert_eq!(most_pay_for_disputes(0, 60_000), 0);
    // Nobody loses more than all, and where no bond is enough nothing is offered.
    assert_eq!(most_pay_for_disputes(u32::MAX, WHOLE), 2_970_000);
    assert_eq!(most_pay_for_disputes(50_000, 0), Ppm::MAX);
}

proptest! {
    /// Of the smallest bond that is enough more is lost than a dealer's part of the guards' pay.
    #[test]
    fn disputes_should_lose_whatever_governance_says(outvoted in 1..=WHOLE, cover: Ppm, pay: Ppm) {
        let pay = pay.min(most_pay_for_disputes(outvoted, cover));
        // Of what was offered, times the bond's share of it.
        let lost = u128::from(outvoted) * u128::from(WHOLE) * u128::from(GUARDED);
        let got = u128::from(pay) * u128::from(cover);
        prop_assert!(got < lost, "{got} of {lost}");
    }

    /// Of what is lost for good a hundredth is left at least, after a grant, points and a third of
    /// what guards get.
    #[test]
    fn dealing_should_lose_whatever_governance_says(
        audited: Ppm, lost in 0..=2 * WHOLE, points in 0..=MOST_POINTS, pay: Ppm, grant: Ppm,
    ) {
        let dealing = Dealing { audited, lost, points };
        let pay = pay.min(dealing.most_pay());
        let grant = grant.min(dealing.most_grant(pay));
        let (whole, lost) = (u128::from(WHOLE), u128::from(lost));
        let back = lost * u128::from(grant + points) * u128::from(GUARDED)
            + u128::from(audited.min(WHOLE)) * u128::from(pay);
        let most = lost * u128::from(WHOLE - MARGIN) * u128::from(GUARDED);
        prop_assert!(back <= most, "{back} of {most}");
        prop_assert!(u128::from(grant) < whole);
    }

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
