//! Operators that compare the columns of a row.

use super::{matrix::Numbers, parts::Row, step::Worker, Error, Matrix};
use crate::{
    math::exp2f_lanes,
    num::{most, nearest, round, Scale},
    program::{Op, Rows, TensorId},
    sample::{largest, loss, power, sample, Rule, FINE_FAR},
};

/// Columns whose powers are computed at once.
const LANES: usize = 64;

impl Worker<'_> {
    pub(super) fn choose(
        &self,
        result: TensorId,
        values: TensorId,
        count: u32,
    ) -> Result<Matrix, Error> {
        self.each_row(result, [values], |_, [row]: [&[i32]; 1], out: &mut [i64]| {
            for (out, column) in out.iter_mut().zip(largest(row, count as usize)) {
                *out = column.into();
            }
        })
    }

    pub(super) fn share(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        let Op::Share { values, choices, scale, all } = *op else {
            return Err(Error::Unreachable { tensor: result });
        };
        self.each_row(
            result,
            [values, choices],
            |_, [row, choices]: [&[i32]; 2], out: &mut [i64]| {
                let chosen = || choices.iter().map(|column| i64::from(row[*column as usize]));
                let top =
                    if all { row.iter().copied().max().map(i64::from) } else { chosen().max() };
                let top = top.unwrap_or(0);
                for (out, x) in out.iter_mut().zip(chosen()) {
                    *out = power(top - x, scale);
                }
                let whole: i64 = if all {
                    row.iter().map(|x| power(top - i64::from(*x), scale)).sum()
                } else {
                    out.iter().sum()
                };
                let inverse = (1i64 << 46) / whole.max(1);
                for out in out {
                    *out = round(*out * inverse, 31).min(most(16));
                }
            },
        )
    }

    pub(super) fn combine(
        &self,
        result: TensorId,
        values: TensorId,
        shares: TensorId,
    ) -> Result<Matrix, Error> {
        self.each_row(result, [shares], Combined(self.matrix(values)?))
    }

    pub(super) fn cross_entropy(
        &self,
        result: TensorId,
        values: TensorId,
        targets: TensorId,
        scale: Scale,
    ) -> Result<Matrix, Error> {
        self.each_row(result, [values, targets], Lost(scale))
    }

    pub(super) fn sample(
        &self,
        result: TensorId,
        values: TensorId,
        rule: &Rule,
    ) -> Result<Matrix, Error> {
        let single = self.tensor(result)?.rows == Rows::One;
        let span = self.span;
        self.each_row(result, [values], |i, [row]: [&[i32]; 1], out: &mut [i64]| {
            // One row for the sequence is that of its last token.
            let position = span.start + if single { span.rows - 1 } else { i };
            out[0] = sample(row, rule, &span.seed, position as u64).map_or(0, i64::from);
        })
    }
}

/// The rows of slots, each by the share that it has.
struct Combined<'a>(&'a Matrix);

impl Row<1> for Combined<'_> {
    #[inline(always)]
    fn compute(&self, token: usize, [shares]: [&[i32]; 1], out: &mut [i64]) {
        let columns = out.len();
        out.fill(0);
        for (slot, share) in shares.iter().enumerate() {
            let row = (token * shares.len() + slot) * columns..;
            match self.0.numbers() {
                Numbers::Narrow(numbers) => add(out, &numbers[row], *share),
                Numbers::Wide(numbers) => add(out, &numbers[row], *share),
            }
        }
    }
}

#[inline(always)]
fn add<T: Copy + Into<i64>>(sums: &mut [i64], row: &[T], share: i32) {
    for (sum, x) in sums.iter_mut().zip(row) {
        let x: i64 = (*x).into();
        *sum += nearest(i64::from(share) * x, 15);
    }
}

/// What is lost on targets, in millionths of a nat.
struct Lost(Scale);

impl Row<2> for Lost {
    #[inline(always)]
    fn compute(&self, _row: usize, [row, target]: [&[i32]; 2], out: &mut [i64]) {
        // No closure, which would be compiled for every machine.
        out[0] = match usize::try_from(target[0]) {
            Ok(target) => lost(row, target, self.0),
            Err(_) => -1,
        };
    }
}

#[inline(always)]
fn lost(row: &[i32], target: usize, scale: Scale) -> i64 {
    let top = i64::from(row.iter().fold(i32::MIN, |top, x| top.max(*x)));
    let mut powers = 0;
    for some in row.chunks(LANES) {
        // Of a lane that no column is left for nothing is added.
        let mut far = [FINE_FAR.unsigned_abs(); LANES];
        for (far, x) in far.iter_mut().zip(some) {
            // No difference is negative, so that none of what is below zero is left out.
            *far = scale.lane(top - i64::from(*x)).min(FINE_FAR).unsigned_abs();
        }
        powers += exp2f_lanes(&far).iter().sum::<u64>();
    }
    loss(powers as i64, top - i64::from(row[target]), scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What brings whole numbers to units of 2^−24 is not a scale: the most is 2^14.
    const SCALE: Scale = Scale::power(14);

    #[test]
    fn lost_should_be_the_logarithm_of_the_columns_when_all_are_equal() {
        assert_eq!(lost(&[7], 0, SCALE), 0);
        assert_eq!(lost(&[-7, -7], 1, SCALE), 693_147);
        // 20 ln 2, of the most columns that there are.
        assert_eq!(lost(&vec![i32::MAX; 1 << 20], 9, SCALE), 13_862_940);
    }

    #[test]
    fn lost_should_be_the_most_when_a_target_is_far_away() {
        let scale = Scale { multiplier: u16::MAX, shift: 1 };
        assert_eq!(lost(&[-i32::MAX, i32::MAX], 0, scale), most(32));
        assert_eq!(lost(&[-i32::MAX, i32::MAX], 1, scale), 0);
        // One bit and a bit away: ln(2 + 1/2) + ln 2 for two of the largest.
        assert_eq!(lost(&[0, 1 << 10, 1 << 10], 0, SCALE), 1_609_437);
    }
}
