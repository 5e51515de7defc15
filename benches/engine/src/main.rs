#![doc = include_str!("../README.md")]

mod candle;
mod checkpoint;
mod compare;
mod contender;
mod exact;
mod field;
mod flex;
mod outcome;
mod peer;
#[allow(dead_code)]
#[path = "../../src/report.rs"]
mod report;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Measures models, exact and in floats, beside other engines. The last line of the output is one
/// JSON object.
#[derive(Debug, Parser)]
#[command(name = "cairn-bench-engine")]
struct Cli {
    #[clap(flatten)]
    options: compare::Options,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// One of those that are compared, which does what it reads line by line. For the benchmark.
    #[command(hide = true)]
    Contender { name: String, folder: PathBuf, threads: usize },
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot keep the models: {0}")]
    Files(#[from] std::io::Error),
    #[error("cannot write the checkpoint: {0}")]
    Checkpoint(#[from] safetensors::SafeTensorError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Config(#[from] cairn_engine::config::ConfigError),
    #[error(transparent)]
    Import(#[from] cairn_engine::import::ImportError),
    #[error(transparent)]
    Model(#[from] cairn_engine::model::ModelError),
    #[error(transparent)]
    Train(#[from] cairn_engine::train::TrainError),
    #[error(transparent)]
    Quantise(#[from] cairn_engine::quantise::QuantiseError),
    #[error(transparent)]
    Artifact(#[from] cairn_artifact::Error),
    #[error("the exact program does not run: {0}")]
    Run(cairn_kernel::run::Error),
    #[error("cannot start threads: {0}")]
    Threads(cairn_kernel::run::ThreadsError),
    #[error("the device could not return what it computed: {0}")]
    Device(String),
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    #[error("{0}")]
    Peer(String),
    #[error(
        "{name} comes to logits that are {off:.1e} off those of {reference}, and at most {most:.0e} \
         is rounding: they do not compute the same model, and no time of theirs would say anything"
    )]
    Differs { name: String, reference: String, off: f64, most: f64 },
}

fn run(cli: Cli) -> Result<(), Error> {
    match cli.part {
        Some(Part::Contender { name, folder, threads }) => contender::run(&name, &folder, threads),
        None => compare::run(&cli.options),
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
