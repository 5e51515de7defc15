//! What the tests share: numbers at random, often the extreme ones, and programs of one operator.

use crate::{
    check::Checked,
    element::Given,
    num::Scale,
    program::{Expert, Op, Program, Rows, Step, Tensor, TensorId, Values, SEMANTICS},
    run::Artifact,
};
use std::collections::BTreeMap;

/// The same numbers on every machine.
#[derive(Clone)]
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn from(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(u64::from(most - least) + 1) as u32
    }

    pub(crate) fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(crate) fn between(&mut self, (least, most): (i64, i64)) -> i32 {
        (least + self.below((most - least + 1) as u64) as i64) as i32
    }

    pub(crate) fn scale(&mut self, least_shift: u8) -> Scale {
        let multiplier = self.from(1 << 15, u16::MAX.into()) as u16;
        Scale { multiplier, shift: self.from(least_shift.max(1).into(), 62) as u8 }
    }

    /// So many numbers of a range, in one of the ways that go wrong.
    pub(crate) fn numbers(&mut self, range: (i64, i64), len: usize) -> Vec<i32> {
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

/// A program of one operator that anything can be given to.
pub(crate) struct Scene {
    pub random: Random,
    pub length: u32,
    tensors: Vec<Tensor>,
    ops: Vec<Step>,
    values: BTreeMap<TensorId, Vec<i32>>,
}

/// The most tokens of a scene.
pub(crate) const MOST: u32 = 8;
/// Of the tokens that the operators before are made from.
const IDENTITIES: u32 = 5;
const TOKENS: TensorId = TensorId(0);

impl Scene {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let length = random.from(1, MOST);
        let tensors = Vec::new();
        let mut scene = Self { random, length, tensors, ops: Vec::new(), values: BTreeMap::new() };
        scene.with_values(Rows::Token, 1, Values::Tokens { below: IDENTITIES });
        scene
    }

    pub(crate) fn tokens(&self) -> TensorId {
        TOKENS
    }

    /// Few columns, or now and then many.
    pub(crate) fn columns(&mut self) -> u32 {
        match self.random.below(16) {
            0 => self.random.from(500, 1_100),
            1..4 => self.random.from(8, 80),
            _ => self.random.from(1, 7),
        }
    }

    pub(crate) fn any_rows(&mut self) -> Rows {
        match self.random.below(4) {
            0 => Rows::One,
            1 => Rows::Slots(self.random.from(1, 3)),
            _ => Rows::Token,
        }
    }

    /// What a saturated result can be.
    pub(crate) fn saturated(&mut self) -> Values {
        let bits = self.random.from(2, 16) as u8;
        if self.random.chance() {
            Values::Wide
        } else {
            Values::Activations { bits }
        }
    }

    pub(crate) fn narrow(&mut self, rows: Rows, columns: u32, most: u32) -> TensorId {
        let bits = if self.random.chance() { most } else { self.random.from(2, most) } as u8;
        self.made(rows, columns, Values::Activations { bits })
    }

    pub(crate) fn numbers(&mut self, rows: Rows, columns: u32) -> TensorId {
        if self.random.chance() {
            self.made(rows, columns, Values::Wide)
        } else {
            self.narrow(rows, columns, 16)
        }
    }

    pub(crate) fn masters(&mut self, rows: u32, columns: u32) -> TensorId {
        self.with_values(Rows::Fixed(rows), columns, Values::Masters)
    }

    pub(crate) fn constants(&mut self, columns: u32) -> TensorId {
        self.with_values(Rows::Fixed(1), columns, Values::Constants)
    }

    pub(crate) fn scales(&mut self, columns: u32, least_shift: u8) -> TensorId {
        let id = self.constants(columns);
        let scales = (0..columns).map(|_| self.random.scale(least_shift).pack()).collect();
        self.values.insert(id, scales);
        id
    }

    pub(crate) fn exponents(&mut self, rows: Rows) -> (TensorId, u8) {
        let most = self.random.from(0, 31) as u8;
        (self.made(rows, 1, Values::Exponents { most }), most)
    }

    pub(crate) fn targets(&mut self, below: u32) -> TensorId {
        let id = self.with_values(Rows::Token, 1, Values::Targets { below });
        let range = (-1, i64::from(below) - 1);
        let targets = (0..self.length).map(|_| self.random.between(range)).collect();
        self.values.insert(id, targets);
        id
    }

    /// A tensor with an operator that could have made it, for the program to be a program.
    pub(crate) fn made(&mut self, rows: Rows, columns: u32, values: Values) -> TensorId {
        let op = match (values, rows) {
            (Values::Choices { below }, rows) => {
                let values = self.made(rows, below, Values::Wide);
                Op::Choose { values, count: columns }
            }
            (Values::Exponents { .. }, rows) => {
                let values = self.made(rows, 1, Values::Activations { bits: 16 });
                Op::Exponent { values, width: 16 }
            }
            (_, Rows::One) => Op::First { values: self.made(Rows::Token, columns, values) },
            (_, Rows::Slots(slots)) => {
                let choices = self.made(Rows::Token, slots, Values::Choices { below: slots });
                let values = self.made(Rows::Token, 1, Values::Activations { bits: 16 });
                let expert =
                    Expert { weights: self.masters(columns, 1), scales: self.scales(columns, 0) };
                let experts = vec![expert; slots as usize];
                Op::Expert { values, choices, experts, exponents: None }
            }
            _ => {
                let table = self.masters(IDENTITIES, columns);
                Op::Embed { tokens: TOKENS, table, scale: Scale::ONE }
            }
        };
        let result = self.with_values(rows, columns, values);
        self.ops.push(Step { op, result });
        result
    }

    pub(crate) fn with_values(&mut self, rows: Rows, columns: u32, values: Values) -> TensorId {
        let id = TensorId(self.tensors.len() as u32);
        let len = rows.count(self.length) as usize * columns as usize;
        self.values.insert(id, self.random.numbers(values.range(), len));
        self.tensors.push(Tensor { rows, columns, values });
        id
    }

    pub(crate) fn tensor(&self, id: TensorId) -> Tensor {
        self.tensors[id.index()]
    }

    /// The program with this operator at its end.
    pub(crate) fn program(&mut self, op: Op, result: Tensor) -> Program {
        let id = TensorId(self.tensors.len() as u32);
        self.tensors.push(result);
        self.ops.push(Step { op, result: id });
        Program {
            semantics: SEMANTICS,
            rows: MOST,
            tensors: self.tensors.clone(),
            ops: self.ops.clone(),
            result: id,
        }
    }

    pub(crate) fn artifact(&self, id: TensorId) -> Option<Artifact<'static>> {
        let values = self.values.get(&id)?;
        Some(match self.tensors.get(id.index())?.values {
            Values::Masters => {
                Artifact::Masters(values.iter().map(|value| *value as i16).collect())
            }
            _ => Artifact::Constants(values.clone().into()),
        })
    }

    /// Whatever an operator may read.
    pub(crate) fn values(&self) -> impl Iterator<Item = (TensorId, &Tensor, &Vec<i32>)> {
        self.values.iter().map(|(id, values)| (*id, &self.tensors[id.index()], values))
    }

    pub(crate) fn given(&self, seed: [u8; 32]) -> Given {
        let rows = self.values().flat_map(|(id, tensor, values)| {
            let rows = values.chunks(tensor.columns as usize).zip(0..);
            rows.map(move |(values, row)| ((id, row), values.to_vec()))
        });
        Given { length: self.length, seed: Some(seed), rows: rows.collect() }
    }
}

/// Artifacts at random for a program, such that what it computes is neither nothing nor the most.
pub(crate) fn artifacts(program: &Checked, seed: u64) -> BTreeMap<TensorId, Artifact<'static>> {
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

/// FNV-1a, of which frozen results are made.
pub(crate) fn hash(numbers: impl IntoIterator<Item = i32>) -> u64 {
    let bytes = numbers.into_iter().flat_map(i32::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
