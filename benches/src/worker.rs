//! The worker: what it adds to a job, how many it does, and what its parts take.

mod jobs;
mod moments;
mod news;
mod sandbox;
mod seal;
mod task;
mod transfer;

use crate::{
    common::{self, apart},
    figures::{Figures, Measured},
    Error,
};

#[derive(Debug, clap::Args)]
pub struct Options {
    #[clap(flatten)]
    common: common::Options,
    /// What to measure: sandbox, seal, transfer, jobs.
    #[arg(long, value_delimiter = ',', default_value = "sandbox,seal,transfer,jobs")]
    parts: Vec<Part>,
    /// Programs that are started, of each of the two.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    starts: u32,
    /// MiB that are sealed and opened.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1_024))]
    payload_mib: u64,
    /// MiB of the file that goes from one store to another.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=4_096))]
    file_mib: u64,
    /// Tasks a second while it is measured what the worker adds to each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    rate: u32,
    /// Tasks under way at once while they are counted: submitted and not ended.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    outstanding: u32,
    /// Tasks that the chain gives the worker at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u8).range(1..=255))]
    seats: u8,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Part {
    Sandbox,
    Seal,
    Transfer,
    Jobs,
}

pub async fn run(options: Options) -> Result<(), Error> {
    let mut figures = Figures::default();
    for _ in 0..options.common.runs {
        for part in &options.parts {
            figures.add(measure(*part, &options).await?);
        }
    }
    figures.report();
    Ok(())
}

async fn measure(part: Part, options: &Options) -> Result<Measured, Error> {
    let (starts, payload) = (options.starts, options.payload_mib << 20);
    match part {
        Part::Sandbox => apart(move || sandbox::measure(starts)).await,
        Part::Seal => apart(move || seal::measure(payload)).await,
        Part::Transfer => transfer::measure(options.file_mib << 20).await,
        Part::Jobs => jobs::measure(options).await,
    }
}
