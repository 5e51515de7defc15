use super::mock::*;
use crate::{types::Obstacle, Call, Error, Event, Operators, Pallet};
use cairn_protocol::{
    id::ProviderId,
    profile::{DeviceClass, Role},
};
use cairn_seams::{Lane, Registry};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};

const GUARDS: Lane = Lane::Holders(Role::Guard);

fn pays(provider: ProviderId) -> Pays {
    let operator = record(provider).operator;
    dispatch(operator, Call::heartbeat { provider }).unwrap().pays_fee
}

fn obstacle(provider: ProviderId) -> Option<Obstacle> {
    Pallet::<Test>::card(provider).unwrap().obstacle
}

#[test]
fn heartbeat_should_make_the_provider_available_when_it_is_the_first() {
    execute(|| {
        let provider = registered(ALICE);
        let operator = operator_of(provider);
        assert_eq!(pays(provider), Pays::No);
        assert_eq!(last_event(), Event::OperatorConfirmed { provider, operator });
        assert_eq!(Operators::<Test>::get(operator), Some(provider));
        assert_eq!(obstacle(provider), None);
        assert_eq!(Pallet::<Test>::pool_size(GUARDS, DeviceClass::Gpu), 1);
        assert_eq!(record(provider).seats.count(), 4);
    });
}

#[test]
fn heartbeat_should_be_free_only_when_it_is_due() {
    execute(|| {
        let provider = available(ALICE);
        assert_eq!(pays(provider), Pays::Yes);
        pass(9);
        assert_eq!(pays(provider), Pays::Yes);
        // The early one counted too, and the next is due a period later.
        pass(9);
        assert_eq!(pays(provider), Pays::Yes);
        pass(10);
        assert_eq!(pays(provider), Pays::No);
        assert_eq!(record(provider).heartbeat, Some(Now::get()));
    });
}

#[test]
fn heartbeat_should_cost_less_when_nobody_has_to_be_seated() {
    execute(|| {
        let provider = registered(ALICE);
        let operator = operator_of(provider);
        let weight =
            || dispatch(operator, Call::heartbeat { provider }).unwrap().actual_weight.unwrap();
        let (seating, plain) = (weight(), weight());
        assert_eq!(seating, <() as crate::WeightInfo>::heartbeat_seating());
        assert_eq!(plain, <() as crate::WeightInfo>::heartbeat());
        assert!(plain.ref_time() * 2 < seating.ref_time());
    });
}

#[test]
fn heartbeat_should_bring_back_one_who_was_silent() {
    execute(|| {
        let provider = available(ALICE);
        pass(30);
        assert_eq!(obstacle(provider), None);
        pass(1);
        assert_eq!(obstacle(provider), Some(Obstacle::Stale));
        assert_eq!(Pallet::<Test>::candidate(provider, GUARDS), None);
        assert_eq!(held(crate::HoldReason::Bond, ALICE), BOND);
        assert_ok!(beat(provider));
        assert_eq!(obstacle(provider), None);
        assert!(Pallet::<Test>::candidate(provider, GUARDS).is_some());
    });
}

#[test]
fn heartbeat_should_give_seats_back_when_the_silent_one_was_evicted() {
    execute(|| {
        let provider = available(ALICE);
        pass(31);
        assert_eq!(drawn(GUARDS, DeviceClass::Cpu, 4, &[1; 32]), []);
        // It lost the seat where it was missed, and only there.
        assert_eq!(Pallet::<Test>::pool_size(GUARDS, DeviceClass::Cpu), 0);
        let computers = Lane::Holders(Role::Compute);
        assert_eq!(Pallet::<Test>::pool_size(computers, DeviceClass::Cpu), 1);
        assert_ok!(beat(provider));
        assert_eq!(drawn(GUARDS, DeviceClass::Cpu, 4, &[1; 32]), [provider]);
    });
}

#[test]
fn heartbeat_should_bring_back_one_who_missed_a_call_and_be_free() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::note_missed(provider);
        assert_eq!(obstacle(provider), Some(Obstacle::Missed));
        assert_eq!(pays(provider), Pays::No);
        assert_eq!(obstacle(provider), None);
        assert_eq!(record(provider).seats.count(), 4);
    });
}

#[test]
fn heartbeat_should_not_grow_old_when_the_clock_stands_still() {
    execute(|| {
        let provider = available(ALICE);
        Stopped::set(true);
        System::set_block_number(10_000);
        assert_eq!(obstacle(provider), None);
        assert_eq!(pays(provider), Pays::Yes);
    });
}

#[test]
fn heartbeat_should_seat_when_governance_has_lowered_the_bonds() {
    execute(|| {
        let provider = available(ALICE);
        let bonds = Bonds::get();
        Bonds::mutate(|bonds| bonds.guard = BOND + 1);
        assert_eq!(obstacle(provider), Some(Obstacle::Underbonded));
        // Drawn, and found to have too little: it loses its seat.
        assert_eq!(drawn(GUARDS, DeviceClass::Cpu, 4, &[1; 32]), []);
        assert_eq!(Pallet::<Test>::pool_size(GUARDS, DeviceClass::Cpu), 0);
        assert_ok!(beat(provider));
        assert!(record(provider).seats.is_empty());
        Bonds::set(bonds);
        assert_ok!(beat(provider));
        assert_eq!(Pallet::<Test>::pool_size(GUARDS, DeviceClass::Cpu), 1);
    });
}

#[test]
fn heartbeat_should_refuse_when_it_is_not_the_operator() {
    execute(|| {
        let provider = registered(ALICE);
        for who in [ALICE, BOB] {
            assert_noop!(act(who, Call::heartbeat { provider }), Error::<Test>::NotOperator);
        }
        assert_noop!(
            act(ALICE, Call::heartbeat { provider: ProviderId(9) }),
            Error::<Test>::UnknownProvider
        );
    });
}

#[test]
fn heartbeat_should_refuse_when_the_account_operates_another() {
    execute(|| {
        for nth in 0..2 {
            assert_ok!(register(ALICE, 77, profile(nth), &[Role::Compute], 100));
        }
        assert_ok!(beat(ProviderId(0)));
        assert_noop!(beat(ProviderId(1)), Error::<Test>::OperatorTaken);
    });
}
