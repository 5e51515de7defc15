use super::mock::*;
use crate::{types::Obstacle, Call, Error, Event, Pallet};
use cairn_protocol::id::ProviderId;
use cairn_seams::Registry;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn rotate(who: u64, provider: ProviderId, operator: u64) -> DispatchResult {
    act(who, Call::rotate_operator { provider, operator })
}

#[test]
fn rotate_operator_should_wait_for_the_new_key() {
    execute(|| {
        let provider = available(ALICE);
        let old = operator_of(provider);
        assert_ok!(rotate(ALICE, provider, 77));
        assert_eq!(last_event(), Event::OperatorRotated { provider, operator: 77, generation: 1 });
        assert_eq!(Pallet::<Test>::operated_by(&old), None);
        assert_eq!(Pallet::<Test>::operated_by(&77), None);
        assert_eq!(Pallet::<Test>::generation(provider), 1);
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!(card.obstacle, Some(Obstacle::Unconfirmed));
        assert!(record(provider).seats.is_empty());

        assert_noop!(act(old, Call::heartbeat { provider }), Error::<Test>::NotOperator);
        assert_ok!(act(77, Call::heartbeat { provider }));
        assert_eq!(Pallet::<Test>::operated_by(&77), Some(provider));
        assert_eq!(record(provider).seats.count(), 4);
        // The old key is free for another.
        let other = registered(BOB);
        assert_ok!(rotate(BOB, other, old));
        assert_ok!(act(old, Call::heartbeat { provider: other }));
    });
}

#[test]
fn rotate_operator_should_work_when_the_provider_is_leaving() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(act(ALICE, Call::leave { provider }));
        assert_ok!(rotate(ALICE, provider, 77));
        assert_ok!(act(77, Call::heartbeat { provider }));
        assert_eq!(Pallet::<Test>::operated_by(&77), Some(provider));
        assert!(record(provider).seats.is_empty());
    });
}

#[test]
fn rotate_operator_should_refuse_when_the_key_is_not_another() {
    execute(|| {
        let (provider, other) = (available(ALICE), available(BOB));
        assert_noop!(rotate(ALICE, provider, operator_of(provider)), Error::<Test>::SameOperator);
        assert_noop!(rotate(ALICE, provider, operator_of(other)), Error::<Test>::OperatorTaken);
    });
}

#[test]
fn rotate_operator_should_refuse_when_it_is_not_the_owner() {
    execute(|| {
        let provider = available(ALICE);
        for who in [BOB, operator_of(provider)] {
            assert_noop!(rotate(who, provider, 77), Error::<Test>::NotOwner);
        }
        assert_noop!(rotate(ALICE, ProviderId(9), 77), Error::<Test>::UnknownProvider);
    });
}
