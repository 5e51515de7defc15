//! Classifiers of ONNX files, against what ONNX Runtime computes with them; and files that
//! are none, each of which is refused for what it is.

#[path = "../common/mod.rs"]
mod common;
mod refused;

use burn::tensor::{Tensor, TensorData};
use cairn_engine::{
    config::Activation,
    exact,
    import::{onnx::classifier, ImportError},
    model::Classifier,
    quantise::{self, checked, Options},
};
use cairn_kernel::run::Alone;
use common::{device, fixture, off, Reference, TOLERANCE};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

/// By hand, and by the exporters of PyTorch.
const ALL: [&str; 9] = [
    "gemm",
    "matmul",
    "unbiased",
    "f16",
    "bf16",
    "torch",
    "torch_shares",
    "torch_script",
    "torch_script_shares",
];
/// Those of them that end in Softmax.
const SHARES: [&str; 3] = ["matmul", "torch_shares", "torch_script_shares"];

fn stored(name: &str) -> Vec<u8> {
    fs::read(fixture("classifiers").join(name).join("model.onnx")).expect("a fixture")
}

fn imported(name: &str) -> Classifier {
    let path = fixture("classifiers").join(name).join("model.onnx");
    classifier(&path, &device()).expect("the fixture is one that is supported")
}

fn read(bytes: &[u8]) -> Result<Classifier, ImportError> {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("model.onnx");
    fs::write(&path, bytes).expect("written");
    classifier(&path, &device())
}

fn given(model: &Classifier, features: &[f32]) -> Tensor<2> {
    let columns = model.config().features;
    let shape = [features.len() / columns, columns];
    Tensor::from_data(TensorData::new(features.to_vec(), shape), &device())
}

fn logits(model: &Classifier, features: &[f32]) -> Vec<f32> {
    let made = model.logits(given(model, features)).expect("it fits");
    made.try_into_vec_as::<f32>().expect("f32")
}

/// What the exact form of a model makes of the features that it is calibrated on.
fn exactly(model: &Classifier, features: &[f32]) -> (Vec<i32>, f64) {
    let sample: Vec<&[f32]> = features.chunks(model.config().features).collect();
    let exact = quantise::classifier(model, &sample, &Options::default()).expect("a sample");
    let description = exact.model();
    let program = checked(&description).expect("a program");
    let plan = exact.plan(&description, &program).expect("it fits");
    let given = exact::features(features, exact.feature_step());
    let found = exact::rows(&plan, &Alone, &[], &given).expect("rows");
    (found, exact.result_step())
}

fn largest<T: PartialOrd>(row: &[T]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}

#[test]
fn logits_should_be_those_of_onnx_runtime_when_a_file_is_supported() {
    for name in ALL {
        let reference = Reference::of(&format!("classifiers/{name}"));
        let found = logits(&imported(name), &reference.floats("features"));
        assert!(off(name, &found, &reference.floats("logits")) < TOLERANCE);
    }
}

#[test]
fn shape_should_be_that_of_the_file_when_it_is_imported() {
    let model = imported("gemm");
    let config = model.config();
    assert_eq!((config.features, config.classes), (6, 5));
    let layers: Vec<_> = config.layers.iter().map(|each| (each.outputs, each.activation)).collect();
    assert_eq!(layers, [(12, Activation::Relu), (12, Activation::Gelu)]);
}

#[test]
fn shares_should_be_those_of_onnx_runtime_when_a_file_ends_in_softmax() {
    for name in ALL {
        let model = imported(name);
        assert_eq!(model.config().shares, SHARES.contains(&name), "{name}");
        let reference = Reference::of(&format!("classifiers/{name}"));
        let found = model.forward(given(&model, &reference.floats("features")));
        let found = found.expect("it fits").try_into_vec_as::<f32>().expect("f32");
        let what = if model.config().shares { "shares" } else { "logits" };
        assert!(off(name, &found, &reference.floats(what)) < TOLERANCE);
    }
}

#[test]
fn exact_shares_should_be_near_those_of_onnx_runtime_when_a_file_ends_in_softmax() {
    for name in SHARES {
        let reference = Reference::of(&format!("classifiers/{name}"));
        let (found, step) = exactly(&imported(name), &reference.floats("features"));
        for row in found.chunks(5) {
            let sum: i32 = row.iter().sum();
            assert!((sum - (1 << 15)).abs() <= 3, "{name}: {row:?}");
        }
        let found: Vec<f32> = found.iter().map(|x| (f64::from(*x) * step) as f32).collect();
        assert!(off(name, &found, &reference.floats("shares")) < 0.01);
    }
}

#[test]
fn classes_should_be_the_same_when_an_imported_classifier_becomes_exact() {
    for name in ALL {
        let reference = Reference::of(&format!("classifiers/{name}"));
        let (features, expected) = (reference.floats("features"), reference.floats("logits"));
        let (found, _) = exactly(&imported(name), &features);
        let pairs = found.chunks(5).zip(expected.chunks(5));
        for (found, expected) in pairs {
            assert_eq!(largest(found), largest(expected), "{name}: {found:?}, {expected:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn import_should_not_panic_when_bytes_are_changed(
        name in prop::sample::select(ALL.to_vec()),
        changes in prop::collection::vec(any::<(u16, u8)>(), 1..6),
        cut in prop::option::weighted(0.2, any::<u16>()),
    ) {
        let mut bytes = stored(name);
        for (at, byte) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(usize::from(cut) % bytes.len());
        }
        // An error has to be fit to be shown, and a model to be computed.
        match read(&bytes) {
            Err(error) => drop(error.to_string()),
            Ok(model) => drop(logits(&model, &vec![0.5; model.config().features])),
        }
    }

    #[test]
    fn import_should_not_panic_when_bytes_are_random(
        bytes in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        prop_assert!(read(&bytes).is_err());
    }
}
