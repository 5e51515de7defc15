//! What operators get wrong: each ends at once, in one line that says what to do, without a
//! panic and without harm to what is there.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, OpenOptions},
    io::Write,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use cairn_e2e::{run_node, Failure, Outcome, SmallDisk, Test, TestNet, FIRST_BLOCKS};
use cairn_localnet::{free_port, write_spec};
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash as _};

const WITHIN: Duration = Duration::from_secs(30);

/// A valid specification.
fn spec() -> &'static Path {
    static SPEC: OnceLock<PathBuf> = OnceLock::new();
    SPEC.get_or_init(|| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad-input-spec.json");
        write_spec(&file, 1, Vec::new(), serde_json::json!({}))
            .expect("the specification of the local preset can be written");
        file
    })
}

/// Arguments with which the node starts, if nothing else is wrong.
struct Arguments {
    chain: OsString,
    base_path: PathBuf,
    rpc: u16,
    peers: u16,
    more: Vec<OsString>,
}

impl Arguments {
    fn new(base_path: impl Into<PathBuf>) -> Result<Self, Failure> {
        Ok(Self {
            chain: spec().into(),
            base_path: base_path.into(),
            rpc: free_port()?,
            peers: free_port()?,
            more: Vec::new(),
        })
    }

    fn run(self) -> Result<Outcome, Failure> {
        let mut all: Vec<OsString> =
            ["--no-mdns", "--no-telemetry", "--no-prometheus"].iter().map(OsString::from).collect();
        all.extend(["--chain".into(), self.chain]);
        all.extend(["--base-path".into(), self.base_path.into()]);
        all.extend(["--rpc-port".into(), self.rpc.to_string().into()]);
        let listen = format!("/ip4/127.0.0.1/tcp/{}", self.peers);
        all.extend(["--listen-addr".into(), listen.into()]);
        all.extend(self.more);
        run_node(all, WITHIN)
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn node_should_refuse_when_the_chain_is_unknown() -> Test {
    let scratch = tempfile::tempdir()?;
    let mut arguments = Arguments::new(scratch.path())?;
    arguments.chain = "nowhere".into();
    arguments.run()?.assert_refused(&["nowhere", "--chain"]);
    Ok(())
}

#[test]
fn node_should_refuse_when_the_spec_file_is_broken() -> Test {
    let scratch = tempfile::tempdir()?;
    let broken = scratch.path().join("broken.json");
    fs::write(&broken, "{ \"name\": \"Cairn\", ")?;
    let mut arguments = Arguments::new(scratch.path().join("base"))?;
    arguments.chain = broken.clone().into();
    arguments.run()?.assert_refused(&[&text(&broken)]);
    Ok(())
}

#[test]
fn node_should_refuse_when_the_rpc_port_is_in_use() -> Test {
    let scratch = tempfile::tempdir()?;
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut arguments = Arguments::new(scratch.path())?;
    arguments.rpc = held.local_addr()?.port();
    let port = arguments.rpc.to_string();
    arguments.run()?.assert_refused(&[&port, "in use", "--rpc-port"]);
    Ok(())
}

#[test]
fn node_should_refuse_when_the_peer_port_is_in_use() -> Test {
    let scratch = tempfile::tempdir()?;
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut arguments = Arguments::new(scratch.path())?;
    arguments.peers = held.local_addr()?.port();
    let port = arguments.peers.to_string();
    arguments.run()?.assert_refused(&[&port, "in use"]);
    Ok(())
}

#[test]
fn node_should_refuse_when_the_node_key_file_holds_no_key() -> Test {
    let scratch = tempfile::tempdir()?;
    let wrong = scratch.path().join("node.key");
    fs::write(&wrong, "not a key\n")?;
    let mut arguments = Arguments::new(scratch.path().join("base"))?;
    arguments.more = vec!["--node-key-file".into(), wrong.clone().into()];
    arguments.run()?.assert_refused(&[&text(&wrong), "generate-node-key"]);
    assert_eq!(fs::read_to_string(&wrong)?, "not a key\n");
    Ok(())
}

#[test]
fn node_should_refuse_when_the_base_path_cannot_be_written() -> Test {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("file");
    fs::write(&file, "kept")?;
    // Neither depends on who runs the test: root may write almost anywhere.
    for base_path in [file.join("below"), PathBuf::from("/proc/cairn-e2e")] {
        Arguments::new(&base_path)?.run()?.assert_refused(&[&text(&base_path), "--base-path"]);
    }
    assert_eq!(fs::read_to_string(&file)?, "kept");
    Ok(())
}

#[test]
fn node_should_refuse_when_the_disk_is_full() -> Test {
    let scratch = tempfile::tempdir()?;
    let Some(disk) = SmallDisk::mount(scratch.path(), 1)? else {
        eprintln!("SKIPPED: a full disk needs the right to mount a tmpfs; run this test as root");
        return Ok(());
    };
    disk.fill()?;
    let base_path = disk.path().join("base");
    let outcome = Arguments::new(&base_path)?.run()?;
    outcome.assert_refused(&[&text(disk.path())]);
    Ok(())
}

/// The hash of every file below a directory.
fn hashes(directory: &Path) -> Result<BTreeMap<PathBuf, H256>, Failure> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(hashes(&path)?);
        } else {
            let hash = BlakeTwo256::hash(&fs::read(&path)?);
            found.insert(path, hash);
        }
    }
    Ok(found)
}

/// The directory of ParityDB, wherever below the base path it lies.
fn database(below: &Path) -> Result<Option<PathBuf>, Failure> {
    if below.join("metadata").is_file() {
        return Ok(Some(below.into()));
    }
    for entry in fs::read_dir(below)? {
        let path = entry?.path();
        if path.is_dir() {
            if let Some(found) = database(&path)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// Overwrites the beginning of a file and keeps its length.
fn scribble(path: &Path) -> Result<(), Failure> {
    const MOST: u64 = 64 * 1024;
    let length = fs::metadata(path)?.len().min(MOST) as usize;
    OpenOptions::new().write(true).open(path)?.write_all(&vec![0xa5; length])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_refuse_and_change_nothing_when_its_database_is_damaged() -> Test {
    let mut net = TestNet::start(1).await?;
    net.wait_finalized(3, FIRST_BLOCKS).await?;
    // Killed, so that there is a log, too, which ParityDB would throw away.
    net.nodes[0].kill()?;
    let base_path = net.nodes[0].base_path().to_owned();
    let database = database(&base_path)?
        .ok_or_else(|| Failure::new(format!("there is no database below {base_path:?}")))?;

    let refused = |what: &str| -> Test {
        let before = hashes(&database)?;
        let mut arguments = Arguments::new(&base_path)?;
        arguments.chain = net.spec().into();
        arguments.run()?.assert_refused(&[&text(&database), "backup"]);
        assert!(hashes(&database)? == before, "the database was changed, {what} being damaged");
        Ok(())
    };

    let metadata = database.join("metadata");
    let whole = fs::read(&metadata)?;
    scribble(&metadata)?;
    refused("its metadata")?;
    fs::write(&metadata, whole)?;

    for path in hashes(&database)?.into_keys().filter(|path| *path != metadata) {
        scribble(&path)?;
    }
    refused("everything but its metadata")?;
    net.passed()
}
