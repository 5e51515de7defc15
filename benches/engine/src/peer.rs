//! The other side of one that is compared: its process, kept alive from the first round to the
//! last.

use crate::compare::Options;
use serde_json::Value;
use std::{
    env, fs,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Where an engine is from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// This program.
    Here,
    /// `peers.py`.
    Python,
}

/// What an engine computes with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Numbers {
    Exact,
    F32,
    /// Reported beside the others; nothing is held against it.
    Other(&'static str),
}

/// One that is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kind {
    pub name: &'static str,
    pub numbers: Numbers,
    pub origin: Origin,
}

/// A process that waits for commands.
pub struct Peer {
    pub kind: Kind,
    /// What it calls itself, with its version.
    pub label: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Peer {
    /// Starts one on the model in a folder, and waits until it has read it.
    pub fn start(kind: Kind, folder: &Path, options: &Options) -> Result<Self, String> {
        let fail = |error: &dyn std::fmt::Display| format!("cannot be started: {error}");
        let log = folder.join(format!("{}.log", kind.name));
        let errors = File::create(&log).map_err(|error| fail(&error))?;
        let mut command = command(kind, folder, options)?;
        for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(variable, options.threads.to_string());
        }
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child = piped.spawn().map_err(|error| fail(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(fail(&"it has no input or output"));
        };
        let output = BufReader::new(output);
        let mut peer = Self { kind, label: String::new(), child, input, output, log };
        let ready = peer.answer()?;
        peer.label = ready["label"].as_str().unwrap_or(kind.name).to_owned();
        Ok(peer)
    }

    /// Has it do something, and waits until it is done.
    pub fn ask(&mut self, command: &str) -> Result<Value, String> {
        let written = writeln!(self.input, "{command}").and_then(|()| self.input.flush());
        written.map_err(|_| self.ended())?;
        self.answer()
    }

    /// How long it took, by its own clock.
    pub fn seconds(&mut self, command: &str) -> Result<f64, String> {
        let answer = self.ask(command)?;
        answer["seconds"].as_f64().ok_or_else(|| format!("answers {answer} to {command:?}"))
    }

    pub fn logits(&mut self) -> Result<Vec<f32>, String> {
        let answer = self.ask("logits")?;
        serde_json::from_value(answer["logits"].clone()).map_err(|error| error.to_string())
    }

    fn answer(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) | Err(_) => Err(self.ended()),
            Ok(_) => serde_json::from_str(&line).map_err(|_| format!("says {:?}", line.trim())),
        }
    }

    /// Why it is no more: the last that it said.
    fn ended(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().rev().find(|line| !line.trim().is_empty());
        format!("ended: {}", last.unwrap_or("and said nothing").trim())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(kind: Kind, folder: &Path, options: &Options) -> Result<Command, String> {
    let mut command = match kind.origin {
        Origin::Here => {
            let here = env::current_exe().map_err(|error| error.to_string())?;
            let mut command = Command::new(here);
            command.arg("contender");
            command
        }
        Origin::Python => {
            let python = options.python.as_ref().filter(|python| python.exists());
            let mut command = Command::new(python.ok_or("its packages are not installed")?);
            // Else it would write into the checkout.
            command.arg(&options.peers).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        }
    };
    command.arg(kind.name).arg(folder).arg(options.threads.to_string());
    Ok(command)
}
