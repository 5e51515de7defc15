//! The disk of the data folder: what jobs may take of it, so that something is left to record what
//! became of them.
//!
//! ```text
//! what is left ─┬─ jobs: shared by as many as may run, granted before one is begun
//!               ├─ KEPT: journal, outbox and what the store notes; below half of it none runs
//!               └─ private/reserve: a file that goes when there is nothing else
//! ```

pub(crate) mod patient;
pub(crate) mod reserve;

use crate::{
    artifacts::{self, Missing},
    folders::Folders,
    job::Trouble,
};
use cairn_protocol::failure::Failure;
use reserve::{Reserve, BYTES};
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tracing::warn;

/// Bytes of the disk that jobs leave alone.
pub(crate) const KEPT: u64 = 128 << 20;
/// With less than this, whoever else has taken it, no file is fetched and no job goes on.
const LOW: u64 = KEPT / 2;
/// A job that may write less than this is not begun: it would only fail later.
const LEAST: u64 = 16 << 20;

/// What running jobs may write.
#[derive(Debug)]
pub(crate) struct Disk {
    /// On the disk that is looked after.
    data: PathBuf,
    /// Where jobs write, unless that must not be on a disk.
    pub scratch: PathBuf,
    /// How many jobs may run.
    slots: usize,
    reserve: Arc<Reserve>,
    granted: Arc<Mutex<Granted>>,
    /// Bytes that the disk of a folder has left.
    free: fn(&Path) -> Result<u64, Missing>,
}

/// Bytes by the jobs that may write them, with the disk that they are on.
#[derive(Debug, Default)]
struct Granted {
    next: u64,
    jobs: BTreeMap<u64, (u64, u64)>,
}

/// What one job may write, until this is dropped.
#[derive(Debug)]
pub(crate) struct Grant {
    number: u64,
    /// In its folder.
    pub bytes: u64,
    /// The disk of that folder is to have as many left: else no job goes on there.
    pub spare: u64,
    granted: Arc<Mutex<Granted>>,
}

impl Disk {
    pub fn new(folders: &Folders, scratch: PathBuf, slots: usize, reserve: Arc<Reserve>) -> Self {
        let (data, granted) = (folders.data.clone(), Arc::default());
        Self { data, scratch, slots, reserve, granted, free: artifacts::free }
    }

    /// What a job may write to a folder that would write so much at most. It is refused where there
    /// is hardly anything for it.
    pub fn grant(&self, folder: &Path, most: u64) -> Result<Grant, Trouble> {
        let free = (self.free)(folder)?;
        let disk = device(folder).map_err(unknown)?;
        let is_own = device(&self.data).map_err(unknown)? == disk;
        let (kept, spare) = if is_own { (KEPT, LOW) } else { (0, 0) };
        let mut granted = lock(&self.granted);
        let others = granted.jobs.values().filter(|(other, _)| *other == disk);
        // What they have written already is counted twice, which errs on the side of room.
        let taken = others.fold(kept, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let bytes = share(free.saturating_sub(taken), self.slots, granted.jobs.len()).min(most);
        if bytes < LEAST.min(most) {
            let (need, have) = (LEAST.min(most) >> 20, bytes >> 20);
            let words = format!("a job needs {need} MiB to write to, and the disk gives it {have}");
            return Err(Trouble::later(Failure::DiskFull, words));
        }
        let number = granted.next;
        granted.next = number.wrapping_add(1);
        granted.jobs.insert(number, (disk, bytes));
        Ok(Grant { number, bytes, spare, granted: Arc::clone(&self.granted) })
    }

    /// Refuses to fetch anything to a disk that is about to be full.
    pub fn check(&self) -> Result<(), Trouble> {
        let have = (self.free)(&self.data)?;
        self.lend(have);
        match short(have) {
            None => Ok(()),
            Some(words) => Err(Trouble::later(Failure::DiskFull, words)),
        }
    }

    /// Lets go of the reserve for those, too, who cannot wait for room: what the node notes of the
    /// files that it offers is of no use any more once a write to it has failed.
    fn lend(&self, free: u64) {
        if free < BYTES && self.reserve.release() {
            warn!("the disk has {} MiB left: the reserve is used", free >> 20);
        }
    }

    /// Lets go of the reserve where it is needed, and takes it again once there is room for it
    /// beside what is kept.
    pub fn renew(&self) {
        let Ok(free) = (self.free)(&self.data) else { return };
        self.lend(free);
        if self.reserve.is_there() || free < KEPT.saturating_add(BYTES) {
            return;
        }
        if let Err(reason) = self.reserve.fill() {
            warn!("no room can be reserved for what is recorded: {reason}");
        }
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        lock(&self.granted).jobs.remove(&self.number);
    }
}

/// Why nothing is recorded, or nothing begun, with what the disk of this folder has left.
pub(crate) fn trouble(data: &Path, reserve: &Reserve) -> Option<String> {
    if reserve.is_waited_for() {
        return Some("the disk is full, and nothing can be recorded".into());
    }
    artifacts::free(data).ok().and_then(short)
}

/// That a disk with this much left is about to be full, if it is.
fn short(free: u64) -> Option<String> {
    let (have, kept) = (free >> 20, KEPT >> 20);
    (free < LOW).then(|| format!("the disk has {have} MiB left of {kept} that are kept"))
}

/// An equal part of what is left, for each job that may still begin.
fn share(left: u64, slots: usize, running: usize) -> u64 {
    let more = slots.saturating_sub(running).max(1);
    left / u64::try_from(more).unwrap_or(u64::MAX)
}

/// By which number the kernel knows the disk of a folder.
fn device(folder: &Path) -> io::Result<u64> {
    fs::metadata(folder).map(|found| found.dev())
}

fn unknown(reason: io::Error) -> Trouble {
    Trouble::later(Failure::Internal, reason)
}

fn lock(granted: &Mutex<Granted>) -> MutexGuard<'_, Granted> {
    granted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
