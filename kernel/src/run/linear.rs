//! Inner products of activations and weights, where nearly all of the time goes.
//!
//! ```text
//! weights ──▶ panels of 48 rows, two columns at a time        once
//! inputs  ──▶ tile: 8 rows × a panel ──▶ sums of 32 bits ──▶ sums of 64 bits ──▶ scaled
//! ```

use super::simd::{Inputs, Weight, Work, ROWS};
use crate::num::weight;
use alloc::{borrow::Cow, vec::Vec};

mod channels;
mod product;

pub use super::simd::Path;

/// Rows of weights that are multiplied with at once.
const PANEL: usize = <i8 as Weight>::PANEL;
/// Pairs of columns whose absolute weights 16 bits hold the sums of.
const FEW: usize = 128;
/// The number of the order of weights that [`pack`] brings them to. Another order has another.
pub const PACKING: u16 = 1;
/// What absolute weights may come to before sums of their products with 15 bits are full.
const FULL: u32 = i32::MAX as u32 / i16::MAX as u32;

/// Sums of a tile, a row for each row of inputs.
enum Sums<'a> {
    Narrow(&'a [[i32; PANEL]]),
    Wide(&'a [[i64; PANEL]]),
}

struct Adding<'a> {
    sums: &'a mut [[i64; PANEL]; ROWS],
    more: &'a [[i32; PANEL]; ROWS],
}

impl Work for Adding<'_> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        for (sums, more) in self.sums.iter_mut().zip(self.more) {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum += i64::from(*more);
            }
        }
    }
}

/// A matrix of weights as it is multiplied with, a row for each column that is made.
#[derive(Clone, Debug)]
pub(crate) struct Packed<'a> {
    columns: usize,
    outputs: usize,
    path: Path,
    /// For each panel and pair of columns the two weights of each row; zeros where there is none.
    weights: Cow<'a, [i8]>,
    /// For each panel after which pairs of columns sums of 32 bits have to be put away.
    ends: Vec<Vec<usize>>,
}

impl<'a> Packed<'a> {
    pub(super) fn of_masters(masters: &[i16], columns: usize, path: Path) -> Self {
        Self::held(pack(masters, columns).into(), masters.len() / columns, columns, path)
    }

    pub(super) fn of_weights(weights: &[i8], columns: usize, path: Path) -> Self {
        let panels = panels(weights, columns, |weight| *weight);
        Self::held(panels.into(), weights.len() / columns, columns, path)
    }

    /// What is in the order of [`pack`] already, and as long as [`packed_len`] says.
    pub(super) fn held(weights: Cow<'a, [i8]>, outputs: usize, columns: usize, path: Path) -> Self {
        let ends = weights.chunks_exact(panel_len(columns)).map(full).collect();
        Self { columns, outputs, path, weights, ends }
    }

    fn panels(&self) -> usize {
        self.ends.len()
    }

    /// The inner products of rows of inputs with the rows of weights of a panel, of at most so many
    /// pairs of columns at once.
    fn multiply(&self, panel: usize, inputs: &Inputs, pairs: usize, put: impl FnOnce(Sums<'_>)) {
        let len = panel_len(self.columns);
        let weights = &self.weights[panel * len..(panel + 1) * len];
        let rows = inputs.rows();
        let mut tile = [[0; PANEL]; ROWS];
        let mut part = |start: usize, end: usize| {
            let weights = &weights[2 * PANEL * start..2 * PANEL * end];
            self.path.multiply(inputs.part(start, end), rows, weights, tile.as_flattened_mut());
            tile
        };
        match *self.ends[panel] {
            // One piece is all there is: its sums of 32 bits are the whole.
            [end] if end <= pairs => put(Sums::Narrow(&part(0, end)[..rows])),
            ref ends => {
                let mut sums = [[0; PANEL]; ROWS];
                let mut start = 0;
                for end in ends {
                    while start < *end {
                        let next = start.saturating_add(pairs).min(*end);
                        let more = &part(start, next);
                        self.path.apply(Adding { sums: &mut sums, more });
                        start = next;
                    }
                }
                put(Sums::Wide(&sums[..rows]));
            }
        }
    }
}

/// The weights of row-major masters in the order in which they are multiplied with: for each 48
/// rows and each two columns the two weights of each row, zeros where there is none.
pub fn pack(masters: &[i16], columns: usize) -> Vec<i8> {
    panels(masters, columns, |master| weight(*master))
}

/// How many numbers [`pack`] makes of so many rows and columns.
pub const fn packed_len(rows: u32, columns: u32) -> u64 {
    let panels = (rows as u64).div_ceil(PANEL as u64);
    panels * PANEL as u64 * (columns as u64).next_multiple_of(2)
}

fn panels<T>(rows: &[T], columns: usize, weight: impl Fn(&T) -> i8) -> Vec<i8> {
    let outputs = rows.len() / columns.max(1);
    let mut weights = Vec::with_capacity(outputs.div_ceil(PANEL) * panel_len(columns));
    for panel in rows.chunks((PANEL * columns).max(1)) {
        for pair in 0..columns.div_ceil(2) {
            for row in 0..PANEL {
                let at = |column: usize| {
                    let held = panel.get(row * columns + column);
                    held.filter(|_| column < columns).map_or(0, &weight)
                };
                weights.extend([at(2 * pair), at(2 * pair + 1)]);
            }
        }
    }
    weights
}

/// Numbers of a panel of rows that long.
fn panel_len(columns: usize) -> usize {
    columns.div_ceil(2) * 2 * PANEL
}

/// After which pairs of columns the sums of some row of a panel could be full, and the last.
fn full(panel: &[i8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut held = [0u32; PANEL];
    for (block, weights) in panel.chunks(2 * PANEL * FEW).enumerate() {
        // Nearly always there is room for all of these, which is found out sooner than for each.
        let more = absolute(weights);
        if held.iter().zip(&more).all(|(held, more)| held + more <= FULL) {
            held.iter_mut().zip(&more).for_each(|(held, more)| *held += more);
            continue;
        }
        for (pair, weights) in weights.chunks_exact(2 * PANEL).enumerate() {
            let more = absolute(weights);
            if held.iter().zip(&more).any(|(held, more)| held + more > FULL) {
                ends.push(FEW * block + pair);
                held = [0; PANEL];
            }
            held.iter_mut().zip(&more).for_each(|(held, more)| *held += more);
        }
    }
    ends.push(panel.len() / (2 * PANEL));
    ends
}

/// What the absolute weights of each row come to, of at most [`FEW`] pairs of columns.
fn absolute(weights: &[i8]) -> [u32; PANEL] {
    let mut lanes = [0u16; 2 * PANEL];
    for pair in weights.chunks_exact(2 * PANEL) {
        for (lane, weight) in lanes.iter_mut().zip(pair) {
            *lane += u16::from(weight.unsigned_abs());
        }
    }
    core::array::from_fn(|row| u32::from(lanes[2 * row]) + u32::from(lanes[2 * row + 1]))
}

#[cfg(test)]
mod tests;
