//! What wallets and dApps use: a real polkadot.js client reads the metadata, signs, sends.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cairn_e2e::{DevNode, Failure, Test, TestNet, FIRST_BLOCKS};
use cairn_localnet::keys;
use cairn_runtime::{units::UNITS, Balance, Hash};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../polkadotjs")
}

fn run(command: &mut Command) -> Result<Output, Failure> {
    let output = command.current_dir(directory()).output().map_err(|error| {
        Failure::new(format!("{command:?} cannot run, is Node.js installed? {error}"))
    })?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Failure::new(format!(
        "{command:?} ended with {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
}

fn install() -> Result<(), Failure> {
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"])).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn polkadotjs_should_see_its_transfer_finalized_when_it_signs_for_alice() -> Test {
    let installing = tokio::task::spawn_blocking(install);
    let net = TestNet::start(1).await?;
    net.wait_finalized(1, FIRST_BLOCKS).await?;
    installing.await??;
    let client = net.client(0).await?;
    let bob = keys::account("Bob")?;
    let before = client.free_balance(&bob, Some(client.finalized_head().await?)).await?;

    let amount = 7 * UNITS;
    let url = net.nodes[0].rpc_url();
    let output = tokio::task::spawn_blocking(move || {
        run(Command::new("node").args(["transfer.mjs", &url, &amount.to_string()]))
    })
    .await??;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;

    let text = |field: &str| report[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("specName"), "cairn", "{report}");
    assert_eq!(text("token"), "CRN", "{report}");
    assert_eq!(text("status"), "finalized", "{report}");
    let block: Hash = serde_json::from_value(report["block"].clone())?;
    let number = client.header(block).await?.number;
    assert!(client.finalized().await?.number >= number, "{report}");
    assert_eq!(client.block_hash(number).await?, Some(block), "{report}");

    let after = client.free_balance(&bob, Some(block)).await?;
    assert_eq!(after - before, amount, "{report}");
    // The client decodes the same numbers that the chain holds.
    assert_eq!(text("received").parse::<Balance>()?, amount, "{report}");
    net.passed()
}

/// What a hardware wallet does: it signs what it can show, and proves by the hash that it had the
/// right metadata. The node is one with a release runtime, the only kind that knows its hash.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "CAIRN_RELEASE_NODE must name a node built with the feature metadata-hash"]
async fn polkadotjs_should_commit_to_the_metadata_when_the_runtime_is_a_release() -> Test {
    let binary = std::env::var_os("CAIRN_RELEASE_NODE")
        .ok_or_else(|| Failure::new("CAIRN_RELEASE_NODE names no node"))?;
    install()?;
    let mut node = DevNode::start(Path::new(&binary))?;
    let client = node.client(FIRST_BLOCKS).await?;
    client.wait_finalized(1, FIRST_BLOCKS).await?;
    let url = node.url().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        run(Command::new("node").args(["transfer.mjs", &url, "1000000000000", "--metadata-hash"]))
    })
    .await??;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(report["status"], "finalized", "{report}");
    assert_eq!(report["received"], "1000000000000", "{report}");
    node.check_alive()
}
