//! What configurations and the files beside them say.

use super::*;
use cairn_engine::{
    config::{ConfigError, Pooling, Scaling},
    import::Architecture,
};

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
