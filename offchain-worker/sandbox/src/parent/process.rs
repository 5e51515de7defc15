//! A child as the kernel has it, and the pipes to it.

use crate::{child::CONFINED, frame, group::Group};
use nix::{
    sys::signal::{killpg, Signal},
    unistd::Pid,
};
use std::{
    io::{self, Read},
    iter,
    process::{Child, ChildStderr, ExitStatus},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Bytes kept of what a child says on its standard error.
const WORDS: usize = 4_096;
/// Between two looks at whether a child has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// It and all that it started end when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Group>,
    status: Option<ExitStatus>,
}

impl Process {
    pub(super) fn new(child: Child, group: Option<Group>) -> Self {
        Self { child, group, status: None }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn join_group(&self) -> io::Result<()> {
        self.group.as_ref().map_or(Ok(()), |group| group.add(self.child.id()))
    }

    pub(super) fn ran_out_of_memory(&self) -> bool {
        self.group.as_ref().is_some_and(Group::ran_out_of_memory)
    }

    /// Lets it end by itself, for so long.
    pub(super) fn wait(&mut self, most: Duration) {
        let started = Instant::now();
        while self.status.is_none() && started.elapsed() < most {
            // It cannot be asked about only where it is not our child.
            self.status = self.child.try_wait().ok().flatten();
            thread::sleep(PAUSE);
        }
    }

    /// Kills it and all that it started; how it ended.
    pub(super) fn end(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            // Its number is its own for as long as nobody has asked how it ended.
            let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
            let _ = self.child.kill();
            self.status = self.child.wait().ok();
        }
        if let Some(group) = &self.group {
            group.kill();
        }
        self.status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The pipes, each with a thread of its own, so that no child can make the worker wait.
#[derive(Debug)]
pub(super) struct Talk {
    orders: Option<Sender<Vec<u8>>>,
    answers: Receiver<io::Result<Option<Vec<u8>>>>,
    words: Option<JoinHandle<String>>,
}

impl Talk {
    /// Hears one frame that says that the child is confined, and then others of at most so many
    /// bytes, none of which is read before the one before it is taken.
    pub(super) fn with(process: &mut Process, most: u64) -> io::Result<Self> {
        let child = &mut process.child;
        let (Some(mut stdin), Some(mut stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the child has no pipes"));
        };
        let (orders, ordered) = mpsc::channel::<Vec<u8>>();
        named("orders", move || {
            // A child that no longer reads has ended, which is seen elsewhere.
            ordered.into_iter().try_for_each(|order| frame::write(&mut stdin, &order)).ok();
        })?;
        let (answer, answers) = mpsc::sync_channel(0);
        named("answers", move || {
            for most in iter::once(CONFINED.len() as u64).chain(iter::repeat(most)) {
                let frame = frame::read(&mut stdout, most);
                let last = !matches!(frame, Ok(Some(_)));
                if answer.send(frame).is_err() || last {
                    break;
                }
            }
        })?;
        let words = named("words", move || tail(stderr))?;
        Ok(Self { orders: Some(orders), answers, words: Some(words) })
    }

    /// Another order. A child that has ended hears of none, which is seen elsewhere.
    pub(super) fn order(&self, order: Vec<u8>) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }

    /// The child finds its input ended behind its last order.
    pub(super) fn close(&mut self) {
        self.orders = None;
    }

    pub(super) fn answer(
        &self,
        most: Duration,
    ) -> Result<io::Result<Option<Vec<u8>>>, RecvTimeoutError> {
        self.answers.recv_timeout(most)
    }

    /// The end of what it said on its standard error. Waits until it has ended.
    pub(super) fn last_words(&mut self) -> String {
        self.words.take().and_then(|words| words.join().ok()).unwrap_or_default()
    }
}

fn named<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(format!("sandbox-{name}")).spawn(run)
}

/// Reads all, keeps the end, and leaves out what would steer a terminal.
fn tail(mut from: ChildStderr) -> String {
    let (mut kept, mut part) = (Vec::new(), [0; WORDS]);
    while let Ok(read @ 1..) = from.read(&mut part) {
        kept.extend_from_slice(&part[..read]);
        kept.drain(..kept.len().saturating_sub(WORDS));
    }
    let words = String::from_utf8_lossy(&kept);
    words.trim().chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Groups;
    use std::{
        fs,
        io::{BufRead, BufReader, Write},
        os::unix::process::CommandExt,
        process::{Command, Stdio},
    };

    /// A process that has started two others in this manner, and their numbers.
    fn family(group: Option<Group>, manner: &str) -> (Process, Vec<u32>) {
        let one = format!("{manner} sleep 600 & echo $!;");
        let mut command = Command::new("/bin/sh");
        // Not before it is in its group.
        command.arg("-c").arg(format!("read go; {one} {one} wait"));
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let process = Process::new(child, group);
        process.join_group().unwrap();
        stdin.unwrap().write_all(b"go\n").unwrap();
        let numbers = BufReader::new(stdout).lines().take(2);
        let numbers = numbers.map(|number| number.unwrap().parse().unwrap()).collect();
        (process, numbers)
    }

    /// Neither gone nor waiting to be noticed as dead.
    fn lives(process: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
    }

    fn assert_end_with_it(mut process: Process, others: &[u32]) {
        assert_eq!(others.len(), 2);
        assert!(others.iter().all(|other| lives(*other)), "{others:?}");
        process.end();
        let ended = Instant::now();
        while others.iter().any(|other| lives(*other)) {
            assert!(ended.elapsed() < Duration::from_secs(10), "{others:?}");
            thread::sleep(PAUSE);
        }
    }

    #[test]
    fn end_should_kill_all_that_the_process_has_started() {
        let (process, others) = family(None, "");
        assert_end_with_it(process, &others);
    }

    #[test]
    fn end_should_kill_those_too_who_have_left_for_a_session_of_their_own() {
        let Some(group) = Groups::detect().group(1 << 28, 64).unwrap() else {
            eprintln!("no control groups: who leaves for a session of its own is NOT TESTED");
            return;
        };
        let (process, others) = family(Some(group), "setsid");
        assert_end_with_it(process, &others);
    }
}
