//! Checkpoints and references that `fixtures/make.py` made.
// Each test binary uses some of this.
#![allow(dead_code)]

pub mod home;

use cairn_engine::Device;
use safetensors::{Dtype, SafeTensors};
use serde_json::{json, Value};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The most that any number may be off.
pub const TOLERANCE: f32 = 1e-4;

pub fn device() -> Device {
    Device::flex()
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// A copy of a fixture, to be changed.
pub fn copy(name: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for entry in fs::read_dir(fixture(name)).expect("a fixture") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
    }
    folder
}

/// The fixture's encoder, with modules that say that a text's first row is its embedding, and
/// whether that is scaled to length one.
pub fn first_rows(unit: bool) -> TempDir {
    let module = |kind: &str| json!({ "type": format!("sentence_transformers.models.{kind}"), "path": kind });
    let mut modules = vec![module("Pooling")];
    if unit {
        modules.push(module("Normalize"));
    }
    let folder = copy("bert");
    let write = |file: &str, value: Value| {
        fs::write(folder.path().join(file), value.to_string()).expect("written");
    };
    write("modules.json", modules.into());
    fs::create_dir(folder.path().join("Pooling")).expect("a folder");
    write("Pooling/config.json", json!({ "pooling_mode_cls_token": true }));
    folder
}

/// What a model of someone else's computed.
pub struct Reference {
    bytes: Vec<u8>,
}

impl Reference {
    pub fn of(name: &str) -> Self {
        let bytes = fs::read(fixture(name).join("reference.safetensors"));
        Self { bytes: bytes.expect("the fixture is in the repository") }
    }

    pub fn floats(&self, tensor: &str) -> Vec<f32> {
        self.read(tensor, Dtype::F32, |bytes: [u8; 4]| f32::from_le_bytes(bytes))
    }

    pub fn tokens(&self, tensor: &str) -> Vec<u32> {
        self.read(tensor, Dtype::I64, |bytes: [u8; 8]| i64::from_le_bytes(bytes) as u32)
    }

    fn read<const N: usize, T>(
        &self,
        tensor: &str,
        precision: Dtype,
        number: fn([u8; N]) -> T,
    ) -> Vec<T> {
        let all = SafeTensors::deserialize(&self.bytes).expect("a safetensors file");
        let view = all.tensor(tensor).expect("the reference has it");
        assert_eq!(view.dtype(), precision);
        let numbers = view.data().chunks_exact(N).map(|b| number(b.try_into().expect("N bytes")));
        numbers.collect()
    }
}

/// What a tokenizer of someone else's made of texts.
pub fn texts(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(fixture(name).join("texts.json")).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

pub fn whole(value: &Value) -> Vec<u32> {
    let list = value.as_array().expect("a list");
    list.iter().map(|token| token.as_u64().expect("a token") as u32).collect()
}

/// The largest difference, printed so that a test run says how good it is.
pub fn off(what: &str, found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len(), "{what} has another shape");
    assert!(found.iter().all(|value| value.is_finite()), "{what} is not finite");
    let most = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let scale = expected.iter().fold(0.0_f32, |scale, value| scale.max(value.abs()));
    println!("{what}: off by at most {most:e} of {scale:.3}");
    most
}
