//! Elements that come of comparing the columns of a row.

use super::{Error, Inputs, Judge, Op};
use crate::{
    num::{most, round, Scale},
    program::{Rows, TensorId},
    sample::{fine_power, loss, power, sample, Rule},
};
use alloc::vec::Vec;
use core::cmp::Reverse;

impl<I: Inputs> Judge<'_, I> {
    pub(super) fn choose(&self, values: TensorId, i: u32, j: u32) -> Result<i64, Error> {
        let mut columns: Vec<_> = (0i64..).zip(self.row(values, i)?).collect();
        // Of equals the lower stays first.
        columns.sort_by_key(|(_, x)| Reverse(*x));
        Ok(columns.get(j as usize).map_or(0, |(column, _)| *column))
    }

    pub(super) fn share(&self, op: &Op, i: u32, j: u32) -> Result<i64, Error> {
        let Op::Share { values, choices, scale, all } = *op else { return Ok(0) };
        let chosen: Vec<i64> = (0..self.columns(choices))
            .map(|s| self.at(values, i, self.index(choices, i, s)?))
            .collect::<Result<_, _>>()?;
        let compared = if all { self.row(values, i)? } else { chosen };
        let largest = compared.iter().copied().max().unwrap_or(0);
        let whole: i64 = compared.iter().map(|x| power(largest - x, scale)).sum();
        let own = self.at(values, i, self.index(choices, i, j)?)?;
        let share = round(power(largest - own, scale) * ((1 << 46) / whole.max(1)), 31);
        Ok(share.min(most(16)))
    }

    pub(super) fn cross_entropy(
        &self,
        values: TensorId,
        targets: TensorId,
        scale: Scale,
        i: u32,
    ) -> Result<i64, Error> {
        let Ok(target) = u32::try_from(self.at(targets, i, 0)?) else { return Ok(-1) };
        let row = self.row(values, i)?;
        let largest = row.iter().copied().max().unwrap_or(0);
        let powers = row.iter().map(|x| fine_power(largest - x, scale)).sum();
        Ok(loss(powers, largest - self.at(values, i, target)?, scale))
    }

    pub(super) fn sample(&self, values: TensorId, rule: &Rule, i: u32) -> Result<i64, Error> {
        let seed = match rule {
            Rule::Greedy => [0; 32],
            Rule::Drawn { .. } => self.inputs.seed().ok_or(Error::Seed)?,
        };
        // What is below 32 bits, as the range of values says.
        let row: Vec<i32> = self.row(values, i)?.into_iter().map(|x| x as i32).collect();
        Ok(sample(&row, rule, &seed, self.position(values, i)).map_or(0, i64::from))
    }

    /// Where in the sequence a row is.
    pub(crate) fn position(&self, values: TensorId, i: u32) -> u64 {
        let position = if self.rows(values) == Rows::One { self.length - 1 } else { i };
        position.into()
    }
}
