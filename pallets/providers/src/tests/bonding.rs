//! add_bond, unbond, leave, withdraw.

use super::mock::*;
use crate::{
    types::Obstacle, Bindings, Call, Error, Event, HoldReason, Operators, Owned, Pallet,
    ProviderDetails, Providers,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, ProviderId},
    profile::Role,
};
use cairn_seams::Registry;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, traits::fungible::Inspect};

fn add(who: u64, provider: ProviderId, amount: Amount) -> DispatchResult {
    act(who, Call::add_bond { provider, amount })
}

fn unbond(who: u64, provider: ProviderId, amount: Amount) -> DispatchResult {
    act(who, Call::unbond { provider, amount })
}

fn leave(who: u64, provider: ProviderId) -> DispatchResult {
    act(who, Call::leave { provider })
}

fn withdraw(who: u64, provider: ProviderId) -> DispatchResult {
    act(who, Call::withdraw { provider })
}

#[test]
fn add_bond_should_hold_more() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(add(ALICE, provider, 5));
        assert_eq!(last_event(), Event::BondAdded { provider, amount: 5 });
        assert_eq!(record(provider).bond, BOND + 5);
        assert_eq!(held(HoldReason::Bond, ALICE), BOND + 5);
    });
}

#[test]
fn add_bond_should_bring_back_one_whose_bond_was_too_small() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(unbond(ALICE, provider, BOND - 1_100));
        Pallet::<Test>::penalise(provider, Fault::Silent, 1);
        pass(Window::get());
        idle();
        let obstacle = || Pallet::<Test>::card(provider).unwrap().obstacle;
        assert_eq!(obstacle(), Some(Obstacle::Underbonded));
        let missing = 1_100 - record(provider).bond;
        assert_ok!(add(ALICE, provider, missing - 1));
        assert!(record(provider).seats.is_empty());
        assert_ok!(add(ALICE, provider, 1));
        assert_eq!(obstacle(), None);
        assert_eq!(record(provider).seats.count(), 4);
    });
}

#[test]
fn add_bond_should_bring_back_one_whose_bond_is_to_be_taken() {
    execute(|| {
        let provider = available(ALICE);
        for _ in 0..2 {
            Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        }
        assert_ok!(beat(provider));
        assert!(record(provider).seats.is_empty());
        let obstacle = || Pallet::<Test>::card(provider).unwrap().obstacle;
        assert_ok!(add(ALICE, provider, 1_099));
        assert_eq!(obstacle(), Some(Obstacle::Underbonded));
        assert_ok!(add(ALICE, provider, 1));
        assert_eq!((obstacle(), record(provider).seats.count()), (None, 4));
        // What was added is what is left.
        pass(Window::get());
        idle();
        assert_eq!((obstacle(), record(provider).bond), (None, 1_100));
    });
}

#[test]
fn add_bond_should_refuse_when_it_cannot_be() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(add(ALICE, provider, 0), Error::<Test>::ZeroAmount);
        assert_noop!(add(BOB, provider, 1), Error::<Test>::NotOwner);
        assert_noop!(add(ALICE, ProviderId(9), 1), Error::<Test>::UnknownProvider);
        for amount in [ENDOWMENT, Amount::MAX] {
            assert_noop!(add(ALICE, provider, amount), Error::<Test>::InsufficientBalance);
        }
        assert_ok!(leave(ALICE, provider));
        assert_noop!(add(ALICE, provider, 1), Error::<Test>::Leaving);
    });
}

#[test]
fn unbond_should_keep_the_funds_held_for_the_period() {
    execute(|| {
        let provider = available(ALICE);
        let until = Now::get() + 100;
        assert_ok!(unbond(ALICE, provider, 900));
        assert_eq!(
            last_event(),
            Event::Unbonding { provider, amount: 900, withdrawable_at: until }
        );
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!((card.bond, card.unbonding), (BOND - 900, 900));
        assert_eq!(card.withdrawable_at, Some(until));
        assert_eq!(card.obstacle, None);
        assert_eq!(held(HoldReason::Bond, ALICE), BOND);

        pass(99);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::StillUnbonding);
        pass(1);
        assert_ok!(withdraw(ALICE, provider));
        assert_eq!(last_event(), Event::Withdrawn { provider, amount: 900 });
        assert_eq!(held(HoldReason::Bond, ALICE), BOND - 900);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::NothingUnbonding);
    });
}

#[test]
fn unbond_should_start_the_period_again_when_more_unbonds() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(unbond(ALICE, provider, 900));
        pass(60);
        assert_ok!(unbond(ALICE, provider, 100));
        pass(99);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::StillUnbonding);
        pass(1);
        assert_ok!(withdraw(ALICE, provider));
        assert_eq!(last_event(), Event::Withdrawn { provider, amount: 1_000 });
    });
}

#[test]
fn unbond_should_refuse_when_the_rest_is_under_the_minimum() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(unbond(ALICE, provider, BOND - 1_099), Error::<Test>::BondBelowMinimum);
        // All of it is no exception: that is to leave.
        assert_noop!(unbond(ALICE, provider, BOND), Error::<Test>::BondBelowMinimum);
        assert_ok!(unbond(ALICE, provider, BOND - 1_100));
        assert_noop!(unbond(ALICE, provider, 1), Error::<Test>::BondBelowMinimum);
    });
}

#[test]
fn unbond_should_refuse_when_penalties_leave_the_roles_too_little() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        let most = BOND - BOND / 2 - 1_100;
        assert_noop!(unbond(ALICE, provider, most + 1), Error::<Test>::BondBelowMinimum);
        assert_ok!(unbond(ALICE, provider, most));
        assert_eq!(Pallet::<Test>::card(provider).unwrap().obstacle, None);
    });
}

#[test]
fn unbond_should_refuse_when_it_cannot_be() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(unbond(ALICE, provider, 0), Error::<Test>::ZeroAmount);
        assert_noop!(unbond(ALICE, provider, BOND + 1), Error::<Test>::NotBonded);
        assert_noop!(unbond(ALICE, provider, Amount::MAX), Error::<Test>::NotBonded);
        assert_noop!(unbond(BOB, provider, 1), Error::<Test>::NotOwner);
        assert_noop!(unbond(ALICE, ProviderId(9), 1), Error::<Test>::UnknownProvider);
        assert_ok!(leave(ALICE, provider));
        assert_noop!(unbond(ALICE, provider, 1), Error::<Test>::Leaving);
    });
}

#[test]
fn leave_should_end_the_service_at_once() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(unbond(ALICE, provider, 1_000));
        pass(10);
        assert_ok!(leave(ALICE, provider));
        let withdrawable_at = Now::get() + 100;
        assert_eq!(last_event(), Event::Left { provider, amount: BOND - 1_000, withdrawable_at });
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!(card.obstacle, Some(Obstacle::Leaving));
        assert_eq!((card.bond, card.unbonding), (0, BOND));
        assert!(record(provider).seats.is_empty());
        // It still finishes what it has, and its hardware may serve another registration.
        assert_eq!(Pallet::<Test>::operated_by(&operator_of(provider)), Some(provider));
        assert_ok!(register(ALICE, 77, profile(provider.0), &[Role::Compute], 100));
    });
}

#[test]
fn leave_should_refuse_when_it_cannot_be() {
    execute(|| {
        let provider = available(ALICE);
        for who in [BOB, operator_of(provider)] {
            assert_noop!(leave(who, provider), Error::<Test>::NotOwner);
        }
        assert_noop!(leave(ALICE, ProviderId(9)), Error::<Test>::UnknownProvider);
        assert_ok!(leave(ALICE, provider));
        assert_noop!(leave(ALICE, provider), Error::<Test>::Leaving);
    });
}

#[test]
fn leave_should_be_possible_when_all_was_slashed() {
    execute(|| {
        Shares::mutate(|shares| shares.wrong = 1_000_000);
        let provider = available(ALICE);
        Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        pass(20);
        idle();
        assert_eq!(record(provider).stake(), 0);
        assert_ok!(leave(ALICE, provider));
        pass(100);
        assert_ok!(withdraw(ALICE, provider));
        assert_eq!(last_event(), Event::Deregistered { provider });
        assert_eq!(Balances::balance(&ALICE), ENDOWMENT - BOND);
    });
}

#[test]
fn withdraw_should_leave_nothing_behind_when_the_provider_has_left() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(leave(ALICE, provider));
        pass(100);
        assert_ok!(withdraw(ALICE, provider));
        let mut last = events();
        assert_eq!(last.pop(), Some(Event::Deregistered { provider }));
        assert_eq!(last.pop(), Some(Event::Withdrawn { provider, amount: BOND }));
        assert_eq!(Forgotten::get(), [provider]);
        assert_eq!(Balances::balance(&ALICE), ENDOWMENT);
        assert_eq!(held(HoldReason::Bond, ALICE), 0);
        assert_eq!(held(HoldReason::Deposit, ALICE), 0);
        assert_eq!(Providers::<Test>::count(), 0);
        assert_eq!(ProviderDetails::<Test>::iter().count(), 0);
        assert_eq!(Operators::<Test>::iter().count(), 0);
        assert_eq!(Bindings::<Test>::iter().count(), 0);
        assert_eq!(Owned::<Test>::iter().count(), 0);
        assert_eq!(Pallet::<Test>::card(provider), None);
    });
}

#[test]
fn withdraw_should_leave_others_of_the_owner_alone() {
    execute(|| {
        let (first, second) = (available(ALICE), available(ALICE));
        assert_ok!(leave(ALICE, first));
        pass(100);
        assert_ok!(withdraw(ALICE, first));
        assert_eq!(Pallet::<Test>::providers_of(&ALICE), [second]);
        assert_eq!(held(HoldReason::Bond, ALICE), BOND);
        assert_eq!(record(second).bond, BOND);
        assert_eq!(Bindings::<Test>::get(binding(second.0)), Some(second));
    });
}

#[test]
fn withdraw_should_not_free_hardware_that_serves_another_by_now() {
    execute(|| {
        let first = available(ALICE);
        assert_ok!(leave(ALICE, first));
        assert_ok!(register(BOB, 77, profile(first.0), &[Role::Compute], 100));
        pass(100);
        assert_ok!(withdraw(ALICE, first));
        assert_eq!(Bindings::<Test>::get(binding(first.0)), Some(ProviderId(1)));
    });
}

#[test]
fn withdraw_should_not_free_a_key_that_never_agreed() {
    execute(|| {
        assert_ok!(register(ALICE, 77, profile(0), &[Role::Compute], 100));
        assert_ok!(register(BOB, 77, profile(1), &[Role::Compute], 100));
        assert_ok!(beat(ProviderId(1)));
        assert_ok!(leave(ALICE, ProviderId(0)));
        pass(100);
        assert_ok!(withdraw(ALICE, ProviderId(0)));
        assert_eq!(Operators::<Test>::get(77), Some(ProviderId(1)));
    });
}

#[test]
fn withdraw_should_refuse_when_work_can_still_be_disputed() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::engage(provider);
        assert_ok!(leave(ALICE, provider));
        pass(1_000);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::Engaged);
        Pallet::<Test>::disengage(provider);
        assert_ok!(withdraw(ALICE, provider));
    });
}

#[test]
fn withdraw_should_refuse_when_a_slash_is_queued() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(leave(ALICE, provider));
        pass(90);
        Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        pass(10);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::SlashPending);
        pass(10);
        idle();
        // Half of what was on its way out.
        assert_ok!(withdraw(ALICE, provider));
        assert_eq!(Balances::balance(&ALICE), ENDOWMENT - BOND / 2);
        assert_eq!(Slashed::get(), BOND / 2);
    });
}

#[test]
fn withdraw_should_refuse_when_it_cannot_be() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::NothingUnbonding);
        assert_ok!(unbond(ALICE, provider, 1));
        pass(100);
        for who in [BOB, operator_of(provider)] {
            assert_noop!(withdraw(who, provider), Error::<Test>::NotOwner);
        }
        assert_noop!(withdraw(ALICE, ProviderId(9)), Error::<Test>::UnknownProvider);
        assert_ok!(withdraw(ALICE, provider));
    });
}

#[test]
fn withdraw_should_wait_when_the_clock_stands_still() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(leave(ALICE, provider));
        Stopped::set(true);
        System::set_block_number(1_000_000);
        assert_noop!(withdraw(ALICE, provider), Error::<Test>::StillUnbonding);
    });
}

#[test]
fn registrations_should_come_and_go_without_a_trace() {
    execute(|| {
        for cycle in 0..20 {
            let provider = available(ALICE);
            assert_eq!(provider, ProviderId(cycle));
            assert_ok!(unbond(ALICE, provider, 500));
            pass(100);
            assert_ok!(withdraw(ALICE, provider));
            assert_ok!(leave(ALICE, provider));
            pass(100);
            assert_ok!(withdraw(ALICE, provider));
            assert_eq!(Balances::balance(&ALICE), ENDOWMENT);
        }
        assert_eq!(crate::Pools::<Test>::iter().count(), 0);
        assert_eq!(crate::Seats::<Test>::iter().count(), 0);
    });
}
