//! Inner products of activations and weights, where nearly all of the time goes.

use crate::num::weight;
use alloc::{borrow::Cow, vec, vec::Vec};

/// As many products of 15 bits and 7 as an i32 holds the sum of.
const FLUSH: usize = 512;

/// A matrix of weights as it is multiplied with, a row for each column that is made.
#[derive(Clone, Debug)]
pub(crate) struct Packed<'a> {
    columns: usize,
    weights: Cow<'a, [i8]>,
}

impl<'a> Packed<'a> {
    /// How many rows of inputs share what is loaded of the weights.
    pub(super) const BLOCK: usize = 8;

    pub(super) fn new(weights: Cow<'a, [i8]>, columns: usize) -> Self {
        Self { columns, weights }
    }

    pub(super) fn of(masters: &[i16], columns: usize) -> Self {
        Self::new(masters.iter().copied().map(weight).collect::<Vec<_>>().into(), columns)
    }

    /// How many columns it makes.
    pub(super) fn outputs(&self) -> usize {
        self.weights.len() / self.columns
    }

    /// The inner products of each row of inputs with each row of weights, row by row of inputs.
    pub(super) fn multiply(&self, inputs: &[i16], sums: &mut [i64]) {
        let outputs = self.outputs();
        // Widened once for all rows of inputs.
        let mut wide = vec![0; self.columns];
        for (output, weights) in self.weights.chunks_exact(self.columns).enumerate() {
            for (wide, weight) in wide.iter_mut().zip(weights) {
                *wide = i16::from(*weight);
            }
            let rows = inputs.chunks_exact(self.columns).zip(sums.chunks_exact_mut(outputs));
            for (input, sums) in rows {
                sums[output] = dot(input, &wide);
            }
        }
    }
}

/// Of numbers of 15 bits with weights of 7.
fn dot(inputs: &[i16], weights: &[i16]) -> i64 {
    let part = |(inputs, weights): (&[i16], &[i16])| -> i32 {
        inputs.iter().zip(weights).map(|(x, w)| i32::from(*x) * i32::from(*w)).sum()
    };
    inputs.chunks(FLUSH).zip(weights.chunks(FLUSH)).map(part).map(i64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_should_be_exact_when_all_is_at_its_most() {
        for length in [1, 511, 512, 513, 5_000] {
            for (x, w) in [(32_767, 127), (-32_767, 127), (32_767, -127), (-32_767, -127)] {
                let need = i64::from(x) * i64::from(w) * length as i64;
                assert_eq!(dot(&vec![x; length], &vec![w; length]), need);
            }
        }
    }
}
