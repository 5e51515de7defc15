//! A network: validators on one machine, sharing a chain specification.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cairn_protocol::{
    dag::Component,
    id::{BlockId, File},
};
use cairn_runtime::{AccountId, BlockNumber};
use serde_json::Value;
use tokio::try_join;

use crate::{
    keys::{self, NodeKey},
    node::{self, NodeConfig, READY_WITHIN, STOP_WITHIN},
    spec::write_spec,
    state::State,
    workers::{self, Plan, Programs},
    Client, Course, Error, Market, Node, PortPlan, Researcher, Result, Setup, Worker,
};

/// The most validators one machine is asked to run.
pub const MAX_VALIDATORS: usize = 20;

/// The most workers one machine is asked to run.
pub const MAX_WORKERS: usize = 20;

/// The most researchers one machine is asked to run: each keeps all its cores busy.
pub const MAX_RESEARCHERS: usize = 4;

/// Workers that judge a delta. Where there are fewer nobody need learn anything.
pub const JUDGES: usize = 3;
/// For how many steps the demo model of workers learns: enough that its text has words.
const MODEL_STEPS: u64 = 40;

/// What network to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the network keeps itself. State found there is resumed.
    pub base_path: PathBuf,
    /// Discards that state first.
    pub fresh: bool,
    /// The node binary; by default the one [`node::find_binary`] finds.
    pub node: Option<PathBuf>,
    pub validators: usize,
    /// Workers beside them, with a model to run.
    pub workers: usize,
    /// How workers differ, in the order of their seeds; those left out do not.
    pub setups: Vec<Setup>,
    /// For how many steps that model learns. Ignored where it is there already.
    pub model_steps: u64,
    pub ports: PortPlan,
    /// Accounts that share the supply with the validators and the well-known accounts. Ignored
    /// when state is resumed, like the next one.
    pub endowed: Vec<AccountId>,
    /// Merged over the genesis of the runtime's local preset.
    pub genesis_patch: Value,
    /// Added to every node's command line.
    pub node_args: Vec<String>,
}

impl Options {
    /// One validator on free ports, with the genesis of the local preset.
    pub fn new(base_path: impl Into<PathBuf>) -> Self {
        Self {
            base_path: base_path.into(),
            fresh: false,
            node: None,
            validators: 1,
            workers: 0,
            setups: Vec::new(),
            model_steps: MODEL_STEPS,
            ports: PortPlan::Free,
            endowed: Vec::new(),
            genesis_patch: Value::Object(Default::default()),
            node_args: Vec::new(),
        }
    }
}

/// Running validators, and workers if any are asked for. Dropping it kills them.
pub struct Network {
    // Dropped first, so that none of them loses its node.
    /// Those who were started to better the model, in the order of their seeds.
    pub researchers: Vec<Researcher>,
    /// The workers that were started, in the order of their seeds.
    pub workers: Vec<Worker>,
    /// What they work on.
    market: Option<Market>,
    /// The workers that are to be started.
    plan: Option<Plan>,
    state: State,
    binary: PathBuf,
    ports: PortPlan,
    node_args: Vec<String>,
    /// The validators, in the order of their seeds.
    pub nodes: Vec<Node>,
}

impl Network {
    /// Starts a network and waits until every node answers and every worker is counted on.
    pub async fn start(options: Options) -> Result<Self> {
        let mut network = Self::spawn(options)?;
        network.wait_begun().await?;
        Ok(network)
    }

    /// Starts the validators and does not wait for them.
    pub fn spawn(options: Options) -> Result<Self> {
        let count = options.validators;
        if !(1..=MAX_VALIDATORS).contains(&count) {
            return Err(Error::ValidatorCount { got: count, max: MAX_VALIDATORS });
        }
        let programs = programs_for(options.workers)?;
        let binary = match options.node {
            Some(path) => node::existing(path)?,
            None => node::find_binary()?,
        };
        // Looked at before anything is discarded, written or started: if another network runs
        // from the same directory, it holds these ports.
        let ports = (0..count).map(|index| free_ports(options.ports, index));
        let ports = ports.collect::<Result<Vec<_>>>()?;
        for worker in 0..options.workers {
            options.ports.worker(worker)?.check_free(&keys::worker_name(worker))?;
        }
        if options.fresh {
            Plan::discard(&options.base_path)?;
            State::discard(&options.base_path)?;
        }
        let state = State::open(&options.base_path, count)?;
        if !state.spec().exists() {
            let mut endowed = options.endowed;
            endowed.extend(keys::worker_accounts(options.workers)?);
            write_spec(&state.spec(), count, endowed, options.genesis_patch)?;
        }

        let mut network = Self {
            researchers: Vec::new(),
            workers: Vec::new(),
            market: None,
            plan: programs.map(|programs| Plan {
                programs,
                root: state.root().to_owned(),
                count: options.workers,
                ports: options.ports,
                steps: options.model_steps,
                setups: options.setups,
            }),
            state,
            binary,
            ports: options.ports,
            node_args: options.node_args,
            nodes: Vec::with_capacity(count),
        };
        let mut configs = Vec::with_capacity(count);
        for (index, ports) in ports.into_iter().enumerate() {
            let (name, seed) = (keys::validator_name(index), keys::validator_seed(index));
            configs.push(network.config(name, Some(seed), ports));
        }
        let addresses = configs.iter().map(NodeConfig::address).collect::<Result<Vec<String>>>()?;
        for (index, mut config) in configs.into_iter().enumerate() {
            // Everyone knows everyone: a node that comes back finds the others by itself.
            config.bootnodes = addresses
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, address)| address.clone())
                .collect();
            network.nodes.push(Node::spawn(config)?);
        }
        Ok(network)
    }

    /// Waits until every validator answers, and starts the workers that were asked for.
    pub async fn wait_begun(&mut self) -> Result<()> {
        let plan = self.plan.clone();
        // Beside the nodes' start, as the model needs none of them.
        try_join!(self.wait_ready(), async {
            match &plan {
                Some(plan) => plan.make_model().await,
                None => Ok(()),
            }
        })?;
        self.start_workers().await
    }

    /// Waits until every validator answers RPC calls.
    pub async fn wait_ready(&mut self) -> Result<()> {
        // Together, not one after the other: each compiles the same runtime first.
        let deadline = Instant::now() + READY_WITHIN;
        for node in &mut self.nodes {
            node.wait_ready(deadline.saturating_duration_since(Instant::now())).await?;
        }
        Ok(())
    }

    /// Starts the workers that were asked for, and waits until the chain counts on them. What they
    /// need is made and registered where it is missing.
    async fn start_workers(&mut self) -> Result<()> {
        let (Some(plan), Some(first)) = (self.plan.clone(), self.nodes.first()) else {
            return Ok(());
        };
        let (market, workers) = plan.start(&first.rpc_url()).await?;
        self.market = Some(market);
        self.workers = workers;
        Ok(())
    }

    /// Has the workers' model ready for others to better it, and gives the set that deltas are judged
    /// on. Components that are named here are published as these files, and not as the bundle has
    /// them. What an earlier run did is not done again.
    pub async fn prepare_learning(
        &self,
        instead: &BTreeMap<Component, File>,
        course: &Course,
    ) -> Result<BlockId> {
        let (plan, url, market) = self.school()?;
        plan.prepare_learning(&url, market, instead, course).await
    }

    /// Starts so many processes that better the model. It has to be ready for that.
    pub async fn start_researchers(&mut self, count: usize) -> Result<()> {
        if count > MAX_RESEARCHERS {
            return Err(Error::ResearcherCount { got: count, max: MAX_RESEARCHERS });
        }
        for index in self.researchers.len()..count {
            let (plan, url, market) = self.school()?;
            let researcher = plan.researcher(index, &url, market).await?;
            self.researchers.push(researcher);
        }
        Ok(())
    }

    /// What learning needs: workers, and what they work on.
    fn school(&self) -> Result<(&Plan, String, &Market)> {
        let first = self.nodes.first().map(Node::rpc_url);
        match (&self.plan, first, &self.market) {
            (Some(plan), Some(url), Some(market)) => Ok((plan, url, market)),
            _ => Err(Error::NothingToLearn),
        }
    }

    /// Waits until the chain would give work to each worker that runs.
    pub async fn wait_workers(&mut self) -> Result<()> {
        let Some(first) = self.nodes.first() else { return Ok(()) };
        workers::wait_for(&first.rpc_url(), &mut self.workers).await
    }

    /// What workers work on, once they were started.
    pub fn market(&self) -> Option<&Market> {
        self.market.as_ref()
    }

    /// Starts a node that follows the chain without validating it.
    pub async fn follower(&self, name: &str) -> Result<Node> {
        let config = self.config(name.into(), None, self.ports.ports(MAX_VALIDATORS)?);
        self.join(config).await
    }

    /// Starts a second node with a validator's session keys: what a careless operator does who
    /// moves a validator without stopping it first.
    pub async fn twin(&self, validator: usize, more_args: &[&str]) -> Result<Node> {
        let seed = keys::validator_seed(validator);
        let name = format!("{}-twin", keys::validator_name(validator));
        let mut config = self.config(name, Some(seed), PortPlan::Free.ports(0)?);
        config.extra_args.extend(more_args.iter().map(|argument| argument.to_string()));
        self.join(config).await
    }

    async fn join(&self, mut config: NodeConfig) -> Result<Node> {
        config.ports.check_free(&config.name)?;
        config.bootnodes =
            self.nodes.iter().map(|node| node.config().address()).collect::<Result<_>>()?;
        let mut node = Node::spawn(config)?;
        node.wait_ready(READY_WITHIN).await?;
        Ok(node)
    }

    fn config(&self, name: String, validator: Option<String>, ports: crate::Ports) -> NodeConfig {
        NodeConfig {
            binary: self.binary.clone(),
            spec: self.state.spec(),
            base_path: self.state.node(&name),
            log: self.state.log(&name),
            ports,
            key: NodeKey::derive(self.state.root(), &name),
            validator,
            bootnodes: Vec::new(),
            extra_args: self.node_args.clone(),
            name,
        }
    }

    /// Asks every researcher, then every worker and then every validator to end, waits for those of a
    /// kind together, and kills those that take too long.
    pub async fn stop(&mut self) -> Result<()> {
        let mut first_error = self.stop_researchers().await.err();
        first_error = first_error.or(self.stop_workers().await.err());
        for node in &mut self.nodes {
            first_error = first_error.or(node.ask_to_stop().err());
        }
        let deadline = Instant::now() + STOP_WITHIN;
        for node in &mut self.nodes {
            first_error = first_error.or(node.wait_stopped(deadline).await.err());
        }
        first_error.map_or(Ok(()), Err)
    }

    async fn stop_researchers(&mut self) -> Result<()> {
        let mut first_error = None;
        for researcher in &mut self.researchers {
            first_error = first_error.or(researcher.ask_to_stop().err());
        }
        let deadline = Instant::now() + STOP_WITHIN;
        for researcher in &mut self.researchers {
            first_error = first_error.or(researcher.wait_stopped(deadline).await.err());
        }
        self.researchers.clear();
        first_error.map_or(Ok(()), Err)
    }

    /// While there are validators, so that what a worker still has to say is heard.
    async fn stop_workers(&mut self) -> Result<()> {
        let mut first_error = None;
        for worker in &mut self.workers {
            first_error = first_error.or(worker.ask_to_stop().err());
        }
        let deadline = Instant::now() + STOP_WITHIN;
        for worker in &mut self.workers {
            first_error = first_error.or(worker.wait_stopped(deadline).await.err());
        }
        self.workers.clear();
        first_error.map_or(Ok(()), Err)
    }

    /// Starts every validator that is not running and waits until all answer.
    pub async fn restart(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            if node.pid().is_none() {
                node.start()?;
            }
        }
        self.wait_ready().await
    }

    /// Fails if a validator or a worker has ended by itself.
    pub fn check_alive(&mut self) -> Result<()> {
        self.nodes.iter_mut().try_for_each(Node::check_alive)?;
        self.workers.iter_mut().try_for_each(Worker::check_alive)
    }

    /// A connection to a validator.
    pub async fn client(&self, validator: usize) -> Result<Client> {
        let node = self
            .nodes
            .get(validator)
            .ok_or_else(|| Error::NoSuchNode { name: keys::validator_name(validator) })?;
        node.client().await
    }

    /// A connection to each validator.
    pub async fn clients(&self) -> Result<Vec<Client>> {
        let mut clients = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            clients.push(node.client().await?);
        }
        Ok(clients)
    }

    /// Waits until every validator has finalized this block.
    pub async fn wait_finalized(&self, number: BlockNumber, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        for node in &self.nodes {
            let left = deadline.saturating_duration_since(Instant::now());
            node.client().await?.wait_finalized(number, left).await?;
        }
        Ok(())
    }

    /// The chain specification all nodes run.
    pub fn spec(&self) -> PathBuf {
        self.state.spec()
    }

    pub fn base_path(&self) -> &Path {
        self.state.root()
    }

    pub fn binary(&self) -> &Path {
        &self.binary
    }
}

/// The ports of a validator, which nobody else has.
fn free_ports(plan: PortPlan, validator: usize) -> Result<crate::Ports> {
    let ports = plan.ports(validator)?;
    ports.check_free(&keys::validator_name(validator))?;
    Ok(ports)
}

/// What so many workers are made of; nothing where there are none.
fn programs_for(workers: usize) -> Result<Option<Programs>> {
    if workers > MAX_WORKERS {
        return Err(Error::WorkerCount { got: workers, max: MAX_WORKERS });
    }
    (workers > 0).then(Programs::find).transpose()
}
