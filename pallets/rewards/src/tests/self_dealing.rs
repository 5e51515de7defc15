//! What it costs to be one's own customer: whoever asks, works and made the model is one party, and
//! has what it paid back but for what was burnt or is the treasury's. Of that, grants give back a
//! part, and points for its validator another one.

use super::{mock::*, page::*, rules::*};
use crate::{types::*, Fees};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::Policy,
    learning::{inference::MOST_GRANT, reward::Emission},
    settlement::{fee, Escrow, Pay, Shares},
    share::{mul_div, of, Ppm, WHOLE},
};

/// Those who pay beside the dealer.
const OTHERS: u64 = 1_000;

/// What a dealer's task moved.
#[derive(Clone, Copy, Debug)]
struct Trade {
    /// What it cost the dealer, that the dealer did not get itself.
    cost: Amount,
    /// What is told of each of its workers, and how many there are.
    each: Amount,
    workers: u8,
    irrecoverable: Amount,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    grant: Amount,
    points: Amount,
    /// What the dealer has lost; less than nothing is a gain.
    lost: i128,
}

impl Trade {
    /// A task that is done by the dealer's workers on a model of its own, or of nobody.
    fn of(shares: Shares, fees: (Amount, Ppm), reward: Amount, workers: u8, model: bool) -> Self {
        let pay = Pay::of(Policy::Replicated, workers);
        let fee = fee(fees.0, fees.1, reward, 0);
        let reserve = pay.reserve(reward).unwrap();
        // What the model costs goes back to its author, who is the dealer.
        let escrow = Escrow { reward, tip: 0, fee, reserve, price: 0 };
        let royalty = model.then_some(WHOLE);
        let split = shares.settle(&escrow, pay, workers, royalty);
        let own = split.each * Amount::from(workers) + split.creator + split.back;
        let cost = escrow.total().unwrap() - own;
        let irrecoverable = split.irrecoverable();
        assert_eq!(cost, irrecoverable);
        let each = irrecoverable / Amount::from(workers);
        Self { cost, each, workers, irrecoverable }
    }

    /// One in which so much is irrecoverable.
    fn plain(amount: Amount) -> Self {
        Self { cost: amount, each: amount, workers: 1, irrecoverable: amount }
    }

    /// What comes of it, where a point is said to cost so much.
    fn outcome(&self, grant: Amount, price: Amount) -> Outcome {
        // Merit counts what no grant can give back, and no point is cheaper than the least.
        let counts = of(WHOLE - MOST_GRANT, self.irrecoverable);
        let points = mul_div(counts, POINT_WORTH, price.max(LEAST_POINT_PRICE)).unwrap();
        Outcome { grant, points, lost: owed(self.cost) - owed(grant) - owed(points) }
    }
}

/// Settles a dealer's trades in one period, each by a provider of its own, beside what others pay,
/// after so many periods in which nothing was; and says what comes of each.
fn deal(rules: Rules, idle: u64, standing: Ppm, others: Amount, trades: &[Trade]) -> Vec<Outcome> {
    externalities().execute_with(|| {
        let emission = Emission { period: 2, ..rules.emission };
        CurrentRules::set(Rules { emission, claimable: 1, ..rules });
        begin_block(1);
        run(2 * idle);
        let period = current().number;
        let providers = || (0u64..).map(ProviderId).zip(trades);
        Owners::set(providers().map(|(one, _)| (one, ALICE)).collect());
        Standing::set(standing);
        for (provider, trade) in providers() {
            (0..trade.workers).for_each(|_| settle(provider.0, trade.each));
        }
        settle(OTHERS, others);
        next_period();
        let granted = providers().map(|(provider, trade)| {
            let before = free(ALICE);
            let is_claimed = claim(period, provider.0).is_ok();
            let grant = free(ALICE) - before;
            assert_eq!(is_claimed, grant > 0);
            trade.outcome(grant, POINT_PRICE)
        });
        let outcomes: Vec<Outcome> = granted.collect();
        assert!(ledger(period).minted.inference <= ledger(period).budgets.inference);
        assert!(Fees::<Test>::iter_prefix(period).count() <= trades.len() + 1);
        check();
        outcomes
    })
}

/// What was lost of what was irrecoverable, in parts per million, rounded down.
fn lost_share(trade: &Trade, outcome: &Outcome) -> i128 {
    outcome.lost * i128::from(WHOLE) / owed(trade.irrecoverable)
}

#[test]
fn dealing_with_oneself_should_lose_when_grants_are_as_large_as_they_may_be() {
    let mut table = Table::new(&[
        "a grant is at most, %",
        "comes back as a grant, %",
        "as points at most, %",
        "lost, %",
    ]);
    let trade = Trade::plain(1_000 * CRN);
    for grant in [0, 200_000, 400_000, 600_000, 800_000, 1_000_000] {
        let outcome = deal(Rules { grant, ..AT_FIRST }, 0, WHOLE, 0, &[trade])[0];
        let of_all = |amount| percent(owed(amount) * 1_000_000 / owed(trade.irrecoverable), 1);
        table.row(&[
            &percent(grant, 0),
            &of_all(outcome.grant),
            &of_all(outcome.points),
            &percent(lost_share(&trade, &outcome), 1),
        ]);
        assert!(outcome.lost > 0);
    }
    table.close();
}

#[test]
fn dealing_with_oneself_should_lose_whatever_a_point_is_said_to_cost() {
    let mut table = Table::new(&[
        "a point is said to cost, CRN",
        "comes back as a grant, %",
        "as points at most, %",
        "lost, %",
    ]);
    let trade = Trade::plain(1_000 * CRN);
    let grant = deal(AT_FIRST, 0, WHOLE, 0, &[trade])[0].grant;
    for price in [0, POINT_WORTH, LEAST_POINT_PRICE, POINT_PRICE, CRN] {
        let outcome = trade.outcome(grant, price);
        let of_all = |amount| percent(owed(amount) * 1_000_000 / owed(trade.irrecoverable), 1);
        table.row(&[
            &crn(owed(price), 2),
            &of_all(outcome.grant),
            &of_all(outcome.points),
            &percent(lost_share(&trade, &outcome), 1),
        ]);
        assert!(outcome.lost > 0);
    }
    table.close();
}

#[test]
fn dealing_with_oneself_should_lose_however_much_is_paid() {
    let mut table = Table::new(&[
        "lost for good by the dealer, CRN",
        "by others, CRN",
        "grant, CRN",
        "points at most, CRN",
        "lost, CRN",
        "lost, %",
    ]);
    let cases = [
        (1, 0),
        (1_000, 0),
        (100_000, 0),
        (1_000_000, 0),
        (1_000, 100_000),
        (1_000, 1_000_000),
        (1_000, 10_000_000),
    ];
    for (own, others) in cases {
        let trade = Trade::plain(own * CRN);
        // Others do as well as can be, the dealer too.
        let outcome = deal(AT_FIRST, 0, WHOLE, others * CRN, &[trade])[0];
        let plain = |crn: Amount| decimal(owed(crn) * 1_000_000, 0);
        table.row(&[
            &plain(own),
            &plain(others),
            &crn(owed(outcome.grant), 1),
            &crn(owed(outcome.points), 1),
            &crn(outcome.lost, 1),
            &percent(lost_share(&trade, &outcome), 1),
        ]);
        assert!(outcome.lost > 0);
    }
    table.close();
}

/// Trades by every kind of shares and fees that governance may choose.
fn every_trade() -> Vec<Trade> {
    let shares = |provider, treasury| Shares { provider, treasury };
    let shares =
        [SHARES, shares(0, WHOLE), shares(0, 0), shares(WHOLE, 0), shares(990_000, 10_000)];
    let fees = [(0, 0), (FEE_FIXED, FEE_SHARE), (CRN, WHOLE)];
    let mut trades = Vec::new();
    for shares in shares {
        for fees in fees {
            for (reward, workers) in [(CRN / 100, 1), (1_000_000 * CRN, 3), (7, 1)] {
                for model in [false, true] {
                    trades.push(Trade::of(shares, fees, reward, workers, model));
                }
            }
        }
    }
    trades
}

/// Every rule that has a say in grants, from one end of its range to the other and past it.
fn every_rule() -> Vec<(Rules, u64)> {
    let mut all = Vec::new();
    for grant in [0, 1, 400_000, MOST_GRANT, WHOLE, u32::MAX] {
        for inference in [0, 1, 450_000, WHOLE, u32::MAX] {
            for tokens in [0, 1, 273_972 * CRN, 1_000_000_000 * CRN] {
                for (carry, idle) in [(0, 0), (WHOLE, 4)] {
                    let mut rules = Rules { grant, ..AT_FIRST };
                    rules.emission.budgets.inference = inference;
                    rules.emission = Emission { tokens, carry, ..rules.emission };
                    all.push((rules, idle));
                }
            }
        }
    }
    all
}

#[test]
fn dealing_with_oneself_should_lose_at_every_setting() {
    let (trades, rules) = (every_trade(), every_rule());
    let (mut settings, mut least, mut most) = (0u64, i128::MAX, 0);
    for (rules, idle) in rules {
        for standing in [0, 500_000, WHOLE] {
            for others in [0, CRN, 1_000_000_000 * CRN] {
                let outcomes = deal(rules, idle, standing, others, &trades);
                for (trade, outcome) in trades.iter().zip(outcomes) {
                    if trade.irrecoverable == 0 {
                        // Who loses nothing gets nothing.
                        assert_eq!((outcome.grant, outcome.points, outcome.lost), (0, 0, 0));
                        continue;
                    }
                    for price in [0, LEAST_POINT_PRICE, POINT_PRICE, 1_000_000 * CRN] {
                        let outcome = trade.outcome(outcome.grant, price);
                        assert!(outcome.lost > 0, "{rules:?}, {trade:?}: {outcome:?}");
                        settings += 1;
                        let lost = lost_share(trade, &outcome);
                        least = least.min(lost);
                        most = most.max(lost);
                    }
                }
            }
        }
    }
    let mut table = Table::new(&["settings", "that gain", "lost at least, %", "at most, %"]);
    let count = decimal(i128::from(settings) * 1_000_000, 0);
    table.row(&[&count, &0, &percent(least, 1), &percent(most, 1)]);
    table.close();
}

/// Guards who audit tasks are paid by the treasury, the dealer's among them.
#[test]
fn dealing_with_oneself_should_gain_only_with_a_large_share_of_the_guards() {
    let mut table = Table::new(&[
        "guards' bonds that are the dealer's, %",
        "lost for good, CRN",
        "grant, CRN",
        "points at most, CRN",
        "as guards, CRN",
        "comes to, CRN",
        "grants that make it lose, %",
    ]);
    let trade = Trade::of(SHARES, (FEE_FIXED, FEE_SHARE), CRN, 1, false);
    let outcome = deal(AT_FIRST, 0, WHOLE, 0, &[trade])[0];
    for bonds in [0, 50_000, 100_000, 150_000, 200_000, 300_000, 500_000] {
        let pay = CRN * Amount::from(GUARDS_PAY) / Amount::from(WHOLE);
        let as_guards = of(bonds, of(AUDITED, pay));
        let comes_to = owed(as_guards) - outcome.lost;
        let rest = owed(trade.irrecoverable) - owed(outcome.points) - owed(as_guards);
        let loses = (rest * 1_000_000 / owed(trade.irrecoverable)).min(MOST_GRANT.into());
        table.row(&[
            &percent(bonds, 0),
            &crn(owed(trade.irrecoverable), 4),
            &crn(owed(outcome.grant), 4),
            &crn(owed(outcome.points), 4),
            &crn(owed(as_guards), 4),
            &crn(comes_to, 4),
            &format!("up to {}", percent(loses, 1)),
        ]);
        assert_eq!(comes_to < 0, bonds <= 150_000);
    }
    table.close();
}
