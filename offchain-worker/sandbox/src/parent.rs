//! The worker's side: it starts a child, waits until it is confined, and watches it.

mod process;

use crate::{
    child::CONFINED,
    error::Error,
    group::Group,
    launcher,
    limits::{Cell, Limits, Profile},
    means::Means,
    slot::{Slot, Slots, SLOTS},
    watch,
};
use nix::unistd::geteuid;
use process::{Process, Talk};
use serde::{Deserialize, Serialize};
use std::{
    fs::Permissions,
    os::unix::{
        fs::{chown, PermissionsExt},
        process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
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
/// What other programs of the same user may start while a job runs, where threads are counted by
/// user. The watch holds the job itself to its limit.
const SPARE_TASKS: u64 = 256;
/// How the standard library begins its last words when there is no memory left.
const NO_MEMORY: &str = "memory allocation of ";

/// Starts jobs on this machine.
#[derive(Debug)]
pub struct Sandbox {
    means: Means,
    scratch: PathBuf,
    gpu: bool,
    slots: Slots,
}

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Request {
    /// A program that calls [`crate::child::enter`] first.
    pub binary: PathBuf,
    pub profile: Profile,
    pub limits: Limits,
    /// Files and folders that it may read. Started as root, all users must be able to.
    pub read: Vec<PathBuf>,
}

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
    memory: u64,
    _slot: Slot,
}

impl Sandbox {
    /// Jobs get folders in `scratch`. Refuses a machine that cannot confine them.
    pub fn new(means: Means, scratch: &Path) -> Result<Self, Error> {
        if !means.landlock {
            return Err(Error::NoLandlock);
        }
        if !means.seccomp {
            return Err(Error::NoSeccomp);
        }
        if means.root && means.users.is_none() {
            return Err(Error::NoUsers);
        }
        let scratch = scratch
            .canonicalize()
            .map_err(|reason| Error::Scratch { path: scratch.to_path_buf(), reason })?;
        Ok(Self { means, scratch, gpu: false, slots: Slots::default() })
    }

    /// Also takes jobs of [`Profile::Gpu`], which are held less tightly.
    pub fn with_gpu(mut self) -> Self {
        self.gpu = true;
        self
    }

    /// Refuses a profile that is off.
    pub fn admit(&self, profile: Profile) -> Result<(), Error> {
        match profile {
            Profile::Gpu if !self.gpu => Err(Error::GpuOff),
            Profile::Cpu | Profile::Gpu => Ok(()),
        }
    }

    /// Starts a child and returns once it is confined.
    pub fn start(&self, request: &Request) -> Result<Sandboxed, Error> {
        self.start_in(request, &self.scratch)
    }

    /// The same with its scratch folder elsewhere, in memory for example. What is above that folder
    /// has to have no links.
    pub fn start_in(&self, request: &Request, folder: &Path) -> Result<Sandboxed, Error> {
        self.admit(request.profile)?;
        let slot = self.slots.take().ok_or(Error::Full { most: SLOTS })?;
        let user = self.user(&slot);
        let scratch = scratch(folder, user)?;
        let limits = request.limits.clone();
        let group = self
            .means
            .groups
            .group(limits.memory, limits.threads)
            .map_err(|reason| Error::Group { reason })?;
        let cell = self.cell(request, user, scratch.path(), group.as_ref());
        let mut process = launch(&request.binary, &cell, group)?;
        let talk = Talk::with(&mut process, limits.answer)
            .map_err(|reason| unstarted(&request.binary, reason))?;
        let stopped = Arc::default();
        let job = Sandboxed { process, talk, limits, scratch, stopped, memory: 0, _slot: slot };
        job.confined()
    }

    /// Whom a child becomes: each somebody else, so that none can reach another.
    fn user(&self, slot: &Slot) -> Option<u32> {
        let first = self.means.users.filter(|_| self.means.root)?;
        first.checked_add(slot.number())
    }

    fn cell(
        &self,
        request: &Request,
        user: Option<u32>,
        scratch: &Path,
        group: Option<&Group>,
    ) -> Cell {
        let threads = u64::from(request.limits.threads);
        let tasks = match user {
            Some(_) => threads,
            None => watch::tasks_of(geteuid().as_raw()) + threads + SPARE_TASKS,
        };
        Cell {
            profile: request.profile,
            limits: request.limits.clone(),
            scratch: scratch.to_path_buf(),
            read: request.read.clone(),
            user,
            data: group.is_none().then_some(request.limits.memory),
            tasks,
            parent: std::process::id().cast_signed(),
        }
    }
}

/// An empty folder for one child alone.
fn scratch(folder: &Path, user: Option<u32>) -> Result<TempDir, Error> {
    let failed = |reason| Error::Scratch { path: folder.to_path_buf(), reason };
    let scratch = tempfile::Builder::new()
        .prefix("cairn-job-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder)
        .map_err(failed)?;
    if user.is_some() {
        chown(scratch.path(), user, user).map_err(failed)?;
    }
    Ok(scratch)
}

/// Starts the program. It waits for its order, which it is not given before it is in its group.
fn launch(binary: &Path, cell: &Cell, group: Option<Group>) -> Result<Process, Error> {
    let mut paths = cell.read.iter().chain([&cell.scratch]);
    if let Some(path) = paths.find(|path| path.to_str().is_none()) {
        return Err(Error::Name { path: path.clone() });
    }
    let words = serde_json::to_string(cell).map_err(|reason| unstarted(binary, reason.into()))?;
    let mut command = Command::new(binary);
    command
        .arg(words)
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = launcher::spawn(command).map_err(|reason| unstarted(binary, reason))?;
    let process = Process::new(child, group);
    process.join_group().map_err(|reason| Error::Group { reason })?;
    Ok(process)
}

fn unstarted(binary: &Path, reason: std::io::Error) -> Error {
    Error::Unstarted { binary: binary.to_path_buf(), reason }
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
        let started = Instant::now();
        self.talk.order(order);
        let seen = self.attend(started);
        // The dead have said all they had to say.
        let status = self.process.end();
        let words = self.talk.last_words();
        let end = match seen {
            Some(end) => end,
            None => self.judge(status, words),
        };
        Finished { end, time: started.elapsed(), memory: self.memory }
    }

    /// Waits for the word that says so.
    fn confined(mut self) -> Result<Self, Error> {
        match self.talk.answer(CONFINING) {
            Ok(Ok(Some(word))) if word == CONFINED => Ok(self),
            _ => {
                self.process.end();
                Err(Error::NotConfined { words: self.talk.last_words() })
            }
        }
    }

    /// Until there is an answer or a reason to end it; none where it ended by itself.
    fn attend(&mut self, started: Instant) -> Option<End> {
        loop {
            match self.talk.answer(TICK) {
                Ok(Ok(Some(answer))) => return Some(End::Answered(answer)),
                Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => {
                    let left = self.limits.time.saturating_sub(started.elapsed());
                    self.process.wait(left.min(LEAVING));
                    return None;
                }
                Ok(Err(reason)) => return Some(End::Unreadable(reason.to_string())),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.stopped.load(Ordering::Relaxed) {
                return Some(End::Stopped);
            }
            if started.elapsed() >= self.limits.time {
                return Some(End::OutOfTime);
            }
            if let Some(end) = self.exceeded() {
                return Some(end);
            }
        }
    }

    fn exceeded(&mut self) -> Option<End> {
        let seen = watch::process(self.process.id());
        self.memory = self.memory.max(seen.memory);
        if seen.memory > self.limits.memory {
            Some(End::OutOfMemory)
        } else if seen.tasks > u64::from(self.limits.threads) {
            Some(End::TooManyThreads)
        } else if watch::folder(self.scratch.path()) > self.limits.disk {
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
