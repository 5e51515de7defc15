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
