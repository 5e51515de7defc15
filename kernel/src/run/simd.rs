//! What is computed with instructions that not every machine has.
//!
//! Inner products are written for each path; all else is the same code, compiled once for each.

mod path;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use path::Path;

use alloc::vec::Vec;

/// Rows of inputs that are multiplied with at once.
pub(super) const ROWS: usize = 8;

/// Code that is compiled for the instructions of each path. What it calls has to be inlined, or
/// it is compiled for every machine.
pub(super) trait Work {
    type Made;

    fn work(self) -> Self::Made;
}

/// What inputs are multiplied with, a panel of rows at once, and two columns of each at a time.
pub(super) trait Weight: Copy + Into<i32> + Send + Sync {
    /// Rows of a panel.
    const PANEL: usize;
}

impl Weight for i8 {
    const PANEL: usize = 48;
}

impl Weight for i16 {
    const PANEL: usize = 32;
}

/// At most [`ROWS`] rows of inputs, in the order in which they are multiplied: pairs of columns,
/// and of each pair every row.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    rows: usize,
    pairs: Vec<[i16; 2]>,
}

impl Inputs {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn pairs(&self) -> usize {
        self.pairs.len() / self.rows.max(1)
    }

    /// Takes other rows, all equally long; of an odd number of columns the last has a zero beside
    /// it. Nothing, if there is no memory for them.
    pub(super) fn fill<'a>(
        &mut self,
        columns: usize,
        rows: impl ExactSizeIterator<Item = &'a [i16]>,
    ) -> Option<()> {
        self.rows = rows.len().min(ROWS);
        let len = columns.div_ceil(2) * self.rows;
        self.pairs.clear();
        self.pairs.try_reserve_exact(len).ok()?;
        self.pairs.resize(len, [0; 2]);
        for (at, row) in rows.take(ROWS).enumerate() {
            let (whole, rest) = row[..columns].as_chunks::<2>();
            let mut places = self.pairs[at..].iter_mut().step_by(self.rows);
            for (pair, place) in whole.iter().zip(places.by_ref()) {
                *place = *pair;
            }
            for (last, place) in rest.iter().zip(places) {
                *place = [*last, 0];
            }
        }
        Some(())
    }

    /// From the first of these pairs of columns to before the other.
    pub(super) fn part(&self, from: usize, to: usize) -> &[[i16; 2]] {
        &self.pairs[from * self.rows..to * self.rows]
    }
}
