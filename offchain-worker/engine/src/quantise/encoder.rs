use super::{
    epsilon,
    floats::{put, put_linear, Weights},
    narrow, sequences, Exact, Family, Options, QuantiseError,
};
use crate::{
    config::{EncoderConfig, Pooling},
    model::Encoder,
};
use burn::nn::LayerNorm;
use cairn_kernel::{
    models::{self, EncoderLayer, Pool},
    num::Scale,
};

/// The exact form of an encoder, and of its head if it has one, calibrated on texts as tokens. All
/// tokens are of the first kind of segment.
pub fn encoder<T: AsRef<[u32]>>(
    encoder: &Encoder,
    samples: &[T],
    options: &Options,
) -> Result<Exact, QuantiseError> {
    let config = encoder.config();
    let context = super::context(config.context, options)?;
    let samples = sequences(samples, context, config.vocabulary)?;
    let weights = weights(encoder, context)?;
    Exact::new(Family::Encoder(shape(config, context)?), &weights, &samples, options.rounding)
}

pub(super) fn shape(
    config: &EncoderConfig,
    context: usize,
) -> Result<models::Encoder, QuantiseError> {
    Ok(models::Encoder {
        rows: narrow("context", context)?,
        vocabulary: narrow("vocabulary", config.vocabulary)?,
        hidden: narrow("hidden", config.hidden)?,
        heads: narrow("heads", config.heads)?,
        inner: narrow("inner", config.inner)?,
        epsilon: epsilon(config.epsilon),
        // Scales are found later.
        embedding: Scale::ONE,
        position: Scale::ONE,
        norm: Scale::ONE,
        layers: vec![EncoderLayer { shifted: true, ..EncoderLayer::default() }; config.layers],
        pool: match config.pooling {
            Pooling::Mean => Pool::Mean,
            Pooling::First => Pool::First,
        },
        unit: config.unit.then_some(Scale::ONE),
        classes: config.classes.map(|classes| narrow("classes", classes)).transpose()?,
    })
}

pub(super) fn weights(encoder: &Encoder, context: usize) -> Result<Weights, QuantiseError> {
    let hidden = encoder.config().hidden;
    let weights = &mut Weights::new();
    put(weights, "embedding".into(), hidden, encoder.tokens.weight.val())?;
    // Every token is of the first kind, so what that adds is added to each position.
    let kind = encoder.types.weight.val().narrow(0, 0, 1);
    let positions = encoder.positions.weight.val().narrow(0, 0, context) + kind;
    put(weights, "position".into(), hidden, positions)?;
    put_norm(weights, "norm", &encoder.norm)?;
    for (layer, index) in encoder.layers.iter().zip(0..) {
        let attention = format!("layers.{index}.attention");
        let parts = [
            ("query", &layer.attention.query),
            ("key", &layer.attention.key),
            ("value", &layer.attention.value),
            ("output", &layer.attention.output),
        ];
        for (part, linear) in parts {
            put_linear(weights, &format!("{attention}.{part}"), linear)?;
        }
        put_norm(weights, &format!("{attention}.output.norm"), &layer.attention_norm)?;
        let feed = format!("layers.{index}.feed");
        put_linear(weights, &format!("{feed}.up"), &layer.up)?;
        put_linear(weights, &format!("{feed}.down"), &layer.down)?;
        put_norm(weights, &format!("{feed}.down.norm"), &layer.feed_norm)?;
    }
    if let Some(classes) = &encoder.classes {
        put_linear(weights, "classes", classes)?;
    }
    Ok(std::mem::take(weights))
}

fn put_norm(weights: &mut Weights, name: &str, norm: &LayerNorm) -> Result<(), QuantiseError> {
    let gains = norm.gamma.val();
    let [columns] = gains.dims();
    let biases = match &norm.beta {
        Some(biases) => biases.val(),
        None => gains.zeros_like(),
    };
    put(weights, format!("{name}.gains"), columns, gains)?;
    put(weights, format!("{name}.biases"), columns, biases)
}
