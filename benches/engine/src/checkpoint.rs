//! The models that all compute: checkpoints of random weights, as other engines read them.

use crate::Error;
use cairn_engine::config::DecoderConfig;
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};
use safetensors::{tensor::TensorView, Dtype};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{f64::consts::TAU, fs, path::Path};

const SEED: [u8; 32] = *b"cairn-bench-engine random models";

/// What all are given: the same tokens, so that experts and caches are the same too.
#[derive(Debug, Deserialize, Serialize)]
pub struct Given {
    /// Computed at once.
    pub prompt: Vec<u32>,
    /// Computed one by one behind it.
    pub behind: Vec<u32>,
    /// Tokens of an example to learn from, and examples of a step.
    pub length: usize,
    pub count: usize,
}

impl Given {
    pub fn read(folder: &Path) -> Result<Self, Error> {
        Ok(serde_json::from_slice(&fs::read(folder.join("given.json"))?)?)
    }

    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        Ok(fs::write(folder.join("given.json"), serde_json::to_vec(self)?)?)
    }
}

/// Tokens that look random and are the same each time; others for other streams.
pub fn tokens(stream: u64, count: usize, below: usize) -> Vec<u32> {
    let mut random = ChaCha8Rng::from_seed(SEED);
    random.set_stream(stream);
    let mut token = || (random.next_u64() % below as u64) as u32;
    (0..count).map(|_| token()).collect()
}

/// Writes `config.json` and `model.safetensors`.
pub fn write(folder: &Path, config: &DecoderConfig) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("config.json"), serde_json::to_vec_pretty(&settings(config))?)?;
    let mut tensors = Vec::new();
    for ((name, shape), stream) in shapes(config).into_iter().zip(0..) {
        let bytes = numbers(stream, &shape);
        tensors.push((name, shape, bytes));
    }
    let mut views = Vec::new();
    for (name, shape, bytes) in &tensors {
        views.push((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?));
    }
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    let file = folder.join("model.safetensors");
    Ok(safetensors::serialize_to_file(views, Some(metadata), &file)?)
}

/// The configuration in the words of Hugging Face. Candle wants more of them than others do.
fn settings(config: &DecoderConfig) -> Value {
    let mut settings = json!({
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": false,
        "dtype": "float32",
        "head_dim": config.head,
        "hidden_act": "silu",
        "hidden_size": config.hidden,
        "intermediate_size": config.inner,
        "max_position_embeddings": config.context,
        "max_window_layers": config.layers,
        "model_type": "qwen3",
        "num_attention_heads": config.heads,
        "num_hidden_layers": config.layers,
        "num_key_value_heads": config.groups,
        "rms_norm_eps": config.epsilon,
        "rope_theta": config.theta,
        "sliding_window": null,
        "tie_word_embeddings": config.tied,
        "use_sliding_window": false,
        "vocab_size": config.vocabulary,
    });
    if let Some(experts) = config.experts {
        settings["architectures"] = json!(["Qwen3MoeForCausalLM"]);
        settings["model_type"] = json!("qwen3_moe");
        settings["decoder_sparse_step"] = json!(1);
        settings["mlp_only_layers"] = json!([]);
        settings["moe_intermediate_size"] = json!(config.inner);
        settings["norm_topk_prob"] = json!(!experts.all);
        settings["num_experts"] = json!(experts.count);
        settings["num_experts_per_tok"] = json!(experts.chosen);
    }
    settings
}

/// Names and shapes of all tensors.
fn shapes(config: &DecoderConfig) -> Vec<(String, Vec<usize>)> {
    let DecoderConfig { hidden, inner, head, .. } = *config;
    let (queries, keys) = (config.heads * head, config.groups * head);
    let mut shapes = vec![
        ("model.embed_tokens.weight".to_owned(), vec![config.vocabulary, hidden]),
        ("model.norm.weight".to_owned(), vec![hidden]),
    ];
    if !config.tied {
        shapes.push(("lm_head.weight".to_owned(), vec![config.vocabulary, hidden]));
    }
    for layer in 0..config.layers {
        let mut add = |part: &str, shape: &[usize]| {
            shapes.push((format!("model.layers.{layer}.{part}.weight"), shape.to_vec()));
        };
        add("input_layernorm", &[hidden]);
        add("post_attention_layernorm", &[hidden]);
        add("self_attn.q_proj", &[queries, hidden]);
        add("self_attn.k_proj", &[keys, hidden]);
        add("self_attn.v_proj", &[keys, hidden]);
        add("self_attn.o_proj", &[hidden, queries]);
        if config.normed_heads {
            add("self_attn.q_norm", &[head]);
            add("self_attn.k_norm", &[head]);
        }
        let mut gated = |name: &str| {
            add(&format!("{name}.gate_proj"), &[inner, hidden]);
            add(&format!("{name}.up_proj"), &[inner, hidden]);
            add(&format!("{name}.down_proj"), &[hidden, inner]);
        };
        match config.experts {
            None => gated("mlp"),
            Some(experts) => {
                (0..experts.count).for_each(|expert| gated(&format!("mlp.experts.{expert}")));
                add("mlp.gate", &[experts.count, hidden]);
            }
        }
    }
    shapes
}

/// Normal numbers that keep sums of products their size; gains around one, not all ones, which
/// would hide it if they were left out.
fn numbers(stream: u64, shape: &[usize]) -> Vec<u8> {
    let mut random = ChaCha8Rng::from_seed(SEED);
    random.set_stream(stream);
    let mut unit = || (f64::from(random.next_u32()) + 0.5) / (1_u64 << 32) as f64;
    let (mean, deviation) = match shape {
        [_, inputs] => (0.0, 1.0 / (*inputs as f64).sqrt()),
        _ => (1.0, 0.1),
    };
    let count = shape.iter().product();
    let mut bytes = Vec::with_capacity(4 * count);
    for _ in 0..count {
        // Box and Muller.
        let (length, angle) = ((-2.0 * unit().ln()).sqrt(), TAU * unit());
        let value = (mean + deviation * length * angle.cos()) as f32;
        bytes.extend(value.to_le_bytes());
    }
    bytes
}
