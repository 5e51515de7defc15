use super::mock::*;
use crate::{types::*, Error, Event, Fees, Issued};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
    learning::reward::{Budgets, Emission},
};
use cairn_seams::OnSettled as _;
use frame_support::{assert_noop, assert_ok, traits::SafeModeNotify};

#[test]
fn claim_should_pay_the_owner_no_more_than_its_share_of_the_fees() {
    execute(|| {
        settle(1, 1_000);
        settle(1, 500);
        next_period();
        assert_eq!(Rewards::grants_of(ProviderId(1)), [(0, 1_200)]);
        assert_ok!(claim(0, 1));
        System::assert_last_event(
            Event::Granted { period: 0, provider: ProviderId(1), to: ALICE, amount: 1_200 }.into(),
        );
        assert_eq!(free(ALICE), FUNDS + 1_200);
        assert_eq!(Issued::<Test>::get(), sums(1_200, 0, 0, 0));
        assert_eq!(ledger(0).minted.inference, 1_200);
        assert_noop!(claim(0, 1), Error::<Test>::NothingToClaim);
        assert_eq!(Rewards::grants_of(ProviderId(1)), []);
    });
}

#[test]
fn claim_should_pay_no_more_than_leaves_a_loss_when_guards_are_paid_more() {
    execute(|| {
        settle(1, 1_000);
        assert_eq!(ledger(0).grant, 800_000);
        // In the middle of a period, and so from the next one's beginning on.
        MostGrant::set(500_000);
        next_period();
        settle(1, 1_000);
        MostGrant::set(800_000);
        next_period();
        assert_eq!(Rewards::grants_of(ProviderId(1)), [(0, 500), (1, 500)]);
        assert_ok!(claim(0, 1));
        assert_eq!(free(ALICE), FUNDS + 500);
        // What governance says may be less.
        CurrentRules::set(Rules { grant: 100_000, ..RULES });
        next_period();
        assert_eq!((ledger(2).grant, ledger(3).grant), (800_000, 100_000));
    });
}

#[test]
fn claim_should_share_the_budget_by_fees_and_standing_when_it_is_too_small() {
    execute(|| {
        // Three times as much counts for as much as one third of it by a bad record.
        Standing::set(1_000_000);
        settle(1, 60_000);
        Standing::set(0);
        settle(2, 180_000);
        next_period();
        assert_eq!(Fees::<Test>::get(0, ProviderId(1)), Paid { fees: 60_000, weight: 90_000 });
        assert_eq!(Fees::<Test>::get(0, ProviderId(2)), Paid { fees: 180_000, weight: 90_000 });
        assert_ok!(claim(0, 1));
        assert_ok!(claim(0, 2));
        assert_eq!((free(ALICE), free(BOB)), (FUNDS + 22_500, FUNDS + 22_500));
        assert_eq!(ledger(0).left.inference, 0);
    });
}

#[test]
fn claim_should_weigh_fees_by_the_standing_at_the_kind_of_work_and_at_the_time() {
    execute(|| {
        Standing::set(1_000_000);
        settle(1, 100);
        Rewards::settled(ProviderId(1), JobKind::Train, 100);
        Standing::set(0);
        settle(1, 100);
        assert_eq!(Fees::<Test>::get(0, ProviderId(1)), Paid { fees: 300, weight: 150 + 50 + 50 });
        assert_eq!(ledger(0).weights, 250);
    });
}

#[test]
fn claim_should_never_pay_more_than_four_fifths_whatever_governance_says() {
    for (grant, paid) in [(0, 0), (500_000, 5_000), (800_000, 8_000), (u32::MAX, 8_000)] {
        execute(|| {
            CurrentRules::set(Rules { grant, ..RULES });
            run(100);
            settle(1, 10_000);
            next_period();
            // What was said when the period began holds for it.
            CurrentRules::set(RULES);
            let done = claim(1, 1);
            assert_eq!((free(ALICE) - FUNDS, done.is_ok()), (paid, paid > 0), "{grant}");
        });
    }
}

#[test]
fn claim_should_fail_when_it_is_too_early_or_too_late() {
    execute(|| {
        settle(1, 1_000);
        assert_noop!(claim(0, 1), Error::<Test>::PeriodGoesOn);
        assert_noop!(claim(7, 1), Error::<Test>::PeriodGoesOn);
        next_period();
        next_period();
        assert_eq!(Rewards::grants_of(ProviderId(1)), [(0, 800)]);
        Clock::entered();
        assert_noop!(claim(0, 1), Error::<Test>::ChainStopped);
        Clock::exited();
        next_period();
        assert_noop!(claim(0, 1), Error::<Test>::ClaimedTooLate);
        run(2);
        assert_eq!(Fees::<Test>::iter().count(), 0);
        assert_noop!(claim(0, 1), Error::<Test>::ClaimedTooLate);
        assert_eq!(Rewards::grants_of(ProviderId(1)), []);
    });
}

#[test]
fn claim_should_fail_when_nobody_can_be_paid() {
    execute(|| {
        settle(1, 1_000);
        settle(2, EXISTENTIAL_DEPOSIT);
        next_period();
        assert_noop!(claim(0, 3), Error::<Test>::NothingToClaim);
        Owners::mutate(|owners| {
            owners.remove(&ProviderId(1));
            owners.insert(ProviderId(2), NOBODY);
        });
        assert_noop!(claim(0, 1), Error::<Test>::UnknownProvider);
        assert_noop!(claim(0, 2), Error::<Test>::CannotBePaid);
        // It is not lost by that.
        Owners::mutate(|owners| owners.insert(ProviderId(2), BOB));
        assert_ok!(claim(0, 2));
    });
}

#[test]
fn settled_should_note_nothing_when_nothing_was_paid_for_good() {
    execute(|| {
        settle(1, 0);
        assert_eq!((Fees::<Test>::iter().count(), ledger(0).weights), (0, 0));
    });
}

#[test]
fn claim_should_pay_nothing_when_there_is_no_budget() {
    execute(|| {
        let budgets = Budgets { inference: 0, ..RULES.emission.budgets };
        CurrentRules::set(Rules { emission: Emission { budgets, ..RULES.emission }, ..RULES });
        next_period();
        settle(1, 10_000);
        next_period();
        assert_noop!(claim(1, 1), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn grants_should_be_within_the_budget_when_many_claim() {
    execute(|| {
        let many: Amount = 37;
        Owners::set((1..=many as u64).map(|nth| (ProviderId(nth), BOB)).collect());
        for nth in 1..=many {
            Standing::set((nth * 25_000) as u32);
            settle(nth as u64, nth * 1_009);
        }
        next_period();
        for nth in 1..=many as u64 {
            assert_ok!(claim(0, nth));
        }
        let minted = ledger(0).minted.inference;
        // Each is rounded down by itself.
        assert!((45_000 - many..=45_000).contains(&minted), "{minted}");
    });
}
