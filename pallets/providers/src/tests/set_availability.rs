use super::mock::*;
use crate::{types::Obstacle, Call, Error, Event, Pallet};
use cairn_protocol::{
    id::ProviderId,
    profile::{Availability, DeviceClass, Role},
};
use cairn_seams::Lane;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn set(who: u64, provider: ProviderId, availability: Availability) -> DispatchResult {
    act(who, Call::set_availability { provider, availability })
}

fn guards() -> u64 {
    Pallet::<Test>::pool_size(Lane::Holders(Role::Guard), DeviceClass::Cpu)
}

fn obstacle(provider: ProviderId) -> Option<Obstacle> {
    Pallet::<Test>::card(provider).unwrap().obstacle
}

#[test]
fn set_availability_should_take_the_seats_and_give_them_back() {
    execute(|| {
        let provider = available(ALICE);
        assert_eq!((guards(), obstacle(provider)), (1, None));
        assert_ok!(set(ALICE, provider, Availability::Draining));
        assert_eq!(
            last_event(),
            Event::AvailabilitySet { provider, availability: Availability::Draining }
        );
        assert_eq!((guards(), obstacle(provider)), (0, Some(Obstacle::Draining)));
        // The operator as well.
        assert_ok!(set(operator_of(provider), provider, Availability::Paused));
        assert_eq!((guards(), obstacle(provider)), (0, Some(Obstacle::Paused)));
        assert_ok!(set(operator_of(provider), provider, Availability::Available));
        assert_eq!((guards(), obstacle(provider)), (1, None));
        // To say it again changes nothing.
        assert_ok!(set(ALICE, provider, Availability::Available));
        assert_eq!(guards(), 1);
    });
}

#[test]
fn set_availability_should_not_seat_when_the_operator_has_not_agreed() {
    execute(|| {
        let provider = registered(ALICE);
        assert_ok!(set(ALICE, provider, Availability::Available));
        assert_eq!((guards(), obstacle(provider)), (0, Some(Obstacle::Unconfirmed)));
    });
}

#[test]
fn set_availability_should_refuse_when_it_is_neither_owner_nor_operator() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(set(BOB, provider, Availability::Paused), Error::<Test>::NotOwnerOrOperator);
        assert_noop!(
            set(ALICE, ProviderId(9), Availability::Paused),
            Error::<Test>::UnknownProvider
        );
    });
}

#[test]
fn set_availability_should_refuse_when_the_provider_is_leaving() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(act(ALICE, Call::leave { provider }));
        assert_eq!(obstacle(provider), Some(Obstacle::Leaving));
        assert_noop!(set(ALICE, provider, Availability::Available), Error::<Test>::Leaving);
    });
}
