use super::mock::*;
use crate::{Bindings, Call, Error, Event, HoldReason, Pallet};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
    profile::{DeviceClass, Profile, PAYLOAD_KEY_BYTES},
};
use cairn_seams::Lane;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, traits::fungible::Inspect};

fn update(owner: u64, provider: ProviderId, profile: Profile) -> DispatchResult {
    act(owner, Call::update_profile { provider, profile: Box::new(profile) })
}

#[test]
fn update_profile_should_keep_the_generation_when_the_hardware_stays() {
    execute(|| {
        let provider = available(ALICE);
        let dearer = Profile { offers: offers(&[(JobKind::Train, 99)]), ..profile(0) };
        assert_ok!(update(ALICE, provider, dearer.clone()));
        assert_eq!(last_event(), Event::ProfileUpdated { provider, generation: 0 });
        assert_eq!(Pallet::<Test>::profile(provider), Some(dearer));
        let size = |kind| Pallet::<Test>::pool_size(Lane::Jobs(kind), DeviceClass::Gpu);
        assert_eq!([JobKind::Infer, JobKind::Embed, JobKind::Train].map(size), [0, 0, 1]);
    });
}

#[test]
fn update_profile_should_raise_the_generation_when_the_hardware_changes() {
    execute(|| {
        let provider = available(ALICE);
        let mut larger = profile(0);
        larger.hardware.class = DeviceClass::LargeGpu;
        assert_ok!(update(ALICE, provider, larger));
        assert_eq!(last_event(), Event::ProfileUpdated { provider, generation: 1 });
        assert_eq!(record(provider).class, DeviceClass::LargeGpu);
        let above = |class| Pallet::<Test>::pool_size(Lane::Jobs(JobKind::Infer), class);
        assert_eq!(above(DeviceClass::LargeGpu), 1);
        assert_eq!(above(DeviceClass::Accelerator), 0);
    });
}

#[test]
fn update_profile_should_free_the_old_hardware_when_the_binding_changes() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(update(ALICE, provider, profile(44)));
        assert_eq!(Bindings::<Test>::get(binding(44)), Some(provider));
        assert_eq!(Bindings::<Test>::get(binding(0)), None);
        assert_eq!(record(provider).generation, 1);
        assert_ok!(register(BOB, 77, profile(0), &[cairn_protocol::profile::Role::Compute], 100));
    });
}

#[test]
fn update_profile_should_settle_the_deposit_when_the_size_changes() {
    execute(|| {
        let provider = available(ALICE);
        let full = held(HoldReason::Deposit, ALICE);
        assert_ok!(update(ALICE, provider, Profile { payload_key: None, ..profile(0) }));
        let key = Amount::from(PAYLOAD_KEY_BYTES);
        assert_eq!(held(HoldReason::Deposit, ALICE), full - key);
        assert_ok!(update(ALICE, provider, profile(0)));
        assert_eq!(held(HoldReason::Deposit, ALICE), full);
    });
}

#[test]
fn update_profile_should_refuse_when_it_is_not_the_owner() {
    execute(|| {
        let provider = available(ALICE);
        for who in [BOB, operator_of(provider)] {
            assert_noop!(update(who, provider, profile(0)), Error::<Test>::NotOwner);
        }
        assert_noop!(update(ALICE, ProviderId(9), profile(0)), Error::<Test>::UnknownProvider);
    });
}

#[test]
fn update_profile_should_refuse_when_the_profile_makes_no_sense() {
    execute(|| {
        let provider = available(ALICE);
        let idle = Profile { offers: offers(&[]), ..profile(0) };
        assert_noop!(update(ALICE, provider, idle), Error::<Test>::NothingOffered);
        let twice = offers(&[(JobKind::Infer, 10), (JobKind::Infer, 20)]);
        let twice = Profile { offers: twice, ..profile(0) };
        assert_noop!(update(ALICE, provider, twice), Error::<Test>::DuplicateOffer);
        let mut none = profile(0);
        none.hardware.slots = 0;
        assert_noop!(update(ALICE, provider, none), Error::<Test>::NoSlots);
    });
}

#[test]
fn update_profile_should_refuse_when_the_hardware_backs_another() {
    execute(|| {
        let (provider, other) = (available(ALICE), available(BOB));
        assert_noop!(update(ALICE, provider, profile(other.0)), Error::<Test>::BindingTaken);
    });
}

#[test]
fn update_profile_should_refuse_when_the_provider_is_leaving() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(act(ALICE, Call::leave { provider }));
        assert_noop!(update(ALICE, provider, profile(0)), Error::<Test>::Leaving);
    });
}

#[test]
fn update_profile_should_refuse_when_a_larger_deposit_cannot_be_paid() {
    execute(|| {
        let provider = available(ALICE);
        assert_ok!(update(ALICE, provider, Profile { payload_key: None, ..profile(0) }));
        let free = Balances::balance(&ALICE) - 500;
        assert_ok!(act(ALICE, Call::add_bond { provider, amount: free }));
        assert_noop!(update(ALICE, provider, profile(0)), Error::<Test>::InsufficientBalance);
    });
}
