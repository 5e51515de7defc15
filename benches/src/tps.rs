//! Transfers a second, counted at finality.

mod load;
mod observe;

use crate::{
    report::{cpu_time, machine, millis, percentile, table},
    Error,
};
use cairn_localnet::{Client, Network, Node};
use load::{Account, Load};
use observe::Ledger;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// How long each network is measured, after its ramp.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Which networks: one, follower, four.
    #[arg(long, value_delimiter = ',', default_value = "one,follower,four")]
    networks: Vec<Kind>,
    /// Accepted transfers that may wait for finality at once.
    #[arg(long, default_value_t = 6_000)]
    outstanding: usize,
    /// Accounts that send. They share the supply with the validators, who must be able to bond:
    /// at most 9,900.
    #[arg(long, default_value_t = 8_000)]
    accounts: usize,
    /// Added to every node's command line; may be given more than once.
    #[arg(long, allow_hyphen_values = true)]
    node_arg: Vec<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Kind {
    One,
    Follower,
    Four,
}

impl Kind {
    fn validators(self) -> usize {
        if self == Self::Four {
            4
        } else {
            1
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::One => "one validator",
            Self::Follower => "with follower",
            Self::Four => "four validators",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::One => "one_validator_tps",
            Self::Follower => "with_follower_tps",
            Self::Four => "four_validators_tps",
        }
    }
}

/// Time for pools to fill and rates to settle before anything counts.
const RAMP: Duration = Duration::from_secs(10);
/// How long accepted transfers may take to become final after the load ends.
const DRAIN: Duration = Duration::from_secs(60);
const READY: Duration = Duration::from_secs(60);
/// More than any network here has carried: transfers signed beforehand for each second.
const SIGNED_PER_SECOND: usize = 2_600;

/// What one network did.
struct Outcome {
    kind: Kind,
    tps: f64,
    cpu_ms: Vec<f64>,
    times: Vec<Duration>,
    accepted: usize,
    lost: usize,
    retried: usize,
}

pub async fn run(options: Options) -> Result<(), Error> {
    println!("{}", machine());
    let accounts = load::accounts(options.accounts);
    let mut outcomes = Vec::new();
    for kind in &options.networks {
        outcomes.push(measure(*kind, &options, &accounts).await?);
    }
    report(outcomes)
}

async fn measure(kind: Kind, options: &Options, accounts: &[Account]) -> Result<Outcome, Error> {
    let state = tempfile::tempdir()?;
    let mut network = cairn_localnet::Options::new(state.path());
    network.validators = kind.validators();
    network.node_args = options.node_arg.clone();
    network.endowed = accounts.iter().map(|account| account.id.clone()).collect();
    let mut network = Network::start(network).await?;
    let follower = match kind {
        Kind::Follower => Some(network.follower("follower").await?),
        _ => None,
    };
    network.wait_finalized(5, READY).await?;

    let clients = network.clients().await?;
    let window = Duration::from_secs(options.seconds);
    let wanted = (RAMP + window).as_secs() as usize * SIGNED_PER_SECOND;
    let transfers = load::sign(accounts, wanted, clients[0].signing().await?).await?;
    let ledger = Arc::new(Ledger::new(&transfers));
    let watching = tokio::spawn(observe::follow(clients[0].clone(), ledger.clone()));
    let load = Load { transfers: Arc::new(transfers), ledger: ledger.clone() };
    let until = Instant::now() + RAMP + window;
    let loading = tokio::spawn(load.run(submitters(&clients), options.outstanding, until));

    tokio::time::sleep(RAMP).await;
    let nodes: Vec<&Node> = network.nodes.iter().chain(&follower).collect();
    let (from, cpu_from, final_from) = (Instant::now(), cpu(&nodes), ledger.finalized());
    tokio::time::sleep(window).await;
    let (cpu_to, final_to, elapsed) = (cpu(&nodes), ledger.finalized(), from.elapsed());
    let sent = loading.await??;
    let drained = Instant::now() + DRAIN;
    while ledger.finalized() < sent.accepted && Instant::now() < drained {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    watching.abort();
    network.stop().await?;

    let counted = final_to.saturating_sub(final_from);
    if counted == 0 {
        return Err(Error::NothingFinalized);
    }
    let per_transfer =
        |(to, from): (&Duration, &Duration)| (*to - *from).as_secs_f64() * 1e3 / counted as f64;
    Ok(Outcome {
        kind,
        tps: counted as f64 / elapsed.as_secs_f64(),
        cpu_ms: cpu_to.iter().zip(&cpu_from).map(per_transfer).collect(),
        times: ledger.sampled(),
        accepted: sent.accepted,
        lost: sent.accepted.saturating_sub(ledger.finalized()),
        retried: sent.retried,
    })
}

/// Two connections a node, so that one batch is on its way while the other is answered.
fn submitters(clients: &[Client]) -> Vec<Client> {
    clients.iter().chain(clients).cloned().collect()
}

fn cpu(nodes: &[&Node]) -> Vec<Duration> {
    nodes.iter().map(|node| node.pid().and_then(cpu_time).unwrap_or_default()).collect()
}

fn report(mut outcomes: Vec<Outcome>) -> Result<(), Error> {
    let mut line = serde_json::Map::new();
    let (mut rows, mut lost, mut worst) = (Vec::new(), 0, 0.0f64);
    for outcome in &mut outcomes {
        outcome.times.sort_unstable();
        let [p50, p99] = [0.5, 0.99].map(|share| millis(percentile(&outcome.times, share)));
        let cpu: Vec<String> = outcome.cpu_ms.iter().map(|ms| format!("{ms:.3}")).collect();
        rows.push(vec![
            outcome.kind.name().into(),
            format!("{:.0}", outcome.tps),
            format!("{p50:.0}"),
            format!("{p99:.0}"),
            outcome.accepted.to_string(),
            outcome.retried.to_string(),
            outcome.lost.to_string(),
            cpu.join(" "),
        ]);
        line.insert(outcome.kind.key().into(), json!(outcome.tps.round()));
        line.insert(outcome.kind.key().replace("_tps", "_cpu_ms"), json!(outcome.cpu_ms));
        lost += outcome.lost;
        worst = worst.max(p99);
    }
    line.insert("p99_finality_ms".into(), json!(worst));
    line.insert("lost".into(), json!(lost));
    let heading = ["network", "tps", "p50 ms", "p99 ms", "accepted", "retried", "lost"];
    let heading: Vec<&str> = heading.into_iter().chain(["CPU ms/transfer, by node"]).collect();
    table(&heading, &rows);
    println!("{}", serde_json::Value::Object(line));
    Ok(())
}
