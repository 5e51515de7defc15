//! Guards who collude on the panels of a trial, one for each set at each head: how often they decide
//! one, and how often a head stays unknown because they have panels divided.

use super::{
    capture::{course, Course},
    rate::{binomial, percent},
    rules::{GUARDS, LEAST_SETS, STEPS},
    table::Table,
};
use std::collections::BTreeMap;

/// How likely it is that something comes about at all in so many times.
fn some(each: f64, times: u64) -> f64 {
    // What is tiny would be lost in a difference from one.
    -(times as f64 * (-each).ln_1p()).exp_m1()
}

/// Sets that are left, heads that panels are yet to be asked about, and heads that stay unknown.
type Stand = (u64, u64, u64);
/// How likely each is.
type Stands = BTreeMap<Stand, f64>;

/// How likely it is that exactly so many panels come to an opinion, for each number of them, by how
/// many there are.
fn agreements(sets: u64, divided: f64) -> Vec<Vec<f64>> {
    let exactly = |panels: u64, agreed: u64| {
        let at_least = |agreed| binomial(panels, agreed, 1.0 - divided);
        at_least(agreed) - at_least(agreed + 1)
    };
    (0..=sets).map(|panels| (0..=panels).map(|agreed| exactly(panels, agreed)).collect()).collect()
}

/// Panels are asked about one head after the other, on each set that is left. Where enough of them
/// come to an opinion the head is known, and the sets of the others are out.
fn measured(mut stands: Stands, agreements: &[Vec<f64>]) -> Stands {
    for _ in 0..STEPS {
        let mut next = Stands::new();
        for ((sets, asked, unknown), part) in stands {
            if asked == 0 {
                *next.entry((sets, asked, unknown)).or_default() += part;
                continue;
            }
            for (agreed, likely) in (0..).zip(&agreements[sets as usize]) {
                let is_known = agreed >= LEAST_SETS;
                let (left, more) = if is_known { (agreed, 0) } else { (sets, 1) };
                *next.entry((left, asked - 1, unknown + more)).or_default() += part * likely;
            }
        }
        stands = next;
    }
    stands
}

/// What part of a trial's heads is unknown.
struct Unknown {
    at_first: f64,
    /// When panels were asked once more about those.
    then: f64,
    /// How likely it is that there is one at all then.
    any: f64,
}

impl Unknown {
    fn of(sets: u64, divided: f64) -> Self {
        let agreements = agreements(sets, divided);
        let first = measured(Stands::from([((sets, STEPS, 0), 1.0)]), &agreements);
        let again = first.iter().map(|((sets, _, unknown), part)| ((*sets, *unknown, 0), *part));
        let last = measured(again.collect(), &agreements);
        let share = |stands: &Stands| {
            let heads = stands.iter().map(|((_, _, unknown), part)| *unknown as f64 * part);
            heads.sum::<f64>() / STEPS as f64
        };
        let some_are = last.iter().filter(|((_, _, unknown), _)| *unknown > 0);
        let any = some_are.map(|(_, part)| part).sum();
        Self { at_first: share(&first), then: share(&last), any }
    }
}

#[test]
fn a_trial_should_know_more_heads_when_panels_are_asked_about_them_once_more() {
    let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
    let mut table = Table::new(&[
        "of all bonds, %",
        "sets",
        "panels",
        "one or more captured",
        "most of one head's",
        "of the heads unknown at first",
        "and asked once more",
        "one or more of them",
    ]);
    for share in [10, 20, 30, 40] {
        let Course { captured, lapsed } = course(share, GUARDS);
        for sets in [LEAST_SETS, 5, 9] {
            let panels = sets * STEPS;
            let most = some(binomial(sets, sets / 2 + 1, captured), STEPS);
            let unknown = Unknown::of(sets, lapsed);
            table.row(&[
                &share,
                &sets,
                &panels,
                &percent(some(captured, panels)),
                &percent(most),
                &percent(unknown.at_first),
                &percent(unknown.then),
                &percent(unknown.any),
            ]);
            assert!(unknown.then < unknown.at_first, "{share} % of {sets}");
            if sets == LEAST_SETS {
                // Each panel is needed, and no set is ever left out.
                let once = some(lapsed, sets);
                assert!(near(unknown.at_first, once), "{share} %");
                assert!(near(unknown.then, once * once), "{share} %");
                assert!(near(unknown.any, some(once * once, STEPS)), "{share} %");
            }
        }
    }
    table.close();
}
