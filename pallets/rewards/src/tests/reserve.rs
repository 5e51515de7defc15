use super::mock::*;
use crate::{types::*, Event, Reserves};
use cairn_protocol::id::DeltaId;
use cairn_seams::Purse as _;
use frame_support::assert_ok;

#[test]
fn reserve_should_put_aside_what_there_is_and_mint_nothing() {
    execute(|| {
        admit_both();
        assert_eq!(reserve(1, 30_000), 30_000);
        System::assert_last_event(
            Event::Reserved { delta: DeltaId(1), amount: 30_000, data: 3_000 }.into(),
        );
        assert_eq!(reserve(2, 30_000), 5_000);
        assert_eq!(reserve(3, 30_000), 0);
        assert_eq!(ledger(0).held, sums(0, 35_000, 0, 3_500));
        assert_eq!(ledger(0).left, sums(45_000, 0, 10_000, 6_500));
        assert_eq!(Rewards::reserved_for(DeltaId(2)), Some(5_000));
        assert_eq!(Rewards::reserved_for(DeltaId(3)), None);
        assert_eq!(Balances::total_issuance(), 4 * FUNDS);
    });
}

#[test]
fn reserve_should_share_a_budget_when_several_models_draw_on_it() {
    execute(|| {
        admit_both();
        admit(OTHER, 600_000);
        let others =
            |delta, amount| Rewards::reserve(DeltaId(delta), &OTHER, &DATA, &ALICE, amount);
        assert_eq!(others(1, 35_000), 21_000);
        // More than is left, though no more than its cap.
        assert_eq!(reserve(2, 35_000), 14_000);
        assert_eq!(others(3, 1), 0);
    });
}

#[test]
fn reserve_should_take_of_sponsors_when_a_model_is_not_admitted() {
    execute(|| {
        admit_data(DATA, 1_000_000);
        assert!(!Rewards::pays_for(&MODEL, &DATA));
        sponsor(BOB, 1_000);
        sponsor(CAROL, 2_000);
        assert!(Rewards::pays_for(&MODEL, &DATA));
        assert_eq!(reserve(1, 1_500), 1_500);
        let aside = |account, left, held| Sponsor { account, left, held, leaves: None };
        assert_eq!(Rewards::sponsors_of(&MODEL), [aside(BOB, 0, 1_000), aside(CAROL, 1_500, 500)]);
        assert_eq!(reserve(2, 9_000), 1_500);
        assert_eq!(reserve(3, 9_000), 0);
        assert!(!Rewards::pays_for(&MODEL, &DATA));
        // No budget is touched, and not the data's either.
        assert_eq!(ledger(0).held, Sums::default());
        assert_eq!((held(BOB), held(CAROL)), (1_000, 2_000));
    });
}

#[test]
fn reserve_should_not_touch_sponsors_when_the_budget_pays() {
    execute(|| {
        sponsor(BOB, 1_000);
        admit_both();
        assert_eq!(reserve(1, 35_000), 35_000);
        assert_eq!(reserve(2, 500), 0);
        // Another set is nobody's to pay for but the sponsor's.
        let elsewhere = Rewards::reserve(DeltaId(3), &MODEL, &OTHER_DATA, &ALICE, 500);
        assert_eq!(elsewhere, 500);
        assert!(matches!(
            Reserves::<Test>::get(DeltaId(3)).unwrap().payer,
            Payer::Sponsors(parts) if parts.as_slice() == [(BOB, 500)]
        ));
    });
}

#[test]
fn reserve_should_leave_a_sponsors_part_with_the_delta_when_it_wants_to_leave() {
    execute(|| {
        sponsor(BOB, 1_000);
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        // Its notice runs, and whoever began can count on it.
        assert_eq!(reserve(1, 400), 400);
        run(50);
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        assert_eq!((free(BOB), held(BOB)), (FUNDS - 400, 400));
        assert_eq!(release(1, 1_000_000), 400);
        assert_eq!((free(ALICE), Rewards::sponsors_of(&MODEL).len()), (FUNDS + 400, 0));
    });
}
