//! Programs of one operator.

use super::Random;
use crate::{
    element::Given,
    num::{digits, Scale},
    program::{Expert, Op, Program, Rows, Step, Tensor, TensorId, Values, SEMANTICS},
    run::{Artifact, Crew, Matrix, Path, Plan, Tiling},
};
use alloc::{collections::BTreeMap, vec, vec::Vec};

/// A program of one operator that anything can be given to.
pub struct Scene {
    pub random: Random,
    pub length: u32,
    tensors: Vec<Tensor>,
    ops: Vec<Step>,
    values: BTreeMap<TensorId, Vec<i32>>,
}

/// The most tokens of a scene.
pub const MOST: u32 = 8;
/// Of the tokens that the operators before are made from.
const IDENTITIES: u32 = 5;
const TOKENS: TensorId = TensorId(0);

impl Scene {
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let length = random.from(1, MOST);
        let tensors = Vec::new();
        let mut scene = Self { random, length, tensors, ops: Vec::new(), values: BTreeMap::new() };
        scene.with_values(Rows::Token, 1, Values::Tokens { below: IDENTITIES });
        scene
    }

    pub fn tokens(&self) -> TensorId {
        TOKENS
    }

    /// Few columns, or now and then many.
    pub fn columns(&mut self) -> u32 {
        match self.random.below(16) {
            0 => self.random.from(500, 1_100),
            1..4 => self.random.from(8, 80),
            _ => self.random.from(1, 7),
        }
    }

    /// Few results, or now and then more than a panel makes.
    pub fn outputs(&mut self) -> u32 {
        match self.random.below(8) {
            0 => self.random.from(40, 200),
            _ => self.random.from(1, 9),
        }
    }

    pub fn any_rows(&mut self) -> Rows {
        match self.random.below(4) {
            0 => Rows::One,
            1 => Rows::Slots(self.random.from(1, 3)),
            _ => Rows::Token,
        }
    }

    /// What a saturated result can be.
    pub fn saturated(&mut self) -> Values {
        let bits = self.random.from(2, 16) as u8;
        if self.random.chance() {
            Values::Wide
        } else {
            Values::Activations { bits }
        }
    }

    pub fn narrow(&mut self, rows: Rows, columns: u32, most: u32) -> TensorId {
        let bits = if self.random.chance() { most } else { self.random.from(2, most) } as u8;
        self.made(rows, columns, Values::Activations { bits })
    }

    pub fn numbers(&mut self, rows: Rows, columns: u32) -> TensorId {
        if self.random.chance() {
            self.made(rows, columns, Values::Wide)
        } else {
            self.narrow(rows, columns, 16)
        }
    }

    pub fn masters(&mut self, rows: u32, columns: u32) -> TensorId {
        self.with_values(Rows::Fixed(rows), columns, Values::Masters)
    }

    pub fn constants(&mut self, columns: u32) -> TensorId {
        self.with_values(Rows::Fixed(1), columns, Values::Constants)
    }

    /// A scale for each column.
    pub fn scales(&mut self, columns: u32, scale: impl Fn(&mut Self) -> Scale) -> TensorId {
        let id = self.constants(columns);
        let scales = (0..columns).map(|_| scale(self).pack()).collect();
        self.values.insert(id, scales);
        id
    }

    /// Any scale, or half the time one that brings the largest of some numbers from so many binary
    /// digits to about as many as what is made can have: most others make zeros of all of them, or
    /// the most that there can be.
    pub fn scale(&mut self, least_shift: u8, held: u32, made: u32) -> Scale {
        let any = self.random.scale(least_shift);
        if self.random.chance() {
            return any;
        }
        let shift = (16 + held + self.random.from(0, 6)).saturating_sub(1 + made);
        let shift = shift.clamp(least_shift.max(1).into(), Scale::MOST_SHIFT.into());
        Scale { shift: shift as u8, ..any }
    }

    /// Constants that are not any numbers.
    pub fn listed(&mut self, rows: u32, columns: u32, numbers: Vec<i32>) -> TensorId {
        let id = self.with_values(Rows::Fixed(rows), columns, Values::Constants);
        self.values.insert(id, numbers);
        id
    }

    pub fn exponents(&mut self, rows: Rows) -> (TensorId, u8) {
        let most = self.random.from(0, 31) as u8;
        (self.made(rows, 1, Values::Exponents { most }), most)
    }

    pub fn targets(&mut self, below: u32) -> TensorId {
        let id = self.with_values(Rows::Token, 1, Values::Targets { below });
        let range = (-1, i64::from(below) - 1);
        let targets = (0..self.length).map(|_| self.random.between(range)).collect();
        self.values.insert(id, targets);
        id
    }

    /// A tensor with an operator that could have made it, for the program to be a program.
    pub fn made(&mut self, rows: Rows, columns: u32, values: Values) -> TensorId {
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
                let weights = self.masters(columns, 1);
                let scales = self.scales(columns, |scene| scene.random.scale(0));
                let expert = Expert { weights, scales };
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

    pub fn with_values(&mut self, rows: Rows, columns: u32, values: Values) -> TensorId {
        let id = TensorId(self.tensors.len() as u32);
        let len = rows.count(self.length) as usize * columns as usize;
        self.values.insert(id, self.random.numbers(values.range(), len));
        self.tensors.push(Tensor { rows, columns, values });
        id
    }

    pub fn tensor(&self, id: TensorId) -> Tensor {
        self.tensors[id.index()]
    }

    /// The largest number of a tensor, whatever its sign.
    pub fn largest(&self, id: TensorId) -> u32 {
        let numbers = self.values.get(&id).into_iter().flatten();
        numbers.map(|number| number.unsigned_abs()).max().unwrap_or(0)
    }

    /// How many binary digits that has.
    pub fn digits(&self, id: TensorId) -> u32 {
        digits(self.largest(id).into())
    }

    /// The program with this operator at its end.
    pub fn program(&mut self, op: Op, result: Tensor) -> Program {
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

    pub fn artifact(&self, id: TensorId) -> Option<Artifact<'static>> {
        let values = self.values.get(&id)?;
        Some(match self.tensors.get(id.index())?.values {
            Values::Masters => {
                Artifact::Masters(values.iter().map(|value| *value as i16).collect())
            }
            _ => Artifact::Constants(values.clone().into()),
        })
    }

    /// Whatever an operator may read.
    pub fn values(&self) -> impl Iterator<Item = (TensorId, &Tensor, &Vec<i32>)> {
        self.values.iter().map(|(id, values)| (*id, &self.tensors[id.index()], values))
    }

    /// What the operator at the end of its program makes of the scene.
    pub fn compute(
        &self,
        program: &Program,
        path: Path,
        tiling: Tiling,
        crew: &dyn Crew,
        seed: [u8; 32],
    ) -> Matrix {
        let program = program.clone().check().unwrap_or_else(|flaw| panic!("{flaw}: {program:#?}"));
        let plan = Plan::bind_for(path, &program, |id| self.artifact(id));
        let mut tensors = BTreeMap::new();
        for (id, tensor, values) in self.values().filter(|(_, one, _)| !one.values.is_bound()) {
            let rows = tensor.rows.count(self.length) as usize;
            let matrix = Matrix::copied(id, tensor, rows, values);
            tensors.insert(id, matrix.unwrap_or_else(|error| panic!("{error}")));
        }
        let length = self.length as usize;
        let made = plan.and_then(|plan| plan.tiled(tiling).last(crew, &tensors, length, seed));
        made.unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn given(&self, seed: [u8; 32]) -> Given {
        let rows = self.values().flat_map(|(id, tensor, values)| {
            let rows = values.chunks(tensor.columns as usize).zip(0..);
            rows.map(move |(values, row)| ((id, row), values.to_vec()))
        });
        Given { length: self.length, seed: Some(seed), rows: rows.collect() }
    }
}
