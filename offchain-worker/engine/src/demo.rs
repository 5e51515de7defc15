//! A small model with experts, that is learned from nothing within minutes: a token is a byte of
//! synthetic text.

use crate::{
    config::{ConfigError, DecoderConfig, ExpertsConfig},
    model::Decoder,
    train::{draw, Learned, Schedule, Settings, Texts},
};
use burn::tensor::Device;
use cairn_protocol::{
    chunk::content,
    id::File,
    learning::source::{Generator, Source},
    spec::TOKEN_BYTES,
};
use cairn_text::generator;

/// Bytes of a record that it learns from.
pub const LENGTH: usize = generator::TOKENS as usize;

/// Records of each seed.
const RECORDS: u64 = 1 << 20;

/// A decoder of about a million weights, of which a token meets 400,000.
pub fn config() -> DecoderConfig {
    DecoderConfig {
        context: LENGTH,
        vocabulary: 256,
        hidden: 128,
        layers: 3,
        heads: 4,
        groups: 2,
        head: 32,
        inner: 96,
        experts: Some(ExpertsConfig { count: 8, chosen: 2, all: false }),
        normed_heads: true,
        tied: true,
        epsilon: 1e-6,
        theta: 10_000.0,
        scaling: None,
    }
}

/// The model before it has learned.
pub fn model(seed: &[u8; 32], device: &Device) -> Result<Decoder, ConfigError> {
    Ok(draw(Decoder::new(&config(), device)?, seed))
}

/// How it learns from nothing.
pub fn settings() -> Settings {
    Settings {
        steps: 240,
        schedule: Schedule { rate: 4e-3, warmup: 20, last: 0.05 },
        learned: Learned::Masters,
        ..Settings::default()
    }
}

/// What it learns from: other records for other seeds.
pub fn texts(seed: cairn_text::Seed) -> Texts {
    Texts { seed, from: 0, length: LENGTH, count: 32 }
}

/// What its deltas are judged on: text of a seed that is drawn after they were handed in, so that
/// nobody has learned it by heart. [`generator::MODULE`] makes it.
pub fn source() -> Source {
    let module = File { id: content(generator::MODULE), bytes: generator::MODULE.len() as u64 };
    let record_bytes = generator::TOKENS * TOKEN_BYTES;
    Source::Generator(Generator { module, record_bytes, fuel: generator::FUEL, count: RECORDS })
}
