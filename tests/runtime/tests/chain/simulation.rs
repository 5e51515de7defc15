//! The market that is simulated has the parameters that the chain begins with.

// What the chain has no parameter for is not looked at here.
#[allow(dead_code)]
#[path = "../../../../protocol/tests/market/rules.rs"]
mod rules;

use cairn_protocol::fault::Fault;
use cairn_runtime::{configs::market_defaults::*, units::UNITS};

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
