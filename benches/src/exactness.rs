//! How far the exact form of a model is from the model in floats, by what they lose on text.

use cairn_engine::{
    demo,
    device::Device,
    exact::{self, Loss},
    model::Decoder,
    quantise::{self, checked, Exact, Rounding},
    train::{evaluate, Run, Texts},
};
use cairn_kernel::run::Threads;
use clap::Args;
use serde_json::json;
use std::{thread, time::Instant};

use crate::Error;

/// What the model learns from, and begins with.
const SEED: [u8; 32] = [7; 32];
/// Records far behind those that it learns from.
const CALIBRATION: u64 = 1 << 33;
const JUDGED: u64 = 1 << 34;
const WAYS: [(&str, Rounding); 2] =
    [("nearest", Rounding::Nearest), ("compensated", Rounding::Compensated)];

#[derive(Debug, Args)]
pub struct Options {
    /// Steps that the model learns for [default: those of the demo]
    #[arg(long)]
    steps: Option<u64>,

    /// Records that the model is calibrated on.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=4_096))]
    sample: u64,

    /// Records that are judged, all of them by both.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    records: u64,
}

pub fn run(options: &Options) -> Result<(), Error> {
    let began = Instant::now();
    let decoder = taught(options)?;
    let seconds = began.elapsed().as_secs_f64();
    let judged = Texts { from: JUDGED, count: 1, ..demo::texts(SEED) };
    let float = evaluate(&decoder, &judged, 0..options.records)?;
    let floor = judged.floor();
    println!("learned in {seconds:.0} s; floor of the text {floor:.6} nats a byte");
    println!("{:<20} {:>10} {:>10}", "form", "nats", "gap %");
    println!("{:<20} {float:>10.6} {:>10}", "floats", "");
    let (mut exact_loss, mut gap) = (0.0, 0.0);
    for (name, rounding) in WAYS {
        let exact = exact_form(&decoder, rounding, options.sample)?;
        let lost = loss(&exact, options.records)?;
        let mean = lost.micro_nats as f64 / lost.tokens as f64 / 1e6;
        (exact_loss, gap) = (mean, mean / float - 1.0);
        println!("{:<20} {mean:>10.6} {:>+10.4}", format!("exact, {name}"), gap * 100.0);
    }
    println!();
    let result = json!({
        "train_s": seconds.round(),
        "float_loss": float,
        "over_floor": float / floor - 1.0,
        // Of the last way, which is the one that models are published in.
        "exact_loss": exact_loss,
        "relative_gap": gap,
    });
    println!("{result}");
    Ok(())
}

/// The demo model, which has learned.
fn taught(options: &Options) -> Result<Decoder, Error> {
    let device = Device::flex();
    let mut settings = demo::settings();
    settings.steps = options.steps.unwrap_or(settings.steps);
    let texts = demo::texts(SEED);
    let model = demo::model(&SEED, &device).map_err(|error| Error::Setup(error.to_string()))?;
    let run = Run::open(model, settings, &texts, None)?;
    Ok(run.finish(&texts)?.finish())
}

fn exact_form(decoder: &Decoder, rounding: Rounding, sample: u64) -> Result<Exact, Error> {
    let options = quantise::Options { rounding, context: None };
    Ok(quantise::decoder(decoder, &records(CALIBRATION, sample), &options)?)
}

fn loss(exact: &Exact, count: u64) -> Result<Loss, Error> {
    let model = exact.model_for(exact::losses())?;
    let program = checked(&model)?;
    let hands = thread::available_parallelism().map_or(1, usize::from);
    let crew = Threads::new(hands).map_err(|error| Error::Setup(error.to_string()))?;
    Ok(exact::loss(&exact.plan(&model, &program)?, &crew, &records(JUDGED, count))?)
}

fn records(from: u64, count: u64) -> Vec<Vec<u32>> {
    let texts = Texts { from, count: count as usize, ..demo::texts(SEED) };
    let bytes = texts.records(0);
    let record = |record: &[u8]| record.iter().copied().map(u32::from).collect();
    bytes.chunks(texts.length).map(record).collect()
}
