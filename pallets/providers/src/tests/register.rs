use super::mock::*;
use crate::{
    types::{Obstacle, Registration},
    Call, Error, Event, HoldReason, NextProvider, Operators, Pallet,
};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
    profile::{DeviceClass, Profile, Role, RoleSet, PAYLOAD_KEY_BYTES},
    reputation::Record,
};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{assert_noop, assert_ok, storage::storage_prefix, traits::fungible::Mutate};

#[test]
fn register_should_bond_and_wait_for_the_operator_when_all_is_in_order() {
    execute(|| {
        assert_ok!(register(ALICE, 77, profile(1), &[Role::Compute, Role::Guard], 1_100));
        let provider = ProviderId(0);
        assert_eq!(
            events(),
            [Event::Registered {
                provider,
                owner: ALICE,
                operator: 77,
                roles: roles(&[Role::Compute, Role::Guard]),
                bond: 1_100,
            }]
        );
        assert_eq!(held(HoldReason::Bond, ALICE), 1_100);
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!((card.owner, card.operator, card.bond), (ALICE, 77, 1_100));
        assert_eq!(card.obstacle, Some(Obstacle::Unconfirmed));
        assert_eq!(card.class, DeviceClass::Gpu);
        assert_eq!(Pallet::<Test>::profile(provider), Some(profile(1)));
        assert_eq!(Pallet::<Test>::providers_of(&ALICE), [provider]);
        assert!(record(provider).seats.is_empty());
        assert_eq!(Operators::<Test>::get(77), None);
    });
}

#[test]
fn register_should_hold_a_deposit_for_what_is_stored() {
    execute(|| {
        assert_ok!(register(ALICE, 77, profile(1), &[Role::Compute, Role::Guard], 1_100));
        // Five items are its own, of which one is the owner's list; two are for each of its four
        // lanes and for that of those who rise; six are its reputation. A byte for each of the
        // payload key, the node and the enclave, the first and the last behind one that says so.
        let record = Registration::<u64>::max_encoded_len() as Amount;
        let fixed = 10 * (5 + 2 * 5 + 6) + record + 2 * 8 + 9 + 5 * (8 + 4) + 6 * 60;
        let key = Amount::from(PAYLOAD_KEY_BYTES);
        assert_eq!(held(HoldReason::Deposit, ALICE), fixed + (1 + key) + 32 + (1 + 32));

        let plain = Profile { payload_key: None, enclave: None, ..profile(2) };
        assert_ok!(register(BOB, 78, plain, &[Role::Compute, Role::Guard], 1_100));
        assert_eq!(held(HoldReason::Deposit, BOB), fixed + 1 + 32 + 1);
    });
}

/// Entries that registrations have, and bytes in them.
fn stored() -> (Amount, Amount) {
    let prefix = sp_io::hashing::twox_128(b"Market");
    let sizes_of_pools = storage_prefix(b"Market", b"PoolSizes");
    let next = |key: &Vec<u8>| sp_io::storage::next_key(key);
    let all = std::iter::successors(Some(prefix.to_vec()), next);
    let keys = all.take_while(|key| key.starts_with(&prefix));
    // What is there but once has no more than its name for a key.
    let of_some = keys.filter(|key| key.len() > 32 && !key.starts_with(&sizes_of_pools));
    let sizes: Vec<_> =
        of_some.filter_map(|key| sp_io::storage::get(&key)).map(|value| value.len()).collect();
    (sizes.len() as Amount, sizes.iter().sum::<usize>() as Amount)
}

#[test]
fn register_should_hold_a_deposit_for_all_that_comes_to_be_stored() {
    execute(|| {
        let all = JobKind::ALL.map(|kind| (kind, 10));
        let profile = Profile { offers: offers(&all), ..profile(1) };
        let provider = ProviderId(0);
        assert_ok!(register(ALICE, 77, profile, &Role::ALL, BOND));
        let deposit = held(HoldReason::Deposit, ALICE);
        assert_ok!(beat(provider));
        // Slower than it says, it sits in every lane there is.
        Pallet::<Test>::note_throughput(provider, 0);
        assert_eq!(record(provider).seats.count(), 12);
        assert_eq!(held(HoldReason::Deposit, ALICE), deposit);

        let (items, bytes) = stored();
        let record = record(provider);
        let longest = Registration::<u64>::max_encoded_len() - record.encoded_size();
        // Kept elsewhere, at each kind of job.
        let reputation = JobKind::ALL.len() * (10 + Record::max_encoded_len());
        assert_eq!(deposit, items * 10 + bytes + (longest + reputation) as Amount);
    });
}

#[test]
fn register_should_never_give_an_id_twice() {
    execute(|| {
        let first = registered(ALICE);
        assert_ok!(act(ALICE, Call::leave { provider: first }));
        pass(Unbonding::get());
        assert_ok!(act(ALICE, Call::withdraw { provider: first }));
        assert_eq!(registered(ALICE), ProviderId(first.0 + 1));
    });
}

#[test]
fn register_should_let_an_owner_operate_itself() {
    execute(|| {
        assert_ok!(register(ALICE, ALICE, profile(1), &[Role::Router], 50));
        assert_ok!(beat(ProviderId(0)));
        assert_eq!(Operators::<Test>::get(ALICE), Some(ProviderId(0)));
    });
}

#[test]
fn register_should_refuse_when_roles_make_no_sense() {
    execute(|| {
        assert_noop!(register(ALICE, 77, profile(1), &[], 1_000), Error::<Test>::NoRole);
        let idle = Profile { offers: offers(&[]), ..profile(1) };
        assert_noop!(
            register(ALICE, 77, idle.clone(), &[Role::Compute], 1_000),
            Error::<Test>::NothingOffered
        );
        // Who does not compute need not offer anything.
        assert_ok!(register(ALICE, 77, idle, &[Role::Guard], 1_000));

        let roles = RoleSet::decode(&mut &[0b0010_0001u8][..]).unwrap();
        let profile = Box::new(profile(2));
        let call = Call::register { operator: 78, profile, roles, bond: 1_000 };
        assert_noop!(act(ALICE, call), Error::<Test>::UnknownRole);
    });
}

#[test]
fn register_should_refuse_when_the_profile_makes_no_sense() {
    execute(|| {
        let twice = offers(&[(JobKind::Infer, 10), (JobKind::Infer, 20)]);
        let twice = Profile { offers: twice, ..profile(1) };
        assert_noop!(
            register(ALICE, 77, twice, &[Role::Compute], 100),
            Error::<Test>::DuplicateOffer
        );
        let mut none = profile(1);
        none.hardware.slots = 0;
        assert_noop!(register(ALICE, 77, none, &[Role::Compute], 100), Error::<Test>::NoSlots);
    });
}

#[test]
fn register_should_refuse_when_the_bond_is_under_the_sum_of_the_roles() {
    execute(|| {
        let all = Role::ALL;
        assert_noop!(register(ALICE, 77, profile(1), &all, 1_359), Error::<Test>::BondBelowMinimum);
        assert_noop!(register(ALICE, 77, profile(1), &all, 0), Error::<Test>::BondBelowMinimum);
        assert_ok!(register(ALICE, 77, profile(1), &all, 1_360));
    });
}

#[test]
fn register_should_refuse_when_the_owner_cannot_pay() {
    execute(|| {
        for bond in [ENDOWMENT + 1, Amount::MAX] {
            assert_noop!(
                register(ALICE, 77, profile(1), &[Role::Compute], bond),
                Error::<Test>::InsufficientBalance
            );
        }
        // Enough for the bond, and nothing left for the deposit.
        assert_noop!(
            register(ALICE, 77, profile(1), &[Role::Compute], ENDOWMENT - 1),
            Error::<Test>::InsufficientBalance
        );
    });
}

#[test]
fn register_should_take_a_bond_of_nearly_all_there_is_when_it_is_owned() {
    execute(|| {
        let rich = 50;
        Balances::set_balance(&rich, Amount::MAX / 4);
        let bond = Amount::MAX / 4 - 1_000_000;
        assert_ok!(register(rich, 77, profile(1), &[Role::Compute], bond));
        assert_eq!(held(HoldReason::Bond, rich), bond);
    });
}

#[test]
fn register_should_refuse_when_roles_ask_for_more_than_there_can_be() {
    execute(|| {
        Bonds::mutate(|bonds| {
            (bonds.compute, bonds.guard) = (Amount::MAX, Amount::MAX);
        });
        let of = [Role::Compute, Role::Guard];
        assert_noop!(
            register(ALICE, 77, profile(1), &of, Amount::MAX - 1),
            Error::<Test>::BondBelowMinimum
        );
        assert_noop!(
            register(ALICE, 77, profile(1), &of, Amount::MAX),
            Error::<Test>::InsufficientBalance
        );
    });
}

#[test]
fn register_should_refuse_when_the_operator_operates_another() {
    execute(|| {
        let first = available(ALICE);
        assert_noop!(
            register(BOB, operator_of(first), profile(9), &[Role::Compute], 100),
            Error::<Test>::OperatorTaken
        );
    });
}

#[test]
fn register_should_not_take_a_key_when_that_key_has_not_agreed() {
    execute(|| {
        // A squatter names the key that Bob is about to use.
        assert_ok!(register(ALICE, 77, profile(1), &[Role::Compute], 100));
        assert_ok!(register(BOB, 77, profile(2), &[Role::Compute], 100));
        assert_ok!(act(77, Call::heartbeat { provider: ProviderId(1) }));
        assert_eq!(Operators::<Test>::get(77), Some(ProviderId(1)));
    });
}

#[test]
fn register_should_refuse_when_the_hardware_backs_another() {
    execute(|| {
        registered(ALICE);
        assert_noop!(
            register(BOB, 77, profile(0), &[Role::Compute], 100),
            Error::<Test>::BindingTaken
        );
    });
}

#[test]
fn register_should_refuse_when_the_owner_has_its_fill() {
    execute(|| {
        for _ in 0..4 {
            registered(ALICE);
        }
        assert_noop!(
            register(ALICE, 77, profile(9), &[Role::Compute], 100),
            Error::<Test>::TooManyRegistrations
        );
        registered(BOB);
    });
}

#[test]
fn register_should_refuse_when_no_id_is_left() {
    execute(|| {
        NextProvider::<Test>::put(u64::MAX);
        assert_noop!(
            register(ALICE, 77, profile(9), &[Role::Compute], 100),
            Error::<Test>::IdsExhausted
        );
    });
}
