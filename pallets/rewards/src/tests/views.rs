use super::mock::*;
use crate::types::*;
use cairn_protocol::id::ProviderId;

#[test]
fn period_view_should_show_what_is_minted_held_and_left() {
    execute(|| {
        admit_both();
        reserve(1, 10_000);
        release(1, 500_000);
        reserve(2, 1_000);
        let view = Rewards::period_view().expect("it has begun");
        assert_eq!((view.number, view.ends), (0, 101));
        assert_eq!(view.issued, sums(0, 5_000, 0, 500));
        assert_eq!(view.ledger.minted, view.issued);
        assert_eq!(view.ledger.held, sums(0, 1_000, 0, 100));
        assert_eq!(view.ledger.left, sums(45_000, 29_000, 10_000, 9_400));
    });
    externalities().execute_with(|| assert_eq!(Rewards::period_view(), None));
}

#[test]
fn support_of_should_say_who_pays_for_a_model() {
    execute(|| {
        let nobody = SupportView {
            cap: None,
            learning: 0,
            validation: 0,
            escrow: 0,
            sponsors: 0,
            difficulty: 1_000_000,
        };
        assert_eq!(Rewards::support_of(&MODEL), nobody);
        sponsor(BOB, 1_000);
        sponsor(CAROL, 1_000);
        let sponsored = SupportView { escrow: 2_000, sponsors: 2, ..nobody };
        assert_eq!(Rewards::support_of(&MODEL), sponsored);
        admit(MODEL, 100_000);
        admit_data(DATA, 1_000_000);
        reserve(1, 500);
        let admitted =
            SupportView { cap: Some(100_000), learning: 3_000, validation: 1_000, ..sponsored };
        assert_eq!(Rewards::support_of(&MODEL), admitted);
    });
}

#[test]
fn grants_of_should_list_each_period_that_can_be_claimed() {
    execute(|| {
        settle(1, 1_000);
        next_period();
        settle(1, 2_000);
        assert_eq!(Rewards::grants_of(ProviderId(1)), [(0, 800)]);
        next_period();
        assert_eq!(Rewards::grants_of(ProviderId(1)), [(0, 800), (1, 1_600)]);
        assert_eq!(Rewards::grants_of(ProviderId(2)), []);
        next_period();
        assert_eq!(Rewards::grants_of(ProviderId(1)), [(1, 1_600)]);
    });
}
