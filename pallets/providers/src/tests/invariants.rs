//! Random calls, with every invariant checked after each.

use super::mock::*;
use crate::{Call, HoldReason, NextProvider, Pallet, ProviderDetails, Providers, SlashQueue};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, Height, ProviderId},
    job::JobKind,
    profile::{Availability, DeviceClass, Profile, Role},
};
use cairn_seams::{Lane, Prospect, Registry};
use frame_support::traits::{fungible::InspectHold, UnfilteredDispatchable};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Call(u64, Box<Call<Test>>),
    Cancel(u64),
    Pass(Height),
    Idle,
    Stop(bool),
    Engage(u64),
    Begin(u64),
    End(u64),
    Disengage(u64),
    Penalise(u64, usize),
    Missed(u64),
    Measured(u64, u64),
    Sample(usize, usize, u8),
    Bonds(Amount),
}

fn provider() -> impl Strategy<Value = ProviderId> {
    (0..5u64).prop_map(ProviderId)
}

fn role_subset() -> impl Strategy<Value = Vec<Role>> {
    prop_oneof![
        1 => Just(Vec::new()),
        9 => prop::sample::subsequence(Role::ALL.to_vec(), 1..=5),
    ]
}

fn any_profile() -> impl Strategy<Value = Box<Profile>> {
    let kinds = prop_oneof![
        1 => Just(Vec::new()),
        9 => prop::sample::subsequence(JobKind::ALL.to_vec(), 1..=6),
    ];
    let slots = prop_oneof![1 => Just(0), 9 => 1..3u8];
    (0..12u64, 0..5usize, kinds, slots, any::<bool>()).prop_map(
        |(nth, class, kinds, slots, sealable)| {
            let mut profile = profile(nth);
            profile.hardware.class = DeviceClass::ALL[class];
            profile.hardware.slots = slots;
            profile.offers = offers(&kinds.into_iter().map(|kind| (kind, 1)).collect::<Vec<_>>());
            profile.payload_key = profile.payload_key.filter(|_| sealable);
            Box::new(profile)
        },
    )
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => 0..20_000u128,
        1 => Just(ENDOWMENT),
        1 => Just(Amount::MAX),
    ]
}

fn call() -> impl Strategy<Value = Call<Test>> {
    let availability = prop::sample::select(vec![
        Availability::Available,
        Availability::Draining,
        Availability::Paused,
    ]);
    prop_oneof![
        4 => (1..6u64, any_profile(), role_subset(), amount()).prop_map(
            |(operator, profile, of, bond)| {
                Call::register { operator, profile, roles: roles(&of), bond }
            }
        ),
        2 => (provider(), any_profile())
            .prop_map(|(provider, profile)| Call::update_profile { provider, profile }),
        1 => (provider(), amount())
            .prop_map(|(provider, amount)| Call::add_bond { provider, amount }),
        1 => (provider(), role_subset())
            .prop_map(|(provider, of)| Call::set_roles { provider, roles: roles(&of) }),
        2 => (provider(), availability).prop_map(|(provider, availability)| {
            Call::set_availability { provider, availability }
        }),
        8 => provider().prop_map(|provider| Call::heartbeat { provider }),
        1 => (provider(), 1..6u64)
            .prop_map(|(provider, operator)| Call::rotate_operator { provider, operator }),
        1 => (1..6u64, any::<bool>())
            .prop_map(|(other, same_party)| Call::link_account { other, same_party }),
        2 => (provider(), amount())
            .prop_map(|(provider, amount)| Call::unbond { provider, amount }),
        2 => provider().prop_map(|provider| Call::leave { provider }),
        3 => provider().prop_map(|provider| Call::withdraw { provider }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => (1..6u64, call()).prop_map(|(who, call)| Step::Call(who, Box::new(call))),
        1 => (0..4u64).prop_map(Step::Cancel),
        3 => prop_oneof![1..15u32, 90..130u32].prop_map(Step::Pass),
        2 => Just(Step::Idle),
        1 => prop::bool::weighted(0.3).prop_map(Step::Stop),
        1 => (0..5u64).prop_map(Step::Engage),
        1 => (0..5u64).prop_map(Step::Begin),
        2 => (0..5u64).prop_map(Step::End),
        2 => (0..5u64).prop_map(Step::Disengage),
        3 => (0..5u64, 0..Fault::ALL.len()).prop_map(|(who, fault)| Step::Penalise(who, fault)),
        1 => (0..5u64).prop_map(Step::Missed),
        2 => (0..5u64, prop_oneof![0..200u64, 0..20_000u64])
            .prop_map(|(who, measured)| Step::Measured(who, measured)),
        2 => (0..crate::lanes::all().count(), 0..5usize, any::<u8>())
            .prop_map(|(lane, class, seed)| Step::Sample(lane, class, seed)),
        1 => (0..3_000u128).prop_map(Step::Bonds),
    ]
}

/// The provider meant, and who would be entitled to most calls on it half of the time.
fn caller(who: u64, call: &Call<Test>) -> u64 {
    let provider = match call {
        Call::heartbeat { provider } => {
            return Providers::<Test>::get(provider).map_or(who, |record| record.operator)
        }
        Call::update_profile { provider, .. }
        | Call::add_bond { provider, .. }
        | Call::set_roles { provider, .. }
        | Call::rotate_operator { provider, .. }
        | Call::unbond { provider, .. }
        | Call::leave { provider }
        | Call::withdraw { provider } => provider,
        _ => return who,
    };
    Providers::<Test>::get(provider)
        .filter(|_| who.is_multiple_of(2))
        .map_or(who, |record| record.owner)
}

fn take(step: Step) {
    match step {
        Step::Call(who, call) => {
            let before = sp_io::storage::root(Default::default());
            let result = act(caller(who, &call), *call);
            let after = sp_io::storage::root(Default::default());
            assert!(result.is_ok() || before == after, "a refused call has changed something");
        }
        Step::Cancel(offset) => {
            let slash = SlashQueue::<Test>::get().first + offset;
            let call = RuntimeCall::Market(Call::cancel_slash { slash });
            let _ = call.dispatch_bypass_filter(RuntimeOrigin::root());
        }
        Step::Pass(blocks) => pass(if Stopped::get() { 0 } else { blocks }),
        Step::Idle => {
            idle();
        }
        Step::Stop(stopped) => Stopped::set(stopped),
        Step::Engage(id) => Pallet::<Test>::engage(ProviderId(id)),
        Step::Begin(id) => {
            Pallet::<Test>::engage(ProviderId(id));
            Pallet::<Test>::begin_work(ProviderId(id));
        }
        Step::End(id) => {
            if Providers::<Test>::get(ProviderId(id)).is_some_and(|record| record.load > 0) {
                Pallet::<Test>::end_work(ProviderId(id));
                Pallet::<Test>::disengage(ProviderId(id));
            }
        }
        Step::Disengage(id) => {
            let idle = |record: crate::types::Registration<u64>| record.engagements > record.load;
            if Providers::<Test>::get(ProviderId(id)).is_some_and(idle) {
                Pallet::<Test>::disengage(ProviderId(id));
            }
        }
        Step::Penalise(id, fault) => {
            Pallet::<Test>::penalise(ProviderId(id), Fault::ALL[fault], id);
        }
        Step::Missed(id) => Pallet::<Test>::note_missed(ProviderId(id)),
        Step::Measured(id, measured) => {
            Pallet::<Test>::note_throughput(ProviderId(id), measured);
        }
        Step::Sample(lane, class, seed) => sample(lane, DeviceClass::ALL[class], seed),
        Step::Bonds(compute) => Bonds::mutate(|bonds| bonds.compute = compute),
    }
}

/// Whoever is drawn is there and serves the lane, in that class or above, with a bond that is
/// enough for its roles when all that is queued for more than lateness is taken.
fn sample(lane: usize, class: DeviceClass, seed: u8) {
    let lane: Lane = crate::lanes::all().nth(lane).unwrap();
    for Prospect { candidate, names } in Pallet::<Test>::sample(lane, class, 4, &[seed; 32]) {
        let provider = candidate.provider;
        assert_eq!(Pallet::<Test>::candidate(provider, lane).as_ref(), Some(&candidate));
        assert_eq!(Pallet::<Test>::names_of(provider), names);
        assert!(candidate.hardware.class >= class);
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!(candidate.bond, card.bond.saturating_sub(card.pending));
        let required = Pallet::<Test>::required_bond(card.roles);
        assert!(record(provider).sound_bond() >= required);
        let price = matches!(lane, Lane::Jobs(_));
        assert_eq!(candidate.price.is_some(), price);
    }
}

/// Nothing that is done with a registration leaves it with another deposit than it would be asked
/// for.
fn deposits_are_due() {
    for (provider, record) in Providers::<Test>::iter() {
        let details = ProviderDetails::<Test>::get(provider).unwrap();
        assert_eq!(record.deposit, Pallet::<Test>::deposit_of(&record, &details));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn invariants_should_hold_after_each_of_fifty_random_calls(
        steps in prop::collection::vec(step(), 50),
    ) {
        Stopped::set(false);
        Slashed::set(0);
        let bonds = Bonds::get();
        new_test_ext().execute_with(|| {
            // Not from nothing, so that there is something to go wrong.
            for owner in [ALICE, BOB, ALICE] {
                available(owner);
            }
            let mut given = 0;
            for step in steps {
                take(step);
                assert_eq!(Pallet::<Test>::do_try_state(), Ok(()));
                deposits_are_due();
                assert_eq!(Balances::total_issuance() + Slashed::get(), 9 * ENDOWMENT);
                assert!(NextProvider::<Test>::get() >= given, "an id was taken back");
                given = NextProvider::<Test>::get();
            }
            // What is held is accounted for, also of those who have no registration left.
            for who in 1..10 {
                let bonds = held(HoldReason::Bond, who);
                let deposits = held(HoldReason::Deposit, who);
                assert_eq!(Balances::total_balance_on_hold(&who), bonds + deposits);
                if Pallet::<Test>::providers_of(&who).is_empty() {
                    assert_eq!(bonds, 0);
                }
            }
        });
        Bonds::set(bonds);
    }
}
