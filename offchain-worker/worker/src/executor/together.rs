//! Jobs and briefs on one model that one process does, so that the model is opened once.
//!
//! ```text
//! jobs ──▶ one process ──▶ the outcome of each, as soon as it is there ──▶ concluded one by one
//! later ──▶    └ ends without ──▶ each back to the scheduler, for a process of its own
//! ```
//!
//! One that judges is kept for a while when its last brief is over, with what it has open: the
//! scheduler knows of it until it hears that it is gone.

use super::{
    jobs::{computed, Jobs},
    perform::writes,
    shared::{self, Charge, Door, Guest, Process, Put, Stay, Told},
    Executor,
};
use crate::{
    disk::Grant,
    job::{self, Trouble},
    journal::Made,
    scheduler::{Assignment, Ended, Room, Then},
    stops::Stops,
    work::{Seat, Work},
    Result,
};
use cairn_order::{Fault, Order, Outcome, Product};
use cairn_protocol::{failure::Failure, id::File};
use cairn_sandbox::{End, Sandboxed};
use cairn_store::NodeId;
use rustix::fs::{Mode, OFlags};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    iter, mem,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::spawn_blocking};
use tracing::{info, warn};

/// How long a process may go on that others join, at least. Whatever it does and however long it
/// waits, it has no more of the processor's time than it may use up in that.
const LIFE: Duration = Duration::from_secs(3_600);
/// How old a process may be that waits for others, so that they have as much left.
const YOUTH: Duration = Duration::from_secs(1_800);
/// Bytes of what is made of a text at most, where others share the process: it is in memory.
const MADE: u64 = 64 << 20;

/// Processes that jobs may join, by number.
pub(super) type Doors = BTreeMap<u64, Door>;

/// A process of the sandbox that jobs share.
struct Confined {
    job: Sandboxed,
    stops: Arc<Stops>,
    /// What it may write is nobody else's before.
    grant: Grant,
}

/// Says that a process is gone which the scheduler may take to wait for others.
struct Gone {
    number: u64,
    stops: Arc<Stops>,
    to: mpsc::Sender<u64>,
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.stops.forget(self.number);
        // There is room for all that the scheduler knows of. Without one nobody hears it.
        let _ = self.to.try_send(self.number);
    }
}

impl Process for Confined {
    fn admit(&mut self, seat: &Seat) -> bool {
        self.stops.attach(seat, self.job.stopper())
    }

    fn feed(&mut self, order: Vec<u8>) {
        self.job.feed(order);
    }

    fn listen(&mut self) -> std::result::Result<Option<Vec<u8>>, End> {
        self.job.listen()
    }

    fn end(&mut self) {
        self.job.end();
    }

    fn scratch(&self) -> &Path {
        self.job.scratch()
    }

    fn took(&self) -> (Duration, u64) {
        (self.job.time(), self.job.memory())
    }

    /// What the next one writes is to fit beside what is there.
    fn may_wait(&self) -> bool {
        let has_room = self.job.written() <= self.grant.bytes / 4 * 3;
        self.stops.is_open() && self.job.time() < YOUTH && has_room
    }
}

impl Executor {
    /// Has a job done, and those that are done along with it.
    pub(super) fn begin(
        self: &Arc<Self>,
        mut first: Assignment,
        jobs: &mut Jobs,
        doors: &mut Doors,
    ) {
        let count = first.all().count();
        let along = mem::take(&mut first.along);
        let mut begin = |one: Assignment, guest: Option<Guest>| {
            jobs.begin(vec![one.work.seat], Arc::clone(self).together(one, guest));
        };
        match first.room {
            // Its process is as the others, and nobody comes along.
            Room::Alone if first.work.errand.is_some() => match self.host(&first, 1) {
                Ok((_, guests)) => begin(first, guests.into_iter().next()),
                Err(trouble) => {
                    let seat = first.work.seat;
                    jobs.begin(vec![seat], Arc::clone(self).unopened(first, trouble));
                }
            },
            Room::Alone => jobs.begin(vec![first.work.seat], Arc::clone(self).alone(first)),
            Room::Joins(number) => {
                for one in iter::once(first).chain(along) {
                    begin(one, doors.get(&number).and_then(Door::enter));
                }
            }
            Room::Begins(number) => match self.host(&first, count) {
                Ok((door, guests)) => {
                    doors.retain(|_, door| !door.is_closed());
                    doors.insert(number, door);
                    for (one, guest) in iter::once(first).chain(along).zip(guests) {
                        begin(one, Some(guest));
                    }
                }
                Err(trouble) => {
                    along.into_iter().for_each(|one| begin(one, None));
                    let seat = first.work.seat;
                    jobs.begin(vec![seat], Arc::clone(self).unopened(first, trouble));
                }
            },
        }
    }

    /// A process for so many jobs. It is begun when the first of them is put to it. Of one that may
    /// be kept it is said when it is gone, also where it is never begun.
    fn host(
        self: &Arc<Self>,
        lead: &Assignment,
        count: usize,
    ) -> std::result::Result<(Door, Vec<Guest>), Trouble> {
        let gone = lead.kept().map(|number| {
            let (stops, to) = (Arc::clone(&self.stops), self.gone.clone());
            Gone { number, stops, to }
        });
        let folder = self.artifacts.desk(&[])?;
        let linger = gone.as_ref().map_or(Duration::ZERO, |_| self.linger);
        let (this, lead, path) = (Arc::clone(self), lead.clone(), folder.path().to_path_buf());
        let (door, guests, desk) = shared::open(count, folder, linger);
        // Where it breaks off, those who wait for it hear of it.
        drop(spawn_blocking(move || {
            desk.serve(|first| this.start(&lead, first, &path));
            drop(gone);
        }));
        Ok((door, guests))
    }

    fn start(
        &self,
        lead: &Assignment,
        first: &Put,
        desk: &Path,
    ) -> std::result::Result<Confined, Trouble> {
        let grant = self.disk.grant(&self.disk.scratch, writes(&first.files))?;
        let mut request = self.request(lead, &first.files, desk, first.until, &grant);
        // Each of its jobs is held to its own time.
        request.limits.time = request.limits.time.max(LIFE);
        let job = self.sandbox.start(&request)?;
        if let Some(number) = lead.kept() {
            self.stops.host(number, job.stopper());
        }
        Ok(Confined { job, stops: Arc::clone(&self.stops), grant })
    }

    /// There is nowhere to put it.
    async fn unopened(self: Arc<Self>, one: Assignment, trouble: Trouble) -> Result<()> {
        let (seat, until) = (one.work.seat, Instant::now() + one.time);
        self.stops.begin(seat);
        self.finish(&one.work, one.tries, until, Err(trouble)).await?;
        let _ = self.ends.send(Ended { seat, then: Then::Over }).await;
        Ok(())
    }

    /// Has a job done by a process that it shares, if that is still there.
    async fn together(self: Arc<Self>, one: Assignment, guest: Option<Guest>) -> Result<()> {
        let (seat, until) = (one.work.seat, Instant::now() + one.time);
        self.stops.begin(seat);
        let then = match guest {
            Some(guest) => self.share(&one, guest, until).await?,
            None => self.elsewhere(&one, until, Then::Again).await?,
        };
        let _ = self.ends.send(Ended { seat, then }).await;
        Ok(())
    }

    async fn share(
        self: &Arc<Self>,
        one: &Assignment,
        guest: Guest,
        until: Instant,
    ) -> Result<Then> {
        if let Some(made) = self.brought(&one.work).await {
            self.finish(&one.work, one.tries, until, Ok(made)).await?;
            return Ok(Then::Over);
        }
        let found_waiting = guest.finds_it_waiting();
        let (told, _stay) = match self.put(one, guest, until).await {
            Ok((told, stay)) => (told, Some(stay)),
            Err(trouble) => (Told::Refused(trouble), None),
        };
        let result = match told {
            Told::Outcome(Outcome::Made(made), scratch) => {
                if found_waiting {
                    self.metrics.warm();
                }
                let (this, work) = (Arc::clone(self), one.work.clone());
                let answering = spawn_blocking(move || this.receive(&work, made, &scratch));
                computed(answering.await)
            }
            Told::Outcome(Outcome::Failed(fault), _) => Err(fault.into()),
            Told::Ended(end) => Err(trouble(end)),
            Told::Refused(trouble) => Err(trouble),
            Told::Apart => return self.elsewhere(one, until, Then::Apart).await,
            Told::Again => return self.elsewhere(one, until, Then::Again).await,
        };
        self.learn_size(one, &result);
        self.finish(&one.work, one.tries, until, result).await?;
        Ok(Then::Over)
    }

    /// Fetches what a job needs, and has the process do it.
    async fn put(
        self: &Arc<Self>,
        one: &Assignment,
        guest: Guest,
        until: Instant,
    ) -> std::result::Result<(Told, Stay), Trouble> {
        let bundle = match one.work.errand {
            Some(_) => None,
            None => self.bundle(&one.work.terms.job).await?,
        };
        let near = self.near(&one.work).await;
        let (this, assignment) = (Arc::clone(self), one.clone());
        let folder = guest.folder().to_path_buf();
        let preparing = spawn_blocking(move || match &assignment.work.errand {
            Some(errand) => this.prepare_errand(&assignment, errand, &near, &folder, until),
            None => this.prepare(&assignment, bundle, &near, &folder),
        });
        // Its files are there as long as the process may read them.
        let (charge, files, _desk) = computed(preparing.await)?;
        let put = Instant::now();
        let told = guest.put(one.work.seat, charge, files, until).await;
        self.metrics.took(put.elapsed());
        info!("{} took {:.1} s", one.work.seat, put.elapsed().as_secs_f64());
        Ok(told)
    }

    fn prepare(
        &self,
        one: &Assignment,
        bundle: Option<File>,
        near: &[NodeId],
        folder: &Path,
    ) -> std::result::Result<(Charge, Vec<File>, TempDir), Trouble> {
        let job = &one.work.terms.job;
        self.sandbox.admit(job::profile(&one.work))?;
        let files = self.gather(one, job::named_files(job)?, bundle, near)?;
        let desk = self.artifacts.desk_in(folder, &files)?;
        let fingerprint = job::over(&one.work, None);
        let order = Order { fingerprint, ..Order::of(job, job::input(job), bundle) };
        // What is derived from the model is in the scratch folder, wherever that will be.
        let order = self.order(order, &one.work, desk.path(), Path::new(""))?;
        Ok((order.into(), files, desk))
    }

    /// What is answered. The process goes on, and could change what it wrote while that is looked
    /// at.
    fn receive(
        &self,
        work: &Work,
        made: cairn_order::Made,
        scratch: &Path,
    ) -> std::result::Result<Made, Trouble> {
        let mut made = self.book.bend(work.seat.part, made);
        if let Some(errand) = &work.errand {
            return self.receive_errand(work, errand, &made, scratch);
        }
        if let Product::Scratch(name) = &made.product {
            made.product = Product::Inline(taken(scratch, name)?);
        }
        self.answer(work, &made, scratch)
    }

    /// Leaves a job to another process, unless nobody waits for it any more.
    async fn elsewhere(&self, one: &Assignment, until: Instant, then: Then) -> Result<Then> {
        let Assignment { work, tries, .. } = one;
        if !self.stops.goes_on(&work.seat) {
            self.finish(work, *tries, until, Err(Trouble::Stopped)).await?;
            return Ok(Then::Over);
        }
        // Whatever it was given is pinned anew.
        if let Err(reason) = self.artifacts.unpin(&work.seat).await {
            warn!("{}: its files are kept on: {reason}", work.seat);
        }
        if then == Then::Apart {
            self.metrics.job("apart");
        }
        self.stops.end(&work.seat);
        Ok(then)
    }
}

/// Takes a file out of a scratch folder.
fn taken(scratch: &Path, name: &str) -> std::result::Result<Vec<u8>, Trouble> {
    let unread = |reason: io::Error| Trouble::later(Failure::Internal, reason);
    let (path, _) = job::product(scratch, name)?;
    let mut bytes = Vec::new();
    opened(&path).map_err(unread)?.take(MADE + 1).read_to_end(&mut bytes).map_err(unread)?;
    fs::remove_file(&path).map_err(unread)?;
    if bytes.len() as u64 > MADE {
        let words = format!("it made more than {MADE} bytes of a text");
        return Err(Fault::new(Failure::Contained, words).into());
    }
    Ok(bytes)
}

/// A file, and neither what it links to nor something that is waited for: the process may have put
/// anything there since it was looked at.
pub(super) fn opened(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    Ok(file)
}

/// Of a process that ended without an answer.
fn trouble(end: End) -> Trouble {
    match job::made(end) {
        Err(trouble) => trouble,
        Ok(_) => Fault::new(Failure::Internal, "it answered an order that it was not given").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn taken_should_read_a_file_once_and_none_that_is_too_long() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("output-1"), b"stone").unwrap();
        assert_eq!(taken(scratch.path(), "output-1").unwrap(), b"stone");
        assert!(taken(scratch.path(), "output-1").is_err());
        let path = scratch.path().join("output-2");
        fs::File::create(&path).unwrap().set_len(MADE + 1).unwrap();
        let long = taken(scratch.path(), "output-2");
        let Err(Trouble::Fault(fault)) = long else { panic!("{long:?}") };
        assert_eq!(fault.failure, Failure::Contained);
        assert!(!path.exists());
    }

    #[test]
    fn opened_should_follow_no_link_and_wait_for_nobody() {
        let scratch = tempfile::tempdir().unwrap();
        let [key, link, folder] = ["key", "link", "folder"].map(|name| scratch.path().join(name));
        fs::write(&key, b"secret").unwrap();
        symlink(&key, &link).unwrap();
        fs::create_dir(&folder).unwrap();
        assert!(opened(&key).is_ok());
        assert!(opened(&link).is_err() && opened(&folder).is_err());
    }
}
