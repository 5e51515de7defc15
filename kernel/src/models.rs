//! Programs of the families of models that there are.
//!
//! They fix which operators are in which order; what is calibrated is in plain structs.

use crate::program::{Program, TensorId};
use alloc::{collections::BTreeMap, string::String};

mod build;
mod classifier;
mod decoder;
mod encoder;
#[cfg(test)]
mod tests;

pub use classifier::{Activation, Classifier, Layer};
pub use decoder::{Decoder, DecoderLayer, Experts, Outcome};
pub use encoder::{Encoder, EncoderLayer, Pool};

/// A program, and what its tensors of artifacts are called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Model {
    pub program: Program,
    pub names: BTreeMap<String, TensorId>,
}
