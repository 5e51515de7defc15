//! The market and the learning that are simulated have the parameters that the chain begins with,
//! and so has what is computed of those who learn and serve.

// What the chain has no parameter for is not looked at here.
#[allow(dead_code)]
#[path = "../../../../protocol/tests/learning/rules.rs"]
mod learning;
#[allow(dead_code)]
#[path = "../../../../protocol/tests/market/rules.rs"]
mod rules;

// The same of what learning and serving is paid.
#[path = "../../../../pallets/rewards/src/tests/rules.rs"]
mod pay;

use cairn_protocol::fault::Fault;
use cairn_runtime::{
    configs::{
        learning::{MeasuringCost, VerdictCost},
        learning_defaults::*,
        market::{GrantsThatLose, LEAST_POINT_PRICE},
        market_defaults::*,
    },
    units::UNITS,
};
use cairn_runtime_tests::Chain;
use frame_support::traits::Get;
use pallet_cairn_rewards::Rules;

#[test]
fn work_should_be_offered_and_paid_as_it_is_simulated() {
    let prices = TASK_RULES.prices;
    assert_eq!(rules::UNIT, UNITS);
    assert_eq!(rules::SHARES, prices.shares);
    assert_eq!((rules::FEE_FIXED, rules::FEE_SHARE), (prices.fee_fixed, prices.fee_share));
    assert_eq!(rules::REWARD_LEAST, prices.reward_least);
    let draws = TASK_RULES.draws;
    assert_eq!(rules::SAMPLE, usize::from(draws.sample));
    assert_eq!((rules::WEIGHTS, rules::FLOOR), (draws.weights, draws.floor));
    assert_eq!(rules::COVER, draws.cover);
    assert_eq!(rules::REASSIGNMENTS, draws.reassignments);
    assert_eq!(rules::REPUTATION, REPUTATION_RULES);
}

#[test]
fn faults_should_cost_what_is_simulated() {
    assert_eq!(rules::COMPUTE_BOND, ROLE_BONDS.compute);
    assert_eq!(rules::GUARD_BOND, ROLE_BONDS.guard);
    for fault in Fault::ALL {
        assert_eq!(rules::fault_share(fault), FAULT_SHARES.of(fault), "{fault:?}");
    }
}

#[test]
fn guards_should_look_and_be_paid_as_it_is_simulated() {
    assert_eq!(rules::AUDITS.shares, AUDIT_RULES.shares);
    assert_eq!(rules::GUARDS, AUDIT_RULES.draws.guards);
    assert_eq!(rules::GUARDS_PAY, AUDIT_RULES.pay.guards);
    // Half of a worker's reward is what the work costs there, and a guard does it again.
    let each = cairn_protocol::audit::pay(rules::REWARD, AUDIT_RULES.pay.guards, rules::GUARDS);
    assert!(each > rules::WORK, "an honest guard loses");
}

#[test]
fn learning_should_be_paid_as_its_page_computes() {
    assert_eq!(pay::CRN, UNITS);
    assert_eq!(pay::AT_FIRST, REWARD_RULES);
    assert_eq!(pay::CURVE, DELTA_RULES.curve);
}

#[test]
fn sponsors_should_put_aside_what_the_page_says() {
    let mut chain = Chain::local();
    assert_eq!(chain.state(VerdictCost::get), 18 * UNITS);
    assert_eq!(chain.state(MeasuringCost::get), 324 * UNITS);
}

#[test]
fn dealing_with_oneself_should_cost_as_its_page_computes() {
    assert_eq!(pay::POINT_PRICE, MERIT_RULES.price);
    assert_eq!(pay::LEAST_POINT_PRICE, LEAST_POINT_PRICE);
    // What a point is worth, `merit` computes.
    assert_eq!(LEAST_POINT_PRICE, 2 * pay::POINT_WORTH);
    let prices = TASK_RULES.prices;
    assert_eq!(pay::SHARES, prices.shares);
    assert_eq!((pay::FEE_FIXED, pay::FEE_SHARE), (prices.fee_fixed, prices.fee_share));
    assert_eq!(pay::AUDITED, AUDIT_RULES.shares.alone);
    assert_eq!(pay::GUARDS_PAY, AUDIT_RULES.pay.guards);
    assert_eq!(pay::OUTCOMES_PAY, AUDIT_RULES.pay.outcome);
    assert_eq!(pay::OUTVOTED, FAULT_SHARES.outvoted);
    assert_eq!(pay::COVER, TASK_RULES.draws.cover);
    assert_eq!(Chain::local().state(GrantsThatLose::get), pay::GRANT);
}

#[test]
fn deltas_should_be_judged_and_paid_as_it_is_simulated() {
    assert_eq!(learning::UNIT, UNITS);
    let standard = DELTA_RULES.standard;
    assert_eq!(learning::THRESHOLD, standard.threshold);
    assert_eq!(standard.decay.floor_loss, 0, "the threshold falls, and there it does not");
    let sample = DELTA_RULES.sample;
    assert_eq!((learning::VARIANCE, learning::MOST), (sample.variance, sample.most));
    assert_eq!(learning::CURVE, DELTA_RULES.curve);
    assert_eq!(learning::DEPOSIT, DELTA_RULES.terms.deposit.fixed);
    assert_eq!(learning::EMISSION, REWARD_RULES.emission);
    let draws = PANEL_RULES.draws;
    assert_eq!(learning::GUARDS, draws.guards);
    assert_eq!(learning::SAMPLE, usize::from(draws.sample));
    assert_eq!(learning::GUARD_BOND, ROLE_BONDS.guard);
    assert_eq!(learning::NEWCOMER, REPUTATION_RULES.prior);
    let sets = CURATION_RULES.sets;
    assert_eq!(learning::LEAST_SETS, u64::from(sets.needed()));
    assert_eq!(learning::STEPS, u64::from(sets.steps));
}
