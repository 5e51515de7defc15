//! Operators that look at one row, and those that make one row of all.

use super::{state::Kept, step::Worker, Error, Matrix};
use crate::{
    math::{normcdf, sigmoid, Normal},
    num::{digits, quotient, round, Scale},
    program::{Op, TensorId},
};
use alloc::vec::Vec;

fn wide(row: &[i32]) -> impl Iterator<Item = i64> + Clone + '_ {
    row.iter().copied().map(i64::from)
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
        self.each_row(result, [tokens], |_, [token], out| {
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
        self.each_row(result, [tokens], |row, _, out| {
            look_up(table, self.span.start + row, scale, out);
        })
    }

    pub(super) fn norm(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        match *op {
            Op::RmsNorm { values, gains, scale, epsilon, .. } => {
                let gains = self.masters(gains)?;
                self.each_row(result, [values], |_, [row], out| {
                    // A group has a column for each gain.
                    let groups = row.chunks_exact(gains.len());
                    for (group, out) in groups.zip(out.chunks_exact_mut(gains.len())) {
                        let normal = Normal::of(wide(group), gains.len() as u64, epsilon);
                        for ((out, x), gain) in out.iter_mut().zip(wide(group)).zip(gains) {
                            *out = scale.of(normal.apply(x) * i64::from(*gain));
                        }
                    }
                })
            }
            Op::LayerNorm { values, gains, biases, scale, epsilon } => {
                let gains = self.masters(gains)?;
                let biases = self.constants(biases)?;
                self.each_row(result, [values], |_, [row], out| {
                    let mean = quotient(wide(row).sum(), row.len() as i64);
                    let centred = wide(row).map(|x| x - mean);
                    let normal = Normal::of(centred.clone(), row.len() as u64, epsilon);
                    let channels = gains.iter().zip(biases);
                    for ((out, x), (gain, bias)) in out.iter_mut().zip(centred).zip(channels) {
                        let scaled = scale.of(normal.apply(x) * i64::from(*gain));
                        *out = scaled + i64::from(*bias);
                    }
                })
            }
            Op::Unit { values, scale } => self.each_row(result, [values], |_, [row], out| {
                let normal = Normal::of(wide(row), 1, 0);
                for (out, x) in out.iter_mut().zip(wide(row)) {
                    *out = scale.of(normal.apply(x));
                }
            }),
            _ => Err(Error::Unreachable { tensor: result }),
        }
    }

    pub(super) fn exponent(
        &self,
        result: TensorId,
        values: TensorId,
        width: u8,
    ) -> Result<Matrix, Error> {
        let kept = u32::from(width) - 1;
        self.each_row(result, [values], |_, [row], out| {
            let largest = row.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0);
            out[0] = digits(largest.into()).saturating_sub(kept).into();
        })
    }

    pub(super) fn activation(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        match *op {
            Op::Gated { gates, values, logistic, scale } => {
                self.each_row(result, [gates, values], |_, [gates, values], out| {
                    for ((out, x), y) in out.iter_mut().zip(wide(gates)).zip(wide(values)) {
                        let open = sigmoid(logistic.of(x.abs()) * x.signum());
                        *out = scale.of(round(x * open, 8) * y);
                    }
                })
            }
            Op::Gelu { values, normal, scale } => self.each_number(result, values, |x| {
                scale.of(x * normcdf(normal.of(x.abs()) * x.signum()))
            }),
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
            input.widen(i, &mut row);
            sums.iter_mut().zip(wide(&row)).for_each(|(sum, x)| *sum += x);
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
        self.matrix(values)?.widen(self.span.rows - 1, &mut row);
        self.single(result, wide(&row))
    }

    fn single(&self, result: TensorId, values: impl Iterator<Item = i64>) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let mut row = self.sums(result, made.columns())?;
        row.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        made.store(0, &row, bits);
        Ok(made)
    }
}

fn look_up(table: &[i16], row: usize, scale: Scale, out: &mut [i64]) {
    let columns = out.len();
    for (out, master) in out.iter_mut().zip(&table[row * columns..]) {
        *out = scale.of((*master).into());
    }
}
