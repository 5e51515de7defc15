//! A process that several jobs share. Others may join it as long as one of them is there, and for a
//! while longer where it is kept.
//!
//! ```text
//! door ──▶ guest: prepares its order ──▶ put ──▶ desk: one thread, which has the process ──▶ told
//!          and stays as long as it reads          order ▲▼ outcome, by number
//!          what the process wrote                 cairn-job
//! ```
//!
//! A process that is kept has the desk itself for a guest, so that the door stays open. Whoever
//! wants its room stops it, and the desk leaves.
//!
//! Where the process ends otherwise than by its answers, nobody knows which of its jobs it was for:
//! each that it was given is to be done apart, unless there was one alone.

use crate::{job::Trouble, work::Seat};
use cairn_order::{Judging, Order, Outcome};
use cairn_protocol::id::File;
use cairn_sandbox::End;
use std::{
    collections::BTreeMap,
    mem,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
        Arc, Weak,
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tracing::info;

/// Between two looks at whether anybody is left to put the first order.
const TICK: Duration = Duration::from_millis(20);

/// What is had of a process, a confined one or a test's.
pub(super) trait Process {
    /// Whether a job is still wanted. From now on whoever stops it ends the process.
    fn admit(&mut self, seat: &Seat) -> bool;
    fn feed(&mut self, order: Vec<u8>);
    /// What it answers within a moment, or how it ended.
    fn listen(&mut self) -> Result<Option<Vec<u8>>, End>;
    /// What it wrote is left.
    fn end(&mut self);
    fn scratch(&self) -> &Path;
    /// How long it has been there, and the bytes of memory that it took.
    fn took(&self) -> (Duration, u64);
    /// Whether it may wait for others when its jobs are over.
    fn may_wait(&self) -> bool;
}

/// What a process is given to do.
#[derive(Debug)]
pub(super) enum Charge {
    Job(Order),
    Brief(Judging),
}

impl Charge {
    fn numbered_to_bytes(&self, number: u32) -> Vec<u8> {
        match self {
            Self::Job(order) => order.numbered_to_bytes(number),
            Self::Brief(judging) => judging.numbered_to_bytes(number),
        }
    }
}

impl From<Order> for Charge {
    fn from(order: Order) -> Self {
        Self::Job(order)
    }
}

/// What came of an order.
#[derive(Debug)]
pub(super) enum Told {
    /// What it wrote is in this folder.
    Outcome(Outcome, PathBuf),
    /// The process was given no other order, and ended so.
    Ended(End),
    /// It was not given to the process.
    Refused(Trouble),
    /// The process came to nothing, and nobody knows for which of its orders.
    Apart,
    /// The process was over before it was given this order.
    Again,
}

/// Where jobs enter.
pub(super) struct Door(Weak<Hall>);

/// A job that has entered, and is to put its order.
pub(super) struct Guest {
    place: Place,
    hall: Arc<Hall>,
}

/// As long as it is kept, what the process wrote is there.
pub(super) struct Stay {
    _hall: Arc<Hall>,
}

/// What all who have entered share.
struct Hall {
    puts: Sender<Put>,
    here: Arc<AtomicUsize>,
    /// What the process may read: each of them has a folder in it.
    folder: TempDir,
    /// Whether the process has waited for others.
    waited: AtomicBool,
}

/// Counted as long as it is there. When none is, nobody enters any more.
struct Place(Arc<AtomicUsize>);

/// An order as it is put.
pub(super) struct Put {
    pub seat: Seat,
    pub order: Charge,
    /// What it reads.
    pub files: Vec<File>,
    /// When its time is over.
    pub until: Instant,
    told: oneshot::Sender<Told>,
    place: Place,
}

/// Where orders are put.
pub(super) struct Desk {
    puts: Receiver<Put>,
    here: Arc<AtomicUsize>,
    /// None where the process ends with the last of its jobs.
    keep: Option<Keep>,
    /// How long the process had nothing to do.
    idle: Duration,
}

/// What holds the door open when nobody else is there.
struct Keep {
    // The place is given back before the folder goes.
    _place: Place,
    hall: Arc<Hall>,
    /// For so long.
    linger: Duration,
    /// Since when nobody else is there.
    since: Option<Instant>,
}

/// A process, and the orders that it has not answered.
struct Table<P> {
    process: P,
    open: BTreeMap<u32, Put>,
    /// Orders that it was given, which is the next one's number.
    given: u32,
    /// The order that has all of its time, since it shares with none.
    alone: Option<u32>,
    /// Whether something came of the last that it answered.
    is_sound: bool,
}

/// For a process that is begun for so many jobs, may read what is in that folder, and waits for
/// others for so long when the last job is over.
pub(super) fn open(count: usize, folder: TempDir, linger: Duration) -> (Door, Vec<Guest>, Desk) {
    let (puts, put) = mpsc::channel();
    let here = Arc::new(AtomicUsize::new(count));
    let waited = AtomicBool::new(false);
    let hall = Arc::new(Hall { puts, here: Arc::clone(&here), folder, waited });
    let guest = |_| Guest { place: Place(Arc::clone(&here)), hall: Arc::clone(&hall) };
    let guests = (0..count).map(guest).collect();
    let keep = (!linger.is_zero()).then(|| Keep::of(&hall, linger));
    let desk = Desk { puts: put, here, keep, idle: Duration::ZERO };
    (Door(Arc::downgrade(&hall)), guests, desk)
}

impl Door {
    /// None where nobody is there any more.
    pub(super) fn enter(&self) -> Option<Guest> {
        let hall = self.0.upgrade()?;
        let mut here = hall.here.load(Ordering::Acquire);
        while here > 0 {
            let more = here.saturating_add(1);
            match hall.here.compare_exchange(here, more, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                Err(other) => here = other,
            }
        }
        (here > 0).then(|| Guest { place: Place(Arc::clone(&hall.here)), hall })
    }

    /// Whether those who have entered are gone.
    pub(super) fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl Guest {
    /// Whether its process has waited for others before, with what it has open.
    pub(super) fn finds_it_waiting(&self) -> bool {
        self.hall.waited.load(Ordering::Acquire)
    }

    /// The folder in which it finds a place for its files.
    pub(super) fn folder(&self) -> &Path {
        self.hall.folder.path()
    }

    /// Has an order done that reads these files, and has time until then.
    pub(super) async fn put(
        self,
        seat: Seat,
        order: impl Into<Charge>,
        files: Vec<File>,
        until: Instant,
    ) -> (Told, Stay) {
        let Self { place, hall } = self;
        let (told, hears) = oneshot::channel();
        // Whoever takes it tells of it, unless that breaks off.
        let order = order.into();
        let _ = hall.puts.send(Put { seat, order, files, until, told, place });
        (hears.await.unwrap_or(Told::Apart), Stay { _hall: hall })
    }
}

impl Keep {
    fn of(hall: &Arc<Hall>, linger: Duration) -> Self {
        let hall = Arc::clone(hall);
        hall.here.fetch_add(1, Ordering::AcqRel);
        Self { _place: Place(Arc::clone(&hall.here)), hall, linger, since: None }
    }

    fn is_alone(&self) -> bool {
        self.hall.here.load(Ordering::Acquire) <= 1
    }

    /// How long nobody else has been there.
    fn idle(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Put {
    fn tell(self, told: Told) {
        let Self { told: to, place, .. } = self;
        drop(place);
        // Nobody hears it where all of this is about to end.
        let _ = to.send(told);
    }
}

impl Desk {
    /// Has a process do what is put, from the first order on until nobody is there any more, and
    /// nobody comes for as long as it is kept. What it wrote is there until the last has gone.
    pub(super) fn serve<P: Process>(mut self, start: impl FnOnce(&Put) -> Result<P, Trouble>) {
        let Some(first) = self.first() else { return };
        let kept = match start(&first) {
            Ok(process) => {
                let open = BTreeMap::new();
                let mut table = Table { process, open, given: 0, alone: None, is_sound: false };
                table.serve(first, &mut self);
                Some(table)
            }
            Err(trouble) => {
                first.tell(Told::Refused(trouble));
                None
            }
        };
        // Else it would wait for what it could put itself.
        self.leave();
        for put in &self.puts {
            put.tell(Told::Again);
        }
        drop(kept);
    }

    /// Whether nobody is there any more, and the process is not kept. Once it is so it stays so:
    /// whoever enters before finds it, and nobody enters after.
    fn is_over(&mut self, may_wait: impl FnOnce() -> bool) -> bool {
        let Some(keep) = &mut self.keep else { return self.is_empty() };
        if !keep.is_alone() {
            self.idle += keep.idle();
            keep.since = None;
            return false;
        }
        let since = *keep.since.get_or_insert_with(Instant::now);
        if since.elapsed() < keep.linger && may_wait() {
            keep.hall.waited.store(true, Ordering::Release);
            return false;
        }
        self.leave();
        self.is_empty()
    }

    /// Whether nobody is there any more.
    fn is_empty(&self) -> bool {
        self.here.load(Ordering::Acquire) == 0
    }

    /// Holds the door open no longer.
    fn leave(&mut self) {
        self.idle += self.keep.take().map_or(Duration::ZERO, |keep| keep.idle());
    }

    fn first(&mut self) -> Option<Put> {
        loop {
            match self.puts.recv_timeout(TICK) {
                Ok(put) => return Some(put),
                // Of no process is nothing kept.
                Err(RecvTimeoutError::Timeout) if !self.is_over(|| false) => {}
                Err(_) => return None,
            }
        }
    }
}

impl<P: Process> Table<P> {
    fn serve(&mut self, first: Put, desk: &mut Desk) {
        self.give(first);
        let ended = self.attend(desk);
        self.process.end();
        desk.leave();
        let (time, memory) = self.process.took();
        let time = time.saturating_sub(desk.idle);
        let (given, seconds, mib) = (self.given, time.as_secs_f64(), memory >> 20);
        match given {
            0 | 1 => info!("a process took {seconds:.1} s, {mib} MiB"),
            _ => info!("{given} jobs together took {seconds:.1} s, {mib} MiB"),
        }
        let Some(end) = ended else { return };
        let open = mem::take(&mut self.open);
        if given > 1 && !open.is_empty() {
            info!("{} jobs are done one by one: their process ended by {end:?}", open.len());
        }
        for put in open.into_values() {
            put.tell(if given > 1 { Told::Apart } else { Told::Ended(end.clone()) });
        }
    }

    /// Goes on until nobody is there, nor comes while it is kept; how it ended where it does
    /// before.
    fn attend(&mut self, desk: &mut Desk) -> Option<End> {
        while !desk.is_over(|| self.may_wait()) {
            while let Ok(put) = desk.puts.try_recv() {
                self.give(put);
            }
            let now = Instant::now();
            if self.open.values().any(|put| put.until <= now) {
                return Some(End::OutOfTime);
            }
            match self.process.listen() {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    if let Err(words) = self.take(&bytes, desk) {
                        return Some(End::Unreadable(words));
                    }
                }
                Err(end) => return Some(end),
            }
        }
        None
    }

    /// Nothing is kept of one that had nothing to do, or failed at what it did last.
    fn may_wait(&self) -> bool {
        self.is_sound && self.process.may_wait()
    }

    /// Who shares a process has half of its time there, so that as much is left to do it apart. Who
    /// has it alone has all of it, whoever was there before.
    fn give(&mut self, mut put: Put) {
        if !self.process.admit(&put.seat) {
            return put.tell(Told::Refused(Trouble::Stopped));
        }
        let now = Instant::now();
        if self.open.is_empty() {
            self.alone = Some(self.given);
        } else {
            put.until = half(now, put.until);
            let alone = self.alone.take().and_then(|number| self.open.get_mut(&number));
            if let Some(alone) = alone {
                alone.until = half(now, alone.until);
            }
        }
        info!("{} is given its order", put.seat);
        self.process.feed(put.order.numbered_to_bytes(self.given));
        self.open.insert(self.given, put);
        self.given = self.given.wrapping_add(1);
    }

    /// Tells whoever put the order that it answers. What answers none is as good as no answer.
    fn take(&mut self, bytes: &[u8], desk: &mut Desk) -> Result<(), String> {
        let read = Outcome::numbered_from_bytes(bytes);
        let (number, outcome) = read.map_err(|unreadable| unreadable.to_string())?;
        let put = self.open.remove(&number).ok_or("it answers what it was not asked")?;
        let Put { told, place, .. } = put;
        drop(place);
        self.is_sound = matches!(outcome, Outcome::Made(_));
        // What it took is free before anybody is told that it is.
        if desk.is_over(|| self.may_wait()) {
            self.process.end();
        }
        let _ = told.send(Told::Outcome(outcome, self.process.scratch().to_path_buf()));
        Ok(())
    }
}

fn half(now: Instant, until: Instant) -> Instant {
    now + until.saturating_duration_since(now) / 2
}

#[cfg(test)]
mod tests;
