//! How fast this machine makes what capability challenges ask for.

use crate::{
    report::{median, table},
    Error,
};
use cairn_protocol::{challenge::work, profile::DeviceClass};
use cairn_runtime::Runtime;
use clap::Args;
use frame_support::traits::Get;
use pallet_cairn_capability::{Config, Job};
use serde_json::{json, Map};
use std::{thread, time::Instant};

type Asked = <Runtime as Config>::Job;

#[derive(Debug, Args)]
pub struct Options {
    /// Hashes of each lane that are timed.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1_024))]
    rounds: u64,

    /// How often each is measured; what is printed is the middle.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=99))]
    runs: u8,
}

pub fn run(options: &Options) -> Result<(), Error> {
    // What the parameters are where nobody has set them.
    let (job_units, floors) = sp_io::TestExternalities::default().execute_with(|| {
        let floors = <Runtime as pallet_cairn_providers::Config>::ThroughputFloors::get();
        (Asked::cost(DeviceClass::Cpu), floors)
    });
    let all = thread::available_parallelism().map_or(1, usize::from);
    let (mut rows, mut line) = (Vec::new(), Map::new());
    for cores in [1, all] {
        let speeds = (0..options.runs).map(|_| units_a_second(cores, options.rounds));
        let speed = median(speeds.collect());
        rows.push(vec![
            cores.to_string(),
            format!("{:.2}", speed / 1e9),
            format!("{:.2}", speed / work::HASH_UNITS as f64 / 1e6),
            format!("{:.2}", job_units as f64 / speed),
        ]);
        line.insert(format!("capability_units_per_s_{cores}"), json!(speed.round()));
    }
    table(&["cores", "10^9 units/s", "10^6 hashes/s", "s for the job of a Cpu"], &rows);
    println!(
        "\nfloor of the lowest class above: {:.0} x 10^9 units/s",
        floors.small_gpu as f64 / 1e9
    );
    println!("{}", serde_json::Value::Object(line));
    Ok(())
}

/// Each core does a job of its own, as nothing of one job depends on another.
fn units_a_second(cores: usize, rounds: u64) -> f64 {
    let units = u64::from(work::LANES) * work::HASH_UNITS * rounds;
    let began = Instant::now();
    thread::scope(|scope| {
        for core in 0..cores {
            scope.spawn(move || std::hint::black_box(work::solve(&[core as u8; 32], units)));
        }
    });
    cores as f64 * units as f64 / began.elapsed().as_secs_f64()
}
