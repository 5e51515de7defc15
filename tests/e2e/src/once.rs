//! A program, run once for what it says.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::Failure;

/// What a run of the binary left behind.
#[derive(Debug)]
pub struct Outcome {
    /// `None` if it had not ended in time and was killed.
    pub status: Option<ExitStatus>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

/// Runs `cairn-node` with these arguments and waits for it, but not longer than `within`.
pub fn run_node<I, S>(arguments: I, within: Duration) -> Result<Outcome, Failure>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    run(&cairn_localnet::node::find_binary()?, arguments, &[], within)
}

/// The same with another program of this repository.
pub fn run_program<I, S>(name: &str, arguments: I, within: Duration) -> Result<Outcome, Failure>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    run_program_in(&[], name, arguments, within)
}

/// The same with these variables in its environment besides.
pub fn run_program_in<I, S>(
    environment: &[(String, String)],
    name: &str,
    arguments: I,
    within: Duration,
) -> Result<Outcome, Failure>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    run(&cairn_localnet::programs::find(name)?, arguments, environment, within)
}

fn run<I, S>(
    binary: &Path,
    arguments: I,
    environment: &[(String, String)],
    within: Duration,
) -> Result<Outcome, Failure>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    // Files and not pipes: a pipe that nobody empties would stop a talkative process.
    let (out, err) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    let started = Instant::now();
    let mut child = Command::new(binary)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(out.reopen()?)
        .stderr(err.reopen()?)
        .spawn()?;
    let mut status = None;
    while status.is_none() && started.elapsed() < within {
        std::thread::sleep(Duration::from_millis(50));
        status = child.try_wait()?;
    }
    let took = started.elapsed();
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(Outcome { status, stdout: read(out.path())?, stderr: read(err.path())?, took })
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Outcome {
    /// Fails unless the run succeeded.
    pub fn succeeded(self) -> Result<Self, Failure> {
        match self.status {
            Some(status) if status.success() => Ok(self),
            _ => Err(Failure::new(format!("the run should succeed: {self:#?}"))),
        }
    }

    /// Checks that the node refused to run as a program should: in one line that names each of
    /// `mentions`, with a failure as its exit code, and without a panic.
    pub fn assert_refused(&self, mentions: &[&str]) {
        let told = format!("\n{self:#?}");
        let status = self.status.unwrap_or_else(|| panic!("the node went on running{told}"));
        // A signal (a bus error on a full disk, say) leaves no code.
        let code = status.code().unwrap_or_else(|| panic!("the node was ended by a signal{told}"));
        assert_ne!(code, 0, "the node should fail{told}");
        for word in ["panicked", "stack backtrace"] {
            assert!(!self.stderr.contains(word), "no {word:?} is wanted{told}");
        }
        let errors: Vec<&str> =
            self.stderr.lines().filter(|line| line.starts_with("Error:")).collect();
        let [line] = errors[..] else { panic!("one line should begin with \"Error:\"{told}") };
        for mention in mentions {
            assert!(line.contains(mention), "{line:?} should mention {mention:?}{told}");
        }
    }
}
