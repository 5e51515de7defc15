use super::mock::*;
use crate::{types::*, Event, Issued, Ledgers, Reserves};
use cairn_protocol::id::DeltaId;
use cairn_seams::Purse as _;

#[test]
fn release_should_mint_the_share_and_free_the_rest_when_the_period_goes_on() {
    execute(|| {
        admit_both();
        reserve(1, 30_000);
        assert_eq!(release(1, 700_000), 21_000);
        System::assert_last_event(
            Event::Released { delta: DeltaId(1), paid: 21_000, data: 2_100 }.into(),
        );
        assert_eq!((free(ALICE), free(DAVE)), (FUNDS + 21_000, FUNDS + 2_100));
        assert_eq!(ledger(0).minted, sums(0, 21_000, 0, 2_100));
        assert_eq!(ledger(0).held, Sums::default());
        assert_eq!(Issued::<Test>::get(), sums(0, 21_000, 0, 2_100));
        // What is free can be put aside again, and no more.
        assert_eq!(reserve(2, 30_000), 14_000);
    });
}

#[test]
fn release_should_pay_nothing_when_nothing_was_put_aside() {
    execute(|| {
        admit_both();
        assert_eq!(release(1, 1_000_000), 0);
        reserve(1, 1_000);
        assert_eq!(release(1, 1_000_000), 1_000);
        assert_eq!(release(1, 1_000_000), 0);
        assert_eq!(free(ALICE), FUNDS + 1_000);
    });
}

#[test]
fn release_should_mint_no_more_than_was_put_aside_when_it_is_told_to() {
    execute(|| {
        admit_both();
        reserve(1, 1_000);
        assert_eq!(release(1, u32::MAX), 1_000);
    });
}

#[test]
fn release_should_count_against_the_period_of_the_reserve_when_it_has_ended() {
    execute(|| {
        admit_both();
        reserve(1, 30_000);
        next_period();
        // Half of the 5,000 that were left is carried over.
        assert_eq!(ledger(1).budgets.learning, 37_500);
        assert_eq!(ledger(0).held, sums(0, 30_000, 0, 3_000));
        assert_eq!(release(1, 600_000), 18_000);
        assert_eq!(ledger(0).minted, sums(0, 18_000, 0, 1_800));
        assert_eq!(ledger(1).minted, Sums::default());
        // And half of the 12,000 that came free.
        assert_eq!(ledger(1).budgets, sums(45_000, 43_500, 15_000, 14_100));
        assert_eq!(reserve(2, 99_000), 43_500);
    });
}

#[test]
fn release_should_drop_the_ledger_when_it_was_the_last_of_a_period_long_over() {
    execute(|| {
        admit_both();
        reserve(1, 1_000);
        reserve(2, 1_000);
        (0..5).for_each(|_| next_period());
        assert!(Ledgers::<Test>::get(0).is_some() && Ledgers::<Test>::get(1).is_none());
        release(1, 1_000_000);
        assert!(Ledgers::<Test>::get(0).is_some());
        release(2, 0);
        assert!(Ledgers::<Test>::get(0).is_none());
    });
}

#[test]
fn release_should_carry_all_or_nothing_when_governance_says_so() {
    for (carry, learning) in [(0, 35_000), (1_000_000, 70_000), (u32::MAX, 70_000)] {
        execute(|| {
            let emission = cairn_protocol::learning::reward::Emission { carry, ..RULES.emission };
            CurrentRules::set(Rules { emission, ..RULES });
            admit_both();
            reserve(1, 35_000);
            next_period();
            assert_eq!(ledger(1).budgets.learning, 35_000);
            release(1, 0);
            assert_eq!(ledger(1).budgets.learning, learning, "{carry}");
        });
    }
}

#[test]
fn release_should_pay_of_sponsors_and_give_back_the_rest() {
    execute(|| {
        sponsor(BOB, 1_000);
        sponsor(CAROL, 2_000);
        reserve(1, 2_000);
        assert_eq!(release(1, 250_000), 500);
        assert_eq!((free(ALICE), free(DAVE)), (FUNDS + 500, FUNDS));
        assert_eq!((held(BOB), held(CAROL)), (750, 1_750));
        assert_eq!(Rewards::support_of(&MODEL).escrow, 2_500);
        assert_eq!(Issued::<Test>::get(), Sums::default());
        // Whoever has paid all it had makes room.
        reserve(2, 2_500);
        assert_eq!(release(2, 1_000_000), 2_500);
        assert_eq!((held(BOB), held(CAROL)), (0, 0));
        assert_eq!(Rewards::sponsors_of(&MODEL), []);
    });
}

#[test]
fn release_should_mint_nothing_when_so_little_would_not_keep_the_account_alive() {
    execute(|| {
        admit_both();
        let amount = EXISTENTIAL_DEPOSIT - 1;
        assert_eq!(Rewards::reserve(DeltaId(1), &MODEL, &DATA, &NOBODY, amount), amount);
        assert_eq!(release(1, 1_000_000), 0);
        // The set's author is paid all the same.
        assert_eq!(Issued::<Test>::get(), sums(0, 0, 0, 9));
        assert_eq!(ledger(0).left.learning, 35_000);
        sponsor(BOB, 1_000);
        let other = Rewards::reserve(DeltaId(2), &MODEL, &OTHER_DATA, &NOBODY, amount);
        assert_eq!((other, release(2, 1_000_000)), (amount, 0));
        assert_eq!(Rewards::support_of(&MODEL).escrow, 1_000);
        assert_eq!(Reserves::<Test>::iter().count(), 0);
    });
}
