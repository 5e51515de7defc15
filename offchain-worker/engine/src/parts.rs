//! The weights of a model by name, whatever model it is.

use crate::model::{numbers, Classifier, Decoder, Encoder, ModelError};
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Tensor, TensorData},
};
use std::collections::BTreeMap;

/// What a weight is to its model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// A linear operator, of which Burn keeps a column for each output.
    Linear,
    /// A row for each token.
    Table,
    /// What a norm multiplies by.
    Gains,
    /// What is added.
    Bias,
    /// The factors of a low-rank change: inputs × rank, and rank × outputs.
    First,
    Second,
}

/// Numbers of a weight as Burn keeps them.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub role: Role,
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Where in a model a walk through it is.
#[derive(Default)]
pub(crate) struct Place {
    /// Names with what has them.
    steps: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        self.steps.push((name.to_owned(), container.to_owned()));
    }

    pub(crate) fn exit(&mut self) {
        self.steps.pop();
    }

    pub(crate) fn name(&self) -> String {
        // Which variant a part is does not tell it from others.
        let named = self.steps.iter().filter(|(_, container)| !container.starts_with("Enum:"));
        named.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    pub(crate) fn role(&self) -> Role {
        let last = self.steps.last().map(|(name, container)| (container.as_str(), name.as_str()));
        match last {
            Some(("Struct:Linear", "weight")) => Role::Linear,
            Some(("Struct:Embedding", _)) => Role::Table,
            Some((_, "gamma")) => Role::Gains,
            Some(("Struct:LoraAdapter", "a")) => Role::First,
            Some(("Struct:LoraAdapter", _)) => Role::Second,
            _ => Role::Bias,
        }
    }
}

/// A model whose exact form has names for its weights.
pub trait Named {
    /// What the exact form calls a weight. It calls one nothing that is within another there.
    fn exact(name: &str) -> Option<String>;
}

impl Named for Decoder {
    fn exact(name: &str) -> Option<String> {
        Some(exact(name))
    }
}

impl Named for Classifier {
    fn exact(name: &str) -> Option<String> {
        Some(exact(name))
    }
}

impl Named for Encoder {
    fn exact(name: &str) -> Option<String> {
        match name {
            "tokens.weight" => return Some("embedding".into()),
            "positions.weight" => return Some("position".into()),
            // All tokens are of the first kind, which is added to positions.
            "types.weight" => return None,
            _ => {}
        }
        let parts = [
            (".attention_norm.", ".attention.output.norm."),
            (".up.", ".feed.up."),
            (".down.", ".feed.down."),
            // Behind the one that would find what this one makes.
            (".feed_norm.", ".feed.down.norm."),
        ];
        let name =
            parts.into_iter().fold(name.to_owned(), |name, (old, new)| name.replace(old, new));
        let ends =
            [("weight", "weights"), ("bias", "biases"), ("gamma", "gains"), ("beta", "biases")];
        for (old, new) in ends {
            if let Some(stem) = name.strip_suffix(old) {
                return Some(stem.to_owned() + new);
            }
        }
        Some(name)
    }
}

/// What the exact form of a decoder or a classifier calls a weight.
fn exact(name: &str) -> String {
    let norms = [("_norm.gamma", ".norm"), ("norm.gamma", "norm")];
    let rest = [(".weight", ".weights"), (".bias", ".biases")];
    if name == "embedding.weight" {
        return "embedding".into();
    }
    let ends = norms.into_iter().chain(rest);
    let mut ended = ends.filter_map(|(old, new)| Some(name.strip_suffix(old)?.to_owned() + new));
    let name = ended.next().unwrap_or_else(|| name.to_owned());
    // Which router and which experts is said by the layer alone.
    name.replace(".feed.router.", ".router.").replace(".feed.experts.", ".experts.")
}

/// All weights of a model; those that are changed by factors without the change.
pub fn read<M: Module>(model: &M) -> Result<BTreeMap<String, Part>, ModelError> {
    let mut reader = Reader { place: Place::default(), parts: BTreeMap::new(), error: None };
    model.visit(&mut reader);
    match reader.error {
        None => Ok(reader.parts),
        Some(error) => Err(error),
    }
}

/// The model with its weights replaced by those that `change` returns, of the same shapes.
pub fn replace<M: Module>(
    model: M,
    change: impl FnMut(&str, Role, &[usize]) -> Option<Vec<f32>>,
) -> M {
    model.map(&mut Writer { place: Place::default(), change })
}

struct Reader {
    place: Place,
    parts: BTreeMap<String, Part>,
    error: Option<ModelError>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base().inner();
        let shape = value.dims().to_vec();
        match numbers(value) {
            Ok(values) => {
                let part = Part { role: self.place.role(), shape, values };
                self.parts.insert(self.place.name(), part);
            }
            Err(error) => self.error = Some(error),
        }
    }
}

struct Writer<F> {
    place: Place,
    change: F,
}

impl<F: FnMut(&str, Role, &[usize]) -> Option<Vec<f32>>> ModuleMapper for Writer<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape: [usize; D] = param.lazy_shape().dims();
        let Some(values) = (self.change)(&self.place.name(), self.place.role(), &shape) else {
            return param;
        };
        let (id, old, mapper) = param.consume();
        let new = Tensor::from_data(TensorData::new(values, shape), &old.device());
        Param::from_mapped_value(id, new.set_require_grad(old.is_require_grad()), mapper)
    }
}

/// Rows as columns.
pub(crate) fn turned(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    let mut turned = vec![0.0; values.len()];
    // In squares that a cache holds.
    const SIDE: usize = 32;
    for top in (0..rows).step_by(SIDE) {
        for left in (0..columns).step_by(SIDE) {
            for row in top..rows.min(top + SIDE) {
                for column in left..columns.min(left + SIDE) {
                    turned[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_should_have_columns_as_rows_when_it_is_more_than_a_square() {
        let (rows, columns) = (45, 70);
        let values: Vec<f32> = (0..rows * columns).map(|at| at as f32).collect();
        let across = turned(&values, columns);
        let column = |at: usize| values.iter().skip(at).step_by(columns).copied();
        assert_eq!(across, (0..columns).flat_map(column).collect::<Vec<f32>>());
        assert_eq!(turned(&across, rows), values);
        assert!(turned(&[], 0).is_empty());
    }
}
