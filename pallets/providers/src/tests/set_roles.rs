use super::mock::*;
use crate::{Call, Error, Event, HoldReason, Pallet};
use cairn_protocol::{
    fault::Fault,
    id::ProviderId,
    job::JobKind,
    profile::{DeviceClass, Profile, Role, RoleSet},
};
use cairn_seams::{Lane, Registry};
use codec::Decode;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn set(who: u64, provider: ProviderId, of: &[Role]) -> DispatchResult {
    act(who, Call::set_roles { provider, roles: roles(of) })
}

fn size(lane: Lane) -> u64 {
    Pallet::<Test>::pool_size(lane, DeviceClass::Cpu)
}

#[test]
fn set_roles_should_move_the_provider_between_pools() {
    execute(|| {
        let provider = available(ALICE);
        assert_eq!(size(Lane::Jobs(JobKind::Infer)), 1);
        assert_ok!(set(ALICE, provider, &[Role::Guard, Role::Storage]));
        assert_eq!(
            last_event(),
            Event::RolesSet { provider, roles: roles(&[Role::Guard, Role::Storage]) }
        );
        // It still offers to infer, and does not compute any more.
        assert_eq!(size(Lane::Jobs(JobKind::Infer)), 0);
        let holders = Role::ALL.map(|role| size(Lane::Holders(role)));
        assert_eq!(holders, [0, 1, 0, 1, 0]);
    });
}

#[test]
fn set_roles_should_settle_the_deposit_when_the_lanes_change() {
    execute(|| {
        let provider = available(ALICE);
        let before = held(HoldReason::Deposit, ALICE);
        assert_ok!(set(ALICE, provider, &[Role::Entropy]));
        // Three lanes fewer, and it cannot come to rise: two items each, of eight and four bytes.
        assert_eq!(held(HoldReason::Deposit, ALICE), before - 4 * (2 * 10 + 8 + 4));
    });
}

#[test]
fn set_roles_should_refuse_when_the_bond_does_not_cover_them() {
    execute(|| {
        assert_ok!(register(ALICE, 77, profile(0), &[Role::Compute], 1_099));
        let both = [Role::Compute, Role::Guard];
        assert_noop!(set(ALICE, ProviderId(0), &both), Error::<Test>::BondBelowMinimum);
        assert_ok!(act(ALICE, Call::add_bond { provider: ProviderId(0), amount: 1 }));
        assert_ok!(set(ALICE, ProviderId(0), &both));
    });
}

#[test]
fn set_roles_should_refuse_when_penalties_take_the_bond() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        assert_ok!(set(ALICE, provider, &[Role::Guard]));
        Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        assert_noop!(set(ALICE, provider, &[Role::Entropy]), Error::<Test>::BondBelowMinimum);
    });
}

#[test]
fn set_roles_should_refuse_when_they_make_no_sense() {
    execute(|| {
        let provider = available(ALICE);
        assert_noop!(set(ALICE, provider, &[]), Error::<Test>::NoRole);
        let unknown = RoleSet::decode(&mut &[0b1000_0001u8][..]).unwrap();
        assert_noop!(
            act(ALICE, Call::set_roles { provider, roles: unknown }),
            Error::<Test>::UnknownRole
        );
        let idle = Profile { offers: offers(&[]), ..profile(9) };
        assert_ok!(register(BOB, 77, idle, &[Role::Guard], BOND));
        assert_noop!(set(BOB, ProviderId(1), &[Role::Compute]), Error::<Test>::NothingOffered);
    });
}

#[test]
fn set_roles_should_refuse_when_it_is_not_the_owner_or_the_provider_leaves() {
    execute(|| {
        let provider = available(ALICE);
        for who in [BOB, operator_of(provider)] {
            assert_noop!(set(who, provider, &[Role::Guard]), Error::<Test>::NotOwner);
        }
        assert_noop!(set(ALICE, ProviderId(9), &[]), Error::<Test>::UnknownProvider);
        assert_ok!(act(ALICE, Call::leave { provider }));
        assert_noop!(set(ALICE, provider, &[Role::Guard]), Error::<Test>::Leaving);
    });
}
