//! An element of attention.

use super::{round, Error, Inputs, Judge, Op};
use crate::sample::power;
use alloc::vec::Vec;

impl<I: Inputs> Judge<'_, I> {
    /// Before it is saturated.
    pub(super) fn attention(&self, op: &Op, i: u32, j: u32) -> Result<i64, Error> {
        let Op::Attention { queries, keys, values, scale, heads, groups, fraction, causal } = *op
        else {
            return Ok(0);
        };
        let columns = self.columns(queries) / heads;
        let (head, column) = (j / columns, j % columns);
        // Where the head that it reads starts; both are below 2^20.
        let start = (u64::from(head) * u64::from(groups) / u64::from(heads)) as u32 * columns;
        let seen = if causal { i + 1 } else { self.length };
        let score = |r: u32| -> Result<i64, Error> {
            let mut sum = 0;
            for c in 0..columns {
                let query = self.at(queries, i, head * columns + c)?;
                sum += query * self.at(keys, r, start + c)?;
            }
            Ok(sum)
        };
        let scores: Vec<i64> = (0..seen).map(score).collect::<Result<_, _>>()?;
        let largest = scores.iter().copied().max().unwrap_or(0);
        let (mut whole, mut sum) = (0, 0);
        for (score, r) in scores.into_iter().zip(0..) {
            let power = power(largest - score, scale);
            whole += power;
            sum += power * self.at(values, r, start + column)?;
        }
        // The largest has a power, so the whole is not zero.
        Ok(round(sum * ((1 << 47) / whole.max(1)), 47 - u32::from(fraction)))
    }
}
