//! Has a process do a job: fetches what it needs before, and makes an answer of what it gives.

use super::{sealed::silenced, Executor, Given};
use crate::{
    disk::Grant,
    job::{self, Trouble},
    journal::Made,
    scheduler::Assignment,
    work::Work,
};
use cairn_order::{Input, Order, Over, Product};
use cairn_protocol::{
    failure::Failure,
    id::File,
    job::{Inline, Job},
    result::Output,
};
use cairn_sandbox::{Limits, Profile, Request, Sandboxed};
use cairn_store::NodeId;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tracing::info;

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

/// A job as it is put to a process.
pub(super) struct Setting<'a> {
    pub job: &'a Job,
    pub input: Input,
    pub bundle: Option<File>,
    pub delta: Option<Input>,
    pub fingerprint: Option<Over>,
    pub near: &'a [NodeId],
    /// Where it writes; none where that may be on disk.
    pub volatile: Option<&'a Path>,
}

/// A job that was done. What it wrote is gone with its process.
pub(super) struct Done {
    pub made: cairn_order::Made,
    pub process: Sandboxed,
    /// What it could write is nobody else's before.
    pub grant: Grant,
}

impl Executor {
    /// All that takes long.
    pub(super) fn compute(
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
    pub(super) fn perform(
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
        let made = if volatile.is_some() { made.map_err(silenced)? } else { made? };
        Ok(Done { made: self.book.bend(seat.part, made), process, grant })
    }

    /// The order with the places of its files, and what it may use.
    pub(super) fn order(
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
    pub(super) fn answer(
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
    pub(super) fn gather(
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

    pub(super) fn request(
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
}

/// Bytes that a job on these files would write at most.
pub(super) fn writes(files: &[File]) -> u64 {
    let bytes = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.bytes));
    bytes.saturating_mul(2).saturating_add(SPARE_DISK)
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
pub(super) fn text(path: &Path) -> Result<String, Trouble> {
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
