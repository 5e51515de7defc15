//! Encoders of the shape of BERT.

use super::{
    build::{Build, FULL, HEAD},
    Model,
};
use crate::{
    num::Scale,
    program::{Op, Rows, Tensor, TensorId, Values},
};
use alloc::{format, string::String, vec::Vec};

/// A model that sees a whole text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoder {
    /// The longest sequence.
    pub rows: u32,
    pub vocabulary: u32,
    pub hidden: u32,
    pub heads: u32,
    pub inner: u32,
    /// What norms add to a mean of squares, in units of 2^−32.
    pub epsilon: u32,
    /// What bring embeddings of tokens and of positions to units of 2^−16.
    pub embedding: Scale,
    pub position: Scale,
    /// Of the norm of what is embedded.
    pub norm: Scale,
    pub layers: Vec<EncoderLayer>,
    pub pool: Pool,
    /// What brings the pooled, divided by its length, to 16 bits.
    pub unit: Option<Scale>,
    /// How many classes the pooled is told apart into.
    pub classes: Option<u32>,
}

/// What is calibrated of a layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EncoderLayer {
    /// What brings the residual to 16 bits.
    pub input: Scale,
    /// What brings scores to units of 2^−16 of a logarithm to base 2.
    pub score: Scale,
    pub fraction: u8,
    pub attention_norm: Scale,
    pub feed: Scale,
    /// What brings the argument of a gelu to units of 2^−16.
    pub normal: Scale,
    pub gelu: Scale,
    pub feed_norm: Scale,
    /// Whether what a gelu makes is shifted row by row to what 16 bits hold.
    pub shifted: bool,
}

/// What is taken of the rows of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pool {
    All,
    Mean,
    First,
}

impl Default for EncoderLayer {
    /// For gains around 2^14 and activations around 2^12.
    fn default() -> Self {
        Self {
            input: Scale::power(-4),
            score: Scale::power(-3),
            fraction: 4,
            attention_norm: Scale::power(-14),
            feed: Scale::power(-4),
            normal: Scale::power(4),
            gelu: Scale::power(-16),
            feed_norm: Scale::power(-14),
            shifted: false,
        }
    }
}

impl Encoder {
    pub fn model(&self) -> Model {
        let mut build = Build::default();
        let tokens = build.given(1, Values::Tokens { below: self.vocabulary });
        let table = build.masters("embedding".into(), self.vocabulary, self.hidden);
        let embed = Op::Embed { tokens, table, scale: self.embedding };
        let embedded = build.resized(tokens, self.hidden, Values::Wide, embed);
        let table = build.masters("position".into(), self.rows, self.hidden);
        let place = Op::Position { tokens, table, scale: self.position };
        let placed = build.resized(tokens, self.hidden, Values::Wide, place);
        let sum = build.add(embedded, placed);
        let mut residual = self.norm(&mut build, "norm".into(), sum, self.norm);
        for (layer, index) in self.layers.iter().zip(0..) {
            let name = format!("layers.{index}");
            residual = self.attend(&mut build, &format!("{name}.attention"), layer, residual);
            residual = self.feed(&mut build, &format!("{name}.feed"), layer, residual);
        }
        let result = self.pool(&mut build, residual);
        build.finish(self.rows, result)
    }

    fn norm(&self, build: &mut Build, name: String, values: TensorId, scale: Scale) -> TensorId {
        let gains = build.masters(format!("{name}.gains"), 1, self.hidden);
        let biases = build.constants(format!("{name}.biases"), self.hidden);
        let epsilon = self.epsilon;
        let op = Op::LayerNorm { values, gains, biases, scale, epsilon };
        build.same(values, Values::Wide, op)
    }

    fn attend(
        &self,
        build: &mut Build,
        name: &str,
        layer: &EncoderLayer,
        residual: TensorId,
    ) -> TensorId {
        let narrow = Op::Narrow { values: residual, scale: layer.input };
        let input = build.same(residual, FULL, narrow);
        let [queries, keys, values] = ["query", "key", "value"].map(|part| {
            build.linear(&format!("{name}.{part}"), (input, None), self.hidden, HEAD, true)
        });
        let op = Op::Attention {
            queries,
            keys,
            values,
            scale: layer.score,
            heads: self.heads,
            groups: self.heads,
            fraction: layer.fraction,
            causal: false,
        };
        let seen = build.same(queries, FULL, op);
        let name = format!("{name}.output");
        let made = build.linear(&name, (seen, None), self.hidden, Values::Wide, true);
        let sum = build.add(residual, made);
        self.norm(build, format!("{name}.norm"), sum, layer.attention_norm)
    }

    fn feed(
        &self,
        build: &mut Build,
        name: &str,
        layer: &EncoderLayer,
        residual: TensorId,
    ) -> TensorId {
        let input = build.same(residual, FULL, Op::Narrow { values: residual, scale: layer.feed });
        let values = build.linear(&format!("{name}.up"), (input, None), self.inner, FULL, true);
        let gelu = Op::Gelu { values, normal: layer.normal, scale: layer.gelu };
        let curved = build.curved(values, gelu, layer.shifted);
        let name = format!("{name}.down");
        let made = build.linear(&name, curved, self.hidden, Values::Wide, true);
        let sum = build.add(residual, made);
        self.norm(build, format!("{name}.norm"), sum, layer.feed_norm)
    }

    fn pool(&self, build: &mut Build, residual: TensorId) -> TensorId {
        let values = residual;
        let single = Tensor { rows: Rows::One, ..build.at(residual) };
        let mut result = match self.pool {
            Pool::All => residual,
            Pool::Mean => build.make(single, Op::Mean { values }),
            Pool::First => build.make(single, Op::First { values }),
        };
        if let Some(scale) = self.unit {
            result = build.same(result, FULL, Op::Unit { values: result, scale });
        }
        if let Some(classes) = self.classes {
            if self.unit.is_none() {
                // The last layer's calibration is that of its norm's outputs too.
                let scale = self.layers.last().map_or(Scale::power(-4), |layer| layer.input);
                result = build.same(result, FULL, Op::Narrow { values: result, scale });
            }
            result = build.linear("classes", (result, None), classes, Values::Wide, true);
        }
        result
    }
}
