//! Jobs on examples: learning from them, and what is lost on them.

use super::{Conditions, Draft, REDUNDANCY};
use crate::{
    exit::{Failure, Outcome},
    values,
};
use cairn_order::engines;
use cairn_protocol::{
    id::BlockId,
    job::Policy,
    spec::{EvaluateSpec, Records, Spec, TrainSpec, TOKEN_BYTES},
};
use clap::Args;
use std::path::{Path, PathBuf};

/// Bytes of what is said of a loss.
const LOSS_BYTES: u32 = 16;

#[derive(Debug, Args)]
pub struct Train {
    /// The model's id, as `cairn model create` says it.
    #[arg(long, value_name = "ID", value_parser = values::model)]
    model: BlockId,

    /// A file of examples to learn from, as `cairn-engine records` cuts them.
    #[arg(long, value_name = "FILE")]
    train_on: PathBuf,

    /// A file of examples that guards measure the loss on.
    #[arg(long, value_name = "FILE")]
    evaluate_on: PathBuf,

    /// Tokens of an example, in both files.
    #[arg(long, value_name = "TOKENS")]
    length: u32,

    /// The loss that is paid for, as any below it is: nats for a token, on average.
    #[arg(long, value_name = "NATS", value_parser = values::millionths)]
    target: u64,

    /// How many guards measure it. An odd number.
    #[arg(long, default_value_t = 3)]
    guards: u8,

    /// How many steps the worker is asked to learn for, of eight examples each.
    #[arg(long, default_value_t = 240)]
    steps: u32,

    /// The highest rate of learning that it is asked for.
    #[arg(long, default_value = "0.004", value_parser = values::rate)]
    rate: u32,

    /// Learn factors of this rank, and not each weight.
    #[arg(long)]
    rank: Option<u16>,

    #[command(flatten)]
    pub(super) conditions: Conditions,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    /// The model's id, as `cairn model create` says it.
    #[arg(long, value_name = "ID", value_parser = values::model)]
    model: BlockId,

    /// A file of examples, as `cairn-engine records` cuts them.
    #[arg(long, value_name = "FILE")]
    set: PathBuf,

    /// Tokens of an example.
    #[arg(long, value_name = "TOKENS")]
    length: u32,

    /// The first example that counts.
    #[arg(long, default_value_t = 0)]
    first: u64,

    /// How many examples count [default: all from the first on]
    #[arg(long)]
    count: Option<u64>,

    #[command(flatten)]
    pub(super) conditions: Conditions,
}

impl Train {
    pub(super) fn draft(&self) -> Outcome<Draft> {
        let (length, conditions) = (self.length, &self.conditions);
        let spec = TrainSpec {
            data: records(&self.train_on, length, conditions)?,
            set: records(&self.evaluate_on, length, conditions)?,
            steps: self.steps,
            rate_ppm: self.rate,
            rank: self.rank,
        };
        Ok(Draft {
            spec: Spec::Train(spec),
            model: Some(self.model),
            engine: engines::exact(),
            policy: Policy::Outcome { target: self.target, guards: self.guards },
            redundancy: 1,
            input: Vec::new(),
            units: Some(spec.units()),
            // What is learnt is a file.
            output_bytes: 0,
        })
    }
}

impl Evaluate {
    pub(super) fn draft(&self) -> Outcome<Draft> {
        let (set, first) = (records(&self.set, self.length, &self.conditions)?, self.first);
        let count = self.count.unwrap_or(set.count().saturating_sub(first));
        Ok(Draft {
            spec: Spec::Evaluate(EvaluateSpec { set, first, count }),
            model: Some(self.model),
            engine: engines::exact(),
            policy: Policy::Proven,
            redundancy: REDUNDANCY,
            input: Vec::new(),
            // Tokens that something is lost on.
            units: Some(count.saturating_mul(self.length.saturating_sub(1).into())),
            output_bytes: LOSS_BYTES,
        })
    }
}

fn records(path: &Path, length: u32, conditions: &Conditions) -> Outcome<Records> {
    let record_bytes = length.checked_mul(TOKEN_BYTES).ok_or_else(|| {
        Failure::usage(format!("no example has {length} tokens; say fewer with --length"))
    })?;
    Ok(Records { file: conditions.stored("a file of examples", path)?, record_bytes })
}
