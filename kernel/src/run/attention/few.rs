//! Rows one by one, with keys and values as they are.

use super::{
    powers::{finish, inverse, Powers},
    Out, Read, Shape,
};
use crate::run::{
    matrix::filled,
    parts::Held,
    simd::{Path, Work},
};
use alloc::vec::Vec;

/// Nothing, if there is no memory for it.
pub(super) fn compute<T: Held>(
    path: Path,
    shape: &Shape,
    read: &Read<'_>,
    out: &mut [Out<'_, T>],
) -> Option<()> {
    let mut scores: Vec<i32> = filled(shape.seen)?;
    let mut powers: Vec<i16> = filled(shape.seen)?;
    let mut sums: Vec<i64> = filled(shape.head)?;
    let mut part: Vec<i32> = filled(shape.head)?;
    for Out { query, numbers } in out {
        let (seen, first) = (shape.seen(*query), shape.group(*query) * shape.head);
        let scores = &mut scores[..seen];
        let powers = &mut powers[..seen];
        let stride = shape.stride();
        let query = read.query(*query, shape);
        path.apply(Scores { query, keys: &read.keys[first..], stride, scores: &mut *scores });
        let scale = shape.scale;
        let whole = path.apply(Powers { scores, scale, powers: &mut *powers });
        let values = &read.values[first..];
        let (inverse, fraction) = (inverse(whole), shape.fraction);
        let (sums, part, bits) = (&mut sums, &mut part, shape.bits);
        let full = shape.tiling.full;
        let mean =
            Mean { powers, values, stride, full, sums, part, inverse, fraction, bits, numbers };
        path.apply(mean);
    }
    Some(())
}

struct Scores<'a> {
    query: &'a [i16],
    keys: &'a [i16],
    stride: usize,
    scores: &'a mut [i32],
}

impl Work for Scores<'_> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        for (score, key) in self.scores.iter_mut().zip(self.keys.chunks(self.stride)) {
            let key = &key[..self.query.len()];
            // Twelve bits each, and no more than 2^8 of them: below 2^30.
            let products = self.query.iter().zip(key).map(|(x, y)| i32::from(*x) * i32::from(*y));
            *score = products.sum();
        }
    }
}

struct Mean<'a, T> {
    powers: &'a [i16],
    values: &'a [i16],
    stride: usize,
    /// Rows whose sums 32 bits hold.
    full: usize,
    sums: &'a mut [i64],
    /// Of so few rows.
    part: &'a mut [i32],
    inverse: i64,
    fraction: u32,
    bits: u32,
    numbers: &'a mut [T],
}

impl<T: Held> Work for Mean<'_, T> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        let Self { sums, part, stride, full, .. } = self;
        sums.fill(0);
        let rows = self.powers.chunks(full).zip(self.values.chunks(full * stride));
        for (powers, values) in rows {
            part.fill(0);
            for (power, value) in powers.iter().zip(values.chunks(stride)) {
                let power = i32::from(*power);
                for (sum, z) in part.iter_mut().zip(value) {
                    *sum += power * i32::from(*z);
                }
            }
            for (sum, part) in sums.iter_mut().zip(part.iter()) {
                *sum += i64::from(*part);
            }
        }
        finish(sums, self.inverse, self.fraction, self.bits, self.numbers);
    }
}
