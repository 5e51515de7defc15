use super::*;
use crate::learning::reference::{ln, numbers, BITS};
use num_bigint::BigInt;
use proptest::prelude::*;

const CRN: Amount = 1_000_000_000_000;
const CURVE: Curve = Curve { hundredth: 500 * CRN };
const BUDGETS: Budgets =
    Budgets { inference: 450_000, learning: 350_000, validation: 100_000, data: 100_000 };

#[test]
fn gain_should_be_millionths_of_the_logarithm() {
    let cases = [
        (2, 1, 693_147),
        (101, 100, 9_950),
        (3_000_000, 2_970_299, 9_949),
        (1 << 63, 1, 43_668_272),
        (7, 7, 0),
        (100, 101, -9_951),
        (5, 0, 1_609_437),
        (0, 0, 0),
    ];
    for (baseline, loss, millionths) in cases {
        assert_eq!(progress(baseline, loss), millionths, "{baseline} to {loss}");
        assert_eq!(gain(baseline, loss), u64::try_from(millionths).unwrap_or(0));
    }
}

#[test]
fn reward_should_be_as_published() {
    // A loss that falls by a hundredth of its logarithm.
    assert_eq!(CURVE.reward(10_000, WHOLE), 500 * CRN);
    assert_eq!(CURVE.reward(10_000, 3 * WHOLE), 1_500 * CRN);
    assert_eq!(CURVE.reward(1, WHOLE), CRN / 20);
    // Factors that nobody may choose count as the nearest one that may be chosen.
    assert_eq!(CURVE.reward(10_000, 0), 500 * CRN);
    assert_eq!(CURVE.reward(10_000, u32::MAX), 1_500 * CRN);
    assert_eq!(Curve { hundredth: Amount::MAX }.reward(u64::MAX, u32::MAX), Amount::MAX);
}

#[test]
fn difficulty_should_be_highest_when_nothing_succeeds() {
    let cases = [((0, 10), 3 * WHOLE), ((5, 10), 2 * WHOLE), ((10, 10), WHOLE), ((90, 10), WHOLE)];
    for ((successes, expected), factor) in cases {
        assert_eq!(difficulty(successes, expected), factor);
    }
    assert_eq!(difficulty(0, 0), WHOLE);
}

#[test]
fn decayed_should_be_a_share_of_what_is_left_to_learn() {
    let decay = Decay { floor_loss: 1_000, least: 100 };
    let cases = [(u64::MAX, 9_999), (4_000, 7_500), (2_000, 5_000), (1_001, 100), (1_000, 100)];
    for (loss, threshold) in cases {
        assert_eq!(decayed(10_000, decay, loss), threshold, "{loss}");
    }
    assert_eq!(decayed(10_000, decay, 0), 100);
    assert_eq!(decayed(10_000, Decay { floor_loss: 0, least: 100 }, 5), 10_000);
    // It never rises.
    assert_eq!(decayed(50, decay, 2_000), 50);
}

#[test]
fn held_share_should_be_what_holds_on_sealed_examples() {
    let cases = [((100, 0), 0), ((100, 25), 250_000), ((100, 100), WHOLE), ((100, 300), WHOLE)];
    for ((public, sealed), share) in cases {
        assert_eq!(held_share(public, sealed), share);
    }
    assert_eq!(held_share(u64::MAX, u64::MAX - 1), WHOLE - 1);
}

#[test]
fn budgets_should_be_as_published() {
    let emission = Emission { period: 86_400, tokens: 273_972 * CRN, budgets: BUDGETS, carry: 0 };
    assert!(BUDGETS.are_shares());
    let of = |cause| emission.budget(cause) * 10 / CRN;
    assert_eq!(Cause::ALL.map(of), [1_232_874, 958_902, 273_972, 273_972]);
    assert!(!Budgets { data: 100_001, ..BUDGETS }.are_shares());
    assert!(!Budgets { data: u32::MAX, ..BUDGETS }.are_shares());
}

prop_compose! {
    /// All of the whole, cut at three places.
    fn any_budgets()(mut cuts in prop::array::uniform3(0..=WHOLE)) -> Budgets {
        cuts.sort_unstable();
        let [a, b, c] = cuts;
        Budgets { inference: a, learning: b - a, validation: c - b, data: WHOLE - c }
    }
}

proptest! {
    #[test]
    fn progress_should_be_the_floor_of_the_logarithm(baseline in numbers(), loss in numbers()) {
        let exact: BigInt = (ln(baseline) - ln(loss)) * 1_000_000;
        // So far two roundings of a logarithm may lie apart, and the floor with them.
        let blur = BigInt::from(1) << (BITS - 30);
        let found = BigInt::from(progress(baseline, loss)) << BITS;
        prop_assert!(found <= &exact + &blur);
        prop_assert!(found + (BigInt::from(1) << BITS) + blur > exact);
    }

    #[test]
    fn gain_should_not_rise_with_the_loss(baseline: u64, a in numbers(), b in numbers()) {
        prop_assert!(gain(baseline, a.max(b)) <= gain(baseline, a.min(b)));
        prop_assert!(gain(a.min(b), baseline) <= gain(a.max(b), baseline));
    }

    /// However a way down is cut, and wherever it leads on its way, its steps together are paid no
    /// more than the whole; and little less.
    #[test]
    fn slices_should_earn_no_more_than_the_whole(
        mut losses in prop::collection::vec(numbers(), 2..30),
        difficulty in WHOLE..=3 * WHOLE,
        hundredth in 0..=1_000_000 * CRN,
    ) {
        losses.sort_unstable_by(|a, b| b.cmp(a));
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        let steps: Vec<_> = losses.windows(2).map(|two| gain(two[0], two[1])).collect();
        let (sum, whole) = (steps.iter().sum::<u64>(), gain(first, last));
        prop_assert!(sum <= whole && whole - sum < losses.len() as u64);
        let curve = Curve { hundredth };
        let paid: Amount = steps.iter().map(|step| curve.reward(*step, difficulty)).sum();
        prop_assert!(paid <= curve.reward(whole, difficulty));
    }

    #[test]
    fn progress_there_and_back_should_never_be_a_gain(
        a in numbers(), b in numbers(), c in numbers(),
    ) {
        prop_assert!(progress(a, b) + progress(b, a) <= 0);
        prop_assert!(progress(a, b) + progress(b, c) <= progress(a, c));
    }

    #[test]
    fn reward_should_be_the_floor(hundredth: Amount, gain: u64, difficulty in WHOLE..=3 * WHOLE) {
        let product = BigInt::from(hundredth) * gain * difficulty;
        let exact = product / (u64::from(WHOLE) * HUNDREDTH);
        let paid = Curve { hundredth }.reward(gain, difficulty);
        prop_assert_eq!(BigInt::from(paid), exact.min(Amount::MAX.into()));
    }

    #[test]
    fn difficulty_should_not_rise_with_success(a: u32, b: u32, expected: u32) {
        let (few, many) = (difficulty(a.min(b), expected), difficulty(a.max(b), expected));
        prop_assert!(few >= many);
        prop_assert!((WHOLE..=3 * WHOLE).contains(&few) && (WHOLE..=3 * WHOLE).contains(&many));
    }

    #[test]
    fn decayed_should_lie_between_the_least_and_the_threshold(
        threshold: Ppm, floor_loss: u64, least: Ppm, a: u64, b: u64,
    ) {
        let decay = Decay { floor_loss, least };
        let at = |loss| decayed(threshold, decay, loss);
        let (near, far) = (at(a.min(b)), at(a.max(b)));
        prop_assert!(near <= far && far <= threshold);
        prop_assert!(near >= least.min(threshold));
    }

    #[test]
    fn held_share_should_mint_no_more_than_what_holds(public: u64, sealed: u64) {
        let share = held_share(public, sealed);
        prop_assert!(share <= WHOLE);
        prop_assert!(of(share, public.into()) <= sealed.into());
    }

    #[test]
    fn budgets_should_be_no_more_than_the_tokens(budgets in any_budgets(), tokens: Amount) {
        let emission = Emission { period: 1, tokens, budgets, carry: 0 };
        prop_assert!(budgets.are_shares());
        let mut budgets = Cause::ALL.into_iter().map(|cause| emission.budget(cause));
        let sum = budgets.try_fold(0u128, |sum, budget| sum.checked_add(budget));
        prop_assert!(sum.is_some_and(|sum| sum <= tokens));
    }
}
