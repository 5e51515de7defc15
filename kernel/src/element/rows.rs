//! Elements that a row, or a part of one, makes.

use super::{quotient, round, Error, Inputs, Judge, Op};
use crate::math::{normcdf, sigmoid, Normal};
use alloc::vec::Vec;

impl<I: Inputs> Judge<'_, I> {
    /// Before it is saturated.
    pub(super) fn norm(&self, op: &Op, i: u32, j: u32) -> Result<i64, Error> {
        match *op {
            Op::RmsNorm { values, gains, scale, epsilon, groups } => {
                let columns = self.columns(values) / groups;
                let start = j / columns * columns;
                let group: Vec<i64> = (start..start + columns)
                    .map(|column| self.at(values, i, column))
                    .collect::<Result<_, _>>()?;
                let normal = Normal::of(group.iter().copied(), columns.into(), epsilon);
                let gain = self.at(gains, 0, j % columns)?;
                Ok(scale.of(normal.apply(self.at(values, i, j)?) * gain))
            }
            Op::LayerNorm { values, gains, biases, scale, epsilon } => {
                let row = self.row(values, i)?;
                let mean = quotient(row.iter().sum(), row.len() as i64);
                let columns = self.columns(values).into();
                let normal = Normal::of(row.iter().map(|x| x - mean), columns, epsilon);
                let gain = self.at(gains, 0, j)?;
                let bias = self.at(biases, 0, j)?;
                Ok(scale.of(normal.apply(self.at(values, i, j)? - mean) * gain) + bias)
            }
            Op::Unit { values, scale } => {
                let row = self.row(values, i)?;
                let normal = Normal::of(row.into_iter(), 1, 0);
                Ok(scale.of(normal.apply(self.at(values, i, j)?)))
            }
            _ => Ok(0),
        }
    }

    /// Before it is saturated.
    pub(super) fn rotate(&self, op: &Op, i: u32, j: u32) -> Result<i64, Error> {
        let Op::Rotate { values, cosines, sines, heads } = *op else { return Ok(0) };
        let head = self.columns(values) / heads;
        let half = head / 2;
        let c = j % half;
        let first = j / head * head + c;
        let x = self.at(values, i, first)?;
        let y = self.at(values, i, first + half)?;
        let (cosine, sine) = (self.at(cosines, i, c)?, self.at(sines, i, c)?);
        let turned = if j == first { x * cosine - y * sine } else { y * cosine + x * sine };
        Ok(round(turned, 14))
    }

    /// Before it is saturated.
    pub(super) fn activation(&self, op: &Op, i: u32, j: u32) -> Result<i64, Error> {
        match *op {
            Op::Gated { gates, values, logistic, scale } => {
                let gate = self.at(gates, i, j)?;
                let open = sigmoid(logistic.of(gate.abs()) * gate.signum());
                Ok(scale.of(round(gate * open, 8) * self.at(values, i, j)?))
            }
            Op::Gelu { values, normal, scale } => {
                let x = self.at(values, i, j)?;
                Ok(scale.of(x * normcdf(normal.of(x.abs()) * x.signum())))
            }
            _ => Ok(0),
        }
    }
}
