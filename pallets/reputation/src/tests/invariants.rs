//! Each invariant can fail, and none does whatever happens.

use super::mock::*;
use crate::*;
use cairn_doubles::Known;
use cairn_protocol::{
    id::{Height, ProviderId},
    job::JobKind,
    reputation::{Average, Observation, Record, Rules, PIECE},
};
use cairn_seams::{Clock, Reputation as _};
use proptest::prelude::*;
use sp_runtime::TryRuntimeError;
use std::collections::BTreeMap;

/// What is stored breaks the invariant of that name, and nothing else.
fn assert_breaks(invariant: &'static str, provider: ProviderId, accuracy: Average) {
    new_test_ext().execute_with(|| {
        Now::set(10);
        let record = Record { accuracy, ..Default::default() };
        Records::<Test>::insert(provider, JobKind::Infer, record);
        assert_eq!(Reputation::do_try_state(), Err(TryRuntimeError::Other(invariant)));
    });
}

#[test]
fn try_state_should_name_the_invariant_when_one_is_broken() {
    let sound = Average { right: PIECE, wrong: PIECE, updated: 10 };
    let full = u64::from(u16::MAX) * PIECE;
    let heavy = Average { right: full, wrong: 1, ..sound };
    assert_breaks("dimensions_are_bounded", WORKER, heavy);
    assert_breaks("updates_are_past", WORKER, Average { updated: 11, ..sound });
    assert_breaks("providers_are_registered", ProviderId(77), sound);
}

#[test]
fn storage_version_should_be_one() {
    use frame_support::traits::{GetStorageVersion, StorageVersion};
    assert_eq!(Reputation::in_code_storage_version(), StorageVersion::new(1));
}

/// Anything that can happen between pallets.
#[derive(Clone, Debug)]
enum Step {
    Observe(ProviderId, JobKind, Observation),
    ObserveFor(ProviderId, JobKind, Observation, AccountId),
    Pass(Height),
    Stop(bool),
    Declare(AccountId, AccountId),
    Register(ProviderId),
    Leave(ProviderId),
    Tune(Rules),
}

fn provider() -> impl Strategy<Value = ProviderId> {
    (1u64..6).prop_map(ProviderId)
}

/// An owner, an operator or a stranger.
fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![provider().prop_map(owner_of), provider().prop_map(operator_of), Just(STRANGER)]
}

fn kind() -> impl Strategy<Value = JobKind> {
    prop::sample::select(&JobKind::ALL[..3])
}

fn seen() -> impl Strategy<Value = Observation> {
    any::<(Option<bool>, Option<bool>, Option<bool>)>()
        .prop_map(|(accurate, timely, available)| Observation { accurate, timely, available })
}

fn rules() -> impl Strategy<Value = Rules> {
    any::<(u32, u16, u16, u16, u32)>().prop_map(
        |(prior, inertia, window, fault_weight, half_life)| Rules {
            prior,
            inertia,
            window,
            fault_weight,
            half_life,
            ..RULES
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (provider(), kind(), seen()).prop_map(|(p, k, o)| Step::Observe(p, k, o)),
        6 => (provider(), kind(), seen(), account())
            .prop_map(|(p, k, o, a)| Step::ObserveFor(p, k, o, a)),
        3 => prop_oneof![0u32..5_000, any::<u32>()].prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Stop),
        1 => (account(), account()).prop_map(|(a, b)| Step::Declare(a, b)),
        2 => provider().prop_map(Step::Register),
        1 => provider().prop_map(Step::Leave),
        1 => rules().prop_map(Step::Tune),
    ]
}

/// What the records should be, by the same rules over a plain map.
#[derive(Default)]
struct Model(BTreeMap<(ProviderId, JobKind), Record>);

impl Model {
    fn observe(&mut self, provider: ProviderId, kind: JobKind, seen: Observation) {
        if Registered::get().contains(&provider) && seen != NOTHING {
            let record = self.0.entry((provider, kind)).or_default();
            *record = record.observed(seen, &CurrentRules::get(), Now::get());
        }
    }
}

/// Links as a plain list of names: an operator stands for its owner, an owner for its operator.
fn one_party(provider: ProviderId, requester: AccountId) -> bool {
    let principal = HandRegistry::operated_by(&requester).map_or(requester, owner_of);
    let declared = |a, b| Declared::get().iter().any(|pair| *pair == (a, b) || *pair == (b, a));
    let is_one_with =
        |name| [requester, principal].iter().any(|a| *a == name || declared(*a, name));
    is_one_with(owner_of(provider)) || is_one_with(operator_of(provider))
}

fn apply(step: Step, model: &mut Model) {
    match step {
        Step::Observe(provider, kind, seen) => {
            Reputation::observe(provider, kind, seen);
            model.observe(provider, kind, seen);
        }
        Step::ObserveFor(provider, kind, seen, requester) => {
            Reputation::observe_for(provider, kind, seen, &requester);
            if !one_party(provider, requester) {
                model.observe(provider, kind, seen);
            }
        }
        Step::Pass(blocks) => HandClock::pass(blocks),
        Step::Stop(stopped) => IsStopped::set(stopped),
        Step::Declare(a, b) => Declared::mutate(|declared| declared.push((a, b))),
        Step::Register(provider) => Registered::mutate(|registered| {
            if !registered.contains(&provider) {
                registered.push(provider);
            }
        }),
        Step::Leave(provider) => {
            Registered::mutate(|registered| registered.retain(|other| *other != provider));
            Reputation::forget(provider);
            model.0.retain(|(other, _), _| *other != provider);
        }
        Step::Tune(rules) => CurrentRules::set(rules),
    }
}

fn stored() -> BTreeMap<(ProviderId, JobKind), Record> {
    Records::<Test>::iter().map(|(provider, kind, record)| ((provider, kind), record)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn records_should_be_as_the_rules_say_when_anything_happens(
        steps in prop::collection::vec(step(), 50),
    ) {
        new_test_ext().execute_with(|| {
            let mut model = Model::default();
            for step in steps {
                apply(step, &mut model);
                prop_assert_eq!(Reputation::do_try_state(), Ok(()));
                prop_assert_eq!(&stored(), &model.0);
                for ((provider, kind), record) in &model.0 {
                    let standing = record.standing(&CurrentRules::get(), HandClock::now());
                    prop_assert_eq!(Reputation::standing(*provider, *kind), standing);
                }
            }
            Ok(())
        })?;
    }
}
