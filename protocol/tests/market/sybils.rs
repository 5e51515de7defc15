//! A fifth of the registrations lie, in a market that others work in.

use super::{
    books::*,
    course::*,
    market::Conduct::{self, *},
    rules::*,
    scenario::*,
    table::*,
};
use cairn_protocol::{job::Policy, share::WHOLE};

/// What a scenario comes to, beside the same registrations working honestly.
struct Outcome {
    runs: Vec<Books>,
    honest: usize,
    /// What lying adds to what they would have made.
    gains: Vec<f64>,
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
    let late = row("known", liars(known), &working(known));
    let posing = row("known, Sybils too", liars(posing), &working(posing));
    let unseen = row("new, not auditable", liars(unseen), &working(unseen));
    let drawn = Scenario { request: Request { drawn: true, ..ORDINARY }, ..MARKET };
    let drawn = row("new, drawn by bonds", liars(drawn), &working(drawn));
    assert!(drawn.always(|books| percent(books.of(Actor::Sybil).seats, books.seats) < 10.0));
    for found in [&always, &seldom, &posing, &drawn] {
        assert!(found.loses() && found.is_worse_than_work());
    }
    assert!(late.always(|books| books.of(Actor::Sybil).seats == 0));
    // Nobody looks, so nobody is caught.
    assert!(unseen.always(|books| books.made(Actor::Sybil) > 0.0));
    assert!(unseen.gains.iter().all(|gain| *gain > 0.0));
    table.close();
}

#[test]
fn a_majority_should_cost_its_share_of_the_bonds_when_workers_are_drawn() {
    let mut table = Table::new(&[
        "workers",
        "the Sybils",
        "seats, %",
        "majorities, %",
        "false and paid, %",
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
        row("", base, &work);
        let always = row("", Scenario { conduct: Lies, ..base }, &work);
        let secret = row("", sly(base), &work);
        let owned = row(", one owner", sly(one), &working(one));
        let rich = row(", a fifth of the bonds", sly(rich), &working(rich));
        // Few majorities, and all of them false.
        assert!(secret.always(|books| percent(books.majorities, books.tasks) < 1.0));
        assert!(secret.always(|books| books.wrong <= books.majorities + 1));
        assert!(rich.always(|books| percent(books.majorities, books.tasks) > 4.0));
        assert!(owned.always(|books| books.majorities == 0));
        // Lying at random is worse than working, lying with a majority is not: no slash follows.
        assert!(always.is_worse_than_work() && !always.loses());
        assert!(secret.gains.iter().all(|gain| *gain > 0.0));
        assert!(secret.always(|books| books.of(Actor::Sybil).slashes == 0));
    }
    table.close();
}

#[test]
fn a_majority_should_lose_when_its_results_are_audited() {
    let mut table = Table::new(&[
        "workers",
        "audited of contested, of agreed, %",
        "the Sybils",
        "false and paid, %",
        "slashes",
        "audits",
        "CRN, Sybils",
        "CRN, more than by work",
        "CRN, 40 honest",
    ]);
    let agreed = Audits { agreed: 50_000, contested: 50_000, ..AUDITS };
    let contested = Audits { agreed: 0, contested: WHOLE, ..AUDITS };
    let both = Audits { agreed: 20_000, ..contested };
    for redundancy in [3, 5] {
        let base = Scenario { request: request(Policy::Replicated, redundancy), ..MARKET };
        let mut row = |audits: Audits, what: &str, scenario: Scenario, work: &[Books]| {
            let found = outcome(Scenario { audits, ..scenario }, work);
            table.row(&[
                &redundancy,
                &format!("{}, {}", audits.contested / 10_000, audits.agreed / 10_000),
                &format!("{}{what}", named(scenario.conduct)),
                &found.wrong(),
                &found.slashes(),
                &found.of(|books| books.a_thousand(books.audits as f64), 1),
                &found.made(),
                &found.gained(),
                &found.others(),
            ]);
            found
        };
        let mean = |found: &Outcome| found.gains.iter().sum::<f64>();
        let work = working(base);
        let sly = Scenario { conduct: LiesInMajority, ..base };
        assert!(mean(&row(agreed, "", sly, &work)) < 0.0);
        assert!(row(contested, "", sly, &work).loses());
        assert!(row(both, "", sly, &work).loses());
        assert!(row(both, "", Scenario { conduct: Lies, ..base }, &work).loses());
        if redundancy == 3 {
            let bonds = ", a fifth of the bonds";
            let slyest = Scenario { conduct: LiesUnanimously, bond: Bond::LikeOthers, ..base };
            let work = working(slyest);
            assert!(row(both, bonds, Scenario { conduct: LiesInMajority, ..slyest }, &work).loses());
            // What nobody contradicts, nobody looks at, unless some of it is audited too.
            assert!(mean(&row(contested, bonds, slyest, &work)) > 0.0);
            assert!(mean(&row(both, bonds, slyest, &work)) < 0.0);
        }
    }
    table.close();
}

#[test]
fn a_wider_draw_should_not_be_left_to_the_cheapest() {
    let mut table = Table::new(&[
        "wider draws are offered",
        "draws",
        "the Sybils",
        "seats, %",
        "refunded, %",
        "false and paid, %",
        "CRN, Sybils",
        "CRN, more than by work",
        "CRN, 40 honest",
    ]);
    let work = working(Scenario { request: request(Policy::Proven, 3), ..MARKET });
    let mut row = |conduct: Conduct, draws: u64, keeps_price: bool| {
        let request = Request { draws, keeps_price, ..request(Policy::Proven, 3) };
        let found = outcome(Scenario { request, conduct, ..MARKET }, &work);
        let offered = if keeps_price { "the first one's price" } else { "a share of the reward" };
        table.row(&[
            &offered,
            &draws,
            &named(conduct),
            &found.seats(),
            &found.of(|books| percent(books.tasks - books.settled, books.tasks), 2),
            &found.wrong(),
            &found.made(),
            &found.gained(),
            &found.others(),
        ]);
        found
    };
    row(WorksWell, 50, false);
    let hasty = row(Lies, 50, false);
    let patient = row(Lies, 200, false);
    let kept = row(Lies, 200, true);
    // The wider draws pay too little for any but the liars, who need only wait for one of them.
    assert!(hasty.always(|books| percent(books.wrong, books.tasks) > 0.1));
    assert!(patient.always(|books| percent(books.wrong, books.tasks) > 1.0));
    assert!(kept.always(|books| percent(books.wrong, books.tasks) < 0.1));
    for found in [hasty, patient, kept] {
        assert!(found.is_worse_than_work());
    }
    table.close();
}
