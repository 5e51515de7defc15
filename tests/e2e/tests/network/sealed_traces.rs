//! What a sealed task with files leaves where it is done: something while it runs, and nothing when
//! its result is recorded, or when the worker starts anew.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cairn_e2e::{cairn, Failure, Test, TestNet, PATIENCE};

use crate::{
    kinds::ECHO,
    sealed::{found, SECRET},
};

const REQUESTER: &str = "Dave";
/// Together more than a transaction holds, and less than the module's memory.
const TIMES: usize = 500;
/// Far less than the time that the task has, after which its traces would go anyhow.
const SOON: Duration = Duration::from_secs(5);

/// What is in a folder and begins like that.
fn named(folder: &Path, first: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_named = |name: OsString| name.as_encoded_bytes().starts_with(first.as_bytes());
    entries.filter(|entry| is_named(entry.file_name())).map(|entry| entry.path()).collect()
}

/// What a worker's shelf has of tasks.
fn shelved(data: &Path) -> Vec<PathBuf> {
    named(&data.join("private/shelf"), "task-")
}

/// What its jobs have written in memory, where its data is too.
fn written(data: &Path) -> Vec<PathBuf> {
    named(data, "cairn-").iter().flat_map(|folder| named(folder, "cairn-job-")).collect()
}

/// Looks again and again whether there is anything.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(bool, bool)>,
}

impl Watch {
    fn begin(data: PathBuf) -> Self {
        let stop: Arc<AtomicBool> = Arc::default();
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = (false, false);
            while !stopped.load(Ordering::Relaxed) {
                seen = (seen.0 || !shelved(&data).is_empty(), seen.1 || !written(&data).is_empty());
                thread::sleep(Duration::from_millis(5));
            }
            seen
        });
        Self { stop, thread }
    }

    fn end(self) -> Result<(bool, bool), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| Failure::new("the search has panicked"))
    }
}

/// Waits until neither shelf nor memory has anything.
async fn nothing_is_left(data: &Path, within: Duration) {
    let begun = Instant::now();
    loop {
        let left = [shelved(data), written(data)].concat();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < within, "{left:?} should be gone");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What a process leaves that is killed while it does a sealed task.
fn leave(data: &Path) -> Test {
    let task = data.join("private/shelf/task-77");
    fs::create_dir_all(&task)?;
    fs::write(task.join("payload"), SECRET)?;
    for folder in named(data, "cairn-") {
        fs::create_dir(folder.join("cairn-job-left"))?;
        fs::write(folder.join("cairn-job-left/output"), SECRET)?;
    }
    assert!(!shelved(data).is_empty() && !written(data).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_files_should_come_back_and_leave_nothing_when_their_task_is_over() -> Test {
    let mut net = TestNet::with_workers(1, 1).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let home = market.archive.parent().map(Path::to_owned).unwrap_or_default();
    let data = home.join(net.workers[0].name());
    let files = net.scratch().join("files");
    fs::create_dir(&files)?;
    let at = |name: &str| files.join(name).display().to_string();
    let (module, input, output) = (at("module"), at("input"), at("output"));
    fs::write(&module, sp_core::bytes::from_hex(ECHO)?)?;
    fs::write(&input, SECRET.repeat(TIMES))?;

    let watch = Watch::begin(data.clone());
    let archive = market.archive.display().to_string();
    let job = ["submit", "wasm", "--module", &module, "--export", "run", "--input", &input];
    let more = ["--sealed", "--redundancy", "1", "--archive", &archive, "--wait"];
    let paid = cairn(&net, REQUESTER, &[job.as_slice(), &more].concat())?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    nothing_is_left(&data, SOON).await;
    assert_eq!(watch.end()?, (true, true), "it should have been on the shelf, and in memory");

    let task = paid.number("task").to_string();
    let fetch = ["result", &task, "--archive", &archive, "--out", &output];
    cairn(&net, REQUESTER, &fetch)?.ended(0);
    assert_eq!(fs::read_to_string(&output)?, SECRET.repeat(TIMES));
    for place in [data.as_path(), market.archive.as_path(), net.base_path()] {
        let clear = found(place, SECRET);
        assert!(clear.is_empty(), "the input is in {clear:?}");
    }

    net.workers[0].kill()?;
    leave(&data)?;
    net.workers[0].start()?;
    nothing_is_left(&data, PATIENCE).await;
    net.check_alive()?;
    net.passed()
}
