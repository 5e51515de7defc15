//! Attention: products, the largest score, the sum of powers, the sum of values.

use super::{one, Error, Expansion, Inputs, Op, Run, SUMS};
use crate::{num::round, sample::power};
use alloc::{vec, vec::Vec};

const PRODUCTS: usize = 0;
const LARGEST: usize = 1;
const POWERS: usize = 2;
const VALUES: usize = 3;

/// No score is larger.
const SCORE: i64 = 1 << 30;

/// Which part of queries, keys and values a head reads.
struct Head {
    columns: u32,
    /// Of its first column in the queries, and in keys and values.
    query: u32,
    key: u32,
    seen: u32,
}

impl<I: Inputs> Expansion<'_, I> {
    pub(super) fn attention_parts(&self) -> Vec<Run> {
        let Some(Head { columns, seen, .. }) = self.head() else { return vec![] };
        let scores = (-SCORE, SCORE);
        // A head has at most 2^8 columns, a sequence 2^17 rows, a power 15 bits, a value 12.
        vec![
            one(columns * seen, scores),
            one(seen, scores),
            one(seen, (0, 1 << 32)),
            one(seen, SUMS),
        ]
    }

    fn head(&self) -> Option<Head> {
        let Op::Attention { queries, heads, groups, causal, .. } = *self.op else { return None };
        let columns = self.columns(queries) / heads;
        let head = self.column / columns;
        let shared = heads / groups;
        let seen = if causal { self.row + 1 } else { self.judge.length };
        Some(Head { columns, query: head * columns, key: head / shared * columns, seen })
    }

    pub(super) fn attention(&self, part: usize, index: u32) -> Result<i64, Error> {
        let (Op::Attention { queries, keys, values, scale, fraction, .. }, Some(head)) =
            (self.op, self.head())
        else {
            return Ok(0);
        };
        let Head { columns, query, key, .. } = head;
        let score = |r: u32| self.step(PRODUCTS, (r + 1) * columns - 1);
        let power = |r: u32| Ok(power(self.end(LARGEST)? - score(r)?, *scale));
        match part {
            PRODUCTS => {
                let (r, c) = (index / columns, index % columns);
                let product = self.at(*queries, query + c)? * self.judge.at(*keys, r, key + c)?;
                // Each score is a sum of its own.
                Ok(if c == 0 { product } else { self.before(PRODUCTS, index, 0)? + product })
            }
            LARGEST => Ok(self.before(LARGEST, index, -SCORE)?.max(score(index)?)),
            POWERS => Ok(self.before(POWERS, index, 0)? + power(index)?),
            VALUES => {
                let value = self.judge.at(*values, index, key + self.column % columns)?;
                Ok(self.before(VALUES, index, 0)? + power(index)? * value)
            }
            _ => {
                let (whole, sum) = (self.end(POWERS)?, self.end(VALUES)?);
                if whole == 0 || sum.abs() >> 11 > whole {
                    // Someone who says so contradicts himself: a value has 12 bits.
                    return Err(Error::Step { part: VALUES, step: head.seen - 1, have: sum });
                }
                Ok(round(sum * ((1 << 47) / whole), 47 - u32::from(*fraction)))
            }
        }
    }
}
