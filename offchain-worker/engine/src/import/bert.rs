//! Encoders of BERT's layout, which MiniLM and many models of sentences share.

use super::{
    checkpoint::Checkpoint,
    error::ImportError,
    pooling::pooling,
    settings::{Settings, HARMLESS},
};
use crate::{
    config::EncoderConfig,
    model::{Encoder, EncoderLayer},
};
use serde_json::{json, Value};
use std::path::Path;

/// Rows are computed without padding, whichever token stands for it, and heads on top of
/// the encoder are left out.
const UNUSED: [&str; 3] = ["tie_word_embeddings", "problem_type", "pooler_type"];

pub(super) fn config(mut options: Settings, folder: &Path) -> Result<EncoderConfig, ImportError> {
    options.only("hidden_act", json!("gelu"))?;
    options.only("position_embedding_type", json!("absolute"))?;
    options.only("is_decoder", json!(false))?;
    options.only("add_cross_attention", json!(false))?;
    options.only("quantization_config", Value::Null)?;
    let (pooling, unit) = pooling(folder)?;
    let config = EncoderConfig {
        context: options.size("max_position_embeddings")?,
        vocabulary: options.size("vocab_size")?,
        types: options.size_or("type_vocab_size", 2)?,
        hidden: options.size("hidden_size")?,
        layers: options.size("num_hidden_layers")?,
        heads: options.size("num_attention_heads")?,
        inner: options.size("intermediate_size")?,
        epsilon: options.real("layer_norm_eps")?,
        pooling,
        unit,
        classes: None,
    };
    let harmless: Vec<&str> = HARMLESS.iter().chain(&UNUSED).copied().collect();
    options.finish(&harmless)?;
    config.check()?;
    Ok(config)
}

/// Notes what is left out that whoever trained the model may miss.
pub(super) fn fill(model: &mut Encoder, from: &mut Checkpoint) -> Result<Vec<String>, ImportError> {
    // Models with a head on top keep the encoder under a name of its own.
    let prefixed = from.left().any(|(name, _)| name.starts_with("bert."));
    let prefix = if prefixed { "bert." } else { "" };
    let name = format!("{prefix}embeddings");
    from.table(&mut model.tokens, &format!("{name}.word_embeddings"))?;
    from.table(&mut model.positions, &format!("{name}.position_embeddings"))?;
    from.table(&mut model.types, &format!("{name}.token_type_embeddings"))?;
    from.layer_norm(&mut model.norm, &format!("{name}.LayerNorm"))?;
    // Counts from zero, which older checkpoints carry.
    from.skip(&format!("{name}.position_ids"));
    for (layer, index) in model.layers.iter_mut().zip(0..) {
        fill_layer(layer, from, &format!("{prefix}encoder.layer.{index}"))?;
    }
    // It makes of the first row what a classifier was trained on, and no embedding.
    from.skip(&format!("{prefix}pooler.dense.weight"));
    from.skip(&format!("{prefix}pooler.dense.bias"));
    Ok(if prefixed { skip_heads(from) } else { Vec::new() })
}

fn skip_heads(from: &mut Checkpoint) -> Vec<String> {
    // They guess at hidden tokens, which is what the encoder learned from; no embedding is made
    // of it.
    from.skip_all("cls.");
    // It reads what the pooler makes of the first row, or each row. Heads here read the
    // embedding, so that with these weights they would come to something else.
    match from.skip_all("classifier.") {
        0 => Vec::new(),
        count => vec![format!(
            "the head on top, {count} tensors under classifier, is left out, as it reads no \
             embedding: the model embeds texts, and train --classes gives it a head of its own"
        )],
    }
}

fn fill_layer(
    layer: &mut EncoderLayer,
    from: &mut Checkpoint,
    name: &str,
) -> Result<(), ImportError> {
    let attention = &mut layer.attention;
    from.linear(&mut attention.query, &format!("{name}.attention.self.query"))?;
    from.linear(&mut attention.key, &format!("{name}.attention.self.key"))?;
    from.linear(&mut attention.value, &format!("{name}.attention.self.value"))?;
    from.linear(&mut attention.output, &format!("{name}.attention.output.dense"))?;
    from.layer_norm(&mut layer.attention_norm, &format!("{name}.attention.output.LayerNorm"))?;
    from.linear(&mut layer.up, &format!("{name}.intermediate.dense"))?;
    from.linear(&mut layer.down, &format!("{name}.output.dense"))?;
    from.layer_norm(&mut layer.feed_norm, &format!("{name}.output.LayerNorm"))
}
