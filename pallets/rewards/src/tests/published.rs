//! A model's author publishes a component by hand.

use super::mock::*;
use crate::{Admissions, Event, Expulsion};
use cairn_seams::{OnPublished as _, Purse as _};

#[test]
fn published_should_end_the_drawing_until_the_model_is_admitted_again() {
    execute(|| {
        admit_both();
        assert_eq!(reserve(1, 700), 700);
        Rewards::published(&MODEL);
        let told = Event::Expelled { block: MODEL, reason: Expulsion::Published };
        System::assert_last_event(told.into());
        assert!(!Rewards::pays_for(&MODEL, &DATA));
        assert_eq!(Rewards::support_of(&MODEL).cap, None);
        assert_eq!((reserve(2, 700), Rewards::pay_guards(&MODEL, &[BOB], 10)), (0, 0));
        // What was earned on what was admitted is paid.
        assert_eq!(release(1, 1_000_000), 700);
        admit(MODEL, 1_000_000);
        assert_eq!(reserve(2, 700), 700);
        assert_eq!(Rewards::pay_guards(&MODEL, &[BOB], 10), 10);
    });
}

/// Spoilt and mended again and again, it is paid once: before it was spoilt first.
#[test]
fn published_should_leave_nothing_to_be_had_when_it_is_done_in_every_period() {
    execute(|| {
        admit_both();
        let mut paid = 0;
        for delta in 0..5 {
            if Rewards::pays_for(&MODEL, &DATA) {
                paid += reserve(delta, 500);
                release(delta, 1_000_000);
            }
            Rewards::published(&MODEL);
            next_period();
        }
        assert_eq!(paid, 500);
    });
}

#[test]
fn published_should_leave_sponsors_and_other_admissions_as_they_are() {
    execute(|| {
        admit_both();
        admit(OTHER, 1_000_000);
        sponsor(BOB, 1_000);
        Rewards::published(&MODEL);
        assert!(Rewards::pays_for(&MODEL, &DATA));
        assert_eq!(reserve(1, 400), 400);
        assert_eq!(Rewards::sponsors_of(&MODEL)[0].held, 400);
        assert_eq!(ledger(0).held, sums(0, 0, 0, 0));
        assert!(Rewards::pays_for(&OTHER, &DATA));
        assert_eq!(Admissions::<Test>::get(DATA), Some(1_000_000));
    });
}

#[test]
fn published_should_say_nothing_when_the_model_draws_on_no_budget() {
    execute(|| {
        admit(OTHER, 1);
        let before = events().len();
        Rewards::published(&MODEL);
        Rewards::published(&UNKNOWN);
        assert_eq!(events().len(), before);
    });
}
