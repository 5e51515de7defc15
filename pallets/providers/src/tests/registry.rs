use super::mock::*;
use crate::{Call, Pallet};
use cairn_protocol::{
    fault::Fault,
    id::{ProviderId, Region},
    job::JobKind,
    profile::{Availability, Candidate, Profile, Role},
};
use cairn_seams::{Lane, Registry};
use frame_support::assert_ok;

#[test]
fn candidate_should_be_what_matching_looks_at() {
    execute(|| {
        available(BOB);
        let provider = available(ALICE);
        Pallet::<Test>::engage(provider);
        Pallet::<Test>::begin_work(provider);
        let expected = Candidate {
            provider,
            hardware: profile(provider.0).hardware,
            region: Region(0x0102),
            price: Some(20),
            throughput: 0,
            enclave: true,
            sealable: true,
            load: 1,
            bond: BOND,
            reputation: 11,
        };
        let embed = Lane::Jobs(JobKind::Embed);
        assert_eq!(Pallet::<Test>::candidate(provider, embed), Some(expected));
        // A role has no price, and is judged by how its holder evaluates.
        let guard = Candidate { price: None, reputation: 13, ..expected };
        let guards = Lane::Holders(Role::Guard);
        assert_eq!(Pallet::<Test>::candidate(provider, guards), Some(guard));
    });
}

#[test]
fn candidate_should_count_for_what_no_penalty_is_to_take() {
    execute(|| {
        let provider = available(ALICE);
        let bond = |lane| Pallet::<Test>::candidate(provider, lane).unwrap().bond;
        for lane in [Lane::Jobs(JobKind::Infer), Lane::Holders(Role::Guard)] {
            assert_eq!(bond(lane), BOND);
        }
        Pallet::<Test>::penalise(provider, Fault::Wrong, 1);
        for lane in [Lane::Jobs(JobKind::Infer), Lane::Holders(Role::Guard)] {
            assert_eq!(bond(lane), BOND / 2);
        }
    });
}

#[test]
fn candidate_should_be_none_when_the_provider_does_not_serve_the_lane() {
    execute(|| {
        let provider = available(ALICE);
        let serves = |lane| Pallet::<Test>::candidate(provider, lane).is_some();
        assert!(serves(Lane::Jobs(JobKind::Infer)));
        assert!(!serves(Lane::Jobs(JobKind::Wasm)));
        assert!(!serves(Lane::Holders(Role::Entropy)));
        assert_eq!(Pallet::<Test>::candidate(ProviderId(9), Lane::Jobs(JobKind::Infer)), None);
        assert_ok!(act(ALICE, Call::set_roles { provider, roles: roles(&[Role::Guard]) }));
        assert!(!serves(Lane::Jobs(JobKind::Infer)));
    });
}

#[test]
fn candidate_should_say_what_its_profile_lacks() {
    execute(|| {
        let plain = Profile { payload_key: None, enclave: None, ..profile(0) };
        assert_ok!(register(ALICE, 77, plain, &[Role::Compute], 100));
        assert_ok!(beat(ProviderId(0)));
        let lane = Lane::Jobs(JobKind::Infer);
        let candidate = Pallet::<Test>::candidate(ProviderId(0), lane).unwrap();
        assert_eq!((candidate.sealable, candidate.enclave), (false, false));
    });
}

#[test]
fn work_should_be_counted() {
    execute(|| {
        let provider = available(ALICE);
        let load = || Pallet::<Test>::candidate(provider, Lane::Jobs(JobKind::Infer)).unwrap().load;
        for _ in 0..300 {
            Pallet::<Test>::engage(provider);
            Pallet::<Test>::begin_work(provider);
        }
        // More than a candidate can say, and none of it forgotten.
        assert_eq!(load(), u8::MAX);
        (0..299).for_each(|_| Pallet::<Test>::end_work(provider));
        assert_eq!(load(), 1);
        Pallet::<Test>::end_work(provider);
        (0..300).for_each(|_| Pallet::<Test>::disengage(provider));
        assert_eq!((record(provider).load, record(provider).engagements), (0, 0));
    });
}

#[test]
fn registry_should_answer_nothing_when_the_provider_is_unknown() {
    execute(|| {
        let unknown = ProviderId(9);
        Pallet::<Test>::engage(unknown);
        Pallet::<Test>::begin_work(unknown);
        Pallet::<Test>::end_work(unknown);
        Pallet::<Test>::disengage(unknown);
        assert_eq!(Pallet::<Test>::owner(unknown), None);
        assert_eq!(Pallet::<Test>::generation(unknown), 0);
        assert_eq!(Pallet::<Test>::operated_by(&ALICE), None);
        assert_eq!(Pallet::<Test>::card(unknown), None);
        let provider = available(ALICE);
        assert_eq!(Pallet::<Test>::owner(provider), Some(ALICE));
    });
}

#[test]
fn serves_should_tell_what_a_provider_is_registered_for_when_it_is_not_there() {
    execute(|| {
        let provider = available(ALICE);
        let availability = Availability::Draining;
        assert_ok!(act(ALICE, Call::set_availability { provider, availability }));
        for (lane, expected) in [
            (Lane::Jobs(JobKind::Infer), true),
            (Lane::Jobs(JobKind::Wasm), false),
            (Lane::Holders(Role::Guard), true),
            (Lane::Holders(Role::Entropy), false),
        ] {
            assert_eq!(Pallet::<Test>::serves(provider, lane), expected, "{lane:?}");
            assert!(!Pallet::<Test>::serves(ProviderId(9), lane), "{lane:?}");
            assert_eq!(Pallet::<Test>::candidate(provider, lane), None);
        }
    });
}
