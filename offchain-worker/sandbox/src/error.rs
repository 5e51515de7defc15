//! Why no job is started, and what to do about it.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this kernel has no landlock; jobs need Linux 5.13 or newer with landlock among its security modules")]
    NoLandlock,
    #[error("this kernel has no seccomp filters; jobs need one that is built with CONFIG_SECCOMP_FILTER")]
    NoSeccomp,
    #[error("started as root, and no other user can be taken here; start the worker as a user of its own")]
    NoUsers,
    #[error("jobs on a GPU are held less tightly, so they are off; allow them if you trust the models you run")]
    GpuOff,
    #[error("{most} jobs run already; wait until one has ended")]
    Full { most: u32 },
    #[error("'{path}' is not made of Unicode; move it to where its name is")]
    Name { path: PathBuf },
    #[error("the scratch folder in '{path}' cannot be made ({reason}); see that its disk is there, has room, and that this user may")]
    Scratch { path: PathBuf, reason: io::Error },
    #[error("a control group for the job cannot be made ({reason}); see /sys/fs/cgroup, or start the worker without control groups")]
    Group { reason: io::Error },
    #[error("'{binary}' cannot be started ({reason}); install it beside the worker")]
    Unstarted { binary: PathBuf, reason: io::Error },
    #[error("the job's process ended before it was confined: {words}")]
    NotConfined { words: String },
}
