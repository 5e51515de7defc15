//! `cairn-localnet`: a Cairn network on this machine, in the foreground.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use cairn_localnet::{
    programs, Client, Course, Error, Network, Options, PortPlan, Result, State, JUDGES,
    MAX_RESEARCHERS, MAX_VALIDATORS, MAX_WORKERS,
};
use clap::Parser;
use tokio::signal::unix::{signal, Signal, SignalKind};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks between two updates of the status line.
const STATUS_EVERY: u32 = 4;

/// Runs a Cairn network on this machine until Ctrl-C.
///
/// Everything listens on the loopback address. State is kept and resumed at the next start. The
/// keys are published ones: nothing on this chain is worth anything.
#[derive(Debug, Parser)]
#[command(name = "cairn-localnet", version)]
struct Arguments {
    /// How many validators to run.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = validator_count)]
    validators: usize,

    /// How many workers to run beside them, with a small model to try.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = worker_count)]
    workers: usize,

    /// How many researchers to run, who better the model, where there are three workers or more to
    /// judge what they come to.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = researcher_count)]
    researchers: usize,

    /// Discard the state of an earlier run and begin a new chain.
    #[arg(long)]
    fresh: bool,

    /// Where to keep state and logs [default: $XDG_STATE_HOME/cairn/local, where that variable
    /// is ~/.local/state unless set]
    #[arg(long, value_name = "DIR")]
    base_path: Option<PathBuf>,

    /// The node binary [default: $CAIRN_NODE, or `cairn-node` beside this program]
    #[arg(long, value_name = "PATH")]
    node: Option<PathBuf>,
}

fn validator_count(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=MAX_VALIDATORS).contains(&count) => Ok(count),
        _ => Err(format!("a number from 1 to {MAX_VALIDATORS} is needed")),
    }
}

fn worker_count(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MAX_WORKERS => Ok(count),
        _ => Err(format!("a number from 0 to {MAX_WORKERS} is needed")),
    }
}

fn researcher_count(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MAX_RESEARCHERS => Ok(count),
        _ => Err(format!("a number from 0 to {MAX_RESEARCHERS} is needed")),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    // Listened for from the start, so that a Ctrl-C while the nodes come up also ends them in
    // order.
    let mut stop = StopSignal::install()?;
    let base_path = match arguments.base_path {
        Some(path) => path,
        None => State::default_root()?,
    };
    println!("Starting {} ...", plural(arguments.validators));
    let mut network = Network::spawn(Options {
        fresh: arguments.fresh,
        node: arguments.node,
        validators: arguments.validators,
        workers: arguments.workers,
        ports: PortPlan::Fixed,
        ..Options::new(base_path)
    })?;
    let outcome = tokio::select! {
        outcome = watch(&mut network, arguments.workers, arguments.researchers) => outcome,
        () = stop.wait() => Ok(()),
    };
    println!("\nStopping ...");
    let stopped = network.stop().await;
    if outcome.is_ok() && stopped.is_ok() {
        println!("Stopped. The chain is kept in {}.", network.base_path().display());
    }
    outcome.and(stopped)
}

/// Returns only when a node or a worker fails.
async fn watch(network: &mut Network, workers: usize, researchers: usize) -> Result<()> {
    if workers > 0 {
        println!("Starting {workers} workers; the first time a model is made for them ...");
    }
    network.wait_begun().await?;
    describe(network);
    if researchers > 0 && workers >= JUDGES {
        println!("Having the model ready to learn, for which referenda are held ...");
        network.prepare_learning(&BTreeMap::new(), &Course::default()).await?;
        network.start_researchers(researchers).await?;
        describe_researchers(network);
    } else if researchers > 0 && workers > 0 {
        println!("Nobody learns: it takes {JUDGES} workers to judge what is learned.\n");
    }
    let mut status = Status::new(network);
    let mut looks: u32 = 0;
    loop {
        network.check_alive()?;
        tell_who_ended(network)?;
        if looks.is_multiple_of(STATUS_EVERY) {
            status.update().await;
        }
        looks = looks.wrapping_add(1);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn describe(network: &Network) {
    println!("\nCairn local network, {}\n", plural(network.nodes.len()));
    for node in &network.nodes {
        println!("  {}", node.name());
        println!("    RPC         {}", node.rpc_url());
        println!("    Prometheus  {}", node.prometheus_url());
        println!("    log         {}", node.log_path().display());
        println!("    state       {}", node.base_path().display());
    }
    describe_workers(network);
    if let Some(first) = network.nodes.first() {
        let rpc = first.rpc_url();
        println!("\nTo look around in a browser: https://polkadot.js.org/apps/?rpc={rpc}");
    }
    println!("To stop: Ctrl-C. The next start resumes; --fresh begins a new chain.\n");
}

/// Who works, and what they can be asked for.
fn describe_workers(network: &Network) {
    for worker in &network.workers {
        println!("  {}", worker.name());
        println!("    provider    {}", worker.provider().0);
        println!("    owner       //{}", worker.owner());
        println!("    metrics     http://127.0.0.1:{}/metrics", worker.health_port());
        println!("    log         {}", worker.log_path().display());
    }
    let Some(market) = network.market() else { return };
    let model = hex::encode(market.model.0);
    println!("\nA model to try, made in {}:", market.folder.display());
    let ask = "--prompt \"the red hen\" --wait";
    println!("  {} submit infer --key //Dave --model {model} {ask}", cairn());
    println!("Its results that are too long for the chain are in {}.", market.archive.display());
}

/// Who learns, and how to see what comes of it.
fn describe_researchers(network: &Network) {
    for researcher in &network.researchers {
        println!("\n  {}", researcher.name());
        println!("    account     //{}", researcher.account());
        println!("    log         {}", researcher.log_path().display());
    }
    println!("\nWhat the model has learned, after a few minutes:");
    println!("  {} model show demo\n", cairn());
}

/// The network goes on without somebody who learns.
fn tell_who_ended(network: &mut Network) -> Result<()> {
    for researcher in &mut network.researchers {
        if let Some(status) = researcher.ended()? {
            let (name, log) = (researcher.name(), researcher.log_path().display());
            println!("{name} has ended with {status}; why is in {log}.");
        }
    }
    Ok(())
}

/// The command line, as a shell is to call it.
fn cairn() -> String {
    programs::find("cairn").map_or("cairn".into(), |path| path.display().to_string())
}

fn plural(validators: usize) -> String {
    match validators {
        1 => "one validator".into(),
        more => format!("{more} validators"),
    }
}

/// The line that shows the chain at work.
struct Status {
    url: Option<String>,
    client: Option<Client>,
    terminal: bool,
    finalized_at_start: Option<u32>,
    announced: bool,
}

impl Status {
    fn new(network: &Network) -> Self {
        Self {
            url: network.nodes.first().map(|node| node.rpc_url()),
            client: None,
            terminal: std::io::stdout().is_terminal(),
            finalized_at_start: None,
            announced: false,
        }
    }

    /// A status that cannot be had is not worth ending the network for: whether the node lives
    /// is looked at elsewhere.
    async fn update(&mut self) {
        let limit = Duration::from_secs(2);
        let Ok(Ok((best, finalized, peers))) = tokio::time::timeout(limit, self.ask()).await else {
            self.client = None;
            return;
        };
        let first = *self.finalized_at_start.get_or_insert(finalized);
        if finalized > first && !self.announced {
            self.announced = true;
            self.line(&format!("Blocks are being finalized: {finalized} is the latest."), true);
        }
        if self.terminal {
            let text = format!("best #{best}, finalized #{finalized}, peers {peers}");
            self.line(&text, false);
        }
    }

    async fn ask(&mut self) -> Result<(u32, u32, usize)> {
        let client = match (&self.client, &self.url) {
            (Some(client), _) => client.clone(),
            (None, Some(url)) => Client::connect(url).await?,
            (None, None) => return Err(Error::NoSuchNode { name: "the first".into() }),
        };
        self.client = Some(client.clone());
        let (best, finalized) = (client.best().await?.number, client.finalized().await?.number);
        Ok((best, finalized, client.peers().await?))
    }

    fn line(&self, text: &str, lasting: bool) {
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        let end = if lasting { "\n" } else { "" };
        print!("{clear}{text}{end}");
        // A terminal that went away is noticed by its signal, not here.
        let _ = std::io::stdout().flush();
    }
}

/// Ctrl-C, or the polite request of a service manager.
struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl StopSignal {
    fn install() -> Result<Self> {
        let listen = |kind| {
            signal(kind).map_err(|source| Error::Io {
                action: "listen for",
                path: "signals".into(),
                source,
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
