#![doc = include_str!("../README.md")]

mod capability;
mod common;
mod exactness;
mod figures;
mod finality;
mod learning;
mod market;
mod report;
mod tps;
#[cfg(feature = "weights")]
mod weights;
mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Measures a local network. The last line of the output is one JSON object.
#[derive(Debug, Parser)]
#[command(name = "cairn-bench")]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// How fast this machine answers capability challenges.
    Capability(capability::Options),
    /// What a small model loses in floats, and in exact form.
    Exactness(exactness::Options),
    /// Submit-to-finalized time of single transfers at light load.
    Finality(finality::Options),
    /// How many deltas a guard judges in an hour, and how large they are.
    Learning(learning::Options),
    /// Matching, tasks a second, bytes of state, and empty blocks beside open tasks.
    Market(market::Options),
    /// Transfers a second, counted at finality, on three networks.
    Tps(tps::Options),
    /// Weights of our own pallets, written into their tables.
    #[cfg(feature = "weights")]
    Weights(weights::Options),
    /// What a worker adds to a job, how many it does, and what its parts take.
    Worker(worker::Options),
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Network(#[from] cairn_localnet::Error),
    #[error("cannot keep what is to be measured: {0}")]
    State(#[from] std::io::Error),
    #[error("a task of the load ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("cannot keep a state in a database: {0}")]
    Database(#[from] sc_client_api::blockchain::Error),
    #[error("cannot set up what is to be measured: {0}")]
    Setup(String),
    #[error("the model does not learn: {0}")]
    Train(#[from] cairn_engine::train::TrainError),
    #[error("the model has no exact form: {0}")]
    Quantise(#[from] cairn_engine::quantise::QuantiseError),
    #[error("the exact form comes to nothing: {0}")]
    Exact(#[from] cairn_engine::exact::ExactError),
    #[error("the model is not published: {0}")]
    Folder(#[from] cairn_engine::folder::FolderError),
    #[error(transparent)]
    Sandbox(#[from] cairn_sandbox::Error),
    #[error(transparent)]
    Store(#[from] cairn_store::Error),
    #[error(transparent)]
    Peer(#[from] cairn_store::PeerError),
    #[error(transparent)]
    Unsealed(#[from] cairn_vault::Unsealed),
    #[error(transparent)]
    Unopened(#[from] cairn_vault::Unopened),
    #[error("no transfer was finalized")]
    NothingFinalized,
    #[error("interrupted; the networks are stopped and their state is removed")]
    Interrupted,
}

async fn run(bench: Bench) -> Result<(), Error> {
    println!("{}", report::machine());
    match bench {
        Bench::Capability(options) => capability::run(&options),
        Bench::Exactness(options) => exactness::run(&options),
        Bench::Finality(options) => finality::run(options).await,
        Bench::Learning(options) => learning::run(options).await,
        Bench::Market(options) => market::run(options).await,
        Bench::Tps(options) => tps::run(options).await,
        #[cfg(feature = "weights")]
        Bench::Weights(options) => weights::run(&options),
        Bench::Worker(options) => worker::run(options).await,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let bench = Cli::parse().bench;
    // Whatever is under way is dropped, and takes its nodes and directories along.
    let result = tokio::select! {
        result = run(bench) => result,
        _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
