//! Penalties, cancel_slash, on_idle.

use super::mock::*;
use crate::{
    types::Obstacle, Call, Error, Event, HoldReason, Pallet, SlashQueue, Slashes, WeightInfo,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, ProviderId},
    profile::{DeviceClass, Role},
};
use cairn_seams::{Lane, Registry};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::DispatchResult,
    traits::{fungible::Mutate, Hooks, UnfilteredDispatchable},
    weights::Weight,
};
use sp_runtime::DispatchError;

fn penalise(provider: ProviderId, fault: Fault) {
    Pallet::<Test>::penalise(provider, fault, 42);
}

fn cancel(slash: u64) -> DispatchResult {
    RuntimeCall::Market(Call::cancel_slash { slash })
        .dispatch_bypass_filter(RuntimeOrigin::root())
        .map(|_| ())
        .map_err(|error| error.error)
}

fn obstacle(provider: ProviderId) -> Option<Obstacle> {
    Pallet::<Test>::card(provider).unwrap().obstacle
}

#[test]
fn penalise_should_queue_a_share_of_the_stake() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(act(ALICE, Call::unbond { provider, amount: 1_000 }));
        penalise(provider, Fault::Wrong);
        assert_eq!(
            last_event(),
            Event::SlashQueued {
                slash: 0,
                provider,
                fault: Fault::Wrong,
                subject: 42,
                // Of what unbonds as well.
                amount: BOND / 2,
                executes_at: Now::get() + 20,
            }
        );
        // Nothing is taken yet.
        assert_eq!(held(HoldReason::Bond, ALICE), BOND);
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!((card.bond, card.pending, card.obstacle), (BOND - 1_000, BOND / 2, None));
    });
}

#[test]
fn penalise_should_be_graded_by_fault() {
    execute(|| {
        Memory::set(1);
        let provider = available(ALICE);
        for fault in Fault::ALL {
            pass(10);
            penalise(provider, fault);
        }
        let amounts: Vec<_> = (0..6).map(|id| Slashes::<Test>::get(id).unwrap().amount).collect();
        assert_eq!(amounts, [110, 220, 550, 660, 1_100, 5_500]);
    });
}

#[test]
fn penalise_should_rise_when_the_provider_was_at_fault_of_late() {
    execute(|| {
        let provider = available(ALICE);
        let amount = || {
            penalise(provider, Fault::Silent);
            let id = SlashQueue::<Test>::get().next - 1;
            Slashes::<Test>::get(id).unwrap().amount
        };
        assert_eq!([amount(), amount(), amount()], [110, 220, 330]);
        // Two stretches of good time take two faults off.
        pass(100);
        assert_eq!(amount(), 220);
        pass(1_000);
        assert_eq!(amount(), 110);
    });
}

#[test]
fn penalise_should_queue_no_more_than_the_stake() {
    execute(|| {
        let provider = available(ALICE);
        for _ in 0..5 {
            penalise(provider, Fault::Wrong);
        }
        // The first takes half, the second the other half.
        assert_eq!(Slashes::<Test>::iter().count(), 2);
        assert_eq!(record(provider).pending, BOND);
        pass(20);
        idle();
        assert_eq!(record(provider).stake(), 0);
        assert_eq!(Balances::total_issuance(), 9 * ENDOWMENT - BOND);
        // With nothing left there is nothing to take, and the fault is remembered.
        penalise(provider, Fault::Wrong);
        assert_eq!(Slashes::<Test>::iter().count(), 0);
        assert_eq!(record(provider).faults.count, 6);
    });
}

#[test]
fn penalise_should_end_work_at_once_when_too_little_stays_free() {
    execute(|| {
        let guards = Lane::Holders(Role::Guard);
        let drawn = || drawn(guards, DeviceClass::Cpu, 4, &[1; 32]);
        let provider = available(ALICE);
        // Above the minimum by what it costs not to show a result once.
        assert_ok!(act(ALICE, Call::unbond { provider, amount: BOND - 1_100 - 550 }));
        penalise(provider, Fault::Withheld);
        assert_eq!((obstacle(provider), drawn()), (None, vec![provider]));
        penalise(provider, Fault::Withheld);
        assert_eq!(obstacle(provider), Some(Obstacle::Underbonded));
        assert_eq!(Pallet::<Test>::candidate(provider, guards), None);
        // Drawn and not there, it loses its seat, and all others with its next heartbeat.
        assert_eq!(drawn(), []);
        assert_eq!(record(provider).seats.count(), 3);
        assert_ok!(beat(provider));
        assert!(record(provider).seats.is_empty());
        // So far nothing was taken; that it is changes nothing.
        assert_eq!(held(HoldReason::Bond, ALICE), BOND);
        pass(20);
        idle();
        assert_eq!(held(HoldReason::Bond, ALICE), BOND - 1_650);
        assert_eq!(obstacle(provider), Some(Obstacle::Underbonded));
    });
}

#[test]
fn penalise_should_end_work_when_it_is_executed_if_it_was_for_lateness() {
    execute(|| {
        let guards = Lane::Holders(Role::Guard);
        let provider = available(ALICE);
        assert_ok!(act(ALICE, Call::unbond { provider, amount: BOND - 1_100 }));
        for (fault, left) in [(Fault::Silent, 990), (Fault::Unrevealed, 550)] {
            penalise(provider, fault);
            assert_eq!(obstacle(provider), None);
            assert_eq!(drawn(guards, DeviceClass::Cpu, 4, &[1; 32]), [provider]);
            // It weighs less in draws at once.
            assert_eq!(Pallet::<Test>::candidate(provider, guards).unwrap().bond, left);
        }
        pass(20);
        idle();
        assert_eq!(obstacle(provider), Some(Obstacle::Underbonded));
        assert!(record(provider).seats.is_empty());
    });
}

#[test]
fn penalise_should_do_nothing_when_the_provider_is_gone() {
    execute(|| {
        penalise(ProviderId(3), Fault::Wrong);
        assert_eq!(events(), []);
        assert_eq!(SlashQueue::<Test>::get().next, 0);
    });
}

#[test]
fn penalise_should_not_overflow_when_the_bond_is_extreme() {
    execute(|| {
        Balances::set_balance(&50, Amount::MAX / 4);
        let provider = available(50);
        let amount = Amount::MAX / 4 - 10_000_000;
        assert_ok!(act(50, Call::add_bond { provider, amount }));
        let stake = record(provider).stake();
        penalise(provider, Fault::Wrong);
        assert_eq!(record(provider).pending, stake / 2);
        pass(20);
        idle();
        assert_eq!(record(provider).stake(), stake - stake / 2);
        assert_eq!(Slashed::get(), stake / 2);
    });
}

#[test]
fn on_idle_should_execute_a_slash_when_its_window_has_passed() {
    execute(|| {
        let provider = available(ALICE);
        penalise(provider, Fault::Withheld);
        pass(19);
        idle();
        assert_eq!(record(provider).bond, BOND);
        pass(1);
        idle();
        assert_eq!(last_event(), Event::Slashed { slash: 0, provider, amount: 550 });
        assert_eq!(record(provider).bond, BOND - 550);
        assert_eq!((record(provider).queued, record(provider).pending), (0, 0));
        assert_eq!(held(HoldReason::Bond, ALICE), BOND - 550);
        assert_eq!(Slashed::get(), 550);
        assert_eq!(Balances::total_issuance(), 9 * ENDOWMENT - 550);
        // A second time there is nothing to do.
        idle();
        assert_eq!(record(provider).bond, BOND - 550);
    });
}

#[test]
fn on_idle_should_not_touch_other_registrations_of_the_owner() {
    execute(|| {
        Shares::mutate(|shares| shares.wrong = 1_000_000);
        let (first, second) = (available(ALICE), available(ALICE));
        penalise(first, Fault::Wrong);
        pass(20);
        idle();
        assert_eq!((record(first).bond, record(second).bond), (0, BOND));
        assert_eq!(held(HoldReason::Bond, ALICE), BOND);
        assert_eq!(obstacle(first), Some(Obstacle::Underbonded));
        assert_eq!(obstacle(second), None);
        assert!(record(first).seats.is_empty());
        assert_eq!(record(second).seats.count(), 4);
    });
}

#[test]
fn on_idle_should_take_what_unbonds_when_the_bond_is_not_enough() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(act(ALICE, Call::unbond { provider, amount: BOND - 1_100 }));
        penalise(provider, Fault::Wrong);
        pass(20);
        idle();
        let record = record(provider);
        assert_eq!((record.bond, record.unbonding), (0, BOND - BOND / 2));
    });
}

#[test]
fn on_idle_should_execute_no_slash_when_the_clock_stands_still() {
    execute(|| {
        let provider = available(ALICE);
        penalise(provider, Fault::Withheld);
        pass(20);
        Stopped::set(true);
        idle();
        assert_eq!(record(provider).bond, BOND);
        Stopped::set(false);
        idle();
        assert_eq!(record(provider).bond, BOND - 550);
    });
}

#[test]
fn on_idle_should_execute_a_bounded_number() {
    execute(|| {
        let providers: Vec<_> = (1..8).map(available).collect();
        providers.iter().for_each(|provider| penalise(*provider, Fault::Silent));
        pass(20);
        // Three a block.
        let left = || {
            idle();
            Slashes::<Test>::iter().count()
        };
        assert_eq!([left(), left(), left(), left()], [4, 1, 0, 0]);
    });
}

#[test]
fn on_idle_should_stay_within_what_is_left_of_the_block() {
    execute(|| {
        let provider = available(ALICE);
        for _ in 0..2 {
            penalise(provider, Fault::Silent);
        }
        pass(20);
        let on_idle = |weight| Market::on_idle(1, weight);
        let (base, step) =
            (<() as WeightInfo>::on_idle_base(), <() as WeightInfo>::execute_slash());
        assert_eq!(on_idle(base - Weight::from_parts(1, 0)), Weight::zero());
        assert_eq!(on_idle(base + step - Weight::from_parts(1, 0)), base);
        assert_eq!(Slashes::<Test>::iter().count(), 2);
        assert_eq!(on_idle(base + step), base + step);
        assert_eq!(Slashes::<Test>::iter().count(), 1);
        assert_eq!(idle(), base + step);
        // In an empty queue it costs no more than to look.
        assert_eq!(idle(), base);
    });
}

#[test]
fn cancel_slash_should_undo_the_penalty() {
    execute(|| {
        let provider = available(ALICE);
        penalise(provider, Fault::Withheld);
        penalise(provider, Fault::Silent);
        assert_ok!(cancel(0));
        assert_eq!(last_event(), Event::SlashCancelled { slash: 0, provider });
        let faulted = record(provider);
        assert_eq!((faulted.queued, faulted.pending, faulted.faults.count), (1, 220, 1));
        pass(20);
        // The gap does not keep the second from its turn.
        idle();
        assert_eq!(record(provider).bond, BOND - 220);
        assert_eq!(SlashQueue::<Test>::get().first, 2);
    });
}

#[test]
fn cancel_slash_should_bring_back_one_who_has_enough_again() {
    execute(|| {
        let provider = available(ALICE);
        for _ in 0..3 {
            penalise(provider, Fault::Wrong);
        }
        assert_ok!(beat(provider));
        assert_eq!(obstacle(provider), Some(Obstacle::Underbonded));
        assert!(record(provider).seats.is_empty());
        // Half of its bond is enough, and nothing more is to be done for it.
        assert_ok!(cancel(1));
        assert_eq!(obstacle(provider), None);
        assert_eq!(record(provider).seats.count(), 4);
    });
}

#[test]
fn cancel_slash_should_refuse_when_there_is_none() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(cancel(0), Error::<Test>::UnknownSlash);
        penalise(provider, Fault::Withheld);
        pass(20);
        idle();
        assert_noop!(cancel(0), Error::<Test>::UnknownSlash);
        penalise(provider, Fault::Withheld);
        assert_ok!(cancel(1));
        assert_noop!(cancel(1), Error::<Test>::UnknownSlash);
    });
}

#[test]
fn cancel_slash_should_refuse_when_it_is_not_the_appeal_origin() {
    execute(|| {
        let provider = available(ALICE);
        penalise(provider, Fault::Withheld);
        for who in [ALICE, operator_of(provider)] {
            assert_noop!(act(who, Call::cancel_slash { slash: 0 }), DispatchError::BadOrigin);
        }
    });
}

#[test]
fn appeals_should_follow_the_window_when_governance_changes_it() {
    execute(|| {
        let provider = available(ALICE);
        Window::set(1_000_000);
        penalise(provider, Fault::Withheld);
        pass(100);
        idle();
        assert_eq!(record(provider).bond, BOND);
        // A window that was set too long by mistake holds nothing up once it is set right.
        Window::set(20);
        idle();
        assert_eq!(record(provider).bond, BOND - 550);
    });
}
