//! Decoders of the shape of Llama and Qwen3, dense or with experts.

use super::{
    build::{Build, FULL, HEAD},
    Model,
};
use crate::{
    num::Scale,
    program::{Expert, Op, Rows, Tensor, TensorId, Values},
    sample::Rule,
};
use alloc::{format, string::String, vec::Vec};

/// A language model that sees what came before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoder {
    /// The longest sequence.
    pub rows: u32,
    pub vocabulary: u32,
    pub hidden: u32,
    pub heads: u32,
    /// Heads of keys and values.
    pub groups: u32,
    /// Columns of a head.
    pub head: u32,
    /// Columns between the two linear operators of a layer, or of an expert.
    pub inner: u32,
    pub experts: Option<Experts>,
    /// Whether queries and keys are normed head by head.
    pub normed_heads: bool,
    /// Whether queries, keys and values have biases.
    pub biased: bool,
    /// Whether tokens are told apart by what they are embedded with.
    pub tied: bool,
    /// What norms add to a mean of squares, in units of 2^−32.
    pub epsilon: u32,
    /// What brings an embedding to the residual's units of 2^−16.
    pub embedding: Scale,
    pub layers: Vec<DecoderLayer>,
    /// Of the norm behind the last layer.
    pub norm: Scale,
    pub outcome: Outcome,
}

/// Linear operators of which a router chooses some for each token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Experts {
    pub count: u32,
    pub chosen: u32,
    /// Whether shares are of all experts, not of those chosen.
    pub all: bool,
}

/// What is calibrated of a layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecoderLayer {
    pub attention_norm: Scale,
    pub query_norm: Scale,
    pub key_norm: Scale,
    /// What brings scores to units of 2^−16 of a logarithm to base 2.
    pub score: Scale,
    /// Bits that means of values have more than the values.
    pub fraction: u8,
    pub feed_norm: Scale,
    /// What brings a router's numbers to such units.
    pub share: Scale,
    /// What brings a gate's numbers to such units.
    pub logistic: Scale,
    pub gated: Scale,
    /// Whether what is gated is shifted row by row to what 16 bits hold.
    pub shifted: bool,
}

/// What a decoder is run for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// A number for each token that may follow, after each token.
    Logits,
    /// After the last token only.
    LastLogits,
    /// What was lost on each target.
    Loss(Scale),
    /// A token after each token.
    Tokens(Rule),
    /// A token after the last.
    LastToken(Rule),
}

impl Default for DecoderLayer {
    /// For gains around 2^14, activations around 2^12 and gates around 2^13.
    fn default() -> Self {
        Self {
            attention_norm: Scale::power(-18),
            query_norm: Scale::power(-21),
            key_norm: Scale::power(-21),
            score: Scale::power(-3),
            fraction: 4,
            feed_norm: Scale::power(-18),
            share: Scale::power(4),
            logistic: Scale::power(4),
            gated: Scale::power(-20),
            shifted: false,
        }
    }
}

/// Tensors that all layers read.
struct Shared {
    cosines: TensorId,
    sines: TensorId,
}

impl Decoder {
    pub fn model(&self) -> Model {
        let mut build = Build::default();
        let tokens = build.given(1, Values::Tokens { below: self.vocabulary });
        let table = build.masters("embedding".into(), self.vocabulary, self.hidden);
        let half = self.head / 2;
        let shared = Shared {
            cosines: build.masters("rotary.cosines".into(), self.rows, half),
            sines: build.masters("rotary.sines".into(), self.rows, half),
        };
        let embed = Op::Embed { tokens, table, scale: self.embedding };
        let mut residual = build.resized(tokens, self.hidden, Values::Wide, embed);
        for (layer, index) in self.layers.iter().zip(0..) {
            let name = format!("layers.{index}");
            let attended = self.attend(&mut build, &name, layer, &shared, residual);
            residual = build.add(residual, attended);
            let values =
                self.norm(&mut build, format!("{name}.feed.norm"), residual, layer.feed_norm);
            let fed = match self.experts {
                None => self.feed(&mut build, &format!("{name}.feed"), layer, values),
                Some(experts) => self.route(&mut build, &name, layer, experts, values),
            };
            residual = build.add(residual, fed);
        }
        let result = self.outcome(&mut build, table, residual);
        build.finish(self.rows, result)
    }

    fn norm(&self, build: &mut Build, name: String, values: TensorId, scale: Scale) -> TensorId {
        let gains = build.masters(name, 1, self.hidden);
        let epsilon = self.epsilon;
        build.same(values, FULL, Op::RmsNorm { values, gains, scale, epsilon, groups: 1 })
    }

    fn attend(
        &self,
        build: &mut Build,
        name: &str,
        layer: &DecoderLayer,
        shared: &Shared,
        residual: TensorId,
    ) -> TensorId {
        let name = format!("{name}.attention");
        let input = self.norm(build, format!("{name}.norm"), residual, layer.attention_norm);
        let made = if self.normed_heads { FULL } else { HEAD };
        let mut head = |part: &str, heads: u32, made: Values| {
            let name = format!("{name}.{part}");
            build.linear(&name, (input, None), heads * self.head, made, self.biased)
        };
        let queries = head("query", self.heads, made);
        let keys = head("key", self.groups, made);
        let values = head("value", self.groups, HEAD);
        let mut turned = |part: &str, mut values: TensorId, heads: u32, scale: Scale| {
            if self.normed_heads {
                let gains = build.masters(format!("{name}.{part}.norm"), 1, self.head);
                let epsilon = self.epsilon;
                let op = Op::RmsNorm { values, gains, scale, epsilon, groups: heads };
                values = build.same(values, HEAD, op);
            }
            let Shared { cosines, sines } = *shared;
            build.same(values, HEAD, Op::Rotate { values, cosines, sines, heads })
        };
        let queries = turned("query", queries, self.heads, layer.query_norm);
        let keys = turned("key", keys, self.groups, layer.key_norm);
        let op = Op::Attention {
            queries,
            keys,
            values,
            scale: layer.score,
            heads: self.heads,
            groups: self.groups,
            fraction: layer.fraction,
            causal: true,
        };
        let seen = build.same(queries, FULL, op);
        build.linear(&format!("{name}.output"), (seen, None), self.hidden, Values::Wide, false)
    }

    fn feed(
        &self,
        build: &mut Build,
        name: &str,
        layer: &DecoderLayer,
        input: TensorId,
    ) -> TensorId {
        let gates = build.linear(&format!("{name}.gate"), (input, None), self.inner, FULL, false);
        let values = build.linear(&format!("{name}.up"), (input, None), self.inner, FULL, false);
        let gated = build.curved(gates, gated(layer, gates, values), layer.shifted);
        build.linear(&format!("{name}.down"), gated, self.hidden, Values::Wide, false)
    }

    fn route(
        &self,
        build: &mut Build,
        name: &str,
        layer: &DecoderLayer,
        Experts { count, chosen, all }: Experts,
        input: TensorId,
    ) -> TensorId {
        let routed = build.linear(&format!("{name}.router"), (input, None), count, FULL, false);
        let choose = Op::Choose { values: routed, count: chosen };
        let choices = build.resized(routed, chosen, Values::Choices { below: count }, choose);
        let share = Op::Share { values: routed, choices, scale: layer.share, all };
        let shares = build.same(choices, FULL, share);
        let expert = |build: &mut Build, part: &str, from, outputs: u32, made: Values| {
            let (values, exponents) = from;
            let weights = |expert| {
                let name = format!("{name}.experts.{expert}.{part}");
                build.weights(&name, values, outputs)
            };
            let experts: Vec<Expert> = (0..count).map(weights).collect();
            let rows = Rows::Slots(chosen);
            let op = Op::Expert { values, choices, experts, exponents };
            build.make(Tensor { rows, columns: outputs, values: made }, op)
        };
        let gates = expert(build, "gate", (input, None), self.inner, FULL);
        let values = expert(build, "up", (input, None), self.inner, FULL);
        let gated = build.curved(gates, gated(layer, gates, values), layer.shifted);
        let values = expert(build, "down", gated, self.hidden, Values::Wide);
        build.same(input, Values::Wide, Op::Combine { values, shares })
    }

    fn outcome(&self, build: &mut Build, table: TensorId, residual: TensorId) -> TensorId {
        let single = matches!(self.outcome, Outcome::LastLogits | Outcome::LastToken(_));
        let residual = if single {
            let rows = Rows::One;
            let last = Tensor { rows, ..build.at(residual) };
            build.make(last, Op::Last { values: residual })
        } else {
            residual
        };
        let values = self.norm(build, "norm".into(), residual, self.norm);
        let logits = if self.tied {
            let scales = build.constants("head.scales".into(), self.vocabulary);
            let (biases, exponents) = (None, None);
            let op = Op::Linear { values, weights: table, scales, biases, exponents };
            build.resized(values, self.vocabulary, Values::Wide, op)
        } else {
            build.linear("head", (values, None), self.vocabulary, Values::Wide, false)
        };
        let below = self.vocabulary;
        match self.outcome {
            Outcome::Logits | Outcome::LastLogits => logits,
            Outcome::Loss(scale) => {
                let targets = build.given(1, Values::Targets { below });
                let op = Op::CrossEntropy { values: logits, targets, scale };
                build.resized(logits, 1, Values::Wide, op)
            }
            Outcome::Tokens(rule) | Outcome::LastToken(rule) => {
                let op = Op::Sample { values: logits, rule };
                build.resized(logits, 1, Values::Choices { below }, op)
            }
        }
    }
}

fn gated(layer: &DecoderLayer, gates: TensorId, values: TensorId) -> Op {
    Op::Gated { gates, values, logistic: layer.logistic, scale: layer.gated }
}
