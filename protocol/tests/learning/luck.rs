//! The same candidate again and again, until it is lucky.

use super::{
    language::Model,
    rate::Rate,
    rules::*,
    table::{grouped, Table},
    world::{drawn_of, measured, reward, Stream, World, WORLDS},
};
use cairn_protocol::{learning::acceptance::passes, share::WHOLE};

/// The head that all is laid on.
const HEAD: usize = 2;
/// How often one tries who has nothing better.
const ATTEMPTS: u32 = 32;

/// A candidate of a certain gain on all of the public set, in millionths of the loss: better after
/// some pairs and worse after all others. Whoever sees a part of the set sees more or less.
fn mixed(world: &World, base: &Model, gain: i64) -> Model {
    let better = &world.researched[0];
    let of = |part: i64| base.towards(better, -part).with_rows(better, |row| row % 3 == 0);
    let (mut low, mut high) = (0, 1 << 17);
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        if world.gain(base, &of(middle)) * f64::from(WHOLE) > gain as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    of(high)
}

/// What comes of trying until it is enough.
#[derive(Default)]
struct Luck {
    /// Campaigns that ended with one that passed.
    passed: u64,
    /// Those that would have if as much were asked for each time as is the first time.
    impatient: u64,
    paid: f64,
    /// Deposits of those that did not pass.
    lost: f64,
    verdicts: u64,
    examples: u64,
}

impl Luck {
    /// A campaign: each time another variant is judged on other examples, and one stops as soon as
    /// it passes. That variants differ in a step of a master makes no difference to what they lose.
    fn tried(&mut self, world: &World, base: &Model, candidate: &Model, nth: u64) {
        let text = &world.public;
        let (before, after, id) = (base.reader(text), candidate.reader(text), candidate.id());
        let mut seeds = Stream::Seed.chance(world.name, nth);
        // What fails says nothing of how many examples the next one is judged on.
        let count = drawn_of(text, world.variances[HEAD]);
        let mut impatient = false;
        for attempts in 0..ATTEMPTS {
            let seen = measured(text, &before, &after, id, count, &seeds.seed());
            self.verdicts += 1;
            self.examples += u64::from(count);
            impatient |= passes(&seen, 0);
            if passes(&seen, attempts) {
                self.passed += 1;
                self.paid += reward(&seen);
                break;
            }
            self.lost += crn(DEPOSIT);
        }
        self.impatient += u64::from(impatient);
    }
}

#[test]
fn a_candidate_should_be_paid_nothing_when_it_is_submitted_until_it_is_lucky() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "gain, %",
        "campaigns",
        "attempts at most",
        "examples a verdict",
        "passed, % (95 %)",
        "passed if 3 deviations were always enough, % (95 %)",
        "CRN paid each",
        "CRN lost each",
    ]);
    let mut row = |gain: i64| {
        let mut luck = Luck::default();
        for world in &worlds {
            let base = &world.heads[HEAD];
            let candidate = mixed(world, base, gain);
            for nth in 0..SUBMISSIONS / WORLDS {
                luck.tried(world, base, &candidate, nth);
            }
        }
        let of = SUBMISSIONS;
        table.row(&[
            &grouped(gain as f64 / 1e4, 2),
            &of,
            &ATTEMPTS,
            &grouped(luck.examples as f64 / luck.verdicts as f64, 0),
            &Rate { times: luck.passed, of },
            &Rate { times: luck.impatient, of },
            &grouped(luck.paid / of as f64, 2),
            &grouped(luck.lost / of as f64, 0),
        ]);
        luck
    };
    let threshold = i64::from(THRESHOLD);
    let nothing = row(0);
    let half = row(threshold / 2);
    let just = row(threshold);
    table.close();
    assert_eq!((nothing.passed, nothing.paid), (0, 0.0));
    assert_eq!((half.passed, half.paid), (0, 0.0));
    // Only what is as good as asked for hangs on luck, and the more of it the oftener one tries.
    assert!(just.passed < just.impatient);
    assert!(just.passed * 50 < SUBMISSIONS);
}
