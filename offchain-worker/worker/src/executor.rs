//! Does jobs: fetches what they need, has each done by a process that can reach nothing else, and
//! makes answers of what comes of it.

mod errands;
mod jobs;
mod near;
mod perform;
mod sealed;
mod shared;
mod sweeps;
mod together;

use crate::{
    artifacts::Artifacts,
    book::Book,
    declining,
    disk::Disk,
    job::{self, Trouble},
    journal::{JournalError, Made, Step},
    metrics::Metrics,
    scheduler::{Assignment, Ended, Then},
    silence::Silence,
    sizes::Sizes,
    stops::Stops,
    vault::Vault,
    view,
    work::{Part, Seat, Work},
    Result,
};
use cairn_order::{Device, Fault};
use cairn_protocol::{failure::Failure, id::File, job::Job, result::Output};
use cairn_sandbox::Sandbox;
use cairn_sdk::Chain;
use cairn_store::NodeId;
use jobs::Jobs;
use sealed::Posted;
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use sweeps::Sweeps;
use together::Doors;
use tokio::{sync::mpsc, task::spawn_blocking, time::interval};
use tracing::{debug, info, warn};

/// How often sealed tasks are erased whose time is over, and the disk is looked at.
const SWEEP: Duration = Duration::from_secs(10);

pub(crate) struct Executor {
    pub chain: Chain,
    pub artifacts: Artifacts,
    pub sandbox: Sandbox,
    /// What jobs may write to.
    pub disk: Disk,
    /// Where jobs compute that are lent a GPU.
    pub lent: Option<Device>,
    /// For sealed jobs; in words, why there is none.
    pub vault: Result<Vault, String>,
    /// The program that does jobs.
    pub binary: PathBuf,
    /// That one job works with.
    pub threads: u16,
    /// How long a process that judges is kept for what is judged next.
    pub linger: Duration,
    pub book: Arc<Book>,
    pub stops: Arc<Stops>,
    pub metrics: Arc<Metrics>,
    pub sizes: Arc<Sizes>,
    pub silence: Arc<Silence>,
    /// Work of which the result is there.
    pub results: mpsc::Sender<Work>,
    /// Jobs that have ended. It has room for all that are begun; who takes them waits for none.
    pub ends: mpsc::Sender<Ended>,
    /// Processes that are gone, of those that are kept for others. It has room for all of them.
    pub gone: mpsc::Sender<u64>,
}

/// What a job needs that the chain has.
struct Given {
    /// What describes its model.
    bundle: Option<File>,
    /// What opens its payload, if that is sealed.
    posted: Option<Posted>,
    /// What another provider delivered, where that is looked at and not made anew.
    delivered: Option<Output>,
    /// Whose nodes are asked for its files before others.
    near: Vec<NodeId>,
}

impl Executor {
    /// Does what it is assigned, all at once: whoever assigns sees to it that there is room.
    pub async fn run(self, mut assigned: mpsc::Receiver<Assignment>) -> Result<()> {
        let this = Arc::new(self);
        let mut jobs = Jobs::default();
        let (mut doors, mut sweeps) = (Doors::default(), Sweeps::default());
        let mut ticks = interval(SWEEP);
        loop {
            tokio::select! {
                next = assigned.recv() => match next {
                    Some(assignment) => this.begin(assignment, &mut jobs, &mut doors),
                    None => return Ok(()),
                },
                Some(ended) = jobs.next() => this.break_off(ended?).await?,
                _ = ticks.tick() => {
                    let this = Arc::clone(&this);
                    sweeps.begin(move || {
                        this.sweep();
                        this.disk.renew();
                    });
                }
            }
        }
    }

    /// Has a job done by a process of its own.
    async fn alone(self: Arc<Self>, assignment: Assignment) -> Result<()> {
        let (work, tries) = (assignment.work.clone(), assignment.tries);
        let until = Instant::now() + assignment.time;
        self.stops.begin(work.seat);
        let result = Arc::clone(&self).attempt(assignment, until).await;
        self.finish(&work, tries, until, result).await?;
        let _ = self.ends.send(Ended { seat: work.seat, then: Then::Over }).await;
        Ok(())
    }

    /// Gives up jobs that ended without a word. Whoever looks at them next has them declined.
    async fn break_off(&self, seats: Vec<Seat>) -> Result<()> {
        for seat in seats {
            if let Err(reason) = self.artifacts.unpin(&seat).await {
                warn!("{seat}: its files are kept on: {reason}");
            }
            self.conclude(seat, 0, Err(jobs::broken_off().into()))?;
            self.stops.end(&seat);
            let _ = self.ends.send(Ended { seat, then: Then::Over }).await;
        }
        Ok(())
    }

    /// Records what came of a job that had time until then, and has it told if there is something
    /// to tell.
    async fn finish(
        &self,
        work: &Work,
        tries: u32,
        until: Instant,
        result: Result<Made, Trouble>,
    ) -> Result<()> {
        if let Err(reason) = self.artifacts.unpin(&work.seat).await {
            warn!("{}: its files are kept on: {reason}", work.seat);
        }
        let left = until.saturating_duration_since(Instant::now());
        let result = result.map_err(|trouble| declining::settled(work, left, trouble));
        let again = matches!(result, Err(Trouble::Later(_)));
        match &result {
            Ok(_) => self.silence.is_over(work.seat),
            // The first time it may be of no consequence.
            Err(Trouble::Later(fault)) if tries > 0 => self.silence.note(work.seat, fault),
            Err(_) => {}
        }
        let told = self.conclude(work.seat, tries, result)?;
        if !again {
            self.erase(work);
        }
        if told {
            // Nobody takes it where all of this is about to end; the next process will find it.
            let _ = self.results.send(work.clone()).await;
        }
        self.stops.end(&work.seat);
        Ok(())
    }

    async fn attempt(
        self: Arc<Self>,
        assignment: Assignment,
        until: Instant,
    ) -> Result<Made, Trouble> {
        let given = self.given(&assignment.work).await?;
        let computing = spawn_blocking(move || self.compute(&assignment, given, until));
        jobs::computed(computing.await)
    }

    async fn given(&self, work: &Work) -> Result<Given, Trouble> {
        let posted = self.posted(work).await?;
        let bundle = self.bundle(&work.terms.job).await?;
        let delivered = self.delivered(work).await?;
        Ok(Given { bundle, posted, delivered, near: self.near(work).await })
    }

    /// What another provider delivered for a job, where that is looked at and not made anew.
    async fn delivered(&self, work: &Work) -> Result<Option<Output>, Trouble> {
        if !work.measures() && !job::looks_at_claim(work) {
            return Ok(None);
        }
        let market = self.chain.market().await.map_err(later)?;
        let delivered = view::delivered(&market, work.seat.task()).await.map_err(later)?;
        let gone = || Trouble::later(Failure::MissingArtifact, "the chain keeps no answer to it");
        delivered.map(Some).ok_or_else(gone)
    }

    /// What describes the model that a job runs on.
    async fn bundle(&self, job: &Job) -> Result<Option<File>, Trouble> {
        let Some(model) = job.model else { return Ok(None) };
        let at = self.chain.at_finalized().await.map_err(later)?;
        let header = view::model(&at, model).await.map_err(later)?;
        let words = "no model is registered under this id";
        let header = header.ok_or_else(|| Fault::new(Failure::MissingArtifact, words))?;
        job::check_bundle(&header.artifact)?;
        Ok(Some(header.artifact))
    }

    /// Records what came of a job; whether there is something to tell the chain.
    fn conclude(&self, seat: Seat, tries: u32, result: Result<Made, Trouble>) -> Result<bool> {
        let is_worker = seat.part == Part::Worker;
        let (end, step) = match result {
            Ok(Made { answer, trace }) => ("made", Some(Step::Made { answer, trace })),
            Err(Trouble::Fault(fault)) => {
                let then = if is_worker { "is declined" } else { "is left to the other guards" };
                warn!("{seat} failed, and {then}: {fault}");
                ("failed", Some(Step::Failed(fault)))
            }
            Err(Trouble::Rejected(reason)) => {
                warn!("{seat}: its key is rejected: {reason}");
                let fault = Fault::new(Failure::FalseArtifact, reason);
                ("rejected", Some(Step::Rejected(fault)))
            }
            Err(Trouble::Later(fault)) => {
                match tries {
                    0 => warn!("{seat} waits: {fault}"),
                    _ => debug!("{seat} waits on: {fault}"),
                }
                ("later", None)
            }
            Err(Trouble::Stopped) => ("stopped", None),
        };
        self.metrics.job(end);
        let Some(step) = step else { return Ok(false) };
        match self.book.note(seat, step) {
            Ok(_) => Ok(end != "failed" || is_worker),
            // It was over before it was done.
            Err(JournalError::Refused { seat, refused }) => {
                info!("{seat}: {refused}");
                Ok(false)
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// The chain may be there again the next time.
fn later(error: cairn_sdk::Error) -> Trouble {
    Trouble::later(Failure::Internal, error)
}
