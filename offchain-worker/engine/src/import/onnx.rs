//! Classifiers of ONNX files: a chain of linear layers, read by name and number from a
//! stranger's file.
//!
//! The file is parsed by `onnx-ir`'s messages, and lowered from them: its graphs have other
//! names than the file, are rewritten on the way and read files beside it, and what is
//! refused here is to be named as whoever exported it named it.
//!
//! Supported are Gemm, MatMul, Add, Relu, Gelu and, as the last one, Softmax, with which a
//! classifier gives the share of each class.
//! Identity, Dropout and Flatten do nothing to a row of features, and are left out.

mod attributes;
mod error;
mod graph;
mod lower;
mod tensor;
mod wire;

pub use error::OnnxError;

use super::{error::ImportError, settings::read_bytes};
use crate::{
    config::{ClassifierConfig, ClassifierLayer},
    model::Classifier,
};
use burn::{
    module::Param,
    nn::Linear,
    tensor::{Device, Tensor, TensorData},
};
use graph::Graph;
use lower::{Layer, Lowered};
use onnx_ir::{Message, ModelProto};
use std::{
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
};
use tensor::Weights;

/// More than any chain of layers has; small enough to be held in memory along with the
/// model that is made of it.
const MOST_BYTES: u64 = 512 << 20;

/// Reads the classifier in an ONNX file onto a device. No other file is read.
pub fn classifier(path: &Path, device: &Device) -> Result<Classifier, ImportError> {
    let failed = |source| ImportError::Onnx { path: path.to_owned(), source };
    let bytes = read_bytes(path, MOST_BYTES)?;
    let model = parsed(&bytes).map_err(failed)?;
    let graph = Graph::of(&model).map_err(failed)?;
    let mut weights = Weights::new(&graph.constants, bytes.len());
    lower::layers(&graph, &mut weights).and_then(|lowered| filled(lowered, device)).map_err(failed)
}

/// The messages in a file, once its form says that they take no more memory than it may.
/// A panic of the parser, if there is any, is an error like others.
fn parsed(bytes: &[u8]) -> Result<ModelProto, OnnxError> {
    wire::check(bytes)?;
    match catch_unwind(AssertUnwindSafe(|| ModelProto::parse_from_bytes(bytes))) {
        Ok(model) => model.map_err(|error| OnnxError::Form(error.to_string())),
        Err(_) => Err(OnnxError::Form("its messages contradict themselves".to_owned())),
    }
}

/// The model of these layers, of which the last one gives the classes.
fn filled(lowered: Lowered, device: &Device) -> Result<Classifier, OnnxError> {
    let Lowered { layers, shares } = lowered;
    let config = ClassifierConfig {
        features: layers.first().map_or(0, |layer| layer.inputs),
        layers: layers
            .iter()
            .filter_map(|layer| {
                let activation = layer.activation?;
                Some(ClassifierLayer { outputs: layer.outputs, activation })
            })
            .collect(),
        classes: layers.last().map_or(0, |layer| layer.outputs),
        shares,
    };
    let mut model = Classifier::new(&config, device)?;
    for (part, layer) in
        model.layers.iter_mut().chain(std::iter::once(&mut model.classes)).zip(layers)
    {
        fill(part, layer, device);
    }
    Ok(model)
}

fn fill(part: &mut Linear, layer: Layer, device: &Device) {
    let weights = TensorData::new(layer.weights, [layer.inputs, layer.outputs]);
    part.weight = Param::from_tensor(Tensor::from_data(weights, device));
    let bias = TensorData::new(layer.bias, [layer.outputs]);
    part.bias = Some(Param::from_tensor(Tensor::from_data(bias, device)));
}
