//! Attention.
//!
//! Many rows are multiplied in tiles, as by linear operators, with keys and values packed for it;
//! few rows with keys and values as they are.

use super::{
    matrix::Numbers,
    parts::Held,
    simd::{Tiling, Weight},
    state::Kept,
    step::Worker,
    Error, Matrix,
};
use crate::{
    num::Scale,
    program::{Op, TensorId},
};
use alloc::{vec, vec::Vec};

mod few;
mod many;
mod powers;
#[cfg(test)]
mod tests;

/// Rows of keys, and columns of values, that are multiplied with at once.
const PANEL: usize = <i16 as Weight>::PANEL;

/// What one head of one row is made into.
struct Out<'a, T> {
    /// Which head of the queries, of all of their rows.
    query: usize,
    numbers: &'a mut [T],
}

/// What all heads have in common.
#[derive(Clone, Copy)]
struct Shape {
    scale: Scale,
    fraction: u32,
    bits: u32,
    /// Columns of a head.
    head: usize,
    heads: usize,
    groups: usize,
    /// Rows before these.
    start: usize,
    /// Rows of keys and values.
    seen: usize,
    causal: bool,
    tiling: Tiling,
}

impl Shape {
    /// How many rows a head of queries sees.
    fn seen(&self, query: usize) -> usize {
        if self.causal {
            self.start + query / self.heads + 1
        } else {
            self.seen
        }
    }

    fn group(&self, query: usize) -> usize {
        query % self.heads / (self.heads / self.groups)
    }

    /// From a row of keys or values to the next.
    fn stride(&self) -> usize {
        self.head * self.groups
    }
}

/// What is read, row-major.
#[derive(Clone, Copy)]
struct Read<'a> {
    queries: &'a [i16],
    keys: &'a [i16],
    values: &'a [i16],
}

impl<'a> Read<'a> {
    fn query(&self, query: usize, shape: &Shape) -> &'a [i16] {
        &self.queries[query * shape.head..][..shape.head]
    }
}

impl Worker<'_> {
    pub(super) fn attention(
        &self,
        op: &Op,
        result: TensorId,
        kept: &mut Kept,
    ) -> Result<Matrix, Error> {
        let Op::Attention { queries, keys, values, scale, heads, groups, fraction, causal } = *op
        else {
            return Err(Error::Unreachable { tensor: result });
        };
        // Also where only the last row is made.
        let whole =
            |id: TensorId| self.whole(id)?.narrow().ok_or(Error::Unreachable { tensor: id });
        let (new_keys, new_values) = (whole(keys)?, whole(values)?);
        let (keys, values) = match kept {
            Kept::Heads { keys, values } => {
                append(result, keys, new_keys)?;
                append(result, values, new_values)?;
                (keys.as_slice(), values.as_slice())
            }
            _ => (new_keys, new_values),
        };
        let (mut made, bits) = self.blank(result)?;
        let head = made.columns() / heads as usize;
        let (heads, groups) = (heads as usize, groups as usize);
        let (start, seen) = (self.span.start, keys.len() / (head * groups));
        let (fraction, tiling) = (fraction.into(), self.plan.tiling);
        let shape =
            Shape { scale, fraction, bits, head, heads, groups, start, seen, causal, tiling };
        let read = Read { queries: self.narrow(queries)?, keys, values };
        match made.numbers_mut() {
            Numbers::Narrow(out) => self.heads(result, &shape, &read, out)?,
            Numbers::Wide(out) => self.heads(result, &shape, &read, out)?,
        }
        Ok(made)
    }

    fn heads<T: Held>(
        &self,
        result: TensorId,
        shape: &Shape,
        read: &Read<'_>,
        out: &mut [T],
    ) -> Result<(), Error> {
        let rows = out.len() / (shape.head * shape.heads);
        let many = rows * shape.heads / shape.groups >= shape.tiling.many;
        // Each of the parts is of one group and some rows.
        let count = self.part(rows, shape.seen.saturating_mul(shape.head));
        let mut parts: Vec<_> =
            (0..rows.div_ceil(count) * shape.groups).map(|_| Vec::new()).collect();
        for (query, numbers) in out.chunks_exact_mut(shape.head).enumerate() {
            let block = query / shape.heads / count;
            parts[block * shape.groups + shape.group(query)].push(Out { query, numbers });
        }
        let memory = Error::Memory { tensor: result };
        let path = self.plan.path;
        if !many {
            return self
                .spread(parts, |mut out| few::compute(path, shape, read, &mut out).ok_or(memory));
        }
        let mut packed = vec![many::Packed::default(); shape.groups];
        self.spread(packed.iter_mut().enumerate().collect(), |(group, packed)| {
            packed.fill(path, shape, read, group).ok_or(memory)
        })?;
        self.spread(parts, |mut out| {
            let group = out.first().map_or(0, |out| shape.group(out.query));
            many::compute(path, shape, read, &packed[group], &mut out).ok_or(memory)
        })
    }
}

fn append(result: TensorId, old: &mut Vec<i16>, new: &[i16]) -> Result<(), Error> {
    old.try_reserve(new.len()).map_err(|_| Error::Memory { tensor: result })?;
    old.extend_from_slice(new);
    Ok(())
}
