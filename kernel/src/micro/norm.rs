//! Operators that need the sum, the largest or the squares of a row, or the sum of a column.

use super::{one, Error, Expansion, Inputs, Op, Run};
use crate::{
    math::Normal,
    num::{digits, quotient},
    program::TensorId,
};
use alloc::{vec, vec::Vec};

/// No sum of 2^20 numbers of 32 bits is larger.
const SUM: i64 = 1 << 52;
/// No such number is, nor one that their mean is taken from.
const LARGEST: i64 = 1 << 33;
/// No sum of 2^20 squares is, of 20 bits and rounded.
const SQUARES: i64 = 1 << 60;

/// The numbers of which a normal is made.
struct Group {
    values: TensorId,
    start: u32,
    columns: u32,
    divisor: u32,
    epsilon: u32,
    /// Whether their mean is taken from them, for which there is a part first.
    centred: bool,
}

impl<I: Inputs> Expansion<'_, I> {
    pub(super) fn norm_parts(&self) -> Vec<Run> {
        let largest = |steps| one(steps, (0, LARGEST));
        let sums = |steps| one(steps, (-SUM, SUM));
        match *self.op {
            Op::Mean { .. } => vec![sums(self.judge.length)],
            Op::Exponent { values, .. } => vec![largest(self.columns(values))],
            _ => {
                let Group { columns, centred, .. } = self.group();
                let squares = one(columns, (0, SQUARES));
                let mut parts = vec![largest(columns), squares];
                if centred {
                    parts.insert(0, sums(columns));
                }
                parts
            }
        }
    }

    fn group(&self) -> Group {
        match *self.op {
            Op::RmsNorm { values, groups, epsilon, .. } => {
                let columns = self.columns(values) / groups;
                let start = self.column / columns * columns;
                Group { values, start, columns, divisor: columns, epsilon, centred: false }
            }
            Op::LayerNorm { values, epsilon, .. } => {
                let columns = self.columns(values);
                Group { values, start: 0, columns, divisor: columns, epsilon, centred: true }
            }
            Op::Unit { values, .. } => {
                let columns = self.columns(values);
                Group { values, start: 0, columns, divisor: 1, epsilon: 0, centred: false }
            }
            _ => Group {
                values: TensorId(u32::MAX),
                start: 0,
                columns: 0,
                divisor: 1,
                epsilon: 0,
                centred: false,
            },
        }
    }

    pub(super) fn norm(&self, part: usize, index: u32) -> Result<i64, Error> {
        match *self.op {
            Op::Mean { values } if part == 0 => {
                Ok(self.before(0, index, 0)? + self.judge.at(values, index, self.column)?)
            }
            Op::Mean { .. } => Ok(quotient(self.end(0)?, self.judge.length.into())),
            Op::Exponent { values, .. } if part == 0 => {
                Ok(self.before(0, index, 0)?.max(self.at(values, index)?.abs()))
            }
            Op::Exponent { width, .. } => {
                let largest = self.end(0)?.unsigned_abs();
                Ok(digits(largest).saturating_sub(u32::from(width) - 1).into())
            }
            _ => self.normal(part, index),
        }
    }

    /// Sums where the numbers are centred, then the largest, then squares, then the element.
    fn normal(&self, part: usize, index: u32) -> Result<i64, Error> {
        let group = self.group();
        let first = usize::from(group.centred);
        if part < first {
            let x = self.at(group.values, group.start + index)?;
            return Ok(self.before(0, index, 0)? + x);
        }
        if part == first {
            let c = self.number(&group, group.start + index)?;
            return Ok(self.before(part, index, 0)?.max(c.abs()));
        }
        let largest = self.end(first)?;
        let number = |column| match self.number(&group, column)? {
            c if c.abs() <= largest => Ok(c),
            // Someone who says so contradicts himself.
            _ => Err(Error::Step { part: first, step: group.columns - 1, have: largest }),
        };
        let squares = first + 1;
        if part == squares {
            let square = Normal::square(number(group.start + index)?, largest.unsigned_abs());
            return Ok(self.before(part, index, 0)? + square as i64);
        }
        let (sum, c) = (self.end(squares)?, number(self.column)?);
        if Normal::square(c, largest.unsigned_abs()) > sum.unsigned_abs() {
            // No square is more than all of them, and what is normed would get too large.
            return Err(Error::Step { part: squares, step: group.columns - 1, have: sum });
        }
        let (largest, sum) = (largest.unsigned_abs(), sum.unsigned_abs());
        let Group { divisor, epsilon, .. } = group;
        let n = Normal::from_squares(largest, sum, divisor.into(), epsilon).apply(c);
        match *self.op {
            Op::RmsNorm { gains, scale, .. } => {
                let gain = self.judge.at(gains, 0, self.column - group.start)?;
                Ok(scale.of(n * gain))
            }
            Op::LayerNorm { gains, biases, scale, .. } => {
                let gain = self.judge.at(gains, 0, self.column)?;
                Ok(scale.of(n * gain) + self.judge.at(biases, 0, self.column)?)
            }
            Op::Unit { scale, .. } => Ok(scale.of(n)),
            _ => Ok(0),
        }
    }

    /// What is normed, its mean taken from it where that is done.
    fn number(&self, group: &Group, column: u32) -> Result<i64, Error> {
        let x = self.at(group.values, column)?;
        if group.centred {
            Ok(x - quotient(self.end(0)?, group.columns.into()))
        } else {
            Ok(x)
        }
    }
}
