use super::onnx::OnnxError;
use crate::config::ConfigError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a checkpoint is not read.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{} has neither model.safetensors nor model.safetensors.index.json; weights in other formats have to be converted to safetensors first", folder.display())]
    NoWeights { folder: PathBuf },
    #[error("{} is larger than the {most} bytes that such a file may have", path.display())]
    Size { path: PathBuf, most: u64 },
    #[error("{} is not JSON of the form that was expected: {reason}", path.display())]
    Json { path: PathBuf, reason: String },
    #[error("{} is not a safetensors file: {reason}", path.display())]
    Header { path: PathBuf, reason: String },
    #[error("{} names {file:?}, which is not the plain name of a file beside it", path.display())]
    Shard { path: PathBuf, file: String },
    #[error("{} says that {file} has tensor {tensor}, and it has not", path.display())]
    Index { path: PathBuf, file: String, tensor: String },
    #[error("both {first} and {second} have tensor {tensor}")]
    Twice { tensor: String, first: String, second: String },
    #[error("models of type {found:?} are not supported; supported are {}", supported.join(", "))]
    Architecture { found: String, supported: Vec<String> },
    #[error("the checkpoint is of {found}, and {need} is needed")]
    Kind { found: &'static str, need: &'static str },
    #[error("{} lacks the option {option}", path.display())]
    NoOption { path: PathBuf, option: String },
    #[error("{} sets {option} to {found}; supported is {supported}", path.display())]
    Option { path: PathBuf, option: String, found: String, supported: String },
    #[error("{} sets {option} to {found}, an option that is not known here and might change what the model computes; if it does not, remove it", path.display())]
    UnknownOption { path: PathBuf, option: String, found: String },
    #[error("the configuration describes no model: {0}")]
    Config(#[from] ConfigError),
    #[error("the checkpoint lacks tensor {tensor}, of shape {expected:?}")]
    NoTensor { tensor: String, expected: Vec<usize> },
    #[error("tensor {tensor} has shape {found:?}, and by the configuration it has {expected:?}")]
    Shape { tensor: String, expected: Vec<usize>, found: Vec<usize> },
    #[error("tensor {tensor} is stored as {found}; supported are F32, F16 and BF16")]
    Precision { tensor: String, found: String },
    #[error("number {at} of tensor {tensor} is {value}; weights have to be finite")]
    NotFinite { tensor: String, at: usize, value: f32 },
    #[error("the model has no place for {count} tensors of the checkpoint, of which the first is {first}; the configuration is of another model")]
    Unused { count: usize, first: String },
    #[error("{}: {source}", path.display())]
    Onnx { path: PathBuf, source: OnnxError },
}
