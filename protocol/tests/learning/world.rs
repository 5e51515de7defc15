//! A model as it is learnt, and the examples that its deltas are judged on.

use super::{
    chance::Chance,
    language::{Language, Model, Reader, Text, ROWS},
    rules::*,
};
use cairn_protocol::{
    id::{ContentId, Seed},
    learning::{
        acceptance::variance,
        evaluation::{excess, Evaluation},
        reward::gain,
        sample::{records, size},
        sums::{tree, Leaf},
    },
};
use primitive_types::U256;

/// Texts that heads were learnt from, in records: each head knows more than the one before it.
pub const LEARNT: [usize; 4] = [64, 256, 1_024, 4_096];
pub const HEADS: u64 = LEARNT.len() as u64;
/// And what researchers learn from.
const RESEARCHED: usize = 1 << 14;
/// Researchers, each with texts of its own.
const RESEARCHERS: u64 = 4;
/// Records of the public set.
const PUBLIC: usize = 1 << 13;
/// Languages, of which each has its own models.
pub const WORLDS: u64 = 4;

/// Streams of numbers, each with its own purpose.
#[derive(Clone, Copy)]
pub enum Stream {
    Public = 1,
    Learnt,
    Researched,
    Sealed,
    Rows,
    Change,
    Seed,
    Guards,
    Draw,
}

impl Stream {
    pub fn name(self, world: u64, part: u64) -> [u64; 4] {
        [world, self as u64, part, 0]
    }

    pub fn chance(self, world: u64, part: u64) -> Chance {
        Chance::of(self.name(world, part))
    }
}

/// A language, and what is known of it.
pub struct World {
    pub name: u64,
    pub language: Language,
    pub public: Text,
    pub heads: Vec<Model>,
    pub researched: Vec<Model>,
    /// Of each head: how much examples differed when an honest delta was judged.
    pub variances: Vec<u64>,
}

impl World {
    pub fn new(name: u64) -> Self {
        let language = Language::new(name);
        let public = language.text(PUBLIC, Stream::Public.name(name, 0));
        let learnt = |(part, count): (u64, &usize)| {
            Model::counted(&language.text(*count, Stream::Learnt.name(name, part)))
        };
        let heads: Vec<Model> = (0..).zip(&LEARNT).map(learnt).collect();
        let researched = (0..RESEARCHERS)
            .map(|part| {
                Model::counted(&language.text(RESEARCHED, Stream::Researched.name(name, part)))
            })
            .collect();
        let variances = vec![];
        let mut world = Self { name, language, public, heads, researched, variances };
        let honest = |head: &Model| variance(&world.whole(head, &world.honest(head, 0)));
        let variances = world.heads.iter().map(honest).collect();
        world.variances = variances;
        world
    }

    /// What a researcher makes of a head: about half of its rows are learnt anew.
    pub fn honest(&self, head: &Model, nth: u64) -> Model {
        let mut chance = Stream::Rows.chance(self.name, nth);
        let takes: Vec<bool> = (0..ROWS).map(|_| chance.below(2) == 0).collect();
        let target = &self.researched[(nth % RESEARCHERS) as usize];
        head.with_rows(target, |row| takes[row])
    }

    /// What is measured on all of the public set.
    pub fn whole(&self, before: &Model, after: &Model) -> Evaluation {
        all_of(&self.public, before, after)
    }

    /// By which part of the loss a model is better, on all of the public set.
    pub fn gain(&self, before: &Model, after: &Model) -> f64 {
        let total = |model: &Model| model.reader(&self.public).total() as f64;
        1.0 - total(after) / total(before)
    }
}

/// How many examples are drawn where they differed so.
pub fn drawn_of(text: &Text, variance: u64) -> u32 {
    drawn_of_any(text, variance.max(VARIANCE))
}

/// The same if nothing said how much they are thought to differ at least.
pub fn drawn_of_any(text: &Text, variance: u64) -> u32 {
    size(variance, THRESHOLD, MOST, text.count()).expect("there are enough records")
}

/// What an honest guard measures. Its tree comes to the same sums, and to a hash that nothing here
/// hangs on.
pub fn measured(
    text: &Text,
    before: &Reader,
    after: &Reader,
    candidate: ContentId,
    count: u32,
    seed: &Seed,
) -> Evaluation {
    let trace = [0; 32];
    let (baseline, loss, sum, squares) = (0, 0, 0, U256::zero());
    let mut found = Evaluation { candidate, baseline, loss, count, sum, squares, trace };
    for record in records(&text.source(), count, seed) {
        let (baseline, loss) = (before.loss(record), after.loss(record));
        let e = excess(baseline, loss, THRESHOLD);
        found.baseline += baseline;
        found.loss += loss;
        found.sum += e;
        // Losses here are of few digits.
        found.squares += (e.unsigned_abs() * e.unsigned_abs()).into();
    }
    found
}

/// The same on each record there is.
pub fn all_of(text: &Text, before: &Model, after: &Model) -> Evaluation {
    let count = text.count() as u32;
    measured(text, &before.reader(text), &after.reader(text), after.id(), count, &[0; 32])
}

/// What a verdict is worth, before anything is held against it.
pub fn reward(evaluation: &Evaluation) -> f64 {
    crn(CURVE.reward(gain(evaluation.baseline, evaluation.loss), DIFFICULTY))
}

#[test]
fn measured_should_be_what_the_tree_comes_to() {
    let world = World::new(0);
    let (text, base) = (&world.public, &world.heads[1]);
    let better = world.honest(base, 0);
    let (before, after, id) = (base.reader(text), better.reader(text), better.id());
    let (count, seed) = (300, [7; 32]);
    let of = |record| {
        let (baseline, loss) = (before.loss(record), after.loss(record));
        Leaf { record, baseline, loss, trace: [0; 32] }
    };
    let leaves: Vec<Leaf> = records(&text.source(), count, &seed).into_iter().map(of).collect();
    let tree = tree(&leaves, THRESHOLD).expect("records ascend");
    let whole = Evaluation { trace: [0; 32], ..Evaluation::of(id, tree.root()) };
    assert_eq!(measured(text, &before, &after, id, count, &seed), whole);
}
