//! What is learned from. Which examples a step takes depends on the seed and on the step alone, so
//! that a run that was stopped goes on with those that it would have had.

use super::{cross_entropy, Lessons, TrainError};
use crate::{
    config::{ClassifierConfig, DecoderConfig, EncoderConfig},
    model::{check_tokens, Classifier, Decoder, Encoder, ModelError, Segment},
};
use burn::tensor::{Device, Int, Tensor, TensorData};
use cairn_kernel::chacha;

/// A step has so many draws, as a power of two, and takes no more examples.
const DRAWS: u32 = 20;

/// A number below `below` for each draw of a step.
fn drawn(seed: &[u8; 32], step: u64, draw: usize, below: usize) -> usize {
    // A block for each draw of a step.
    let block = chacha::block(seed, (step << DRAWS) | draw as u64);
    let word = u64::from(block[0]) | u64::from(block[1]) << 32;
    ((u128::from(word) * below as u128) >> 64) as usize
}

/// The examples of a step, of so many.
fn chosen(seed: &[u8; 32], step: u64, count: usize, below: usize) -> Vec<usize> {
    (0..count).map(|draw| drawn(seed, step, draw, below)).collect()
}

/// That a step takes some examples, and each by a draw of its own.
fn check_count(count: usize) -> Result<(), TrainError> {
    let most: usize = 1 << DRAWS;
    match count {
        0 => Err(TrainError::Nothing),
        count if count > most => Err(TrainError::Many { count, most }),
        _ => Ok(()),
    }
}

/// Synthetic text, of which no record is seen twice: a byte is a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Texts {
    pub seed: cairn_text::Seed,
    /// The first record.
    pub from: u64,
    /// Bytes of a record.
    pub length: usize,
    /// Records of a step.
    pub count: usize,
}

impl Texts {
    /// The records of a step, one after another.
    pub fn records(&self, step: u64) -> Vec<u8> {
        let mut records = vec![0; self.count * self.length];
        let first = self.from + step * self.count as u64;
        for (index, record) in (first..).zip(records.chunks_mut(self.length.max(1))) {
            cairn_text::record(&self.seed, index, record);
        }
        records
    }

    /// The same as tokens, record by record.
    pub fn tokens(&self, step: u64) -> Vec<Vec<u32>> {
        let record = |record: &[u8]| record.iter().copied().map(u32::from).collect();
        self.records(step).chunks(self.length.max(1)).map(record).collect()
    }

    /// The mean entropy of the bytes that are foretold, which are all but the first.
    pub fn floor(&self) -> f64 {
        let entropies = cairn_text::entropies(self.length);
        entropies.iter().skip(1).sum::<f64>() / (self.length.max(2) - 1) as f64
    }
}

impl Lessons<Decoder> for Texts {
    fn check(&self, model: &Decoder) -> Result<(), TrainError> {
        check_count(self.count)?;
        if self.length < 2 {
            return Err(TrainError::Nothing);
        }
        fits(self.length - 1, model.config())?;
        let (need, have) = (256, model.config().vocabulary);
        match have < need {
            true => Err(TrainError::Vocabulary { need, have }),
            false => Ok(()),
        }
    }

    fn about(&self) -> String {
        format!("{self:?}")
    }

    fn loss(&self, model: &Decoder, step: u64, device: &Device) -> Result<Tensor<1>, TrainError> {
        let records = self.records(step);
        let rows = records.chunks(self.length);
        let inputs = rows.clone().flat_map(|row| &row[..self.length - 1]);
        let inputs: Vec<i32> = inputs.map(|byte| i32::from(*byte)).collect();
        let targets: Vec<Option<u32>> =
            rows.flat_map(|row| &row[1..]).map(|byte| Some(u32::from(*byte))).collect();
        foretold(model, inputs, [self.count, self.length - 1], &targets, device)
    }
}

/// Sequences of tokens, some of which may be there only to be read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sequences {
    pub seed: [u8; 32],
    pub examples: Vec<Sequence>,
    /// Examples of a step.
    pub count: usize,
}

/// Tokens, and how many of them at the beginning, at least one, are not to be foretold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sequence {
    pub tokens: Vec<u32>,
    pub given: usize,
}

impl Sequences {
    /// That a decoder can be asked all of them, each for something that is not given.
    pub fn fit(&self, config: &DecoderConfig) -> Result<(), TrainError> {
        for (Sequence { tokens, given }, example) in self.examples.iter().zip(0..) {
            if (*given).max(1) >= tokens.len() {
                return Err(TrainError::Example { example, length: tokens.len(), given: *given });
            }
            fits(tokens.len() - 1, config)?;
            check_tokens(tokens, config.vocabulary)?;
        }
        Ok(())
    }
}

impl Lessons<Decoder> for Sequences {
    fn check(&self, model: &Decoder) -> Result<(), TrainError> {
        check_count(self.count)?;
        if self.examples.is_empty() {
            return Err(TrainError::Nothing);
        }
        self.fit(model.config())
    }

    fn about(&self) -> String {
        let mut sum = Sum::default();
        for Sequence { tokens, given } in &self.examples {
            sum.add(&[tokens.len() as u64, *given as u64]);
            sum.add(&tokens.iter().map(|token| u64::from(*token)).collect::<Vec<_>>());
        }
        let Self { seed, examples, count } = self;
        format!("{count} of {} sequences {:016x}, seed {seed:?}", examples.len(), sum.0)
    }

    fn loss(&self, model: &Decoder, step: u64, device: &Device) -> Result<Tensor<1>, TrainError> {
        let chosen: Vec<&Sequence> = (0..self.count)
            .map(|draw| &self.examples[drawn(&self.seed, step, draw, self.examples.len())])
            .collect();
        let longest = chosen.iter().map(|each| each.tokens.len() - 1).max().unwrap_or(0);
        let mut inputs = Vec::with_capacity(self.count * longest);
        let mut targets = Vec::with_capacity(self.count * longest);
        for Sequence { tokens, given } in chosen {
            // What fills a row up lies behind all that counts, which never sees it.
            let input = |at: usize| tokens.get(at).filter(|_| at + 1 < tokens.len());
            inputs.extend((0..longest).map(|at| input(at).map_or(0, |token| *token as i32)));
            let target = |at: usize| tokens.get(at).filter(|_| at >= *given).copied();
            targets.extend((1..=longest).map(target));
        }
        foretold(model, inputs, [self.count, longest], &targets, device)
    }
}

/// Features with the class that they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    pub seed: [u8; 32],
    pub features: Vec<Vec<f32>>,
    pub classes: Vec<u32>,
    /// Cases of a step.
    pub count: usize,
}

impl Cases {
    /// That a classifier can be asked all of them, and be right.
    pub fn fit(&self, config: &ClassifierConfig) -> Result<(), TrainError> {
        for (features, case) in self.features.iter().zip(0..) {
            let (need, have) = (config.features, features.len());
            if need != have {
                return Err(TrainError::Features { case, need, have });
            }
        }
        check_classes(&self.classes, config.classes)
    }
}

impl Lessons<Classifier> for Cases {
    fn check(&self, model: &Classifier) -> Result<(), TrainError> {
        check_count(self.count)?;
        check_labels(self.features.len(), self.classes.len())?;
        self.fit(model.config())
    }

    fn about(&self) -> String {
        let mut sum = Sum::default();
        for (features, class) in self.features.iter().zip(&self.classes) {
            sum.add(&[u64::from(*class)]);
            sum.add(&features.iter().map(|each| u64::from(each.to_bits())).collect::<Vec<_>>());
        }
        let Self { seed, features, count, .. } = self;
        format!("{count} of {} cases {:016x}, seed {seed:?}", features.len(), sum.0)
    }

    fn loss(
        &self,
        model: &Classifier,
        step: u64,
        device: &Device,
    ) -> Result<Tensor<1>, TrainError> {
        let chosen = chosen(&self.seed, step, self.count, self.features.len());
        let features: Vec<f32> =
            chosen.iter().flat_map(|case| self.features[*case].iter().copied()).collect();
        let shape = [self.count, model.config().features];
        let features = Tensor::from_data(TensorData::new(features, shape), device);
        let targets: Vec<Option<u32>> =
            chosen.iter().map(|case| Some(self.classes[*case])).collect();
        cross_entropy(model.logits(features)?, &targets)
    }
}

/// That there are cases, each with a class.
fn check_labels(cases: usize, labels: usize) -> Result<(), TrainError> {
    if cases != labels {
        return Err(TrainError::Labels { cases, labels });
    }
    if cases == 0 {
        return Err(TrainError::Nothing);
    }
    Ok(())
}

fn check_classes(classes: &[u32], below: usize) -> Result<(), TrainError> {
    match (0..).zip(classes).find(|(_, class)| **class as usize >= below) {
        Some((case, class)) => Err(TrainError::Class { case, class: *class, below }),
        None => Ok(()),
    }
}

/// Texts as tokens, with the class that they belong to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Labelled {
    pub seed: [u8; 32],
    pub texts: Vec<Vec<u32>>,
    pub classes: Vec<u32>,
    /// Texts of a step.
    pub count: usize,
}

impl Labelled {
    /// That an encoder can be right of all of them.
    pub fn fit(&self, config: &EncoderConfig) -> Result<(), TrainError> {
        check_classes(&self.classes, config.classes.ok_or(ModelError::Classes)?)
    }
}

impl Lessons<Encoder> for Labelled {
    fn check(&self, model: &Encoder) -> Result<(), TrainError> {
        check_count(self.count)?;
        check_labels(self.texts.len(), self.classes.len())?;
        self.fit(model.config())?;
        for (tokens, case) in self.texts.iter().zip(0..) {
            let text = Segment { tokens, types: &[] };
            model.check(&text).map_err(|source| TrainError::Text { case, source })?;
        }
        Ok(())
    }

    fn about(&self) -> String {
        let mut sum = Sum::default();
        for (tokens, class) in self.texts.iter().zip(&self.classes) {
            sum.add(&[tokens.len() as u64, u64::from(*class)]);
            sum.add(&tokens.iter().map(|token| u64::from(*token)).collect::<Vec<_>>());
        }
        let Self { seed, texts, count, .. } = self;
        format!("{count} of {} texts {:016x}, seed {seed:?}", texts.len(), sum.0)
    }

    fn loss(&self, model: &Encoder, step: u64, _: &Device) -> Result<Tensor<1>, TrainError> {
        let chosen = chosen(&self.seed, step, self.count, self.texts.len());
        let text = |case: &usize| Segment { tokens: &self.texts[*case], types: &[] };
        let texts: Vec<Segment<'_>> = chosen.iter().map(text).collect();
        let targets: Vec<Option<u32>> =
            chosen.iter().map(|case| Some(self.classes[*case])).collect();
        cross_entropy(model.classes(&texts)?, &targets)
    }
}

/// The mean cross-entropy of the targets after the inputs.
fn foretold(
    model: &Decoder,
    inputs: Vec<i32>,
    shape: [usize; 2],
    targets: &[Option<u32>],
    device: &Device,
) -> Result<Tensor<1>, TrainError> {
    let inputs: Tensor<2, Int> = Tensor::from_data(TensorData::new(inputs, shape), device);
    let logits = model.forward(inputs)?;
    let [count, length, vocabulary] = logits.dims();
    cross_entropy(logits.reshape([count * length, vocabulary]), targets)
}

fn fits(length: usize, config: &DecoderConfig) -> Result<(), TrainError> {
    let most = config.context;
    match length > most {
        true => Err(TrainError::Long { length, most }),
        false => Ok(()),
    }
}

/// Tells data apart, where nobody means to deceive: FNV-1a.
struct Sum(u64);

impl Default for Sum {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Sum {
    fn add(&mut self, values: &[u64]) {
        for byte in values.iter().flat_map(|value| value.to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
