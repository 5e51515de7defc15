//! Deltas: how many of them a guard judges in an hour, how large they are beside what they change, and
//! how long they are under way on a network.

mod burden;
mod guard;
mod model;
mod network;

use crate::{
    common::apart,
    figures::{Figure, Figures, Measured},
    Error,
};
use guard::Guard;
use model::{Deltas, Model};
use std::{
    thread,
    time::{Duration, Instant},
};

/// What a guard should do of the demo model in an hour.
const REACH: f64 = 1_000.0;
/// Threads that it may be given.
const MOST_THREADS: u16 = 256;

const HOUR: Figure =
    Figure::new("validations_per_hour", "deltas of the demo model judged an hour").at_least(REACH);
const FIRST: Figure = Figure::new("first_validation_ms", "the first by a new process, ms");
const HOUR_LARGE: Figure =
    Figure::new("validations_per_hour_large", "deltas of the large model judged an hour");
const FIRST_LARGE: Figure =
    Figure::new("first_validation_large_ms", "the first by a new process, ms");
const DELTA: Figure = Figure::new("delta_bytes", "delta of the demo model, bytes");
const FULL: Figure = Figure::new("full_bytes", "what it changes, bytes");
const DELTA_LARGE: Figure = Figure::new("delta_bytes_large", "delta of the large model, bytes");
const FULL_LARGE: Figure = Figure::new("full_bytes_large", "what it changes, bytes");

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// How often each is measured; the last line has the medians.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Deltas of the demo model that are judged behind the first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    deltas: u32,
    /// The same of the large one; none leaves it out.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    large: u32,
    /// Records that a delta of the demo model is judged on, each of 256 tokens: as many as the chain
    /// asks for at least.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(64..=16_384))]
    records: u32,
    /// The same of the large one, each of 65 tokens: fewer than the chain asks for, as it takes long.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(64..=16_384))]
    large_records: u32,
    /// Deltas that are handed in on a network; none leaves it out.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=network::MOST as i64))]
    network: u32,
    /// Threads that the guard works with: by default as many as this machine does at once, as a
    /// worker has.
    #[arg(
        long,
        default_value_t = there(),
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_THREADS))
    )]
    threads: u16,
}

fn there() -> u16 {
    let there = thread::available_parallelism().map_or(1, usize::from);
    u16::try_from(there).unwrap_or(u16::MAX).min(MOST_THREADS)
}

pub async fn run(options: Options) -> Result<(), Error> {
    let (runs, deltas) = (options.runs, options.network);
    let mut figures = apart(move || measure(&options)).await?;
    if deltas > 0 {
        for _ in 0..runs {
            for measured in network::measure(deltas).await? {
                figures.add(measured);
            }
        }
    }
    figures.report();
    Ok(())
}

fn measure(options: &Options) -> Result<Figures, Error> {
    let mut figures = Figures::default();
    let demo = Model::demo(options.records)?;
    let large = if options.large > 0 { Some(Model::large(options.large_records)?) } else { None };
    for _ in 0..options.runs {
        let keys = [HOUR, FIRST, DELTA, FULL];
        figures.add(judged(&demo, options.deltas, options.threads, keys)?);
        if let Some(large) = &large {
            let keys = [HOUR_LARGE, FIRST_LARGE, DELTA_LARGE, FULL_LARGE];
            figures.add(judged(large, options.large, options.threads, keys)?);
        }
    }
    Ok(figures)
}

/// One process judges all, each on records of its own, so that nothing but the model is had twice.
fn judged(model: &Model, count: u32, threads: u16, keys: [Figure; 4]) -> Result<Measured, Error> {
    let mut deltas = Deltas::of(model)?;
    let (delta, full) = (deltas.bytes(), model.full());
    let began = Instant::now();
    let mut guard = Guard::start(model, threads)?;
    guard.judge(&deltas.next(threads)?)?;
    let first = began.elapsed();
    let mut took = Duration::ZERO;
    for _ in 0..count {
        // Not counted: whoever learned it has made it.
        let judging = deltas.next(threads)?;
        let began = Instant::now();
        guard.judge(&judging)?;
        took += began.elapsed();
    }
    let hour = 3_600.0 * f64::from(count) / took.as_secs_f64();
    let values = [hour, first.as_secs_f64() * 1e3, delta as f64, full as f64];
    Ok(keys.into_iter().zip(values).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judged_should_time_a_guard_when_this_machine_confines_programs() {
        let demo = Model::demo(64).unwrap();
        let measured = judged(&demo, 1, 1, [HOUR, FIRST, DELTA, FULL]).unwrap();
        let values: Vec<f64> = measured.iter().map(|(_, value)| *value).collect();
        assert!(values.iter().all(|value| *value > 0.0), "{values:?}");
        assert!(values[2] < values[3], "{values:?}");
    }
}
