//! Workers beside the validators: providers on the chain, and a process for each.
//!
//! ```text
//! cairn-engine ──▶ demo model ──▶ archive ◀── cairn-worker × n ──▶ cairn-job
//!                      │                            │
//!                      └── registered ──▶ chain ◀───┘ registered, heartbeats, results
//! ```
//!
//! What was made or registered by an earlier run is found and used again. Where somebody is to better
//! the model, more is done:
//!
//! ```text
//! components, a set to judge deltas on, a referendum ──▶ chain ◀── cairn learn × n, judged by workers
//! ```

mod learning;
mod model;
mod place;
mod referendum;
mod register;
mod researcher;
mod setup;

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};

use cairn_protocol::{
    dag::Component,
    id::{BlockId, File, ProviderId},
    profile::{PayloadKey, PAYLOAD_KEY_BYTES},
};
use cairn_sdk::{keys::ENVIRONMENT, Chain, Published};
use serde_json::Value;
use tokio::try_join;

use crate::{
    keys::{self, NodeKey},
    ports::WorkerPorts,
    process::Process,
    programs, Error, PortPlan, Result,
};
use model::{said, Model};
use register::Declared;
use setup::Launch;

pub use learning::Course;
pub use researcher::Researcher;
pub use setup::Setup;

/// Jobs that a worker does at once.
const JOBS: u8 = 2;
/// What it can have in hand as far as the chain goes: a challenge takes the place of a job, and
/// what it is to look at as a guard waits for one.
const SLOTS: u8 = 2 * JOBS;
/// Memory for the jobs of a worker.
const MEMORY_MIB: u32 = 2_048;
/// Seconds that running jobs are given when a worker is to stop: the network waits no longer.
const DRAIN: &str = "5";
/// How long workers may take until the chain counts on them: a heartbeat and its finality.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What workers need that is not theirs alone, found before anything is started.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    engine: PathBuf,
    worker: PathBuf,
    job: PathBuf,
}

/// Where workers and what they work on are kept, and how many there are.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub programs: Programs,
    /// The directory of the network.
    pub root: PathBuf,
    pub count: usize,
    pub ports: PortPlan,
    /// For how many steps the demo model learns.
    pub steps: u64,
    /// How workers differ, in the order of their seeds; those left out do not.
    pub setups: Vec<Setup>,
}

/// A worker of a network. Dropping it kills its process.
pub struct Worker {
    name: String,
    owner: String,
    provider: ProviderId,
    ports: WorkerPorts,
    log: PathBuf,
    launch: Launch,
    process: Process,
}

/// What a worker has before it runs, of which the others have to be told.
struct Stand {
    name: String,
    data: PathBuf,
    ports: WorkerPorts,
    /// Of its node.
    key: NodeKey,
    /// Where its node listens.
    files: SocketAddr,
    /// By what its node is found besides.
    relay: Option<String>,
}

/// What users of the network can ask for.
#[derive(Clone, Debug)]
pub struct Market {
    /// By this id tasks name the demo model.
    pub model: BlockId,
    /// Its folder in exact form.
    pub folder: PathBuf,
    /// What its bundle and its components are called.
    pub published: Published,
    /// The folder that workers fetch from and publish to.
    pub archive: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> Result<Self> {
        Ok(Self {
            engine: programs::find("cairn-engine")?,
            worker: programs::find("cairn-worker")?,
            job: programs::find("cairn-job")?,
        })
    }
}

impl Worker {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The development seed of the account that is paid.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn provider(&self) -> ProviderId {
        self.provider
    }

    /// The process id, while the process runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// Where it says whether it is well.
    pub fn health(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.health).into()
    }

    /// Starts the process, again or late, with what the one before it kept.
    pub fn start(&mut self) -> Result<()> {
        self.start_with::<&str, &str>(&[])
    }

    /// The same with these variables in its environment, this once.
    pub fn start_with<N: AsRef<str>, V: AsRef<str>>(&mut self, variables: &[(N, V)]) -> Result<()> {
        self.process.start(self.launch.command(variables))
    }

    /// How the process has ended by itself, if it has. It can be started again then.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// The port on this machine that answers `/health` and `/metrics`.
    pub fn health_port(&self) -> u16 {
        self.ports.health
    }

    /// Fails, with the end of the log, if the process has ended by itself.
    pub fn check_alive(&mut self) -> Result<()> {
        self.process.check_alive()
    }

    /// Ends the process without warning, as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        self.process.ask_to_stop()
    }

    pub(crate) async fn wait_stopped(&mut self, deadline: Instant) -> Result<()> {
        self.process.wait_stopped(deadline).await
    }
}

impl Plan {
    /// Forgets what workers keep outside the directory of the network.
    pub(crate) fn discard(root: &Path) -> Result<()> {
        place::discard(root)
    }

    /// Makes what is missing, registers who is not, and starts the workers.
    pub(crate) async fn start(&self, url: &str) -> Result<(Market, Vec<Worker>)> {
        let Model { folder, published } = self.model().await?;
        let chain = register::connect(url).await?;
        let outboxes = self.outboxes();
        fs::create_dir_all(&outboxes).map_err(Error::io("create", &outboxes))?;
        // Before anything is sent beside it: who pays has one outbox.
        register::fund_workers(&chain, &outboxes, self.count).await?;
        // At once, since each waits for finality, and nobody has a job on the model yet.
        let (model, workers) = try_join!(
            register::model(&chain, &outboxes, &published),
            self.register_and_spawn(&chain, url)
        )?;
        Ok((Market { model, folder, published, archive: self.archive()? }, workers))
    }

    /// Has the demo model made, where there is none yet.
    pub(crate) async fn make_model(&self) -> Result<()> {
        self.model().await.map(drop)
    }

    async fn model(&self) -> Result<Model> {
        model::make(&self.programs.engine, &self.root, &self.archive()?, self.steps).await
    }

    /// Outside what jobs may not enter: they run as other users where this one is root.
    fn archive(&self) -> Result<PathBuf> {
        Ok(place::home(&self.root)?.join("archive"))
    }

    /// Registers the workers, starts them, and waits until the chain counts on them.
    async fn register_and_spawn(&self, chain: &Chain, url: &str) -> Result<Vec<Worker>> {
        let (home, archive) = (place::home(&self.root)?, self.archive()?);
        let stands = (0..self.count).map(|index| self.stand(index, &home));
        let stands = stands.collect::<Result<Vec<_>>>()?;
        let mut declared = Vec::with_capacity(self.count);
        for (index, stand) in stands.iter().enumerate() {
            let (setup, node) = (self.setup(index), stand.key.public());
            let payload_key = self.payload_key(&stand.data).await?;
            declared.push(Declared { setup, payload_key, node });
        }
        let providers = register::providers(chain, &self.outboxes(), declared).await?;
        let mut workers = Vec::with_capacity(self.count);
        for (index, provider) in providers.into_iter().enumerate() {
            workers.push(self.spawn(index, provider, url, &archive, &stands)?);
        }
        wait_available(chain, &mut workers).await?;
        Ok(workers)
    }

    /// See [`learning::prepare`].
    pub(crate) async fn prepare_learning(
        &self,
        url: &str,
        market: &Market,
        instead: &BTreeMap<Component, File>,
        course: &Course,
    ) -> Result<BlockId> {
        let chain = register::connect(url).await?;
        learning::prepare(&chain, &self.outboxes(), market, instead, course).await
    }

    /// Starts the process of somebody who learns.
    pub(crate) async fn researcher(
        &self,
        index: usize,
        url: &str,
        market: &Market,
    ) -> Result<Researcher> {
        Researcher::start(index, url, &self.root, &self.outboxes(), market).await
    }

    /// Where what the network itself sends is kept, until it is final.
    fn outboxes(&self) -> PathBuf {
        self.root.join("outbox")
    }

    fn setup(&self, index: usize) -> Setup {
        self.setups.get(index).cloned().unwrap_or_default()
    }

    /// What payloads are sealed for a worker with, made by itself where there is none yet.
    async fn payload_key(&self, data: &Path) -> Result<PayloadKey> {
        let mut command = tokio::process::Command::new(&self.programs.worker);
        command.arg("identity").arg("--data").arg(data);
        let said = said(command).await?;
        payload_key(&said).ok_or_else(|| Error::Program {
            program: self.programs.worker.display().to_string(),
            reason: format!("it said of its payload key: {said}"),
        })
    }

    /// Makes a worker's folder, with the key of its node: the same for the same worker, so that it
    /// is known before it runs.
    fn stand(&self, index: usize, home: &Path) -> Result<Stand> {
        let name = keys::worker_name(index);
        let data = home.join(&name);
        let private = data.join("private");
        fs::create_dir_all(&private).map_err(Error::io("create", &private))?;
        let key = NodeKey::derive(&self.root, &name);
        key.write(&private.join("node.key"))?;
        let mut ports = self.ports.worker(index)?;
        let Setup { health, files, relay, .. } = self.setup(index);
        if let Some(health) = health {
            ports.health = health;
        }
        let files = files.unwrap_or_else(|| ports.files_address());
        Ok(Stand { name, data, ports, key, files, relay })
    }

    fn spawn(
        &self,
        index: usize,
        provider: ProviderId,
        url: &str,
        archive: &Path,
        stands: &[Stand],
    ) -> Result<Worker> {
        let missing = || Error::NoSuchNode { name: keys::worker_name(index) };
        let Stand { name, data, ports, files, .. } = stands.get(index).ok_or_else(missing)?;
        let log = self.root.join(format!("{name}.log"));
        let setup = self.setup(index);
        let archive = setup.archive.as_deref().map_or(archive, Path::new);
        let launch = Launch::new(setup.program.as_ref().unwrap_or(&self.programs.worker))
            .flag("--url", url)
            .flag("--data", data)
            .flag("--archive", archive)
            .flag("--listen", files.to_string())
            .arguments(&peers(index, stands))
            .flag("--job", setup.job.as_ref().unwrap_or(&self.programs.job))
            .flag("--slots", JOBS.to_string())
            .flag("--threads", threads(self.count).to_string())
            .flag("--memory", MEMORY_MIB.to_string())
            // Several on one machine cannot share a port.
            .flag("--health", ports.health.to_string())
            .flag("--drain", DRAIN)
            .arguments(&setup.arguments)
            .variable(ENVIRONMENT, format!("//{}", keys::worker_operator(index)));
        let process = Process::new(name, &launch.program, &log);
        let (name, owner, ports) = (name.clone(), keys::worker_owner(index), *ports);
        let mut worker = Worker { name, owner, provider, ports, log, launch, process };
        if !setup.late {
            worker.start_with(&setup.environment)?;
        }
        Ok(worker)
    }
}

/// Waits until the chain would give work to each of those that run.
pub(crate) async fn wait_for(url: &str, workers: &mut [Worker]) -> Result<()> {
    wait_available(&register::connect(url).await?, workers).await
}

fn payload_key(said: &Value) -> Option<PayloadKey> {
    let mut key = [0; PAYLOAD_KEY_BYTES as usize];
    hex::decode_to_slice(said["payloadKey"].as_str()?, &mut key).ok()?;
    Some(key)
}

/// What tells a worker of all others, to which it gives files and from which it fetches them, and
/// of what they find each other by.
fn peers(own: usize, stands: &[Stand]) -> Vec<String> {
    let relay = stands.get(own).and_then(|stand| stand.relay.clone());
    let others = stands.iter().enumerate().filter(|(index, _)| *index != own);
    let known = others.flat_map(|(_, stand)| {
        let node = hex::encode(stand.key.public());
        let is_found = relay.is_some() && stand.relay.is_some();
        let peer = if is_found { node } else { format!("{node}@{}", stand.files) };
        ["--peer".to_owned(), peer]
    });
    let mut known: Vec<String> = known.collect();
    known.extend(relay.into_iter().flat_map(|url| ["--relay".to_owned(), url]));
    known
}

/// A part of the machine's for each worker.
fn threads(workers: usize) -> usize {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    all.checked_div(workers).unwrap_or(all).max(1)
}

/// Waits until the chain would give each of them work.
async fn wait_available(chain: &Chain, workers: &mut [Worker]) -> Result<()> {
    let deadline = Instant::now() + AVAILABLE_WITHIN;
    loop {
        let missing = missing(chain, workers).await?;
        let Some(seen) = missing else { return Ok(()) };
        if Instant::now() >= deadline {
            let what = "every worker to be available".into();
            return Err(Error::Timeout { what, within: AVAILABLE_WITHIN, seen });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The first worker that gets no work yet, and why.
async fn missing(chain: &Chain, workers: &mut [Worker]) -> Result<Option<String>> {
    let market = chain.market().await?;
    // Whoever is late is waited for when it runs.
    for worker in workers.iter_mut().filter(|worker| worker.pid().is_some()) {
        worker.check_alive()?;
        let view = market.provider(worker.provider).await?;
        match view.map(|view| view.card.obstacle) {
            Some(None) => {}
            Some(Some(obstacle)) => return Ok(Some(format!("{}: {obstacle:?}", worker.name))),
            None => return Ok(Some(format!("{} is not registered", worker.name))),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(name: &str, port: u16, relay: Option<&str>) -> Stand {
        Stand {
            name: name.into(),
            data: PathBuf::new(),
            ports: WorkerPorts { health: 1, files: port },
            key: NodeKey::derive(Path::new("/network"), name),
            files: (Ipv4Addr::LOCALHOST, port).into(),
            relay: relay.map(str::to_owned),
        }
    }

    #[test]
    fn payload_key_should_be_read_as_a_worker_says_it() {
        let said = serde_json::json!({ "payloadKey": "ab".repeat(1_216) });
        assert_eq!(payload_key(&said), Some([0xab; 1_216]));
        let (short, none) = (serde_json::json!({ "payloadKey": "ab" }), serde_json::json!({}));
        assert_eq!((payload_key(&short), payload_key(&none)), (None, None));
    }

    #[test]
    fn peers_should_be_all_workers_but_oneself() {
        let stands = [stand("worker-1", 7, None), stand("worker-2", 8, None)];
        let id = hex::encode(stands[1].key.public());
        assert_eq!(peers(0, &stands), ["--peer".into(), format!("{id}@127.0.0.1:8")]);
        assert!(peers(0, &stands[..1]).is_empty());
    }

    #[test]
    fn peers_should_be_told_without_an_address_when_both_have_a_relay() {
        let url = "http://127.0.0.1:1";
        let stands = [
            stand("worker-1", 7, Some(url)),
            stand("worker-2", 8, Some(url)),
            stand("worker-3", 9, None),
        ];
        let [first, second, third] =
            [0, 1, 2].map(|at: usize| hex::encode(stands[at].key.public()));
        let told = ["--peer", &second, "--peer", &format!("{third}@127.0.0.1:9"), "--relay", url];
        assert_eq!(peers(0, &stands), told);
        let told = [first, second]
            .into_iter()
            .zip([7, 8])
            .map(|(id, port)| format!("{id}@127.0.0.1:{port}"));
        let told: Vec<String> = told.flat_map(|peer| ["--peer".to_owned(), peer]).collect();
        assert_eq!(peers(2, &stands), told);
    }

    #[test]
    fn threads_should_be_one_at_least_when_there_are_more_workers_than_cores() {
        assert_eq!(threads(10_000), 1);
        assert!(threads(1) >= threads(2));
    }
}
