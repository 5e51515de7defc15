//! Models in floats: results that differ a little from one device to the next, and come with
//! fingerprints of what is the same for all who are compared.
//!
//! They are the models whose exact form is published, as their masters stand for them. Jobs on one
//! model are computed together.

use crate::{
    check_units, fault, infer, input, model,
    texts::{together, Asked, Each},
};
use cairn_engine::{
    embed,
    fingerprint::{self, prefill},
    folder::{Codec, ExactFolder, FolderError, Model},
    generate::{Batch, Event, GenerateError, Id, Limits, Reason, Request, Sampling},
    model::{Decoder, Encoder},
};
use cairn_order::{engines, Fault, Made, Order, Over};
use cairn_protocol::{
    failure::Failure,
    id::{Digest, EngineId, Seed},
    result::Fingerprint,
    spec::{Choice, EmbedSpec, InferSpec, WHOLE_PREFIX},
};
use std::{borrow::Cow, collections::BTreeMap, f64::consts::LOG2_E, path::Path, sync::Arc};

/// Bytes of a text that a fingerprint is made over, beside the input: more than a model takes.
const TEXT: usize = 1 << 20;
/// Float engines have no traces.
const NO_TRACE: Digest = [0; 32];

/// What came of a request: its tokens, unless they are another's, whose text is looked at.
type Written = Result<Option<Vec<u32>>, Fault>;

/// What this program is built of.
pub(crate) fn engine() -> EngineId {
    EngineId::of(engines::FLOAT_NAME, engines::FLOAT_VERSION, &["f32", fingerprint::FORM])
}

pub(crate) fn embed(first: &Order, all: &[Asked<'_, EmbedSpec>], scratch: &Path) -> Each {
    model::pool(first.threads)?.install(|| {
        let folder = model::open(first, scratch)?;
        let codec = folder.codec().map_err(fault::folder)?;
        let encoder = encoder(&folder, first)?;
        let read = |asked| tokens(asked, &codec).map(|tokens| (asked, tokens));
        Ok(together(all.iter().map(read).collect(), |read| {
            let (asked, texts): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
            let each = asked.into_iter().zip(lengths).zip(rows(&encoder, &texts));
            Ok(each.map(|((asked, units), row)| embedding(asked, units, &row?, scratch)).collect())
        }))
    })
}

pub(crate) fn infer(first: &Order, all: &[Asked<'_, InferSpec>], scratch: &Path) -> Each {
    model::pool(first.threads)?.install(|| {
        let folder = model::open(first, scratch)?;
        let codec = folder.codec().map_err(fault::folder)?;
        let decoder = Arc::new(decoder(&folder, first)?);
        let each = all.iter().zip(written(all, &decoder, &codec)?);
        Ok(each.map(|(asked, made)| text(asked, made, &decoder, &codec, scratch)).collect())
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

fn tokens(asked: &Asked<'_, EmbedSpec>, codec: &Codec) -> Result<Vec<u32>, Fault> {
    let tokens = codec.encode(&asked.text).map_err(fault::folder)?;
    check_units(asked.job.order, tokens.len() as u64)?;
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
    asked: &Asked<'_, EmbedSpec>,
    units: usize,
    row: &[f32],
    scratch: &Path,
) -> Result<Made, Fault> {
    let fingerprint = Some(print(row)?);
    let bytes: Vec<u8> = row.iter().flat_map(|number| number.to_le_bytes()).collect();
    let product = asked.product(bytes, scratch)?;
    Ok(Made { product, units: units as u64, trace: NO_TRACE, fingerprint })
}

/// How each goes on, all of them together.
fn written(
    all: &[Asked<'_, InferSpec>],
    decoder: &Arc<Decoder>,
    codec: &Codec,
) -> Result<Vec<Written>, Fault> {
    let limits = Limits { waiting: all.len(), ..Limits::default() };
    let mut batch = Batch::new(Arc::clone(decoder), limits);
    let begun: Vec<_> = all.iter().map(|asked| begin(asked, codec, &mut batch)).collect();
    let mut texts: BTreeMap<Id, Written> = BTreeMap::new();
    while !batch.is_empty() {
        for event in batch.step().map_err(fault::folder)? {
            let text = texts.entry(event.id).or_insert(Ok(Some(Vec::new())));
            take(text, &event);
        }
    }
    // One whose first token ended it may have said nothing.
    let mut text = |id: Id| texts.remove(&id).unwrap_or(Ok(Some(Vec::new())));
    Ok(begun.into_iter().map(|begun| begun?.map_or(Ok(None), &mut text)).collect())
}

fn take(text: &mut Written, event: &Event) {
    if event.reason == Some(Reason::NotFinite) {
        *text = Err(not_finite());
    }
    if let Ok(Some(tokens)) = text {
        tokens.extend(event.token);
    }
}

/// Nothing is begun where the text is another's.
fn begin(
    asked: &Asked<'_, InferSpec>,
    codec: &Codec,
    batch: &mut Batch,
) -> Result<Option<Id>, Fault> {
    let order = asked.job.order;
    if let Some(Over::Claimed(_)) = order.fingerprint {
        return Ok(None);
    }
    let request = Request {
        prompt: infer::tokens(codec, &asked.text)?,
        sampling: sampling(asked.spec.choice, order.seed),
        most: infer::most(&asked.spec, order),
        stops: asked.spec.stops.to_vec(),
    };
    batch.join(request).map(Some).map_err(refused)
}

fn refused(error: GenerateError) -> Fault {
    match error {
        GenerateError::Model(error) => fault::folder(error),
        unserved @ GenerateError::Unserved(_) => fault::internal(unserved),
        other => fault::malformed(other),
    }
}

/// What the kernel chooses by in integers, in floats.
fn sampling(choice: Choice, seed: Seed) -> Sampling {
    let Choice::Drawn { multiplier, shift, most, prefix } = choice else {
        return Sampling::Greedy;
    };
    // Logits times that are in powers of two.
    let scale = f64::from(multiplier) / 2_f64.powi(shift.into());
    Sampling::Drawn {
        temperature: (LOG2_E / scale) as f32,
        most: usize::try_from(most).unwrap_or(usize::MAX),
        share: (f64::from(prefix) / f64::from(WHOLE_PREFIX)) as f32,
        seed,
    }
}

/// A text, with the fingerprint that its order asks for.
fn text(
    asked: &Asked<'_, InferSpec>,
    made: Written,
    decoder: &Decoder,
    codec: &Codec,
    scratch: &Path,
) -> Result<Made, Fault> {
    let made = made?.unwrap_or_default();
    let text = codec.decode(&made).map_err(fault::folder)?;
    let more = match &asked.job.order.fingerprint {
        Some(Over::Made) => cut(text.as_bytes()).into_owned(),
        Some(Over::Claimed(claim)) => cut(&input::bytes(asked.job.order, claim)?).into_owned(),
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
    use cairn_engine::exact;
    use cairn_kernel::sample::Rule;

    #[test]
    fn sampling_should_be_what_the_kernels_rule_was_made_of() {
        let drawn = Sampling::Drawn { temperature: 0.7, most: 40, share: 0.9, seed: [7; 32] };
        let Ok((Rule::Drawn { scale, most, prefix }, seed)) = exact::rule(&drawn) else {
            panic!("it is drawn");
        };
        let choice =
            Choice::Drawn { multiplier: scale.multiplier, shift: scale.shift, most, prefix };
        let Sampling::Drawn { temperature, most, share, seed } = sampling(choice, seed) else {
            panic!("it is drawn");
        };
        assert!((temperature - 0.7).abs() < 1e-4 && (share - 0.9).abs() < 1e-4);
        assert_eq!((most, seed), (40, [7; 32]));
        assert_eq!(sampling(Choice::Greedy, seed), Sampling::Greedy);
    }

    #[test]
    fn text_should_be_cut_when_no_model_takes_so_much() {
        assert_eq!(cut(b"stone"), "stone");
        assert_eq!(cut(b"sto\xffne"), "sto\u{fffd}ne");
        assert_eq!(cut("x".repeat(TEXT + 5).as_bytes()).len(), TEXT);
    }
}
