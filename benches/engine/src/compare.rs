//! Who is compared, on what, and how: in turns, so that all meet the same machine.

use crate::{
    checkpoint::{self, tokens, Given},
    exact,
    field::Field,
    flex,
    outcome::{self, Section},
    peer::{Kind, Numbers, Origin},
    report, Error,
};
use cairn_engine::{config::DecoderConfig, demo};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Threads of each engine.
    #[arg(long, default_value_t = 2, value_parser = at_least_one)]
    pub threads: usize,
    /// Turns of each engine, of which the medians are.
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    rounds: usize,
    /// Tokens that are computed one by one behind those that are computed at once.
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    decode: usize,
    /// Much smaller models, to see that everything runs. The numbers say nothing.
    #[arg(long)]
    small: bool,
    /// A Python that has what requirements.txt asks for.
    #[arg(long)]
    pub python: Option<PathBuf>,
    /// What runs the engines that are Python's.
    #[arg(long, default_value = "benches/engine/peers.py")]
    pub peers: PathBuf,
}

const EXACT: Kind = Kind { name: "exact", numbers: Numbers::Exact, origin: Origin::Here };
const FLEX: Kind = Kind { name: "flex", numbers: Numbers::F32, origin: Origin::Here };
const CANDLE: Kind = Kind { name: "candle", numbers: Numbers::F32, origin: Origin::Here };
const PYTORCH: Kind = python("pytorch", Numbers::F32);
const ONNXRUNTIME: Kind = python("onnxruntime", Numbers::F32);

const LARGE: [Kind; 9] = [
    EXACT,
    FLEX,
    CANDLE,
    PYTORCH,
    python("pytorch-compiled", Numbers::F32),
    ONNXRUNTIME,
    python("pytorch-bf16", Numbers::Other("bf16")),
    python("pytorch-int8", Numbers::Other("int8")),
    python("onnxruntime-int8", Numbers::Other("int8")),
];
const DEMO: [Kind; 5] = [EXACT, FLEX, CANDLE, PYTORCH, ONNXRUNTIME];
const LEARNING: [Kind; 2] = [FLEX, PYTORCH];

const fn python(name: &'static str, numbers: Numbers) -> Kind {
    Kind { name, numbers, origin: Origin::Python }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("has to be one at least".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

pub fn run(options: &Options) -> Result<(), Error> {
    println!("{}", report::machine());
    if options.small {
        println!("SMALL MODELS: the numbers below say nothing about any engine.");
    }
    let folder = tempfile::tempdir()?;
    let length = if options.small { 64 } else { 512 };
    let large = larger(options, length);
    let large = compare(&folder.path().join("large"), &large, length, &LARGE, options)?;
    println!("\nQwen3-shaped, {length} tokens at once, then {} one by one:", options.decode);
    large.print(&["prefill tok/s", "decode tok/s"]);
    // Its own context, and what is computed one by one behind that.
    let length = if options.small { 64 } else { demo::LENGTH };
    let demo = DecoderConfig { context: length + options.decode, ..demo::config() };
    let folder = folder.path().join("demo");
    let small = compare(&folder, &demo, length, &DEMO, options)?;
    println!("\nDemo model, {length} tokens at once, then {} one by one:", options.decode);
    small.print(&["prefill tok/s", "decode tok/s"]);
    let learning = learn(&folder, options)?;
    println!("\nDemo model, a step of AdamW on the same examples:");
    learning.print(&["training tok/s"]);
    println!("{}", outcome::line(&large, &small, &learning));
    Ok(())
}

/// Qwen3's shape, of a size that all engines compute in a second or so.
fn larger(options: &Options, length: usize) -> DecoderConfig {
    let config = DecoderConfig {
        context: length + options.decode,
        vocabulary: 32_768,
        hidden: 768,
        layers: 12,
        heads: 12,
        groups: 4,
        head: 64,
        inner: 2_048,
        experts: None,
        normed_heads: true,
        tied: true,
        epsilon: 1e-6,
        theta: 10_000.0,
        scaling: None,
    };
    match options.small {
        false => config,
        true => DecoderConfig { vocabulary: 512, hidden: 128, layers: 2, inner: 256, ..config },
    }
}

/// Has all compute the same, and measures them in turns.
fn compare(
    folder: &Path,
    config: &DecoderConfig,
    length: usize,
    kinds: &[Kind],
    options: &Options,
) -> Result<Section, Error> {
    println!("Writing a model of random weights, and its exact form; then all read and check it.");
    checkpoint::write(folder, config)?;
    let prompt = tokens(1, length, config.vocabulary);
    let behind = tokens(2, options.decode, config.vocabulary);
    Given { prompt, behind, length, count: 0 }.write(folder)?;
    exact::publish(folder, length)?;
    let commands = vec![("prefill", length), ("decode", options.decode)];
    let mut field = Field::start(kinds, commands, folder, options)?;
    field.check()?;
    field.measure(options.rounds)
}

/// Steps of learning on the demo model, whose checkpoint is in the folder.
fn learn(folder: &Path, options: &Options) -> Result<Section, Error> {
    let (length, count) = if options.small { (64, 2) } else { (demo::LENGTH, 32) };
    Given { length, count, ..Given::read(folder)? }.write(folder)?;
    // The first is there to warm up.
    let steps = 0..=options.rounds as u64;
    let texts = flex::texts(length, count);
    let records: Vec<u8> = steps.flat_map(|step| texts.records(step)).collect();
    fs::write(folder.join("records.bin"), records)?;
    // A byte is foretold from those before it.
    let commands = vec![("learn", count * (length - 1))];
    let field = Field::start(&LEARNING, commands, folder, options)?;
    field.measure(options.rounds)
}
