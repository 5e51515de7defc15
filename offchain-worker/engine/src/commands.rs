//! What each command does: reads folders, has the library work, and says what came of it.

mod ask;
mod data;
mod inspect;
mod learn;
mod make;
mod publish;
mod records;

use cairn_engine::{
    device::{Device, Kind},
    folder::{ExactFolder, FloatFolder, FolderError},
};
use cairn_kernel::run::Threads;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::{json, Value};
use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
};

pub type Outcome = Result<(), Box<dyn Error>>;

/// Models: imported, taught, brought to the exact form that everyone computes alike, and asked.
///
/// A model is a folder: one in floats has a model.json, one in exact form a card.json.
#[derive(Debug, Parser)]
#[command(name = "cairn-engine", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Say what came of it as one line of JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads a checkpoint of someone else's into a folder of this program's.
    Import(make::Import),
    /// Teaches a model. What it learned on a model in exact form is written as changes of it.
    Train(learn::Train),
    /// Brings a model in floats to exact form.
    Quantise(make::Quantise),
    /// Adds changes to a model in exact form.
    Apply(make::Apply),
    /// Has a model in exact form in a store of several, and says what its bundle is called.
    Publish(publish::Publish),
    /// Cuts text into records of a model's tokens, as jobs of learning and judging take them.
    Records(records::Records),
    /// Says what a model loses on text, or how many cases it gets right.
    Eval(ask::Eval),
    /// Has a model go on with a text.
    Generate(ask::Generate),
    /// Brings texts to points, of which near ones mean alike.
    Embed(ask::Embed),
    /// Says what a folder or file is.
    Inspect(inspect::Inspect),
}

/// Which arithmetic computes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Profile {
    /// Whole numbers: the same bits on every machine.
    Exact,
    /// Floats, on Burn.
    Float,
}

/// A model, and how it is computed.
#[derive(Debug, Args)]
pub struct Chosen {
    /// The folder of the model.
    model: PathBuf,

    /// Which arithmetic computes [default: that of the folder]
    #[arg(long)]
    profile: Option<Profile>,

    /// Where floats are computed: cpu, wgpu or cuda.
    #[arg(long, default_value = "cpu")]
    device: Kind,

    /// Threads of exact programs [default: as many as the machine takes at once]
    #[arg(long)]
    threads: Option<usize>,
}

/// A model that was opened.
#[allow(clippy::large_enum_variant)]
pub enum Opened {
    Exact(ExactFolder),
    Float(FloatFolder),
}

impl Chosen {
    fn device(&self) -> Result<Device, Box<dyn Error>> {
        Ok(self.device.device()?)
    }

    fn crew(&self) -> Result<Threads, Box<dyn Error>> {
        let hands = || thread::available_parallelism().map_or(1, usize::from);
        match self.threads.unwrap_or_else(hands) {
            0 => Err("--threads is 0; give at least 1".into()),
            count => Ok(Threads::new(count)?),
        }
    }

    fn open(&self) -> Result<Opened, Box<dyn Error>> {
        let exact = is_exact(&self.model);
        if exact && self.profile != Some(Profile::Float) && self.device != Kind::Cpu {
            return Err(
                "whole numbers are computed on the processor; leave --device out, or have \
                        floats computed there: --profile float"
                    .into(),
            );
        }
        match self.profile {
            Some(Profile::Exact) if !exact => Err(format!(
                "{} has no card.json, so the model has no exact form yet; bring it to one: \
                 cairn-engine quantise",
                self.model.display()
            )
            .into()),
            Some(Profile::Float) if exact => {
                let folder = ExactFolder::open(&self.model)?;
                let model = folder.floats(&self.device()?)?;
                Ok(Opened::Float(FloatFolder::of(folder.folder(), model, folder.tokens().clone())))
            }
            _ if exact => Ok(Opened::Exact(ExactFolder::open(&self.model)?)),
            _ => Ok(Opened::Float(FloatFolder::open(&self.model, &self.device()?)?)),
        }
    }
}

/// Refuses the arithmetic that a command has no use for, with what to do instead.
pub fn only(own: Profile, given: Option<Profile>, instead: &str) -> Outcome {
    match given {
        Some(other) if other != own => Err(instead.into()),
        _ => Ok(()),
    }
}

/// Refuses a device that a command would leave idle.
pub fn processor(device: Kind, what: &str) -> Outcome {
    match device {
        Kind::Cpu => Ok(()),
        idle => Err(format!("{what} on the processor, not on {idle}; leave --device out").into()),
    }
}

pub fn is_exact(folder: &Path) -> bool {
    folder.join("card.json").exists()
}

/// A model that a command has no use for.
pub fn unfit(found: &'static str, need: &'static str) -> Box<dyn Error> {
    FolderError::Kind { found, need }.into()
}

impl Cli {
    pub fn run(self, output: &Output) -> Outcome {
        match self.command {
            Command::Import(import) => import.run(output),
            Command::Train(train) => train.run(output),
            Command::Quantise(quantise) => quantise.run(output),
            Command::Apply(apply) => apply.run(output),
            Command::Publish(publish) => publish.run(output),
            Command::Records(records) => records.run(output),
            Command::Eval(eval) => eval.run(output),
            Command::Generate(generate) => generate.run(output),
            Command::Embed(embed) => embed.run(output),
            Command::Inspect(inspect) => inspect.run(output),
        }
    }
}

/// Where results go.
pub struct Output {
    pub json: bool,
}

impl Output {
    /// Says a result: as lines of names and values, or as JSON.
    pub fn say(&self, result: &Value) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match result {
            Value::Object(fields) if !self.json => {
                let known = || fields.iter().filter(|(_, value)| !value.is_null());
                let width = known().map(|(name, _)| name.len()).max().unwrap_or(0);
                for (name, value) in known() {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Object(_) => lines(value, width),
                        other => other.to_string(),
                    };
                    writeln!(out, "{name:width$}  {text}")?;
                }
                Ok(())
            }
            other => writeln!(out, "{other}"),
        }
    }

    /// Says text as it comes. With JSON it is said as a whole afterwards.
    pub fn stream(&self, text: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Says what is wrong. Where nobody reads that any more, nobody is left to be told so.
    pub fn fail(&self, error: &dyn Error) {
        let _ = match self.json {
            true => writeln!(io::stdout(), "{}", json!({ "error": error.to_string().trim_end() })),
            false => writeln!(io::stderr(), "Error: {error}"),
        };
    }
}

/// What is within a value, a line each, in the column of the values.
fn lines(value: &Value, indent: usize) -> String {
    let Value::Object(fields) = value else { return value.to_string() };
    let line = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    };
    let gap = format!("\n{}", " ".repeat(indent + 2));
    fields.iter().map(line).collect::<Vec<_>>().join(&gap)
}
