//! The worker's side: it starts a child, waits until it is confined, and watches it.

mod job;
mod process;

use crate::{
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
use std::{
    fs::Permissions,
    os::unix::{
        fs::{chown, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub use job::{End, Finished, Sandboxed, Stopper};

/// What other programs of the same user may start while a job runs, where threads are counted by
/// user. The watch holds the job itself to its limit.
const SPARE_TASKS: u64 = 256;

/// Starts jobs on this machine. No two jobs become one user, whichever of its clones starts them.
#[derive(Clone, Debug)]
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
        Sandboxed::confined(process, talk, limits, scratch, slot)
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
