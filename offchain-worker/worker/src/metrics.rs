//! What is counted, for whoever watches the worker.

use prometheus::{
    core::Collector, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Seconds that jobs take.
const BUCKETS: [f64; 9] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0];

pub struct Metrics {
    registry: Registry,
    block: IntGauge,
    waiting: IntGauge,
    running: IntGauge,
    jobs: IntCounterVec,
    seconds: Histogram,
    given: IntCounter,
    fetched: IntCounterVec,
    near: IntCounter,
    judged: IntCounterVec,
    warm: IntCounter,
    keeping: IntGauge,
    solved: IntCounterVec,
    sent: IntCounterVec,
    refused: IntCounterVec,
    /// When the last block came.
    seen: Mutex<Option<(u64, Instant)>>,
}

impl Metrics {
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| kept(&registry, IntGauge::new(name, help));
        let by = |name: &str, help: &str, label: &str| {
            kept(&registry, IntCounterVec::new(Opts::new(name, help), &[label]))
        };
        let block = gauge("cairn_worker_block", "the last final block that was seen")?;
        let waiting = gauge("cairn_worker_waiting", "jobs that wait for room")?;
        let running = gauge("cairn_worker_running", "jobs that are under way")?;
        let jobs = by("cairn_worker_jobs_total", "jobs by what came of them", "end")?;
        let sent = by("cairn_worker_sent_total", "transactions that were sent", "call")?;
        let refused =
            by("cairn_worker_refused_total", "transactions that came to nothing", "call")?;
        let seconds = HistogramOpts::new("cairn_worker_job_seconds", "how long jobs took");
        let seconds = Histogram::with_opts(seconds.buckets(BUCKETS.to_vec()));
        let seconds = kept(&registry, seconds)?;
        let name = "cairn_worker_artifact_bytes_total";
        let given = kept(&registry, IntCounter::new(name, "bytes of files that jobs were given"))?;
        let help = "bytes of files that were asked for, by where they were found";
        let fetched = by("cairn_worker_fetched_bytes", help, "source")?;
        let help = "peers of a job's own task, which come before others, for each of its files";
        let near = kept(&registry, IntCounter::new("cairn_worker_near_total", help))?;
        let help = "opinions that panels were told, by what they say";
        let judged = by("cairn_worker_judged_total", help, "opinion")?;
        let help = "briefs that were answered by a process kept from those before";
        let warm = kept(&registry, IntCounter::new("cairn_worker_warm_total", help))?;
        let help = "files of models that it has said to keep";
        let keeping = gauge("cairn_worker_keeping", help)?;
        let help = "challenges that were solved, by what; those that the device failed at";
        let solved = by("cairn_worker_challenges_total", help, "by")?;
        let seen = Mutex::default();
        Ok(Self {
            registry,
            block,
            waiting,
            running,
            jobs,
            seconds,
            given,
            fetched,
            near,
            judged,
            warm,
            keeping,
            solved,
            sent,
            refused,
            seen,
        })
    }

    /// A block came.
    pub fn saw(&self, block: u64) {
        self.block.set(i64::try_from(block).unwrap_or(i64::MAX));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((block, Instant::now()));
    }

    /// The last block, and how long ago it came.
    pub fn last(&self) -> Option<(u64, Duration)> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map(|(block, when)| (block, when.elapsed()))
    }

    pub fn queue(&self, waiting: usize, running: usize) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
    }

    /// A job came to this.
    pub fn job(&self, end: &str) {
        self.jobs.with_label_values(&[end]).inc();
    }

    /// A job took so long.
    pub fn took(&self, time: Duration) {
        self.seconds.observe(time.as_secs_f64());
    }

    /// A job was given files of so many bytes.
    pub fn gave(&self, bytes: u64) {
        self.given.inc_by(bytes);
    }

    /// So many bytes of files came from there: an archive, another worker, or this disk.
    pub fn fetched(&self, source: &str, bytes: u64) {
        self.fetched.with_label_values(&[source]).inc_by(bytes);
    }

    /// So many peers of a job's task come before others for a file.
    pub fn near(&self, peers: u64) {
        self.near.inc_by(peers);
    }

    /// A brief came to such an opinion.
    pub fn judged(&self, opinion: &str) {
        self.judged.with_label_values(&[opinion]).inc();
    }

    /// A brief was answered by a process that was kept from those before.
    pub fn warm(&self) {
        self.warm.inc();
    }

    /// It keeps so many files of models.
    pub fn keeping(&self, files: usize) {
        self.keeping.set(i64::try_from(files).unwrap_or(i64::MAX));
    }

    /// A challenge was solved by the `device` or the `processor`, or the device has `failed`.
    pub fn solved(&self, by: &str) {
        self.solved.with_label_values(&[by]).inc();
    }

    pub fn sent(&self, call: &str) {
        self.sent.with_label_values(&[call]).inc();
    }

    pub fn refused(&self, call: &str) {
        self.refused.with_label_values(&[call]).inc();
    }

    /// All of it in the form that Prometheus reads.
    pub fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Has a registry know of it.
fn kept<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> prometheus::Result<C> {
    let made = made?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_should_have_what_was_counted() {
        let metrics = Metrics::new().unwrap();
        metrics.saw(42);
        metrics.queue(3, 2);
        metrics.job("made");
        metrics.took(Duration::from_secs(2));
        metrics.sent("commit");
        metrics.fetched("peer", 5);
        metrics.fetched("peer", 6);
        metrics.fetched("cached", 0);
        metrics.near(2);
        metrics.judged("measured");
        metrics.warm();
        metrics.keeping(4);
        metrics.solved("device");
        let text = metrics.text().unwrap();
        for line in [
            "cairn_worker_block 42",
            "cairn_worker_waiting 3",
            "cairn_worker_running 2",
            "cairn_worker_jobs_total{end=\"made\"} 1",
            "cairn_worker_job_seconds_count 1",
            "cairn_worker_sent_total{call=\"commit\"} 1",
            "cairn_worker_fetched_bytes{source=\"peer\"} 11",
            "cairn_worker_fetched_bytes{source=\"cached\"} 0",
            "cairn_worker_near_total 2",
            "cairn_worker_judged_total{opinion=\"measured\"} 1",
            "cairn_worker_warm_total 1",
            "cairn_worker_keeping 4",
            "cairn_worker_challenges_total{by=\"device\"} 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in {text}");
        }
        assert_eq!(metrics.last().unwrap().0, 42);
    }
}
