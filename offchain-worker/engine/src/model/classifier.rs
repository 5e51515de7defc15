use super::{linear, numbers, ModelError};
use crate::config::{Activation, ClassifierConfig, ConfigError};
use burn::{
    module::Module,
    nn::Linear,
    tensor::{
        activation::{gelu, relu, softmax},
        Device, Tensor, TensorData,
    },
};

/// A multi-layer perceptron. Each row is a case of its own.
#[derive(Module, Debug)]
pub struct Classifier {
    pub(crate) layers: Vec<Linear>,
    pub(crate) classes: Linear,
    #[module(skip)]
    config: ClassifierConfig,
}

impl Classifier {
    /// With random weights, which are drawn when they are first read.
    pub fn new(config: &ClassifierConfig, device: &Device) -> Result<Self, ConfigError> {
        config.check()?;
        let mut inputs = config.features;
        let layer = |outputs: usize, inputs: &mut usize| {
            linear(std::mem::replace(inputs, outputs), outputs, true, device)
        };
        let layers = config.layers.iter().map(|each| layer(each.outputs, &mut inputs)).collect();
        let classes = layer(config.classes, &mut inputs);
        Ok(Self { layers, classes, config: config.clone() })
    }

    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// A number for each class of one case, or its share.
    pub fn classes(&self, features: &[f32]) -> Result<Vec<f32>, ModelError> {
        let device = self.classes.weight.device();
        let row = TensorData::new(features.to_vec(), [1, features.len()]);
        numbers(self.forward(Tensor::from_data(row, &device))?)
    }

    /// A number for each class, or its share where the model gives shares: cases × classes.
    pub fn forward(&self, features: Tensor<2>) -> Result<Tensor<2>, ModelError> {
        let logits = self.logits(features)?;
        Ok(if self.config.shares { softmax(logits, 1) } else { logits })
    }

    /// A number for each class, which is what it learns from: cases × classes.
    pub fn logits(&self, features: Tensor<2>) -> Result<Tensor<2>, ModelError> {
        let (need, have) = (self.config.features, features.dims()[1]);
        if have != need {
            return Err(ModelError::Features { need, have });
        }
        let mut rows = features;
        for (layer, config) in self.layers.iter().zip(&self.config.layers) {
            let made = layer.forward(rows);
            rows = match config.activation {
                Activation::Relu => relu(made),
                Activation::Gelu => gelu(made),
            };
        }
        Ok(self.classes.forward(rows))
    }
}

#[cfg(test)]
mod tests;
