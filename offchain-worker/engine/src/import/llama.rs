//! Decoders of the layout that Llama began and Qwen3 and Qwen3-MoE kept.

use super::{
    checkpoint::Checkpoint,
    error::ImportError,
    settings::{Settings, HARMLESS},
};
use crate::{
    config::{DecoderConfig, ExpertsConfig, Scaling},
    model::{Attention, Decoder, DecoderLayer, Experts, Feed, Gated},
};
use serde_json::{json, Value};

/// The base of positions where a configuration gives none.
const THETA: f64 = 10_000.0;

pub(super) fn config(kind: &str, mut options: Settings) -> Result<DecoderConfig, ImportError> {
    refuse_others(&mut options)?;
    let (theta, scaling) = positions(&mut options)?;
    let hidden = options.size("hidden_size")?;
    let heads = options.size("num_attention_heads")?;
    let layers = options.size("num_hidden_layers")?;
    full_attention(&mut options)?;
    let dense = options.size("intermediate_size")?;
    // What libraries take for Qwen3 where these are missing has changed over time.
    let (groups, head) = match kind {
        "llama" => (
            options.size_or("num_key_value_heads", heads)?,
            options.size_or("head_dim", hidden.checked_div(heads).unwrap_or(0))?,
        ),
        _ => (options.size("num_key_value_heads")?, options.size("head_dim")?),
    };
    let experts = match kind {
        "qwen3_moe" => Some(experts(&mut options)?),
        _ => None,
    };
    let config = DecoderConfig {
        context: options.size("max_position_embeddings")?,
        vocabulary: options.size("vocab_size")?,
        hidden,
        layers,
        heads,
        groups,
        head,
        inner: match experts {
            Some(_) => options.size("moe_intermediate_size")?,
            None => dense,
        },
        experts,
        normed_heads: kind != "llama",
        tied: options.flag_or("tie_word_embeddings", false)?,
        epsilon: options.real("rms_norm_eps")?,
        theta,
        scaling,
    };
    options.finish(HARMLESS)?;
    config.check()?;
    Ok(config)
}

/// Options that change what a model computes, and that are supported in one way only.
fn refuse_others(options: &mut Settings) -> Result<(), ImportError> {
    options.only("hidden_act", json!("silu"))?;
    options.only("attention_bias", json!(false))?;
    options.only("mlp_bias", json!(false))?;
    // Splits products in parts whose sum is the same but for rounding.
    options.only("pretraining_tp", json!(1))?;
    options.only("partial_rotary_factor", json!(1.0))?;
    options.only("quantization_config", Value::Null)
}

/// Sliding windows are of use only where they are switched on.
fn full_attention(options: &mut Settings) -> Result<(), ImportError> {
    let window = options.given("sliding_window");
    let switch = options.given("use_sliding_window");
    let switched = switch.as_ref().map_or(window.is_some(), |value| *value != json!(false));
    if switched {
        let found = window.or(switch).unwrap_or(Value::Null);
        return Err(options.refusal("sliding_window", &found, "null, for full attention"));
    }
    options.given("max_window_layers");
    match options.given("layer_types") {
        Some(Value::Array(types)) => match types.iter().find(|t| **t != json!("full_attention")) {
            Some(found) => Err(options.refusal("layer_types", found, "\"full_attention\"")),
            None => Ok(()),
        },
        Some(other) => Err(options.refusal("layer_types", &other, "a list")),
        None => Ok(()),
    }
}

/// The base of positions, and how they are scaled. Older configurations have `rope_theta` and
/// `rope_scaling`, newer ones both in one.
fn positions(options: &mut Settings) -> Result<(f64, Option<Scaling>), ImportError> {
    let mut theta = match options.given("rope_theta") {
        Some(value) => {
            Some(value.as_f64().ok_or_else(|| options.refusal("rope_theta", &value, "a number"))?)
        }
        None => None,
    };
    let mut given: Option<Option<Scaling>> = None;
    for name in ["rope_scaling", "rope_parameters"] {
        let Some(mut rope) = options.within(name)? else { continue };
        let scaling = scaling(&mut rope)?;
        if given.is_some_and(|given| given != scaling) {
            return Err(options.refusal(name, &json!(scaling), "what rope_scaling says"));
        }
        given = Some(scaling);
        rope.only("partial_rotary_factor", json!(1.0))?;
        if let Some(value) = rope.given("rope_theta") {
            let inner =
                value.as_f64().ok_or_else(|| rope.refusal("rope_theta", &value, "a number"))?;
            if theta.is_some_and(|theta| theta != inner) {
                return Err(rope.refusal("rope_theta", &value, "one base of positions"));
            }
            theta = Some(inner);
        }
        rope.finish(&[])?;
    }
    Ok((theta.unwrap_or(THETA), given.flatten()))
}

/// How positions are scaled, if they are. Older configurations name the kind by `type`.
fn scaling(rope: &mut Settings) -> Result<Option<Scaling>, ImportError> {
    let mut kind: Option<Value> = None;
    for name in ["rope_type", "type"] {
        let Some(found) = rope.given(name) else { continue };
        let known = found == "default" || found == "llama3";
        if !known || kind.as_ref().is_some_and(|kind| *kind != found) {
            let supported = "\"default\" or \"llama3\", the same by both names";
            return Err(rope.refusal(name, &found, supported));
        }
        kind = Some(found);
    }
    if kind.is_none_or(|kind| kind != "llama3") {
        return Ok(None);
    }
    Ok(Some(Scaling {
        factor: rope.real("factor")?,
        low: rope.real("low_freq_factor")?,
        high: rope.real("high_freq_factor")?,
        original: rope.size("original_max_position_embeddings")?,
    }))
}

fn experts(options: &mut Settings) -> Result<ExpertsConfig, ImportError> {
    // Layers without experts between those with.
    options.only("decoder_sparse_step", json!(1))?;
    options.only("mlp_only_layers", json!([]))?;
    // Older configurations say num_experts.
    let count = match options.size_or("num_local_experts", 0)? {
        0 => options.size("num_experts")?,
        count => count,
    };
    let chosen = options.size("num_experts_per_tok")?;
    Ok(ExpertsConfig { count, chosen, all: !options.flag_or("norm_topk_prob", false)? })
}

pub(super) fn fill(model: &mut Decoder, from: &mut Checkpoint) -> Result<(), ImportError> {
    from.table(&mut model.embedding, "model.embed_tokens")?;
    for (layer, index) in model.layers.iter_mut().zip(0..) {
        fill_layer(layer, from, &format!("model.layers.{index}"))?;
    }
    from.rms_norm(&mut model.norm, "model.norm")?;
    match &mut model.head {
        Some(head) => from.linear(head, "lm_head"),
        None => {
            // Some write the same table twice.
            from.skip("lm_head.weight");
            Ok(())
        }
    }
}

fn fill_layer(
    layer: &mut DecoderLayer,
    from: &mut Checkpoint,
    name: &str,
) -> Result<(), ImportError> {
    from.rms_norm(&mut layer.attention_norm, &format!("{name}.input_layernorm"))?;
    fill_attention(&mut layer.attention, from, &format!("{name}.self_attn"))?;
    from.rms_norm(&mut layer.feed_norm, &format!("{name}.post_attention_layernorm"))?;
    let name = format!("{name}.mlp");
    match &mut layer.feed {
        Feed::Dense(gated) => fill_gated(gated, from, &name),
        Feed::Routed(Experts { router, experts, .. }) => {
            from.linear(router, &format!("{name}.gate"))?;
            for (expert, index) in experts.iter_mut().zip(0..) {
                fill_gated(expert, from, &format!("{name}.experts.{index}"))?;
            }
            Ok(())
        }
    }
}

fn fill_attention(
    attention: &mut Attention,
    from: &mut Checkpoint,
    name: &str,
) -> Result<(), ImportError> {
    from.linear(&mut attention.query, &format!("{name}.q_proj"))?;
    from.linear(&mut attention.key, &format!("{name}.k_proj"))?;
    from.linear(&mut attention.value, &format!("{name}.v_proj"))?;
    from.linear(&mut attention.output, &format!("{name}.o_proj"))?;
    if let Some(norm) = &mut attention.query_norm {
        from.rms_norm(norm, &format!("{name}.q_norm"))?;
    }
    if let Some(norm) = &mut attention.key_norm {
        from.rms_norm(norm, &format!("{name}.k_norm"))?;
    }
    // Wavelengths, which older checkpoints carry and which follow from the configuration.
    from.skip(&format!("{name}.rotary_emb.inv_freq"));
    Ok(())
}

fn fill_gated(gated: &mut Gated, from: &mut Checkpoint, name: &str) -> Result<(), ImportError> {
    from.linear(&mut gated.gate, &format!("{name}.gate_proj"))?;
    from.linear(&mut gated.up, &format!("{name}.up_proj"))?;
    from.linear(&mut gated.down, &format!("{name}.down_proj"))
}
