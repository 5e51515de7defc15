//! The market on the whole runtime: work is asked for, done, paid, and punished.

use cairn_protocol::{
    id::TaskId,
    job::{Requirements, Terms},
    lifecycle::Stage,
    profile::DeviceClass,
    view::{Lack, Quote},
};
use cairn_runtime::{
    market::runtime_decl_for_market_api::MarketApiV1, units::UNITS, Balance, Balances, MarketClock,
    Providers, Runtime, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, SafeMode, Treasury,
};
use cairn_runtime_tests::{account, market::*, Chain};
use cairn_seams::Clock;
use frame_support::traits::fungible::InspectHold;
use pallet_cairn_tasks::Event;

fn submit_to(chain: &mut Chain, redundancy: u8) -> TaskId {
    let terms = terms(chain, redundancy);
    submit(chain, terms)
}

#[test]
fn a_task_should_be_paid_when_its_workers_agree() {
    for redundancy in [1u8, 3] {
        let mut chain = market();
        let treasury = Treasury::account_id();
        let treasury_before = chain.state(|| Balances::free_balance(&treasury));
        let id = submit_to(&mut chain, redundancy);
        wait_for(&mut chain, id, Stage::Assigned);
        let workers = task(&mut chain, id).seats.len();
        assert_eq!(workers, usize::from(redundancy));

        let before: Vec<(&str, Balance)> =
            WORKERS.iter().map(|seed| (*seed, chain.free(seed))).collect();
        let paid = deliver(&mut chain, id);
        wait_for(&mut chain, id, Stage::Settled);

        let each = 24 * UNITS / 10 / Balance::from(redundancy);
        // A reveal pays its fee back, so only the reward moves a worker's balance.
        for (seed, before) in before {
            let earned = paid.iter().any(|provider| operator(*provider) == seed);
            let after = before + if earned { each } else { 0 };
            assert_eq!(chain.free(seed), after, "{seed}");
        }
        let treasury_after = chain.state(|| Balances::free_balance(&treasury));
        assert!(treasury_after >= treasury_before + 6 * UNITS / 10);
        let held = chain.state(|| {
            let reason = RuntimeHoldReason::Tasks(pallet_cairn_tasks::HoldReason::Escrow);
            Balances::balance_on_hold(&reason, &account(REQUESTER))
        });
        assert_eq!(held, 0);
    }
}

#[test]
fn silence_should_be_punished_and_somebody_else_asked() {
    let mut chain = market();
    let id = submit_to(&mut chain, 1);
    wait_for(&mut chain, id, Stage::Assigned);
    let silent = task(&mut chain, id).seats[0].provider;
    wait_for(&mut chain, id, Stage::Queued);
    let card = chain.state(|| Providers::card(silent)).expect("it is registered");
    assert_eq!(card.pending, UNITS, "half a percent of the bond");
    wait_for(&mut chain, id, Stage::Assigned);
    assert_ne!(task(&mut chain, id).seats[0].provider, silent);
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
}

#[test]
fn no_deadline_should_pass_while_safe_mode_lasts() {
    let mut chain = market();
    let id = submit_to(&mut chain, 1);
    wait_for(&mut chain, id, Stage::Assigned);
    chain.state(|| SafeMode::force_enter(RuntimeOrigin::root())).expect("root may");
    chain.blocks(100);
    assert_eq!(task(&mut chain, id).stage, Stage::Assigned);
    chain.state(|| SafeMode::force_exit(RuntimeOrigin::root())).expect("root may");
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
}

#[test]
fn the_market_should_say_what_happened() {
    let mut chain = market();
    let id = submit_to(&mut chain, 1);
    let submitted = Event::Submitted { task: id, requester: account(REQUESTER) };
    assert!(chain.events().contains(&RuntimeEvent::Tasks(submitted)));
}

fn quote(chain: &mut Chain, terms: &Terms) -> Quote {
    let quoted = chain.state(|| Runtime::quote(account(REQUESTER), terms.clone()));
    quoted.expect("the task would be accepted")
}

#[test]
fn a_quote_should_say_who_does_a_task_and_when() {
    let mut chain = market();
    let terms = terms(&mut chain, 3);
    let asked_at = chain.state(MarketClock::now);
    let quoted = quote(&mut chain, &terms);
    let supply = &quoted.supply;
    assert_eq!((supply.pool, supply.weaker, supply.looked_at), (5, 0, 5));
    assert_eq!((supply.fit, supply.parties, supply.eligible()), (5, 5, 5));
    assert_eq!((quoted.ahead, quoted.lack), (0, None));
    let id = submit(&mut chain, terms);
    wait_for(&mut chain, id, Stage::Assigned);
    assert_eq!(quoted.wait, Some(chain.state(MarketClock::now) - asked_at));
}

#[test]
fn a_quote_should_say_why_nobody_does_a_task() {
    let mut chain = market();
    let terms = terms(&mut chain, 1);
    let requirements = Requirements::any(DeviceClass::Accelerator);
    let quoted = quote(&mut chain, &Terms { requirements, ..terms });
    assert_eq!((quoted.supply.pool, quoted.supply.weaker), (0, 5));
    assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Class), None));
}
