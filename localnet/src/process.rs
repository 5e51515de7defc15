//! One process of a network, and what it says.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::{prctl, signal::Signal},
    unistd::{getppid, Pid},
};

use crate::{Error, Result};

/// How long a process may take to shut down before it is killed.
pub const STOP_WITHIN: Duration = Duration::from_secs(10);

pub(crate) const POLL: Duration = Duration::from_millis(50);
const TAIL_BYTES: u64 = 256 * 1024;
const TAIL_LINES: usize = 40;

/// A process that may be started again. Dropping this kills it.
pub(crate) struct Process {
    name: String,
    log: PathBuf,
    /// What runs, of which errors speak.
    binary: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// One that does not run yet.
    pub(crate) fn new(name: &str, binary: &Path, log: &Path) -> Self {
        Self { name: name.into(), log: log.into(), binary: binary.into(), child: None }
    }

    /// The process id, while the process runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub(crate) fn start(&mut self, mut command: Command) -> Result<()> {
        if self.child.is_some() {
            return Err(Error::AlreadyRunning { node: self.name.clone() });
        }
        // Appending keeps what an earlier run said, for whoever looks for a cause.
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(Error::io("open", &self.log))?;
        let errors = log.try_clone().map_err(Error::io("open", &self.log))?;
        command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // A group of its own: Ctrl-C in the terminal reaches the parent alone, which then
            // stops its processes in order.
            .process_group(0);
        die_with_parent(&mut command);
        let child = command.spawn().map_err(Error::io("run", &self.binary))?;
        self.child = Some(child);
        Ok(())
    }

    /// Fails, with the end of the log, if the process has ended by itself.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        let node = self.name.clone();
        let Some(child) = &mut self.child else { return Err(Error::NotRunning { node }) };
        match child.try_wait().map_err(Error::io("wait for", &self.binary))? {
            None => Ok(()),
            Some(status) => {
                self.child = None;
                Err(Error::NodeDied { node, status, log: self.last_words() })
            }
        }
    }

    /// How the process has ended by itself, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        let status = ended(child, &self.binary)?;
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }

    /// Ends the process without warning, as a power cut would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().map_err(Error::io("kill", &self.binary))?;
        child.wait().map_err(Error::io("wait for", &self.binary))?;
        Ok(())
    }

    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        let Some(child) = &self.child else { return Ok(()) };
        let Ok(pid) = i32::try_from(child.id()) else { return Ok(()) };
        // The child has not been waited for, so its id cannot belong to another process yet.
        match nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGTERM) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(source) => Err(Error::Signal { node: self.name.clone(), source }),
        }
    }

    pub(crate) async fn wait_stopped(&mut self, deadline: Instant) -> Result<()> {
        while let Some(child) = &mut self.child {
            if ended(child, &self.binary)?.is_some() {
                self.child = None;
                return Ok(());
            }
            if Instant::now() >= deadline {
                return self.kill();
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// The last lines of the log.
    pub(crate) fn log_tail(&self, lines: usize) -> String {
        tail(&self.log, lines).unwrap_or_else(|error| format!("(no log: {error})"))
    }

    /// As much of the log as an error has room for.
    pub(crate) fn last_words(&self) -> String {
        self.log_tail(TAIL_LINES)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the process dies with its parent anyway.
        let _ = self.kill();
    }
}

fn ended(child: &mut Child, binary: &Path) -> Result<Option<ExitStatus>> {
    child.try_wait().map_err(Error::io("wait for", binary))
}

/// Has the kernel kill the child when this process ends, however it ends.
///
/// The kernel watches the thread that starts the child, so processes are started from a thread that
/// lives as long as the program: the main one, a test's own, or a worker of the runtime.
#[allow(unsafe_code)]
fn die_with_parent(command: &mut Command) {
    let parent = Pid::this();
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            // The parent may have died before the call above.
            if getppid() == parent {
                Ok(())
            } else {
                Err(Errno::ESRCH.into())
            }
        });
    }
}

fn tail(path: &Path, lines: usize) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].join("\n"))
}
