//! One node process.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    keys,
    keys::NodeKey,
    ports::Ports,
    process::{Process, POLL},
    programs,
    spec::CHAIN_ID,
    Client, Error, Result,
};

pub use crate::process::STOP_WITHIN;

/// How long a node may take until its RPC answers: compiling the runtime on a busy machine.
pub const READY_WITHIN: Duration = Duration::from_secs(90);

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
    process: Process,
}

impl Node {
    /// Starts the process; it is ready later, see [`Node::wait_ready`].
    pub(crate) fn spawn(config: NodeConfig) -> Result<Self> {
        config.prepare()?;
        let process = Process::new(&config.name, &config.binary, &config.log);
        let mut node = Self { config, process };
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
        self.process.pid()
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
        self.process.start(self.config.command())
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
                    log: self.process.last_words(),
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
        self.process.check_alive()
    }

    /// Ends the process without warning, as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Asks the process to end and waits for it; kills it if it takes too long.
    pub async fn stop(&mut self) -> Result<()> {
        self.ask_to_stop()?;
        self.wait_stopped(Instant::now() + STOP_WITHIN).await
    }

    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        self.process.ask_to_stop()
    }

    pub(crate) async fn wait_stopped(&mut self, deadline: Instant) -> Result<()> {
        self.process.wait_stopped(deadline).await
    }

    /// The last lines of the log.
    pub fn log_tail(&self, lines: usize) -> String {
        self.process.log_tail(lines)
    }
}

/// Where the node binary is: what the variable `CAIRN_NODE` names, or beside this program
/// (a test program lies one directory deeper, in `deps`).
pub fn find_binary() -> Result<PathBuf> {
    existing(programs::place("cairn-node")?)
}

pub(crate) fn existing(path: PathBuf) -> Result<PathBuf> {
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::NodeMissing { path })
    }
}
