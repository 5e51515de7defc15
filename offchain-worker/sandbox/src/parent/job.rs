//! A child that is confined, from its first order to its end.

use super::process::{Process, Talk};
use crate::{child::CONFINED, error::Error, limits::Limits, slot::Slot, watch};
use serde::{Deserialize, Serialize};
use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    process::ExitStatus,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::RecvTimeoutError,
        Arc,
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How often a child is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long a child may take to confine itself, on a machine that is busy.
const CONFINING: Duration = Duration::from_secs(20);
/// How long a child may go on after it has closed what it answers by.
const LEAVING: Duration = Duration::from_secs(1);
/// How the standard library begins its last words when there is no memory left.
const NO_MEMORY: &str = "memory allocation of ";

/// How a job ended. What a child says of itself is not to be trusted, but its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum End {
    Answered(Vec<u8>),
    OutOfTime,
    OutOfMemory,
    /// It wrote more than it may.
    OutOfDisk,
    /// Its disk has less left than is to be, whoever has taken it.
    DiskFull,
    TooManyThreads,
    /// Its answer was longer than allowed, or broke off.
    Unreadable(String),
    /// By [`Stopper::stop`].
    Stopped,
    /// It ended without an answer.
    Left {
        code: i32,
        words: String,
    },
    /// A signal ended it.
    Died {
        signal: i32,
        words: String,
    },
}

/// How a job ended, and what it took.
#[derive(Clone, Debug)]
pub struct Finished {
    pub end: End,
    pub time: Duration,
    /// The most bytes of memory that the watch saw; 0 for a job too short to be seen.
    pub memory: u64,
}

/// Ends a job from elsewhere.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<AtomicBool>);

/// A child that is confined and waits for its order. It is killed when dropped.
#[derive(Debug)]
pub struct Sandboxed {
    // The child is dead before its folder goes and its user is somebody else's.
    process: Process,
    talk: Talk,
    limits: Limits,
    scratch: TempDir,
    stopped: Arc<AtomicBool>,
    /// When it was given its first order.
    started: Option<Instant>,
    /// When it was last looked at from outside.
    seen: Instant,
    memory: u64,
    _slot: Slot,
}

impl Stopper {
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Sandboxed {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn stopper(&self) -> Stopper {
        Stopper(self.stopped.clone())
    }

    /// Where it writes, for what is larger than an answer. Gone when this is.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Gives it its order, and ends it with its answer or without.
    pub fn run(&mut self, order: Vec<u8>) -> Finished {
        self.feed(order);
        self.talk.close();
        let end = loop {
            match self.listen() {
                Ok(Some(answer)) => break End::Answered(answer),
                Ok(None) => {}
                Err(end) => break end,
            }
        };
        self.process.end();
        Finished { end, time: self.time(), memory: self.memory }
    }

    /// Gives it another order, and does not wait for an answer.
    pub fn feed(&mut self, order: Vec<u8>) {
        if self.started.is_none() {
            self.seen = Instant::now();
            self.started = Some(self.seen);
        }
        self.talk.order(order);
    }

    /// What it says within a moment: an answer, or nothing yet; how it ended, once it has, by
    /// itself or since it did what it may not.
    pub fn listen(&mut self) -> Result<Option<Vec<u8>>, End> {
        let end = match self.hear() {
            Ok(heard) => return Ok(heard),
            Err(end) => end,
        };
        // The dead have said all they had to say.
        let status = self.process.end();
        let words = self.talk.last_words();
        Err(end.unwrap_or_else(|| self.judge(status, words)))
    }

    /// Ends it. What it wrote is there until this is dropped.
    pub fn end(&mut self) {
        self.process.end();
    }

    /// Since it was given its first order.
    pub fn time(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |started| started.elapsed())
    }

    /// The most bytes of memory that the watch saw.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Bytes in its scratch folder.
    pub fn written(&self) -> u64 {
        watch::folder(self.scratch.path())
    }

    /// Waits for the word that says so.
    pub(super) fn confined(
        mut process: Process,
        mut talk: Talk,
        limits: Limits,
        scratch: TempDir,
        slot: Slot,
    ) -> Result<Self, Error> {
        match talk.answer(CONFINING) {
            Ok(Ok(Some(word))) if word == CONFINED => Ok(Self {
                process,
                talk,
                limits,
                scratch,
                stopped: Arc::default(),
                started: None,
                seen: Instant::now(),
                memory: 0,
                _slot: slot,
            }),
            _ => {
                process.end();
                Err(Error::NotConfined { words: talk.last_words() })
            }
        }
    }

    /// An answer, nothing within a moment, or why it is to end; nothing said of that where it ended
    /// by itself.
    fn hear(&mut self) -> Result<Option<Vec<u8>>, Option<End>> {
        // One that answers all the time is looked at as often as one that is silent.
        if self.seen.elapsed() >= TICK {
            self.look()?;
        }
        match self.talk.answer(TICK) {
            Ok(Ok(Some(answer))) => Ok(Some(answer)),
            Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => {
                let left = self.limits.time.saturating_sub(self.time());
                self.process.wait(left.min(LEAVING));
                Err(None)
            }
            Ok(Err(reason)) => Err(Some(End::Unreadable(reason.to_string()))),
            Err(RecvTimeoutError::Timeout) => {
                self.look()?;
                Ok(None)
            }
        }
    }

    /// Fails where it is to end.
    fn look(&mut self) -> Result<(), Option<End>> {
        self.seen = Instant::now();
        let end = if self.stopped.load(Ordering::Relaxed) {
            Some(End::Stopped)
        } else if self.time() >= self.limits.time {
            Some(End::OutOfTime)
        } else {
            self.exceeded()
        };
        end.map_or(Ok(()), |end| Err(Some(end)))
    }

    fn exceeded(&mut self) -> Option<End> {
        let seen = watch::process(self.process.id());
        self.memory = self.memory.max(seen.memory);
        if seen.memory > self.limits.memory {
            Some(End::OutOfMemory)
        } else if seen.tasks > u64::from(self.limits.threads) {
            Some(End::TooManyThreads)
        } else if self.written() > self.limits.disk {
            Some(End::OutOfDisk)
        } else if watch::left(self.scratch.path()).is_some_and(|left| left < self.limits.spare) {
            Some(End::DiskFull)
        } else {
            None
        }
    }

    /// What became of a child that ended by itself.
    fn judge(&self, status: Option<ExitStatus>, words: String) -> End {
        let signal = status.and_then(|status| status.signal());
        match signal {
            Some(libc::SIGXCPU) => End::OutOfTime,
            Some(libc::SIGXFSZ) => End::OutOfDisk,
            Some(libc::SIGKILL) if self.process.ran_out_of_memory() => End::OutOfMemory,
            Some(libc::SIGABRT) if words.contains(NO_MEMORY) => End::OutOfMemory,
            Some(signal) => End::Died { signal, words },
            None => {
                let code = status.and_then(|status| status.code()).unwrap_or(-1);
                End::Left { code, words }
            }
        }
    }
}
