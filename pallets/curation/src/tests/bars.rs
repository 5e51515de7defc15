use super::mock::*;
use crate::Barred;
use cairn_seams::{OnPeriod, Sealing};

fn barred(who: AccountId) -> bool {
    Curation::barred(&MODEL, &who)
}

#[test]
fn barred_should_be_a_curator_from_sealing_to_the_end_of_the_period() {
    execute(|| {
        assert!(!barred(ALICE));
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 1));
        assert!(barred(ALICE));
        assert!(!barred(DAVE));
        assert!(!Curation::barred(&OTHER, &ALICE));
        end_period();
        lay(MODEL, 1, 1_000);
        assert!(barred(ALICE));
        end_period();
        // Her set is not open yet, and nothing that is made now is measured on it.
        assert!(!barred(ALICE));
        assert_eq!(Barred::<Test>::get(MODEL, ALICE), Some(1));
        run(13);
        assert_eq!(Barred::<Test>::get(MODEL, ALICE), None);
    });
}

#[test]
fn barred_should_be_who_is_linked_to_a_curator() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        assert!(!barred(EVE));
        Links::set(vec![(EVE, ALICE)]);
        assert!(barred(EVE));
        Links::set(vec![(EVE, BOB)]);
        assert!(!barred(EVE));
    });
}

#[test]
fn barred_should_be_for_the_latest_of_several_periods() {
    execute(|| {
        commit(ALICE, MODEL, 2);
        commit(ALICE, MODEL, 1);
        end_period();
        // Nobody needed the first.
        end_period();
        assert!(barred(ALICE));
        end_period();
        assert!(!barred(ALICE));
    });
}

#[test]
fn barred_should_hold_until_the_trial_hears_that_its_period_is_over() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        end_period();
        lay(MODEL, 1, 1_000);
        Curation::ended(1);
        assert!(barred(ALICE));
        run(1);
        assert!(!barred(ALICE));
    });
}
