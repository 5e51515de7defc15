use super::*;
use crate::share::WHOLE;
use proptest::prelude::*;

#[test]
fn quality_should_be_the_share_of_the_way_that_is_behind() {
    assert_eq!(quality(3_000, 2_000, Some(1_000)), Some(500_000));
    // Half of what can be learnt is a third of what was lost.
    assert_eq!(quality(3_000, 2_000, None), Some(333_333));
    assert_eq!(quality(3_000, 3_000, Some(1_000)), Some(0));
    assert_eq!(quality(3_000, 1_000, Some(1_000)), Some(WHOLE));
    assert_eq!(quality(u64::MAX, 0, None), Some(WHOLE));
    // A sample may be easier than the floor says, or harder than the first was.
    assert_eq!(quality(3_000, 900, Some(1_000)), Some(WHOLE));
    assert_eq!(quality(3_000, 3_100, Some(1_000)), Some(0));
}

#[test]
fn quality_should_be_none_when_there_is_no_way_to_go() {
    assert_eq!(quality(1_000, 1_000, Some(1_000)), None);
    assert_eq!(quality(900, 800, Some(1_000)), None);
    assert_eq!(quality(0, 0, None), None);
}

proptest! {
    #[test]
    fn quality_should_be_a_share_wherever_there_is_a_way(
        first: u64, last: u64, floor: Option<u64>,
    ) {
        let found = quality(first, last, floor);
        prop_assert_eq!(found.is_some(), first > floor.unwrap_or(0));
        prop_assert!(found.is_none_or(|share| share <= WHOLE));
    }

    #[test]
    fn quality_should_not_rise_with_the_loss(
        first: u64, a: u64, b: u64, floor: Option<u64>,
    ) {
        prop_assert!(quality(first, a.min(b), floor) >= quality(first, a.max(b), floor));
    }

    /// What was worse at first has come further, where it ends alike.
    #[test]
    fn quality_should_not_fall_with_the_first_loss(
        a: u64, b: u64, last: u64, floor: Option<u64>,
    ) {
        let (near, far) = (quality(a.min(b), last, floor), quality(a.max(b), last, floor));
        // Below the floor all is reached, from wherever it is.
        prop_assert!(near <= far);
    }

    #[test]
    fn quality_should_not_fall_when_less_can_be_learnt(first: u64, last: u64, a: u64, b: u64) {
        let (low, high) = (quality(first, last, Some(a.min(b))), quality(first, last, Some(a.max(b))));
        prop_assert!(high.is_none() || low <= high);
        prop_assert_eq!(quality(first, last, None), quality(first, last, Some(0)));
    }

    #[test]
    fn quality_should_be_the_floor_of_the_quotient(
        floor in 0..u64::MAX, way in 1..=u64::MAX, done: u64,
    ) {
        let first = floor.saturating_add(way);
        let (way, done) = (first - floor, done % (first - floor));
        let share = quality(first, first - done, Some(floor)).map(u128::from);
        prop_assert_eq!(share, Some(u128::from(done) * 1_000_000 / u128::from(way)));
    }

    /// It is the same of sums, of means and of bits.
    #[test]
    fn quality_should_not_depend_on_the_unit(
        first: u32, last: u32, floor: Option<u32>, unit in 1..=u64::from(u32::MAX),
    ) {
        let scaled = |loss: u32| u64::from(loss) * unit;
        let plain = quality(first.into(), last.into(), floor.map(u64::from));
        prop_assert_eq!(plain, quality(scaled(first), scaled(last), floor.map(scaled)));
    }
}
