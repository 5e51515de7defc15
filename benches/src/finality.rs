//! Submit-to-finalized time of single transfers.

use crate::{
    common,
    report::{median, millis, percentile, table},
    Error,
};
use cairn_localnet::{keys, tx, Client, Network};
use cairn_runtime::units::UNITS;
use serde_json::json;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub struct Options {
    #[clap(flatten)]
    common: common::Options,
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=20))]
    validators: u64,
    /// Transfers a second.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=50))]
    rate: u64,
}

/// A transfer that takes longer is a failure of the network, not a slow sample.
const WITHIN: Duration = Duration::from_secs(60);
/// Blocks final before the first transfer, so that all nodes are connected.
const WARM_UP: u32 = 8;

/// What one network did.
struct Outcome {
    times: Vec<Duration>,
    block_ms: f64,
}

pub async fn run(options: Options) -> Result<(), Error> {
    let mut outcomes = Vec::new();
    for _ in 0..options.common.runs {
        outcomes.push(measure(&options).await?);
    }
    report(&mut outcomes)
}

async fn measure(options: &Options) -> Result<Outcome, Error> {
    let senders: Vec<String> =
        (0..options.common.seconds * options.rate).map(|i| format!("Finality//{i}")).collect();
    let state = tempfile::tempdir()?;
    let mut network = cairn_localnet::Options::new(state.path());
    network.validators = options.validators as usize;
    network.node_args = options.common.node_arg.clone();
    network.endowed = senders.iter().map(|seed| keys::account(seed)).collect::<Result<_, _>>()?;
    let mut network = Network::start(network).await?;
    network.wait_finalized(WARM_UP, WITHIN).await?;

    let clients = network.clients().await?;
    let witness = network.client(0).await?;
    let first = witness.finalized().await?;
    let started = Instant::now();
    let gap = Duration::from_secs_f64(1.0 / options.rate as f64);
    let mut transfers = tokio::task::JoinSet::new();
    for (i, (seed, client)) in senders.into_iter().zip(clients.iter().cycle()).enumerate() {
        // The golden ratio spreads submissions evenly over the phases of a slot.
        let phase = (i as f64 * 0.618_034).fract() - 0.5;
        let at = started + gap.mul_f64(i as f64 + 0.5 + phase);
        tokio::time::sleep_until(at.into()).await;
        transfers.spawn(one_transfer(client.clone(), seed));
    }
    let mut times = Vec::new();
    while let Some(time) = transfers.join_next().await {
        times.push(time??);
    }
    let last = witness.finalized().await?;
    let until = witness.timestamp(last.hash()).await?;
    let elapsed = until.saturating_sub(witness.timestamp(first.hash()).await?);
    let blocks = last.number.saturating_sub(first.number);
    network.stop().await?;
    if times.is_empty() || blocks == 0 {
        return Err(Error::NothingFinalized);
    }
    Ok(Outcome { times, block_ms: elapsed as f64 / f64::from(blocks) })
}

async fn one_transfer(client: Client, seed: String) -> Result<Duration, Error> {
    let signer = keys::signer(&seed)?;
    let signing = client.signing().await?;
    let transfer = tx::sign(tx::transfer(keys::account("Bob")?, UNITS), &signer, 0, &signing);
    let submitted = Instant::now();
    client.submit_and_watch(&transfer).await?.finalized(WITHIN).await?;
    Ok(submitted.elapsed())
}

fn report(outcomes: &mut [Outcome]) -> Result<(), Error> {
    let shares = [0.0, 0.5, 0.9, 0.99, 1.0];
    let mut rows = Vec::new();
    for outcome in outcomes.iter_mut() {
        outcome.times.sort_unstable();
        let mut row = vec![outcome.times.len().to_string()];
        row.extend(shares.map(|share| format!("{:.0}", outcome.at(share))));
        row.push(format!("{:.0}", outcome.block_ms));
        rows.push(row);
    }
    table(&["transfers", "min ms", "p50", "p90", "p99", "max", "block ms"], &rows);
    let at = |share| median(outcomes.iter().map(|outcome| outcome.at(share)).collect());
    let block_ms = median(outcomes.iter().map(|outcome| outcome.block_ms.round()).collect());
    println!("{}", json!({ "p50_ms": at(0.5), "p99_ms": at(0.99), "block_ms": block_ms }));
    Ok(())
}

impl Outcome {
    fn at(&self, share: f64) -> f64 {
        millis(percentile(&self.times, share))
    }
}
