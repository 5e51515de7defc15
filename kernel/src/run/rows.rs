//! Operators that look at one row, and those that make one row of all.

use super::{parts::Row, state::Kept, step::Worker, tables::Table, Error, Matrix};
use crate::{
    math::{normcdf, sigmoid, Normal},
    num::{digits, nearest, quotient, round, Scale},
    program::{Op, TensorId},
};
use alloc::vec::Vec;

#[inline(always)]
fn wide(row: &[i32]) -> impl Iterator<Item = i64> + Clone + '_ {
    row.iter().copied().map(i64::from)
}

/// A number from the same number of each input.
pub(super) trait Number<const N: usize>: Sync {
    fn number(&self, inputs: [i64; N]) -> i64;
}

/// What computes rows number by number.
pub(super) struct Numbers<F>(pub F);

impl<F: Number<1>> Row<1> for Numbers<F> {
    #[inline(always)]
    fn compute(&self, _row: usize, [x]: [&[i32]; 1], out: &mut [i64]) {
        for (out, x) in out.iter_mut().zip(wide(x)) {
            *out = self.0.number([x]);
        }
    }
}

impl<F: Number<2>> Row<2> for Numbers<F> {
    #[inline(always)]
    fn compute(&self, _row: usize, [x, y]: [&[i32]; 2], out: &mut [i64]) {
        for ((out, x), y) in out.iter_mut().zip(wide(x)).zip(wide(y)) {
            *out = self.0.number([x, y]);
        }
    }
}

pub(super) struct Sum;

impl Number<2> for Sum {
    #[inline(always)]
    fn number(&self, [x, y]: [i64; 2]) -> i64 {
        x + y
    }
}

pub(super) struct Scaled(pub Scale);

impl Number<1> for Scaled {
    #[inline(always)]
    fn number(&self, [x]: [i64; 1]) -> i64 {
        self.0.lane(x)
    }
}

pub(super) struct Positive;

impl Number<1> for Positive {
    #[inline(always)]
    fn number(&self, [x]: [i64; 1]) -> i64 {
        x.max(0)
    }
}

/// Shifted by what a row says.
pub(super) struct Shifted;

impl Row<2> for Shifted {
    #[inline(always)]
    fn compute(&self, _row: usize, [x, exponent]: [&[i32]; 2], out: &mut [i64]) {
        let shift = exponent[0].unsigned_abs();
        for (out, x) in out.iter_mut().zip(wide(x)) {
            *out = nearest(x, shift);
        }
    }
}

/// By column.
pub(super) struct Gains<'a> {
    pub gains: &'a [i16],
    pub scale: Scale,
}

impl Row<1> for Gains<'_> {
    #[inline(always)]
    fn compute(&self, _row: usize, [x]: [&[i32]; 1], out: &mut [i64]) {
        for ((out, x), gain) in out.iter_mut().zip(wide(x)).zip(self.gains) {
            *out = self.scale.lane(x * i64::from(*gain));
        }
    }
}

struct RmsNorm<'a> {
    gains: &'a [i16],
    scale: Scale,
    epsilon: u32,
}

impl Row<1> for RmsNorm<'_> {
    #[inline(always)]
    fn compute(&self, _row: usize, [row]: [&[i32]; 1], out: &mut [i64]) {
        // A group has a column for each gain.
        let columns = self.gains.len();
        for (group, out) in row.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
            let normal = Normal::of(wide(group), columns as u64, self.epsilon);
            for ((out, x), gain) in out.iter_mut().zip(wide(group)).zip(self.gains) {
                *out = self.scale.lane(normal.apply(x) * i64::from(*gain));
            }
        }
    }
}

struct LayerNorm<'a> {
    gains: &'a [i16],
    biases: &'a [i32],
    scale: Scale,
    epsilon: u32,
}

impl Row<1> for LayerNorm<'_> {
    #[inline(always)]
    fn compute(&self, _row: usize, [row]: [&[i32]; 1], out: &mut [i64]) {
        let mean = quotient(wide(row).sum(), row.len() as i64);
        let centred = wide(row).map(|x| x - mean);
        let normal = Normal::of(centred.clone(), row.len() as u64, self.epsilon);
        let channels = self.gains.iter().zip(self.biases);
        for ((out, x), (gain, bias)) in out.iter_mut().zip(centred).zip(channels) {
            *out = self.scale.lane(normal.apply(x) * i64::from(*gain)) + i64::from(*bias);
        }
    }
}

struct Unit(Scale);

impl Row<1> for Unit {
    #[inline(always)]
    fn compute(&self, _row: usize, [row]: [&[i32]; 1], out: &mut [i64]) {
        let normal = Normal::of(wide(row), 1, 0);
        for (out, x) in out.iter_mut().zip(wide(row)) {
            *out = self.0.lane(normal.apply(x));
        }
    }
}

/// What opens, and how far, is looked up where there is a table of it.
struct Gated<'a> {
    logistic: Scale,
    scale: Scale,
    table: Option<&'a Table>,
}

impl Row<2> for Gated<'_> {
    #[inline(always)]
    fn compute(&self, _row: usize, [gates, values]: [&[i32]; 2], out: &mut [i64]) {
        match self.table {
            Some(table) => table.look_up(gates, out),
            None => {
                for (out, x) in out.iter_mut().zip(wide(gates)) {
                    *out = opened(x, self.logistic);
                }
            }
        }
        for (out, y) in out.iter_mut().zip(wide(values)) {
            *out = self.scale.lane(*out * y);
        }
    }
}

/// A gate, as far as it is open.
pub(super) fn opened(x: i64, logistic: Scale) -> i64 {
    round(x * sigmoid(logistic.of(x.abs()) * x.signum()), 8)
}

/// A number times what of a normal distribution lies below it.
pub(super) fn bent(x: i64, normal: Scale, scale: Scale) -> i64 {
    scale.of(x * normcdf(normal.of(x.abs()) * x.signum()))
}

impl Worker<'_> {
    pub(super) fn embed(
        &self,
        result: TensorId,
        tokens: TensorId,
        table: TensorId,
        scale: Scale,
    ) -> Result<Matrix, Error> {
        let table = self.masters(table)?;
        self.each_row(result, [tokens], |_, [token]: [&[i32]; 1], out: &mut [i64]| {
            look_up(table, token[0].unsigned_abs() as usize, scale, out);
        })
    }

    pub(super) fn position(
        &self,
        result: TensorId,
        tokens: TensorId,
        table: TensorId,
        scale: Scale,
    ) -> Result<Matrix, Error> {
        let table = self.masters(table)?;
        let start = self.span.start;
        self.each_row(result, [tokens], |row, _: [&[i32]; 1], out: &mut [i64]| {
            look_up(table, start + row, scale, out);
        })
    }

    pub(super) fn norm(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        match *op {
            Op::RmsNorm { values, gains, scale, epsilon, .. } => {
                let gains = self.masters(gains)?;
                self.each_row(result, [values], RmsNorm { gains, scale, epsilon })
            }
            Op::LayerNorm { values, gains, biases, scale, epsilon } => {
                let (gains, biases) = (self.masters(gains)?, self.constants(biases)?);
                self.each_row(result, [values], LayerNorm { gains, biases, scale, epsilon })
            }
            Op::Unit { values, scale } => self.each_row(result, [values], Unit(scale)),
            _ => Err(Error::Unreachable { tensor: result }),
        }
    }

    pub(super) fn exponent(
        &self,
        result: TensorId,
        values: TensorId,
        width: u8,
    ) -> Result<Matrix, Error> {
        self.each_row(result, [values], Width { kept: u32::from(width) - 1 })
    }

    pub(super) fn activation(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        let table = self.plan.tables.get(result);
        match (op, table) {
            (&Op::Gated { gates, values, logistic, scale }, table) => {
                self.each_row(result, [gates, values], Gated { logistic, scale, table })
            }
            (&Op::Gelu { values, .. }, Some(table)) => self.each_row(result, [values], table),
            (&Op::Gelu { values, normal, scale }, None) => {
                self.each_row(result, [values], move |_, [x]: [&[i32]; 1], out: &mut [i64]| {
                    for (out, x) in out.iter_mut().zip(wide(x)) {
                        *out = bent(x, normal, scale);
                    }
                })
            }
            _ => Err(Error::Unreachable { tensor: result }),
        }
    }

    pub(super) fn mean(
        &self,
        result: TensorId,
        values: TensorId,
        kept: &mut Kept,
    ) -> Result<Matrix, Error> {
        let Kept::Sums(sums) = kept else { return Err(Error::State) };
        let input = self.matrix(values)?;
        let mut row = Vec::new();
        for i in 0..input.rows() {
            let row = input.wide(i, &mut row);
            sums.iter_mut().zip(wide(row)).for_each(|(sum, x)| *sum += x);
        }
        let length = (self.span.start + self.span.rows) as i64;
        self.single(result, sums.iter().map(|sum| quotient(*sum, length)))
    }

    pub(super) fn first(
        &self,
        result: TensorId,
        values: TensorId,
        kept: &mut Kept,
    ) -> Result<Matrix, Error> {
        let Kept::First(first) = kept else { return Err(Error::State) };
        if self.span.start == 0 {
            self.matrix(values)?.widen(0, first);
        }
        self.single(result, wide(first))
    }

    pub(super) fn last(&self, result: TensorId, values: TensorId) -> Result<Matrix, Error> {
        let mut row = Vec::new();
        let values = self.matrix(values)?;
        values.widen(values.rows() - 1, &mut row);
        self.single(result, wide(&row))
    }

    fn single(&self, result: TensorId, values: impl Iterator<Item = i64>) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let mut row = Vec::new();
        row.try_reserve_exact(made.columns()).map_err(|_| Error::Memory { tensor: result })?;
        row.extend(values);
        made.store(0, &row, bits);
        Ok(made)
    }
}

/// By how much a row has to be shifted.
struct Width {
    kept: u32,
}

impl Row<1> for Width {
    #[inline(always)]
    fn compute(&self, _row: usize, [row]: [&[i32]; 1], out: &mut [i64]) {
        let largest = row.iter().fold(0, |largest, x| x.unsigned_abs().max(largest));
        out[0] = digits(largest.into()).saturating_sub(self.kept).into();
    }
}

fn look_up(table: &[i16], row: usize, scale: Scale, out: &mut [i64]) {
    let columns = out.len();
    for (out, master) in out.iter_mut().zip(&table[row * columns..]) {
        *out = scale.lane((*master).into());
    }
}
