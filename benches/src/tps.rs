//! Transfers a second, counted at finality.

mod ledger;
mod load;
mod observe;

use crate::{
    common,
    report::{cpu_time, median, millis, percentile, table},
    Error,
};
use cairn_localnet::{Client, Network, Node};
use ledger::Ledger;
use load::{Account, Load, Refusals};
use observe::{Observer, Seen};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    #[clap(flatten)]
    common: common::Options,
    /// Which networks: one, follower, four.
    #[arg(long, value_delimiter = ',', default_value = "one,follower,four")]
    networks: Vec<Kind>,
    /// Transfers under way at once: handed over and not final. By default about twice what each
    /// network puts into a block.
    #[arg(long, value_parser = clap::value_parser!(u32).range(100..=30_000))]
    outstanding: Option<u32>,
    /// Accounts that send. They share the supply with the validators, who must be able to bond.
    #[arg(long, default_value_t = 8_000, value_parser = clap::value_parser!(u32).range(2..=9_900))]
    accounts: u32,
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

    /// What its numbers are called in the last line.
    fn key(self, number: &str) -> String {
        let network = match self {
            Self::One => "one_validator",
            Self::Follower => "with_follower",
            Self::Four => "four_validators",
        };
        format!("{network}_{number}")
    }

    /// About twice what the network puts into a block.
    fn outstanding(self) -> usize {
        match self {
            Self::One => 4_000,
            Self::Follower => 2_500,
            Self::Four => 1_600,
        }
    }
}

/// Time for pools to fill and rates to settle before anything counts.
const RAMP: Duration = Duration::from_secs(10);
/// How long accepted transfers may take to become final after the load ends.
const DRAIN: Duration = Duration::from_secs(60);
const READY: Duration = Duration::from_secs(60);
/// Blocks final on every node, the follower too, before the load begins.
const WARM_UP: u32 = 5;
/// More than any network here has carried: transfers signed beforehand for each second.
const SIGNED_PER_SECOND: usize = 2_600;

/// What one network did.
struct Outcome {
    kind: Kind,
    tps: f64,
    block_ms: f64,
    cpu_ms: Vec<f64>,
    load_cpu: f64,
    times: Vec<Duration>,
    accepted: usize,
    lost: usize,
    failed: usize,
    refusals: Refusals,
}

pub async fn run(options: Options) -> Result<(), Error> {
    let accounts = load::accounts(options.accounts as usize);
    let mut outcomes = Vec::new();
    for _ in 0..options.common.runs {
        for kind in &options.networks {
            outcomes.push(measure(*kind, &options, &accounts).await?);
        }
    }
    report(&mut outcomes, &options.networks)
}

async fn measure(kind: Kind, options: &Options, accounts: &[Account]) -> Result<Outcome, Error> {
    let state = tempfile::tempdir()?;
    let mut network = cairn_localnet::Options::new(state.path());
    network.validators = kind.validators();
    network.node_args = options.common.node_arg.clone();
    network.endowed = accounts.iter().map(|account| account.id.clone()).collect();
    let mut network = Network::start(network).await?;
    let follower = match kind {
        Kind::Follower => Some(network.follower("follower").await?),
        _ => None,
    };
    network.wait_finalized(WARM_UP, READY).await?;
    if let Some(follower) = &follower {
        follower.client().await?.wait_finalized(WARM_UP, READY).await?;
    }

    let client = network.client(0).await?;
    let window = Duration::from_secs(options.common.seconds);
    let wanted = (RAMP + window).as_secs() as usize * SIGNED_PER_SECOND;
    let transfers = load::sign(accounts, wanted, client.signing().await?).await?;
    let ledger = Arc::new(Ledger::new(&transfers));
    let mut observer = Observer::start(client, ledger.clone());
    let outstanding = options.outstanding.map_or(kind.outstanding(), |count| count as usize);
    let load = Load::new(transfers, ledger.clone(), outstanding);
    let until = Instant::now() + RAMP + window;
    let loading = tokio::spawn(load.run(lanes(&network).await?, until));

    tokio::time::sleep(RAMP).await;
    let nodes: Vec<&Node> = network.nodes.iter().chain(&follower).collect();
    let (from, cpu_from) = (Instant::now(), cpu(&nodes));
    let first = observer.blocks().await?.len();
    tokio::time::sleep_until(until.into()).await;
    let (to, cpu_to) = (Instant::now(), cpu(&nodes));
    let counted = observer.blocks().await?.split_off(first.saturating_sub(1));
    let refusals = loading.await??;

    let drained = Instant::now() + DRAIN;
    while ledger.count_lost() > 0 && Instant::now() < drained {
        tokio::time::sleep(Duration::from_millis(200)).await;
        observer.blocks().await?;
    }
    network.check_alive()?;
    let all = observer.blocks().await?;
    if let Some(follower) = &follower {
        let last = network.client(0).await?.finalized().await?.number;
        follower.client().await?.wait_finalized(last, DRAIN).await?;
    }
    let failed = observer.count_failed(&all).await?;
    let (tps, block_ms) = rate(&observer, &counted).await?;
    drop(observer);
    network.stop().await?;

    let seconds = (to - from).as_secs_f64();
    let spent: Vec<f64> =
        cpu_to.iter().zip(&cpu_from).map(|(to, from)| (*to - *from).as_secs_f64()).collect();
    let (load_cpu, nodes_cpu) = spent.split_last().ok_or(Error::NothingFinalized)?;
    Ok(Outcome {
        kind,
        tps,
        block_ms,
        cpu_ms: nodes_cpu.iter().map(|spent| spent * 1e3 / (tps * seconds)).collect(),
        load_cpu: load_cpu / seconds,
        times: ledger.times(from, to),
        accepted: ledger.count_accepted(),
        lost: ledger.count_lost(),
        failed,
        refusals,
    })
}

/// Transfers a second and milliseconds a block, by the blocks' own timestamps: those of the
/// first block count for the time before it.
async fn rate(observer: &Observer, blocks: &[Seen]) -> Result<(f64, f64), Error> {
    let (Some((first, rest)), Some(last)) = (blocks.split_first(), blocks.last()) else {
        return Err(Error::NothingFinalized);
    };
    let transfers: usize = rest.iter().map(|block| block.transfers).sum();
    let elapsed_ms = observer.elapsed_ms(first, last).await?;
    if transfers == 0 || elapsed_ms <= 0.0 {
        return Err(Error::NothingFinalized);
    }
    Ok((transfers as f64 * 1e3 / elapsed_ms, elapsed_ms / rest.len() as f64))
}

/// Connections of their own to every validator.
async fn lanes(network: &Network) -> Result<Vec<Client>, Error> {
    let mut lanes = Vec::new();
    for _ in 0..load::LANES {
        lanes.extend(network.clients().await?);
    }
    Ok(lanes)
}

/// CPU time of each node, and of this process last.
fn cpu(nodes: &[&Node]) -> Vec<Duration> {
    let pids = nodes.iter().map(|node| node.pid()).chain([Some(std::process::id())]);
    pids.map(|pid| pid.and_then(cpu_time).unwrap_or_default()).collect()
}

fn report(outcomes: &mut [Outcome], networks: &[Kind]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for outcome in outcomes.iter_mut() {
        outcome.times.sort_unstable();
        let cpu: Vec<String> = outcome.cpu_ms.iter().map(|ms| format!("{ms:.2}")).collect();
        rows.push(vec![
            outcome.kind.name().into(),
            format!("{:.0}", outcome.tps),
            format!("{:.0}", outcome.finality_ms(0.5)),
            format!("{:.0}", outcome.finality_ms(0.99)),
            format!("{:.0}", outcome.block_ms),
            outcome.accepted.to_string(),
            outcome.refusals.retried.to_string(),
            outcome.refusals.refused.to_string(),
            outcome.failed.to_string(),
            outcome.lost.to_string(),
            format!("{:.0} %", outcome.load_cpu * 1e2),
            cpu.join(" "),
        ]);
    }
    table(
        &[
            "network",
            "tps",
            "p50 ms",
            "p99 ms",
            "block ms",
            "accepted",
            "retried",
            "refused",
            "failed",
            "lost",
            "load's core",
            "CPU ms/transfer, by node",
        ],
        &rows,
    );
    for reason in outcomes.iter().filter_map(|outcome| outcome.refusals.reason.as_ref()) {
        println!("refused: {reason}");
    }

    let mut line = serde_json::Map::new();
    let mut worst = 0.0f64;
    for kind in networks {
        let of_kind = || outcomes.iter().filter(|outcome| outcome.kind == *kind);
        let tps = median(of_kind().map(|outcome| outcome.tps).collect());
        let p99 = median(of_kind().map(|outcome| outcome.finality_ms(0.99)).collect());
        let cpu = median(of_kind().flat_map(|outcome| outcome.cpu_ms.clone()).collect());
        worst = worst.max(p99);
        line.insert(kind.key("tps"), json!(tps.round()));
        line.insert(kind.key("p99_ms"), json!(p99));
        line.insert(kind.key("cpu_ms_per_node"), json!((cpu * 1e3).round() / 1e3));
    }
    let sum = |of: fn(&Outcome) -> usize| outcomes.iter().map(of).sum::<usize>();
    line.insert("p99_finality_ms".into(), json!(worst));
    line.insert("lost".into(), json!(sum(|outcome| outcome.lost)));
    line.insert("failed".into(), json!(sum(|outcome| outcome.failed)));
    line.insert("refused".into(), json!(sum(|outcome| outcome.refusals.refused)));
    println!("{}", serde_json::Value::Object(line));
    Ok(())
}

impl Outcome {
    fn finality_ms(&self, share: f64) -> f64 {
        millis(percentile(&self.times, share))
    }
}
