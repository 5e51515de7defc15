use super::{
    attention::EncoderAttention, check_tokens, identities, linear, spans::Spans, ModelError,
};
use crate::config::{ConfigError, EncoderConfig, Pooling};
use burn::{
    module::Module,
    nn::{Embedding, EmbeddingConfig, LayerNorm, LayerNormConfig, Linear},
    tensor::{activation::gelu, Device, Tensor},
};

/// What a length is never divided by less than.
const LEAST_LENGTH: f64 = 1e-12;

/// A model of whole texts.
#[derive(Module, Debug)]
pub struct Encoder {
    pub(crate) tokens: Embedding,
    pub(crate) positions: Embedding,
    pub(crate) types: Embedding,
    pub(crate) norm: LayerNorm,
    pub(crate) layers: Vec<EncoderLayer>,
    /// A head that tells classes apart.
    pub(crate) classes: Option<Linear>,
    #[module(skip)]
    config: EncoderConfig,
}

#[derive(Module, Debug)]
pub(crate) struct EncoderLayer {
    pub(crate) attention: EncoderAttention,
    pub(crate) attention_norm: LayerNorm,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) feed_norm: LayerNorm,
}

/// A text as tokens.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub tokens: &'a [u32],
    /// The kind of segment of each token; all of the first kind where there are none.
    pub types: &'a [u32],
}

impl Encoder {
    /// With random weights, which are drawn when they are first read.
    pub fn new(config: &EncoderConfig, device: &Device) -> Result<Self, ConfigError> {
        config.check()?;
        let head = |classes: usize| linear(config.hidden, classes, true, device);
        let table = |rows: usize| EmbeddingConfig::new(rows, config.hidden).init(device);
        let norm = || LayerNormConfig::new(config.hidden).with_epsilon(config.epsilon).init(device);
        let layer = |_| EncoderLayer {
            attention: EncoderAttention::new(config, device),
            attention_norm: norm(),
            up: linear(config.hidden, config.inner, true, device),
            down: linear(config.inner, config.hidden, true, device),
            feed_norm: norm(),
        };
        Ok(Self {
            tokens: table(config.vocabulary),
            positions: table(config.context),
            types: table(config.types),
            norm: norm(),
            layers: (0..config.layers).map(layer).collect(),
            classes: config.classes.map(head),
            config: config.clone(),
        })
    }

    /// The same with a head of so many classes, whose weights are drawn when they are first read.
    pub(crate) fn with_classes(mut self, classes: usize) -> Result<Self, ConfigError> {
        self.config.classes = Some(classes);
        self.config.check()?;
        let device = self.tokens.weight.lazy_device();
        self.classes = Some(linear(self.config.hidden, classes, true, &device));
        Ok(self)
    }

    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The rows of all texts, one after another: tokens × hidden.
    pub fn forward(&self, texts: &[Segment<'_>]) -> Result<Tensor<2>, ModelError> {
        if texts.is_empty() {
            return Err(ModelError::Nothing);
        }
        texts.iter().try_for_each(|text| self.check(text))?;
        Ok(self.rows(texts))
    }

    /// One row for each text, pooled and scaled as the configuration says.
    pub fn embed(&self, texts: &[Segment<'_>]) -> Result<Tensor<2>, ModelError> {
        let rows = self.forward(texts)?;
        let spans = Spans::new(texts.iter().map(|text| text.tokens.len()).collect());
        let pooled = spans.iter().map(|(start, length)| match self.config.pooling {
            Pooling::Mean => rows.clone().narrow(0, start, length).mean_dim(0),
            Pooling::First => rows.clone().narrow(0, start, 1),
        });
        let pooled = Tensor::cat(pooled.collect(), 0);
        if !self.config.unit {
            return Ok(pooled);
        }
        let length = pooled.clone().square().sum_dim(1).sqrt().clamp_min(LEAST_LENGTH);
        Ok(pooled / length)
    }

    /// A number for each class: texts × classes.
    pub fn classes(&self, texts: &[Segment<'_>]) -> Result<Tensor<2>, ModelError> {
        let head = self.classes.as_ref().ok_or(ModelError::Classes)?;
        Ok(head.forward(self.embed(texts)?))
    }

    /// Whether the model takes a text.
    pub(crate) fn check(&self, text: &Segment<'_>) -> Result<(), ModelError> {
        let Segment { tokens, types } = text;
        let (most, more) = (self.config.context, tokens.len());
        if !(1..=most).contains(&more) {
            return Err(ModelError::Length { before: 0, more, most });
        }
        check_tokens(tokens, self.config.vocabulary)?;
        if !types.is_empty() && types.len() != more {
            return Err(ModelError::Kinds { need: more, have: types.len() });
        }
        let below = self.config.types;
        match types.iter().position(|kind| *kind as usize >= below) {
            None => Ok(()),
            Some(at) => Err(ModelError::Kind { kind: types[at], at, below }),
        }
    }

    fn rows(&self, texts: &[Segment<'_>]) -> Tensor<2> {
        let device = self.tokens.weight.val().device();
        let read = |table: &Embedding, values: Vec<u32>| {
            table.weight.val().select(0, identities(values, &device))
        };
        let tokens = texts.iter().flat_map(|text| text.tokens.iter().copied()).collect();
        let positions = texts.iter().flat_map(|text| 0..text.tokens.len() as u32).collect();
        let kind = |text: &Segment<'_>, at: usize| text.types.get(at).copied().unwrap_or(0);
        let kinds = texts.iter().flat_map(|text| (0..text.tokens.len()).map(|at| kind(text, at)));
        let types = kinds.collect();
        let sum = read(&self.tokens, tokens)
            + read(&self.types, types)
            + read(&self.positions, positions);
        let spans = Spans::new(texts.iter().map(|text| text.tokens.len()).collect());
        let mut rows = self.norm.forward(sum);
        for layer in &self.layers {
            let seen = layer.attention.forward(rows.clone(), &spans);
            rows = layer.attention_norm.forward(rows + seen);
            let made = layer.down.forward(gelu(layer.up.forward(rows.clone())));
            rows = layer.feed_norm.forward(rows + made);
        }
        rows
    }
}
