//! Matrices of floats, and the weights of models as such.

use super::QuantiseError;
use crate::model::numbers;
use burn::{nn::Linear, tensor::Tensor};
use std::{collections::BTreeMap, thread};

/// Products of fewer numbers are one thread's.
const LEAST: usize = 1 << 22;
/// Sums are kept in so many parts, which a processor takes on at once.
const LANES: usize = 16;

/// A matrix of floats, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Floats {
    pub columns: usize,
    pub values: Vec<f32>,
}

/// What a model's program reads, by name.
pub(crate) type Weights = BTreeMap<String, Floats>;

impl Floats {
    pub(crate) fn new(columns: usize, values: Vec<f32>) -> Self {
        Self { columns, values }
    }

    /// One row.
    pub(crate) fn row_of(values: Vec<f32>) -> Self {
        Self { columns: values.len(), values }
    }

    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { columns, values: vec![0.0; rows * columns] }
    }

    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns.max(1))
    }

    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.columns..(row + 1) * self.columns]
    }

    pub(crate) fn map(&self, of: impl Fn(f32) -> f32) -> Self {
        Self { columns: self.columns, values: self.values.iter().map(|x| of(*x)).collect() }
    }

    /// Both are of one shape.
    pub(crate) fn zip(&self, other: &Self, of: impl Fn(f32, f32) -> f32) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(x, y)| of(*x, *y)).collect();
        Self { columns: self.columns, values }
    }

    /// The largest there is, without its sign.
    pub(crate) fn peak(&self) -> f64 {
        peak(&self.values)
    }

    /// Its rows times those of weights.
    pub(crate) fn product(&self, weights: &Self) -> Self {
        let outputs = weights.count();
        let mut made = Self::zeros(self.count(), outputs);
        if outputs == 0 || self.count() == 0 {
            return made;
        }
        let work = self.values.len().saturating_mul(outputs);
        let hands = if work < LEAST { 1 } else { hands() };
        let share = self.count().div_ceil(hands);
        thread::scope(|scope| {
            let parts = made.values.chunks_mut(share * outputs);
            for (made, given) in parts.zip(self.values.chunks(share * self.columns)) {
                scope.spawn(move || multiply(given, self.columns, weights, made));
            }
        });
        made
    }
}

/// As many threads as the machine takes at once.
pub(crate) fn hands() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

pub(crate) fn peak(values: &[f32]) -> f64 {
    values.iter().fold(0.0_f64, |most, x| most.max(f64::from(x.abs())))
}

fn multiply(given: &[f32], columns: usize, weights: &Floats, made: &mut [f32]) {
    let rows = given.chunks_exact(columns).zip(made.chunks_exact_mut(weights.count()));
    for (row, made) in rows {
        for (made, weights) in made.iter_mut().zip(weights.rows()) {
            *made = dot(row, weights);
        }
    }
}

pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (lefts, rights) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let rest: f32 = lefts.remainder().iter().zip(rights.remainder()).map(|(x, y)| x * y).sum();
    for (left, right) in lefts.zip(rights) {
        for ((sum, x), y) in sums.iter_mut().zip(left).zip(right) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Puts a tensor of a model where its program looks for it.
pub(crate) fn put<const D: usize>(
    weights: &mut Weights,
    name: String,
    columns: usize,
    tensor: Tensor<D>,
) -> Result<(), QuantiseError> {
    let values = numbers(tensor)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(QuantiseError::NotFinite { tensor: name, at }),
        None => {
            weights.insert(name, Floats { columns, values });
            Ok(())
        }
    }
}

/// The weights of a linear operator, an output a row, and its biases if it has some.
pub(crate) fn put_linear(
    weights: &mut Weights,
    name: &str,
    part: &Linear,
) -> Result<(), QuantiseError> {
    let turned = part.weight.val().transpose();
    let [outputs, inputs] = turned.dims();
    put(weights, format!("{name}.weights"), inputs, turned)?;
    match &part.bias {
        Some(biases) => put(weights, format!("{name}.biases"), outputs, biases.val()),
        None => Ok(()),
    }
}
