//! Does jobs: fetches what they need, has each done by a process that can reach nothing else, and
//! makes answers of what comes of it.

mod jobs;
mod near;
mod sealed;
mod together;

use crate::{
    artifacts::Artifacts,
    book::Book,
    declining,
    disk::{Disk, Grant},
    job::{self, Trouble},
    journal::{JournalError, Made, Step},
    metrics::Metrics,
    scheduler::{Assignment, Ended},
    stops::Stops,
    vault::Vault,
    view,
    work::{Part, Seat, Work},
    Result,
};
use cairn_order::{Device, Fault, Input, Order, Over, Product};
use cairn_protocol::{
    failure::Failure,
    id::File,
    job::{Inline, Job},
    result::Output,
};
use cairn_sandbox::{Limits, Profile, Request, Sandbox, Sandboxed};
use cairn_sdk::Chain;
use cairn_store::NodeId;
use jobs::Jobs;
use sealed::Posted;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::spawn_blocking, time::interval};
use tracing::{debug, info, warn};

/// Threads that a job may have beside those that it works with.
const SPARE_THREADS: u32 = 8;
/// The same of one that is lent a GPU, whose driver has threads of its own.
const SPARE_GPU_THREADS: u32 = 64;
/// Files that it may have open beside those that it was given.
const SPARE_FILES: u32 = 256;
/// What it may write beside twice the length of its files: weights in the order in which they are
/// computed with, and a result.
const SPARE_DISK: u64 = 1 << 30;
/// Bytes of an outcome, which holds no more than an inline result.
const OUTCOME_BYTES: u64 = 1 << 16;
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
    pub book: Arc<Book>,
    pub stops: Arc<Stops>,
    pub metrics: Arc<Metrics>,
    /// Work of which the result is there.
    pub results: mpsc::Sender<Work>,
    /// Jobs that have ended. It has room for one of each process; who takes them waits for none.
    pub ends: mpsc::Sender<Ended>,
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

/// A job as it is put to a process.
struct Setting<'a> {
    job: &'a Job,
    input: Input,
    bundle: Option<File>,
    delta: Option<Input>,
    fingerprint: Option<Over>,
    near: &'a [NodeId],
    /// Where it writes; none where that may be on disk.
    volatile: Option<&'a Path>,
}

/// A job that was done. What it wrote is gone with its process.
struct Done {
    made: cairn_order::Made,
    process: Sandboxed,
    /// What it could write is nobody else's before.
    grant: Grant,
}

impl Executor {
    /// Does what it is assigned, all at once: whoever assigns sees to it that there is room.
    pub async fn run(self, mut assigned: mpsc::Receiver<Assignment>) -> Result<()> {
        let this = Arc::new(self);
        let (mut jobs, mut sweeps) = (Jobs::default(), interval(SWEEP));
        loop {
            tokio::select! {
                next = assigned.recv() => match next {
                    Some(assignment) => {
                        let seats = assignment.all().map(|one| one.work.seat).collect();
                        jobs.begin(seats, Arc::clone(&this).work(assignment));
                    }
                    None => return Ok(()),
                },
                Some(ended) = jobs.next() => this.break_off(ended?).await?,
                _ = sweeps.tick() => {
                    this.sweep();
                    this.disk.renew();
                }
            }
        }
    }

    async fn work(self: Arc<Self>, assignment: Assignment) -> Result<()> {
        let begun = Instant::now();
        let seats: Vec<Seat> = assignment.all().map(|one| one.work.seat).collect();
        for seat in &seats {
            self.stops.begin(*seat);
        }
        let apart = if assignment.along.is_empty() {
            let (work, tries) = (assignment.work.clone(), assignment.tries);
            let until = begun + assignment.time;
            let result = Arc::clone(&self).attempt(assignment, until).await;
            self.finish(&work, tries, until, result).await?;
            BTreeSet::new()
        } else {
            self.together(assignment, begun).await?
        };
        // They have one room, which is free when all of them have ended.
        for seat in seats {
            let apart = apart.contains(&seat);
            let _ = self.ends.send(Ended { seat, apart }).await;
        }
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
            let _ = self.ends.send(Ended { seat, apart: false }).await;
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
        let delivered = view::delivered(&market, work.seat.task).await.map_err(later)?;
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

    /// All that takes long.
    fn compute(
        &self,
        assignment: &Assignment,
        given: Given,
        until: Instant,
    ) -> Result<Made, Trouble> {
        let Given { bundle, posted, delivered, near } = given;
        let terms = &assignment.work.terms;
        // Before anything is fetched for it.
        self.sandbox.admit(job::profile(&assignment.work))?;
        if let Some(posted) = posted {
            return self.compute_sealed(assignment, bundle, &posted, &near, until);
        }
        let (job, input) = (&terms.job, job::input(&terms.job));
        let (delta, claim) = match assignment.work.measures() {
            true => (delivered.map(job::delta), None),
            false => (None, delivered),
        };
        let fingerprint = job::over(&assignment.work, claim);
        let near = near.as_slice();
        let setting = Setting { job, input, bundle, delta, fingerprint, near, volatile: None };
        let Done { made, process, grant: _grant } = self.perform(assignment, setting, until)?;
        self.answer(&assignment.work, &made, process.scratch())
    }

    /// Has a process do a job. It looks now and then whether it is still wanted.
    fn perform(
        &self,
        assignment: &Assignment,
        setting: Setting<'_>,
        until: Instant,
    ) -> Result<Done, Trouble> {
        let Setting { job, input, bundle, delta, fingerprint, near, volatile } = setting;
        let seat = assignment.work.seat;
        let mut named = match &delta {
            Some(delta) => job::measured_files(job, delta),
            None => job::named_files(job)?,
        };
        named.extend(job::claimed_file(fingerprint.as_ref()));
        let files = self.gather(assignment, named, bundle, near)?;
        let desk = self.artifacts.desk(&files)?;
        let folder = volatile.unwrap_or(&self.disk.scratch);
        let grant = self.disk.grant(folder, writes(&files))?;
        let request = self.request(assignment, &files, desk.path(), until, &grant);
        let mut process = self.sandbox.start_in(&request, folder)?;
        if !self.stops.attach(&seat, process.stopper()) {
            return Err(Trouble::Stopped);
        }
        let order = Order { delta, fingerprint, ..Order::of(job, input, bundle) };
        let order = self.order(order, &assignment.work, desk.path(), process.scratch())?;
        info!("{seat} is given its order");
        let finished = process.run(order.to_bytes());
        self.metrics.took(finished.time);
        info!("{seat} took {:.1} s, {} MiB", finished.time.as_secs_f64(), finished.memory >> 20);
        let made = job::made(finished.end);
        let made = if volatile.is_some() { made.map_err(sealed::silenced)? } else { made? };
        Ok(Done { made: self.book.bend(made), process, grant })
    }

    /// The order with the places of its files, and what it may use.
    fn order(
        &self,
        order: Order,
        work: &Work,
        desk: &Path,
        scratch: &Path,
    ) -> Result<Order, Trouble> {
        Ok(Order {
            inline: inline(work),
            store: text(desk)?,
            // What is derived from one model must not be what a job on another could have changed.
            cache: text(scratch)?,
            threads: self.threads,
            device: job::device(work, self.lent),
            ..order
        })
    }

    /// What is answered, of what a program says that it made.
    fn answer(
        &self,
        work: &Work,
        made: &cairn_order::Made,
        scratch: &Path,
    ) -> Result<Made, Trouble> {
        let output = self.output(&made.product, scratch, inline(work) as usize)?;
        self.artifacts.keep(&work.seat, &output)?;
        let answer = job::answer(&work.terms, made, output)?;
        if work.measures() {
            job::check_loss(&answer)?;
        }
        Ok(Made { answer, trace: made.trace })
    }

    /// Fetches files that a job names and those of its model, and keeps them until it has ended.
    fn gather(
        &self,
        assignment: &Assignment,
        named: Vec<File>,
        bundle: Option<File>,
        near: &[NodeId],
    ) -> Result<Vec<File>, Trouble> {
        self.disk.check()?;
        let (seat, mut files) = (assignment.work.seat, named);
        if let Some(bundle) = bundle {
            self.artifacts.pin(&seat, &[bundle])?;
            let list = job::read_bundle(&self.artifacts.fetch(&bundle, near)?)?;
            job::check_memory(&list, assignment.memory_mib)?;
            files.push(bundle);
            files.extend(list.files);
        }
        self.artifacts.pin(&seat, &files)?;
        for file in &files {
            let wanted = || self.stops.goes_on(&seat);
            self.artifacts.fetch_while(file, near, wanted)?.ok_or(Trouble::Stopped)?;
            self.metrics.gave(file.bytes);
        }
        Ok(files)
    }

    fn request(
        &self,
        assignment: &Assignment,
        files: &[File],
        desk: &Path,
        until: Instant,
        grant: &Grant,
    ) -> Request {
        let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
        let profile = job::profile(&assignment.work);
        let threads = if profile == Profile::Gpu { SPARE_GPU_THREADS } else { SPARE_THREADS };
        let limits = Limits {
            time: until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)),
            memory: assignment.memory_mib.saturating_mul(1 << 20),
            threads: u32::from(self.threads) + threads,
            disk: grant.bytes,
            spare: grant.spare,
            open_files: count.saturating_add(SPARE_FILES),
            answer: OUTCOME_BYTES,
        };
        let binary = self.binary.clone();
        Request { binary, profile, limits, read: vec![desk.to_path_buf()] }
    }

    /// What goes into the answer: the result itself where there is room for it, else its name.
    /// Which of the two follows from its length alone, so that all who come to the same say the
    /// same.
    fn output(&self, product: &Product, scratch: &Path, inline: usize) -> Result<Output, Trouble> {
        let unread = |reason: std::io::Error| Trouble::later(Failure::Internal, reason);
        let file = match product {
            Product::Inline(bytes) => match inlined(bytes, inline) {
                Some(output) => return Ok(output),
                None => self.artifacts.publish(bytes)?,
            },
            Product::Scratch(name) => {
                let (path, length) = job::product(scratch, name)?;
                if length <= inline as u64 {
                    let bytes = fs::read(&path).map_err(unread)?;
                    if let Some(output) = inlined(&bytes, inline) {
                        return Ok(output);
                    }
                }
                self.artifacts.publish_file(&path)?
            }
        };
        Ok(Output::Artifact { id: file.id, bytes: file.bytes })
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

/// Bytes that a job on these files would write at most.
fn writes(files: &[File]) -> u64 {
    let bytes = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.bytes));
    bytes.saturating_mul(2).saturating_add(SPARE_DISK)
}

/// The chain may be there again the next time.
fn later(error: cairn_sdk::Error) -> Trouble {
    Trouble::later(Failure::Internal, error)
}

/// Bytes of a result that goes into the answer itself.
fn inline(work: &Work) -> u32 {
    match work.measures() {
        true => job::LOSS_BYTES,
        false => work.terms.output_bytes.min(Inline::bound() as u32),
    }
}

/// The result itself, if it is short enough.
fn inlined(bytes: &[u8], most: usize) -> Option<Output> {
    if bytes.len() > most {
        return None;
    }
    Inline::try_from(bytes.to_vec()).ok().map(Output::Inline)
}

/// A folder's name as an order has it.
fn text(path: &Path) -> Result<String, Trouble> {
    let name = path.to_str().map(str::to_owned);
    name.ok_or_else(|| {
        let words = format!("'{}' is not made of Unicode", path.display());
        Trouble::later(Failure::Internal, words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inlined_should_hold_what_the_terms_keep_room_for() {
        let output = inlined(&[7; 16], 16);
        assert_eq!(output, Some(Output::Inline(vec![7; 16].try_into().unwrap())));
        assert_eq!(inlined(&[7; 17], 16), None);
        // More than any transaction has.
        assert_eq!(inlined(&[7; 3_000], 3_000), None);
        assert!(inlined(&[], 0).is_some());
    }
}
