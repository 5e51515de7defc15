//! What the end-to-end tests share: networks that clean up and explain themselves, transfers as
//! load, single runs of the node binary, and the next version of the runtime.
//!
//! ```text
//! test ──▶ TestNet ──▶ cairn-localnet ──▶ cairn-node × n
//!   │         └ on failure: the end of every node's log
//!   ├──▶ Load ──▶ transfers ──▶ Sent: all final, and nothing lost?
//!   ├──▶ market ──▶ providers, a task, and what they answer
//!   ├──▶ DevNode ──▶ cairn-node --dev
//!   ├──▶ run_node, run_program ──▶ cairn-node, cairn, ... once ──▶ Outcome
//!   ├──▶ cairn, said ──▶ the same, and what it says in JSON ──▶ Said
//!   ├──▶ SmallDisk ──▶ a file system that can be filled
//!   └──▶ next_runtime
//! ```
//!
//! They need the programs beside the test programs: `cargo build --release --workspace`.

mod cli;
mod dev;
mod load;
pub mod market;
mod next_runtime;
mod once;
mod small_disk;
mod turn;

pub use cli::{cairn, said, said_in, Said, User};
pub use dev::DevNode;
pub use load::{Load, Sent};
pub use next_runtime::{next_runtime, NextRuntime};
pub use once::{run_node, run_program, Outcome};
pub use small_disk::SmallDisk;
pub use turn::Turn;

use std::{
    ffi::OsStr,
    fmt,
    fs::{self, File, Permissions},
    io::{ErrorKind, Read, Seek, SeekFrom},
    ops::{Deref, DerefMut},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use cairn_localnet::{Network, Options, Setup};
use serde_json::Value;
use tempfile::TempDir;

/// How long a fresh network may take to its first finalized blocks.
pub const FIRST_BLOCKS: Duration = Duration::from_secs(120);

/// How long a network may take to what it does within seconds on a machine of its own. Reached by
/// none that works, whatever else its machine does.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes of each log that a failed test prints; the whole log is kept.
const LOG_TAIL: u64 = 12 * 1024;

/// What a test returns.
pub type Test = Result<(), Failure>;

/// Why a test failed, printed as the error says it and not as its fields.
pub struct Failure(String);

impl Failure {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same, said of one of several steps.
    pub fn of(self, step: &str) -> Self {
        Self(format!("{step}: {}", self.0))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            cause = inner.source();
        }
        Self(text)
    }
}

/// A network of its own for one test, in a directory that goes when the test does.
///
/// A test ends with [`TestNet::passed`]. If it does not get there, the ends of all logs are
/// printed and the whole ones kept.
pub struct TestNet {
    // Dropped in this order: processes, their files, the right to run a network.
    network: Network,
    directory: TempDir,
    _turn: Turn,
    passed: bool,
}

/// Where a network keeps its files: in memory where the system has a place for that. A disk that is
/// busy with something else lets validators wait seconds for it, and the disk is not what is tested.
pub fn scratch() -> std::io::Result<TempDir> {
    let mut named = tempfile::Builder::new();
    named.prefix("cairn-e2e-");
    let directory = named.tempdir_in("/dev/shm").or_else(|_| named.tempdir())?;
    // Jobs run as other users where this one is root, and have to get in.
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
    Ok(directory)
}

impl TestNet {
    /// So many validators at the local preset's pace.
    pub async fn start(validators: usize) -> Result<Self, Failure> {
        Self::with_genesis(validators, serde_json::json!({})).await
    }

    /// So many validators, with this merged over the local preset's genesis.
    pub async fn with_genesis(validators: usize, patch: Value) -> Result<Self, Failure> {
        Self::launch(|at| Options { validators, genesis_patch: patch, ..Options::new(at) }).await
    }

    /// So many validators and workers, with a model that has hardly learned anything.
    pub async fn with_workers(validators: usize, workers: usize) -> Result<Self, Failure> {
        Self::with_market(validators, workers, serde_json::json!({})).await
    }

    /// The same with this merged over the local preset's genesis.
    pub async fn with_market(
        validators: usize,
        workers: usize,
        patch: Value,
    ) -> Result<Self, Failure> {
        Self::launch(|at| Options {
            validators,
            workers,
            model_steps: 1,
            genesis_patch: patch,
            ..Options::new(at)
        })
        .await
    }

    /// One validator with this merged over its genesis, and workers of these setups.
    pub async fn with_setups(setups: Vec<Setup>, patch: Value) -> Result<Self, Failure> {
        Self::with_lessons(setups, patch, 1).await
    }

    /// The same with a model that has learned for so many steps.
    pub async fn with_lessons(
        setups: Vec<Setup>,
        patch: Value,
        model_steps: u64,
    ) -> Result<Self, Failure> {
        Self::launch(|at| Options {
            workers: setups.len(),
            setups,
            model_steps,
            genesis_patch: patch,
            ..Options::new(at)
        })
        .await
    }

    async fn launch(options: impl FnOnce(PathBuf) -> Options) -> Result<Self, Failure> {
        let directory = scratch()?;
        let options = options(directory.path().join("net"));
        // A model that is taught is one whose deltas are judged, on all cores.
        let taught = options.workers > 0 && options.model_steps > 1;
        let alone = options.validators > 1 || taught;
        let turn = if alone { Turn::alone()? } else { Turn::beside_another()? };
        let network = Network::start(options).await?;
        Ok(Self { network, directory, _turn: turn, passed: false })
    }

    /// A directory for whatever else the test writes.
    pub fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// The last line of every test: nothing needs to be explained.
    pub fn passed(mut self) -> Test {
        self.passed = true;
        Ok(())
    }
}

impl Deref for TestNet {
    type Target = Network;
    fn deref(&self) -> &Network {
        &self.network
    }
}

impl DerefMut for TestNet {
    fn deref_mut(&mut self) -> &mut Network {
        &mut self.network
    }
}

impl Drop for TestNet {
    fn drop(&mut self) {
        if self.passed {
            return;
        }
        let Ok(entries) = std::fs::read_dir(self.network.base_path()) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "log") {
                let text = tail(&path).unwrap_or_else(|error| error.to_string());
                match keep(self.directory.path(), &path) {
                    Ok(kept) => eprintln!("---- end of {}\n{text}", kept.display()),
                    Err(error) => eprintln!("---- end of a log that is lost: {error}\n{text}"),
                }
            }
        }
    }
}

/// Copies a log to where it outlives its network: `e2e-logs/` in the build directory.
fn keep(network: &Path, log: &Path) -> std::io::Result<PathBuf> {
    let name = |path: &Path| path.file_name().map(OsStr::to_owned).unwrap_or_default();
    let directory = std::env::current_exe()?
        .ancestors()
        .nth(3)
        .ok_or(ErrorKind::NotFound)?
        .join("e2e-logs")
        .join(name(network));
    std::fs::create_dir_all(&directory)?;
    let kept = directory.join(name(log));
    std::fs::copy(log, &kept)?;
    Ok(kept)
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
