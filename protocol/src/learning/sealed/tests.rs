use super::*;
use proptest::prelude::*;

#[test]
fn median_should_be_the_lower_of_the_two_in_the_middle() {
    assert_eq!(median(&mut []), None);
    assert_eq!(median(&mut [5]), Some(5));
    assert_eq!(median(&mut [9, -3]), Some(-3));
    assert_eq!(median(&mut [7, -1, 3]), Some(3));
    assert_eq!(median(&mut [4, 1, 3, 2]), Some(2));
}

proptest! {
    /// Those who lie, and are fewer, do not lead it out of what the others say.
    #[test]
    fn median_should_lie_among_the_honest_when_they_are_more(
        honest in prop::collection::vec(-1_000..=1_000i64, 1..9),
        lies in prop::collection::vec(any::<i64>(), 0..9),
    ) {
        prop_assume!(lies.len() < honest.len());
        let mut gains = [honest.clone(), lies].concat();
        let median = median(&mut gains).unwrap();
        prop_assert!(honest.iter().any(|gain| *gain <= median));
        prop_assert!(honest.iter().any(|gain| *gain >= median));
    }
}

/// What each is its own gain, where the model stood so before and after each delta.
fn climbed(steps: &[(i64, i64)]) -> Vec<u64> {
    let mut climb = Climb::default();
    steps.iter().map(|(before, after)| climb.lay(&[*before], &[*after])).collect()
}

#[test]
fn each_delta_should_have_what_it_gained_when_all_do() {
    assert_eq!(climbed(&[(0, 30), (30, 50), (50, 51)]), [30, 20, 1]);
}

#[test]
fn a_delta_should_have_nothing_when_it_gained_nothing_beside_others() {
    // It takes nothing from those before it, and who comes after it gains again what it lost.
    assert_eq!(climbed(&[(0, 30), (30, 28), (28, 50)]), [30, 0, 20]);
    assert_eq!(climbed(&[(0, -70), (-70, 10)]), [0, 10]);
    assert_eq!(climbed(&[(0, -70), (-70, -20), (-20, 10)]), [0, 0, 10]);
}

#[test]
fn what_others_change_should_be_nobodys_gain() {
    // They gained, and the delta after that did not.
    assert_eq!(climbed(&[(0, 30), (90, 90)]), [30, 0]);
    // They spoilt it, and what is repaired was there before.
    assert_eq!(climbed(&[(0, 30), (10, 40)]), [30, 10]);
    // What they had gained themselves they may take away.
    assert_eq!(climbed(&[(50, 80), (30, 80)]), [30, 50]);
    // They repaired what a delta had spoilt.
    assert_eq!(climbed(&[(0, -70), (0, 30)]), [0, 30]);
}

#[test]
fn a_delta_should_have_no_more_than_it_gained_on_most_sets() {
    let mut climb = Climb::default();
    assert_eq!(climb.lay(&[0; 3], &[30, 32, 60]), 32);
    // It fell on two of three sets, though the one in the middle rose.
    assert_eq!(climb.lay(&[30, 32, 60], &[80, 31, 59]), 0);
    assert_eq!(climb.lay(&[80, 31, 59], &[80, 36, 64]), 5);
    assert_eq!(climb.lay(&[80, 36, 64], &[90, 70, 60]), 6);
    assert_eq!(climb.lay(&[], &[]), 0);
}

/// How a model stood on each of three sets before and after a delta.
fn on_three() -> impl Strategy<Value = ([i64; 3], [i64; 3])> {
    let level = || -1_000..=1_000i64;
    (prop::array::uniform3(level()), prop::array::uniform3(level()))
}

proptest! {
    #[test]
    fn deltas_should_have_no_more_than_the_highest_that_was_reached(
        steps in prop::collection::vec(on_three(), 0..40),
    ) {
        let stood = |levels: &[i64; 3]| median(&mut levels.clone()).unwrap();
        let highest = steps.iter().flat_map(|(before, after)| [stood(before), stood(after)]).max();
        let mut climb = Climb::default();
        let all: u64 = steps.iter().map(|(before, after)| climb.lay(before, after)).sum();
        prop_assert!(all <= u64::try_from(highest.unwrap_or(0)).unwrap_or(0));
    }

    #[test]
    fn a_delta_should_have_nothing_when_it_gained_on_fewer_than_half_of_the_sets(
        before in prop::collection::vec(on_three(), 0..10),
        (stood, fell) in on_three(),
    ) {
        prop_assume!(stood.iter().zip(&fell).filter(|(was, is)| is > was).count() < 2);
        let mut climb = Climb::default();
        for (before, after) in before {
            climb.lay(&before, &after);
        }
        prop_assert_eq!(climb.lay(&stood, &fell), 0);
    }

    /// One gain in slices is the same gain.
    #[test]
    fn a_way_up_should_come_to_its_end_when_nothing_is_lost_for_good(
        levels in prop::collection::vec(-1_000..=1_000i64, 1..40),
    ) {
        let from = [0].into_iter().chain(levels.iter().copied());
        let steps: Vec<_> = from.zip(levels.iter().copied()).collect();
        let highest = levels.iter().copied().max().unwrap_or(0);
        prop_assert_eq!(climbed(&steps).iter().sum::<u64>(), highest.max(0).unsigned_abs());
    }

    #[test]
    fn a_climb_should_not_overflow(steps in prop::collection::vec(any::<(i64, i64)>(), 0..20)) {
        climbed(&steps);
    }
}
