//! One gain, in one delta or in many.

use super::{
    language::{Model, Reader},
    rules::*,
    table::{grouped, Table},
    world::{drawn_of, measured, reward, Stream, World, WORLDS},
};
use cairn_protocol::{
    id::Amount,
    learning::{
        acceptance::{passes, variance},
        reward::gain,
    },
};
use std::collections::BTreeMap;

/// Ways that are walked with measurements, for each number of steps.
const WALKS: u64 = 400;
/// How often one tries a step who tries again.
const TRIES: u32 = 8;

/// A way from a head to a better model, by steps of equal gain.
struct Way<'a> {
    world: &'a World,
    points: Vec<Model>,
    readers: Vec<Reader<'a>>,
    /// How many examples are drawn from one point to another.
    counts: BTreeMap<(usize, usize), u32>,
}

impl<'a> Way<'a> {
    fn new(world: &'a World, steps: u32) -> Self {
        let (from, to) = (&world.heads[1], &world.researched[0]);
        let total = |model: &Model| model.reader(&world.public).total() as f64;
        let (worst, best) = (total(from), total(to));
        let wanted = |step| worst * (best / worst).powf(f64::from(step) / f64::from(steps));
        let reached = |step| {
            let wanted = wanted(step);
            let (mut low, mut high) = (0, 1 << 16);
            while high - low > 1 {
                let middle = i64::midpoint(low, high);
                if total(&from.towards(to, middle)) > wanted {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            from.towards(to, high)
        };
        let mut points: Vec<Model> = (0..=steps).map(reached).collect();
        points[0] = from.clone();
        let readers = points.iter().map(|point| point.reader(&world.public)).collect();
        Self { world, points, readers, counts: BTreeMap::new() }
    }

    fn steps(&self) -> usize {
        self.points.len() - 1
    }

    fn count(&mut self, from: usize, to: usize) -> u32 {
        let Self { world, points, counts, .. } = self;
        let varies = || variance(&world.whole(&points[from], &points[to]));
        *counts.entry((from, to)).or_insert_with(|| drawn_of(&world.public, varies()))
    }

    /// What it is worth up to a point, if all of the public set is measured.
    fn exactly(&self, from: usize, to: usize) -> Amount {
        let total = |point: usize| self.readers[point].total();
        CURVE.reward(gain(total(from), total(to)), DIFFICULTY)
    }

    /// Lays one step after another. One that is rejected is tried again, or laid together with
    /// the next one.
    fn walked(&mut self, tries: u32, nth: u64, found: &mut Walks) {
        let mut seeds = Stream::Seed.chance(self.world.name, nth);
        let (mut at, mut target, mut attempts, mut left) = (0, 1, 0, tries);
        let mut paid = 0.0;
        while target <= self.steps() {
            let count = self.count(at, target);
            let (before, after) = (&self.readers[at], &self.readers[target]);
            let id = self.points[target].id();
            let seen = measured(&self.world.public, before, after, id, count, &seeds.seed());
            if passes(&seen, attempts) {
                paid += reward(&seen);
                (at, target, attempts, left) = (target, target + 1, 0, tries);
                continue;
            }
            found.rejected += 1;
            attempts += 1;
            left -= 1;
            if left == 0 {
                (target, left) = (target + 1, tries);
            }
        }
        found.paid.push(paid);
        found.reached.push(crn(self.exactly(0, at)));
    }
}

#[derive(Default)]
struct Walks {
    paid: Vec<f64>,
    /// What they would be paid for what they reached, if all of the set were measured.
    reached: Vec<f64>,
    rejected: u64,
}

/// Of all walks, with the deviation of the mean.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

impl Walks {
    /// What was paid beyond what was reached.
    fn beyond(&self) -> (f64, f64) {
        let luck: Vec<f64> =
            self.paid.iter().zip(&self.reached).map(|(paid, reached)| paid - reached).collect();
        mean(&luck)
    }
}

#[test]
fn a_gain_should_be_paid_no_more_when_it_is_cut_into_slices() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "slices",
        "CRN, all of the set measured",
        "a rejected one is",
        "rejected",
        "CRN of what was reached",
        "CRN paid",
        "CRN of luck",
        "CRN of luck for each rejected one",
    ]);
    let mut whole = None;
    for steps in [1, 2, 4, 5, 6, 8] {
        let mut ways: Vec<Way> = worlds.iter().map(|world| Way::new(world, steps)).collect();
        let steps = ways[0].steps();
        let sum = |way: &Way| (0..steps).map(|at| way.exactly(at, at + 1)).sum::<Amount>();
        for way in &ways {
            assert!(sum(way) <= way.exactly(0, steps));
        }
        let exactly = ways.iter().map(|way| crn(sum(way))).sum::<f64>() / WORLDS as f64;
        for (what, tries) in [("laid with the next", 1), ("tried again", TRIES)] {
            let mut found = Walks::default();
            for nth in 0..WALKS {
                ways[(nth % WORLDS) as usize].walked(tries, nth, &mut found);
            }
            let ((paid, off), (luck, unsure)) = (mean(&found.paid), found.beyond());
            let rejected = found.rejected as f64 / WALKS as f64;
            let each = if rejected > 0.01 { grouped(luck / rejected, 0) } else { "-".into() };
            table.row(&[
                &steps,
                &grouped(exactly, 2),
                &what,
                &grouped(rejected, 2),
                &grouped(mean(&found.reached).0, 0),
                &format!("{} ± {}", grouped(paid, 0), grouped(off, 0)),
                &format!("{} ± {}", grouped(luck, 0), grouped(unsure, 0)),
                &each,
            ]);
            let (most, _) = *whole.get_or_insert((paid, off));
            // What passes was lucky a little oftener than not.
            assert!(paid < most * 1.01, "{steps} slices, {what}");
        }
    }
    table.close();
}
