//! Checkpoints of strangers: what does not fit is named, and nothing panics.

#[path = "../common/mod.rs"]
mod common;
mod settings;
mod tokenizer;

use cairn_engine::{
    folder::FloatFolder,
    import::{self, ImportError, Imported},
    model::Segment,
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
