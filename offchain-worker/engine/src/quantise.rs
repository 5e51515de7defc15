//! Models in floats as programs of integers, whose results are the same everywhere.
//!
//! A model's program is first computed in floats on a sample, to see what its tensors are like.
//! Each then gets a step that its numbers are multiples of, and each operator the scales
//! between the steps of what it reads and of what it makes. Weights get a step for each output.

mod calibrate;
mod classifier;
mod decoder;
mod encoder;
mod floats;
mod reckon;
mod round;
mod scales;
#[cfg(test)]
mod tests;

use crate::{
    apply::{apply, ApplyError, Deltas},
    base,
    model::ModelError,
};
use cairn_artifact::{
    contents::{Numbers, Tensor},
    package::Package,
    store::Store,
};
use cairn_kernel::{
    check::{self, Checked},
    models::{Classifier, Decoder, Encoder, Model, Outcome},
    program::{Op, TensorId},
    run::{self, Artifact, Plan},
};
use cairn_protocol::id::ContentId;
use calibrate::Calibration;
use floats::{Floats, Weights};
use reckon::{Given, Reckoner};
use scales::{adopt, Settling};
pub(crate) use scales::{scale, WIDE};
use std::collections::BTreeMap;
use thiserror::Error;

pub use classifier::classifier;
pub use decoder::decoder;
pub use encoder::encoder;

/// Why a model has no exact form.
#[derive(Debug, Error)]
pub enum QuantiseError {
    #[error("there is no sample to calibrate on; give at least one sequence that is not empty")]
    NoSample,
    #[error("sample {at}: {source}")]
    Sample { at: usize, source: ModelError },
    #[error("number {at} of sample {sample} is not finite")]
    SampleNotFinite { sample: usize, at: usize },
    #[error("number {at} of {tensor} is not finite; the model has to be trained or read anew")]
    NotFinite { tensor: String, at: usize },
    #[error("the sample brings {tensor} to {found:e}, and at most {most:e} can be held; the model has to be scaled down")]
    Large { tensor: String, found: f64, most: f64 },
    #[error("{what} would need a scale of {number:e}, which is none; look for weights that are all but zero, or vast")]
    Scale { what: String, number: f64 },
    #[error("{field} is {found}, and the kernel takes at most {most}")]
    Shape { field: &'static str, found: usize, most: usize },
    #[error("the context is to be cut to {found}, and has to be from 1 to {most}")]
    Context { found: usize, most: usize },
    #[error("the model has another outcome than was asked for: only decoders have several, and only encoders an embedding")]
    Outcome,
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("the program is not one that the kernel runs: {0}")]
    Check(check::Error),
    #[error("the weights do not fit the program: {0}")]
    Bind(run::Error),
    #[error(transparent)]
    Artifact(#[from] cairn_artifact::Error),
}

/// How weights become integers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Rounding {
    /// Each to the nearest, in steps that keep the error of an output small.
    Nearest,
    /// One after the other, each making good what those before it are off by on the sample
    /// (GPTQ). Takes time with the cube of columns.
    #[default]
    Compensated,
}

/// How a model is brought to its exact form.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    pub rounding: Rounding,
    /// The longest sequence, where it is to be shorter than the model's.
    pub context: Option<usize>,
}

/// What programs are of.
#[derive(Clone, Debug, PartialEq)]
enum Family {
    Decoder(Decoder),
    Encoder(Encoder),
    Classifier(Classifier),
}

/// A model in exact form: calibrated programs, and the tensors that all of them read.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    family: Family,
    /// Operators with the scales that were found.
    settled: Vec<Op>,
    tensors: BTreeMap<String, Tensor<'static>>,
    /// What one of a tensor's numbers stands for, row by row or for all, by its name.
    steps: BTreeMap<String, Vec<f32>>,
    given: f64,
    /// What one of an embedding's numbers stands for, where there is one.
    embedding: Option<f64>,
    result: f64,
}

impl Family {
    fn model(&self) -> Model {
        match self {
            Self::Decoder(decoder) => decoder.model(),
            Self::Encoder(encoder) => encoder.model(),
            Self::Classifier(classifier) => classifier.model(),
        }
    }

    /// The program that ends with an embedding, if any does. It is how the whole one begins.
    fn embedding(&self) -> Option<Model> {
        let Self::Encoder(encoder) = self else { return None };
        Some(Encoder { classes: None, ..encoder.clone() }.model())
    }

    /// Says of what is gated where its rows are uneven. Whether any of it is.
    fn shift(&mut self, calibration: &Calibration) -> bool {
        let ops = self.model().program.ops;
        let Self::Decoder(decoder) = self else { return false };
        let gated = ops.iter().filter(|step| matches!(step.op, Op::Gated { .. }));
        for (layer, step) in decoder.layers.iter_mut().zip(gated) {
            layer.shifted = calibration.seen(step.result).is_uneven();
        }
        decoder.layers.iter().any(|layer| layer.shifted)
    }
}

impl Exact {
    fn new(
        mut family: Family,
        weights: &Weights,
        samples: &[Given<'_>],
        rounding: Rounding,
    ) -> Result<Self, QuantiseError> {
        if samples.is_empty() {
            return Err(QuantiseError::NoSample);
        }
        let mut model = family.model();
        let mut calibration = calibrate(&model, weights, samples);
        if family.shift(&calibration) {
            // With other operators tensors have other numbers.
            model = family.model();
            calibration = calibrate(&model, weights, samples);
        }
        let by_id = by_id(&model, weights);
        let mut settling = Settling {
            names: model.names.iter().map(|(name, id)| (*id, name.as_str())).collect(),
            weights: &by_id,
            calibration: &calibration,
            rounding,
            steps: BTreeMap::new(),
            made: BTreeMap::new(),
            grid: BTreeMap::new(),
            metrics: BTreeMap::new(),
        };
        settling.settle(&mut model.program)?;
        let step = |id| settling.steps.get(&id).copied().unwrap_or(1.0);
        let (given, result) = (step(TensorId(0)), step(model.program.result));
        let embedding = family.embedding().map(|model| step(model.program.result));
        let (mut made, mut grid) = (settling.made, settling.grid);
        let named =
            model.names.iter().filter_map(|(name, id)| Some((name.clone(), made.remove(id)?)));
        let tensors = named.collect();
        let named =
            model.names.iter().filter_map(|(name, id)| Some((name.clone(), grid.remove(id)?)));
        let steps = named.collect();
        let settled = model.program.ops.into_iter().map(|step| step.op).collect();
        Ok(Self { family, settled, tensors, steps, given, embedding, result })
    }

    /// The program that comes to logits, to numbers of classes, or to an embedding where an encoder
    /// has no classes.
    pub fn model(&self) -> Model {
        let mut model = self.family.model();
        adopt(&mut model.program, &self.settled);
        model
    }

    /// The program of a decoder that comes to something else. All of them read the same tensors.
    pub fn model_for(&self, outcome: Outcome) -> Result<Model, QuantiseError> {
        let Family::Decoder(decoder) = &self.family else { return Err(QuantiseError::Outcome) };
        let mut model = Decoder { outcome, ..decoder.clone() }.model();
        adopt(&mut model.program, &self.settled);
        Ok(model)
    }

    /// The program of an encoder that comes to an embedding, also where it has classes.
    pub fn embedding(&self) -> Result<Model, QuantiseError> {
        let mut model = self.family.embedding().ok_or(QuantiseError::Outcome)?;
        adopt(&mut model.program, &self.settled);
        Ok(model)
    }

    /// What its programs read, by name.
    pub fn tensors(&self) -> &BTreeMap<String, Tensor<'static>> {
        &self.tensors
    }

    /// What one of their numbers stands for: one number for all rows, or one for each. Whoever
    /// learns has to know; whoever judges does not.
    pub fn steps(&self) -> &BTreeMap<String, Vec<f32>> {
        &self.steps
    }

    /// Adds deltas to its masters, or changes nothing.
    pub fn apply(&mut self, deltas: &Deltas) -> Result<(), ApplyError> {
        apply(&mut self.tensors, deltas)
    }

    /// What one of what features are given in stands for.
    pub fn feature_step(&self) -> f64 {
        self.given
    }

    /// What one of what the program of [`Self::model`] comes to stands for.
    pub fn result_step(&self) -> f64 {
        self.result
    }

    /// What one of what the program of [`Self::embedding`] comes to stands for, if there is one.
    pub fn embedding_step(&self) -> Option<f64> {
        self.embedding
    }

    /// Writes one of its models to a store, and says what its manifest is called. Beside the
    /// tensors it has what their numbers stand for, and what only others of its models read: all
    /// of them are of the same files, so that a change is of all of them.
    pub fn publish(&self, store: &Store, model: &Model) -> Result<ContentId, QuantiseError> {
        let steps = self.steps.keys().map(|name| base::steps_of(name));
        let others = self.tensors.keys().filter(|name| !model.names.contains_key(*name));
        let beside: Vec<String> = steps.chain(others.cloned()).collect();
        let stepped = |name: &str| {
            let steps = self.steps.get(name.strip_suffix(base::STEPS)?)?;
            Some(base::encoded(steps))
        };
        let tensor = |name: &str| self.tensors.get(name).cloned().or_else(|| stepped(name));
        Ok(Package::publish(store, model, &beside, tensor)?)
    }

    /// A program of one of its models, ready to run in memory.
    pub fn plan<'a>(
        &'a self,
        model: &Model,
        program: &'a Checked,
    ) -> Result<Plan<'a>, QuantiseError> {
        let names: BTreeMap<TensorId, &String> =
            model.names.iter().map(|(name, id)| (*id, name)).collect();
        let held = |id| {
            let tensor = self.tensors.get(*names.get(&id)?)?;
            Some(match &tensor.numbers {
                Numbers::Masters(masters) => Artifact::Masters(masters.as_ref().into()),
                Numbers::Constants(constants) => Artifact::Constants(constants.as_ref().into()),
            })
        };
        Plan::bind(program, held).map_err(QuantiseError::Bind)
    }
}

/// A model's program, checked.
pub fn checked(model: &Model) -> Result<Checked, QuantiseError> {
    model.program.clone().check().map_err(QuantiseError::Check)
}

fn by_id<'a>(model: &Model, weights: &'a Weights) -> BTreeMap<TensorId, &'a Floats> {
    let found = |(name, id): (&String, &TensorId)| Some((*id, weights.get(name)?));
    model.names.iter().filter_map(found).collect()
}

fn calibrate(model: &Model, weights: &Weights, samples: &[Given<'_>]) -> Calibration {
    let weights = by_id(model, weights);
    let reckoner = Reckoner { program: &model.program, weights: &weights };
    Calibration::of(&reckoner, samples, true)
}

/// What norms add, in the kernel's units. It takes no more than an integer of 32 bits.
fn epsilon(number: f64) -> u32 {
    // Saturates.
    (number * (1_u64 << 32) as f64).round() as u32
}

fn narrow(field: &'static str, found: usize) -> Result<u32, QuantiseError> {
    let most = u32::MAX as usize;
    u32::try_from(found).map_err(|_| QuantiseError::Shape { field, found, most })
}

/// Sequences of tokens, each of which fits the model.
fn sequences<'a, T: AsRef<[u32]>>(
    samples: &'a [T],
    context: usize,
    vocabulary: usize,
) -> Result<Vec<Given<'a>>, QuantiseError> {
    let mut given = Vec::new();
    for (sample, at) in samples.iter().map(AsRef::as_ref).zip(0..) {
        let more = sample.len();
        if more == 0 {
            continue;
        }
        let length = ModelError::Length { before: 0, more, most: context };
        let long = (more > context).then_some(length);
        let unknown = sample.iter().position(|token| *token as usize >= vocabulary);
        let token =
            |place: usize| ModelError::Token { token: sample[place], at: place, below: vocabulary };
        if let Some(source) = long.or(unknown.map(token)) {
            return Err(QuantiseError::Sample { at, source });
        }
        given.push(Given::Tokens(sample));
    }
    if given.is_empty() {
        return Err(QuantiseError::NoSample);
    }
    Ok(given)
}

fn context(most: usize, options: &Options) -> Result<usize, QuantiseError> {
    match options.context {
        None => Ok(most),
        Some(context) if (1..=most).contains(&context) => Ok(context),
        Some(found) => Err(QuantiseError::Context { found, most }),
    }
}
