//! Candle on the CPU, in f32, with the models of its own library.

use crate::{contender::Contender, Error};
use candle_core::{safetensors, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{qwen3, qwen3_moe};
use std::{fs, path::Path};

pub const VERSION: &str = "0.11.1";

enum Model {
    Dense(qwen3::ModelForCausalLM),
    Routed(qwen3_moe::ModelForCausalLM),
}

pub struct Candle {
    model: Model,
    length: usize,
}

pub fn open(folder: &Path) -> Result<Candle, Error> {
    let settings = fs::read(folder.join("config.json"))?;
    let tensors = safetensors::load(folder.join("model.safetensors"), &Device::Cpu)?;
    let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    // What a model with experts has more is missing in others.
    let model = match serde_json::from_slice::<qwen3_moe::Config>(&settings) {
        Ok(config) => Model::Routed(qwen3_moe::ModelForCausalLM::new(&config, weights)?),
        Err(_) => {
            let config: qwen3::Config = serde_json::from_slice(&settings)?;
            Model::Dense(qwen3::ModelForCausalLM::new(&config, weights)?)
        }
    };
    Ok(Candle { model, length: 0 })
}

impl Contender for Candle {
    fn begin(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        match &mut self.model {
            Model::Dense(model) => model.clear_kv_cache(),
            Model::Routed(model) => model.clear_kv_cache(),
        }
        self.length = 0;
        self.go_on(tokens)
    }

    fn advance(&mut self, token: u32) -> Result<Vec<f32>, Error> {
        self.go_on(&[token])
    }
}

impl Candle {
    fn go_on(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        let given = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let logits = match &mut self.model {
            Model::Dense(model) => model.forward(&given, self.length)?,
            Model::Routed(model) => model.forward(&given, self.length)?,
        };
        self.length += tokens.len();
        Ok(logits.flatten_all()?.to_vec1()?)
    }
}
