//! One number of what an operator makes, from the numbers that it needs: what all faster ways have
//! to come to, and what a judge computes.

use crate::{
    check::Checked,
    delta::moved,
    num::{digits, quotient, round, saturate, weight, Scale},
    program::{Expert, Op, Rows, Step, Tensor, TensorId},
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::fmt;

mod attention;
mod change;
mod choice;
mod rows;
#[cfg(test)]
mod tests;

/// What a judge has at hand.
pub trait Inputs {
    /// The length of the sequence.
    fn length(&self) -> u32;

    /// The seed that tokens are drawn with.
    fn seed(&self) -> Option<[u8; 32]>;

    /// One number of a tensor, if it is at hand.
    fn value(&self, tensor: TensorId, row: u32, column: u32) -> Option<i32>;
}

/// Whole rows of tensors, by their numbers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Given {
    pub length: u32,
    pub seed: Option<[u8; 32]>,
    pub rows: BTreeMap<(TensorId, u32), Vec<i32>>,
}

impl Inputs for Given {
    fn length(&self) -> u32 {
        self.length
    }

    fn seed(&self) -> Option<[u8; 32]> {
        self.seed
    }

    fn value(&self, tensor: TensorId, row: u32, column: u32) -> Option<i32> {
        self.rows.get(&(tensor, row))?.get(usize::try_from(column).ok()?).copied()
    }
}

/// Why there is no such element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// The sequence is empty, or longer than the program allows.
    Length { most: u32, have: u32 },
    /// The program has fewer operators.
    Operator { count: usize, have: usize },
    /// The tensor has no such row or column.
    Outside { tensor: TensorId, row: u32, column: u32 },
    /// It is needed, and was not given.
    Missing { tensor: TensorId, row: u32, column: u32 },
    /// It cannot be what was given.
    Value { tensor: TensorId, row: u32, column: u32, have: i32 },
    /// Tokens are drawn, and there is no seed.
    Seed,
    /// The operator is not computed in so many parts, or a part not in so many steps.
    NoStep { part: usize, step: u32 },
    /// An earlier step is needed, and was not given.
    MissingStep { part: usize, step: u32 },
    /// No step of that part comes to that.
    Step { part: usize, step: u32, have: i64 },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { most, have } => {
                write!(f, "the sequence may have 1 to {most} tokens, and has {have}")
            }
            Self::Operator { count, have } => {
                write!(f, "the program has {count} operators, so none of number {have}")
            }
            Self::Outside { tensor: TensorId(tensor), row, column } => {
                write!(f, "tensor {tensor} has no row {row} with a column {column}")
            }
            Self::Missing { tensor: TensorId(tensor), row, column } => {
                write!(f, "column {column} of row {row} of tensor {tensor} is needed")
            }
            Self::Value { tensor: TensorId(tensor), row, column, have } => {
                write!(f, "column {column} of row {row} of tensor {tensor} cannot be {have}")
            }
            Self::Seed => f.write_str("tokens are drawn, and there is no seed"),
            Self::NoStep { part, step } => write!(f, "there is no step {step} of part {part}"),
            Self::MissingStep { part, step } => {
                write!(f, "step {step} of part {part} is needed")
            }
            Self::Step { part, step, have } => {
                write!(f, "step {step} of part {part} cannot be {have}")
            }
        }
    }
}

impl core::error::Error for Error {}

/// The number at `row` and `column` of what the operator makes.
pub fn element(
    program: &Checked,
    operator: usize,
    row: u32,
    column: u32,
    inputs: &impl Inputs,
) -> Result<i64, Error> {
    let (judge, step) = Judge::new(program, operator, row, column, inputs)?;
    judge.compute(&step.op, row, column, judge.bits(step))
}

pub(crate) struct Judge<'a, I> {
    program: &'a Checked,
    pub inputs: &'a I,
    pub length: u32,
}

impl<'a, I: Inputs> Judge<'a, I> {
    /// With the operator, if it has such an element.
    pub(crate) fn new(
        program: &'a Checked,
        operator: usize,
        row: u32,
        column: u32,
        inputs: &'a I,
    ) -> Result<(Self, &'a Step), Error> {
        let source = program.program();
        let length = inputs.length();
        if length == 0 || length > source.rows {
            return Err(Error::Length { most: source.rows, have: length });
        }
        let none = Error::Operator { count: source.ops.len(), have: operator };
        let step = source.ops.get(operator).ok_or(none)?;
        let judge = Self { program, inputs, length };
        judge.inside(step.result, row, column)?;
        Ok((judge, step))
    }

    /// What a result is saturated to: what has no bits of its own is not affected by 32.
    pub(crate) fn bits(&self, step: &Step) -> u32 {
        self.width(step.result)
    }

    /// The bits of a tensor's numbers; 32 of what has none of its own.
    pub(crate) fn width(&self, tensor: TensorId) -> u32 {
        let found = self.program.tensor(tensor);
        found.and_then(|found| found.values.bits()).unwrap_or(32).into()
    }

    fn compute(&self, op: &Op, i: u32, j: u32, bits: u32) -> Result<i64, Error> {
        let saturated = |x: i64| Ok(saturate(x, bits));
        match *op {
            Op::Embed { tokens, table, scale } => {
                let token = self.index(tokens, i, 0)?;
                saturated(scale.of(self.at(table, token, j)?))
            }
            Op::Position { table, scale, .. } => saturated(scale.of(self.at(table, i, j)?)),
            Op::Add { left, right } => saturated(self.at(left, i, j)? + self.at(right, i, j)?),
            Op::RmsNorm { .. } | Op::LayerNorm { .. } | Op::Unit { .. } => {
                saturated(self.norm(op, i, j)?)
            }
            Op::Narrow { values, scale } => saturated(scale.of(self.at(values, i, j)?)),
            Op::Exponent { values, width } => {
                let largest = self.row(values, i)?.into_iter().map(i64::unsigned_abs).max();
                Ok(digits(largest.unwrap_or(0)).saturating_sub(u32::from(width) - 1).into())
            }
            Op::Shift { values, exponents } => {
                saturated(round(self.at(values, i, j)?, self.index(exponents, i, 0)?))
            }
            Op::Linear { values, weights, scales, biases, exponents } => {
                let product = self.product(values, i, Expert { weights, scales }, j, exponents)?;
                let bias = biases.map_or(Ok(0), |biases| self.at(biases, 0, j))?;
                saturated(product + bias)
            }
            Op::Rotate { .. } => saturated(self.rotate(op, i, j)?),
            Op::Attention { .. } => saturated(self.attention(op, i, j)?),
            Op::Gated { .. } | Op::Gelu { .. } => saturated(self.activation(op, i, j)?),
            Op::Relu { values } => Ok(self.at(values, i, j)?.max(0)),
            Op::Choose { values, .. } => self.choose(values, i, j),
            Op::Share { .. } => self.share(op, i, j),
            Op::Expert { .. } => saturated(self.expert(op, i, j)?),
            Op::Combine { values, shares } => saturated(self.combine(values, shares, i, j)?),
            Op::Mean { values } => {
                let sum: i64 =
                    (0..self.length).map(|i| self.at(values, i, j)).sum::<Result<_, _>>()?;
                Ok(quotient(sum, self.length.into()))
            }
            Op::First { values } => self.at(values, 0, j),
            Op::Last { values } => self.at(values, self.length - 1, j),
            Op::CrossEntropy { values, targets, scale } => {
                self.cross_entropy(values, targets, scale, i)
            }
            Op::Sample { values, ref rule } => self.sample(values, rule, i),
            Op::Scale { values, gains, scale } => {
                saturated(scale.of(self.at(values, i, j)? * self.at(gains, 0, j)?))
            }
            Op::Moved { masters, high, wide, shift } => {
                let product = |r| Ok(self.at(high, i, r)? * self.at(wide, r, j)?);
                let sum = (0..self.columns(high)).map(product).sum::<Result<i64, Error>>()?;
                Ok(moved(self.at(masters, i, j)?, round(sum, shift.into())))
            }
            Op::Changed { masters, ends, places, changes } => {
                let change = self.change(ends, [places, changes], i, j)?;
                Ok(moved(self.at(masters, i, j)?, change))
            }
        }
    }

    /// Before it is saturated.
    fn expert(&self, op: &Op, i: u32, j: u32) -> Result<i64, Error> {
        let Op::Expert { values, choices, experts, exponents } = op else { return Ok(0) };
        let slots = self.columns(*choices);
        let choice = self.index(*choices, i / slots, i % slots)?;
        let outside = Error::Outside { tensor: *choices, row: i, column: choice };
        let expert = experts.get(choice as usize).ok_or(outside)?;
        let row = if self.rows(*values) == Rows::Token { i / slots } else { i };
        self.product(*values, row, *expert, j, *exponents)
    }

    /// Before it is saturated.
    fn combine(&self, values: TensorId, shares: TensorId, i: u32, j: u32) -> Result<i64, Error> {
        let slots = self.columns(shares);
        let mut sum = 0;
        for s in 0..slots {
            sum += round(self.at(shares, i, s)? * self.at(values, i * slots + s, j)?, 15);
        }
        Ok(sum)
    }

    /// Row `i` of the input times row `j` of the weights, scaled.
    fn product(
        &self,
        values: TensorId,
        i: u32,
        Expert { weights, scales }: Expert,
        j: u32,
        exponents: Option<TensorId>,
    ) -> Result<i64, Error> {
        let exponent = exponents.map_or(Ok(0), |exponents| self.index(exponents, i, 0))?;
        let mut sum = 0;
        for k in 0..self.columns(values) {
            let master = self.at(weights, j, k)?;
            sum += self.at(values, i, k)? * i64::from(weight(master as i16));
        }
        Ok(self.scale(scales, j, exponent)?.of_shifted(sum, exponent))
    }

    fn scale(&self, scales: TensorId, column: u32, exponent: u32) -> Result<Scale, Error> {
        let constant = self.at(scales, 0, column)? as i32;
        Scale::unpack(constant)
            .filter(|scale| u32::from(scale.shift) >= exponent)
            .ok_or(Error::Value { tensor: scales, row: 0, column, have: constant })
    }

    pub(crate) fn row(&self, tensor: TensorId, row: u32) -> Result<Vec<i64>, Error> {
        (0..self.columns(tensor)).map(|column| self.at(tensor, row, column)).collect()
    }

    /// What is never negative.
    pub(crate) fn index(&self, tensor: TensorId, row: u32, column: u32) -> Result<u32, Error> {
        self.at(tensor, row, column).map(|value| value as u32)
    }

    /// A number that the tensor can have: nobody has vouched for what a judge is given.
    pub(crate) fn at(&self, tensor: TensorId, row: u32, column: u32) -> Result<i64, Error> {
        let Tensor { values, .. } = self.inside(tensor, row, column)?;
        let missing = Error::Missing { tensor, row, column };
        let have = self.inputs.value(tensor, row, column).ok_or(missing)?;
        let (least, most) = values.range();
        if (least..=most).contains(&have.into()) {
            Ok(have.into())
        } else {
            Err(Error::Value { tensor, row, column, have })
        }
    }

    fn inside(&self, tensor: TensorId, row: u32, column: u32) -> Result<Tensor, Error> {
        match self.program.tensor(tensor) {
            Some(found)
                if u64::from(row) < found.rows.count(self.length) && column < found.columns =>
            {
                Ok(*found)
            }
            _ => Err(Error::Outside { tensor, row, column }),
        }
    }

    pub(crate) fn columns(&self, tensor: TensorId) -> u32 {
        self.program.tensor(tensor).map_or(0, |found| found.columns)
    }

    pub(crate) fn rows(&self, tensor: TensorId) -> Rows {
        self.program.tensor(tensor).map_or(Rows::One, |found| found.rows)
    }
}
