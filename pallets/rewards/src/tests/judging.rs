use super::mock::*;
use crate::{types::*, Issued, Judging, Measured, Measuring};
use cairn_protocol::{
    id::{Amount, DeltaId},
    learning::panel::Case,
};
use cairn_seams::Purse as _;
use frame_support::{assert_noop, assert_ok};

/// What a verdict costs at most.
const COST: Amount = 300;
/// What measuring a delta on sealed sets costs.
const MEASURING: Amount = 2_000;

fn set_aside(delta: u64) -> bool {
    Rewards::set_aside_for_judging(DeltaId(delta), &MODEL)
}

/// What a panel is paid for its verdict on a delta.
fn pay(delta: u64, guards: &[AccountId], each: Amount) -> Amount {
    Rewards::pay_panel(&Case::Delta(DeltaId(delta)), &MODEL, guards, each)
}

/// What each sponsor has left and has put aside.
fn sponsors() -> Vec<(AccountId, Amount, Amount)> {
    let all = Rewards::sponsors_of(&MODEL).into_iter();
    all.map(|one| (one.account, one.left, one.held)).collect()
}

#[test]
fn set_aside_for_judging_should_take_what_a_verdict_costs_off_what_is_left() {
    execute(|| {
        JudgingCost::set(COST);
        sponsor(BOB, 1_000);
        sponsor(CAROL, 1_000);
        assert!((1..=4).all(set_aside));
        assert_eq!(sponsors(), [(BOB, 0, 1_000), (CAROL, 800, 200)]);
        // A reward takes none of it.
        assert_eq!(reserve(1, 9_000), 800);
        assert_eq!(sponsors(), [(BOB, 0, 1_000), (CAROL, 0, 1_000)]);
        assert!(!set_aside(5));
        assert_eq!(Judging::<Test>::iter().count(), 4);
    });
}

#[test]
fn pays_for_should_say_no_when_sponsors_have_no_more_than_judging_costs() {
    execute(|| {
        JudgingCost::set(1_000);
        sponsor(BOB, 1_000);
        assert!(!Rewards::pays_for(&MODEL, &DATA));
        sponsor(CAROL, 1_001);
        assert!(Rewards::pays_for(&MODEL, &DATA) && set_aside(1));
        assert!(Rewards::pays_for(&MODEL, &DATA) && set_aside(2));
        // One unit is left.
        assert!(!Rewards::pays_for(&MODEL, &DATA) && !set_aside(3));
        Rewards::free_judging(DeltaId(1));
        assert!(Rewards::pays_for(&MODEL, &DATA));
    });
}

#[test]
fn set_aside_for_judging_should_take_nothing_when_the_budget_pays() {
    execute(|| {
        JudgingCost::set(COST);
        admit_both();
        assert!(Rewards::pays_for(&MODEL, &DATA) && set_aside(1));
        assert_eq!(Judging::<Test>::iter().count(), 0);
        assert_eq!((pay(1, &[ALICE], 100), Issued::<Test>::get().validation), (100, 100));
        // On another set sponsors pay for both.
        JudgedOn::set(Some(OTHER_DATA));
        assert!(!Rewards::pays_for(&MODEL, &OTHER_DATA) && !set_aside(2));
    });
}

#[test]
fn pay_panel_should_pay_in_full_however_many_deltas_are_judged() {
    execute(|| {
        JudgingCost::set(COST);
        sponsor(BOB, 1_000);
        assert!((1..=3).all(set_aside));
        // The first is laid, and has all that is left.
        assert_eq!(pay(1, &[ALICE, CAROL, DAVE], 100), 300);
        assert_eq!(reserve(1, 9_000), 100);
        for delta in [2, 3] {
            assert_eq!(pay(delta, &[ALICE, CAROL, DAVE], 100), 300);
        }
        assert_eq!(free(DAVE), FUNDS + 300);
        assert_eq!((sponsors(), held(BOB)), (vec![(BOB, 0, 100)], 100));
        assert_eq!((Judging::<Test>::iter().count(), Issued::<Test>::get()), (0, Sums::default()));
        // Nothing is put aside for it any more.
        assert_eq!(pay(3, &[ALICE], 100), 0);
    });
}

#[test]
fn pay_panel_should_leave_what_it_did_not_take_to_sponsors() {
    execute(|| {
        JudgingCost::set(COST);
        sponsor(BOB, 1_000);
        assert!(set_aside(1) && set_aside(2));
        // One of three agreed, and was paid.
        assert_eq!(pay(1, &[ALICE], 100), 100);
        assert_eq!(sponsors(), [(BOB, 600, 300)]);
        Rewards::free_judging(DeltaId(2));
        Rewards::free_judging(DeltaId(2));
        assert_eq!(sponsors(), [(BOB, 900, 0)]);
    });
}

#[test]
fn set_aside_for_judging_should_stay_when_a_sponsor_leaves() {
    execute(|| {
        JudgingCost::set(COST);
        sponsor(BOB, 1_000);
        assert!(set_aside(1));
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        run(50);
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        assert_eq!((free(BOB), sponsors()), (FUNDS - 300, vec![(BOB, 0, 300)]));
        let refused = crate::Error::<Test>::AllPutAside;
        assert_noop!(Rewards::withdraw_sponsorship(signed(BOB), MODEL), refused);
        assert_eq!(pay(1, &[ALICE], 100), 100);
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        assert_eq!((free(BOB), sponsors()), (FUNDS - 100, vec![]));
    });
}

/// Sponsored, and judged on a set that no generator makes.
fn sealed(sponsored: Amount) {
    JudgingCost::set(COST);
    MeasuringCost::set(MEASURING);
    JudgedOn::set(None);
    sponsor(BOB, sponsored);
}

/// What a panel on a sealed set is paid.
fn pay_measuring(guards: &[AccountId], each: Amount) -> Amount {
    let case = Case::Sealed { model: MODEL, period: 0, set: 0 };
    Rewards::pay_panel(&case, &MODEL, guards, each)
}

#[test]
fn set_aside_for_judging_should_be_refused_when_sealed_sets_could_not_be_paid() {
    execute(|| {
        sealed(2 * COST + MEASURING - 1);
        assert!(Rewards::pays_for(&MODEL, &DATA) && set_aside(1));
        assert_eq!(sponsors(), [(BOB, COST - 1, COST + MEASURING)]);
        assert!(!Rewards::pays_for(&MODEL, &DATA) && !set_aside(2));
        assert_eq!((Judging::<Test>::iter().count(), Measuring::<Test>::iter().count()), (1, 1));
        // Where a program makes the examples anew no sets are sealed.
        JudgedOn::set(Some(DATA));
        sponsor(BOB, 1_000);
        assert!(Rewards::pays_for(&MODEL, &DATA) && set_aside(3));
        Rewards::free_judging(DeltaId(1));
        assert_eq!(sponsors(), [(BOB, 999 + COST + MEASURING, COST)]);
    });
}

#[test]
fn set_aside_for_judging_should_take_what_measuring_costs_once_when_a_delta_is_judged_again() {
    execute(|| {
        sealed(10_000);
        assert!(set_aside(1));
        assert_eq!(pay(1, &[ALICE, CAROL, DAVE], 100), 300);
        assert!(set_aside(1));
        assert_eq!(sponsors(), [(BOB, 9_700 - COST - MEASURING, COST + MEASURING)]);
    });
}

#[test]
fn pay_panel_should_pay_for_sealed_sets_though_nothing_is_left() {
    execute(|| {
        sealed(COST + MEASURING + 1);
        assert!(set_aside(1));
        assert_eq!(pay(1, &[ALICE, CAROL, DAVE], 100), 300);
        // The reward takes all that is left.
        assert_eq!(reserve(1, 9_000), 1);
        assert_eq!(pay_measuring(&[ALICE], 100), 0);
        Rewards::measure(&MODEL, DeltaId(1));
        assert_eq!(pay_measuring(&[ALICE, CAROL], 100), 200);
        assert_eq!(sponsors(), [(BOB, 0, MEASURING - 200 + 1)]);
        assert_eq!(pay_measuring(&[ALICE, CAROL], 100), 200);
        // Another delta has nothing aside, and is paid of what is left.
        Rewards::measure(&MODEL, DeltaId(2));
        assert_eq!((Measured::<Test>::get(MODEL), pay_measuring(&[ALICE], 100)), (None, 0));
        Rewards::measure(&MODEL, DeltaId(1));
        assert_eq!(Rewards::release(DeltaId(1), 0), 0);
        assert_eq!(sponsors(), [(BOB, MEASURING - 400 + 1, 0)]);
        assert_eq!(Measured::<Test>::iter().count() + Measuring::<Test>::iter().count(), 0);
    });
}

#[test]
fn pay_panel_should_leave_no_pot_when_all_of_it_is_paid() {
    execute(|| {
        sealed(COST + MEASURING);
        assert!(set_aside(1));
        Rewards::measure(&MODEL, DeltaId(1));
        assert_eq!(pay_measuring(&[ALICE], 2 * MEASURING), MEASURING);
        assert_eq!(Measured::<Test>::iter().count() + Measuring::<Test>::iter().count(), 0);
        assert_eq!(sponsors(), [(BOB, 0, COST)]);
    });
}

#[test]
fn pay_panel_should_leave_sponsors_what_they_put_aside_when_the_budget_pays_by_then() {
    execute(|| {
        sealed(COST + MEASURING);
        assert!(set_aside(1));
        // The model is admitted, and is judged on a set that is.
        admit_both();
        JudgedOn::set(Some(DATA));
        assert_eq!(pay(1, &[ALICE], 100), 100);
        Rewards::measure(&MODEL, DeltaId(1));
        assert_eq!(pay_measuring(&[ALICE, CAROL], 100), 200);
        assert_eq!(Issued::<Test>::get().validation, 300);
        Rewards::release(DeltaId(1), 0);
        assert_eq!(sponsors(), [(BOB, COST + MEASURING, 0)]);
    });
}
