//! Useful work of validators' providers on the whole runtime: it earns points of the era.

use cairn_protocol::{
    audit::Shares,
    id::ProviderId,
    learning::inference::MOST_GRANT,
    lifecycle::Stage,
    profile::DeviceClass,
    settlement::Escrow,
    share::{of, WHOLE},
};
use cairn_runtime::{
    configs::{
        market::{AuditsThatLose, GrantsThatLose, WorthOfWork, LEAST_POINT_PRICE},
        parameters::{
            emission,
            market::{self, AuditRules, FaultShares, MeritRules, Parameters as Market, TaskRules},
        },
        staking::Emission,
    },
    units::{GENESIS_SUPPLY, SLOT_MILLIS, UNITS},
    AccountId, Balances, Parameters, Runtime, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin,
    RuntimeParameters,
};
use cairn_runtime_tests::{account, market::*, Chain};
use frame_support::traits::{fungible::InspectHold, Get};
use pallet_cairn_audits::types::{Pay, Rules};
use pallet_cairn_merit::{Call, Error, Event};
use pallet_cairn_tasks::types::Draws;
use pallet_staking::EraRewardPoints;
use sp_runtime::Perbill;
use sp_staking::EraPayout;

/// Blocks of an era on the local network.
const ERA: u32 = 300;

/// A market of one provider, which is Alice's, who validates. Its bond covers all that is offered
/// here.
fn one_provider() -> (Chain, ProviderId) {
    let mut chain = Chain::local();
    let provider = enlist(&mut chain, 0, DeviceClass::Cpu);
    let amount = 20_000_000 * UNITS;
    let add = pallet_cairn_providers::Call::add_bond { provider, amount };
    chain.submit("Alice", add).expect("she has more than that");
    (chain, provider)
}

/// Has the provider do a task of that worth, until it is paid; what no grant can give back of it.
fn work(chain: &mut Chain, reward: u128) -> u128 {
    let terms = cairn_protocol::job::Terms { reward, ..terms(chain, 1) };
    let id = submit(chain, terms);
    wait_for(chain, id, Stage::Assigned);
    let Escrow { reward, tip, fee, .. } = task(chain, id).escrow;
    deliver(chain, id);
    wait_for(chain, id, Stage::Settled);
    // What the worker does not get is burnt, or the treasury's, for there is no model.
    of(WHOLE - MOST_GRANT, (reward + tip) / 5 + fee)
}

fn points(chain: &mut Chain) -> EraRewardPoints<AccountId> {
    chain.state(|| {
        let era = pallet_staking::ActiveEra::<Runtime>::get().expect("from genesis on");
        pallet_staking::ErasRewardPoints::<Runtime>::get(era.index)
    })
}

/// Makes blocks to the end of the session; who was rewarded then.
fn end_session(chain: &mut Chain) -> Vec<Event<Runtime>> {
    let session = chain.state(cairn_runtime::Session::current_index);
    while chain.state(cairn_runtime::Session::current_index) == session {
        chain.block(vec![]);
    }
    let merits = |event| match event {
        RuntimeEvent::Merit(event) => Some(event),
        _ => None,
    };
    chain.events().into_iter().filter_map(merits).collect()
}

#[test]
fn work_should_earn_points_of_the_era_when_a_validator_linked_its_provider() {
    let (mut chain, provider) = one_provider();
    end_session(&mut chain);
    chain.submit("Alice", Call::link_provider { provider }).expect("it is hers");
    let linked_in = chain.number();
    let held = chain.state(|| {
        let reason = RuntimeHoldReason::Merit(pallet_cairn_merit::HoldReason::Link);
        Balances::balance_on_hold(&reason, &account("Alice"))
    });
    assert_eq!(held, 34 * UNITS / 100);

    let lost = work(&mut chain, 100 * UNITS);
    let rules = chain.state(<MeritRules as Get<pallet_cairn_merit::Rules>>::get);
    let earned = (lost / rules.price) as u32;
    let events = end_session(&mut chain);
    // The pool is a quarter of 20 points a block, and was not used up.
    assert!(earned > 0 && earned < (chain.number() - linked_in) * 5);
    let validator = account("Alice");
    let rewarded = Event::Rewarded { validator, provider, work: lost, points: earned };
    assert_eq!(events, [rewarded]);

    // All else are the authors', who take turns: the sum says that nothing else was added, and
    // that a block is worth what this runtime thinks it is.
    let all = points(&mut chain);
    assert!(chain.number() < ERA);
    assert_eq!(all.total, 20 * chain.number() + earned);
    assert_eq!(all.individual.values().sum::<u32>(), all.total);
    let authored = all.individual[&account("Alice")] - earned;
    assert!(authored.abs_diff(5 * chain.number()) <= 20 * 10, "{authored}");
}

#[test]
fn work_should_earn_no_more_than_the_pool_however_much_was_paid() {
    let (mut chain, provider) = one_provider();
    end_session(&mut chain);
    chain.submit("Alice", Call::link_provider { provider }).expect("it is hers");
    let linked_in = chain.number();
    work(&mut chain, 1_000_000 * UNITS);
    let events = end_session(&mut chain);
    let pool = (chain.number() - linked_in) * 5;
    let [Event::Rewarded { work, points, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*work, *points), (10_000 * UNITS, pool));
    // Nothing of it is left for the next session.
    assert_eq!(end_session(&mut chain), []);
}

#[test]
fn work_should_count_for_the_era_it_was_done_in_when_that_ends() {
    let (mut chain, provider) = one_provider();
    chain.submit("Alice", Call::link_provider { provider }).expect("it is hers");
    // To the last session of the era.
    for _ in 0..4 {
        end_session(&mut chain);
    }
    let era = chain.state(|| pallet_staking::ActiveEra::<Runtime>::get().expect("one").index);
    let lost = work(&mut chain, 100 * UNITS);
    assert_eq!(end_session(&mut chain).len(), 1);
    let (now, was) = chain.state(|| {
        let now = pallet_staking::ActiveEra::<Runtime>::get().expect("one").index;
        (now, pallet_staking::ErasRewardPoints::<Runtime>::get(era))
    });
    assert_eq!(now, era + 1);
    let earned = (lost / (UNITS / 2)) as u32;
    assert_eq!(was.total % 20, earned % 20, "blocks give twenties");
    assert_eq!(points(&mut chain).total % 20, 0);
}

#[test]
fn a_provider_should_not_be_linked_when_its_owner_does_not_validate() {
    let mut chain = Chain::local();
    let mine = enlist(&mut chain, 0, DeviceClass::Cpu);
    for n in 1..4 {
        enlist(&mut chain, n, DeviceClass::Cpu);
    }
    let theirs = ProviderId(3);
    assert_eq!(operator(theirs), "Eve");
    let refused = chain.submit("Eve", Call::link_provider { provider: theirs });
    assert_eq!(refused, Err(Error::<Runtime>::NotValidator.into()));
    let refused = chain.submit("Bob", Call::link_provider { provider: mine });
    assert_eq!(refused, Err(Error::<Runtime>::NotYours.into()));
}

fn set(value: RuntimeParameters) {
    Parameters::set_parameter(RuntimeOrigin::root(), value).expect("root may");
}

#[test]
fn a_point_should_cost_what_it_costs_at_least_when_governance_says_less() {
    Chain::local().state(|| {
        let usual = WorthOfWork::get();
        for (price, expected) in [
            (0, LEAST_POINT_PRICE),
            (LEAST_POINT_PRICE - 1, LEAST_POINT_PRICE),
            (LEAST_POINT_PRICE, LEAST_POINT_PRICE),
            (2 * UNITS, 2 * UNITS),
        ] {
            let said = pallet_cairn_merit::Rules { price, ..usual };
            set(RuntimeParameters::Market(Market::MeritRules(MeritRules, Some(said))));
            let counts = <<Runtime as pallet_cairn_merit::Config>::Rules as Get<_>>::get();
            assert_eq!(counts, pallet_cairn_merit::Rules { price: expected, ..usual });
        }
    });
}

#[test]
fn grants_and_guards_should_get_less_when_governance_has_more_looked_at() {
    Chain::local().state(|| {
        let usual = AuditsThatLose::get();
        for (alone, paid, grant) in [
            // By what is paid for looking at outcomes, which is always done.
            (0, 1_800_000, 577_500),
            (100_000, 1_800_000, 515_000),
            (200_000, 1_800_000, 140_000),
            (WHOLE, 427_200, 0),
        ] {
            let shares = Shares { alone, ..usual.shares };
            let said = Rules { shares, ..usual };
            set(RuntimeParameters::Market(Market::AuditRules(AuditRules, Some(said))));
            let counts = <<Runtime as pallet_cairn_audits::Config>::Rules as Get<Rules>>::get();
            let pay = Pay { guards: paid, ..usual.pay };
            assert_eq!(counts, Rules { pay, ..said });
            assert_eq!(GrantsThatLose::get(), grant);
        }
    });
}

#[test]
fn guards_should_get_less_when_it_costs_less_to_be_outvoted() {
    Chain::local().state(|| {
        let (faults, tasks) = (market::FaultShares::get(), market::TaskRules::get());
        let say = |outvoted, cover| {
            let faults = pallet_cairn_providers::FaultShares { outvoted, ..faults };
            set(RuntimeParameters::Market(Market::FaultShares(FaultShares, Some(faults))));
            let draws = Draws { cover, ..tasks.draws };
            let tasks = pallet_cairn_tasks::types::Rules { draws, ..tasks };
            set(RuntimeParameters::Market(Market::TaskRules(TaskRules, Some(tasks))));
            <<Runtime as pallet_cairn_audits::Config>::Rules as Get<Rules>>::get().pay.guards
        };
        let usual = tasks.draws.cover;
        assert_eq!(say(faults.outvoted, usual), 1_800_000);
        assert_eq!(say(20_000, usual), 990_000);
        assert_eq!(say(faults.outvoted, 150_000), 990_000);
        assert_eq!(say(0, usual), 0);
    });
}

#[test]
fn a_point_should_cost_at_least_twice_what_it_is_worth_at_most() {
    Chain::local().state(|| {
        // More than there may be, so that the most there may be is paid.
        let rate = Some(Perbill::one());
        set(RuntimeParameters::Emission(emission::Parameters::AnnualRate(
            emission::AnnualRate,
            rate,
        )));
        let millis = Emission::nominal_era_millis();
        let (paid, _) = Emission::era_payout(0, GENESIS_SUPPLY, millis);
        // An author gets twenty for a block.
        let worth = paid / u128::from(20 * millis / SLOT_MILLIS);
        assert!(2 * worth <= LEAST_POINT_PRICE, "{worth}");
        assert!(worth > 0 && LEAST_POINT_PRICE < 3 * worth, "{worth}");
    });
}
