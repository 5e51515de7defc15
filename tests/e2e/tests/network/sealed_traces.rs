//! What a sealed task with files leaves where it is done, by a worker that has its data on a disk:
//! something while it runs, and nothing when its result is recorded, or when it starts anew.

use std::{
    ffi::OsString,
    fs::{self, Permissions},
    os::unix::fs::{symlink, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cairn_e2e::{cairn, Failure, Test, TestNet, PATIENCE};
use cairn_localnet::Setup;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    full_disk::hand_over,
    kinds::ECHO,
    sealed::{found, SECRET},
};

const REQUESTER: &str = "Dave";
/// Together more than a transaction holds, and less than the module's memory.
const TIMES: usize = 500;
/// Far less than the time that the task has, after which its traces would go anyhow.
const SOON: Duration = Duration::from_secs(5);

/// What a system keeps beyond a restart, and what it has in memory.
const DISK: &str = "/var/tmp";
const MEMORY: &str = "/dev/shm";

/// What is in a folder and begins like that.
fn named(folder: &Path, first: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_named = |name: OsString| name.as_encoded_bytes().starts_with(first.as_bytes());
    entries.filter(|entry| is_named(entry.file_name())).map(|entry| entry.path()).collect()
}

/// Where a worker keeps what, gone when dropped.
struct Home {
    data: TempDir,
    volatile: TempDir,
}

impl Home {
    fn new() -> Result<Self, Failure> {
        let data = tempfile::Builder::new().prefix("cairn-e2e-").tempdir_in(DISK)?;
        let volatile = tempfile::Builder::new().prefix("cairn-e2e-").tempdir_in(MEMORY)?;
        for folder in [&data, &volatile] {
            // Jobs that are users of their own pass through.
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        }
        Ok(Self { data, volatile })
    }

    fn places(&self) -> Places {
        Places { data: self.data.path().into(), volatile: self.volatile.path().into() }
    }

    /// Puts the data folder here in the place of one in memory, with what that had.
    fn stand_in_for(&self, folder: &Path) -> Test {
        let before = folder.with_extension("before");
        fs::rename(folder, &before)?;
        hand_over(&before, self.data.path())?;
        Ok(symlink(self.data.path(), folder)?)
    }
}

/// Where something may be found.
#[derive(Clone)]
struct Places {
    data: PathBuf,
    volatile: PathBuf,
}

impl Places {
    /// What the shelf has of tasks.
    fn shelved(&self) -> Vec<PathBuf> {
        named(&self.data.join("private/shelf"), "task-")
    }

    /// What jobs have written in memory.
    fn written(&self) -> Vec<PathBuf> {
        let folders = named(&self.volatile, "cairn-");
        folders.iter().flat_map(|folder| named(folder, "cairn-job-")).collect()
    }

    /// And what on the disk.
    fn spilt(&self) -> Vec<PathBuf> {
        [named(&self.data.join("scratch"), "cairn-job-"), named(&self.data, "cairn-")].concat()
    }
}

/// Looks again and again whether there is anything.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<[bool; 3]>,
}

impl Watch {
    fn begin(places: Places) -> Self {
        let stop: Arc<AtomicBool> = Arc::default();
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = [false; 3];
            while !stopped.load(Ordering::Relaxed) {
                let found = [places.shelved(), places.written(), places.spilt()];
                for (seen, found) in seen.iter_mut().zip(&found) {
                    *seen |= !found.is_empty();
                }
                thread::sleep(Duration::from_millis(5));
            }
            seen
        });
        Self { stop, thread }
    }

    /// Whether there was anything on the shelf, in memory, and of jobs on the disk.
    fn end(self) -> Result<[bool; 3], Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| Failure::new("the search has panicked"))
    }
}

/// Waits until neither shelf nor memory has anything.
async fn nothing_is_left(places: &Places, within: Duration) {
    let begun = Instant::now();
    loop {
        let left = [places.shelved(), places.written()].concat();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < within, "{left:?} should be gone");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What a process leaves that is killed while it does a sealed task.
fn leave(places: &Places) -> Test {
    let task = places.data.join("private/shelf/task-77");
    fs::create_dir_all(&task)?;
    fs::write(task.join("payload"), SECRET)?;
    for folder in named(&places.volatile, "cairn-") {
        fs::create_dir(folder.join("cairn-job-left"))?;
        fs::write(folder.join("cairn-job-left/output"), SECRET)?;
    }
    assert!(!places.shelved().is_empty() && !places.written().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_files_should_come_back_and_leave_nothing_when_their_task_is_over() -> Test {
    let home = Home::new()?;
    let places = home.places();
    let arguments = vec!["--volatile".to_owned(), places.volatile.display().to_string()];
    let setup = Setup { arguments, late: true, ..Setup::default() };
    let mut net = TestNet::with_setups(vec![setup], json!({})).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let folders = market.archive.parent().map(Path::to_owned).unwrap_or_default();
    home.stand_in_for(&folders.join(net.workers[0].name()))?;
    net.workers[0].start()?;
    net.wait_workers().await?;
    let files = net.scratch().join("files");
    fs::create_dir(&files)?;
    let at = |name: &str| files.join(name).display().to_string();
    let (module, input, output) = (at("module"), at("input"), at("output"));
    fs::write(&module, sp_core::bytes::from_hex(ECHO)?)?;
    fs::write(&input, SECRET.repeat(TIMES))?;

    let watch = Watch::begin(places.clone());
    let archive = market.archive.display().to_string();
    let job = ["submit", "wasm", "--module", &module, "--export", "run", "--input", &input];
    let more = ["--sealed", "--redundancy", "1", "--archive", &archive, "--wait"];
    let paid = cairn(&net, REQUESTER, &[job.as_slice(), &more].concat())?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    nothing_is_left(&places, SOON).await;
    let seen = watch.end()?;
    assert_eq!(seen, [true, true, false], "it should have been on the shelf and in memory alone");

    let task = paid.number("task").to_string();
    let fetch = ["result", &task, "--archive", &archive, "--out", &output];
    cairn(&net, REQUESTER, &fetch)?.ended(0);
    assert_eq!(fs::read_to_string(&output)?, SECRET.repeat(TIMES));
    let (data, volatile) = (places.data.as_path(), places.volatile.as_path());
    for place in [data, volatile, market.archive.as_path(), net.base_path()] {
        let clear = found(place, SECRET);
        assert!(clear.is_empty(), "the input is in {clear:?}");
    }

    net.workers[0].kill()?;
    leave(&places)?;
    net.workers[0].start()?;
    nothing_is_left(&places, PATIENCE).await;
    net.check_alive()?;
    net.passed()
}
