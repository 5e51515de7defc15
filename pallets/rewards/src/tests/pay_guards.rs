use super::mock::*;
use crate::{types::*, Event, Issued};
use cairn_protocol::id::Amount;
use cairn_seams::Purse as _;

fn pay(judges: &[AccountId], each: Amount) -> Amount {
    Rewards::pay_guards(&MODEL, judges, each)
}

#[test]
fn pay_guards_should_mint_of_the_budget_for_validation_within_the_cap() {
    execute(|| {
        admit(MODEL, 500_000);
        admit_data(DATA, 1_000_000);
        assert_eq!(pay(&[ALICE, BOB, CAROL], 1_000), 3_000);
        System::assert_last_event(Event::JudgesPaid { model: MODEL, paid: 3_000 }.into());
        assert_eq!([ALICE, BOB, CAROL].map(free), [FUNDS + 1_000; 3]);
        // All get the same of what is left of half of 10,000.
        assert_eq!(pay(&[ALICE, BOB, CAROL], 1_000), 1_998);
        assert_eq!([ALICE, BOB, CAROL].map(free), [FUNDS + 1_666; 3]);
        assert_eq!(pay(&[ALICE, BOB, CAROL], 1_000), 0);
        assert_eq!(pay(&[ALICE], 1_000), 2);
        assert_eq!(ledger(0).minted, sums(0, 0, 5_000, 0));
        assert_eq!(Issued::<Test>::get(), sums(0, 0, 5_000, 0));
        // Another model has the rest.
        admit(OTHER, 1_000_000);
        assert_eq!(Rewards::pay_guards(&OTHER, &[ALICE], 9_000), 5_000);
    });
}

#[test]
fn pay_guards_should_take_of_sponsors_when_no_budget_pays() {
    execute(|| {
        assert_eq!(pay(&[ALICE], 100), 0);
        sponsor(BOB, 1_000);
        sponsor(CAROL, 1_000);
        assert_eq!(pay(&[ALICE, DAVE], 700), 1_400);
        assert_eq!((free(ALICE), free(DAVE)), (FUNDS + 700, FUNDS + 700));
        // Of two parts for Dave one was Bob's last.
        assert_eq!((held(BOB), held(CAROL)), (0, 600));
        assert_eq!(Rewards::sponsors_of(&MODEL).len(), 1);
        assert_eq!(pay(&[ALICE, DAVE], 700), 600);
        assert_eq!(Rewards::sponsors_of(&MODEL), []);
        assert_eq!(Issued::<Test>::get(), Sums::default());
    });
}

#[test]
fn pay_guards_should_ask_sponsors_when_a_model_is_judged_on_a_set_of_its_own() {
    execute(|| {
        admit(MODEL, 1_000_000);
        admit_data(DATA, 1_000_000);
        JudgedOn::set(Some(OTHER_DATA));
        assert_eq!(pay(&[ALICE], 100), 0);
        sponsor(BOB, 1_000);
        assert_eq!((pay(&[ALICE], 100), held(BOB)), (100, 900));
        JudgedOn::set(None);
        assert_eq!((pay(&[ALICE], 100), held(BOB)), (100, 800));
        assert_eq!(Issued::<Test>::get(), Sums::default());
    });
}

#[test]
fn pay_guards_should_skip_those_who_cannot_be_paid() {
    execute(|| {
        admit_both();
        assert_eq!(pay(&[NOBODY, ALICE], EXISTENTIAL_DEPOSIT - 1), EXISTENTIAL_DEPOSIT - 1);
        assert_eq!((free(NOBODY), free(ALICE)), (0, FUNDS + EXISTENTIAL_DEPOSIT - 1));
        assert_eq!(ledger(0).minted.validation, EXISTENTIAL_DEPOSIT - 1);
        assert_eq!(pay(&[], 100), 0);
        assert_eq!(pay(&[ALICE], 0), 0);
        // Nobody pays more than so many at once.
        assert_eq!(pay(&[ALICE; 40], 10), 10 * MOST_JUDGES as Amount);
    });
}
