//! Weights as whole numbers: what a model's weights are to those who judge it, and what changes of
//! them are.
//!
//! A master is an i16. A weight is its master times the step of its output, which stays what it is
//! for the component's life. Rows are outputs, where Burn has columns; a norm is one row.

use crate::{
    apply::Deltas,
    base::Base,
    model::ModelError,
    parts::{self, turned, Named, Part, Role},
    quantise::Exact,
    train::Factors,
};
use burn::module::Module;
use cairn_artifact::contents::{Numbers, Tensor};
use cairn_kernel::delta::{self, Delta, LowRank, Sparse, MOST_SHIFT};
use std::collections::BTreeMap;
use thiserror::Error;

const MOST: f64 = i16::MAX as f64;

/// Why weights are not on a grid, or do not change along it.
#[derive(Debug, Error)]
pub enum GridError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{name}: {error}")]
    Delta { name: String, error: delta::Error },
    #[error("{name} has a weight that is not finite; learn more slowly")]
    Finite { name: String },
    #[error("the base has no {name}, or of another shape; take the base of this model")]
    Component { name: String },
    #[error("{name} was changed, and is no master; learn with biases left as they are")]
    Constant { name: String },
    #[error("{name} says something, and the exact form has no place for it; learn from what the base says, with {name} left as it is")]
    Place { name: String },
    #[error("{have} numbers say what those of {name} stand for, and it has {rows} rows; publish the base anew")]
    Steps { name: String, rows: u32, have: usize },
}

/// The masters of a model, by the names that its exact form has for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    components: BTreeMap<String, Component>,
    /// What has no masters, and is a constant of the model.
    constants: BTreeMap<String, Vec<f32>>,
}

/// The masters of one weight, row-major, with a step for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    rows: u32,
    columns: u32,
    masters: Vec<i16>,
    steps: Vec<f32>,
}

impl Component {
    pub fn rows(&self) -> u32 {
        self.rows
    }

    pub fn columns(&self) -> u32 {
        self.columns
    }

    pub fn masters(&self) -> &[i16] {
        &self.masters
    }

    /// What one of a row's masters stands for.
    pub fn steps(&self) -> &[f32] {
        &self.steps
    }

    fn new(
        name: &str,
        tensor: &Tensor<'_>,
        masters: &[i16],
        steps: &[f32],
    ) -> Result<Self, GridError> {
        let rows = tensor.rows as usize;
        let steps = match *steps {
            [step] => vec![step; rows],
            _ if steps.len() == rows => steps.to_vec(),
            _ => {
                let (name, have) = (name.to_owned(), steps.len());
                return Err(GridError::Steps { name, rows: tensor.rows, have });
            }
        };
        let masters = masters.to_vec();
        Ok(Self { rows: tensor.rows, columns: tensor.columns, masters, steps })
    }

    /// Weights, as Burn keeps them.
    fn weights(&self, role: Role) -> Vec<f32> {
        let columns = self.columns as usize;
        let rows = self.masters.chunks(columns).zip(&self.steps);
        let weights: Vec<f32> = rows
            .flat_map(|(row, step)| row.iter().map(move |each| f32::from(*each) * step))
            .collect();
        match role {
            Role::Linear => turned(&weights, columns),
            _ => weights,
        }
    }

    /// The step from these masters to those nearest to weights, one that is too far for an i16 cut.
    fn sparse(&self, part: &Part) -> Result<Option<Delta>, delta::Error> {
        let (_, columns, weights) = laid(part);
        let goal = nearest(&weights, columns, &self.steps);
        let change = |(old, new): (&i16, &i16)| {
            (i32::from(*new) - i32::from(*old)).clamp(-(MOST as i32), MOST as i32) as i16
        };
        let rows = self.masters.chunks(columns).zip(goal.chunks(columns));
        let rows = (0..).zip(rows).map(|(row, (old, new))| {
            let changes = (0..).zip(old.iter().zip(new).map(change));
            (row, changes.filter(|(_, change)| *change != 0).collect::<Vec<_>>())
        });
        let changed: Vec<_> = rows.filter(|(_, changes)| !changes.is_empty()).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        Sparse::new(self.rows, self.columns, changed).map(|sparse| Some(Delta::Sparse(sparse)))
    }

    /// Factors in whole numbers. Each pair of a column and a row is scaled so that both have the
    /// same largest number, and all by the power of two that has the largest pair just fit.
    fn low_rank(&self, factors: &Factors) -> Result<Option<Delta>, delta::Error> {
        let rank = factors.rank;
        let (rows, columns) = (self.rows as usize, self.columns as usize);
        let (mut high, wide) = match factors.role {
            Role::Linear => (turned(&factors.second, rows), turned(&factors.first, rank)),
            _ => (factors.first.clone(), factors.second.clone()),
        };
        let mut high: Vec<f64> = high.drain(..).map(f64::from).collect();
        for (row, step) in high.chunks_mut(rank).zip(&self.steps) {
            row.iter_mut().for_each(|each| *each /= f64::from(*step));
        }
        let mut wide: Vec<f64> = wide.into_iter().map(f64::from).collect();
        debug_assert_eq!((high.len(), wide.len()), (rows * rank, columns * rank));
        let most = |values: &mut dyn Iterator<Item = &f64>| {
            values.fold(0f64, |most, each| most.max(each.abs()))
        };
        let largest: Vec<[f64; 2]> = (0..rank)
            .map(|at| {
                let high = most(&mut high.iter().skip(at).step_by(rank));
                [high, most(&mut wide[at * columns..][..columns].iter())]
            })
            .collect();
        let product = largest.iter().map(|[high, wide]| high * wide).fold(0.0, f64::max);
        if product == 0.0 {
            return Ok(None);
        }
        let shift = (MOST * MOST / product).log2().floor().clamp(0.0, MOST_SHIFT.into());
        for (at, [high_most, wide_most]) in largest.into_iter().enumerate() {
            let goal = (high_most * wide_most * shift.exp2()).sqrt();
            let factor = |most: f64| if most > 0.0 { goal / most } else { 0.0 };
            let (up, along) = (factor(high_most), factor(wide_most));
            high.iter_mut().skip(at).step_by(rank).for_each(|each| *each *= up);
            wide[at * columns..][..columns].iter_mut().for_each(|each| *each *= along);
        }
        let whole = |values: Vec<f64>| values.into_iter().map(whole).collect();
        let shape = [self.rows, self.columns];
        LowRank::new(shape, rank as u32, shift as u8, whole(high), whole(wide))
            .map(|low| Some(Delta::LowRank(low)))
    }
}

impl Grid {
    /// The grid of a model in exact form.
    pub fn of(exact: &Exact) -> Result<Self, GridError> {
        Self::new(exact.tensors(), exact.steps())
    }

    /// The grid of a published model.
    pub fn of_base(base: &Base) -> Result<Self, GridError> {
        Self::new(base.tensors(), base.steps())
    }

    fn new(
        tensors: &BTreeMap<String, Tensor<'static>>,
        steps: &BTreeMap<String, Vec<f32>>,
    ) -> Result<Self, GridError> {
        let (mut components, mut constants) = (BTreeMap::new(), BTreeMap::new());
        for (name, steps) in steps {
            let unknown = || GridError::Component { name: name.clone() };
            let tensor = tensors.get(name).ok_or_else(unknown)?;
            match &tensor.numbers {
                Numbers::Masters(masters) => {
                    let component = Component::new(name, tensor, masters, steps)?;
                    components.insert(name.clone(), component);
                }
                Numbers::Constants(biases) => {
                    let step = steps.first().copied().ok_or_else(unknown)?;
                    let biases = biases.iter().map(|bias| *bias as f32 * step).collect();
                    constants.insert(name.clone(), biases);
                }
            }
        }
        Ok(Self { components, constants })
    }

    pub fn components(&self) -> &BTreeMap<String, Component> {
        &self.components
    }

    /// The model with the weights that the masters and the constants say. A base learns from here,
    /// so that what has not changed is nothing in a delta.
    pub fn settle<M: Module + Named>(&self, model: M) -> Result<M, GridError> {
        let mut missing = None;
        let settled = parts::replace(model, |name, role, shape| {
            let count: usize = shape.iter().product();
            // Another weight says already what this one would.
            let Some(name) = M::exact(name) else { return Some(vec![0.0; count]) };
            let weights = match role {
                Role::First | Role::Second => return None,
                Role::Bias => self.constants.get(&name).cloned(),
                _ => self.components.get(&name).map(|component| component.weights(role)),
            };
            let fit = weights.filter(|weights| weights.len() == count);
            if fit.is_none() {
                missing.get_or_insert(name);
            }
            fit
        });
        match missing {
            None => Ok(settled),
            Some(name) => Err(GridError::Component { name }),
        }
    }

    /// What leads from these masters to those nearest to a model's weights.
    pub fn change<M: Module + Named>(&self, learned: &M) -> Result<Deltas, GridError> {
        let mut deltas = Deltas::new();
        for (name, part) in parts::read(learned)? {
            finite(&name, &part)?;
            let Some(name) = M::exact(&name) else {
                nothing(name, &part)?;
                continue;
            };
            match part.role {
                Role::First | Role::Second => continue,
                Role::Bias if self.constants.get(&name) == Some(&part.values) => continue,
                Role::Bias => return Err(GridError::Constant { name }),
                _ => {}
            }
            match self.component(&name, part.values.len())?.sparse(&part) {
                Ok(delta) => deltas.extend(delta.map(|delta| (name, delta))),
                Err(error) => return Err(GridError::Delta { name, error }),
            }
        }
        Ok(deltas)
    }

    /// What factors add to these masters, by the names that the model has for its weights.
    pub fn low_rank<M: Named>(
        &self,
        learned: &BTreeMap<String, Factors>,
    ) -> Result<Deltas, GridError> {
        let mut deltas = Deltas::new();
        for (name, factors) in learned {
            let Some(name) = M::exact(name) else {
                return Err(GridError::Place { name: name.clone() });
            };
            if factors.first.iter().chain(&factors.second).any(|each| !each.is_finite()) {
                return Err(GridError::Finite { name });
            }
            match self.component(&name, factors.inputs * factors.outputs)?.low_rank(factors) {
                Ok(delta) => deltas.extend(delta.map(|delta| (name, delta))),
                Err(error) => return Err(GridError::Delta { name, error }),
            }
        }
        Ok(deltas)
    }

    fn component(&self, name: &str, count: usize) -> Result<&Component, GridError> {
        self.components
            .get(name)
            .filter(|component| component.masters.len() == count)
            .ok_or_else(|| GridError::Component { name: name.to_owned() })
    }
}

fn finite(name: &str, part: &Part) -> Result<(), GridError> {
    match part.values.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(GridError::Finite { name: name.to_owned() }),
    }
}

/// What the exact form has no place for may not say anything.
fn nothing(name: String, part: &Part) -> Result<(), GridError> {
    match part.values.iter().all(|value| *value == 0.0) {
        true => Ok(()),
        false => Err(GridError::Place { name }),
    }
}

/// Rows, columns and numbers with a row for each output.
fn laid(part: &Part) -> (usize, usize, Vec<f32>) {
    match (part.role, part.shape.as_slice()) {
        (Role::Linear, &[inputs, outputs]) => (outputs, inputs, turned(&part.values, outputs)),
        (_, &[rows, columns]) => (rows, columns, part.values.clone()),
        _ => (1, part.values.len(), part.values.clone()),
    }
}

fn nearest(weights: &[f32], columns: usize, steps: &[f32]) -> Vec<i16> {
    let rows = weights.chunks(columns).zip(steps);
    let row = |(row, step): (&[f32], &f32)| {
        let step = f64::from(*step);
        row.iter().map(|each| whole(f64::from(*each) / step)).collect::<Vec<_>>()
    };
    rows.flat_map(row).collect()
}

/// The nearest whole number that a master may be.
fn whole(value: f64) -> i16 {
    value.round().clamp(-MOST, MOST) as i16
}

#[cfg(test)]
mod tests;
