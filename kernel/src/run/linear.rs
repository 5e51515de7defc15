//! Inner products of activations and weights, where nearly all of the time goes.
//!
//! ```text
//! weights ──▶ panels of 48 rows, two columns at a time        once
//! inputs  ──▶ tile: 8 rows × a panel ──▶ sums of 32 bits ──▶ sums of 64 bits
//! ```

use crate::num::weight;
use alloc::{borrow::Cow, vec, vec::Vec};

mod path;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use path::Path;

/// Rows of weights that are multiplied with at once.
const PANEL: usize = 48;
/// Rows of inputs that are multiplied with at once.
const ROWS: usize = 8;
/// Rows of inputs for which a panel is read once.
const BLOCK: usize = 4 * ROWS;
/// Pairs of columns whose absolute weights 16 bits hold the sums of.
const FEW: usize = 128;
/// The number of the order of weights that [`pack`] brings them to. Another order has another.
pub const PACKING: u16 = 1;
/// What absolute weights may come to before sums of their products with 15 bits are full.
const FULL: u32 = i32::MAX as u32 / i16::MAX as u32;

/// Sums of a tile.
type Tile = [[i32; PANEL]; ROWS];

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

    /// How many rows of inputs share what is loaded of the weights.
    pub(super) fn block(&self) -> usize {
        BLOCK
    }

    /// The inner products of each row of inputs with each row of weights, row by row of inputs.
    pub(super) fn multiply(&self, inputs: &[i16], sums: &mut [i64]) {
        if self.columns.is_multiple_of(2) {
            return self.multiply_even(inputs, self.columns, sums);
        }
        let mut even = vec![0; inputs.len() / self.columns * (self.columns + 1)];
        for (even, input) in
            even.chunks_exact_mut(self.columns + 1).zip(inputs.chunks_exact(self.columns))
        {
            even[..self.columns].copy_from_slice(input);
        }
        self.multiply_even(&even, self.columns + 1, sums);
    }

    fn multiply_even(&self, inputs: &[i16], columns: usize, sums: &mut [i64]) {
        let panels = self.weights.chunks_exact(panel_len(columns)).zip(&self.ends);
        for (panel, (weights, ends)) in panels.enumerate() {
            let first = panel * PANEL;
            let outputs = PANEL.min(self.outputs - first);
            let blocks = inputs.chunks(ROWS * columns).zip(sums.chunks_mut(ROWS * self.outputs));
            for (inputs, sums) in blocks {
                let mut start = 0;
                for end in ends {
                    let mut tile = [[0; PANEL]; ROWS];
                    let part = &weights[2 * PANEL * start..2 * PANEL * end];
                    self.path.multiply(inputs, columns, 2 * start, part, &mut tile);
                    for (sums, tile) in sums.chunks_exact_mut(self.outputs).zip(&tile) {
                        let sums = &mut sums[first..first + outputs];
                        for (sum, more) in sums.iter_mut().zip(tile) {
                            *sum = if start == 0 { 0 } else { *sum } + i64::from(*more);
                        }
                    }
                    start = *end;
                }
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
