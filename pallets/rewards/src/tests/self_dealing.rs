//! What it costs to be one's own customer: whoever asks, works and made the model is one party, and
//! has what it paid back but for what was burnt or is the treasury's. Of that, grants give back a
//! part, points for its validator another one, and what guards are paid who look at it a third one.

use super::{mock::*, page::*, rules::*};
use crate::{types::*, Fees};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::Policy,
    learning::{
        inference::{most_pay_for_disputes, Dealing, GUARDED, MOST_GRANT},
        reward::Emission,
    },
    settlement::{fee, Escrow, Pay, Shares},
    share::{mul_div, of, Ppm, WHOLE},
};
use std::collections::BTreeMap;

/// Those who pay beside the dealer.
const OTHERS: u64 = 1_000;
/// The largest share of what guards are paid that a dealer may have.
const GUARDS: Ppm = WHOLE / GUARDED;

/// How many results guards look at, and what they get for it, as governance says.
#[derive(Clone, Copy, Debug)]
struct Audits {
    audited: Ppm,
    pay: Ppm,
}

const AUDITS: Audits = Audits { audited: AUDITED, pay: GUARDS_PAY };
const OUTCOMES: Audits = Audits { audited: WHOLE, pay: OUTCOMES_PAY };

/// What a dealer's task moved.
#[derive(Clone, Copy, Debug)]
struct Trade {
    /// By which it was shared, and the fee's share.
    shares: Shares,
    fee: Ppm,
    /// What each of its workers was offered.
    offered: Amount,
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
        let reserve = pay.reserve(reward).unwrap();
        // What the model costs goes back to its author, who is the dealer.
        let escrow =
            Escrow { reward, tip: 0, fee: fee(fees.0, fees.1, reward, 0), reserve, price: 0 };
        let royalty = model.then_some(WHOLE);
        let split = shares.settle(&escrow, pay, workers, royalty);
        let own = split.each * Amount::from(workers) + split.creator + split.back;
        let cost = escrow.total().unwrap() - own;
        let irrecoverable = split.irrecoverable();
        assert_eq!(cost, irrecoverable);
        let each = irrecoverable / Amount::from(workers);
        let offered = reward / Amount::from(workers);
        Self { shares, fee: fees.1, offered, cost, each, workers, irrecoverable }
    }

    /// One in which so much is irrecoverable, and at which nobody looks.
    fn plain(amount: Amount) -> Self {
        let (shares, fee, offered) = (SHARES, FEE_SHARE, 0);
        let (cost, each, irrecoverable) = (amount, amount, amount);
        Self { shares, fee, offered, cost, each, workers: 1, irrecoverable }
    }

    fn dealing(&self, audits: Audits) -> Dealing {
        Dealing::of(audits.audited, &self.shares, self.fee)
    }

    /// What guards get for a result of it who look, of what its worker was offered.
    fn pay(&self, audits: Audits) -> Ppm {
        audits.pay.min(self.dealing(audits).most_pay())
    }

    /// What grants may be of what is irrecoverable in such trades.
    fn most_grant(&self, audits: Audits) -> Ppm {
        self.dealing(audits).most_grant(self.pay(audits))
    }

    /// What a dealer's guards get for it on average, who have that share of what all of them do.
    fn as_guards(&self, audits: Audits, share: Ppm) -> Amount {
        let all = mul_div(self.offered, self.pay(audits).into(), WHOLE.into()).unwrap();
        of(share, of(audits.audited, all))
    }

    /// What comes of it, where a point is said to cost so much.
    fn outcome(&self, grant: Amount, price: Amount) -> Outcome {
        // Merit counts what no grant can give back, and no point is cheaper than the least.
        let counts = of(WHOLE - MOST_GRANT, self.irrecoverable);
        let points = mul_div(counts, POINT_WORTH, price.max(LEAST_POINT_PRICE)).unwrap();
        Outcome { grant, points, lost: owed(self.cost) - owed(grant) - owed(points) }
    }
}

/// How a period goes in which a dealer trades.
#[derive(Clone, Copy, Debug)]
struct Course {
    rules: Rules,
    /// What grants may be by what guards are paid.
    most_grant: Ppm,
    /// Periods before it in which nothing was settled.
    idle: u64,
    /// Of everybody.
    standing: Ppm,
    /// What others pay.
    others: Amount,
}

/// By the rules that the chain begins with, with the best of records.
const USUAL: Course =
    Course { rules: AT_FIRST, most_grant: GRANT, idle: 0, standing: WHOLE, others: 0 };

/// Settles a dealer's trades in one period, each by a provider of its own, and says what comes of
/// each.
fn deal(course: Course, trades: &[Trade]) -> Vec<Outcome> {
    let Course { rules, most_grant, idle, standing, others } = course;
    externalities().execute_with(|| {
        let emission = Emission { period: 2, ..rules.emission };
        CurrentRules::set(Rules { emission, claimable: 1, ..rules });
        MostGrant::set(most_grant);
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
        let rules = Rules { grant, ..AT_FIRST };
        let outcome = deal(Course { rules, ..USUAL }, &[trade])[0];
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
    let grant = deal(USUAL, &[trade])[0].grant;
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
        let outcome = deal(Course { others: others * CRN, ..USUAL }, &[trade])[0];
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

/// Every share of results that guards may look at, with all that they may get for it.
fn every_audit() -> Vec<Audits> {
    let audits = |audited| {
        let pays = [0, 150_000, GUARDS_PAY, u32::MAX];
        pays.map(|pay| Audits { audited, pay })
    };
    [0, 1, AUDITED, WHOLE].into_iter().flat_map(audits).collect()
}

/// What a dealer loses of what was irrecoverable, at the least and the most, and in how many
/// settings.
struct Lost {
    settings: u64,
    least: i128,
    most: i128,
}

impl Lost {
    /// With every price of a point, and every part of what guards get.
    fn look(&mut self, trade: &Trade, grant: Amount, audits: Audits) {
        for guards in [0, GUARDS / 2, GUARDS].map(|share| trade.as_guards(audits, share)) {
            for price in [0, LEAST_POINT_PRICE, POINT_PRICE, 1_000_000 * CRN] {
                let mut outcome = trade.outcome(grant, price);
                outcome.lost -= owed(guards);
                assert!(outcome.lost > 0, "{audits:?}, {guards}, {trade:?}: {outcome:?}");
                let share = lost_share(trade, &outcome);
                self.settings += 1;
                self.least = self.least.min(share);
                self.most = self.most.max(share);
            }
        }
    }
}

#[test]
fn dealing_with_oneself_should_lose_at_every_setting() {
    let (trades, audits) = (every_trade(), every_audit());
    let mut lost = Lost { settings: 0, least: i128::MAX, most: 0 };
    // Where grants may be as much, they are as much, however that came about.
    let mut found: BTreeMap<_, Vec<Outcome>> = BTreeMap::new();
    for (rules, idle) in every_rule() {
        for standing in [0, 500_000, WHOLE] {
            for others in [0, CRN, 1_000_000_000 * CRN] {
                let course = Course { rules, idle, standing, others, ..USUAL };
                let Emission { tokens, budgets, .. } = rules.emission;
                for audits in &audits {
                    for (nth, trade) in trades.iter().enumerate() {
                        let most_grant = trade.most_grant(*audits);
                        let most = most_grant.min(rules.grant);
                        let key = (most, tokens, budgets.inference, idle, standing, others);
                        let outcomes = found
                            .entry(key)
                            .or_insert_with(|| deal(Course { most_grant, ..course }, &trades));
                        let Outcome { grant, points, lost: alone } = outcomes[nth];
                        if trade.irrecoverable == 0 {
                            // Who loses nothing gets nothing.
                            let guards = trade.as_guards(*audits, GUARDS);
                            assert_eq!((grant, points, alone, guards), (0, 0, 0, 0));
                            continue;
                        }
                        lost.look(trade, grant, *audits);
                    }
                }
            }
        }
    }
    let mut table = Table::new(&["settings", "that gain", "lost at least, %", "at most, %"]);
    let count = decimal(i128::from(lost.settings) * 1_000_000, 0);
    table.row(&[&count, &0, &percent(lost.least, 1), &percent(lost.most, 1)]);
    table.close();
}

/// Guards who audit tasks are paid by the treasury, the dealer's among them. It made the model too,
/// so that as little as can be is lost for good.
#[test]
fn dealing_with_oneself_should_gain_only_with_more_than_a_third_of_the_guards() {
    let mut table = Table::new(&[
        "of what guards get the dealer has, %",
        "lost for good, CRN",
        "grant, CRN",
        "points at most, CRN",
        "as guards, CRN",
        "comes to, CRN",
    ]);
    let trade = Trade::of(SHARES, (FEE_FIXED, FEE_SHARE), CRN, 1, true);
    assert_eq!(trade.most_grant(AUDITS), GRANT);
    let outcome = deal(USUAL, &[trade])[0];
    for share in [0, 100_000, 200_000, 300_000, GUARDS, 400_000, 500_000] {
        let as_guards = trade.as_guards(AUDITS, share);
        let comes_to = owed(as_guards) - outcome.lost;
        table.row(&[
            &percent(share, 0),
            &crn(owed(trade.irrecoverable), 4),
            &crn(owed(outcome.grant), 4),
            &crn(owed(outcome.points), 4),
            &crn(owed(as_guards), 4),
            &crn(comes_to, 4),
        ]);
        assert_eq!(comes_to < 0, share <= GUARDS);
    }
    table.close();
}

/// Of workers of one's own who contradict each other.
#[test]
fn dispute_with_oneself_should_cost_more_than_guards_bring() {
    let mut table = Table::new(&[
        "outvoted lose, % of a bond",
        "offered at most, % of a bond",
        "guards are to get, % of what is offered",
        "they get, %",
        "of that a third, %",
        "the outvoted lose of what is offered, %",
    ]);
    let cases = [
        (OUTVOTED, COVER, GUARDS_PAY),
        (OUTVOTED, COVER, 3_600_000),
        (20_000, COVER, GUARDS_PAY),
        (OUTVOTED, 150_000, GUARDS_PAY),
        (0, COVER, GUARDS_PAY),
    ];
    for (outvoted, cover, pay) in cases {
        let gets = pay.min(most_pay_for_disputes(outvoted, cover));
        let part = of(GUARDS, gets.into());
        let forfeit = mul_div(outvoted.into(), WHOLE.into(), cover.into()).unwrap();
        table.row(&[
            &percent(outvoted, 0),
            &percent(cover, 0),
            &percent(pay, 0),
            &percent(gets, 1),
            &decimal(owed(part) * 100, 1),
            &decimal(owed(forfeit) * 100, 1),
        ]);
        assert!(part < forfeit || (part, forfeit) == (0, 0));
    }
    table.close();
}

#[test]
fn grants_and_guards_should_get_less_when_more_is_audited() {
    let mut table = Table::new(&[
        "results looked at, %",
        "guards are to get, of what is offered, %",
        "they get, %",
        "a grant is at most, %",
    ]);
    let trade = Trade::of(SHARES, (FEE_FIXED, FEE_SHARE), CRN, 1, true);
    let cases = [
        (0, GUARDS_PAY),
        (50_000, GUARDS_PAY),
        (AUDITED, GUARDS_PAY),
        (200_000, GUARDS_PAY),
        (500_000, GUARDS_PAY),
        (WHOLE, GUARDS_PAY),
        (AUDITED, 2_400_000),
        (AUDITED, 900_000),
    ];
    for (audited, pay) in cases {
        let audits = Audits { audited, pay };
        let grant = trade.most_grant(audits).min(trade.most_grant(OUTCOMES));
        table.row(&[
            &percent(audited, 0),
            &percent(pay, 0),
            &percent(trade.pay(audits), 1),
            &percent(grant, 1),
        ]);
    }
    table.close();
}
