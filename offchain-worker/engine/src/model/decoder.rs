use super::{
    attention::Attention, cache::Cache, check_tokens, feed::Feed, identities, linear,
    rotary::Turns, spans::Spans, ModelError,
};
use crate::config::{ConfigError, DecoderConfig};
use burn::{
    module::Module,
    nn::{Embedding, EmbeddingConfig, Linear, RmsNorm, RmsNormConfig},
    tensor::{Device, Int, Tensor},
};

/// A language model that sees what came before.
#[derive(Module, Debug)]
pub struct Decoder {
    pub(crate) embedding: Embedding,
    pub(crate) layers: Vec<DecoderLayer>,
    pub(crate) norm: RmsNorm,
    /// Absent where the embedding serves for it.
    pub(crate) head: Option<Linear>,
    #[module(skip)]
    config: DecoderConfig,
}

#[derive(Module, Debug)]
pub(crate) struct DecoderLayer {
    pub(crate) attention_norm: RmsNorm,
    pub(crate) attention: Attention,
    pub(crate) feed_norm: RmsNorm,
    pub(crate) feed: Feed,
}

/// The next tokens of a sequence, and what is kept of those before.
pub struct Piece<'a> {
    pub tokens: &'a [u32],
    pub cache: &'a mut Cache,
}

impl Decoder {
    /// With random weights, which are drawn when they are first read.
    pub fn new(config: &DecoderConfig, device: &Device) -> Result<Self, ConfigError> {
        config.check()?;
        let norm = || RmsNormConfig::new(config.hidden).with_epsilon(config.epsilon).init(device);
        let layer = |_| DecoderLayer {
            attention_norm: norm(),
            attention: Attention::new(config, device),
            feed_norm: norm(),
            feed: Feed::new(config, device),
        };
        Ok(Self {
            embedding: EmbeddingConfig::new(config.vocabulary, config.hidden).init(device),
            layers: (0..config.layers).map(layer).collect(),
            norm: norm(),
            head: (!config.tied).then(|| linear(config.hidden, config.vocabulary, false, device)),
            config: config.clone(),
        })
    }

    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// A cache for a new sequence.
    pub fn cache(&self) -> Cache {
        Cache::new(self.config.layers)
    }

    /// Logits after each token of whole sequences: sequences × tokens × vocabulary.
    ///
    /// The tokens are the caller's to check; one that is not below the vocabulary's size
    /// gives an error of the backend, or nonsense.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Result<Tensor<3>, ModelError> {
        let [count, length] = tokens.dims();
        if count == 0 {
            return Err(ModelError::Nothing);
        }
        self.check_length(0, length)?;
        let positions: Vec<usize> = (0..count).flat_map(|_| 0..length).collect();
        let spans = Spans::new(vec![length; count]);
        let rows = self.rows(tokens.reshape([count * length]), &positions, &spans, None)?;
        Ok(self.logits(rows).reshape([count, length, self.config.vocabulary]))
    }

    /// Takes each sequence on by some tokens: logits after the last of each, pieces ×
    /// vocabulary. After an error the caches are as they were.
    pub fn advance(&self, pieces: &mut [Piece<'_>]) -> Result<Tensor<2>, ModelError> {
        if pieces.is_empty() {
            return Err(ModelError::Nothing);
        }
        for Piece { tokens, cache } in pieces.iter() {
            let have = cache.layers();
            if have != self.config.layers {
                return Err(ModelError::Cache { need: self.config.layers, have });
            }
            self.check_length(cache.length(), tokens.len())?;
            self.check_tokens(tokens)?;
        }
        let positions: Vec<usize> = pieces
            .iter()
            .flat_map(|piece| piece.cache.length()..piece.cache.length() + piece.tokens.len())
            .collect();
        let device = self.embedding.weight.val().device();
        let tokens =
            identities(pieces.iter().flat_map(|piece| piece.tokens.iter().copied()), &device);
        let spans = Spans::new(pieces.iter().map(|piece| piece.tokens.len()).collect());
        // Worked on are clones, which share their tensors, so that an error changes nothing.
        let mut caches: Vec<Cache> = pieces.iter().map(|piece| piece.cache.clone()).collect();
        let mut given: Vec<&mut Cache> = caches.iter_mut().collect();
        let rows = self.rows(tokens, &positions, &spans, Some(&mut given))?;
        let last = spans.iter().map(|(start, length)| (start + length - 1) as u32);
        let logits = self.logits(rows.select(0, identities(last, &device)));
        for (piece, mut cache) in pieces.iter_mut().zip(caches) {
            cache.advance(piece.tokens.len());
            *piece.cache = cache;
        }
        Ok(logits)
    }

    fn rows(
        &self,
        tokens: Tensor<1, Int>,
        positions: &[usize],
        spans: &Spans,
        mut caches: Option<&mut [&mut Cache]>,
    ) -> Result<Tensor<2>, ModelError> {
        let turns = Turns::new(positions, &self.config, &tokens.device());
        let mut rows = self.embedding.weight.val().select(0, tokens);
        for (layer, index) in self.layers.iter().zip(0..) {
            let caches = caches.as_deref_mut().map(|caches| (index, caches));
            let input = layer.attention_norm.forward(rows.clone());
            rows = rows + layer.attention.forward(input, &turns, spans, caches);
            let input = layer.feed_norm.forward(rows.clone());
            rows = rows + layer.feed.forward(input)?;
        }
        Ok(rows)
    }

    fn logits(&self, rows: Tensor<2>) -> Tensor<2> {
        let rows = self.norm.forward(rows);
        match &self.head {
            Some(head) => head.forward(rows),
            None => rows.matmul(self.embedding.weight.val().transpose()),
        }
    }

    pub(crate) fn check_tokens(&self, tokens: &[u32]) -> Result<(), ModelError> {
        check_tokens(tokens, self.config.vocabulary)
    }

    fn check_length(&self, before: usize, more: usize) -> Result<(), ModelError> {
        let most = self.config.context;
        if more == 0 || before.saturating_add(more) > most {
            return Err(ModelError::Length { before, more, most });
        }
        Ok(())
    }
}
