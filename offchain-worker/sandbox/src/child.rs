//! The child's side: it confines itself before it is given anything that it could be misled by.

mod calls;
mod files;
mod user;

use crate::{
    frame,
    limits::{Cell, Limits, Profile},
};
use nix::{
    errno::Errno,
    sys::{
        prctl::{set_dumpable, set_pdeathsig},
        resource::{getrlimit, setrlimit, Resource},
        signal::Signal,
    },
    unistd::{close, getppid},
};
use std::{
    env, fs,
    io::{self, Stdin, Stdout},
};

/// What the child says once it is confined. The parent gives it nothing before.
pub(crate) const CONFINED: &[u8] = b"cairn-confined-1";

/// Why a child did not confine itself. It then ends, and does no job.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this program is started by a worker, not by hand: {0}")]
    Cell(serde_json::Error),
    #[error("it has {0} threads before it is confined, and may have its first alone")]
    Threads(usize),
    #[error("the worker that started it is gone")]
    Orphan,
    #[error("it could not become another user: {0}")]
    User(Errno),
    #[error("it could still become root")]
    StillRoot,
    #[error("{0} could not be bounded: {1}")]
    Limit(&'static str, Errno),
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
    #[error("its files could not be confined: {0}")]
    Files(#[from] files::Error),
    #[error("its system calls could not be confined: {0}")]
    Calls(#[from] seccompiler::Error),
}

/// A child that is confined: where it is asked, and where it answers.
pub struct Confined {
    limits: Limits,
    orders: Orders,
    answers: Answers,
}

/// Where a child is asked.
pub struct Orders(Stdin);

/// Where it answers.
pub struct Answers(Stdout);

/// Confines this process for good, as its first argument says.
///
/// To be called first in `main`. What is opened afterwards, threads included, is confined as well.
pub fn enter() -> Result<Confined, Error> {
    let words = env::args_os().nth(1).and_then(|words| words.into_string().ok());
    let cell: Cell = serde_json::from_str(&words.unwrap_or_default()).map_err(Error::Cell)?;
    alone()?;
    forget_inheritance().map_err(|reason| Error::System("inherited files", reason))?;
    // Opened while it still may; they say what it may open afterwards.
    let rules = files::rules(&cell)?;
    env::set_current_dir(&cell.scratch)
        .map_err(|reason| Error::System("the scratch folder", reason))?;
    bound(&cell)?;
    user::become_user(cell.user)?;
    // After the change of user, which undoes it.
    die_with_parent(cell.parent)?;
    // Nobody of the same user looks into its memory, or finds it in a dump.
    set_dumpable(false).map_err(|reason| Error::System("dumps", reason.into()))?;
    files::confine(rules)?;
    calls::confine(cell.profile)?;
    let mut answers = io::stdout();
    frame::write(&mut answers, CONFINED).map_err(|reason| Error::System("the worker", reason))?;
    Ok(Confined { limits: cell.limits, orders: Orders(io::stdin()), answers: Answers(answers) })
}

impl Confined {
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is to be done; none where the worker has nothing any more.
    pub fn order(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.orders.read()
    }

    /// Whoever has given one order ends this process when it has the answer.
    pub fn answer(&mut self, answer: &[u8]) -> io::Result<()> {
        self.answers.write(answer)
    }

    /// Each by itself, so that one thread can wait for orders while another answers.
    pub fn split(self) -> (Orders, Answers) {
        (self.orders, self.answers)
    }
}

impl Orders {
    /// The next, for which it waits; none where the worker has nothing any more.
    pub fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        frame::read(&mut self.0, u64::from(u32::MAX))
    }
}

impl Answers {
    pub fn write(&mut self, answer: &[u8]) -> io::Result<()> {
        frame::write(&mut self.0, answer)
    }
}

/// Landlock confines one thread, and the threads that it starts.
fn alone() -> Result<(), Error> {
    let threads = fs::read_dir("/proc/self/task")
        .map_err(|reason| Error::System("/proc/self/task", reason))?
        .count();
    if threads == 1 {
        Ok(())
    } else {
        Err(Error::Threads(threads))
    }
}

/// Closes all files but the three it talks by, and forgets the environment.
fn forget_inheritance() -> io::Result<()> {
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|file| file.file_name().to_str()?.parse().ok())
        .collect();
    for file in open.into_iter().filter(|file| *file > 2) {
        match close(file) {
            // The list itself was open too.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(reason) => return Err(reason.into()),
        }
    }
    for (name, _) in env::vars_os() {
        env::remove_var(name);
    }
    Ok(())
}

/// Never above what it has, which only root may raise.
fn bound(cell: &Cell) -> Result<(), Error> {
    let limits = &cell.limits;
    let all = [
        ("core dumps", Resource::RLIMIT_CORE, Some(0)),
        ("message queues", Resource::RLIMIT_MSGQUEUE, Some(0)),
        ("the length of files", Resource::RLIMIT_FSIZE, Some(limits.disk)),
        ("open files", Resource::RLIMIT_NOFILE, Some(u64::from(limits.open_files))),
        ("threads", Resource::RLIMIT_NPROC, Some(cell.tasks)),
        ("memory", Resource::RLIMIT_DATA, cell.data),
    ];
    for (name, resource, most) in all {
        let Some(most) = most else { continue };
        lower(resource, most, 0).map_err(|reason| Error::Limit(name, reason))?;
    }
    // The first limit asks it to end, the second ends it.
    lower(Resource::RLIMIT_CPU, limits.cpu_seconds(), 2)
        .map_err(|reason| Error::Limit("time on the CPU", reason))
}

fn lower(resource: Resource, most: u64, grace: u64) -> Result<(), Errno> {
    let (_, hard) = getrlimit(resource)?;
    let soft = most.min(hard);
    setrlimit(resource, soft, soft.saturating_add(grace).min(hard))
}

/// Has the kernel kill this process when its parent ends, however it ends.
fn die_with_parent(parent: i32) -> Result<(), Error> {
    set_pdeathsig(Signal::SIGKILL)
        .map_err(|reason| Error::System("the worker's end", reason.into()))?;
    // It may have ended before the call above.
    if getppid().as_raw() == parent {
        Ok(())
    } else {
        Err(Error::Orphan)
    }
}

/// Whether a profile gives a job a GPU.
fn has_gpu(profile: Profile) -> bool {
    profile == Profile::Gpu
}
