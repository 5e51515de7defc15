//! One node process.

use std::{
    fs::{self, File, OpenOptions},
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

use crate::{keys, keys::NodeKey, ports::Ports, spec::CHAIN_ID, Client, Error, Result};

/// How long a node may take to shut down before it is killed.
pub const STOP_WITHIN: Duration = Duration::from_secs(10);
/// How long a node may take until its RPC answers: compiling the runtime on a busy machine.
pub const READY_WITHIN: Duration = Duration::from_secs(90);

const POLL: Duration = Duration::from_millis(50);
const TAIL_BYTES: u64 = 256 * 1024;
const TAIL_LINES: usize = 40;

/// Everything a node needs to be started, and started again.
#[derive(Clone)]
pub(crate) struct NodeConfig {
    pub name: String,
    pub binary: PathBuf,
    pub spec: PathBuf,
    pub base_path: PathBuf,
    pub log: PathBuf,
    pub ports: Ports,
    pub key: NodeKey,
    /// The seed of the session keys; a node without one only follows.
    pub validator: Option<String>,
    pub bootnodes: Vec<String>,
    pub extra_args: Vec<String>,
}

impl NodeConfig {
    pub(crate) fn address(&self) -> Result<String> {
        Ok(format!("{}/p2p/{}", self.listen_address(), self.key.peer_id()?))
    }

    fn listen_address(&self) -> String {
        format!("/ip4/127.0.0.1/tcp/{}", self.ports.peers)
    }

    fn keystore(&self) -> PathBuf {
        self.base_path.join("chains").join(CHAIN_ID).join("keystore")
    }

    fn key_file(&self) -> PathBuf {
        self.base_path.join("node.key")
    }

    /// Writes keys where the node looks for them; the same ones at every start.
    fn prepare(&self) -> Result<()> {
        fs::create_dir_all(&self.base_path).map_err(Error::io("create", &self.base_path))?;
        self.key.write(&self.key_file())?;
        match &self.validator {
            Some(seed) => keys::write_keystore(&self.keystore(), seed),
            None => Ok(()),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("--chain")
            .arg(&self.spec)
            .arg("--base-path")
            .arg(&self.base_path)
            .arg("--node-key-file")
            .arg(self.key_file())
            .args(["--name", &self.name])
            .args(["--listen-addr", &self.listen_address()])
            .args(["--rpc-port", &self.ports.rpc.to_string()])
            .args(["--prometheus-port", &self.ports.prometheus.to_string()])
            .args(["--no-mdns", "--no-telemetry", "--disable-log-color"]);
        if self.validator.is_some() {
            command.arg("--validator");
        }
        for address in &self.bootnodes {
            command.args(["--bootnodes", address]);
        }
        command.args(&self.extra_args);
        command
    }
}

/// A node of a network. Dropping it kills its process.
pub struct Node {
    config: NodeConfig,
    child: Option<Child>,
}

impl Node {
    /// Starts the process; it is ready later, see [`Node::wait_ready`].
    pub(crate) fn spawn(config: NodeConfig) -> Result<Self> {
        config.prepare()?;
        let mut node = Self { config, child: None };
        node.start()?;
        Ok(node)
    }

    pub fn name(&self) -> &str {
        &self.config.name
    }

    pub fn rpc_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.config.ports.rpc)
    }

    pub fn prometheus_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.config.ports.prometheus)
    }

    pub fn ports(&self) -> Ports {
        self.config.ports
    }

    /// Where the node keeps its chain, keys and network identity.
    pub fn base_path(&self) -> &Path {
        &self.config.base_path
    }

    pub fn log_path(&self) -> &Path {
        &self.config.log
    }

    /// The process id, while the process runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub(crate) fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// A connection of its own.
    pub async fn client(&self) -> Result<Client> {
        Client::connect(&self.rpc_url()).await
    }

    /// Starts the process with the same identity and state as before.
    pub fn start(&mut self) -> Result<()> {
        if self.child.is_some() {
            return Err(Error::AlreadyRunning { node: self.config.name.clone() });
        }
        // Appending keeps what an earlier run of this node said, for whoever looks for a cause.
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.config.log)
            .map_err(Error::io("open", &self.config.log))?;
        let errors = log.try_clone().map_err(Error::io("open", &self.config.log))?;
        let mut command = self.config.command();
        command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // A group of its own: Ctrl-C in the terminal reaches the parent alone, which then
            // stops its nodes in order.
            .process_group(0);
        die_with_parent(&mut command);
        let child = command.spawn().map_err(Error::io("run", &self.config.binary))?;
        self.child = Some(child);
        Ok(())
    }

    /// Waits until the node answers RPC calls.
    pub async fn wait_ready(&mut self, within: Duration) -> Result<Client> {
        let deadline = Instant::now() + within;
        loop {
            self.check_alive()?;
            if let Ok(Ok(client)) =
                tokio::time::timeout(Duration::from_secs(5), self.client()).await
            {
                return Ok(client);
            }
            if Instant::now() >= deadline {
                return Err(Error::NotReady {
                    node: self.config.name.clone(),
                    waited: within,
                    log: self.log_tail(TAIL_LINES),
                });
            }
            tokio::time::sleep(4 * POLL).await;
        }
    }

    /// Starts the process again and waits until it answers.
    pub async fn restart(&mut self) -> Result<Client> {
        self.start()?;
        self.wait_ready(READY_WITHIN).await
    }

    /// Fails, with the end of the log, if the process has ended by itself.
    pub fn check_alive(&mut self) -> Result<()> {
        let node = self.config.name.clone();
        let Some(child) = &mut self.child else { return Err(Error::NotRunning { node }) };
        match child.try_wait().map_err(Error::io("wait for", &self.config.binary))? {
            None => Ok(()),
            Some(status) => {
                self.child = None;
                Err(Error::NodeDied { node, status, log: self.log_tail(TAIL_LINES) })
            }
        }
    }

    /// Ends the process without warning, as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().map_err(Error::io("kill", &self.config.binary))?;
        child.wait().map_err(Error::io("wait for", &self.config.binary))?;
        Ok(())
    }

    /// Asks the process to end and waits for it; kills it if it takes too long.
    pub async fn stop(&mut self) -> Result<()> {
        self.ask_to_stop()?;
        self.wait_stopped(Instant::now() + STOP_WITHIN).await
    }

    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        let Some(child) = &self.child else { return Ok(()) };
        let Ok(pid) = i32::try_from(child.id()) else { return Ok(()) };
        // The child has not been waited for, so its id cannot belong to another process yet.
        match nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGTERM) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(source) => Err(Error::Signal { node: self.config.name.clone(), source }),
        }
    }

    pub(crate) async fn wait_stopped(&mut self, deadline: Instant) -> Result<()> {
        while let Some(child) = &mut self.child {
            if ended(child, &self.config.binary)?.is_some() {
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
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&self.config.log, lines).unwrap_or_else(|error| format!("(no log: {error})"))
    }
}

impl Drop for Node {
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
/// The kernel watches the thread that starts the child, so nodes are started from a thread that
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

/// Where the node binary is: what the variable `CAIRN_NODE` names, or beside this program
/// (a test program lies one directory deeper, in `deps`).
pub fn find_binary() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CAIRN_NODE") {
        return existing(PathBuf::from(named));
    }
    let own = std::env::current_exe().map_err(Error::io("find", "this program"))?;
    let beside = own.parent().unwrap_or(Path::new(".")).join("cairn-node");
    let above = own.parent().and_then(Path::parent).map(|up| up.join("cairn-node"));
    match above {
        Some(above) if !beside.is_file() && above.is_file() => Ok(above),
        _ => existing(beside),
    }
}

pub(crate) fn existing(path: PathBuf) -> Result<PathBuf> {
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::NodeMissing { path })
    }
}
