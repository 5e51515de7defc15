//! Models as Burn modules. The device that holds a model's weights says which backend
//! computes it.
//!
//! Rows of several sequences lie one after another in one matrix, without padding: what
//! looks at a row alone does not care whose row it is, and attention is told.

mod attention;
mod cache;
mod classifier;
mod decoder;
mod encoder;
mod experts;
mod feed;
mod rotary;
mod spans;

pub use cache::Cache;
pub use classifier::Classifier;
pub use decoder::{Decoder, Piece};
pub use encoder::{Encoder, Segment};

pub(crate) use attention::Attention;
pub(crate) use decoder::DecoderLayer;
pub(crate) use encoder::EncoderLayer;
pub(crate) use experts::Experts;
pub(crate) use feed::{Feed, Gated};
pub(crate) use rotary::speeds;

use burn::{
    nn::{Linear, LinearConfig},
    tensor::{Device, Int, Tensor, TensorData},
};
use thiserror::Error;

/// Why a model computes nothing for what it was given.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ModelError {
    #[error("there is no sequence to compute; give at least one")]
    Nothing,
    #[error("token {token} at {at} is not below {below}, the size of the vocabulary")]
    Token { token: u32, at: usize, below: usize },
    #[error("segment type {kind} at {at} is not below {below}")]
    Kind { kind: u32, at: usize, below: usize },
    #[error("there are {have} segment types for {need} tokens")]
    Kinds { need: usize, have: usize },
    #[error("{before} tokens and {more} more are given, and the model takes 1 to {most} in all")]
    Length { before: usize, more: usize, most: usize },
    #[error("a row has {have} features, and the model needs {need}")]
    Features { need: usize, have: usize },
    #[error("the cache is of a model with {have} layers, and this one has {need}")]
    Cache { need: usize, have: usize },
    #[error("the encoder tells no classes apart; give it some before it learns, and before it is brought to its exact form")]
    Classes,
    #[error("the device could not return what it computed: {0}")]
    Device(String),
}

fn linear(inputs: usize, outputs: usize, biased: bool, device: &Device) -> Linear {
    LinearConfig::new(inputs, outputs).with_bias(biased).init(device)
}

/// Identities, which the caller has checked, on the device.
fn identities(values: impl IntoIterator<Item = u32>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.into_iter().map(|value| value as i32).collect();
    let shape = [values.len()];
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub(crate) fn check_tokens(tokens: &[u32], vocabulary: usize) -> Result<(), ModelError> {
    match tokens.iter().position(|token| *token as usize >= vocabulary) {
        None => Ok(()),
        Some(at) => Err(ModelError::Token { token: tokens[at], at, below: vocabulary }),
    }
}

/// What the device computed, as numbers. Waits for it.
pub(crate) fn numbers<const D: usize>(values: Tensor<D>) -> Result<Vec<f32>, ModelError> {
    values.try_into_vec_as::<f32>().map_err(|error| ModelError::Device(error.to_string()))
}
