//! The market on the whole runtime: work is asked for, done, paid, and punished.

use cairn_protocol::{
    id::{ProviderId, TaskId},
    job::{Requirements, Terms},
    lifecycle::Stage,
    profile::{Availability, DeviceClass, Role},
    view::{Lack, Obstacle, Quote},
};
use cairn_runtime::{
    configs::{
        market::{longest_dispute, longest_panel},
        parameters::{learning, market},
    },
    market::{runtime_decl_for_market_api::MarketApiV4, Refusal},
    units::{DAYS, UNITS},
    Balance, Balances, MarketClock, Parameters, Providers, Runtime, RuntimeCall, RuntimeEvent,
    RuntimeHoldReason, RuntimeOrigin, RuntimeParameters, SafeMode, System, TransactionPayment,
    Treasury,
};
use cairn_runtime_tests::{account, market::*, transfer, Chain};
use cairn_seams::Clock;
use codec::Encode;
use frame_support::traits::{
    fungible::{Inspect, InspectHold},
    Get,
};
use pallet_cairn_tasks::Event;
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

type Refused = pallet_cairn_entropy::Error<cairn_runtime::Runtime>;

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
fn unbonding_should_outlast_every_dispute() {
    // At the pace of a public network, and at that of one to try things on.
    for quick in [false, true] {
        let patch = serde_json::json!({ "launch": { "quickMarket": quick } });
        let (dispute, rules) = Chain::with(patch).state(|| {
            let period = market::UnbondingPeriod::get();
            let dispute = longest_dispute();
            assert!(period > dispute, "{period} blocks are over before {dispute}");
            (dispute, market::TaskRules::get())
        });
        // Work for which others are asked again, an audit of it, and an appeal.
        let again = u32::from(rules.draws.reassignments) + 2;
        assert!(dispute > again * rules.clocks.work_most + 2 * DAYS);
    }
}

#[test]
fn learning_should_wait_as_long_as_those_it_waits_for_may_take() {
    for quick in [false, true] {
        let patch = serde_json::json!({ "launch": { "quickMarket": quick } });
        Chain::with(patch).state(|| {
            let (panel, dispute) = (longest_panel(), longest_dispute());
            let judging = learning::CurationRules::get().clocks.judging;
            // Else sets would be void that panels are still at.
            assert!(judging > panel, "sets are judged for {judging} blocks, a panel for {panel}");
            let appeal = market::AppealWindow::get();
            assert!(dispute >= panel + appeal, "{dispute} blocks do not outlast a panel");
            let keep = learning::CustodyRules::get().keep;
            assert!(dispute >= keep + appeal, "{dispute} blocks do not outlast a keeper");
            // A reward that comes to nothing in its period waits for the end of the next one.
            let curation = learning::CurationRules::get().clocks;
            let period = learning::RewardRules::get().emission.period;
            let held = 2 * (period + curation.reveal + curation.judging);
            assert!(keep > held, "files are kept {keep} blocks, and rewards held for {held}");
        });
    }
}

#[test]
fn workers_and_guards_should_have_as_long_to_reveal_as_the_chain_began_with() {
    for (blocks, expected) in [(None, 10), (Some(40), 40)] {
        let patch = serde_json::json!({ "launch": { "revealBlocks": blocks } });
        let reveal = Chain::with(patch).state(|| {
            (market::TaskRules::get().clocks.reveal, market::AuditRules::get().clocks.reveal)
        });
        assert_eq!(reveal, (expected, expected));
    }
}

#[test]
fn a_chain_should_begin_with_the_share_of_audits_that_it_is_given() {
    let rules = |launch: serde_json::Value| {
        Chain::with(serde_json::json!({ "launch": launch })).state(market::AuditRules::get)
    };
    let usual = rules(serde_json::json!({ "quickMarket": true }));
    let all = serde_json::json!({ "quickMarket": true, "auditShare": 1_000_000 });
    let all = rules(all);
    assert_eq!((usual.shares.alone, all.shares.alone), (100_000, 1_000_000));
    // Nothing else is another.
    assert_eq!((all.clocks, all.shares.contested), (usual.clocks, usual.shares.contested));
    let slow = rules(serde_json::json!({ "quickMarket": false, "auditShare": 5 }));
    assert_eq!(slow.shares.alone, 5);
    assert!(slow.clocks.unmask > usual.clocks.unmask);
}

#[test]
fn a_dispute_should_last_longer_when_the_rules_say_so() {
    Chain::local().state(|| {
        let before = longest_dispute();
        let mut rules = market::TaskRules::get();
        rules.clocks.work_most += DAYS;
        let rules = market::Parameters::TaskRules(market::TaskRules, Some(rules));
        let rules = RuntimeParameters::Market(rules);
        Parameters::set_parameter(RuntimeOrigin::root(), rules).expect("root may");
        assert!(longest_dispute() > before + DAYS);
    });
}

/// Commits to a contribution to the beacon, as soon as that may be done.
fn contribute(chain: &mut Chain, seed: &str) -> Result<(), DispatchError> {
    let commit = || pallet_cairn_entropy::Call::commit { commitment: [1; 32] };
    for _ in 0..40 {
        let done = chain.submit(seed, commit());
        if done != Err(Refused::NotCommitting.into()) {
            return done;
        }
    }
    panic!("no round begins");
}

#[test]
fn a_provider_should_hear_why_it_cannot_contribute() {
    let mut chain = market();
    assert_eq!(contribute(&mut chain, REQUESTER), Err(Refused::NotOperator.into()));
    assert_eq!(contribute(&mut chain, WORKERS[0]), Err(Refused::NotServing.into()));
    let provider = ProviderId(0);
    let roles = [Role::Compute, Role::Entropy].into_iter().collect();
    let takes = pallet_cairn_providers::Call::set_roles { provider, roles };
    chain.submit(WORKERS[0], takes).expect("its bond covers both");
    let set = |chain: &mut Chain, availability| {
        let call = pallet_cairn_providers::Call::set_availability { provider, availability };
        chain.submit(WORKERS[0], call).expect("it is its own");
    };
    set(&mut chain, Availability::Draining);
    assert_eq!(contribute(&mut chain, WORKERS[0]), Err(Refused::NotAvailable.into()));
    set(&mut chain, Availability::Available);
    assert_eq!(contribute(&mut chain, WORKERS[0]), Ok(()));
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

#[test]
fn a_quote_should_say_that_no_bond_covers_what_is_offered() {
    let mut chain = market();
    // Six per cent of 200 CRN.
    let covered = Terms { reward: 12 * UNITS, ..terms(&mut chain, 1) };
    assert_eq!(quote(&mut chain, &covered).supply.fit, 5);
    let quoted = quote(&mut chain, &Terms { tip: 1, ..covered });
    assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Unfit), None));
    assert_eq!(quoted.supply.obstacles, [(Obstacle::Bond, 5)]);
}

/// What would come of a call of that account.
fn checked(chain: &mut Chain, seed: &str, call: impl Into<RuntimeCall>) -> Result<(), Refusal> {
    let call: RuntimeCall = call.into();
    chain.state(|| Runtime::check(account(seed), call.encode()))
}

fn reason(checked: Result<(), Refusal>) -> String {
    match checked {
        Err(Refusal::Fails { name, .. }) => String::from_utf8(name).expect("names are text"),
        other => panic!("{other:?}"),
    }
}

/// Why the requester's call would fail.
fn refused(chain: &mut Chain, call: impl Into<RuntimeCall>) -> String {
    reason(checked(chain, REQUESTER, call))
}

#[test]
fn a_refusal_should_say_which_pallet_refuses() {
    let mut chain = market();
    let task = submit_to(&mut chain, 1);
    wait_for(&mut chain, task, Stage::Assigned);
    let commit = pallet_cairn_tasks::Call::commit { task, commitment: [1; 32] };
    assert_eq!(refused(&mut chain, commit), "Tasks::NotAnOperator");
    let plant = pallet_cairn_audits::Call::plant { note: [1; 32] };
    assert_eq!(refused(&mut chain, plant), "Audits::NotAnOperator");
    let appeal = pallet_cairn_providers::Call::cancel_slash { slash: 0 };
    assert_eq!(refused(&mut chain, appeal), "Bad origin");

    let terms = terms(&mut chain, 2);
    let quoted = chain.state(|| Runtime::quote(account(REQUESTER), terms));
    let Err(Refusal::Fails { name, .. }) = quoted else { panic!("{quoted:?}") };
    assert_eq!(name, b"Tasks::EvenRedundancy");
}

fn submission(terms: Terms) -> RuntimeCall {
    pallet_cairn_tasks::Call::<Runtime>::submit { terms: Box::new(terms) }.into()
}

#[test]
fn a_check_should_speak_of_the_next_block_when_a_deadline_passes() {
    let mut chain = market();
    let id = submit_to(&mut chain, 1);
    wait_for(&mut chain, id, Stage::Assigned);
    let assigned = task(&mut chain, id);
    let (worker, due) = (operator(assigned.seats[0].provider), assigned.due);
    while chain.state(MarketClock::now) + 1 < due {
        chain.block(vec![]);
    }
    let commit = || pallet_cairn_tasks::Call::<Runtime>::commit { task: id, commitment: [1; 32] };
    let poke = || pallet_cairn_tasks::Call::<Runtime>::poke { task: id };
    assert_eq!(checked(&mut chain, worker, commit()), Ok(()));
    assert_eq!(refused(&mut chain, poke()), "Tasks::TooEarly");

    chain.block(vec![]);
    assert_eq!(chain.state(MarketClock::now), due, "a commitment would be in time now");
    assert_eq!(reason(checked(&mut chain, worker, commit())), "Tasks::TooLate");
    assert_eq!(checked(&mut chain, REQUESTER, poke()), Ok(()));
    let late = pallet_cairn_tasks::Error::<Runtime>::TooLate.into();
    assert_eq!(chain.submit(worker, commit()), Err(late));
}

#[test]
fn a_check_should_refuse_a_task_that_the_next_block_cannot_match() {
    let mut chain = market();
    let terms = terms(&mut chain, 1);
    let next = chain.state(MarketClock::now) + 1;
    let until = |match_by| submission(Terms { match_by, ..terms.clone() });
    assert_eq!(refused(&mut chain, until(next)), "Tasks::DeadlinePassed");
    assert_eq!(checked(&mut chain, REQUESTER, until(next + 1)), Ok(()));
}

#[test]
fn a_check_should_foretell_the_error_when_rounds_begin_and_end() {
    let mut chain = market();
    let mut heard = BTreeSet::new();
    for _ in 0..40 {
        let call = pallet_cairn_entropy::Call::<Runtime>::commit { commitment: [1; 32] };
        let foretold = checked(&mut chain, REQUESTER, call.clone());
        let Err(Refusal::Fails { error, .. }) = foretold else { panic!("{foretold:?}") };
        assert_eq!(chain.submit(REQUESTER, call), Err(error), "block {}", chain.number());
        heard.insert(reason(foretold));
    }
    assert!(heard.len() > 1, "{heard:?}");
}

#[test]
fn a_check_should_pass_when_safe_mode_ends_before_the_next_block() {
    let mut chain = market();
    let submission = submission(terms(&mut chain, 1));
    chain.state(|| SafeMode::force_enter(RuntimeOrigin::root())).expect("root may");
    let block = chain.number();
    for (until, ended) in [(block + 1, false), (block, true)] {
        chain.state(|| pallet_safe_mode::EnteredUntil::<Runtime>::put(until));
        let done = checked(&mut chain, REQUESTER, submission.clone());
        if ended {
            assert_eq!(done, Ok(()));
        } else {
            assert_eq!(reason(done), "System::CallFiltered");
        }
    }
}

#[test]
fn a_check_should_count_the_fee_when_a_balance_just_covers_the_escrow() {
    const NEWCOMER: &str = "Greta";
    let mut chain = market();
    let terms = terms(&mut chain, 1);
    let held = chain.state(|| {
        let quoted = Runtime::quote(account(NEWCOMER), terms.clone()).expect("it is acceptable");
        quoted.escrow.total().expect("it is an amount") + quoted.deposit
    });
    let least = chain.state(Balances::minimum_balance);
    chain.submit("Alice", transfer(NEWCOMER, held + least)).expect("it can pay");
    let done = checked(&mut chain, NEWCOMER, submission(terms.clone()));
    assert_eq!(reason(done), "Tasks::NotEnoughBalance");

    chain.submit("Alice", transfer(NEWCOMER, UNITS)).expect("it can pay");
    assert_eq!(checked(&mut chain, NEWCOMER, submission(terms.clone())), Ok(()));
    chain.submit(NEWCOMER, submission(terms)).expect("it was checked");
}

#[test]
fn a_check_should_name_the_fee_when_it_cannot_be_paid() {
    const NOBODY: &str = "Nobody";
    let mut chain = market();
    let call = submission(terms(&mut chain, 1));
    let signed = chain.signed(NOBODY, call.clone());
    let length = u32::try_from(signed.encoded_size()).expect("it is short");
    let fee_of_it = chain.state(|| TransactionPayment::query_info(signed, length).partial_fee);
    let done = checked(&mut chain, NOBODY, call);
    let Err(Refusal::FeeUnaffordable { fee }) = done else { panic!("{done:?}") };
    assert!(fee_of_it <= fee && fee < 2 * fee_of_it, "{fee} for a fee of {fee_of_it}");
}

#[test]
fn a_check_should_leave_no_trace() {
    let mut chain = market();
    let call = submission(terms(&mut chain, 1));
    let root = |chain: &mut Chain| {
        chain.state(|| (System::block_number(), sp_io::storage::root(Default::default())))
    };
    let before = root(&mut chain);
    assert_eq!(checked(&mut chain, REQUESTER, call), Ok(()));
    assert_eq!(root(&mut chain), before);
}
