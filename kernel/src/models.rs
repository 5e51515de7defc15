//! Programs of the families of models that there are.
//!
//! They fix which operators are in which order; what is calibrated is in plain structs.

use crate::{
    delta::Delta,
    program::{Op, Program, Step, Tensor, TensorId, Values},
};
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

mod build;
mod classifier;
mod decoder;
mod encoder;
#[cfg(test)]
mod tests;

pub use classifier::{Activation, Classifier, Layer, MOST_SHARED};
pub use decoder::{Decoder, DecoderLayer, Experts, Outcome};
pub use encoder::{Encoder, EncoderLayer, Pool};

/// A program, and what its tensors of artifacts are called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Model {
    pub program: Program,
    pub names: BTreeMap<String, TensorId>,
}

impl Model {
    /// The program that computes the same with these changes of its masters, which become its first
    /// operators. What they read is called as what they change, with an end from
    /// [`Delta::tensors`]. None where there is no tensor of such a name, or it has a change already.
    pub fn changed(mut self, deltas: &BTreeMap<String, Delta>) -> Option<Self> {
        let mut first = Vec::new();
        for (name, delta) in deltas {
            let masters = *self.names.get(name)?;
            let before = *self.program.tensors.get(masters.index())?;
            let mut read = Vec::new();
            for (end, tensor, _) in delta.tensors() {
                let id = self.tensor(tensor);
                // A model takes one change of a tensor, or two would have the same names.
                if self.names.insert(format!("{name}.{end}"), id).is_some() {
                    return None;
                }
                read.push(id);
            }
            let op = match (delta, read.as_slice()) {
                (Delta::LowRank(low), &[high, wide]) => {
                    Op::Moved { masters, high, wide, shift: low.shift() }
                }
                (Delta::Sparse(_), &[ends, places, changes]) => {
                    Op::Changed { masters, ends, places, changes }
                }
                _ => return None,
            };
            let result = self.tensor(Tensor { values: Values::Moved, ..before });
            for step in &mut self.program.ops {
                step.op.change(|tensor| {
                    if *tensor == masters {
                        *tensor = result;
                    }
                });
            }
            first.push(Step { op, result });
        }
        first.append(&mut self.program.ops);
        self.program.ops = first;
        Some(self)
    }

    fn tensor(&mut self, tensor: Tensor) -> TensorId {
        // As many as would not fit are more than any memory holds.
        let id = TensorId(u32::try_from(self.program.tensors.len()).unwrap_or(u32::MAX));
        self.program.tensors.push(tensor);
        id
    }
}
