use super::{checkpoint::Checkpoint, error::ImportError};
use crate::parts::turned;
use burn::{
    module::Param,
    nn::{Embedding, LayerNorm, Linear, RmsNorm},
    tensor::{Tensor, TensorData},
};

/// Reads weights into the parts of a model. Shapes are those that the model was made with.
impl Checkpoint {
    /// Weights that are stored with a row for each output; Burn keeps a column for each. They
    /// are turned in memory: products with a turned view take one row at a time several
    /// times longer.
    pub(super) fn linear(&mut self, part: &mut Linear, name: &str) -> Result<(), ImportError> {
        let [inputs, outputs] = part.weight.lazy_shape().dims();
        let device = part.weight.lazy_device();
        let values = self.take(&format!("{name}.weight"), &[outputs, inputs])?;
        let turned = TensorData::new(turned(&values, inputs), [inputs, outputs]);
        part.weight = Param::from_tensor(Tensor::from_data(turned, &device));
        match &mut part.bias {
            Some(bias) => self.vector(bias, format!("{name}.bias")),
            None => Ok(()),
        }
    }

    pub(super) fn table(&mut self, part: &mut Embedding, name: &str) -> Result<(), ImportError> {
        let shape: [usize; 2] = part.weight.lazy_shape().dims();
        let device = part.weight.lazy_device();
        let values = self.take(&format!("{name}.weight"), &shape)?;
        let stored = Tensor::<2>::from_data(TensorData::new(values, shape), &device);
        part.weight = Param::from_tensor(stored);
        Ok(())
    }

    pub(super) fn rms_norm(&mut self, part: &mut RmsNorm, name: &str) -> Result<(), ImportError> {
        self.vector(&mut part.gamma, format!("{name}.weight"))
    }

    pub(super) fn layer_norm(
        &mut self,
        part: &mut LayerNorm,
        name: &str,
    ) -> Result<(), ImportError> {
        let gains = self.either(format!("{name}.weight"), format!("{name}.gamma"));
        self.vector(&mut part.gamma, gains)?;
        match &mut part.beta {
            Some(beta) => {
                let biases = self.either(format!("{name}.bias"), format!("{name}.beta"));
                self.vector(beta, biases)
            }
            None => Ok(()),
        }
    }

    /// A tensor's name, or the older one where only that is there: checkpoints that came from
    /// TensorFlow kept it.
    fn either(&self, name: String, older: String) -> String {
        match !self.has(&name) && self.has(&older) {
            true => older,
            false => name,
        }
    }

    fn vector(&mut self, part: &mut Param<Tensor<1>>, tensor: String) -> Result<(), ImportError> {
        let shape: [usize; 1] = part.lazy_shape().dims();
        let device = part.lazy_device();
        let values = self.take(&tensor, &shape)?;
        *part = Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), &device));
        Ok(())
    }
}
