//! Requesters who are their own providers.

use super::{
    books::*, course::*, market::*, purpose::Purpose, rules::*, scenario::*, sybils::percent,
    table::*,
};
use cairn_protocol::{id::Amount, share::Ppm};

const TASKS: u64 = 1_000;
const DEALERS: usize = 20;
/// Tasks at once, so that its own have room for all of them.
const AT_ONCE: u64 = 8;
/// What a dealer wants its registrations to stand at.
const WANTED: Ppm = 900_000;

/// One who knows how many units to name so that nobody else is paid enough.
fn walled(redundancy: u8, reward: Amount) -> Request {
    let units = u64::try_from(reward).expect("it is small");
    Request { redundancy, reward, units, work: 0, ..ORDINARY }
}

struct Dealt {
    /// Seats that went to the dealer's own, in per cent.
    own: f64,
    /// In a thousand tasks.
    lost: f64,
    /// For each result that counted for one of its own.
    each: f64,
    standing: f64,
}

/// A dealer with a tenth of the registrations asks for a thousand tasks, in a market that is known.
fn deal(run: u64, request: Request, linked: bool) -> Dealt {
    let mut chance = Purpose::Population.chance(run, 0, 0);
    let known = |one: Provider| one.with_history(100);
    let mut providers: Vec<Provider> =
        honest(Actor::Honest, 180, &mut chance).into_iter().map(known).collect();
    for nth in 0..DEALERS {
        let mut own = Provider::new(Actor::Dealer, Conduct::WorksWell, 0, COMPUTE_BOND);
        own.party = if linked { u32::MAX } else { u32::MAX - 1 - nth as u32 };
        providers.push(own);
    }
    let request = Request { party: linked.then_some(u32::MAX), ..request };
    let mut market = Market::new(run, AUDITS, providers, guards(Actor::SybilGuard, run));
    while market.books.tasks < TASKS {
        if market.books.tasks.is_multiple_of(AT_ONCE) {
            market.tick();
        }
        market.serve(request);
    }
    assert!(market.books.balance(), "money was made or lost");
    let now = market.now;
    let own = market.providers.iter_mut().filter(|one| one.actor == Actor::Dealer);
    let standing = own.map(|one| f64::from(one.standing(now))).sum::<f64>() / DEALERS as f64;
    let books = market.books;
    let lost = crn(books.escrowed - books.back - books.of(Actor::Dealer).net());
    let seats = books.of(Actor::Dealer).seats;
    Dealt { own: percent(seats, books.seats), lost, each: lost / seats.max(1) as f64, standing }
}

/// Right results that a newcomer needs for what is wanted.
fn results_wanted() -> u32 {
    (0..).find(|n| newcomer().with_history(*n).standing(0) >= WANTED).expect("it can be reached")
}

fn newcomer() -> Provider {
    Provider::new(Actor::Dealer, Conduct::WorksWell, 0, COMPUTE_BOND)
}

#[test]
fn dealing_with_oneself_should_lose_money() {
    let mut table = Table::new(&[
        "the dealer asks",
        "own seats, %",
        "CRN lost",
        "CRN lost for a result",
        "standing after",
        "CRN for a standing of 900,000",
    ]);
    let open = Request { work: 0, ..ORDINARY };
    let cases = [
        ("openly, its accounts linked", open, true),
        ("openly", open, false),
        ("so that only its own are cheap enough, at 1 CRN", walled(1, REWARD), false),
        ("the same at the least reward, 0.01 CRN", walled(1, REWARD_LEAST), false),
        ("the same, three workers", walled(3, REWARD_LEAST), false),
    ];
    for (what, request, linked) in cases {
        let dealt = every(|run| deal(run, request, linked));
        assert!(dealt.iter().all(|dealt| dealt.lost > 0.0));
        assert!(!linked || dealt.iter().all(|dealt| dealt.standing == 500_000.0));
        let of = |value: fn(&Dealt) -> f64, decimals| spread(dealt.iter().map(value), decimals);
        let served = dealt.iter().all(|dealt| dealt.own > 99.0);
        let (each, whole) = if served {
            let each = dealt.iter().map(|dealt| dealt.each).sum::<f64>() / RUNS as f64;
            (grouped(each, 4), grouped(each * f64::from(results_wanted()), 2))
        } else {
            // Nothing was earned for what was lost.
            ("-".into(), "-".into())
        };
        table.row(&[
            &what,
            &of(|dealt| dealt.own, 1),
            &of(|dealt| dealt.lost, 1),
            &each,
            &of(|dealt| dealt.standing, 0),
            &whole,
        ]);
    }
    table.close();
}

#[test]
fn a_bought_record_should_buy_work_and_no_lie() {
    let mut table = Table::new(&[
        "workers",
        "the 40 newcomers",
        "seats, %",
        "CRN made",
        "CRN the record cost",
        "CRN, 160 honest",
    ]);
    let least = walled(1, REWARD_LEAST);
    let each = every(|run| deal(run, least, false).each);
    let cost = each.iter().sum::<f64>() / RUNS as f64 * f64::from(results_wanted()) * 40.0;
    for redundancy in [1, 3] {
        let newcomers = Scenario {
            request: Request { redundancy, ..ORDINARY },
            known: 100,
            who: Actor::Dealer,
            conduct: Conduct::Works,
            bond: Bond::LikeOthers,
            price: Price::LikeOthers,
            ..MARKET
        };
        let mut row = |what: &str, scenario: Scenario, cost: f64| {
            let runs = scenario.runs();
            let of = |value: fn(&Books) -> f64| spread(runs.iter().map(value), 1);
            table.row(&[
                &redundancy,
                &what,
                &of(|books| percent(books.of(Actor::Dealer).seats, books.seats)),
                &of(|books| books.made(Actor::Dealer)),
                &grouped(cost, 1),
                &of(|books| books.made(Actor::Honest)),
            ]);
            runs.iter().map(|books| books.made(Actor::Dealer)).sum::<f64>() / RUNS as f64
        };
        let plain = row("unknown, ask what others ask", newcomers, 0.0);
        if redundancy == 1 {
            let request = Request { drawn: true, ..newcomers.request };
            row("unknown, but drawn by bonds", Scenario { request, ..newcomers }, 0.0);
        }
        let low = Scenario { price: Price::Lowest, ..newcomers };
        row("unknown, ask nothing", low, 0.0);
        let farmed = Scenario { farmed: results_wanted(), ..newcomers };
        let bought = row("with a bought record, ask what others ask", farmed, cost);
        if redundancy == 1 {
            // The one case in which it pays: the record opens the door to honest work.
            assert!(plain < 1.0 && bought > plain + 10.0);
        } else {
            // A draw by bonds looks at no record, so the money is gone.
            assert!((bought - plain).abs() < cost);
        }
    }
    table.close();
}
