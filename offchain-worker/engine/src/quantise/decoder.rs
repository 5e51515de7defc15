use super::{
    epsilon,
    floats::{put, put_linear, Floats, Weights},
    narrow, sequences, Exact, Family, Options, QuantiseError,
};
use crate::{
    config::DecoderConfig,
    model::{speeds, Decoder, Feed, Gated},
};
use cairn_kernel::{
    models::{self, DecoderLayer, Experts, Outcome},
    num::Scale,
};

/// The exact form of a decoder, calibrated on sequences of tokens.
pub fn decoder<T: AsRef<[u32]>>(
    decoder: &Decoder,
    samples: &[T],
    options: &Options,
) -> Result<Exact, QuantiseError> {
    let config = decoder.config();
    let context = super::context(config.context, options)?;
    let samples = sequences(samples, context, config.vocabulary)?;
    let weights = weights(decoder, context)?;
    Exact::new(Family::Decoder(shape(config, context)?), &weights, &samples, options.rounding)
}

pub(super) fn shape(
    config: &DecoderConfig,
    context: usize,
) -> Result<models::Decoder, QuantiseError> {
    let experts = match config.experts {
        None => None,
        Some(experts) => Some(Experts {
            count: narrow("experts", experts.count)?,
            chosen: narrow("chosen experts", experts.chosen)?,
            all: experts.all,
        }),
    };
    Ok(models::Decoder {
        rows: narrow("context", context)?,
        vocabulary: narrow("vocabulary", config.vocabulary)?,
        hidden: narrow("hidden", config.hidden)?,
        heads: narrow("heads", config.heads)?,
        groups: narrow("groups", config.groups)?,
        head: narrow("head", config.head)?,
        inner: narrow("inner", config.inner)?,
        experts,
        normed_heads: config.normed_heads,
        biased: false,
        tied: config.tied,
        epsilon: epsilon(config.epsilon),
        // Scales are found later, where they are not these.
        embedding: Scale::ONE,
        layers: vec![DecoderLayer::default(); config.layers],
        norm: Scale::ONE,
        outcome: Outcome::Logits,
    })
}

pub(super) fn weights(decoder: &Decoder, context: usize) -> Result<Weights, QuantiseError> {
    let config = decoder.config();
    let weights = &mut Weights::new();
    let hidden = config.hidden;
    put(weights, "embedding".into(), hidden, decoder.embedding.weight.val())?;
    let [cosines, sines] = turns(config, context);
    weights.insert("rotary.cosines".into(), cosines);
    weights.insert("rotary.sines".into(), sines);
    for (layer, index) in decoder.layers.iter().zip(0..) {
        let name = format!("layers.{index}");
        let attention = &layer.attention;
        let of = |part: &str| format!("{name}.attention.{part}");
        put(weights, of("norm"), hidden, layer.attention_norm.gamma.val())?;
        put_linear(weights, &of("query"), &attention.query)?;
        put_linear(weights, &of("key"), &attention.key)?;
        put_linear(weights, &of("value"), &attention.value)?;
        put_linear(weights, &of("output"), &attention.output)?;
        for (part, norm) in
            [("query.norm", &attention.query_norm), ("key.norm", &attention.key_norm)]
        {
            if let Some(norm) = norm {
                put(weights, of(part), config.head, norm.gamma.val())?;
            }
        }
        put(weights, format!("{name}.feed.norm"), hidden, layer.feed_norm.gamma.val())?;
        match &layer.feed {
            Feed::Dense(gated) => put_gated(weights, &format!("{name}.feed"), gated)?,
            Feed::Routed(experts) => {
                put_linear(weights, &format!("{name}.router"), &experts.router)?;
                for (expert, index) in experts.experts.iter().zip(0..) {
                    put_gated(weights, &format!("{name}.experts.{index}"), expert)?;
                }
            }
        }
    }
    put(weights, "norm".into(), hidden, decoder.norm.gamma.val())?;
    if let Some(head) = &decoder.head {
        put_linear(weights, "head", head)?;
    }
    Ok(std::mem::take(weights))
}

fn put_gated(weights: &mut Weights, name: &str, gated: &Gated) -> Result<(), QuantiseError> {
    put_linear(weights, &format!("{name}.gate"), &gated.gate)?;
    put_linear(weights, &format!("{name}.up"), &gated.up)?;
    put_linear(weights, &format!("{name}.down"), &gated.down)
}

/// Cosines and sines of all positions. In f64, because a position far behind turns by many
/// whole circles; from here on they are integers of the artifact.
fn turns(config: &DecoderConfig, context: usize) -> [Floats; 2] {
    let speeds = speeds(config);
    let half = speeds.len();
    let table = |of: fn(f64) -> f64| {
        let row = |position: usize| speeds.iter().map(move |speed| of(position as f64 * speed));
        Floats::new(half, (0..context).flat_map(row).map(|turn| turn as f32).collect())
    };
    [table(f64::cos), table(f64::sin)]
}
