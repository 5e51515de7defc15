use super::{cache::Cache, linear, rotary::Turns, spans::Spans};
use crate::config::{DecoderConfig, EncoderConfig};
use burn::{
    module::Module,
    nn::{Linear, RmsNorm, RmsNormConfig},
    tensor::{module::attention, ops::AttentionModuleOptions, Device, Tensor},
};

/// Causal attention in which several heads of queries share one of keys and values.
#[derive(Module, Debug)]
pub(crate) struct Attention {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) output: Linear,
    pub(crate) query_norm: Option<RmsNorm>,
    pub(crate) key_norm: Option<RmsNorm>,
    head: usize,
}

impl Attention {
    pub(super) fn new(config: &DecoderConfig, device: &Device) -> Self {
        let part = |heads: usize| linear(config.hidden, heads * config.head, false, device);
        let norm = || RmsNormConfig::new(config.head).with_epsilon(config.epsilon).init(device);
        Self {
            query: part(config.heads),
            key: part(config.groups),
            value: part(config.groups),
            output: linear(config.heads * config.head, config.hidden, false, device),
            query_norm: config.normed_heads.then(norm),
            key_norm: config.normed_heads.then(norm),
            head: config.head,
        }
    }

    pub(super) fn forward(
        &self,
        rows: Tensor<2>,
        turns: &Turns,
        spans: &Spans,
        caches: Option<(usize, &mut [&mut Cache])>,
    ) -> Tensor<2> {
        let heads = |made: Tensor<2>| split(made, self.head);
        let normed = |values: Tensor<3>, norm: &Option<RmsNorm>| match norm {
            Some(norm) => norm.forward(values),
            None => values,
        };
        let queries = normed(heads(self.query.forward(rows.clone())), &self.query_norm);
        let keys = normed(heads(self.key.forward(rows.clone())), &self.key_norm);
        let values = heads(self.value.forward(rows));
        let parts = [turns.turn(queries), turns.turn(keys), values];
        let seen = match caches {
            Some((layer, caches)) => attend_cached(parts, spans, layer, caches),
            None => attend(parts, spans, true),
        };
        self.output.forward(seen)
    }
}

/// Attention of all to all, with biases.
#[derive(Module, Debug)]
pub(crate) struct EncoderAttention {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) output: Linear,
    head: usize,
}

impl EncoderAttention {
    pub(super) fn new(config: &EncoderConfig, device: &Device) -> Self {
        let part = || linear(config.hidden, config.hidden, true, device);
        Self {
            query: part(),
            key: part(),
            value: part(),
            output: part(),
            head: config.hidden / config.heads,
        }
    }

    pub(super) fn forward(&self, rows: Tensor<2>, spans: &Spans) -> Tensor<2> {
        let parts = [&self.query, &self.key, &self.value]
            .map(|part| split(part.forward(rows.clone()), self.head));
        self.output.forward(attend(parts, spans, false))
    }
}

fn split(rows: Tensor<2>, head: usize) -> Tensor<3> {
    let [count, columns] = rows.dims();
    rows.reshape([count, columns / head, head])
}

/// Rows × heads × columns of equally long sequences as sequences × heads × rows × columns.
fn stacked(values: Tensor<3>, length: usize) -> Tensor<4> {
    let [rows, heads, head] = values.dims();
    values.reshape([rows / length, length, heads, head]).swap_dims(1, 2)
}

fn unstacked(values: Tensor<4>) -> Tensor<2> {
    let [count, heads, length, head] = values.dims();
    values.swap_dims(1, 2).reshape([count * length, heads * head])
}

fn attend(parts: [Tensor<3>; 3], spans: &Spans, causal: bool) -> Tensor<2> {
    if let Some(length) = spans.even() {
        let [queries, keys, values] = parts.map(|part| stacked(part, length));
        return unstacked(weighed(queries, keys, values, causal));
    }
    let each = spans.iter().map(|(start, length)| {
        let [queries, keys, values] =
            parts.clone().map(|part| stacked(part.narrow(0, start, length), length));
        unstacked(weighed(queries, keys, values, causal))
    });
    Tensor::cat(each.collect(), 0)
}

fn attend_cached(
    parts: [Tensor<3>; 3],
    spans: &Spans,
    layer: usize,
    caches: &mut [&mut Cache],
) -> Tensor<2> {
    let each = spans.iter().zip(caches).map(|((start, length), cache)| {
        let [queries, keys, values] =
            parts.clone().map(|part| stacked(part.narrow(0, start, length), length));
        let [keys, values] = cache.extend(layer, [keys, values]);
        unstacked(weighed(queries, keys, values, true))
    });
    Tensor::cat(each.collect(), 0)
}

/// Means of values, weighed by how queries meet keys. The last query sees all keys.
fn weighed(queries: Tensor<4>, keys: Tensor<4>, values: Tensor<4>, causal: bool) -> Tensor<4> {
    let [count, heads, length, head] = queries.dims();
    let groups = keys.dims()[1];
    if length == 1 && groups < heads {
        // Heads that share keys stand in for rows, which spares a copy of the keys.
        let queries = queries.reshape([count, groups, heads / groups, head]);
        let options = AttentionModuleOptions::default();
        let seen = attention(queries, keys, values, None, None, options);
        return seen.reshape([count, heads, 1, head]);
    }
    let [keys, values] = [keys, values].map(|part| repeated(part, heads / groups));
    let is_causal = causal && length > 1;
    let options = AttentionModuleOptions { is_causal, ..Default::default() };
    attention(queries, keys, values, None, None, options)
}

/// Each head as often as there are heads of queries that share it.
fn repeated(part: Tensor<4>, times: usize) -> Tensor<4> {
    if times == 1 {
        return part;
    }
    let [count, groups, length, head] = part.dims();
    part.unsqueeze_dim::<5>(2).expand([count, groups, times, length, head]).reshape([
        count,
        groups * times,
        length,
        head,
    ])
}
