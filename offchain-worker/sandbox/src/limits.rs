//! What a job may use, and what the child is told of it.

use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// How tightly a job is held.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Profile {
    /// Memory, threads and files, and nothing else of the machine.
    Cpu,
    /// Also the devices and libraries of a GPU's driver. Weaker, see the README.
    Gpu,
}

/// What a job may use at most.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Limits {
    /// From when it is given its first order.
    pub time: Duration,
    /// Bytes of memory of its own; files that it maps to read are not counted.
    pub memory: u64,
    /// Threads, the first included.
    pub threads: u32,
    /// Bytes in its scratch folder.
    pub disk: u64,
    /// Bytes that the disk of that folder is to have left, whoever fills it; the job ends else.
    pub spare: u64,
    /// Files open at once.
    pub open_files: u32,
    /// Bytes of an answer.
    pub answer: u64,
}

/// All that a child is told before it is given its order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Cell {
    pub profile: Profile,
    pub limits: Limits,
    /// Where it may write.
    pub scratch: PathBuf,
    /// What it may read.
    pub read: Vec<PathBuf>,
    /// Whom it becomes when it is started as root.
    pub user: Option<u32>,
    /// RLIMIT_DATA, where no group bounds its memory.
    pub data: Option<u64>,
    /// RLIMIT_NPROC, which counts what all processes of one user run.
    pub tasks: u64,
    /// Who started it.
    pub parent: i32,
}

impl Limits {
    /// Seconds of all its threads together.
    pub(crate) fn cpu_seconds(&self) -> u64 {
        self.time.as_secs().saturating_add(1).saturating_mul(u64::from(self.threads).max(1))
    }
}
