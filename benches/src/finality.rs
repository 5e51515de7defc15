//! Submit-to-finalized time of single transfers.

use crate::{
    report::{machine, millis, percentile, table},
    Error,
};
use cairn_localnet::{keys, tx, Client, Network};
use cairn_runtime::units::UNITS;
use serde_json::json;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// How long transfers are submitted.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    #[arg(long, default_value_t = 4)]
    validators: usize,
    /// Transfers a second.
    #[arg(long, default_value_t = 3.0)]
    rate: f64,
    /// Added to every node's command line; may be given more than once.
    #[arg(long, allow_hyphen_values = true)]
    node_arg: Vec<String>,
}

/// A transfer that takes longer is a failure of the network, not a slow sample.
const WITHIN: Duration = Duration::from_secs(60);
/// Blocks final before the first transfer, so that all nodes are connected.
const WARM_UP: u32 = 8;

pub async fn run(options: Options) -> Result<(), Error> {
    println!("{}", machine());
    let count = (options.seconds as f64 * options.rate) as usize;
    let senders: Vec<String> = (0..count).map(|i| format!("Finality//{i}")).collect();
    let state = tempfile::tempdir()?;
    let mut network = cairn_localnet::Options::new(state.path());
    network.validators = options.validators;
    network.node_args = options.node_arg;
    network.endowed = senders.iter().map(|seed| keys::account(seed)).collect::<Result<_, _>>()?;
    let mut network = Network::start(network).await?;
    network.wait_finalized(WARM_UP, WITHIN).await?;

    let clients = network.clients().await?;
    let first = clients[0].finalized().await?.number;
    let started = Instant::now();
    let gap = Duration::from_secs_f64(1.0 / options.rate);
    let mut transfers = tokio::task::JoinSet::new();
    for (i, seed) in senders.into_iter().enumerate() {
        // The golden ratio spreads submissions evenly over the phases of a slot.
        let phase = (i as f64 * 0.618_034).fract() - 0.5;
        let at = started + gap.mul_f64(i as f64 + 0.5 + phase);
        tokio::time::sleep_until(at.into()).await;
        transfers.spawn(one_transfer(clients[i % clients.len()].clone(), seed));
    }
    let mut times = Vec::with_capacity(count);
    while let Some(time) = transfers.join_next().await {
        times.push(time??);
    }
    let elapsed = started.elapsed();
    let blocks = clients[0].finalized().await?.number.saturating_sub(first);
    network.stop().await?;
    report(times, elapsed, blocks)
}

async fn one_transfer(client: Client, seed: String) -> Result<Duration, Error> {
    let signer = keys::signer(&seed)?;
    let signing = client.signing().await?;
    let transfer = tx::sign(tx::transfer(keys::account("Bob")?, UNITS), &signer, 0, &signing);
    let submitted = Instant::now();
    client.submit_and_watch(&transfer).await?.finalized(WITHIN).await?;
    Ok(submitted.elapsed())
}

fn report(mut times: Vec<Duration>, elapsed: Duration, blocks: u32) -> Result<(), Error> {
    if times.is_empty() || blocks == 0 {
        return Err(Error::NothingFinalized);
    }
    times.sort_unstable();
    let at = |share| millis(percentile(&times, share));
    let block_ms = millis(Some(elapsed / blocks));
    let row = [at(0.0), at(0.5), at(0.9), at(0.99), at(1.0), block_ms].map(|ms| format!("{ms:.0}"));
    let mut row = row.to_vec();
    row.insert(0, times.len().to_string());
    table(&["transfers", "min ms", "p50", "p90", "p99", "max", "block ms"], &[row]);
    println!("{}", json!({ "p50_ms": at(0.5), "p99_ms": at(0.99), "block_ms": block_ms }));
    Ok(())
}
