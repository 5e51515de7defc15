//! Results in parts that several can write at once.

use super::{
    crew::Job,
    matrix::{filled, Numbers},
    simd::Work,
    step::Worker,
    Error, Matrix,
};
use crate::{num::most, program::TensorId};
use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::Range;

/// Parts for each who works, as not all come along equally fast.
const SHARES: usize = 4;

/// What results are held as.
pub(super) trait Held: Copy + Default + Send + Sync {
    /// A number that was saturated to what it holds.
    fn of(x: i64) -> Self;
}

impl Held for i16 {
    #[inline(always)]
    fn of(x: i64) -> Self {
        x as i16
    }
}

impl Held for i32 {
    #[inline(always)]
    fn of(x: i64) -> Self {
        x as i32
    }
}

/// Writes numbers, saturated to so many bits.
#[inline(always)]
pub(super) fn put<T: Held>(into: &mut [T], values: &[i64], bits: u32) {
    let most = most(bits);
    for (number, value) in into.iter_mut().zip(values) {
        // Minimum and maximum, for which there are instructions.
        *number = T::of((*value).min(most).max(-most));
    }
}

/// One row of a result, from the same row of each input.
///
/// What is to be compiled for each path implements it with a function that is always inlined; a
/// closure is compiled for every machine.
pub(super) trait Row<const N: usize>: Sync {
    fn compute(&self, row: usize, inputs: [&[i32]; N], out: &mut [i64]);
}

impl<const N: usize, F: Fn(usize, [&[i32]; N], &mut [i64]) + Sync> Row<N> for F {
    #[inline(always)]
    fn compute(&self, row: usize, inputs: [&[i32]; N], out: &mut [i64]) {
        self(row, inputs, out);
    }
}

/// Rows of a result, computed one by one.
struct Rows<'a, R, T, const N: usize> {
    compute: &'a R,
    inputs: [&'a Matrix; N],
    range: Range<usize>,
    bits: u32,
    out: &'a mut [T],
    /// A row in 64 bits.
    sums: Vec<i64>,
    /// Rows of inputs in 32 bits.
    wide: [Vec<i32>; N],
}

impl<R: Row<N>, T: Held, const N: usize> Work for Rows<'_, R, T, N> {
    type Made = ();

    #[inline(always)]
    fn work(mut self) {
        let rows = self.out.chunks_exact_mut(self.sums.len());
        for (row, out) in self.range.zip(rows) {
            let mut inputs: [&[i32]; N] = [&[]; N];
            let buffers = self.inputs.iter().zip(&mut self.wide);
            for (row_of, (input, buffer)) in inputs.iter_mut().zip(buffers) {
                *row_of = input.wide(row, buffer);
            }
            self.compute.compute(row, inputs, &mut self.sums);
            put(out, &self.sums, self.bits);
        }
    }
}

impl Worker<'_> {
    /// Computes a result from the same row of each input.
    pub(super) fn each_row<const N: usize>(
        &self,
        result: TensorId,
        inputs: [TensorId; N],
        compute: impl Row<N>,
    ) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let columns = made.columns();
        let found: Vec<_> =
            inputs.into_iter().map(|input| self.matrix(input)).collect::<Result<_, _>>()?;
        let inputs = found.try_into().map_err(|_| Error::Unreachable { tensor: result })?;
        match made.numbers_mut() {
            Numbers::Narrow(out) => self.rows(result, &compute, inputs, bits, columns, out)?,
            Numbers::Wide(out) => self.rows(result, &compute, inputs, bits, columns, out)?,
        }
        Ok(made)
    }

    fn rows<const N: usize>(
        &self,
        result: TensorId,
        compute: &impl Row<N>,
        inputs: [&Matrix; N],
        bits: u32,
        columns: usize,
        out: &mut [impl Held],
    ) -> Result<(), Error> {
        let count = self.part(out.len() / columns, columns);
        let parts = out.chunks_mut(count * columns).enumerate().collect();
        self.spread(parts, |(part, out)| {
            let memory = Error::Memory { tensor: result };
            let sums = filled(columns).ok_or(memory)?;
            let wide = [const { Vec::new() }; N];
            let range = part * count..(part + 1) * count;
            self.plan.path.apply(Rows { compute, inputs, range, bits, out, sums, wide });
            Ok(())
        })
    }

    /// How many rows with so many numbers are a part.
    pub(super) fn part(&self, rows: usize, numbers: usize) -> usize {
        let hands = self.crew.hands();
        if hands <= 1 || rows.saturating_mul(numbers) < self.crew.least() {
            rows.max(1)
        } else {
            rows.div_ceil(hands * SHARES).max(1)
        }
    }

    /// Has every part worked on by someone.
    pub(super) fn spread<T: Send>(
        &self,
        parts: Vec<T>,
        work: impl Fn(T) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        if parts.len() <= 1 || self.crew.hands() <= 1 {
            return parts.into_iter().try_for_each(work);
        }
        let mut results = vec![Err(Error::Undone); parts.len()];
        let work = &work;
        let mut jobs: Vec<Job<'_>> = Vec::with_capacity(parts.len());
        for (part, result) in parts.into_iter().zip(&mut results) {
            jobs.push(Box::new(move || *result = work(part)));
        }
        self.crew.work(jobs);
        results.into_iter().collect()
    }
}
