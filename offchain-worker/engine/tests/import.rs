//! Checkpoints of strangers: what does not fit is named, and nothing panics.

mod common;

use cairn_engine::{
    config::{ConfigError, Pooling, Scaling},
    folder::FloatFolder,
    import::{self, Architecture, ImportError, Imported},
    model::Segment,
    tokens::{TokenError, Tokenizer},
};
use common::{copy, device, fixture};
use proptest::prelude::*;
use safetensors::{tensor::TensorView, Dtype, SafeTensors};
use serde_json::{json, Value};
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

const MODEL: &str = "model.safetensors";

fn read(folder: &Path) -> Result<Imported, ImportError> {
    import::import(folder, &device())
}

fn refused(folder: &Path) -> ImportError {
    read(folder).expect_err("it is not to be read")
}

fn change_config(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("config.json");
    let text = fs::read_to_string(&path).expect("a configuration");
    let mut options = serde_json::from_str(&text).expect("JSON");
    change(&mut options);
    fs::write(&path, options.to_string()).expect("written");
}

type Parts = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn change_tensors(folder: &Path, change: impl FnOnce(&mut Parts)) {
    let path = folder.join(MODEL);
    let bytes = fs::read(&path).expect("weights");
    let all = SafeTensors::deserialize(&bytes).expect("safetensors");
    let part = |(name, view): (&str, TensorView<'_>)| {
        (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    let mut parts: Parts = all.iter().map(part).collect();
    change(&mut parts);
    let views = parts.iter().map(|(name, (precision, shape, data))| {
        (name.as_str(), TensorView::new(*precision, shape.clone(), data).expect("fits"))
    });
    fs::write(&path, safetensors::serialize(views, None).expect("fits")).expect("written");
}

#[test]
fn architecture_should_be_what_the_configuration_says_when_it_is_supported() {
    let Ok(Architecture::Decoder(config)) = import::architecture(&fixture("qwen3_moe")) else {
        panic!("it is a decoder");
    };
    let experts = config.experts.expect("it has experts");
    assert_eq!((experts.count, experts.chosen, experts.all), (5, 2, false));
    assert_eq!((config.inner, config.head, config.groups), (16, 8, 2));
    assert!(config.normed_heads && !config.tied);
    let Ok(Architecture::Decoder(config)) = import::architecture(&fixture("qwen3")) else {
        panic!("it is a decoder");
    };
    assert_eq!((config.theta, config.epsilon, config.tied), (1e6, 1e-6, true));
}

#[test]
fn import_should_name_the_option_when_it_is_not_supported() {
    let cases = [
        (
            "llama",
            "rope_parameters",
            json!({"rope_type": "yarn", "factor": 8.0}),
            "rope_parameters.rope_type",
        ),
        ("llama", "rope_scaling", json!({"type": "linear", "factor": 2.0}), "rope_scaling.type"),
        ("llama", "attention_bias", json!(true), "attention_bias"),
        ("llama", "mlp_bias", json!(true), "mlp_bias"),
        ("llama", "hidden_act", json!("gelu"), "hidden_act"),
        ("llama", "pretraining_tp", json!(2), "pretraining_tp"),
        ("llama", "sliding_window", json!(4096), "sliding_window"),
        ("llama", "vocab_size", json!("many"), "vocab_size"),
        ("llama", "num_hidden_layers", json!(-2), "num_hidden_layers"),
        ("qwen3", "layer_types", json!(["full_attention", "sliding_attention"]), "layer_types"),
        ("qwen3", "use_sliding_window", json!(true), "sliding_window"),
        ("qwen3", "quantization_config", json!({"bits": 4}), "quantization_config"),
        ("qwen3_moe", "mlp_only_layers", json!([0]), "mlp_only_layers"),
        ("qwen3_moe", "decoder_sparse_step", json!(2), "decoder_sparse_step"),
        ("bert", "hidden_act", json!("gelu_new"), "hidden_act"),
        ("bert", "position_embedding_type", json!("relative_key"), "position_embedding_type"),
        ("bert", "is_decoder", json!(true), "is_decoder"),
    ];
    for (name, option, value, named) in cases {
        let folder = copy(name);
        change_config(folder.path(), |options| options[option] = value);
        match refused(folder.path()) {
            ImportError::Option { option, supported, .. } => {
                assert_eq!(option, named);
                assert!(!supported.is_empty());
            }
            other => panic!("{name}, {option}: {other}"),
        }
    }
}

#[test]
fn import_should_name_the_option_when_nobody_knows_what_it_does() {
    let folder = copy("llama");
    change_config(folder.path(), |options| options["logit_scale"] = json!(0.1));
    let text = refused(folder.path()).to_string();
    assert!(text.contains("logit_scale") && text.contains("0.1"), "{text}");
}

#[test]
fn import_should_name_what_is_missing_when_the_configuration_lacks_it() {
    for (name, missing) in [
        ("llama", "rms_norm_eps"),
        ("qwen3", "head_dim"),
        ("qwen3_moe", "num_key_value_heads"),
        ("bert", "layer_norm_eps"),
    ] {
        let folder = copy(name);
        change_config(folder.path(), |options| {
            options.as_object_mut().expect("an object").remove(missing);
        });
        assert!(matches!(
            refused(folder.path()),
            ImportError::NoOption { option, .. } if option == missing
        ));
    }
}

#[test]
fn import_should_name_what_is_supported_when_the_architecture_is_not() {
    let folder = copy("llama");
    change_config(folder.path(), |options| options["model_type"] = json!("gemma2"));
    let text = refused(folder.path()).to_string();
    assert!(text.contains("gemma2") && text.contains("qwen3_moe"), "{text}");
}

#[test]
fn import_should_refuse_when_numbers_of_the_configuration_do_not_fit_together() {
    let cases = [
        ("num_attention_heads", json!(3)),
        ("num_attention_heads", json!(0)),
        ("head_dim", json!(7)),
        ("num_hidden_layers", json!(1_000_000_000_u64)),
        ("vocab_size", json!(u64::MAX)),
        ("rms_norm_eps", json!(-1.0)),
    ];
    for (option, value) in cases {
        let folder = copy("llama");
        change_config(folder.path(), |options| options[option] = value);
        let error = refused(folder.path());
        assert!(
            matches!(
                error,
                ImportError::Config(
                    ConfigError::Range { .. }
                        | ConfigError::Multiple { .. }
                        | ConfigError::Positive { .. }
                )
            ),
            "{option}: {error}"
        );
    }
}

#[test]
fn import_should_name_tensor_and_shapes_when_they_differ() {
    let folder = copy("llama");
    change_config(folder.path(), |options| options["intermediate_size"] = json!(50));
    match refused(folder.path()) {
        ImportError::Shape { tensor, expected, found } => {
            assert_eq!(tensor, "model.layers.0.mlp.gate_proj.weight");
            assert_eq!((expected, found), (vec![50, 32], vec![48, 32]));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn import_should_name_the_tensor_when_it_is_missing_or_has_no_place() {
    let folder = copy("bert");
    let name = "encoder.layer.1.output.dense.bias";
    change_tensors(folder.path(), |parts| {
        parts.remove(name);
    });
    let error = refused(folder.path());
    assert!(
        matches!(error, ImportError::NoTensor { tensor, expected } if tensor == name && expected == [32])
    );
    let folder = copy("llama");
    change_config(folder.path(), |options| options["num_hidden_layers"] = json!(1));
    let error = refused(folder.path());
    assert!(matches!(error, ImportError::Unused { count: 9, .. }), "{error}");
}

/// The encoder of the fixture with its tensors under other names, and with some beside them.
fn renamed(rename: impl Fn(&str) -> String, beside: &[&str]) -> TempDir {
    let folder = copy("bert");
    change_tensors(folder.path(), |parts| {
        let all = std::mem::take(parts).into_iter();
        *parts = all.map(|(name, part)| (rename(&name), part)).collect();
        for name in beside {
            parts.insert((*name).to_owned(), (Dtype::F32, vec![2], vec![0; 8]));
        }
    });
    folder
}

/// What an encoder makes of two segments.
fn rows(folder: &Path) -> Vec<f32> {
    let encoder = import::encoder(folder, &device()).expect("supported");
    let text = Segment { tokens: &[2, 41, 7, 90, 3], types: &[0, 0, 0, 1, 1] };
    let rows = encoder.forward(&[text]).expect("it fits");
    rows.try_into_vec_as::<f32>().expect("f32")
}

#[test]
fn encoder_should_be_the_same_when_its_norms_have_older_names() {
    let older = |name: &str| {
        let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
        name.replace("LayerNorm.bias", "LayerNorm.beta")
    };
    assert_eq!(rows(renamed(older, &[]).path()), rows(&fixture("bert")));
    // Under both it is not known which is meant.
    let both = renamed(|name| name.to_owned(), &["embeddings.LayerNorm.gamma"]);
    assert!(matches!(refused(both.path()), ImportError::Unused { count: 1, .. }));
}

#[test]
fn encoder_should_be_the_same_when_heads_are_on_top_of_it() {
    let below = |name: &str| format!("bert.{name}");
    let pretrained = [
        "bert.embeddings.position_ids",
        "bert.pooler.dense.bias",
        "bert.pooler.dense.weight",
        "cls.predictions.bias",
        "cls.predictions.transform.LayerNorm.gamma",
        "cls.seq_relationship.weight",
    ];
    let classifier = ["classifier.bias", "classifier.weight"];
    let cases: [(&[&str], usize); 3] = [(&[], 0), (&pretrained, 0), (&classifier, 1)];
    for (heads, notes) in cases {
        let folder = renamed(below, heads);
        assert_eq!(rows(folder.path()), rows(&fixture("bert")), "{heads:?}");
        let imported = FloatFolder::import(folder.path(), &device()).expect("supported");
        let said = |note: &String| note.contains("classifier") && note.contains("--classes");
        assert_eq!(imported.notes.len(), notes, "{:?}", imported.notes);
        assert!(imported.notes.iter().all(said), "{:?}", imported.notes);
    }
}

#[test]
fn import_should_refuse_when_what_is_beside_an_encoder_is_no_head() {
    let below = |name: &str| format!("bert.{name}");
    let other = refused(renamed(below, &["classified.weight"]).path());
    assert!(
        matches!(&other, ImportError::Unused { count: 1, first } if first == "classified.weight"),
        "{other}"
    );
    // Nothing is on top of an encoder that has no name of its own.
    let bare = refused(renamed(|name| name.to_owned(), &["cls.predictions.bias"]).path());
    assert!(matches!(bare, ImportError::Unused { count: 1, .. }), "{bare}");
}

#[test]
fn import_should_name_the_number_when_a_weight_is_not_finite() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let folder = copy("llama");
        change_tensors(folder.path(), |parts| {
            let (_, _, data) = parts.get_mut("model.norm.weight").expect("it is there");
            data[20..24].copy_from_slice(&value.to_le_bytes());
        });
        let error = refused(folder.path());
        assert!(
            matches!(&error, ImportError::NotFinite { tensor, at: 5, .. } if tensor == "model.norm.weight"),
            "{error}"
        );
    }
}

#[test]
fn import_should_name_the_precision_when_it_is_not_supported() {
    let folder = copy("llama");
    change_tensors(folder.path(), |parts| {
        parts.get_mut("model.norm.weight").expect("it is there").0 = Dtype::I32;
    });
    let text = refused(folder.path()).to_string();
    assert!(text.contains("model.norm.weight") && text.contains("I32"), "{text}");
}

#[test]
fn import_should_refuse_when_an_index_reaches_for_other_files() {
    for file in ["../secret.safetensors", "/etc/passwd", "..", "", "model/x"] {
        let folder = copy("qwen3");
        let index = json!({ "weight_map": { "model.norm.weight": file } });
        fs::write(folder.path().join("model.safetensors.index.json"), index.to_string())
            .expect("written");
        assert!(matches!(refused(folder.path()), ImportError::Shard { .. }), "{file}");
    }
}

#[test]
fn import_should_refuse_when_an_index_says_what_files_do_not_have() {
    let folder = copy("qwen3");
    let path = folder.path().join("model.safetensors.index.json");
    let text = fs::read_to_string(&path).expect("an index");
    fs::write(&path, text.replace("model.norm.weight", "model.form.weight")).expect("written");
    assert!(matches!(refused(folder.path()), ImportError::Index { .. }));
    let twice = copy("qwen3");
    let [first, second] = [1, 2].map(|n| format!("model-0000{n}-of-00004.safetensors"));
    fs::copy(twice.path().join(first), twice.path().join(second)).expect("copied");
    let error = refused(twice.path());
    assert!(matches!(error, ImportError::Twice { .. } | ImportError::Index { .. }), "{error}");
}

#[test]
fn import_should_say_so_when_there_are_no_weights() {
    let folder = copy("llama");
    fs::remove_file(folder.path().join(MODEL)).expect("removed");
    assert!(matches!(refused(folder.path()), ImportError::NoWeights { .. }));
}

/// A file with this header and so many bytes behind it.
fn with_header(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn import_should_refuse_when_a_header_lies() {
    let folder = copy("llama");
    let name = "model.norm.weight";
    let tensor = |shape: &str, from: &str, to: &str| {
        format!(r#"{{"{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    let overlapping = format!(
        r#"{{"{name}":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},
            "lm_head.weight":{{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}}}"#
    );
    let huge = u64::MAX.to_string();
    let cases = [
        vec![],
        vec![1, 2, 3],
        u64::MAX.to_le_bytes().to_vec(),
        (1_u64 << 40).to_le_bytes().to_vec(),
        with_header("", 0),
        with_header("[]", 0),
        with_header(&tensor("[2]", "0", "8"), 7),
        with_header(&tensor("[2]", "0", "8"), 9),
        with_header(&tensor("[2]", "8", "16"), 16),
        with_header(&tensor("[2]", "8", "0"), 8),
        with_header(&tensor("[3]", "0", "8"), 8),
        with_header(&tensor("[-1]", "0", "8"), 8),
        with_header(&tensor("[4294967296,4294967296]", "0", "8"), 8),
        with_header(&tensor("[2]", "0", &huge), 8),
        with_header(&tensor("[2]", &huge, &huge), 8),
        with_header(&overlapping, 12),
        with_header(&"[".repeat(100_000), 0),
    ];
    for bytes in cases {
        fs::write(folder.path().join(MODEL), &bytes).expect("written");
        let error = refused(folder.path());
        assert!(matches!(error, ImportError::Header { .. }), "{error}");
    }
}

/// Reads what a byte was changed in. What comes of it does not matter, but that it comes.
fn survive(name: &str, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let folder = copy(name);
    let path = folder.path().join(file);
    let mut bytes = fs::read(&path).expect("the file");
    change(&mut bytes);
    fs::write(&path, bytes).expect("written");
    // An error has to be fit to be shown, too.
    let _ = read(folder.path()).map_err(|error| error.to_string());
}

fn altered(bytes: &mut Vec<u8>, changes: &[(u16, u8)], cut: Option<u16>, within: usize) {
    let within = within.min(bytes.len());
    for (at, byte) in changes {
        bytes[usize::from(*at) % within] = *byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(usize::from(cut));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn import_should_not_panic_when_bytes_of_weights_are_changed(
        name in prop::sample::select(vec!["llama", "qwen3_moe", "bert"]),
        changes in prop::collection::vec(any::<(u16, u8)>(), 1..6),
        cut in prop::option::weighted(0.2, any::<u16>()),
        // The prefix, the header, or anywhere.
        within in prop::sample::select(vec![8_usize, 2048, usize::MAX]),
    ) {
        survive(name, MODEL, |bytes| altered(bytes, &changes, cut, within));
    }

    #[test]
    fn import_should_not_panic_when_bytes_of_json_are_changed(
        (name, file) in prop::sample::select(vec![
            ("llama", "config.json"),
            ("llama3", "config.json"),
            ("qwen3_moe", "config.json"),
            ("bert", "config.json"),
            ("qwen3", "model.safetensors.index.json"),
        ]),
        changes in prop::collection::vec(
            (any::<u16>(), prop::sample::select(b"0123456789-e.[]{}\",:xn".to_vec())),
            1..4,
        ),
    ) {
        survive(name, file, |bytes| altered(bytes, &changes, None, usize::MAX));
    }
}

#[test]
fn architecture_should_be_the_same_when_the_configuration_is_of_an_older_form() {
    let folder = copy("qwen3_moe");
    let newer = import::architecture(folder.path()).expect("supported");
    change_config(folder.path(), |options| {
        let options = options.as_object_mut().expect("an object");
        let rope = options.remove("rope_parameters").expect("the newer form");
        options.insert("rope_theta".to_owned(), rope["rope_theta"].clone());
        options.insert("rope_scaling".to_owned(), Value::Null);
        let experts = options.remove("num_local_experts").expect("the newer form");
        options.insert("num_experts".to_owned(), experts);
    });
    assert_eq!(import::architecture(folder.path()).expect("supported"), newer);
}

#[test]
fn scaling_should_be_the_same_when_the_configuration_is_of_an_older_form() {
    let newer = import::architecture(&fixture("llama3")).expect("supported");
    let Architecture::Decoder(config) = &newer else { panic!("it is a decoder") };
    let scaling = Scaling { factor: 8.0, low: 1.0, high: 4.0, original: 32 };
    assert_eq!(config.scaling, Some(scaling));
    for name in ["rope_type", "type"] {
        let folder = copy("llama3");
        change_config(folder.path(), |options| {
            let mut rope = options["rope_parameters"].take();
            options["rope_theta"] = rope["rope_theta"].take();
            let kind = rope["rope_type"].take();
            rope[name] = kind;
            options["rope_scaling"] = rope;
        });
        assert_eq!(import::architecture(folder.path()).expect("supported"), newer, "{name}");
    }
}

#[test]
fn import_should_name_what_is_missing_when_positions_are_scaled() {
    for missing in
        ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"]
    {
        let folder = copy("llama3");
        change_config(folder.path(), |options| options["rope_parameters"][missing] = Value::Null);
        let error = refused(folder.path());
        let named = format!("rope_parameters.{missing}");
        assert!(
            matches!(&error, ImportError::NoOption { option, .. } if *option == named),
            "{error}"
        );
    }
}

#[test]
fn import_should_say_what_is_wrong_when_positions_are_scaled_by_what_is_none() {
    for (option, value, says) in [
        ("factor", json!(0.0), "the factor of scaled positions is 0"),
        ("factor", json!(-8), "the factor of scaled positions is -8"),
        ("factor", json!("eight"), "a number"),
        ("low_freq_factor", json!(0), "the low factor of scaled positions is 0"),
        ("low_freq_factor", json!(4.0), "has to be below the high factor"),
        ("high_freq_factor", json!(0.5), "has to be below the high factor"),
        ("original_max_position_embeddings", json!(0), "the original context"),
        ("original_max_position_embeddings", json!(32.5), "a whole number"),
        ("type", json!("default"), "the same by both names"),
        ("attention_factor", json!(0.5), "an option that is not known"),
    ] {
        let folder = copy("llama3");
        change_config(folder.path(), |options| options["rope_parameters"][option] = value);
        let text = refused(folder.path()).to_string();
        assert!(text.contains(says), "{option}: {text}");
    }
    let folder = copy("llama3");
    change_config(folder.path(), |options| options["rope_scaling"] = json!({"type": "default"}));
    let text = refused(folder.path()).to_string();
    assert!(text.contains("what rope_scaling says"), "{text}");
}

#[test]
fn stops_should_be_those_of_the_checkpoint_when_it_has_some() {
    let folder = copy("llama");
    assert_eq!(import::stops(folder.path()).expect("a list"), [2]);
    let path = folder.path().join("generation_config.json");
    fs::write(&path, r#"{"eos_token_id": [7, 9]}"#).expect("written");
    assert_eq!(import::stops(folder.path()).expect("a list"), [7, 9]);
    fs::write(&path, r#"{"eos_token_id": "seven"}"#).expect("written");
    assert!(matches!(import::stops(folder.path()), Err(ImportError::Option { .. })));
    fs::remove_file(&path).expect("removed");
    assert_eq!(import::stops(folder.path()).expect("a list"), [2]);
}

#[test]
fn tokenizer_should_be_refused_when_the_model_has_fewer_tokens() {
    let refused = Tokenizer::open(&fixture("llama"), 10);
    assert!(matches!(refused, Err(TokenError::Vocabulary { model: 10, .. })));
    assert!(matches!(Tokenizer::open(&fixture("qwen3"), 100), Err(TokenError::File { .. })));
}

#[test]
fn pooling_should_be_what_the_modules_say_when_there_are_some() {
    let folder = copy("bert");
    let pooling = "sentence_transformers.models.Pooling";
    let modules = json!([{ "type": pooling, "path": "1_Pooling" }]);
    fs::write(folder.path().join("modules.json"), modules.to_string()).expect("written");
    fs::create_dir(folder.path().join("1_Pooling")).expect("a folder");
    let path = folder.path().join("1_Pooling/config.json");
    fs::write(&path, r#"{"pooling_mode_cls_token": true}"#).expect("written");
    let Ok(Architecture::Encoder(config)) = import::architecture(folder.path()) else {
        panic!("it is an encoder");
    };
    assert_eq!((config.pooling, config.unit), (Pooling::First, false));
    fs::write(&path, r#"{"pooling_mode_max_tokens": true}"#).expect("written");
    assert!(matches!(
        refused(folder.path()),
        ImportError::Option { option, .. } if option == "pooling_mode_max_tokens"
    ));
    let modules = json!([{ "type": pooling, "path": "../1_Pooling" }]);
    fs::write(folder.path().join("modules.json"), modules.to_string()).expect("written");
    assert!(matches!(refused(folder.path()), ImportError::Shard { .. }));
}

#[test]
fn tokenizer_should_be_refused_when_its_rules_are_none() {
    for text in ["", "[]", "{}", "{\"model\": 1e400}", "{\"decoder\": {\"type\": 7}}"] {
        let folder = copy("llama");
        fs::write(folder.path().join("tokenizer.json"), text).expect("written");
        let refused = Tokenizer::open(folder.path(), 160).expect_err("no tokenizer");
        assert!(refused.to_string().contains("tokenizer.json"), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn tokenizer_should_not_panic_when_bytes_of_it_are_changed(
        (name, vocabulary) in prop::sample::select(vec![("llama", 160), ("bert", 128)]),
        changes in prop::collection::vec(
            (any::<u16>(), prop::sample::select(b"0123456789-e.[]{}\",:xn".to_vec())),
            1..4,
        ),
    ) {
        let folder = copy(name);
        let path = folder.path().join("tokenizer.json");
        let mut bytes = fs::read(&path).expect("a tokenizer");
        altered(&mut bytes, &changes, None, usize::MAX);
        fs::write(&path, bytes).expect("written");
        if let Ok(tokenizer) = Tokenizer::open(folder.path(), vocabulary) {
            if let Ok(tokens) = tokenizer.encode("the path is marked; is it right?") {
                // Reading on is enough; what comes of such rules is nobody's text.
                let _ = tokenizer.decode(&tokens);
            }
        }
    }
}
