use super::mock::*;
use crate::{
    types::{Card, Obstacle},
    Call, Pallet,
};
use cairn_protocol::{
    fault::Fault,
    id::ContentId,
    profile::{Availability, DeviceClass, Role},
};
use cairn_seams::Registry;
use frame_support::assert_ok;

#[test]
fn card_should_tell_everything_about_a_provider() {
    execute(|| {
        let provider = available(ALICE);
        let heartbeat = Some(Now::get());
        Pallet::<Test>::engage(provider);
        Pallet::<Test>::engage(provider);
        Pallet::<Test>::begin_work(provider);
        Pallet::<Test>::penalise(provider, Fault::Silent, 1);
        Pallet::<Test>::note_throughput(provider, 50);
        assert_ok!(act(ALICE, Call::unbond { provider, amount: 7 }));
        let told = profile(provider.0);
        let expected = Card {
            owner: ALICE,
            operator: operator_of(provider),
            roles: roles(&[Role::Compute, Role::Guard]),
            bond: BOND - 7,
            unbonding: 7,
            withdrawable_at: Some(Now::get() + 100),
            pending: 110,
            availability: Availability::Available,
            obstacle: None,
            load: 1,
            engagements: 2,
            hardware: told.hardware,
            class: DeviceClass::SmallGpu,
            throughput: Some(50),
            region: told.region,
            offers: told.offers,
            sealable: true,
            node: [8; 32],
            enclave: Some(ContentId([9; 32])),
            generation: 0,
            heartbeat,
        };
        assert_eq!(Pallet::<Test>::card(provider), Some(expected));
    });
}

#[test]
fn card_should_name_the_most_lasting_obstacle_when_there_are_several() {
    execute(|| {
        let provider = available(ALICE);
        let obstacle = || Pallet::<Test>::card(provider).unwrap().obstacle;
        pass(31);
        assert_eq!(obstacle(), Some(Obstacle::Stale));
        Pallet::<Test>::note_missed(provider);
        assert_eq!(obstacle(), Some(Obstacle::Missed));
        assert_ok!(act(ALICE, Call::rotate_operator { provider, operator: 77 }));
        assert_eq!(obstacle(), Some(Obstacle::Unconfirmed));
        let availability = Availability::Draining;
        assert_ok!(act(ALICE, Call::set_availability { provider, availability }));
        assert_eq!(obstacle(), Some(Obstacle::Draining));
        Bonds::mutate(|bonds| bonds.compute = BOND);
        assert_eq!(obstacle(), Some(Obstacle::Underbonded));
        assert_ok!(act(ALICE, Call::leave { provider }));
        assert_eq!(obstacle(), Some(Obstacle::Leaving));
    });
}
