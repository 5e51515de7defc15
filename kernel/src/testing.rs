//! What tests share: numbers at random, often the extreme ones, programs of one operator, and
//! whole models.

use crate::{
    check::Checked,
    delta::Delta,
    element::element,
    micro::expand,
    num::Scale,
    program::{Op, TensorId, Values},
    run::{Artifact, Crew, Job, Matrix, Numbers, Path, Tiling},
};
use alloc::{collections::BTreeMap, vec::Vec};

pub mod deltas;
pub mod families;
#[cfg(test)]
mod frozen;
pub mod operators;
pub mod scene;
#[cfg(test)]
mod telling;

pub use families::Case;
use operators::Write;
pub use scene::{Scene, MOST};

/// The same numbers on every machine.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    pub fn from(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(u64::from(most - least) + 1) as u32
    }

    pub fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    pub fn between(&mut self, (least, most): (i64, i64)) -> i32 {
        (least + self.below((most - least + 1) as u64) as i64) as i32
    }

    pub fn scale(&mut self, least_shift: u8) -> Scale {
        let multiplier = self.from(1 << 15, u16::MAX.into()) as u16;
        Scale { multiplier, shift: self.from(least_shift.max(1).into(), 62) as u8 }
    }

    /// A way to cut work, which also takes tiles that pay for nobody.
    pub fn tiling(&mut self) -> Tiling {
        let usual = Tiling::USUAL;
        Tiling {
            rows: self.from(1, usual.rows as u32) as usize,
            block: self.from(1, 2 * usual.block as u32) as usize,
            pairs: if self.chance() { usual.pairs } else { self.from(1, 300) as usize },
            many: self.from(0, 2 * usual.many as u32) as usize,
            full: 2 * self.from(1, usual.full as u32 / 2) as usize,
            looked_up: if self.chance() { usual.looked_up } else { 0 },
        }
    }

    /// So many numbers of a range, in one of the ways that go wrong.
    pub fn numbers(&mut self, range: (i64, i64), len: usize) -> Vec<i32> {
        let (least, most) = range;
        let same = self.between(range);
        let way = self.below(8);
        let mut number = || match way {
            0 => 0i64.clamp(least, most) as i32,
            1 => same,
            2 => most as i32,
            3 => least as i32,
            4 => (if self.chance() { least } else { most }) as i32,
            5 => self.between((-3, 3)).clamp(least as i32, most as i32),
            6 => {
                let few = self.below(32);
                ((i64::from(self.between(range)) >> few) as i32).clamp(least as i32, most as i32)
            }
            _ => self.between(range),
        };
        (0..len).map(|_| number()).collect()
    }
}

/// Artifacts at random for a program, such that what it computes is neither nothing nor the most.
pub fn artifacts(program: &Checked, seed: u64) -> BTreeMap<TensorId, Artifact<'static>> {
    let mut random = Random(seed);
    let bound = program.tensors().filter(|(_, found)| found.values.is_bound());
    let bound: Vec<_> = bound.map(|(id, found)| (id, *found)).collect();
    bound
        .into_iter()
        .map(|(id, found)| {
            let len = (found.rows.count(0) * u64::from(found.columns)) as usize;
            let artifact = match (found.values, scaled(program, id)) {
                (Values::Masters, _) => {
                    let mut master = || random.between((-32_767, 32_767)) as i16;
                    Artifact::Masters((0..len).map(|_| master()).collect())
                }
                (_, Some(shift)) => {
                    let multiplier = |random: &mut Random| random.from(1 << 15, 65_535) as u16;
                    let mut scale = || Scale { multiplier: multiplier(&mut random), shift }.pack();
                    Artifact::Constants((0..len).map(|_| scale()).collect())
                }
                _ => {
                    let mut bias = || random.between((-500, 500));
                    Artifact::Constants((0..len).map(|_| bias()).collect())
                }
            };
            (id, artifact)
        })
        .collect()
}

/// The shift that brings typical inner products to a quarter of what their result holds.
fn scaled(program: &Checked, id: TensorId) -> Option<u8> {
    let bits = |id: TensorId| program.tensor(id).and_then(|found| found.values.bits());
    let shift = |values: TensorId, result: TensorId| {
        let columns = program.tensor(values).map_or(1, |found| found.columns);
        let made = bits(result).filter(|bits| *bits < 32).unwrap_or(18);
        let inner = bits(values).unwrap_or(16) - 3 + 6 + columns.ilog2() as u8 / 2;
        15 + inner.saturating_sub(made - 2)
    };
    program.program().ops.iter().find_map(|step| match &step.op {
        Op::Linear { values, scales, .. } if *scales == id => Some(shift(*values, step.result)),
        Op::Expert { values, experts, .. } if experts.iter().any(|one| one.scales == id) => {
            Some(shift(*values, step.result))
        }
        _ => None,
    })
}

/// The numbers of a matrix, row-major.
pub fn numbers(matrix: &Matrix) -> Vec<i32> {
    match matrix.numbers() {
        Numbers::Narrow(numbers) => numbers.iter().copied().map(i32::from).collect(),
        Numbers::Wide(numbers) => numbers.clone(),
    }
}

/// The usual way to cut work, but of every second one that looks up whatever can be.
pub fn tiling(seed: u64) -> Tiling {
    let usual = Tiling::USUAL;
    Tiling { looked_up: if seed.is_multiple_of(2) { 0 } else { usual.looked_up }, ..usual }
}

/// What an operator at random comes to.
pub fn operator(seed: u64, path: Path, tiling: Tiling, crew: &dyn Crew) -> u64 {
    hash(computed(any(seed), seed, path, tiling, crew))
}

/// One of all operators.
fn any(seed: u64) -> Write {
    operators::ALL[seed as usize % operators::ALL.len()].1
}

/// What an operator in a scene at random comes to.
fn computed(write: Write, seed: u64, path: Path, tiling: Tiling, crew: &dyn Crew) -> Vec<i32> {
    let mut scene = Scene::new(seed);
    let (op, result) = write(&mut scene);
    let program = scene.program(op, result);
    numbers(&scene.compute(&program, path, tiling, crew, [seed as u8; 32]))
}

/// What a judge makes of an operator at random.
pub fn judged(seed: u64) -> u64 {
    hash(halves(elements(any(seed), seed)))
}

/// What an operator in a scene at random has at three places, each with all of its steps.
fn elements(write: Write, seed: u64) -> Vec<i64> {
    let mut scene = Scene::new(seed);
    let (op, result) = write(&mut scene);
    let program = scene.program(op, result).check().unwrap_or_else(|flaw| panic!("{flaw}"));
    let index = program.program().ops.len() - 1;
    let given = scene.given([seed as u8; 32]);
    let rows = result.rows.count(scene.length) as u32;
    let mut all = Vec::new();
    for _ in 0..3 {
        let row = scene.random.from(0, rows - 1);
        let column = scene.random.from(0, result.columns - 1);
        let made = element(&program, index, row, column, &given);
        all.push(made.unwrap_or_else(|error| panic!("{error}")));
        let steps = expand(&program, index, row, column, &given);
        all.extend(steps.unwrap_or_else(|error| panic!("{error}")).into_iter().flatten());
    }
    all
}

/// What a delta at random comes to.
pub fn delta(seed: u64) -> u64 {
    hash(changed(seed))
}

/// A delta at random: its bytes, what comes of masters when those are decoded and applied, and what
/// a judge adds to each, also where there is none.
fn changed(seed: u64) -> Vec<i32> {
    let random = &mut Random(seed);
    let bytes = deltas::any(random).encode();
    let delta = Delta::decode(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let (rows, columns) = delta.shape();
    let masters = random.numbers(Values::Masters.range(), (rows * columns) as usize);
    let mut masters: Vec<i16> = masters.into_iter().map(|one| one as i16).collect();
    delta.apply(&mut masters).unwrap_or_else(|error| panic!("{error}"));
    let mut all: Vec<i32> = bytes.into_iter().map(i32::from).collect();
    all.extend(masters.into_iter().map(i32::from));
    for row in 0..=rows {
        all.extend(halves((0..=columns).map(|column| delta.at(row, column))));
    }
    all
}

/// Numbers of 64 bits in two of 32, the lower first.
fn halves(numbers: impl IntoIterator<Item = i64>) -> impl Iterator<Item = i32> {
    numbers.into_iter().flat_map(|one| [one as i32, (one >> 32) as i32])
}

/// What every tensor of a model at random comes to.
pub fn model(seed: u64, path: Path, tiling: Tiling, crew: &dyn Crew) -> u64 {
    whole(&Case { path, tiling, ..Case::any(seed) }, crew)
}

/// What every tensor of a decoder at random comes to.
pub fn decoded(seed: u64, path: Path, tiling: Tiling, crew: &dyn Crew) -> u64 {
    whole(&Case { path, tiling, ..Case::decoder(seed) }, crew)
}

fn whole(case: &Case, crew: &dyn Crew) -> u64 {
    let whole = case.whole_by(crew);
    hash(case.all().into_iter().filter_map(|id| whole.get(id)).flat_map(numbers))
}

/// The same of a decoder whose tokens come as when text is generated: a prompt in two pieces, then
/// one token after the other. Keys and values of those before are kept.
pub fn generated(seed: u64, path: Path, tiling: Tiling, crew: &dyn Crew) -> u64 {
    let case = Case { path, tiling, ..Case::decoder(seed) };
    let plan = case.plan();
    let (mut state, mut pieces) = (plan.start(), Vec::new());
    for end in case.turns(&mut Random(!seed)) {
        let piece = case.piece(state.rows(), end);
        let made = plan.run_by(crew, &mut state, &piece, &case.all());
        pieces.push(made.unwrap_or_else(|error| panic!("{error}")));
    }
    hash(case.all().into_iter().flat_map(|id| case.joined(id, &pieces)))
}

/// One who does the last job first.
#[derive(Clone, Copy, Debug)]
pub struct Backwards {
    pub hands: usize,
}

impl Crew for Backwards {
    fn hands(&self) -> usize {
        self.hands
    }

    fn least(&self) -> usize {
        0
    }

    fn work(&self, jobs: Vec<Job<'_>>) {
        jobs.into_iter().rev().for_each(|job| job());
    }
}

/// A crew for which nothing is too little to be shared.
#[derive(Clone, Copy, Debug)]
pub struct Eager<C>(pub C);

impl<C: Crew> Crew for Eager<C> {
    fn hands(&self) -> usize {
        self.0.hands()
    }

    fn least(&self) -> usize {
        0
    }

    fn work(&self, jobs: Vec<Job<'_>>) {
        self.0.work(jobs);
    }
}

/// FNV-1a, of which frozen results are made.
pub fn hash(numbers: impl IntoIterator<Item = i32>) -> u64 {
    let bytes = numbers.into_iter().flat_map(i32::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
