//! Tiles of rows, with keys and values packed for it.

use super::{
    powers::{finish, inverse, Powers},
    Out, Read, Shape, PANEL,
};
use crate::run::{
    matrix::filled,
    parts::Held,
    simd::{Inputs, Path, Work, ROWS},
};
use alloc::vec::Vec;

/// The keys and values of a group, in panels, with zeros where there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    /// For each panel of rows and pair of columns the two numbers of each row.
    keys: Vec<i16>,
    /// For each panel of columns and pair of rows the two numbers of each column.
    values: Vec<i16>,
}

impl Packed {
    /// Nothing, if there is no memory for it.
    pub(super) fn fill(
        &mut self,
        path: Path,
        shape: &Shape,
        read: &Read<'_>,
        group: usize,
    ) -> Option<()> {
        let rows = shape.seen.next_multiple_of(PANEL);
        self.keys = filled(rows * shape.head.next_multiple_of(2))?;
        self.values = filled(rows * shape.head.next_multiple_of(PANEL))?;
        let first = group * shape.head;
        path.apply(Packing { packed: self, read, first, shape });
        Some(())
    }
}

struct Packing<'a> {
    packed: &'a mut Packed,
    read: &'a Read<'a>,
    first: usize,
    shape: &'a Shape,
}

impl Work for Packing<'_> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        let (head, stride) = (self.shape.head, self.shape.stride());
        let keys = self.packed.keys.chunks_exact_mut(PANEL * head.next_multiple_of(2));
        for (panel, rows) in keys.zip(self.read.keys[self.first..].chunks(PANEL * stride)) {
            for (at, key) in rows.chunks(stride).enumerate() {
                let pairs = panel.chunks_exact_mut(2 * PANEL).zip(key[..head].chunks(2));
                for (places, pair) in pairs {
                    places[2 * at..2 * at + pair.len()].copy_from_slice(pair);
                }
            }
        }
        let rows = self.shape.seen.next_multiple_of(PANEL);
        for (at, panel) in self.packed.values.chunks_exact_mut(PANEL * rows).enumerate() {
            let from = self.first + at * PANEL;
            let columns = PANEL.min(head - at * PANEL);
            let values = self.read.values[from..].chunks(2 * stride);
            for (places, pair) in panel.chunks_exact_mut(2 * PANEL).zip(values) {
                let places = places.as_chunks_mut::<2>().0;
                for ([place, _], z) in places.iter_mut().zip(&pair[..columns]) {
                    *place = *z;
                }
                let second = pair.get(stride..stride + columns).unwrap_or_default();
                for ([_, place], z) in places.iter_mut().zip(second) {
                    *place = *z;
                }
            }
        }
    }
}

/// What a tile is computed with.
struct Tile {
    path: Path,
    queries: Inputs,
    powers: Inputs,
    /// Of every row of the tile a score for each row seen, and a power.
    scores: Vec<i32>,
    rows: Vec<i16>,
}

/// Nothing, if there is no memory for it.
pub(super) fn compute<T: Held>(
    path: Path,
    shape: &Shape,
    read: &Read<'_>,
    packed: &Packed,
    out: &mut [Out<'_, T>],
) -> Option<()> {
    let len = shape.tiling.rows * shape.seen.next_multiple_of(PANEL);
    let (scores, rows) = (filled(len)?, filled(len)?);
    let (queries, powers) = (Inputs::default(), Inputs::default());
    let mut tile = Tile { path, queries, powers, scores, rows };
    for out in out.chunks_mut(shape.tiling.rows) {
        tile.compute(shape, read, packed, out)?;
    }
    Some(())
}

impl Tile {
    fn compute<T: Held>(
        &mut self,
        shape: &Shape,
        read: &Read<'_>,
        packed: &Packed,
        out: &mut [Out<'_, T>],
    ) -> Option<()> {
        let queries = out.iter().map(|out| read.query(out.query, shape));
        self.queries.fill(shape.head, queries)?;
        // The last row sees the most.
        let seen = out.last().map_or(0, |out| shape.seen(out.query)).next_multiple_of(PANEL);
        self.score(seen, &packed.keys);
        let mut inverses = [0; ROWS];
        let rows = self.scores.chunks_exact(seen).zip(self.rows.chunks_exact_mut(seen));
        for ((inverse_of, out), (scores, powers)) in inverses.iter_mut().zip(&*out).zip(rows) {
            let (powers, rest) = powers.split_at_mut(shape.seen(out.query));
            let scores = &scores[..powers.len()];
            rest.fill(0);
            *inverse_of = inverse(self.path.apply(Powers { scores, scale: shape.scale, powers }));
        }
        self.powers.fill(seen, self.rows.chunks_exact(seen).take(out.len()))?;
        let rows = shape.seen.next_multiple_of(PANEL);
        for (at, values) in packed.values.chunks_exact(PANEL * rows).enumerate() {
            let values = &values[..PANEL * seen];
            let (path, powers, first) = (self.path, &self.powers, at * PANEL);
            let out = &mut *out;
            path.apply(Means { path, powers, values, first, inverses: &inverses, shape, out });
        }
        Some(())
    }

    /// Scores of so many rows, also of those that are not seen.
    fn score(&mut self, seen: usize, keys: &[i16]) {
        let rows = self.queries.rows();
        let mut tile = [[0; PANEL]; ROWS];
        let pairs = self.queries.pairs();
        let panels = keys.chunks_exact(2 * PANEL * pairs).take(seen / PANEL);
        for (panel, keys) in panels.enumerate() {
            let inputs = self.queries.part(0, pairs);
            self.path.multiply(inputs, rows, keys, tile.as_flattened_mut());
            for (scores, tile) in self.scores.chunks_exact_mut(seen).zip(&tile[..rows]) {
                scores[panel * PANEL..(panel + 1) * PANEL].copy_from_slice(tile);
            }
        }
    }
}

/// The means of a panel of columns.
struct Means<'a, 'b, T> {
    path: Path,
    powers: &'a Inputs,
    values: &'a [i16],
    /// Where the columns are in a head.
    first: usize,
    inverses: &'a [i64; ROWS],
    shape: &'a Shape,
    out: &'a mut [Out<'b, T>],
}

impl<T: Held> Work for Means<'_, '_, T> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        let mut sums = [[0i64; PANEL]; ROWS];
        let mut tile = [[0; PANEL]; ROWS];
        let rows = self.powers.rows();
        let full = self.shape.tiling.full;
        for (part, values) in self.values.chunks(full * PANEL).enumerate() {
            let from = part * full / 2;
            let inputs = self.powers.part(from, from + values.len() / (2 * PANEL));
            self.path.multiply(inputs, rows, values, tile.as_flattened_mut());
            for (sums, tile) in sums.iter_mut().zip(&tile).take(rows) {
                for (sum, more) in sums.iter_mut().zip(tile) {
                    *sum += i64::from(*more);
                }
            }
        }
        let Shape { head, fraction, bits, .. } = *self.shape;
        let columns = self.first..(self.first + PANEL).min(head);
        for ((sums, inverse), out) in sums.iter().zip(self.inverses).zip(self.out) {
            finish(sums, *inverse, fraction, bits, &mut out.numbers[columns.clone()]);
        }
    }
}
