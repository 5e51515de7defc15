//! Guards who confirm what they have not read.

use super::{books::*, course::*, market::*, rules::*, scenario::*, sybils::percent, table::*};
use cairn_protocol::{
    job::Policy,
    share::{Ppm, WHOLE},
};

const AUDITED: u64 = 10_000;
/// Of the results that are not planted.
const FALSE: Ppm = WHOLE / 20;

fn audit(run: u64, planted: Ppm) -> Books {
    let audits = Audits { planted, ..AUDITS };
    let mut market = Market::new(run, audits, vec![], guards(Actor::LazyGuard, run));
    while market.books.tasks < AUDITED {
        let is_false = market.chance(super::purpose::Purpose::Work, 0).happens(FALSE);
        market.audit(Policy::Replicated, if is_false { LIE } else { TRUTH });
        market.books.tasks += 1;
    }
    assert!(market.books.balance(), "money was made or lost");
    market.books
}

/// What a thousand seats at audits come to.
fn a_thousand_seats(books: &Books, actor: Actor) -> f64 {
    let account = books.of(actor);
    crn(account.net()) * 1_000.0 / account.seats as f64
}

#[test]
fn agreeing_unread_should_lose_money_when_enough_is_planted() {
    let mut table = Table::new(&[
        "planted, %",
        "caught in 1,000 seats",
        "CRN in 1,000 seats, lazy",
        "CRN in 1,000 seats, honest",
        "false results proven so, %",
        "CRN an audit costs",
    ]);
    for planted in [0, 5_000, 10_000, 20_000, 50_000] {
        let runs = every(|run| audit(run, planted));
        let of = |value: &dyn Fn(&Books) -> f64, decimals| spread(runs.iter().map(value), decimals);
        let lazy = |books: &Books| a_thousand_seats(books, Actor::LazyGuard);
        let honest = |books: &Books| a_thousand_seats(books, Actor::Guard);
        let caught = |books: &Books| {
            let account = books.of(Actor::LazyGuard);
            account.slashes as f64 * 1_000.0 / account.seats as f64
        };
        table.row(&[
            &grouped(f64::from(planted) / 10_000.0, 1),
            &of(&caught, 1),
            &of(&lazy, 1),
            &of(&honest, 1),
            &of(&|books| percent(books.found, books.shown), 1),
            &of(&|books| -crn(books.treasury) / AUDITED as f64, 2),
        ]);
        // Unread is better than read where nothing is planted, and a loss in every run from one
        // per cent on.
        let better = runs.iter().all(|books| lazy(books) > honest(books));
        let loses = runs.iter().all(|books| lazy(books) < 0.0);
        assert_eq!((better, loses), (planted == 0, planted >= 10_000), "{planted}");
        assert!(runs.iter().all(|books| honest(books) > 0.0));
    }
    table.close();
}
