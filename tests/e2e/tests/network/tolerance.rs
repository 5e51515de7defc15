//! Work in floats, which is paid where results lie near each other.

use std::fs;

use cairn_e2e::{said, Failure, Test, TestNet};
use cairn_runtime::units::UNITS;
use serde_json::Value;

use crate::worker::cairn;

const WORKERS: usize = 3;
const TEXT: &str = "the red hen";
/// What an encoder is calibrated on.
const SAMPLE: &str = "the red hen\nan old egg\nthe wet farm\n";
/// What all workers are offered together where nothing is said: 0.3 CRN.
const REWARD: u128 = 3 * UNITS / 10;
/// The most that a number of an embedding may be off.
const OFF: f64 = 1e-4;

/// A checkpoint of an encoder, as others write them.
const ENCODER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../offchain-worker/engine/fixtures/bert");

fn engine(arguments: &[&str]) -> Result<Value, Failure> {
    Ok(said("cairn-engine", &[arguments, &["--json"]].concat())?.ended(0).json)
}

/// Has an encoder in the archive: what describes it, and its folder.
fn published(net: &TestNet, archive: &str) -> Result<(String, String), Failure> {
    let at = |name: &str| net.scratch().join(name).display().to_string();
    let (floats, exact, sample) = (at("floats"), at("exact"), at("sample.txt"));
    fs::write(&sample, SAMPLE)?;
    engine(&["import", ENCODER, "--out", &floats])?;
    engine(&["quantise", &floats, "--out", &exact, "--text", &sample, "--length", "16"])?;
    let (said, about) = (engine(&["publish", &exact, "--store", archive])?, at("model.json"));
    fs::write(&about, said.to_string())?;
    Ok((about, exact))
}

/// An embedding of hexadecimal digits.
fn row(digits: &str) -> Vec<f64> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = digits.as_bytes().chunks(2).filter_map(byte).collect();
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().copied().map(|number| f32::from_le_bytes(number).into()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn embedding_and_text_should_be_paid_when_workers_compute_them_in_floats() -> Test {
    let mut net = TestNet::with_workers(1, WORKERS).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let (about, folder) = published(&net, &market.archive.display().to_string())?;
    let created = cairn(&net, &["model", "create", "--published", &about])?.ended(0);
    let encoder = created.json["model"].as_str().unwrap_or_default();
    let decoder: String = market.model.0.iter().map(|byte| format!("{byte:02x}")).collect();

    // Under way while the other is waited for.
    let ask = ["submit", "infer", "--model", &decoder, "--prompt", TEXT, "--most", "4", "--float"];
    let text = cairn(&net, &ask)?.ended(0);
    let ask = ["submit", "embed", "--model", encoder, "--text", TEXT, "--float", "--wait"];
    let paid = cairn(&net, &ask)?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    assert_eq!(paid.amount("paid_each") * WORKERS as u128, REWARD * 8 / 10);

    let embedded = engine(&["embed", &folder, TEXT, "--profile", "float"])?;
    let expected: Vec<f64> = serde_json::from_value(embedded["embeddings"][0].clone())?;
    let found = row(paid.json["hex"].as_str().unwrap_or_default());
    assert_eq!(found.len(), expected.len(), "{:#?}", paid.outcome);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < OFF, "{found} should be {expected}");
    }

    let task = text.json["task"].to_string();
    let settled = cairn(&net, &["task", &task, "--wait"])?.ended(0);
    assert_eq!(settled.json["stage"], "Settled", "{:#?}", settled.outcome);
    net.check_alive()?;
    net.passed()
}
