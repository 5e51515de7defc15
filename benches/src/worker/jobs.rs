//! Trivial jobs through one worker beside one validator, and the worker when it has none.

use super::{
    moments::Moments,
    news::{Feed, News},
    task, Error, Options,
};
use crate::{
    figures::{shares, Figure, Measured},
    report::resident,
};
use cairn_localnet::{
    keys,
    tx::{self, Signing},
    Client, Network, Setup, Worker,
};
use cairn_protocol::id::TaskId;
use cairn_runtime::{BlockNumber, RuntimeCall, RuntimeEvent};
use frame_support::dispatch::DispatchClass;
use futures::future::try_join_all;
use pallet_cairn_tasks::Event;
use sp_core::{sr25519, Bytes};
use std::{
    collections::HashMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant, SystemTime},
};
use tokio::time::{interval, sleep};

const REQUESTER: &str = "Requester";
const READY: Duration = Duration::from_secs(60);
const WARM_UP: u32 = 3;
/// After what a worker was doing last, before its memory is looked at.
const REST: Duration = Duration::from_secs(5);
/// How often it is looked at, once a second; the most counts.
const LOOKS: u32 = 10;
/// From when many tasks are under way until they count: a seed, a job, and the time that its
/// result stands.
const RAMP: Duration = Duration::from_secs(60);
/// How long tasks may take that are under way when no more are submitted.
const DRAIN: Duration = Duration::from_secs(300);
/// Transactions that wait for the node's answer at once.
const AT_ONCE: usize = 64;
/// What an idle worker should hold less than, in megabytes.
const REACH: f64 = 150.0;

const START_P50: Figure = Figure::new("start_p50_ms", "final assignment to job's start, p50 ms");
const START_P99: Figure = Figure::new("start_p99_ms", "final assignment to job's start, p99 ms");
const COMMIT_P50: Figure = Figure::new("commit_p50_ms", "result to commitment in block, p50 ms");
const COMMIT_P99: Figure = Figure::new("commit_p99_ms", "result to commitment in block, p99 ms");
const PER_MINUTE: Figure = Figure::new("jobs_per_minute", "trivial jobs a minute");
const IDLE: Figure = Figure::new("idle_memory_mb", "memory before any job, MB").below(REACH);
const RESTED: Figure =
    Figure::new("rested_memory_mb", "memory at rest after all jobs, MB").below(REACH);

pub async fn measure(options: &Options) -> Result<Measured, Error> {
    let state = tempfile::tempdir()?;
    // Jobs run as other users where this one is root, and have to get in.
    fs::set_permissions(state.path(), Permissions::from_mode(0o755))?;
    let mut network = start(options, state.path()).await?;
    let (pid, log) = match network.workers.first() {
        Some(worker) => (id(worker)?, worker.log_path().to_owned()),
        None => return Err(Error::Setup("the network has no worker".into())),
    };
    let window = Duration::from_secs(options.common.seconds);

    let idle = resting(pid).await?;
    let mut market = Market::open(&network).await?;
    market.submit_at(options.rate, window).await?;
    let moments = Moments::read(&log)?;
    let mut starts = between(&market.assigned, &moments.given);
    let mut commits = between(&moments.done, &market.committed);
    market.check(starts.len().min(commits.len()))?;
    let per_minute = market.keep_under_way(options.outstanding, window).await?;
    market.drain().await?;
    let rested = resting(pid).await?;
    network.check_alive()?;
    network.stop().await?;

    println!("jobs: {} timed, {market}", starts.len());
    let ((start_p50, start_p99), (commit_p50, commit_p99)) =
        (shares(&mut starts), shares(&mut commits));
    Ok(vec![
        (START_P50, start_p50),
        (START_P99, start_p99),
        (COMMIT_P50, commit_p50),
        (COMMIT_P99, commit_p99),
        (PER_MINUTE, per_minute),
        (IDLE, idle),
        (RESTED, rested),
    ])
}

async fn start(options: &Options, state: &Path) -> Result<Network, Error> {
    let mut network = cairn_localnet::Options::new(state);
    network.workers = 1;
    network.setups = vec![Setup { slots: options.seats, guard: false, ..Setup::default() }];
    // None of the jobs asks the model anything.
    network.model_steps = 1;
    network.node_args = options.common.node_arg.clone();
    network.endowed = vec![keys::account(REQUESTER)?];
    let network = Network::start(network).await?;
    network.wait_finalized(WARM_UP, READY).await?;
    Ok(network)
}

fn id(worker: &Worker) -> Result<u32, Error> {
    worker.pid().ok_or_else(|| Error::Setup("the worker does not run".into()))
}

/// The most memory that a process holds while nothing is asked of it, in megabytes.
async fn resting(pid: u32) -> Result<f64, Error> {
    sleep(REST).await;
    let mut most = 0_u64;
    for _ in 0..LOOKS {
        sleep(Duration::from_secs(1)).await;
        let gone = || Error::Setup("the worker ended while it was looked at".into());
        most = most.max(resident(pid).ok_or_else(gone)?);
    }
    Ok(most as f64 / 1e6)
}

/// How long each task took from one moment to the other. Where both are the same to two clients of
/// one node it is no time at all, whoever was told first.
fn between(from: &HashMap<TaskId, SystemTime>, to: &HashMap<TaskId, SystemTime>) -> Vec<Duration> {
    let one = |(task, to): (&TaskId, &SystemTime)| {
        Some(to.duration_since(*from.get(task)?).unwrap_or_default())
    };
    to.iter().filter_map(one).collect()
}

/// How many a minute there were, of blocks' timestamps in milliseconds and how many each had. Those
/// of the first block count for the time before it.
fn per_minute(blocks: &[(u64, u32)]) -> Option<f64> {
    let ((began, _), rest) = blocks.split_first()?;
    let (ended, _) = blocks.last()?;
    let elapsed = ended.checked_sub(*began).filter(|elapsed| *elapsed > 0)?;
    let count: u32 = rest.iter().map(|(_, count)| count).sum();
    Some(f64::from(count) * 6e4 / elapsed as f64)
}

/// Who asks for jobs, and what became of them.
struct Market {
    client: Client,
    feed: Feed,
    signing: Signing,
    requester: sr25519::Pair,
    height: BlockNumber,
    /// The next transaction's number as well.
    submitted: u32,
    settled: u32,
    refunded: u32,
    /// Seats that were lost, and transactions that did nothing.
    late: u32,
    failed: u32,
    /// When it was final who does a task, and when a block had its commitment.
    assigned: HashMap<TaskId, SystemTime>,
    committed: HashMap<TaskId, SystemTime>,
}

impl Market {
    async fn open(network: &Network) -> Result<Self, Error> {
        let client = network.client(0).await?;
        Ok(Self {
            feed: Feed::open(network).await?,
            signing: client.signing().await?,
            requester: keys::signer(REQUESTER)?,
            height: client.finalized().await?.number,
            client,
            submitted: 0,
            settled: 0,
            refunded: 0,
            late: 0,
            failed: 0,
            assigned: HashMap::new(),
            committed: HashMap::new(),
        })
    }

    /// Submits tasks one by one, and waits until all have ended.
    async fn submit_at(&mut self, rate: u32, window: Duration) -> Result<(), Error> {
        let until = Instant::now() + window;
        let mut ticks = interval(Duration::from_secs(1) / rate);
        while Instant::now() < until {
            tokio::select! {
                news = self.feed.next() => {
                    self.hear(&news?);
                }
                _ = ticks.tick() => self.submit(1).await?,
            }
        }
        self.drain().await
    }

    /// Fails unless all jobs were timed that were paid.
    fn check(&self, timed: usize) -> Result<(), Error> {
        if timed > 0 && timed >= self.settled as usize {
            return Ok(());
        }
        Err(Error::Setup(format!(
            "{timed} jobs were timed, {self}; the times are in the worker's log, so do not set \
             RUST_LOG"
        )))
    }

    /// Keeps so many tasks under way; how many a minute are paid, by the blocks' timestamps.
    async fn keep_under_way(&mut self, count: u32, window: Duration) -> Result<f64, Error> {
        let from = Instant::now() + RAMP;
        let mut counted = Vec::new();
        while Instant::now() < from + window {
            let news = self.feed.next().await?;
            let settled = self.hear(&news);
            if news.is_final {
                self.submit(count.saturating_sub(self.under_way())).await?;
                if Instant::now() >= from {
                    counted.push((self.client.timestamp(news.hash).await?, settled));
                }
            }
        }
        per_minute(&counted).ok_or(Error::NothingFinalized)
    }

    /// Waits until every task has ended.
    async fn drain(&mut self) -> Result<(), Error> {
        let until = Instant::now() + DRAIN;
        while self.under_way() > 0 {
            if Instant::now() > until {
                return Err(Error::Setup(format!("some tasks have not ended: {self}")));
            }
            let news = self.feed.next().await?;
            self.hear(&news);
        }
        Ok(())
    }

    fn under_way(&self) -> u32 {
        self.submitted.saturating_sub(self.settled + self.refunded)
    }

    async fn submit(&mut self, count: u32) -> Result<(), Error> {
        let next = self.submitted + count;
        let tasks: Vec<Bytes> = (self.submitted..next).map(|number| self.task(number)).collect();
        for batch in tasks.chunks(AT_ONCE) {
            try_join_all(batch.iter().map(|task| self.client.submit(task))).await?;
        }
        self.submitted = next;
        Ok(())
    }

    fn task(&self, number: u32) -> Bytes {
        let terms = Box::new(task::terms(number, self.height));
        let call = RuntimeCall::Tasks(pallet_cairn_tasks::Call::submit { terms });
        tx::sign(call, &self.requester, number, &self.signing)
    }

    /// Notes what has happened; says how many tasks were paid.
    fn hear(&mut self, news: &News) -> u32 {
        let mut settled = 0;
        for record in &news.events {
            match (&record.event, news.is_final) {
                (RuntimeEvent::Tasks(Event::Committed { task, .. }), false) => {
                    self.committed.entry(*task).or_insert(news.at);
                }
                (RuntimeEvent::Tasks(Event::Assigned { task, .. }), true) => {
                    self.assigned.entry(*task).or_insert(news.at);
                }
                (RuntimeEvent::Tasks(Event::Settled { .. }), true) => settled += 1,
                (RuntimeEvent::Tasks(Event::Refunded { .. }), true) => self.refunded += 1,
                (RuntimeEvent::Tasks(Event::Vacated { .. }), true) => self.late += 1,
                (
                    RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
                        dispatch_info,
                        ..
                    }),
                    true,
                ) if dispatch_info.class == DispatchClass::Normal => self.failed += 1,
                _ => {}
            }
        }
        if news.is_final {
            self.height = news.number;
        }
        self.settled += settled;
        settled
    }
}

impl std::fmt::Display for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { submitted, settled, refunded, late, failed, .. } = self;
        write!(
            f,
            "{submitted} submitted, {settled} paid, {refunded} refunded, {late} late, {failed} \
             transactions failed"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_minute_should_leave_out_what_came_before_the_first_block() {
        assert_eq!(per_minute(&[(1_000, 50), (2_000, 1), (4_000, 2)]), Some(60.0));
        assert_eq!(per_minute(&[(1_000, 50), (1_000, 1)]), None);
        assert_eq!(per_minute(&[]), None);
    }

    #[test]
    fn between_should_have_those_alone_of_which_both_moments_are_known() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let from = HashMap::from([(TaskId(1), at(5)), (TaskId(2), at(5)), (TaskId(3), at(5))]);
        let to = HashMap::from([(TaskId(2), at(7)), (TaskId(3), at(4)), (TaskId(4), at(9))]);
        let mut times = between(&from, &to);
        times.sort_unstable();
        assert_eq!(times, [Duration::ZERO, Duration::from_secs(2)]);
    }
}
