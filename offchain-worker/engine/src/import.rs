//! Checkpoints as Hugging Face's libraries write them: `config.json`, `model.safetensors`
//! or several files with an index, and `tokenizer.json`. Also classifiers of ONNX files.
//!
//! Whoever made a checkpoint is a stranger. What does not fit is refused by name, and so
//! is whatever would change what the model computes and is not done here.

mod bert;
mod checkpoint;
mod error;
mod fill;
mod llama;
pub mod onnx;
mod pooling;
mod settings;

pub use checkpoint::{Checkpoint, Stored};
pub use error::ImportError;
pub(crate) use pooling::longest_text;
pub(crate) use settings::{parse_text, read_text};

use crate::{
    config::{DecoderConfig, EncoderConfig},
    model::{Decoder, Encoder},
};
use burn::tensor::Device;
use settings::Settings;
use std::path::Path;

/// The architectures that are read, as `model_type` names them.
const DECODERS: [&str; 3] = ["llama", "qwen3", "qwen3_moe"];
const ENCODERS: [&str; 1] = ["bert"];

/// What a checkpoint's configuration describes.
#[derive(Clone, Debug, PartialEq)]
pub enum Architecture {
    Decoder(DecoderConfig),
    Encoder(EncoderConfig),
}

/// A model that was read from a checkpoint.
#[derive(Debug)]
// There is one of it at a time, and models are large whichever it is.
#[allow(clippy::large_enum_variant)]
pub enum Imported {
    Decoder(Decoder),
    Encoder(Encoder),
}

/// Reads what the configuration in a folder describes, and no weights.
pub fn architecture(folder: &Path) -> Result<Architecture, ImportError> {
    let mut settings = Settings::read(&folder.join("config.json"))?;
    let kind = settings.text("model_type")?;
    if DECODERS.contains(&kind.as_str()) {
        return Ok(Architecture::Decoder(llama::config(&kind, settings)?));
    }
    if ENCODERS.contains(&kind.as_str()) {
        return Ok(Architecture::Encoder(bert::config(settings, folder)?));
    }
    let supported = DECODERS.iter().chain(&ENCODERS).map(|name| name.to_string()).collect();
    Err(ImportError::Architecture { found: kind, supported })
}

/// Reads the model in a folder onto a device.
pub fn import(folder: &Path, device: &Device) -> Result<Imported, ImportError> {
    noted(folder, device).map(|(model, _)| model)
}

/// The same, with notes on what of the checkpoint the model does not compute.
pub fn noted(folder: &Path, device: &Device) -> Result<(Imported, Vec<String>), ImportError> {
    let architecture = architecture(folder)?;
    let mut checkpoint = Checkpoint::open(folder)?;
    let (model, notes) = match architecture {
        Architecture::Decoder(config) => {
            let mut model = Decoder::new(&config, device)?;
            llama::fill(&mut model, &mut checkpoint)?;
            (Imported::Decoder(model), Vec::new())
        }
        Architecture::Encoder(config) => {
            let mut model = Encoder::new(&config, device)?;
            let notes = bert::fill(&mut model, &mut checkpoint)?;
            (Imported::Encoder(model), notes)
        }
    };
    checkpoint.finish()?;
    Ok((model, notes))
}

/// The tokens that end a sequence: those of `generation_config.json`, or else those of the
/// configuration.
pub fn stops(folder: &Path) -> Result<Vec<u32>, ImportError> {
    for name in ["generation_config.json", "config.json"] {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        if let Some(stops) = Settings::read(&path)?.tokens("eos_token_id")? {
            return Ok(stops);
        }
    }
    Ok(Vec::new())
}

/// Reads a decoder, and refuses other models.
pub fn decoder(folder: &Path, device: &Device) -> Result<Decoder, ImportError> {
    match import(folder, device)? {
        Imported::Decoder(decoder) => Ok(decoder),
        Imported::Encoder(_) => Err(ImportError::Kind { found: "an encoder", need: "a decoder" }),
    }
}

/// Reads an encoder, and refuses other models.
pub fn encoder(folder: &Path, device: &Device) -> Result<Encoder, ImportError> {
    match import(folder, device)? {
        Imported::Encoder(encoder) => Ok(encoder),
        Imported::Decoder(_) => Err(ImportError::Kind { found: "a decoder", need: "an encoder" }),
    }
}
