//! The shapes of models, as numbers that fit together.

use cairn_kernel::models::MOST_SHARED;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// More columns, rows of a table or heads than any model has; less than what overflows.
const MOST: usize = 1 << 20;
const MOST_LAYERS: usize = 1 << 10;
/// Experts of all layers together, each of which takes memory before its weights are read.
const MOST_EXPERTS: usize = 1 << 16;

/// Numbers that describe no model.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ConfigError {
    #[error("{field} is {found}, and has to be from {least} to {most}")]
    Range { field: &'static str, found: usize, least: usize, most: usize },
    #[error("{field} is {found}, and has to be a multiple of {of}, which is {factor}")]
    Multiple { field: &'static str, found: usize, of: &'static str, factor: usize },
    #[error("classes is {found}, and shares are given of at most {most}; have the model give the numbers of classes, without a Softmax behind them: they are in the same order")]
    Shares { found: usize, most: usize },
    #[error("{field} is {found}, and has to be a finite number above zero")]
    Positive { field: &'static str, found: f64 },
    #[error("{field} is {found}, and has to be below {of}, which is {limit}")]
    Below { field: &'static str, found: f64, of: &'static str, limit: f64 },
}

/// A language model that sees what came before: the shape of Llama and Qwen3.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DecoderConfig {
    /// The longest sequence.
    pub context: usize,
    pub vocabulary: usize,
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    /// Heads of keys and values.
    pub groups: usize,
    /// Columns of a head.
    pub head: usize,
    /// Columns between the linear operators of a layer, or of an expert.
    pub inner: usize,
    pub experts: Option<ExpertsConfig>,
    /// Whether queries and keys are normed head by head.
    pub normed_heads: bool,
    /// Whether tokens are told apart by what they are embedded with.
    pub tied: bool,
    /// What norms add to a mean of squares.
    pub epsilon: f64,
    /// The base of the wavelengths by which positions turn queries and keys.
    pub theta: f64,
    /// How those are stretched, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
}

/// Wavelengths stretched as Llama 3's are, for longer sequences than were first learned from.
/// What counts is how often one fits into those: more than `high` times, and it stays as it is;
/// less than `low` times, and it is stretched by all of the factor; between, by a part of it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    pub factor: f64,
    pub low: f64,
    pub high: f64,
    /// The longest sequence that was first learned from.
    pub original: usize,
}

/// Feed-forward parts of which a router chooses some for each token.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExpertsConfig {
    pub count: usize,
    pub chosen: usize,
    /// Whether shares are of all experts, not of those chosen.
    pub all: bool,
}

/// A model of whole texts: the shape of BERT.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    pub context: usize,
    pub vocabulary: usize,
    /// Kinds of segments that tokens may belong to.
    pub types: usize,
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub inner: usize,
    pub epsilon: f64,
    pub pooling: Pooling,
    /// Whether an embedding is scaled to length one.
    pub unit: bool,
    /// How many classes texts are told apart into, by a head on what they are embedded as.
    #[serde(default)]
    pub classes: Option<usize>,
}

/// How the rows of a text become one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    Mean,
    /// The row of the first token, which BERT calls CLS.
    First,
}

/// A multi-layer perceptron.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierConfig {
    pub features: usize,
    pub layers: Vec<ClassifierLayer>,
    pub classes: usize,
    /// Whether it gives the share of each class, which is the softmax of their numbers. The exact
    /// form has no shares of very many classes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shares: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierLayer {
    pub outputs: usize,
    pub activation: Activation,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    Relu,
    Gelu,
}

impl DecoderConfig {
    pub fn check(&self) -> Result<(), ConfigError> {
        range("context", self.context, 1, MOST)?;
        range("vocabulary", self.vocabulary, 1, MOST)?;
        range("hidden", self.hidden, 1, MOST)?;
        range("layers", self.layers, 1, MOST_LAYERS)?;
        range("heads", self.heads, 1, MOST)?;
        range("groups", self.groups, 1, MOST)?;
        range("head", self.head, 2, MOST)?;
        multiple("head", self.head, "a pair", 2)?;
        multiple("heads", self.heads, "groups", self.groups)?;
        range("heads · head", self.heads.saturating_mul(self.head), 1, MOST)?;
        range("inner", self.inner, 1, MOST)?;
        if let Some(experts) = self.experts {
            range("experts", experts.count, 1, MOST)?;
            range("layers · experts", self.layers * experts.count, 1, MOST_EXPERTS)?;
            range("chosen experts", experts.chosen, 1, experts.count)?;
        }
        positive("epsilon", self.epsilon)?;
        positive("theta", self.theta)?;
        self.scaling.map_or(Ok(()), |scaling| scaling.check())
    }
}

impl Scaling {
    fn check(&self) -> Result<(), ConfigError> {
        const LOW: &str = "the low factor of scaled positions";
        const HIGH: &str = "the high factor of scaled positions";
        positive("the factor of scaled positions", self.factor)?;
        positive(LOW, self.low)?;
        positive(HIGH, self.high)?;
        if self.low >= self.high {
            let (found, limit) = (self.low, self.high);
            return Err(ConfigError::Below { field: LOW, found, of: HIGH, limit });
        }
        range("the original context of scaled positions", self.original, 1, MOST)
    }
}

impl EncoderConfig {
    pub fn check(&self) -> Result<(), ConfigError> {
        range("context", self.context, 1, MOST)?;
        range("vocabulary", self.vocabulary, 1, MOST)?;
        range("types", self.types, 1, MOST)?;
        range("hidden", self.hidden, 1, MOST)?;
        range("layers", self.layers, 1, MOST_LAYERS)?;
        range("heads", self.heads, 1, MOST)?;
        multiple("hidden", self.hidden, "heads", self.heads)?;
        range("inner", self.inner, 1, MOST)?;
        if let Some(classes) = self.classes {
            range("classes", classes, 1, MOST)?;
        }
        positive("epsilon", self.epsilon)
    }
}

impl ClassifierConfig {
    pub fn check(&self) -> Result<(), ConfigError> {
        range("features", self.features, 1, MOST)?;
        range("layers", self.layers.len(), 0, MOST_LAYERS)?;
        for layer in &self.layers {
            range("outputs", layer.outputs, 1, MOST)?;
        }
        range("classes", self.classes, 1, MOST)?;
        let most = MOST_SHARED as usize;
        if self.shares && self.classes > most {
            return Err(ConfigError::Shares { found: self.classes, most });
        }
        Ok(())
    }
}

fn range(field: &'static str, found: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if (least..=most).contains(&found) {
        Ok(())
    } else {
        Err(ConfigError::Range { field, found, least, most })
    }
}

fn multiple(
    field: &'static str,
    found: usize,
    of: &'static str,
    factor: usize,
) -> Result<(), ConfigError> {
    if found.is_multiple_of(factor) {
        Ok(())
    } else {
        Err(ConfigError::Multiple { field, found, of, factor })
    }
}

fn positive(field: &'static str, found: f64) -> Result<(), ConfigError> {
    if found.is_finite() && found > 0.0 {
        Ok(())
    } else {
        Err(ConfigError::Positive { field, found })
    }
}
