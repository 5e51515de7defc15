//! Models in floats: results that differ a little from one device to the next, and come with
//! fingerprints of what is the same for all who are compared.
//!
//! They are the models whose exact form is published, as their masters stand for them. Jobs on one
//! model are computed together, those that come while others are computed from the next step on.

mod writing;

use crate::{
    check_units, fault, infer, input,
    line::{Asked, Line},
    model,
};
use cairn_engine::{
    embed,
    fingerprint::{self, prefill},
    folder::{Codec, ExactFolder, FolderError, Model},
    model::{Decoder, Encoder},
};
use cairn_order::{engines, Fault, Made, Order, Over};
use cairn_protocol::{
    failure::Failure,
    id::{Digest, EngineId},
    result::Fingerprint,
    spec::{EmbedSpec, InferSpec},
};
use std::{borrow::Cow, iter, path::Path, sync::Arc};
use writing::Writing;

/// Bytes of a text that a fingerprint is made over, beside the input: more than a model takes.
const TEXT: usize = 1 << 20;
/// Float engines have no traces.
const NO_TRACE: Digest = [0; 32];

/// What this program is built of.
pub(crate) fn engine() -> EngineId {
    EngineId::of(engines::FLOAT_NAME, engines::FLOAT_VERSION, &["f32", fingerprint::FORM])
}

pub(crate) fn embed(
    first: &Order,
    line: &mut Line<'_, '_, EmbedSpec>,
    scratch: &Path,
) -> Result<(), Fault> {
    model::pool(first.threads)?.install(|| {
        let folder = model::open(first, scratch)?;
        let codec = folder.codec().map_err(fault::folder)?;
        let encoder = encoder(&folder, first)?;
        while let Some(asked) = line.wait() {
            let mut all = vec![asked];
            all.extend(iter::from_fn(|| line.ready()));
            embedded(all, line, &encoder, &codec, scratch);
        }
        Ok(())
    })
}

pub(crate) fn infer(
    first: &Order,
    line: &mut Line<'_, '_, InferSpec>,
    scratch: &Path,
) -> Result<(), Fault> {
    model::pool(first.threads)?.install(|| {
        let folder = model::open(first, scratch)?;
        let codec = folder.codec().map_err(fault::folder)?;
        let decoder = Arc::new(decoder(&folder, first)?);
        Writing::new(decoder, &codec, scratch).serve(line);
        Ok(())
    })
}

fn floats(folder: &ExactFolder, order: &Order) -> Result<Model, Fault> {
    folder.floats(&model::device(order)?).map_err(fault::folder)
}

fn encoder(folder: &ExactFolder, order: &Order) -> Result<Encoder, Fault> {
    match floats(folder, order)? {
        Model::Encoder(encoder) => Ok(encoder),
        other => Err(unfit(&other, "an encoder")),
    }
}

fn decoder(folder: &ExactFolder, order: &Order) -> Result<Decoder, Fault> {
    match floats(folder, order)? {
        Model::Decoder(decoder) => Ok(decoder),
        other => Err(unfit(&other, "a decoder")),
    }
}

fn unfit(model: &Model, need: &'static str) -> Fault {
    fault::folder(FolderError::Kind { found: model.shape().kind(), need })
}

fn print(numbers: &[f32]) -> Result<Fingerprint, Fault> {
    fingerprint::of(numbers).ok_or_else(not_finite)
}

fn not_finite() -> Fault {
    Fault::new(Failure::FalseArtifact, "the model's numbers have left what floats hold")
}

/// Those that wait, as many at once as fit.
fn embedded(
    all: Vec<Asked<EmbedSpec>>,
    line: &mut Line<'_, '_, EmbedSpec>,
    encoder: &Encoder,
    codec: &Codec,
    scratch: &Path,
) {
    let (mut fit, mut texts) = (Vec::new(), Vec::new());
    for asked in all {
        match tokens(&asked, codec) {
            Ok(text) => {
                fit.push(asked);
                texts.push(text);
            }
            Err(fault) => line.tell(&asked, Err(fault)),
        }
    }
    let rows = rows(encoder, &texts);
    for ((asked, text), row) in fit.iter().zip(&texts).zip(rows) {
        let made = row.and_then(|row| embedding(asked, text.len(), &row, scratch));
        line.tell(asked, made);
    }
}

fn tokens(asked: &Asked<EmbedSpec>, codec: &Codec) -> Result<Vec<u32>, Fault> {
    let tokens = codec.encode(&asked.text).map_err(fault::folder)?;
    check_units(&asked.order, tokens.len() as u64)?;
    Ok(tokens)
}

/// A row for each text, of as many at once as fit.
fn rows(encoder: &Encoder, texts: &[Vec<u32>]) -> Vec<Result<Vec<f32>, Fault>> {
    match (embed::rows(encoder, texts), texts) {
        (Ok(rows), _) => rows.into_iter().map(Ok).collect(),
        (Err(error), [_]) => vec![Err(fault::folder(error))],
        // What one of them is refused for is not the others' fault.
        (Err(_), _) => texts.chunks(1).flat_map(|text| rows(encoder, text)).collect(),
    }
}

fn embedding(
    asked: &Asked<EmbedSpec>,
    units: usize,
    row: &[f32],
    scratch: &Path,
) -> Result<Made, Fault> {
    let fingerprint = Some(print(row)?);
    let bytes: Vec<u8> = row.iter().flat_map(|number| number.to_le_bytes()).collect();
    let product = asked.product(bytes, scratch)?;
    Ok(Made { product, units: units as u64, trace: NO_TRACE, fingerprint })
}

/// A text, of no tokens where it is another's, with the fingerprint that its order asks for.
fn text(
    asked: &Asked<InferSpec>,
    made: &[u32],
    decoder: &Decoder,
    codec: &Codec,
    scratch: &Path,
) -> Result<Made, Fault> {
    let text = codec.decode(made).map_err(fault::folder)?;
    let more = match &asked.order.fingerprint {
        Some(Over::Made) => cut(text.as_bytes()).into_owned(),
        Some(Over::Claimed(claim)) => cut(&input::bytes(&asked.order, claim)?).into_owned(),
        Some(Over::Input) | None => String::new(),
    };
    // Made tokens anew, as whoever has only the text would.
    let mut seen = infer::tokens(codec, &[asked.text.as_str(), more.as_str()].concat())?;
    seen.truncate(decoder.config().context);
    let logits = prefill(decoder, &seen).map_err(fault::folder)?;
    Ok(Made {
        units: made.len() as u64,
        product: asked.product(text.into_bytes(), scratch)?,
        trace: NO_TRACE,
        fingerprint: Some(print(&logits)?),
    })
}

/// What there is of a text that is looked at, and is a text.
fn cut(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.get(..TEXT).unwrap_or(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_should_be_cut_when_no_model_takes_so_much() {
        assert_eq!(cut(b"stone"), "stone");
        assert_eq!(cut(b"sto\xffne"), "sto\u{fffd}ne");
        assert_eq!(cut("x".repeat(TEXT + 5).as_bytes()).len(), TEXT);
    }
}
