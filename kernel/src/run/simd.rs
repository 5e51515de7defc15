//! What is computed with instructions that not every machine has.
//!
//! Inner products are written for each path; all else is the same code, compiled once for each.

mod path;
mod plain;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use path::Path;

use alloc::vec::Vec;

/// The most rows of inputs that are multiplied with at once.
pub(super) const ROWS: usize = 8;
/// So many powers of 15 bits times values of 11 have a sum of 31.
const FULL: usize = 32;
/// Four times as many numbers as a table has.
const LOOKED_UP: u64 = 1 << 18;

/// How work is cut. Results do not depend on it, and only tests take another than the usual one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tiling {
    /// Rows of inputs that are multiplied with at once, from 1 to 8.
    pub rows: usize,
    /// Rows of inputs for which a panel is read once.
    pub block: usize,
    /// Pairs of columns after which sums of 32 bits are put away, though they are not full yet.
    pub pairs: usize,
    /// With fewer heads of rows for each head of keys these are not packed.
    pub many: usize,
    /// Rows of values after which sums of 32 bits are put away: an even number, at most 32.
    pub full: usize,
    /// An operator that can make so many numbers at once has a table, if it has a curve.
    pub looked_up: u64,
}

impl Tiling {
    pub const USUAL: Self = Self {
        rows: ROWS,
        block: 8 * ROWS,
        pairs: usize::MAX,
        many: 2 * ROWS,
        full: FULL,
        looked_up: LOOKED_UP,
    };

    /// Whether all rows are computed, and no sum gets too large.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn is_valid(&self) -> bool {
        (1..=ROWS).contains(&self.rows)
            && self.block > 0
            && self.pairs > 0
            && (2..=FULL).contains(&self.full)
            && self.full.is_multiple_of(2)
    }
}

/// Code that is compiled for the instructions of each path. What it calls has to be inlined, or
/// it is compiled for every machine.
pub(crate) trait Work {
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
