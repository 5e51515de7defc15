//! The exact kernel, on the files that it is published as.

use crate::{
    checkpoint::tokens,
    contender::{serve, Contender},
    Error,
};
use cairn_artifact::{cache::Cache, package::Package, store::Store};
use cairn_engine::{
    import,
    quantise::{self, Options, Rounding},
    Device,
};
use cairn_kernel::{
    models::Outcome,
    program::TensorId,
    run::{Crew, Numbers, Piece, Plan, State, Threads},
};
use cairn_protocol::id::ContentId;
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// Sequences that scales are found on, which are others than the one that is measured.
const SAMPLES: u64 = 2;

/// Where the exact model is, and what one of its numbers stands for.
#[derive(Debug, Deserialize, Serialize)]
struct Published {
    manifest: [u8; 32],
    step: f64,
}

/// Brings the checkpoint in a folder to its exact form, in a store beside it. How weights are
/// rounded changes no time, so they are rounded in the way that takes the least.
pub fn publish(folder: &Path, length: usize) -> Result<(), Error> {
    let decoder = import::decoder(folder, &Device::flex())?;
    let below = decoder.config().vocabulary;
    let samples: Vec<Vec<u32>> =
        (0..SAMPLES).map(|sample| tokens(1_000 + sample, length, below)).collect();
    let options = Options { rounding: Rounding::Nearest, context: None };
    let exact = quantise::decoder(&decoder, &samples, &options)?;
    let store = Store::at(folder.join("store"))?;
    let manifest = exact.publish(&store, &exact.model_for(Outcome::LastLogits)?)?;
    let published = Published { manifest: manifest.0, step: exact.result_step() };
    Ok(fs::write(folder.join("exact.json"), serde_json::to_vec(&published)?)?)
}

/// Packs weights first, as whoever runs a model for the first time has to: the memory that this
/// takes counts.
pub fn run(folder: &Path, threads: usize) -> Result<(), Error> {
    let published = fs::read(folder.join("exact.json"))?;
    let Published { manifest, step } = serde_json::from_slice(&published)?;
    let store = Store::at(folder.join("store"))?;
    let cache = Cache::at(folder.join("cache"))?;
    let package = Package::open(&store, &cache, &ContentId(manifest))?;
    let plan = package.plan()?;
    let crew = Threads::new(threads).map_err(Error::Threads)?;
    let result = plan.program().program().result;
    let state = plan.start();
    serve(folder, "exact kernel", &mut Exact { plan: &plan, crew: &crew, state, result, step })
}

struct Exact<'a> {
    plan: &'a Plan<'a>,
    crew: &'a dyn Crew,
    state: State,
    result: TensorId,
    step: f64,
}

impl Contender for Exact<'_> {
    fn begin(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        self.state = self.plan.start();
        self.go_on(tokens)
    }

    fn advance(&mut self, token: u32) -> Result<Vec<f32>, Error> {
        self.go_on(&[token])
    }
}

impl Exact<'_> {
    fn go_on(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        // Below the vocabulary's size.
        let tokens: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
        let piece = Piece { tokens: &tokens, ..Piece::default() };
        let made = self.plan.run_by(self.crew, &mut self.state, &piece, &[]);
        let made = made.map_err(Error::Run)?.take(self.result);
        let float = |number: i32| (f64::from(number) * self.step) as f32;
        Ok(match made.as_ref().map(|made| made.numbers()) {
            Some(Numbers::Wide(numbers)) => numbers.iter().map(|number| float(*number)).collect(),
            Some(Numbers::Narrow(numbers)) => {
                numbers.iter().map(|number| float((*number).into())).collect()
            }
            None => Vec::new(),
        })
    }
}
