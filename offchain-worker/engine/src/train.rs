//! Learning: full or through low-rank factors, by AdamW.

mod checkpoint;
mod data;
mod lock;
mod log;
mod lora;
mod optim;
mod run;
mod start;

#[cfg(test)]
mod tests;

pub use data::{Cases, Labelled, Sequence, Sequences, Texts};
pub use lock::Lock;
pub use lora::{factors, Factors};
pub use optim::Schedule;
pub use run::{Run, Store};
pub use start::{draw, draw_classes};

use crate::{
    model::{numbers, ModelError},
    parts::{Named, Role},
};
use burn::{
    module::{Lora, Module, ParamGroup},
    optim::GradientsParams,
    tensor::{activation::log_softmax, Device, Int, Tensor, TensorData},
};
use cairn_artifact::manifest;
use optim::Optimizer;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use thiserror::Error;

/// Why nothing is learned.
#[derive(Debug, Error)]
pub enum TrainError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("there is nothing to learn from; give examples, and take at least one a step")]
    Nothing,
    #[error("a step takes {count} examples, and may take {most}; take fewer")]
    Many { count: usize, most: usize },
    #[error("example {example} has {length} tokens, and {given} of them are given; at least one has to be left to be foretold, after one that is given")]
    Example { example: usize, length: usize, given: usize },
    #[error("an example has {length} tokens before its last, and the model takes {most}; cut it")]
    Long { length: usize, most: usize },
    #[error("tokens are below {need}, and the model knows {have}")]
    Vocabulary { need: usize, have: usize },
    #[error("{cases} cases have {labels} classes; give one for each")]
    Labels { cases: usize, labels: usize },
    #[error("case {case} has {have} features, and the model takes {need}")]
    Features { case: usize, need: usize, have: usize },
    #[error("case {case} is no text for the model: {source}")]
    Text { case: usize, source: ModelError },
    #[error("case {case} is of class {class}, which is not below {below}")]
    Class { case: usize, class: u32, below: usize },
    #[error("{setting} is {found}, and has to be {need}")]
    Setting { setting: &'static str, found: f64, need: &'static str },
    #[error("the loss at step {step} is {loss}; lower the rate, or clip more")]
    Diverged { step: u64, loss: f64 },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("another run writes to {}; wait until it has ended, or use another folder", folder.display())]
    Busy { folder: PathBuf },
    #[error("{} does not continue this run: {reason}; use another folder, or remove it to begin anew", path.display())]
    Checkpoint { path: PathBuf, reason: String },
}

/// What examples a model learns from, step by step.
pub trait Lessons<M> {
    /// Whether the model can learn from all of them.
    fn check(&self, model: &M) -> Result<(), TrainError>;
    /// Tells them apart from others.
    fn about(&self) -> String;
    /// The mean loss of the examples of a step, which depend on nothing but the step.
    fn loss(&self, model: &M, step: u64, device: &Device) -> Result<Tensor<1>, TrainError>;
}

/// How a model learns.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Settings {
    /// What factors of low rank begin with is drawn from it.
    pub seed: [u8; 32],
    pub steps: u64,
    pub schedule: Schedule,
    /// How fast means of gradients and of their squares forget.
    pub betas: [f32; 2],
    pub epsilon: f32,
    /// What weights shrink by, times the rate. Norms and biases do not shrink.
    pub decay: f32,
    /// The most that the length of all gradients together may be.
    pub clip: f64,
    pub learned: Learned,
    /// The component of the exact form that alone changes, of all that are learned; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
}

/// What of a model changes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Learned {
    All,
    /// All but biases and what the exact form has no place for, which a delta cannot change.
    Masters,
    /// Factors beside the matrices, whose product, times `alpha / rank`, is added to them.
    LowRank {
        rank: usize,
        alpha: f64,
    },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: [0; 32],
            steps: 1000,
            schedule: Schedule::default(),
            betas: [0.9, 0.98],
            epsilon: 1e-8,
            decay: 0.01,
            clip: 1.0,
            learned: Learned::Masters,
            component: None,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), TrainError> {
        let check = |fit: bool, setting, found, need| match fit {
            true => Ok(()),
            false => Err(TrainError::Setting { setting, found, need }),
        };
        for beta in self.betas {
            check((0.0..1.0).contains(&beta), "beta", beta.into(), "from 0 to below 1")?;
        }
        check(self.epsilon > 0.0, "epsilon", self.epsilon.into(), "above 0")?;
        check((0.0..=1.0).contains(&self.decay), "decay", self.decay.into(), "from 0 to 1")?;
        check(self.clip > 0.0, "clip", self.clip, "above 0")?;
        let Schedule { rate, last, .. } = self.schedule;
        check(rate > 0.0 && rate.is_finite(), "rate", rate, "a finite number above 0")?;
        check((0.0..=1.0).contains(&last), "last", last, "from 0 to 1")?;
        if let Learned::LowRank { rank, alpha } = self.learned {
            check((1..=4096).contains(&rank), "rank", rank as f64, "from 1 to 4096")?;
            check(alpha > 0.0 && alpha.is_finite(), "alpha", alpha, "a finite number above 0")?;
        }
        Ok(())
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// The first is 1.
    pub step: u64,
    /// Before the step, in nats.
    pub loss: f64,
    /// The length of all gradients together, before it was cut.
    pub norm: f64,
    pub rate: f64,
}

/// A model that learns.
pub struct Trainer<M> {
    /// Absent while a step replaces it.
    model: Option<M>,
    settings: Settings,
    optimizer: Optimizer,
    done: u64,
    device: Device,
}

impl<M: Module + Named> Trainer<M> {
    pub fn new(model: M, settings: Settings) -> Result<Self, TrainError> {
        settings.check()?;
        let device = model.devices().into_iter().next().unwrap_or_default().inner();
        let only = settings.component.as_deref();
        let is_exact = |name: &str| M::exact(name).is_some_and(|exact| is_of(&exact, only));
        let model = match settings.learned {
            Learned::All if only.is_none() => model,
            Learned::All => optim::frozen(model, |name, _| !is_exact(name)),
            Learned::Masters => {
                optim::frozen(model, |name, role| role == Role::Bias || !is_exact(name))
            }
            Learned::LowRank { rank, alpha } => {
                let elsewhere = optim::named(&model, |name| !is_exact(name));
                let learned = ParamGroup::all().exclude(ParamGroup::from_ids(elsewhere));
                let lora = Lora::new(rank, alpha).set_param_group(learned);
                start::draw_factors(model.apply_lora(lora), &settings.seed)
            }
        };
        let optimizer = Optimizer::new(&settings);
        Ok(Self { model: Some(model.train()), settings, optimizer, done: 0, device })
    }
}

/// Whether a tensor of the exact form belongs to this component, if one is named.
fn is_of(name: &str, component: Option<&str>) -> bool {
    component.is_none_or(|component| manifest::component(name).0 == component)
}

impl<M: Module> Trainer<M> {
    /// How many steps were made.
    pub fn done(&self) -> u64 {
        self.done
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The model as it learns.
    pub fn model(&self) -> &M {
        self.model.as_ref().expect("only a step that panicked leaves none")
    }

    pub fn step(&mut self, lessons: &impl Lessons<M>) -> Result<Report, TrainError> {
        let loss = lessons.loss(self.model(), self.done, &self.device)?;
        let step = self.done + 1;
        let value = f64::from(numbers(loss.clone().inner())?[0]);
        if !value.is_finite() {
            return Err(TrainError::Diverged { step, loss: value });
        }
        let gradients = GradientsParams::from_grads(loss.backward(), self.model());
        let norm = optim::length(self.model(), &gradients)?;
        if !norm.is_finite() {
            return Err(TrainError::Diverged { step, loss: norm });
        }
        let rate = self.settings.schedule.at(step, self.settings.steps);
        let factor = (self.settings.clip / norm).min(1.0);
        let model = self.model.take().expect("only a step that panicked leaves none");
        self.model = Some(self.optimizer.step(model, gradients, rate, factor));
        self.done = step;
        Ok(Report { step, loss: value, norm, rate })
    }

    /// The model that learned, factors beside its weights included, without what learning needs.
    pub fn finish(self) -> M {
        self.model().valid().materialize()
    }

    /// The same, with factors where there are any.
    pub fn snapshot(&self) -> M {
        self.model().valid()
    }
}

/// The mean cross-entropy in nats of rows of logits, of those that have a target.
pub fn cross_entropy(logits: Tensor<2>, targets: &[Option<u32>]) -> Result<Tensor<1>, TrainError> {
    let device = logits.device();
    let (rows, classes): (Vec<i32>, Vec<i32>) = (0..)
        .zip(targets)
        .filter_map(|(row, target)| target.map(|target| (row, target as i32)))
        .unzip();
    if rows.is_empty() {
        return Err(TrainError::Nothing);
    }
    let count = rows.len();
    let indices = |values: Vec<i32>| -> Tensor<1, Int> {
        Tensor::from_data(TensorData::new(values, [count]), &device)
    };
    let all = count == targets.len();
    let logits = if all { logits } else { logits.select(0, indices(rows)) };
    let likely = log_softmax(logits, 1).gather(1, indices(classes).reshape([count, 1]));
    Ok(likely.mean().neg())
}

/// The mean loss of some steps' examples, without learning from them.
pub fn evaluate<M: Module>(
    model: &M,
    lessons: &impl Lessons<M>,
    steps: std::ops::Range<u64>,
) -> Result<f64, TrainError> {
    lessons.check(model)?;
    let model = model.valid();
    let device = model.devices().into_iter().next().unwrap_or_default();
    let (mut sum, mut count) = (0.0, 0u32);
    for step in steps {
        sum += f64::from(numbers(lessons.loss(&model, step, &device)?)?[0]);
        count += 1;
    }
    match count {
        0 => Err(TrainError::Nothing),
        _ => Ok(sum / f64::from(count)),
    }
}
