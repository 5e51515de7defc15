use super::{experts::Experts, linear, ModelError};
use crate::config::DecoderConfig;
use burn::{
    module::Module,
    nn::Linear,
    tensor::{activation::silu, Device, Tensor},
};

/// What a decoder's layer does with each row by itself.
#[derive(Module, Debug)]
// One a layer, and a layer is large whichever it has.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Feed {
    Dense(Gated),
    Routed(Experts),
}

impl Feed {
    pub(super) fn new(config: &DecoderConfig, device: &Device) -> Self {
        match config.experts {
            None => Self::Dense(Gated::new(config.hidden, config.inner, device)),
            Some(experts) => Self::Routed(Experts::new(config, experts, device)),
        }
    }

    pub(super) fn forward(&self, rows: Tensor<2>) -> Result<Tensor<2>, ModelError> {
        match self {
            Self::Dense(gated) => Ok(gated.forward(rows)),
            Self::Routed(experts) => experts.forward(rows),
        }
    }
}

/// Values let through by gates, which is called SwiGLU.
#[derive(Module, Debug)]
pub(crate) struct Gated {
    pub(crate) gate: Linear,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
}

impl Gated {
    pub(super) fn new(hidden: usize, inner: usize, device: &Device) -> Self {
        Self {
            gate: linear(hidden, inner, false, device),
            up: linear(hidden, inner, false, device),
            down: linear(inner, hidden, false, device),
        }
    }

    pub(super) fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let gates = silu(self.gate.forward(rows.clone()));
        self.down.forward(gates * self.up.forward(rows))
    }
}
