//! The rooms of a worker, what leads from one to the other, and how all of it ends.

use crate::{
    artifacts::Artifacts,
    book::Book,
    challenge::{Challenges, Solver},
    config::Config,
    detect,
    disk::{self, patient, reserve::Reserve, Disk},
    executor::Executor,
    folders::{failed, Folders},
    health::{self, Health},
    heartbeat::Heartbeats,
    journal::{Journal, JournalError},
    keeper::Keeper,
    lending::{self, Lent, Program},
    listener::{Errands, Listener},
    metrics::Metrics,
    post::Post,
    scheduler::{Capacity, Ended, Scheduler, TOGETHER},
    signals::Signals,
    silence::Silence,
    sizes::Sizes,
    statement::Statements,
    stops::Stops,
    submitter::Submitter,
    vault::Vault,
    view,
    work::Turn,
    Error, Faults, Result,
};
use cairn_protocol::id::{Digest, ProviderId};
use cairn_sandbox::{Means, Sandbox};
use cairn_sdk::{Chain, Options, Outbox};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::{spawn_blocking, JoinError, JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tracing::{info, warn};

/// What waits between two rooms at most.
const TURNS: usize = 2;
const RESULTS: usize = 16;
/// Between two tries to reach a node, and two looks at what still runs.
const PAUSE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(200);
/// How long other nodes may take to hear that this one ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long what has a result may take to be told when all else has ended.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What a room comes to.
type Left = std::result::Result<Result<()>, JoinError>;

/// What the rooms share.
struct Shared {
    config: Config,
    chain: Chain,
    provider: ProviderId,
    genesis: Digest,
    metrics: Arc<Metrics>,
    book: Arc<Book>,
    post: Arc<Post>,
    stops: Arc<Stops>,
    sizes: Arc<Sizes>,
    silence: Arc<Silence>,
    artifacts: Artifacts,
    reserve: Arc<Reserve>,
    /// The GPU that jobs are lent.
    lent: Option<Lent>,
}

/// Works until it is asked to end.
pub(crate) async fn run(config: Config, faults: Box<dyn Faults>) -> Result<()> {
    let mut signals = Signals::install()?;
    let metrics = Arc::new(Metrics::new()?);
    let health = Arc::new(Health::new(Arc::clone(&metrics), config.quiet));
    let served = config.health.map(|address| {
        let served = health::start(address, Arc::clone(&health));
        served.map_err(|source| Error::Health { address, source })
    });
    let _served = served.transpose()?;
    let chain = tokio::select! {
        chain = reach(&config) => chain?,
        () = signals.wait() => return Ok(()),
    };
    let folders = Folders::make(&config.data)?;
    let shared = open(config, chain, faults, metrics, &folders).await?;
    shared.watch(&health, &folders);
    let (drain, drains) = watch::channel(false);
    let mut rooms = JoinSet::new();
    let mut submitter = furnish(&shared, &folders, drains, &mut rooms)?;
    info!("works for provider {}", shared.provider.0);

    let ended = tokio::select! {
        Some(ended) = rooms.join_next() => Some(ended),
        ended = &mut submitter => Some(ended),
        () = signals.wait() => None,
    };
    if let Some(ended) = ended {
        shared.stops.stop_all();
        shared.reserve.end();
        return Err(broken(ended));
    }
    info!("ends when running jobs have; a second signal ends it at once");
    drain.send_replace(true);
    shared.stops.close();
    idle(&shared, &mut signals).await;
    shared.stops.stop_all();
    // Who waits for room on the disk would wait on.
    shared.reserve.end();
    rooms.shutdown().await;
    // With the other rooms those have gone who brought it results.
    if timeout(LAST_WORDS, &mut submitter).await.is_err() {
        submitter.abort();
    }
    // Those who are not told notice by themselves, a while later.
    let _ = timeout(FAREWELL, shared.artifacts.close()).await;
    Ok(())
}

pub(crate) async fn connect(config: &Config) -> cairn_sdk::Result<Chain> {
    let options = Options { insecure: config.insecure, ..Options::default() };
    Chain::connect(&config.urls, &options).await
}

/// Waits for a node: one that is started with the worker takes longer.
async fn reach(config: &Config) -> Result<Chain> {
    loop {
        match connect(config).await {
            Err(error @ cairn_sdk::Error::Unreachable { .. }) => warn!("{error}"),
            reached => return Ok(reached?),
        }
        sleep(PAUSE).await;
    }
}

/// The registration that is worked for.
pub(crate) async fn provider(chain: &Chain, config: &Config) -> Result<ProviderId> {
    let at = chain.at_finalized().await?;
    let (account, address) = (config.signer.account(), config.signer.address());
    if let Some(provider) = config.provider {
        return match view::standing(&at, provider).await? {
            None => Err(Error::UnknownProvider { provider }),
            Some((operator, _)) if operator == account => Ok(provider),
            Some(_) => Err(Error::NotOperator { provider, account: address }),
        };
    }
    let providers = view::operated_by(&at, &account).await?;
    match providers.as_slice() {
        [provider] => Ok(*provider),
        [] => Err(Error::NoProvider { account: address }),
        _ => Err(Error::SeveralProviders { account: address, providers }),
    }
}

async fn open(
    config: Config,
    chain: Chain,
    faults: Box<dyn Faults>,
    metrics: Arc<Metrics>,
    folders: &Folders,
) -> Result<Shared> {
    let provider = provider(&chain, &config).await?;
    let genesis = chain.genesis().0;
    // No second process gets past this.
    let reserve = Arc::new(Reserve::new(folders.reserve()));
    let database = |path: &Path| patient::open(path, &reserve).map_err(JournalError::from);
    let journal = Journal::on(database(&folders.journal())?, &genesis, provider)?;
    let outbox = database(&folders.outbox())?;
    let outbox = Outbox::on(outbox, config.signer.clone(), chain.clone())?;
    let post = Arc::new(Post::new(outbox, Arc::clone(&metrics)));
    let (book, stops) = (Arc::new(Book::new(journal, faults)), Arc::default());
    let sizes = Arc::new(Sizes::new(config.memory_mib));
    let room = Arc::clone(&reserve);
    let artifacts = Artifacts::open(&config, folders, Arc::clone(&metrics), room).await?;
    let lent = lent(&config).await;
    Ok(Shared {
        config,
        chain,
        provider,
        genesis,
        metrics,
        book,
        post,
        stops,
        sizes,
        silence: Arc::default(),
        artifacts,
        reserve,
        lent,
    })
}

/// The GPU that jobs are lent, if they are to have one and their program computes on it. Without
/// one those that ask for it are refused.
async fn lent(config: &Config) -> Option<Lent> {
    if !config.gpu {
        return None;
    }
    let config = config.clone();
    let asked = spawn_blocking(move || {
        let cards = detect::gpus().unwrap_or_default();
        lending::lent(&config, &cards)
    });
    match asked.await.map_err(|reason| reason.to_string()).and_then(|lent| lent) {
        Ok(lent) => {
            info!("jobs are lent a GPU of {} MiB, by {:?}", lent.memory_mib, lent.device);
            Some(lent)
        }
        Err(reason) => {
            warn!("jobs that ask for a GPU are refused: {reason}");
            None
        }
    }
}

/// Starts all rooms. The last of the four in a row is kept apart, since it ends last.
fn furnish(
    shared: &Shared,
    folders: &Folders,
    drains: watch::Receiver<bool>,
    rooms: &mut JoinSet<Result<()>>,
) -> Result<JoinHandle<Result<()>>> {
    // As many as are begun and not over: so neither of two rooms that give to each other waits.
    let jobs = usize::from(shared.config.slots) * TOGETHER;
    let (to_scheduler, turns) = mpsc::channel(TURNS);
    let (to_executor, assigned) = mpsc::channel(jobs);
    let (to_ends, ends) = mpsc::channel(jobs);
    let (to_gone, gone) = mpsc::channel(usize::from(shared.config.slots));
    let (to_submitter, results) = mpsc::channel(RESULTS);
    let (to_forgotten, forgotten) = mpsc::channel(RESULTS);
    let (latest, heartbeats) = watch::channel(None);
    let (challenges, results_kept) = (latest.subscribe(), latest.subscribe());

    let scratch = folders.scratch()?;
    let program = shared.program(&scratch)?;
    let solver = shared.solver(program.clone());
    let to_results = to_submitter.clone();
    let executor = shared.executor(folders, scratch, program, to_results, to_ends, to_gone)?;
    let listener = shared.listener(to_scheduler, latest)?;
    let scheduler = Scheduler {
        book: Arc::clone(&shared.book),
        stops: Arc::clone(&shared.stops),
        metrics: Arc::clone(&shared.metrics),
        silence: Arc::clone(&shared.silence),
        capacity: shared.capacity(),
        jobs: to_executor,
        results: to_submitter,
        forgotten: to_forgotten,
        drains,
    };
    rooms.spawn(listener.run());
    rooms.spawn(scheduler.run(turns, ends, gone));
    rooms.spawn(executor.run(assigned));
    rooms.spawn(shared.heartbeats().run(heartbeats));
    rooms.spawn(shared.challenges(solver).run(challenges));
    rooms.spawn(shared.keeper().run(results_kept));
    Ok(tokio::spawn(shared.submitter().run(results, forgotten)))
}

impl Shared {
    /// Has it said while the disk is full, while nothing becomes of what is sent, and while panels
    /// are told nothing.
    fn watch(&self, health: &Health, folders: &Folders) {
        let (data, reserve) = (folders.data.clone(), Arc::clone(&self.reserve));
        let (post, silence) = (Arc::clone(&self.post), Arc::clone(&self.silence));
        health.look_at(move || {
            let trouble = disk::trouble(&data, &reserve).or_else(|| post.trouble());
            trouble.or_else(|| silence.trouble())
        });
    }

    fn listener(
        &self,
        turns: mpsc::Sender<Arc<Turn>>,
        latest: watch::Sender<Option<Arc<Turn>>>,
    ) -> Result<Listener> {
        let (chain, metrics) = (self.chain.clone(), Arc::clone(&self.metrics));
        let (journal, errands) = (self.book.journal(), Errands::new(Arc::clone(&self.sizes)));
        Listener::new(chain, self.provider, metrics, journal, errands, turns, latest)
    }

    /// The jobs' program, and what confines it.
    fn program(&self, scratch: &Path) -> Result<Program> {
        let config = &self.config;
        let binary: PathBuf = config.job.canonicalize().map_err(failed("find", &config.job))?;
        let sandbox = Sandbox::new(Means::detect(), scratch)?;
        let sandbox = lending::allow(sandbox, self.lent);
        Ok(Program { sandbox, binary, memory_mib: config.memory_mib })
    }

    fn executor(
        &self,
        folders: &Folders,
        scratch: PathBuf,
        program: Program,
        results: mpsc::Sender<crate::work::Work>,
        ends: mpsc::Sender<Ended>,
        gone: mpsc::Sender<u64>,
    ) -> Result<Executor> {
        let config = &self.config;
        let Program { sandbox, binary, .. } = program;
        let slots = usize::from(config.slots);
        let disk = Disk::new(folders, scratch, slots, Arc::clone(&self.reserve));
        disk.renew();
        Ok(Executor {
            chain: self.chain.clone(),
            artifacts: self.artifacts.clone(),
            sandbox,
            disk,
            lent: self.lent.map(|lent| lent.device),
            vault: self.vault(folders),
            binary,
            threads: config.threads_a_job(),
            linger: config.linger,
            book: Arc::clone(&self.book),
            stops: Arc::clone(&self.stops),
            metrics: Arc::clone(&self.metrics),
            sizes: Arc::clone(&self.sizes),
            silence: Arc::clone(&self.silence),
            results,
            ends,
            gone,
        })
    }

    fn capacity(&self) -> Capacity {
        let device_mib = self.lent.map_or(0, |lent| lent.memory_mib);
        let (slots, memory_mib) = (usize::from(self.config.slots), self.config.memory_mib);
        Capacity { slots, memory_mib, device_mib }
    }

    /// What sealed jobs need. Others are done without.
    fn vault(&self, folders: &Folders) -> std::result::Result<Vault, String> {
        let volatile = self.config.volatile.as_deref();
        Vault::open(folders, volatile, self.provider, self.genesis).map_err(|reason| {
            warn!("sealed jobs are not done here: {reason}");
            reason.to_string()
        })
    }

    fn heartbeats(&self) -> Heartbeats {
        let (post, every) = (Arc::clone(&self.post), self.config.heartbeat);
        Heartbeats { post, provider: self.provider, every }
    }

    fn keeper(&self) -> Keeper {
        let (artifacts, post) = (self.artifacts.clone(), Arc::clone(&self.post));
        Keeper { artifacts, post, proofs: BTreeMap::new() }
    }

    fn solver(&self, program: Program) -> Solver {
        let threads = usize::from(self.config.threads);
        let lent = self.lent.map(|lent| (lent.device, program));
        Solver { threads, lent, metrics: Arc::clone(&self.metrics) }
    }

    fn challenges(&self, solver: Solver) -> Challenges {
        Challenges {
            book: Arc::clone(&self.book),
            post: Arc::clone(&self.post),
            provider: self.provider,
            genesis: self.genesis,
            solver: Arc::new(solver),
            solving: None,
        }
    }

    fn submitter(&self) -> Submitter {
        let (book, provider, genesis) = (Arc::clone(&self.book), self.provider, self.genesis);
        let statements = Statements { book, provider, genesis };
        Submitter { statements, post: Arc::clone(&self.post), lost: BTreeSet::new() }
    }
}

/// Waits until nothing runs any more, for as long as jobs are given.
async fn idle(shared: &Shared, signals: &mut Signals) {
    let begun = Instant::now();
    loop {
        tokio::select! {
            () = sleep(TICK) => {}
            () = signals.wait() => return,
        }
        if shared.stops.is_empty() || begun.elapsed() >= shared.config.drain {
            return;
        }
    }
}

/// Why a room has ended that should not.
fn broken(ended: Left) -> Error {
    let name = "worker";
    match ended {
        Ok(Err(error)) => error,
        Ok(Ok(())) => Error::Room { name, reason: "a part of it has nothing left to do".into() },
        Err(reason) => Error::Room { name, reason: reason.to_string() },
    }
}
