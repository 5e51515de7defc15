//! A laptop that is closed overnight: every node stops for longer than an epoch, and the chain
//! goes on where it was. What it then holds can be replayed from nothing.

use std::{ffi::OsString, path::Path, time::Duration};

use cairn_e2e::{run_node, Failure, Test, TestNet, FIRST_BLOCKS};
use cairn_localnet::{
    free_port, keys,
    wait::{until, Seen},
    Client, Error,
};
use cairn_runtime::Runtime;
use serde_json::json;

const EPOCH_SLOTS: u32 = 10;
/// More than an epoch.
const ASLEEP: Duration = Duration::from_secs(12);
const OFFLINE_COMMAND: Duration = Duration::from_secs(120);

async fn epoch(client: &Client) -> Result<u64, Error> {
    let key = pallet_babe::EpochIndex::<Runtime>::hashed_key();
    let at = Some(client.finalized_head().await?);
    Ok(client.storage(key, at).await?.unwrap_or_default())
}

fn arguments<const N: usize>(command: &[&str], paths: [(&str, &Path); N]) -> Vec<OsString> {
    let mut all: Vec<OsString> = command.iter().map(OsString::from).collect();
    for (flag, path) in paths {
        if !flag.is_empty() {
            all.push(flag.into());
        }
        all.push(path.into());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn chain_should_go_on_and_replay_when_all_nodes_slept_past_an_epoch() -> Test {
    let pace = json!({ "launch": { "pace": { "epochSlots": EPOCH_SLOTS } } });
    let mut net = TestNet::with_genesis(2, pace).await?;
    net.wait_finalized(5, FIRST_BLOCKS).await?;
    let client = net.client(0).await?;
    let (epoch_before, final_before) = (epoch(&client).await?, client.finalized().await?.number);
    drop(client);

    net.stop().await?;
    tokio::time::sleep(ASLEEP).await;
    net.restart().await?;

    // Past the first epoch change after waking, where a chain that lost count would stop.
    net.wait_finalized(final_before + EPOCH_SLOTS + 8, Duration::from_secs(90)).await?;
    let client = net.client(0).await?;
    let epoch_after = epoch(&client).await?;
    assert!(
        epoch_after >= epoch_before + 2,
        "an epoch was slept through and one begun since: {epoch_before} then, {epoch_after} now"
    );

    // Replay in an empty database.
    let header = client.finalized().await?;
    let (height, hash) = (header.number, header.hash());
    let alice = keys::account("Alice")?;
    let alice_balance = client.free_balance(&alice, Some(hash)).await?;
    drop(client);
    net.stop().await?;

    let (spec, exported) = (net.spec(), net.scratch().join("blocks"));
    let (old, new) = (net.nodes[0].base_path().to_owned(), net.scratch().join("replayed"));
    let to = height.to_string();
    run_node(
        arguments(
            &["export-blocks", "--from", "1", "--to", &to],
            [("--chain", &spec), ("--base-path", &old), ("", &exported)],
        ),
        OFFLINE_COMMAND,
    )?
    .succeeded()?;
    run_node(
        arguments(&["import-blocks"], [("--chain", &spec), ("--base-path", &new), ("", &exported)]),
        OFFLINE_COMMAND,
    )?
    .succeeded()?;

    // A node alone on what was imported: it has nobody to fetch anything from.
    let replayed = Replayed::start(&net, &new)?;
    let copy = replayed.client().await?;
    let best = copy.best().await?;
    assert_eq!(best.number, height);
    assert_eq!(best.state_root, header.state_root);
    assert_eq!(best.hash(), hash);
    // The state is there, and not only its root in a header.
    assert_eq!(copy.free_balance(&alice, Some(hash)).await?, alice_balance);
    net.passed()
}

/// A node without peers on an imported chain.
struct Replayed {
    process: std::process::Child,
    url: String,
}

impl Replayed {
    fn start(net: &TestNet, base_path: &Path) -> Result<Self, Failure> {
        let (rpc, peers) = (free_port()?, free_port()?);
        let log = std::fs::File::create(net.base_path().join("replayed.log"))?;
        let process = std::process::Command::new(net.binary())
            .args(arguments(&[], [("--chain", &net.spec()), ("--base-path", base_path)]))
            .args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{peers}")])
            .args(["--rpc-port", &rpc.to_string(), "--no-prometheus", "--no-telemetry"])
            .args(["--no-mdns", "--reserved-only"])
            .stderr(log)
            .stdout(std::process::Stdio::null())
            .spawn()?;
        Ok(Self { process, url: format!("ws://127.0.0.1:{rpc}") })
    }

    async fn client(&self) -> Result<Client, Error> {
        until("the node on the replayed chain", FIRST_BLOCKS, || async {
            Client::connect(&self.url).await.map(Seen::Yes)
        })
        .await
    }
}

impl Drop for Replayed {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
