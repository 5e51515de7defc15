//! What makes results of inner products.

use super::{Packed, Sums, PANEL};
use crate::num::most;
use crate::run::{
    parts::Held,
    simd::{Inputs, Work},
    Matrix,
};
use core::ops::Range;

/// Weights, and what their sums are scaled with.
pub(super) struct Channels<'a> {
    pub packed: &'a Packed<'a>,
    pub scales: &'a [i32],
    pub biases: Option<&'a [i32]>,
    pub exponents: Option<&'a Matrix>,
    pub bits: u32,
    /// The most pairs of columns that are multiplied before sums are put away.
    pub pairs: usize,
}

/// A row of a result, or the columns of it that some panels make.
pub(super) struct Out<'a, T> {
    /// Which row of the inputs it is made of.
    pub input: usize,
    pub numbers: &'a mut [T],
}

impl Channels<'_> {
    /// What rows of inputs come to, at most as many as a tile has, in the columns of a panel.
    /// What is made starts at the first of these panels.
    pub(super) fn compute<T: Held>(
        &self,
        panels: &Range<usize>,
        panel: usize,
        inputs: &Inputs,
        out: &mut [Out<'_, T>],
    ) {
        let from = panel * PANEL;
        let to = (from + PANEL).min(self.scales.len());
        let start = (panel - panels.start) * PANEL;
        let channels = Panel {
            scales: &self.scales[from..to],
            biases: self.biases.map(|biases| &biases[from..to]),
            exponents: self.exponents,
            bits: self.bits,
            start,
        };
        self.packed.multiply(panel, inputs, self.pairs, |sums| match sums {
            Sums::Narrow(sums) => self.packed.path.apply(Scaling { channels, sums, out }),
            Sums::Wide(sums) => self.packed.path.apply(Scaling { channels, sums, out }),
        });
    }
}

/// The channels of a panel.
struct Panel<'a> {
    scales: &'a [i32],
    biases: Option<&'a [i32]>,
    exponents: Option<&'a Matrix>,
    bits: u32,
    /// Where its columns are in what is made.
    start: usize,
}

struct Scaling<'a, 'b, S, T> {
    channels: Panel<'a>,
    sums: &'a [[S; PANEL]],
    out: &'a mut [Out<'b, T>],
}

impl<S: Copy + Into<i64>, T: Held> Work for Scaling<'_, '_, S, T> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        let Panel { scales, biases, exponents, bits, start } = self.channels;
        let most = most(bits);
        for (sums, out) in self.sums.iter().zip(self.out) {
            let exponent = exponents.and_then(|exponents| exponents.at(out.input, 0));
            let exponent = exponent.unwrap_or(0);
            let numbers = &mut out.numbers[start..start + scales.len()];
            let scaled = sums.iter().zip(scales).map(|(sum, scale)| {
                let shift = i64::from(scale >> 16) - i64::from(exponent);
                let sum: i64 = (*sum).into();
                let product = sum * i64::from(scale & 0xffff);
                // A product is below 2^58 and a shift at most 62, so this is `round`.
                (product + ((1 << shift) >> 1)) >> shift
            });
            let clamped = |x: i64| T::of(x.min(most).max(-most));
            match biases {
                None => {
                    for (number, x) in numbers.iter_mut().zip(scaled) {
                        *number = clamped(x);
                    }
                }
                Some(biases) => {
                    for ((number, x), bias) in numbers.iter_mut().zip(scaled).zip(biases) {
                        *number = clamped(x + i64::from(*bias));
                    }
                }
            }
        }
    }
}
