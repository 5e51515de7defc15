//! Settings, from flags and a file, and what they come to.

use crate::node::Neighbour;
use cairn_protocol::id::{Height, ProviderId};
use cairn_sdk::{
    keys::{KeyError, ENVIRONMENT},
    Passphrase, Signer,
};
use cairn_store::{NodeId, NotARelay, Relay};
use clap::{value_parser, Args};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    env, fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

/// Where the passphrase of a key file is looked for.
pub const PASSPHRASE: &str = "CAIRN_PASSPHRASE";
/// What a node on this machine listens on.
const URL: &str = "ws://127.0.0.1:9944";
/// The chain gives back the fee of a heartbeat that is so many blocks after the last.
const HEARTBEAT: Height = 300;
const HEALTH: u16 = 9_633;
const QUIET: u64 = 60;
const DRAIN: u64 = 60;
/// What is judged of one model comes minutes apart.
const LINGER: Duration = Duration::from_secs(120);
/// As many jobs as a sandbox holds.
const MOST_SLOTS: i64 = 64;
/// A job's program alone takes some of it.
const LEAST_MEMORY: i64 = 64;

/// Settings as they are given; whatever is left out has a default.
#[derive(Args, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A node's endpoint; several are tried in turn [default: ws://127.0.0.1:9944]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<String>,

    /// Speak to machines elsewhere without encryption.
    #[arg(long)]
    pub insecure: bool,

    /// The registration to work for [default: the one that this key operates]
    #[arg(long, value_name = "N")]
    pub provider: Option<u64>,

    /// The operator's key: a file, whose passphrase is in CAIRN_PASSPHRASE, or a secret phrase,
    /// which others on this machine can see here [default: the phrase in CAIRN_KEY]
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,

    /// Where the worker keeps what it must not forget [default: $XDG_STATE_HOME/cairn/worker,
    /// where that variable is ~/.local/state unless set]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Where inputs are fetched from and results are published to: a folder, or a bucket as
    /// s3://bucket/prefix, with its credentials in AWS_... [default: `archive` in the data folder]
    #[arg(long, value_name = "DIR|URL")]
    pub archive: Option<String>,

    /// The most that fetched files and results may take of the disk [default: half of what it can
    /// hold]
    #[arg(long, value_name = "MIB", value_parser = value_parser!(u32).range(1..))]
    pub quota: Option<u32>,

    /// An address for other workers to fetch files from; one of a family at most [default: none]
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<SocketAddr>,

    /// Another worker: files are fetched from it, and it may fetch them here; several, each by its
    /// own --peer. Its address may be left out where both have a --relay
    #[arg(long, value_name = "NODEID[@ADDRESS:PORT]")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peer: Vec<Neighbour>,

    /// A relay, by which other workers find this one and it finds them, whatever is between;
    /// several, each by its own --relay [default: none]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relay: Vec<String>,

    /// A folder in memory that sealed jobs write to [default: the data folder if it is in memory,
    /// else /dev/shm]
    #[arg(long, value_name = "DIR")]
    pub volatile: Option<PathBuf>,

    /// The program that does jobs [default: `cairn-job` beside this program]
    #[arg(long, value_name = "PATH")]
    pub job: Option<PathBuf>,

    /// Threads for all jobs together [default: one for each core]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=4_096))]
    pub threads: Option<u16>,

    /// Jobs at once [default: 1]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=MOST_SLOTS))]
    pub slots: Option<u8>,

    /// Memory for all jobs together [default: three quarters of the machine's]
    #[arg(long, value_name = "MIB", value_parser = value_parser!(u32).range(LEAST_MEMORY..))]
    pub memory: Option<u32>,

    /// Let jobs that ask for a GPU have this machine's. They are held less tightly then: see what
    /// the sandbox's README says, and leave it out unless you trust the models that run here
    #[arg(long)]
    pub gpu: bool,

    /// The port on this machine that answers /health and /metrics; 0 for none [default: 9633]
    #[arg(long, value_name = "PORT")]
    pub health: Option<u16>,

    /// Seconds without a final block after which /health says that something is wrong [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub quiet: Option<u64>,

    /// Blocks between two heartbeats [default: 300]
    #[arg(long, value_name = "BLOCKS", value_parser = value_parser!(u32).range(1..))]
    pub heartbeat: Option<u32>,

    /// Seconds that running jobs are given when the worker is to end [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub drain: Option<u64>,

    /// Seconds that a process which has judged is kept for what is judged next of the same model,
    /// unless its room is wanted before; 0 ends it at once [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub linger: Option<u32>,
}

/// What settings come to.
#[derive(Clone)]
pub struct Config {
    pub urls: Vec<String>,
    pub insecure: bool,
    /// None takes the one that the key operates.
    pub provider: Option<ProviderId>,
    pub signer: Signer,
    pub data: PathBuf,
    /// A folder or a URL.
    pub archive: String,
    /// Bytes; none takes what the disk is good for.
    pub quota: Option<u64>,
    pub listen: Vec<SocketAddr>,
    /// The nodes that this one deals with, and where they are, as far as that is known.
    pub peers: BTreeMap<NodeId, Vec<SocketAddr>>,
    pub relays: Vec<Relay>,
    /// None takes one that is in memory.
    pub volatile: Option<PathBuf>,
    pub job: PathBuf,
    /// For all jobs together.
    pub threads: u16,
    pub slots: u8,
    /// For all jobs together.
    pub memory_mib: u64,
    /// Whether jobs are given GPUs.
    pub gpu: bool,
    /// None answers nobody.
    pub health: Option<SocketAddr>,
    /// Without a final block for so long something is wrong: the node, the way there, or the chain.
    pub quiet: Duration,
    pub heartbeat: Height,
    pub drain: Duration,
    /// How long a process that judges is kept without a brief.
    pub linger: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("'{}' cannot be read ({reason}); name another with --config", path.display())]
    Unread { path: PathBuf, reason: io::Error },
    #[error("'{}' is no file of settings: {reason}", path.display())]
    Malformed { path: PathBuf, reason: Box<toml::de::Error> },
    #[error("'{setting}' is {have}, and can be from {least} to {most}")]
    OutOfRange { setting: &'static str, least: i64, most: i64, have: i64 },
    #[error("the node is to listen at {have} addresses of one family; leave all but one out")]
    Addresses { have: usize },
    #[error(transparent)]
    Relay(NotARelay),
    #[error(
        "it is not said where node {node} is; name it as {node}@ADDRESS:PORT, or with --relay one \
         that it has too"
    )]
    Nowhere { node: NodeId },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the key is encrypted; put its passphrase into {PASSPHRASE}")]
    NoPassphrase,
    #[error(
        "there is no key to sign with; put a secret phrase into {ENVIRONMENT}, name a key file by \
         --key, or put a passphrase into {PASSPHRASE} and have one made"
    )]
    NoKey,
    #[error("there is no home folder; name a folder with --data")]
    NoHome,
    #[error("it is not known where this program is; name the jobs' program with --job")]
    NoProgram,
}

type Result<T> = std::result::Result<T, ConfigError>;

impl Settings {
    /// These, and for what they leave out those of a file.
    pub fn with_file(self, path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|reason| ConfigError::Unread { path: path.into(), reason })?;
        let file: Self = toml::from_str(&text).map_err(|reason| ConfigError::Malformed {
            path: path.into(),
            reason: Box::new(reason),
        })?;
        file.check()?;
        Ok(self.over(file))
    }

    /// What flags are held to, a file is as well.
    fn check(&self) -> Result<()> {
        let most = i64::from(u32::MAX);
        let bounds = [
            ("threads", self.threads.map(i64::from), 1, 4_096),
            ("slots", self.slots.map(i64::from), 1, MOST_SLOTS),
            ("memory", self.memory.map(i64::from), LEAST_MEMORY, most),
            ("quota", self.quota.map(i64::from), 1, most),
            ("heartbeat", self.heartbeat.map(i64::from), 1, most),
        ];
        for (setting, have, least, most) in bounds {
            if let Some(have) = have.filter(|have| !(least..=most).contains(have)) {
                return Err(ConfigError::OutOfRange { setting, least, most, have });
            }
        }
        Ok(())
    }

    /// Where the worker keeps what it must not forget.
    pub fn folder(&self) -> Result<PathBuf> {
        data(self.data.clone())
    }

    fn over(self, file: Self) -> Self {
        Self {
            url: if self.url.is_empty() { file.url } else { self.url },
            insecure: self.insecure || file.insecure,
            provider: self.provider.or(file.provider),
            key: self.key.or(file.key),
            data: self.data.or(file.data),
            archive: self.archive.or(file.archive),
            quota: self.quota.or(file.quota),
            listen: if self.listen.is_empty() { file.listen } else { self.listen },
            peer: if self.peer.is_empty() { file.peer } else { self.peer },
            relay: if self.relay.is_empty() { file.relay } else { self.relay },
            volatile: self.volatile.or(file.volatile),
            job: self.job.or(file.job),
            threads: self.threads.or(file.threads),
            slots: self.slots.or(file.slots),
            memory: self.memory.or(file.memory),
            gpu: self.gpu || file.gpu,
            health: self.health.or(file.health),
            quiet: self.quiet.or(file.quiet),
            heartbeat: self.heartbeat.or(file.heartbeat),
            drain: self.drain.or(file.drain),
            linger: self.linger.or(file.linger),
        }
    }

    /// What they come to on a machine of so many cores and so much memory.
    pub fn resolve(self, cores: usize, memory_mib: u64) -> Result<Config> {
        let data = data(self.data)?;
        let port = self.health.unwrap_or(HEALTH);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let relays = relays(&self.relay)?;
        let default_archive = || data.join("archive").to_string_lossy().into_owned();
        Ok(Config {
            urls: if self.url.is_empty() { vec![URL.into()] } else { self.url },
            insecure: self.insecure,
            provider: self.provider.map(ProviderId),
            signer: signer(self.key.as_deref())?,
            archive: self.archive.unwrap_or_else(default_archive),
            quota: self.quota.map(|mib| u64::from(mib) << 20),
            listen: one_of_a_family(self.listen)?,
            peers: addresses(&self.peer, &relays)?,
            relays,
            data,
            volatile: self.volatile,
            job: self.job.map_or_else(default_job, Ok)?,
            threads: self.threads.unwrap_or_else(|| u16::try_from(cores).unwrap_or(u16::MAX)),
            slots: self.slots.unwrap_or(1),
            memory_mib: self.memory.map_or(memory_mib / 4 * 3, u64::from),
            gpu: self.gpu,
            health: (port > 0).then_some(address),
            quiet: Duration::from_secs(self.quiet.unwrap_or(QUIET)),
            heartbeat: self.heartbeat.unwrap_or(HEARTBEAT),
            drain: Duration::from_secs(self.drain.unwrap_or(DRAIN)),
            linger: self.linger.map_or(LINGER, |seconds| Duration::from_secs(seconds.into())),
        })
    }
}

impl Config {
    /// Whether other workers are dealt with.
    pub fn has_node(&self) -> bool {
        !self.listen.is_empty() || !self.peers.is_empty() || !self.relays.is_empty()
    }

    /// Threads that one job works with.
    pub fn threads_a_job(&self) -> u16 {
        (self.threads / u16::from(self.slots.max(1))).max(1)
    }
}

fn one_of_a_family(listen: Vec<SocketAddr>) -> Result<Vec<SocketAddr>> {
    let old = listen.iter().filter(|address| address.is_ipv4()).count();
    match old.max(listen.len() - old) {
        0 | 1 => Ok(listen),
        have => Err(ConfigError::Addresses { have }),
    }
}

fn relays(urls: &[String]) -> Result<Vec<Relay>> {
    urls.iter().map(|url| url.parse::<Relay>().map_err(ConfigError::Relay)).collect()
}

/// All that is known of each node. Without an address it takes a relay to find one.
fn addresses(peers: &[Neighbour], relays: &[Relay]) -> Result<BTreeMap<NodeId, Vec<SocketAddr>>> {
    let mut known: BTreeMap<NodeId, Vec<SocketAddr>> = BTreeMap::new();
    for Neighbour { node, address } in peers {
        known.entry(*node).or_default().extend(*address);
    }
    let lost = known.iter().find(|(_, addresses)| relays.is_empty() && addresses.is_empty());
    match lost.map(|(node, _)| *node) {
        Some(node) => Err(ConfigError::Nowhere { node }),
        None => Ok(known),
    }
}

/// Of a file, of a phrase, or of the environment.
fn signer(key: Option<&str>) -> Result<Signer> {
    let Some(key) = key else { return Ok(Signer::from_environment(ENVIRONMENT)?) };
    let path = Path::new(key);
    if !path.exists() {
        return Ok(Signer::from_suri(key)?);
    }
    let passphrase = env::var(PASSPHRASE).map_err(|_| ConfigError::NoPassphrase)?;
    Ok(Signer::open(path, &Passphrase::new(passphrase))?)
}

/// Where a worker keeps what it must not forget.
pub(crate) fn data(named: Option<PathBuf>) -> Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named);
    }
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = state.filter(|path| path.is_absolute()).or_else(home);
    Ok(state.ok_or(ConfigError::NoHome)?.join("cairn/worker"))
}

fn default_job() -> Result<PathBuf> {
    let here = env::current_exe().map_err(|_| ConfigError::NoProgram)?;
    Ok(here.with_file_name("cairn-job"))
}

#[cfg(test)]
mod tests;
