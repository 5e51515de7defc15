//! Texts as points, of which near ones mean alike.
//!
//! An [`Embedder`] computes texts of one caller at once; a [`Service`] does so on a thread of its
//! own for those of callers on any other.

mod service;

pub use service::{Answer, Limits, Service};

use crate::{
    import::{self, ImportError},
    model::{numbers, Encoder, ModelError, Segment},
    service::Unserved,
    tokens::{TokenError, Tokenizer},
};
use burn::tensor::{Device, Tensor};
use std::path::Path;
use thiserror::Error;

/// Tokens that are computed at once, unless one text has more.
const ROWS: usize = 4096;

/// Why a text has no embedding.
#[derive(Debug, Error)]
pub enum EmbedError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Tokens(#[from] TokenError),
    #[error(transparent)]
    Unserved(#[from] Unserved),
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// An encoder with its tokenizer.
#[derive(Debug)]
pub struct Embedder {
    encoder: Encoder,
    tokenizer: Tokenizer,
}

impl Embedder {
    /// Reads both from a checkpoint's folder.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, EmbedError> {
        let encoder = import::encoder(folder, device)?;
        let tokenizer = Tokenizer::open(folder, encoder.config().vocabulary)?;
        let most = import::longest_text(folder)?
            .map_or(encoder.config().context, |most| most.min(encoder.config().context));
        Ok(Self { encoder, tokenizer: tokenizer.cut(most)? })
    }

    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// One row for each text. Texts that are longer than the model takes are cut.
    pub fn embed<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let tokens = texts
            .iter()
            .map(|text| self.tokenizer.encode(text.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(rows(&self.encoder, &tokens)?)
    }
}

/// One row for each text in tokens.
pub fn rows(encoder: &Encoder, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, ModelError> {
    computed(texts, |segments| encoder.embed(segments))
}

/// A number for each class, for each text in tokens.
pub fn classes(encoder: &Encoder, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, ModelError> {
    computed(texts, |segments| encoder.classes(segments))
}

fn computed(
    texts: &[Vec<u32>],
    compute: impl Fn(&[Segment<'_>]) -> Result<Tensor<2>, ModelError>,
) -> Result<Vec<Vec<f32>>, ModelError> {
    let mut rows = Vec::with_capacity(texts.len());
    let mut rest = texts;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(fitting(rest.iter().map(Vec::len), ROWS));
        rows.extend(pass(now, &compute)?);
        rest = later;
    }
    Ok(rows)
}

/// One row for each text, of all of them at once.
fn pass(
    texts: &[Vec<u32>],
    compute: impl Fn(&[Segment<'_>]) -> Result<Tensor<2>, ModelError>,
) -> Result<Vec<Vec<f32>>, ModelError> {
    let segments: Vec<Segment<'_>> =
        texts.iter().map(|tokens| Segment { tokens, types: &[] }).collect();
    let made = compute(&segments)?;
    let columns = made.dims()[1];
    Ok(numbers(made)?.chunks(columns).map(<[f32]>::to_vec).collect())
}

/// How many texts of these lengths are computed at once: at least one.
fn fitting(lengths: impl Iterator<Item = usize>, most: usize) -> usize {
    let mut rows = 0;
    let fit = lengths.take_while(|length| {
        rows += *length;
        rows <= most
    });
    fit.count().max(1)
}
