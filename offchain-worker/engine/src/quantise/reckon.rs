//! What a program comes to in floats: what its integers stand for.
//!
//! It computes the program itself, and not the model that the program is of, so that each of
//! its tensors can be looked at.

use super::floats::{dot, Floats};
use cairn_kernel::{
    num::Scale,
    program::{Expert, Op, Program, Step, TensorId},
};
use std::{cmp::Ordering, collections::BTreeMap};

/// Units of what norms add, and of the residual squared.
const EPSILON: f64 = 1.0 / (1_u64 << 32) as f64;

/// What a program is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Tokens(&'a [u32]),
    Features(&'a Floats),
}

/// A program with weights in floats.
pub(crate) struct Reckoner<'a> {
    pub program: &'a Program,
    pub weights: &'a BTreeMap<TensorId, &'a Floats>,
}

/// All tensors of a sequence.
struct Sheet<'a> {
    weights: &'a BTreeMap<TensorId, &'a Floats>,
    tensors: BTreeMap<TensorId, Floats>,
    tokens: &'a [u32],
}

impl Reckoner<'_> {
    /// The result, after `see` has seen each tensor that was made, and perhaps changed it. What
    /// is given fits the program, and the weights are all there.
    pub(crate) fn run(
        &self,
        given: Given<'_>,
        mut see: impl FnMut(TensorId, &mut Floats),
    ) -> Floats {
        let (tokens, features) = match given {
            Given::Tokens(tokens) => (tokens, None),
            Given::Features(features) => (&[][..], Some(features)),
        };
        let mut sheet = Sheet { weights: self.weights, tensors: BTreeMap::new(), tokens };
        if let Some(features) = features {
            // What is given is the first tensor of every family.
            let mut features = features.clone();
            see(TensorId(0), &mut features);
            sheet.tensors.insert(TensorId(0), features);
        }
        for step in &self.program.ops {
            let mut made = sheet.compute(step);
            see(step.result, &mut made);
            sheet.tensors.insert(step.result, made);
        }
        sheet.tensors.remove(&self.program.result).unwrap_or_default()
    }
}

impl Sheet<'_> {
    fn at(&self, id: TensorId) -> &Floats {
        &self.tensors[&id]
    }

    fn weights(&self, id: TensorId) -> &Floats {
        self.weights[&id]
    }

    fn compute(&self, step: &Step) -> Floats {
        match step.op {
            Op::Embed { table, .. } => self.embed(table, self.tokens.iter().copied()),
            Op::Position { table, .. } => self.embed(table, 0..self.tokens.len() as u32),
            Op::Add { left, right } => self.at(left).zip(self.at(right), |x, y| x + y),
            Op::RmsNorm { values, gains, epsilon, groups, .. } => {
                self.rms_norm(values, gains, epsilon, groups)
            }
            Op::LayerNorm { values, gains, biases, epsilon, .. } => {
                self.layer_norm(values, gains, biases, epsilon)
            }
            // It makes equals of columns, for all to be chosen in their order.
            Op::Narrow { values, scale: Scale::LEAST } => {
                Floats::zeros(self.at(values).count(), self.at(values).columns)
            }
            Op::Narrow { values, .. } | Op::Shift { values, .. } => self.at(values).clone(),
            Op::Exponent { values, .. } => Floats::zeros(self.at(values).count(), 1),
            Op::Linear { values, weights, biases, .. } => self.linear(values, weights, biases),
            Op::Rotate { values, cosines, sines, heads } => {
                self.rotate(values, [cosines, sines], heads)
            }
            Op::Attention { .. } => self.attention(&step.op),
            Op::Gated { gates, values, .. } => {
                let open = |x: f32, y: f32| x / (1.0 + (-x).exp()) * y;
                self.at(gates).zip(self.at(values), open)
            }
            Op::Gelu { values, .. } => self.at(values).map(gelu),
            Op::Relu { values } => self.at(values).map(|x| x.max(0.0)),
            Op::Choose { values, count } => self.choose(values, count),
            Op::Share { values, choices, all, .. } => self.share(values, choices, all),
            Op::Expert { values, choices, ref experts, .. } => {
                self.expert(values, choices, experts)
            }
            Op::Combine { values, shares } => self.combine(values, shares),
            Op::Mean { values } => self.mean(values),
            Op::First { values } => Floats::row_of(self.at(values).row(0).to_vec()),
            Op::Last { values } => {
                let values = self.at(values);
                Floats::row_of(values.row(values.count() - 1).to_vec())
            }
            Op::Unit { values, .. } => self.unit(values),
            // They end programs, and change nothing of what comes before.
            Op::CrossEntropy { values, .. } | Op::Sample { values, .. } => self.at(values).clone(),
            Op::Scale { values, gains, .. } => {
                let gains = self.weights(gains);
                each_row(self.at(values), |row, made| {
                    for ((made, x), gain) in made.iter_mut().zip(row).zip(gains.row(0)) {
                        *made = x * gain;
                    }
                })
            }
            // What is calibrated has no change yet.
            Op::Moved { masters, .. } | Op::Changed { masters, .. } => {
                self.weights(masters).clone()
            }
        }
    }

    fn embed(&self, table: TensorId, rows: impl Iterator<Item = u32>) -> Floats {
        let table = self.weights(table);
        let values = rows.flat_map(|row| table.row(row as usize).iter().copied()).collect();
        Floats::new(table.columns, values)
    }

    fn rms_norm(&self, values: TensorId, gains: TensorId, epsilon: u32, groups: u32) -> Floats {
        let gains = self.weights(gains).row(0);
        each_row(self.at(values), |row, made| {
            let width = row.len() / groups as usize;
            for (row, made) in row.chunks(width).zip(made.chunks_mut(width)) {
                let root = root(row.iter().map(|x| f64::from(*x)), width, epsilon);
                for ((made, x), gain) in made.iter_mut().zip(row).zip(gains) {
                    *made = (f64::from(*x) / root) as f32 * gain;
                }
            }
        })
    }

    fn layer_norm(
        &self,
        values: TensorId,
        gains: TensorId,
        biases: TensorId,
        epsilon: u32,
    ) -> Floats {
        let (gains, biases) = (self.weights(gains).row(0), self.weights(biases).row(0));
        each_row(self.at(values), |row, made| {
            let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / row.len() as f64;
            let root = root(row.iter().map(|x| f64::from(*x) - mean), row.len(), epsilon);
            let rest = row.iter().zip(gains).zip(biases);
            for (made, ((x, gain), bias)) in made.iter_mut().zip(rest) {
                *made = ((f64::from(*x) - mean) / root) as f32 * gain + bias;
            }
        })
    }

    fn linear(&self, values: TensorId, weights: TensorId, biases: Option<TensorId>) -> Floats {
        let mut made = self.at(values).product(self.weights(weights));
        if let Some(biases) = biases {
            let biases = self.weights(biases).row(0);
            for row in made.values.chunks_exact_mut(biases.len()) {
                row.iter_mut().zip(biases).for_each(|(made, bias)| *made += bias);
            }
        }
        made
    }

    fn rotate(&self, values: TensorId, [cosines, sines]: [TensorId; 2], heads: u32) -> Floats {
        let mut made = self.at(values).clone();
        let (cosines, sines) = (self.weights(cosines), self.weights(sines));
        let width = made.columns / heads as usize;
        for position in 0..made.count() {
            let (cosines, sines) = (cosines.row(position), sines.row(position));
            for head in made.row_mut(position).chunks_exact_mut(width) {
                let (first, second) = head.split_at_mut(width / 2);
                let pairs = first.iter_mut().zip(second).zip(cosines.iter().zip(sines));
                for ((x, y), (cosine, sine)) in pairs {
                    (*x, *y) = (*x * cosine - *y * sine, *y * cosine + *x * sine);
                }
            }
        }
        made
    }

    fn attention(&self, op: &Op) -> Floats {
        let Op::Attention { queries, keys, values, heads, groups, causal, .. } = *op else {
            return Floats::default();
        };
        let (queries, keys, values) = (self.at(queries), self.at(keys), self.at(values));
        let width = queries.columns / heads as usize;
        let root = (width as f32).sqrt();
        let mut made = Floats::zeros(queries.count(), queries.columns);
        for row in 0..queries.count() {
            let seen = if causal { row + 1 } else { keys.count() };
            for head in 0..heads as usize {
                let group = head * groups as usize / heads as usize;
                let (at, of) = (head * width, group * width);
                let query = &queries.row(row)[at..at + width];
                let score = |seen: usize| dot(query, &keys.row(seen)[of..of + width]) / root;
                let shares = softmax((0..seen).map(score).collect());
                let out = &mut made.row_mut(row)[at..at + width];
                for (share, seen) in shares.into_iter().zip(0..) {
                    let values = &values.row(seen)[of..of + width];
                    out.iter_mut().zip(values).for_each(|(out, x)| *out += share * x);
                }
            }
        }
        made
    }

    fn choose(&self, values: TensorId, count: u32) -> Floats {
        let choose = |row: &[f32]| {
            let mut order: Vec<usize> = (0..row.len()).collect();
            // A stable sort: of equals the lower comes first.
            order.sort_by(|a, b| row[*b].partial_cmp(&row[*a]).unwrap_or(Ordering::Equal));
            order.truncate(count as usize);
            // There are fewer experts, and fewer classes, than floats count.
            order.into_iter().map(|column| column as f32).collect::<Vec<_>>()
        };
        Floats::new(count as usize, self.at(values).rows().flat_map(choose).collect())
    }

    fn share(&self, values: TensorId, choices: TensorId, all: bool) -> Floats {
        let choices = self.at(choices);
        let share = |(row, chosen): (&[f32], &[f32])| {
            let of = |column: &f32| row[*column as usize];
            if all {
                let shares = softmax(row.to_vec());
                chosen.iter().map(|column| shares[*column as usize]).collect()
            } else {
                softmax(chosen.iter().map(of).collect())
            }
        };
        let rows = self.at(values).rows().zip(choices.rows());
        Floats::new(choices.columns, rows.flat_map(share).collect())
    }

    fn expert(&self, values: TensorId, choices: TensorId, experts: &[Expert]) -> Floats {
        let (values, choices) = (self.at(values), self.at(choices));
        let outputs = experts.first().map_or(0, |expert| self.weights(expert.weights).count());
        let slots = choices.values.len();
        // Rows of values are of tokens, or of slots.
        let each = slots / values.count().max(1);
        let mut made = Floats::zeros(slots, outputs);
        for (expert, index) in experts.iter().zip(0..) {
            let chosen =
                choices.values.iter().zip(0..).filter(|(choice, _)| **choice as u32 == index);
            let chosen: Vec<usize> = chosen.map(|(_, slot)| slot).collect();
            let given = chosen.iter().flat_map(|slot| values.row(slot / each).iter().copied());
            let given = Floats::new(values.columns, given.collect());
            let computed = given.product(self.weights(expert.weights));
            for (slot, row) in chosen.into_iter().zip(computed.rows()) {
                made.row_mut(slot).copy_from_slice(row);
            }
        }
        made
    }

    fn combine(&self, values: TensorId, shares: TensorId) -> Floats {
        let (values, shares) = (self.at(values), self.at(shares));
        let mut made = Floats::zeros(shares.count(), values.columns);
        for (share, slot) in shares.values.iter().zip(0..) {
            let out = made.row_mut(slot / shares.columns);
            out.iter_mut().zip(values.row(slot)).for_each(|(out, x)| *out += share * x);
        }
        made
    }

    fn mean(&self, values: TensorId) -> Floats {
        let values = self.at(values);
        let column = |column: usize| {
            let sum: f64 = values.rows().map(|row| f64::from(row[column])).sum();
            (sum / values.count() as f64) as f32
        };
        Floats::row_of((0..values.columns).map(column).collect())
    }

    fn unit(&self, values: TensorId) -> Floats {
        each_row(self.at(values), |row, made| {
            let length = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            if length > 0.0 {
                made.iter_mut().zip(row).for_each(|(y, x)| *y = (f64::from(*x) / length) as f32);
            }
        })
    }
}

fn each_row(values: &Floats, compute: impl Fn(&[f32], &mut [f32])) -> Floats {
    let mut made = Floats::zeros(values.count(), values.columns);
    for (row, made) in values.rows().zip(made.values.chunks_exact_mut(values.columns.max(1))) {
        compute(row, made);
    }
    made
}

/// Of the mean of squares, with what is added to it. Never zero.
fn root(values: impl Iterator<Item = f64>, count: usize, epsilon: u32) -> f64 {
    let squares: f64 = values.map(|x| x * x).sum();
    (squares / count as f64 + f64::from(epsilon) * EPSILON).sqrt().max(f64::MIN_POSITIVE)
}

fn softmax(mut values: Vec<f32>) -> Vec<f32> {
    let top = values.iter().fold(f32::NEG_INFINITY, |top, x| top.max(*x));
    values.iter_mut().for_each(|x| *x = (*x - top).exp());
    let sum: f32 = values.iter().sum();
    values.iter_mut().for_each(|x| *x /= sum);
    values
}

/// x Φ(x), with the erf of Abramowitz and Stegun 7.1.26, which is off by less than 1.5 · 10^−7.
fn gelu(x: f32) -> f32 {
    const TERMS: [f64; 5] = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
    let z = f64::from(x.abs()) * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let tail = TERMS.iter().fold(0.0, |sum, term| (sum + term) * t) * (-z * z).exp() / 2.0;
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    (f64::from(x) * below) as f32
}
