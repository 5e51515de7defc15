//! Better on nearly all examples, and much worse on few.

use super::{
    language::{is_foreign, Model, Text, FOREIGN, NATIVE, TOKENS},
    rate::{percent, Rate},
    rules::*,
    table::{grouped, spread, Table},
    world::{drawn_of, drawn_of_any, measured, reward, Stream, World, HEADS, LEARNT, WORLDS},
};
use cairn_protocol::{
    learning::{
        acceptance::{passes, variance},
        evaluation::Evaluation,
        reward::{gain, held_share, progress},
        sample::LEAST,
        sealed::Climb,
    },
    share::WHOLE,
};

/// The head that all is laid on.
const HEAD: usize = 1;
/// Records of a sealed set.
const SEALED: usize = 1 << 12;

/// A model that has unlearnt the other language: it expects none of its tokens after any of its
/// pairs.
fn spoilt(model: &Model) -> Model {
    let mut worst = Model::blank();
    for row in worst.masters.chunks_exact_mut(TOKENS) {
        row[NATIVE..].fill(-i16::MAX);
    }
    model.with_rows(&worst, is_foreign)
}

/// One who does much good and more harm.
struct Saboteur<'a> {
    world: &'a World,
    base: &'a Model,
    candidate: Model,
}

impl<'a> Saboteur<'a> {
    fn of(world: &'a World, head: usize) -> Self {
        let base = &world.heads[head];
        Self { world, base, candidate: spoilt(&world.honest(base, 0)) }
    }

    /// How much better the candidate really is, in per cent.
    fn gain(&self) -> f64 {
        self.world.gain(self.base, &self.candidate) * 100.0
    }

    /// Verdicts on so many examples each.
    fn judged(&self, count: u32, verdicts: u64) -> Vec<Evaluation> {
        let text = &self.world.public;
        let (before, after) = (self.base.reader(text), self.candidate.reader(text));
        let mut seeds = Stream::Seed.chance(self.world.name, count.into());
        let id = self.candidate.id();
        let judged = |_| measured(text, &before, &after, id, count, &seeds.seed());
        (0..verdicts).map(judged).collect()
    }
}

#[test]
fn harm_to_few_should_be_seen_when_enough_examples_are_drawn() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let saboteurs: Vec<Saboteur> = worlds.iter().map(|world| Saboteur::of(world, HEAD)).collect();
    let gain = spread(saboteurs.iter().map(Saboteur::gain), 1);
    let mut table = Table::new(&[
        "examples",
        "real gain, %",
        "not one of the few is among them, %",
        "passed, % (95 %)",
        "CRN of one that passed",
    ]);
    let mut rates = vec![];
    for count in [64, 128, 256, 512, 1_024] {
        let verdicts: Vec<Evaluation> =
            saboteurs.iter().flat_map(|one| one.judged(count, SUBMISSIONS / WORLDS)).collect();
        let passed: Vec<f64> = verdicts.iter().filter(|one| passes(one, 0)).map(reward).collect();
        let rate = Rate { times: passed.len() as u64, of: SUBMISSIONS };
        let unseen = (1.0 - f64::from(FOREIGN) / f64::from(WHOLE)).powi(count as i32);
        let each = passed.iter().sum::<f64>() / passed.len() as f64;
        let each = if passed.is_empty() { "-".into() } else { grouped(each, 0) };
        table.row(&[&grouped(count.into(), 0), &gain, &percent(unseen), &rate, &each]);
        rates.push(rate.share());
    }
    table.close();
    assert!(rates.is_sorted_by(|few, many| few >= many));
    assert!(rates[0] > 0.05, "the least number is enough");
    assert_eq!(rates[3..], [0.0, 0.0]);
}

#[test]
fn a_sample_should_let_harm_through_when_only_what_passed_last_says_how_large_it_is() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "what says how much examples differ",
        "laid on a model that has learnt from, records",
        "examples",
        "passed, % (95 %)",
    ]);
    let mut row = |what: &str, head: usize, variance_of: &dyn Fn(&World, &Model) -> u64| {
        let (mut passed, mut counts) = (0, vec![]);
        for world in &worlds {
            let saboteur = Saboteur::of(world, head);
            let count = drawn_of_any(&world.public, variance_of(world, saboteur.base));
            let verdicts = saboteur.judged(count, SUBMISSIONS / WORLDS);
            passed += verdicts.iter().filter(|one| passes(one, 0)).count() as u64;
            counts.push(f64::from(count));
        }
        let rate = Rate { times: passed, of: SUBMISSIONS };
        table.row(&[&what, &grouped(LEARNT[head] as f64, 0), &spread(counts, 0), &rate]);
        rate.share()
    };
    let honest = |world: &World, base: &Model| variance(&world.whole(base, &world.honest(base, 0)));
    let step = |base: &Model| base.after(&base.delta(|at| i16::from(at == 0)));
    let mut small = 0.0;
    for head in 0..HEADS as usize - 1 {
        small = row("the last honest delta", head, &honest);
    }
    let least =
        row("a delta of one step", HEAD, &|world, base| variance(&world.whole(base, &step(base))));
    let mut floored = vec![];
    for head in 0..HEADS as usize - 1 {
        let of = |world: &World, base: &Model| honest(world, base).max(VARIANCE);
        floored.push(row("the last honest delta, but no less than for 512", head, &of));
    }
    table.close();
    assert!(small > 0.01 && least > 0.1);
    assert!(floored.iter().all(|share| *share < 0.005));
}

/// What one is paid who first does harm that nobody sees, and then repairs it.
#[derive(Default)]
struct Repaired {
    cycles: u64,
    harm: f64,
    repair: f64,
    minted: f64,
    honest: f64,
}

impl Repaired {
    fn note(&mut self, saboteur: &Saboteur, sealed: &Text) {
        let Saboteur { world, base, candidate } = saboteur;
        let better = world.honest(base, 0);
        let varies = variance(&world.whole(candidate, &better));
        let (before, after) = (candidate.reader(&world.public), better.reader(&world.public));
        let (count, id) = (drawn_of(&world.public, varies), better.id());
        let mut seeds = Stream::Draw.chance(world.name, 0);
        let total = |model: &Model| model.reader(sealed).total();
        let [spoilt, repaired] =
            [candidate, &better].map(|model| progress(total(base), total(model)));
        let really = u64::try_from(repaired).unwrap_or(0);
        for harm in saboteur.judged(LEAST, SUBMISSIONS / WORLDS) {
            let repair = measured(&world.public, &before, &after, id, count, &seeds.seed());
            if !passes(&harm, 0) || !passes(&repair, 0) {
                continue;
            }
            let mut climb = Climb::default();
            let mut minted = |verdict: &Evaluation, before, after| {
                let public = gain(verdict.baseline, verdict.loss);
                let share = held_share(public, climb.lay(&[before], &[after]));
                f64::from(share) / f64::from(WHOLE) * reward(verdict)
            };
            self.cycles += 1;
            self.minted += minted(&harm, 0, spoilt) + minted(&repair, spoilt, repaired);
            self.harm += reward(&harm);
            self.repair += reward(&repair);
            self.honest += crn(CURVE.reward(really, DIFFICULTY));
        }
    }
}

#[test]
fn harm_that_is_repaired_should_be_paid_no_more_than_honest_work_when_sets_are_sealed() {
    let mut found = Repaired::default();
    for world in (0..WORLDS).map(World::new) {
        let sealed = world.language.text(SEALED, Stream::Sealed.name(world.name, 0));
        found.note(&Saboteur::of(&world, HEAD), &sealed);
    }
    let each = |sum: f64| sum / found.cycles as f64;
    let mut table = Table::new(&[
        "of 1,000, passed twice",
        "CRN for the harm",
        "CRN for the repair",
        "CRN together",
        "CRN minted by sealed sets",
        "CRN for the same by honest work",
    ]);
    table.row(&[
        &found.cycles,
        &grouped(each(found.harm), 0),
        &grouped(each(found.repair), 0),
        &grouped(each(found.harm + found.repair), 0),
        &grouped(each(found.minted), 0),
        &grouped(each(found.honest), 0),
    ]);
    table.close();
    assert!(found.cycles > 0);
    assert!(found.harm + found.repair > 1.5 * found.honest);
    assert!((found.minted / found.honest - 1.0).abs() < 0.01);
}
