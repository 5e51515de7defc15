use super::mock::*;
use crate::types::*;
use cairn_seams::Purse as _;

fn difficulty() -> u32 {
    Rewards::difficulty(&MODEL)
}

fn succeed(times: u32) {
    (0..times).for_each(|_| Rewards::note_success(&MODEL));
}

#[test]
fn difficulty_should_be_one_when_nothing_is_known_of_the_period_before() {
    execute(|| {
        assert_eq!(difficulty(), 1_000_000);
        next_period();
        admit_both();
        assert_eq!(difficulty(), 1_000_000);
        next_period();
        assert_eq!(difficulty(), 3_000_000);
    });
}

#[test]
fn difficulty_should_fall_with_what_succeeded_in_the_period_before() {
    execute(|| {
        admit_both();
        succeed(1);
        assert_eq!(difficulty(), 1_000_000);
        next_period();
        // One of four that were expected; what succeeds now counts in the next one.
        assert_eq!(difficulty(), 2_500_000);
        succeed(4);
        assert_eq!(difficulty(), 2_500_000);
        next_period();
        assert_eq!(difficulty(), 1_000_000);
        next_period();
        assert_eq!(difficulty(), 3_000_000);
        // It was long ago.
        succeed(3);
        next_period();
        next_period();
        assert_eq!(difficulty(), 3_000_000);
    });
}

#[test]
fn difficulty_should_stay_for_a_period_when_governance_expects_something_else() {
    execute(|| {
        admit_both();
        succeed(2);
        next_period();
        CurrentRules::set(Rules { expected: 2, ..RULES });
        assert_eq!(difficulty(), 2_000_000);
        succeed(2);
        next_period();
        assert_eq!(difficulty(), 1_000_000);
        CurrentRules::set(Rules { expected: 0, ..RULES });
        next_period();
        assert_eq!(difficulty(), 1_000_000);
    });
}

#[test]
fn difficulty_should_be_known_of_sponsored_models_too() {
    execute(|| {
        // Of what nobody pays for nothing is kept.
        succeed(9);
        assert_eq!(crate::Books::<Test>::iter().count(), 0);
        sponsor(BOB, 1_000);
        succeed(2);
        next_period();
        assert_eq!(difficulty(), 2_000_000);
    });
}
