//! A fifth of the registrations lie, in a market that others work in.

use super::{
    books::*,
    course::*,
    market::Conduct::{self, *},
    rules::*,
    scenario::*,
    table::*,
};
use cairn_protocol::{audit::Shares, job::Policy, share::WHOLE};

/// What a scenario comes to, beside the same registrations working honestly.
struct Outcome {
    runs: Vec<Books>,
    honest: usize,
    /// What lying adds to what they would have made.
    gains: Vec<f64>,
}

/// What liars are left with, on average.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lying {
    /// Less than nothing.
    Loses,
    /// Less than work brings.
    EarnsLess,
    Pays,
}

/// Runs it with liars; `work` is what they make as workers, in the same runs.
fn outcome(scenario: Scenario, work: &[Books]) -> Outcome {
    let runs = scenario.runs();
    let made = |books: &Books| books.made(Actor::Sybil);
    let gains = runs.iter().zip(work).map(|(run, other)| made(run) - made(other)).collect();
    Outcome { runs, honest: scenario.honest, gains }
}

fn working(scenario: Scenario) -> Vec<Books> {
    Scenario { conduct: WorksWell, ..scenario }.runs()
}

impl Outcome {
    fn of(&self, value: impl Fn(&Books) -> f64, decimals: usize) -> Spread {
        spread(self.runs.iter().map(value), decimals)
    }

    fn seats(&self) -> Spread {
        self.of(|books| percent(books.of(Actor::Sybil).seats, books.seats), 1)
    }

    fn majorities(&self) -> Spread {
        self.of(|books| percent(books.majorities, books.tasks), 2)
    }

    fn wrong(&self) -> Spread {
        self.of(|books| percent(books.wrong, books.tasks), 2)
    }

    fn slashes(&self) -> Spread {
        self.of(|books| books.a_thousand(books.of(Actor::Sybil).slashes as f64), 1)
    }

    fn made(&self) -> Spread {
        self.of(|books| books.made(Actor::Sybil), 1)
    }

    fn gained(&self) -> Spread {
        spread(self.gains.iter().copied(), 1)
    }

    /// What as many of the honest made.
    fn others(&self) -> Spread {
        let share = MARKET.others as f64 / self.honest as f64;
        self.of(|books| books.made(Actor::Honest) * share, 1)
    }

    fn always(&self, holds: impl Fn(&Books) -> bool) -> bool {
        self.runs.iter().all(holds)
    }

    fn loses(&self) -> bool {
        self.always(|books| books.made(Actor::Sybil) < 0.0)
    }

    fn is_worse_than_work(&self) -> bool {
        self.gains.iter().all(|gain| *gain < 0.0)
    }

    /// In every run there is more to it than to work.
    fn pays(&self) -> bool {
        self.gains.iter().all(|gain| *gain > 0.0)
    }

    fn on_average(&self) -> Lying {
        let gained = self.gains.iter().sum::<f64>();
        let made = self.runs.iter().map(|books| books.made(Actor::Sybil)).sum::<f64>();
        match () {
            () if gained > 0.0 => Lying::Pays,
            () if made < 0.0 => Lying::Loses,
            () => Lying::EarnsLess,
        }
    }

    fn verdict(&self) -> &'static str {
        match () {
            () if self.loses() => "loses",
            () if self.is_worse_than_work() => "earns less than work",
            () if self.pays() => "**pays**",
            () => "earns about what work does",
        }
    }
}

pub fn percent(part: u64, total: u64) -> f64 {
    part as f64 * 100.0 / total.max(1) as f64
}

fn named(conduct: Conduct) -> &'static str {
    match conduct {
        Works | WorksWell | Agrees => "work",
        Lies => "always lie",
        LiesAt(_) => "lie one time in ten",
        LiesInMajority => "lie with a majority",
        LiesUnanimously => "lie with every seat",
    }
}

fn request(policy: Policy, redundancy: u8) -> Request {
    Request { policy, redundancy, ..ORDINARY }
}

const BONDS: &str = ", a fifth of the bonds";

const ONE_IN_TEN: Conduct = LiesAt(WHOLE / 10);

#[test]
fn a_lie_should_cost_more_than_it_brings_when_one_worker_is_audited() {
    let mut table = Table::new(&[
        "market",
        "the Sybils",
        "tasks won, %",
        "false and paid, %",
        "slashes",
        "CRN, Sybils",
        "CRN, more than by work",
        "CRN, 40 honest",
    ]);
    let mut row = |market: &str, scenario: Scenario, work: &[Books]| {
        let found = outcome(scenario, work);
        table.row(&[
            &market,
            &named(scenario.conduct),
            &found.seats(),
            &found.wrong(),
            &found.slashes(),
            &found.made(),
            &found.gained(),
            &found.others(),
        ]);
        found
    };
    let known = Scenario { known: 100, ..MARKET };
    let posing = Scenario { farmed: 100, ..known };
    let unseen = Scenario { request: Request { auditable: false, ..ORDINARY }, ..MARKET };
    let liars = |scenario| Scenario { conduct: Lies, ..scenario };
    let work = working(MARKET);
    row("new", MARKET, &work);
    let always = row("new", liars(MARKET), &work);
    let seldom = row("new", Scenario { conduct: ONE_IN_TEN, ..MARKET }, &work);
    // The largest reward that there may be for such a bond.
    let covered = Scenario { bond: Bond::Covering, ..MARKET };
    let covered = row("new, the reward just covered", liars(covered), &working(covered));
    let late = row("known", liars(known), &working(known));
    let posing = row("known, Sybils too", liars(posing), &working(posing));
    let unseen = row("new, not auditable", liars(unseen), &working(unseen));
    let exact = Scenario { request: request(Policy::Proven, 1), ..MARKET };
    let exact = row("new, Proven", liars(exact), &working(exact));
    let drawn = Scenario { request: Request { drawn: true, ..ORDINARY }, ..MARKET };
    let drawn = row("new, drawn by bonds", liars(drawn), &working(drawn));
    assert!(drawn.always(|books| percent(books.of(Actor::Sybil).seats, books.seats) < 10.0));
    for found in [&always, &seldom, &covered, &posing, &drawn] {
        assert!(found.loses() && found.is_worse_than_work());
    }
    assert!(late.always(|books| books.of(Actor::Sybil).seats == 0));
    // Nobody looks, or nobody is convicted by what guards say.
    for found in [&unseen, &exact] {
        assert!(found.always(|books| books.of(Actor::Sybil).slashes == 0));
        assert!(found.pays());
    }
    table.close();
}

#[test]
fn a_majority_should_lose_when_workers_are_drawn() {
    let mut table = Table::new(&[
        "workers",
        "the Sybils",
        "seats, %",
        "majorities, %",
        "false and paid, %",
        "slashes",
        "CRN, Sybils",
        "CRN, more than by work",
        "CRN, 40 honest",
    ]);
    for redundancy in [3, 5] {
        let base = Scenario { request: request(Policy::Replicated, redundancy), ..MARKET };
        let mut row = |what: &str, scenario: Scenario, work: &[Books]| {
            let found = outcome(scenario, work);
            table.row(&[
                &redundancy,
                &format!("{}{what}", named(scenario.conduct)),
                &found.seats(),
                &found.majorities(),
                &found.wrong(),
                &found.slashes(),
                &found.made(),
                &found.gained(),
                &found.others(),
            ]);
            found
        };
        let sly = |scenario| Scenario { conduct: LiesInMajority, ..scenario };
        let one = Scenario { owners: Owners::One, ..base };
        let rich = Scenario { bond: Bond::LikeOthers, ..base };
        let work = working(base);
        let fair = row("", base, &work);
        let always = row("", Scenario { conduct: Lies, ..base }, &work);
        let secret = row("", sly(base), &work);
        let owned = row(", one owner", sly(one), &working(one));
        let rich = row(BONDS, sly(rich), &working(rich));
        // Few majorities, of whose results next to none are paid.
        assert!(secret.always(|books| percent(books.majorities, books.tasks) < 1.0));
        assert!(secret.always(|books| books.wrong * 5 <= books.majorities));
        assert!(rich.always(|books| percent(books.majorities, books.tasks) > 4.0));
        assert!(owned.always(|books| books.majorities == 0));
        // Who is outvoted is slashed, which is nearly every lie, and nearly no honest result: of
        // these the accidents cost less than the others earn.
        let slashes = |books: &Books| books.a_thousand(books.of(Actor::Sybil).slashes as f64);
        assert!(always.always(|books| slashes(books) > 100.0));
        for found in [&fair, &always] {
            assert!(found.runs.iter().map(|books| books.made(Actor::Honest)).sum::<f64>() > 0.0);
        }
        for found in [&always, &secret, &rich] {
            assert!(found.loses() && found.is_worse_than_work());
        }
    }
    table.close();
}

#[test]
fn a_majority_should_pay_when_its_results_are_audited_too_seldom() {
    let mut table = Table::new(&[
        "workers",
        "audited of contested, of agreed, %",
        "the Sybils",
        "false and paid, %",
        "slashes",
        "audits",
        "CRN, Sybils",
        "CRN, more than by work",
    ]);
    let of = |contested, unanimous| Audits {
        shares: Shares { contested, unanimous, ..AUDITS.shares },
        ..AUDITS
    };
    let (none, few, contested) = (of(0, 0), of(50_000, 50_000), of(WHOLE, 0));
    for redundancy in [3, 5] {
        let base = Scenario { request: request(Policy::Replicated, redundancy), ..MARKET };
        let mut row = |audits: Audits, what: &str, scenario: Scenario, work: &[Books]| {
            let found = outcome(Scenario { audits, ..scenario }, work);
            table.row(&[
                &redundancy,
                &format!(
                    "{}, {}",
                    audits.shares.contested / 10_000,
                    audits.shares.unanimous / 10_000
                ),
                &format!("{}{what}", named(scenario.conduct)),
                &found.wrong(),
                &found.slashes(),
                &found.of(|books| books.a_thousand(books.audits as f64), 1),
                &found.made(),
                &found.gained(),
            ]);
            found
        };
        let mean = |found: &Outcome| found.gains.iter().sum::<f64>();
        let work = working(base);
        let sly = Scenario { conduct: LiesInMajority, ..base };
        let unseen = row(none, "", sly, &work);
        assert!(unseen.pays() && unseen.always(|books| books.of(Actor::Sybil).slashes == 0));
        assert!(mean(&row(few, "", sly, &work)) < 0.0);
        assert!(row(contested, "", sly, &work).loses());
        assert!(row(AUDITS, "", sly, &work).loses());
        if redundancy == 3 {
            let slyest = Scenario { conduct: LiesUnanimously, bond: Bond::LikeOthers, ..base };
            let work = working(slyest);
            // What nobody contradicts, nobody looks at, unless some of it is audited too; and of
            // that enough, that slashes take what their work brings.
            let half = of(WHOLE, AUDITS.shares.unanimous / 2);
            for (audits, lying) in
                [(contested, Lying::Pays), (half, Lying::EarnsLess), (AUDITS, Lying::Loses)]
            {
                assert_eq!(row(audits, BONDS, slyest, &work).on_average(), lying);
            }
        }
    }
    table.close();
}

#[test]
fn a_wider_draw_should_not_be_left_to_the_cheapest() {
    let mut table = Table::new(&[
        "draws",
        "the Sybils",
        "seats, %",
        "refunded, %",
        "false and paid, %",
        "CRN, Sybils",
        "CRN, more than by work",
        "CRN, 40 honest",
    ]);
    let base = Scenario { request: request(Policy::Proven, 3), ..MARKET };
    let mut row = |what: &str, scenario: Scenario| {
        let found = outcome(scenario, &working(scenario));
        table.row(&[
            &scenario.request.draws,
            &format!("{}{what}", named(scenario.conduct)),
            &found.seats(),
            &found.of(|books| percent(books.tasks - books.settled, books.tasks), 2),
            &found.wrong(),
            &found.made(),
            &found.gained(),
            &found.others(),
        ]);
        found
    };
    row("", base);
    let always = Scenario { conduct: Lies, ..base };
    let hasty = row("", always);
    let request = Request { draws: 200, ..base.request };
    let patient = row("", Scenario { request, ..always });
    let rich = Scenario { conduct: LiesUnanimously, bond: Bond::LikeOthers, ..base };
    let sly = row("", Scenario { conduct: LiesUnanimously, ..base });
    let rich = row(BONDS, rich);
    // No more than three liars bring about who are drawn together, however long one waits.
    for found in [&hasty, &patient] {
        assert!(found.always(|books| percent(books.wrong, books.tasks) < 0.1));
        assert!(found.is_worse_than_work());
    }
    assert!(sly.always(|books| percent(books.wrong, books.tasks) < 0.1));
    // And nobody convicts them before there is a referee.
    assert!(rich.pays());
    table.close();
}

/// Every way to lie, and what is expected to come of it.
fn strategies() -> Vec<(&'static str, Scenario, Lying)> {
    use Lying::*;
    let of = |policy, redundancy| Scenario { request: request(policy, redundancy), ..MARKET };
    let does = |scenario, conduct| Scenario { conduct, ..scenario };
    let rich = |scenario| Scenario { bond: Bond::LikeOthers, ..scenario };
    let (one, exact) = (MARKET, of(Policy::Proven, 1));
    let unseen = Scenario { request: Request { auditable: false, ..ORDINARY }, ..MARKET };
    let posing = Scenario { farmed: 100, known: 100, ..MARKET };
    let (three, five) = (of(Policy::Replicated, 3), of(Policy::Replicated, 5));
    let proven = of(Policy::Proven, 3);
    vec![
        ("1, Replicated", does(one, Lies), Loses),
        ("1, Replicated", does(one, ONE_IN_TEN), Loses),
        ("1, Replicated, all known", does(posing, Lies), Loses),
        ("1, Replicated, `auditable: false`", does(unseen, Lies), Pays),
        ("1, Proven", does(exact, Lies), Pays),
        ("3, Replicated", does(three, Lies), Loses),
        ("3, Replicated", does(three, LiesInMajority), Loses),
        ("3, Replicated, a fifth of the bonds", does(rich(three), LiesInMajority), Loses),
        ("3, Replicated, a fifth of the bonds", does(rich(three), LiesUnanimously), Loses),
        ("5, Replicated", does(five, Lies), Loses),
        ("5, Replicated", does(five, LiesInMajority), Loses),
        ("5, Replicated, a fifth of the bonds", does(rich(five), LiesInMajority), Loses),
        ("3, Proven", does(proven, Lies), EarnsLess),
        ("3, Proven, a fifth of the bonds", does(rich(proven), LiesUnanimously), Pays),
    ]
}

#[test]
fn a_lie_should_pay_only_where_the_page_says_so() {
    let mut table = Table::new(&[
        "workers, policy",
        "the Sybils",
        "CRN made",
        "CRN, more than by work",
        "lying",
    ]);
    for (where_, scenario, lying) in strategies() {
        let found = outcome(scenario, &working(scenario));
        table.row(&[
            &where_,
            &named(scenario.conduct),
            &found.made(),
            &found.gained(),
            &found.verdict(),
        ]);
        assert_eq!(found.on_average(), lying, "{where_}, {}", named(scenario.conduct));
    }
    table.close();
}

#[test]
#[ignore = "five minutes: ten times as many tasks, for scripts/test --long"]
fn a_lie_should_pay_only_where_the_page_says_so_for_long() {
    for (where_, scenario, lying) in strategies() {
        let scenario = Scenario { tasks: 10 * scenario.tasks, ..scenario };
        let found = outcome(scenario, &working(scenario));
        let (name, made) = (named(scenario.conduct), found.made());
        println!("{where_}, {name}: {made}, {} more than by work", found.gained());
        // What hung on chance in the short runs no longer does.
        assert_eq!(found.on_average(), lying, "{where_}, {name}");
        let always = if lying == Lying::Pays { found.pays() } else { found.is_worse_than_work() };
        assert!(always, "{where_}, {name}");
    }
}
