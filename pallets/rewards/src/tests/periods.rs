use super::mock::*;
use crate::{types::*, Allotted, Event, Fees, Issued, Ledgers, Retired};
use cairn_protocol::{
    id::ProviderId,
    learning::reward::{Budgets, Emission},
};
use cairn_seams::Purse as _;
use frame_support::{assert_ok, traits::SafeModeNotify};

fn set(emission: Emission) {
    CurrentRules::set(Rules { emission, ..RULES });
}

#[test]
fn a_period_should_begin_with_the_first_block_and_last_as_long_as_the_rules_say() {
    execute(|| {
        assert_eq!((current(), Rewards::period()), (Period { number: 0, ends: 101 }, 0));
        assert_eq!(ledger(0).budgets, sums(45_000, 35_000, 10_000, 10_000));
        assert!(Ended::get().is_empty());
        run(99);
        assert_eq!(Rewards::period(), 0);
        run(1);
        assert_eq!(current(), Period { number: 1, ends: 201 });
        // Whoever hears that it ended finds the next one begun.
        assert_eq!(Ended::get(), [(0, 1)]);
        let (minted, held) = (Sums::default(), Sums::default());
        System::assert_has_event(Event::PeriodEnded { period: 0, minted, held }.into());
    });
}

#[test]
fn a_period_should_end_in_its_block_when_that_is_full() {
    execute(|| {
        (0..100).for_each(|_| full_block());
        assert_eq!(Rewards::period(), 1);
    });
}

#[test]
fn a_period_should_stand_still_while_the_chain_is_stopped() {
    execute(|| {
        Clock::entered();
        run(300);
        assert_eq!(Rewards::period(), 0);
        Clock::exited();
        run(99);
        assert_eq!(Rewards::period(), 0);
        run(1);
        assert_eq!(Rewards::period(), 1);
    });
}

#[test]
fn a_period_should_carry_over_what_governance_says_and_no_more() {
    execute(|| {
        admit_both();
        reserve(1, 5_000);
        assert_eq!(Rewards::pay_guards(&MODEL, &[BOB], 4_000), 4_000);
        next_period();
        // Half of 30,000, of 6,000 and of 9,500; what may yet be claimed is not carried.
        assert_eq!(ledger(1).budgets, sums(45_000, 50_000, 13_000, 14_750));
        assert_eq!(ledger(0).left, sums(45_000, 0, 0, 0));
        assert_eq!(Allotted::<Test>::get(), sums(90_000, 70_000, 20_000, 20_000));
        set(Emission { carry: 0, ..RULES.emission });
        next_period();
        assert_eq!(ledger(2).budgets, sums(45_000, 35_000, 10_000, 10_000));
    });
}

#[test]
fn a_period_should_keep_its_budgets_when_governance_changes_them() {
    execute(|| {
        set(Emission { tokens: 1_000, period: 10, ..RULES.emission });
        run(50);
        assert_eq!(ledger(0).budgets.learning, 35_000);
        next_period();
        assert_eq!(current(), Period { number: 1, ends: 111 });
        assert_eq!(ledger(1).budgets.validation, 100 + 5_000);
    });
}

#[test]
fn a_period_should_have_no_more_than_its_tokens_when_shares_are_no_shares() {
    execute(|| {
        let budgets =
            Budgets { inference: 700_000, learning: u32::MAX, validation: 400_000, data: 1 };
        set(Emission { budgets, carry: 0, ..RULES.emission });
        next_period();
        assert_eq!(ledger(1).budgets, sums(70_000, 30_000, 0, 0));
        // Nor does one end before it began.
        set(Emission { period: 0, carry: 0, ..RULES.emission });
        next_period();
        assert_eq!(current().ends, now() + 1);
        run(3);
        assert_eq!(Rewards::period(), 5);
    });
}

#[test]
fn unclaimed_grants_should_be_carried_over_when_nobody_can_claim_them_any_more() {
    execute(|| {
        settle(1, 10_000);
        settle(2, 10_000);
        next_period();
        assert_ok!(claim(0, 1));
        next_period();
        run(50);
        assert_eq!((Retired::<Test>::get(), Fees::<Test>::iter().count()), (0, 1));
        next_period();
        run(1);
        System::assert_last_event(Event::PeriodRetired { period: 0, unclaimed: 37_000 }.into());
        assert_eq!((Retired::<Test>::get(), Fees::<Test>::iter().count()), (1, 0));
        assert!(Ledgers::<Test>::get(0).is_none());
        assert_eq!(ledger(3).budgets.inference, 45_000 + 18_500);
        assert_eq!(Issued::<Test>::get().inference, 8_000);
    });
}

#[test]
fn old_fees_should_be_forgotten_a_few_in_each_block() {
    execute(|| {
        (0..20).for_each(|nth| settle(nth, 100));
        (0..3).for_each(|_| next_period());
        // Eight a block; in full blocks none.
        (0..5).for_each(|_| full_block());
        assert_eq!(Fees::<Test>::iter().count(), 20);
        for left in [12, 4] {
            run(1);
            assert_eq!((Fees::<Test>::iter().count(), Retired::<Test>::get()), (left, 0));
        }
        run(1);
        assert_eq!((Fees::<Test>::iter().count(), Retired::<Test>::get()), (0, 1));
        assert_eq!(Fees::<Test>::get(0, ProviderId(1)), Paid::default());
    });
}

#[test]
fn periods_should_be_caught_up_with_when_governance_lets_claims_end_earlier() {
    execute(|| {
        CurrentRules::set(Rules { claimable: 50, ..RULES });
        (0..10).for_each(|_| next_period());
        assert_eq!((Retired::<Test>::get(), Ledgers::<Test>::iter().count()), (0, 11));
        CurrentRules::set(Rules { claimable: 0, ..RULES });
        run(12);
        // One may be claimed at any rate.
        assert_eq!((Retired::<Test>::get(), Ledgers::<Test>::iter().count()), (9, 2));
    });
}
