//! All that are compared on one model, side by side.

use crate::{
    compare::Options,
    outcome::{Missing, Outcome, Section},
    peer::{Kind, Numbers, Peer},
    report::median,
    Error,
};
use std::{path::Path, thread::sleep, time::Duration};

/// What rounding may come to among engines that compute in f32, relative to all logits together.
const ROUNDING: f64 = 1e-3;
/// Threads of the one before spin for a while after their turn.
const PAUSE: Duration = Duration::from_millis(200);
/// Without them nothing is compared.
const NEEDED: [&str; 2] = ["exact", "flex"];
/// Whose logits are the measure.
const REFERENCE: &str = "flex";

pub struct Field {
    runners: Vec<Runner>,
    missing: Vec<Missing>,
    /// What each does in its turn, and how many tokens that is.
    commands: Vec<(&'static str, usize)>,
}

struct Runner {
    peer: Peer,
    /// How far its logits are from the reference's, relative to those.
    off: Option<f64>,
    /// Of each command, in all rounds.
    seconds: Vec<Vec<f64>>,
}

impl Field {
    /// Starts all, one after another, on the model in a folder.
    pub fn start(
        kinds: &[Kind],
        commands: Vec<(&'static str, usize)>,
        folder: &Path,
        options: &Options,
    ) -> Result<Self, Error> {
        let mut field = Self { runners: Vec::new(), missing: Vec::new(), commands };
        for kind in kinds {
            match Peer::start(*kind, folder, options) {
                Ok(peer) => field.runners.push(Runner { peer, off: None, seconds: Vec::new() }),
                Err(reason) => field.miss(kind.name, reason)?,
            }
        }
        Ok(field)
    }

    /// Whether all compute the same model, first at once and then token by token.
    pub fn check(&mut self) -> Result<(), Error> {
        for (command, _) in self.commands.clone() {
            let mut logits = Vec::new();
            self.turn(0, |runner| {
                runner.peer.seconds(command)?;
                logits.push((runner.peer.kind, runner.peer.logits()?));
                Ok(())
            })?;
            let reference = logits.iter().find(|(kind, _)| kind.name == REFERENCE);
            let Some((_, reference)) = reference else { continue };
            for (kind, logits) in &logits {
                let off = off(logits, reference);
                self.note(*kind, off)?;
            }
        }
        Ok(())
    }

    /// So many turns of each, after one that is not counted.
    pub fn measure(mut self, rounds: usize) -> Result<Section, Error> {
        let commands = self.commands.clone();
        for round in 0..=rounds {
            self.turn(round, |runner| {
                let mut seconds = Vec::new();
                for (command, _) in &commands {
                    seconds.push(runner.peer.seconds(command)?);
                }
                if round > 0 {
                    runner.seconds.push(seconds);
                }
                Ok(())
            })?;
        }
        let mut memory = Vec::new();
        self.turn(0, |runner| {
            let answer = runner.peer.ask("memory")?;
            memory.push((runner.peer.kind.name, answer["kibibytes"].as_u64()));
            Ok(())
        })?;
        let kibibytes = |name: &str| memory.iter().find(|(other, _)| *other == name)?.1;
        let outcome = |runner: Runner| Outcome {
            rates: (commands.iter().enumerate())
                .map(|(at, (_, tokens))| {
                    let seconds = runner.seconds.iter().map(|seconds| seconds[at]).collect();
                    *tokens as f64 / median(seconds)
                })
                .collect(),
            kibibytes: kibibytes(runner.peer.kind.name),
            off: runner.off,
            kind: runner.peer.kind,
            label: runner.peer.label.clone(),
        };
        let outcomes = self.runners.into_iter().map(outcome).collect();
        Ok(Section { outcomes, missing: self.missing })
    }

    /// Has all do something, one after another, in each round another first. Who fails is out.
    fn turn(
        &mut self,
        round: usize,
        mut act: impl FnMut(&mut Runner) -> Result<(), String>,
    ) -> Result<(), Error> {
        let count = self.runners.len().max(1);
        let mut failed = Vec::new();
        for at in (0..self.runners.len()).map(|at| (at + round) % count) {
            sleep(PAUSE);
            let runner = &mut self.runners[at];
            if let Err(reason) = act(runner) {
                failed.push((runner.peer.kind.name, reason));
            }
        }
        for (name, reason) in failed {
            self.runners.retain(|runner| runner.peer.kind.name != name);
            self.miss(name, reason)?;
        }
        Ok(())
    }

    fn note(&mut self, kind: Kind, off: f64) -> Result<(), Error> {
        let bound = matches!(kind.numbers, Numbers::F32);
        // Not a number is not near.
        if bound && (off.is_nan() || off > ROUNDING) {
            let (name, reference) = (kind.name.to_owned(), REFERENCE.to_owned());
            return Err(Error::Differs { name, reference, off, most: ROUNDING });
        }
        let runner = self.runners.iter_mut().find(|runner| runner.peer.kind == kind);
        if let Some(runner) = runner {
            runner.off = Some(runner.off.map_or(off, |before| before.max(off)));
        }
        Ok(())
    }

    fn miss(&mut self, name: &'static str, reason: String) -> Result<(), Error> {
        if NEEDED.contains(&name) {
            return Err(Error::Peer(format!("{name} {reason}")));
        }
        println!("MISSING: {name} {reason}");
        self.missing.push(Missing { name, reason });
        Ok(())
    }
}

/// The length of the difference, as part of the length of the reference.
fn off(found: &[f32], reference: &[f32]) -> f64 {
    if found.len() != reference.len() {
        return f64::INFINITY;
    }
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let pairs = found.iter().zip(reference);
    let difference = norm(&mut pairs.map(|(x, y)| f64::from(*x) - f64::from(*y)));
    difference / norm(&mut reference.iter().map(|x| f64::from(*x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_should_be_relative_and_infinite_when_lengths_differ() {
        assert_eq!(off(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert_eq!(off(&[3.0, 9.0], &[3.0, 4.0]), 1.0);
        assert_eq!(off(&[3.0], &[3.0, 4.0]), f64::INFINITY);
        assert!(off(&[f32::NAN], &[1.0]).is_nan());
    }
}
