//! Weights of our own pallets, measured on the WASM runtime and written into their tables.

mod runner;
mod tables;

use crate::{
    report::{machine, table},
    Error,
};
use runner::Runner;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The runtime with its benchmarks, as `scripts/bench weights` builds it.
    #[arg(long)]
    runtime: PathBuf,
    /// The checkout whose pallets are written to.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Values of each variable, from its least to its most.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..=100))]
    steps: u32,
    /// Times that each value is measured.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeat: u32,
    /// How often everything is measured, of which the least counts: what slows the machine for a
    /// while is no cost of a call.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Measures and shows, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Pallets by the names of their directories; all that have a table by default.
    pallets: Vec<String>,
}

/// Seats of a task, at most, and guards of an audit.
const MANY: u64 = 9;

/// What one call or step of a hook costs.
pub struct Measured {
    pub name: String,
    pub fixed: Cost,
    /// What each variable adds, in their order.
    pub per: Vec<Cost>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cost {
    pub nanos: u64,
    pub reads: u64,
    pub writes: u64,
}

pub fn run(options: &Options) -> Result<(), Error> {
    let known = tables::pallets(&options.root)?;
    let pallets = if options.pallets.is_empty() { known } else { options.pallets.clone() };
    let code = std::fs::read(&options.runtime)?;
    let runner = Runner::new(code, options.steps, options.repeat)?;
    let Options { steps, repeat, runs, .. } = options;
    let how =
        format!("{steps} steps, {repeat} repetitions, the least of {runs} runs; {}", machine());
    let mut least: BTreeMap<&String, Vec<Measured>> = BTreeMap::new();
    // Turn by turn, so that what slows the machine meets one run of each.
    for _ in 0..*runs {
        for pallet in &pallets {
            let measured = runner.measure(&format!("pallet_cairn_{pallet}"))?;
            let before = least.remove(pallet).into_iter().flatten();
            let mut both: Vec<Measured> = before.collect();
            both.extend(measured);
            least.insert(pallet, the_least(both));
        }
    }
    for (pallet, measured) in least {
        show(pallet, &measured);
        let file = tables::file(&options.root, pallet);
        let text = tables::fill(&std::fs::read_to_string(&file)?, &measured, &how)
            .map_err(|reason| Error::Setup(format!("{}: {reason}", file.display())))?;
        if !options.dry_run {
            std::fs::write(&file, text)?;
        }
    }
    Ok(())
}

/// Of those with one name the one that took the least, with the most reads and writes of any.
fn the_least(all: Vec<Measured>) -> Vec<Measured> {
    let mut kept: Vec<Measured> = Vec::new();
    for mut one in all {
        match kept.iter_mut().find(|other| other.name == one.name) {
            None => kept.push(one),
            Some(other) => {
                if one.nanos() < other.nanos() && !one.begins_astray(other) {
                    std::mem::swap(&mut one, other);
                }
                other.fixed.raise(&one.fixed);
                other.per.iter_mut().zip(&one.per).for_each(|(cost, more)| cost.raise(more));
            }
        }
    }
    kept
}

impl Measured {
    /// What it takes with as many of each variable as there may be of most.
    fn nanos(&self) -> u64 {
        self.per.iter().fold(self.fixed.nanos, |sum, cost| sum + MANY * cost.nanos)
    }

    /// Whether its line is steeper than it should be, so that it begins at next to nothing: a hook
    /// that has little to do would be priced too low.
    fn begins_astray(&self, other: &Self) -> bool {
        self.fixed.nanos < other.fixed.nanos / 2
    }
}

impl Cost {
    fn raise(&mut self, other: &Self) {
        self.reads = self.reads.max(other.reads);
        self.writes = self.writes.max(other.writes);
    }
}

fn show(pallet: &str, measured: &[Measured]) {
    let row = |name: String, cost: &Cost| {
        let micros = format!("{:.1}", cost.nanos as f64 / 1e3);
        vec![name, micros, cost.reads.to_string(), cost.writes.to_string()]
    };
    let mut rows = Vec::new();
    for call in measured {
        rows.push(row(call.name.clone(), &call.fixed));
        rows.extend(call.per.iter().map(|cost| row("each".into(), cost)));
    }
    table(&[pallet, "us", "reads", "writes"], &rows);
    println!();
}
