//! What numbers of a program stand for, and the scales between them.

use super::{
    calibrate::Calibration,
    floats::Floats,
    round::{in_steps, rounded, table, Metric, STEP, WEIGHT},
    QuantiseError, Rounding,
};
use cairn_artifact::contents::{Numbers, Tensor};
use cairn_kernel::{
    num::Scale,
    program::{Expert, Op, Program, TensorId, Values},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    f64::consts::LOG2_E,
};

/// What a step of what is wide stands for.
pub(crate) const WIDE: f64 = 1.0 / 65_536.0;
/// Of a share of an expert or a class.
const SHARE: f64 = 1.0 / 32_768.0;
/// Of cosines and sines.
const TURN: f64 = 1.0 / 16_384.0;
/// Of parts of a normal distribution, and of what a gate lets through.
const PART: f64 = 1.0 / 65_536.0;
/// What is gated is shifted by so much before it is multiplied.
const OPENED: f64 = 1.0 / 256.0;
/// What may be wide, as a part of what 32 bits hold.
const LEAST_ROOM: f64 = 2.0;
/// Parts of what 32 bits hold that gated numbers take up.
const GATED_ROOM: f64 = 8.0;
/// Parts of what 32 bits hold that the sample takes up of what is only cut, and then shifted.
const CUT_ROOM: f64 = 64.0;
/// Room that what a GELU reads has more than others, where it is shifted behind it.
const BENT_ROOM: f64 = 4.0;

/// The scale that is nearest to a number, if there is one near.
pub(crate) fn scale(number: f64) -> Option<Scale> {
    if !(number.is_finite() && number > 0.0) {
        return None;
    }
    let (least, beyond) = (32_768.0, 65_536.0);
    let mut shift = 15 - number.log2().floor() as i32;
    let mut multiplier = (number * f64::from(shift).exp2()).round();
    // Rounded up, or by a logarithm that was.
    if multiplier >= beyond {
        shift -= 1;
        multiplier = (number * f64::from(shift).exp2()).round();
    } else if multiplier < least {
        shift += 1;
        multiplier = (number * f64::from(shift).exp2()).round();
    }
    let scale = Scale { multiplier: multiplier as u16, shift: u8::try_from(shift).ok()? };
    scale.is_valid().then_some(scale)
}

/// Brings the numbers of a program from floats to integers.
pub(crate) struct Settling<'a> {
    pub names: BTreeMap<TensorId, &'a str>,
    pub weights: &'a BTreeMap<TensorId, &'a Floats>,
    pub calibration: &'a Calibration,
    pub rounding: Rounding,
    /// What a step of each tensor stands for.
    pub steps: BTreeMap<TensorId, f64>,
    pub made: BTreeMap<TensorId, Tensor<'static>>,
    /// What one of a row's numbers stands for, of what can be learned on: one for all rows, or one
    /// for each. Of biases too.
    pub grid: BTreeMap<TensorId, Vec<f32>>,
    /// How errors weigh, by what is read.
    pub metrics: BTreeMap<TensorId, Option<Metric>>,
}

type Verdict = Result<(), QuantiseError>;

impl Settling<'_> {
    /// Sets all scales of a program, and makes all that it reads of artifacts.
    pub(crate) fn settle(&mut self, program: &mut Program) -> Verdict {
        for (tensor, id) in program.tensors.iter().zip(0..) {
            if let Values::Features { bits } = tensor.values {
                let id = TensorId(id);
                self.steps.insert(id, self.calibration.seen(id).step(bits.into()));
            }
        }
        let curved = curved(program);
        let mut ops = std::mem::take(&mut program.ops);
        for step in &mut ops {
            let values = program.tensors[step.result.0 as usize].values;
            let unit = match curved.contains(&step.result) {
                true => self.roomy(&step.op, step.result, values),
                false => self.unit(&step.op, step.result, values)?,
            };
            self.steps.insert(step.result, unit);
            self.set(&mut step.op, unit, program)?;
        }
        program.ops = ops;
        Ok(())
    }

    fn step(&self, tensor: TensorId) -> f64 {
        self.steps.get(&tensor).copied().unwrap_or(WIDE)
    }

    /// What a step of what an operator makes stands for.
    fn unit(&self, op: &Op, result: TensorId, values: Values) -> Result<f64, QuantiseError> {
        let seen = self.calibration.seen(result);
        Ok(match *op {
            Op::Rotate { values, .. }
            | Op::Relu { values }
            | Op::Shift { values, .. }
            | Op::Mean { values }
            | Op::First { values }
            | Op::Last { values } => self.step(values),
            Op::Attention { values, fraction, .. } => {
                self.step(values) / f64::from(1_u32 << fraction)
            }
            // Columns, as which they are counted.
            Op::Choose { .. } => 1.0,
            Op::Share { .. } => SHARE,
            Op::Gated { .. } if values == Values::Wide => {
                (seen.most() * GATED_ROOM / f64::from(i32::MAX)).max(f64::MIN_POSITIVE)
            }
            // It times a part of a normal distribution, which 32 bits hold without a loss.
            Op::Gelu { values: read, .. } if values == Values::Wide => self.step(read) * PART,
            _ => match values {
                Values::Activations { bits } => seen.step(bits.into()),
                _ => {
                    let most = f64::from(i32::MAX) * WIDE / LEAST_ROOM;
                    if seen.most() > most {
                        let tensor = format!("what operator {} makes", op.opcode() as u16);
                        return Err(QuantiseError::Large { tensor, found: seen.most(), most });
                    }
                    WIDE
                }
            },
        })
    }

    /// The same of what a curve reads whose rows are shifted behind it, so that they may go far
    /// beyond the sample.
    fn roomy(&self, op: &Op, result: TensorId, values: Values) -> f64 {
        let seen = self.calibration.seen(result);
        match (op, values) {
            (_, Values::Activations { bits }) => {
                let step = seen.step(bits.into());
                // A GELU's scale brings it to units of 2^−16, and is below 2^15.
                step.max((step * BENT_ROOM).min(WIDE * f64::from(i16::MAX)))
            }
            (Op::Linear { values, weights, .. }, _) => {
                let least = match seen.most() {
                    0.0 => WIDE,
                    most => most * CUT_ROOM / f64::from(i32::MAX),
                };
                // Nothing is finer than products are, whose scales have to hold exponents.
                least.max(self.step(*values) * self.weights[weights].peak() / WEIGHT)
            }
            _ => WIDE,
        }
    }

    /// Sets the scales of an operator, and makes what it reads of artifacts.
    fn set(&mut self, op: &mut Op, unit: f64, program: &Program) -> Verdict {
        match op {
            Op::Embed { table, scale, .. } | Op::Position { table, scale, .. } => {
                let step = self.table(*table, program)?;
                *scale = self.scale("an embedding", step / unit)?;
            }
            Op::RmsNorm { values, gains, scale, epsilon, .. } => {
                let of = self.step(*values);
                let step = self.table(*gains, program)?;
                *scale = self.scale("a norm", WIDE * step / unit)?;
                // It is added to squares of steps, whatever a step stands for.
                *epsilon = (f64::from(*epsilon) * (WIDE / of).powi(2)).round() as u32;
            }
            Op::LayerNorm { gains, biases, scale, .. } => {
                let step = self.table(*gains, program)?;
                *scale = self.scale("a norm", WIDE * step / unit)?;
                self.biases(*biases, unit)?;
            }
            Op::Linear { values, weights, scales, biases, exponents } => {
                let expert = Expert { weights: *weights, scales: *scales };
                let least = shifted_by(*exponents, program);
                self.linear(*values, expert, (unit, least), program)?;
                if let Some(biases) = *biases {
                    self.biases(biases, unit)?;
                }
            }
            Op::Expert { values, experts, exponents, .. } => {
                let least = shifted_by(*exponents, program);
                for expert in experts {
                    self.linear(*values, *expert, (unit, least), program)?;
                }
            }
            Op::Rotate { cosines, sines, .. } => {
                for turns in [*cosines, *sines] {
                    let masters = in_steps(self.weights[&turns], TURN);
                    self.keep(turns, self.weights[&turns].columns, masters);
                }
            }
            _ => self.set_scales(op, unit, program)?,
        }
        Ok(())
    }

    /// The same of an operator that reads nothing of artifacts.
    fn set_scales(&self, op: &mut Op, unit: f64, program: &Program) -> Verdict {
        match op {
            // The least leaves nothing, and is to.
            Op::Narrow { values, scale } if *scale != Scale::LEAST => {
                *scale = self.scale("the residual", self.step(*values) / unit)?;
            }
            Op::Unit { scale, .. } => *scale = self.scale("a unit", WIDE / unit)?,
            Op::Attention { queries, keys, scale, heads, .. } => {
                let columns = program.tensors[queries.0 as usize].columns / *heads;
                let score = self.step(*queries) * self.step(*keys) / f64::from(columns).sqrt();
                *scale = self.scale("attention", score * LOG2_E / WIDE)?;
            }
            Op::Gated { gates, values, logistic, scale } => {
                let gate = self.step(*gates);
                *logistic = self.scale("a gate", gate * LOG2_E / WIDE)?;
                *scale = self.scale("what is gated", gate * self.step(*values) * OPENED / unit)?;
            }
            Op::Gelu { values, normal, scale } => {
                let of = self.step(*values);
                *normal = self.scale("a GELU", of / WIDE)?;
                *scale = self.scale("a GELU", of * PART / unit)?;
            }
            Op::Share { values, scale, .. } => {
                *scale = self.scale("a share", self.step(*values) * LOG2_E / WIDE)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn scale(&self, what: &'static str, number: f64) -> Result<Scale, QuantiseError> {
        scale(number).ok_or(QuantiseError::Scale { what: what.into(), number })
    }

    /// A table that is read as it is, in steps of one size.
    fn table(&mut self, id: TensorId, program: &Program) -> Result<f64, QuantiseError> {
        let weights = self.weights[&id];
        let (masters, step) = table(weights);
        let wrong = weights.columns != program.tensors[id.0 as usize].columns as usize;
        debug_assert!(!wrong, "weights are read as the program declares them");
        self.keep(id, weights.columns, masters);
        self.steps.insert(id, step);
        self.grid.insert(id, vec![step as f32]);
        Ok(step)
    }

    /// To results of this unit, with scales that are shifted by so much at least.
    fn linear(
        &mut self,
        values: TensorId,
        Expert { weights, scales }: Expert,
        (unit, least): (f64, u8),
        program: &Program,
    ) -> Verdict {
        let fitting = |number: f64| scale(number).filter(|found| found.shift >= least);
        let of = self.step(values);
        let floats = self.weights[&weights];
        let steps = match self.steps.get(&weights) {
            // An embedding, which has steps of one size.
            Some(step) => vec![step * STEP; floats.count()],
            None => {
                let (calibration, rounding) = (self.calibration, self.rounding);
                let metric = self.metrics.entry(values).or_insert_with(|| {
                    let compensated = rounding == Rounding::Compensated;
                    Metric::of(calibration.gram(values)?, compensated)
                });
                let mut made = match metric {
                    Some(metric) => rounded(floats, metric),
                    None => rounded(floats, &Metric::even(floats.columns)),
                };
                for (step, row) in made.steps.iter_mut().zip(floats.rows()) {
                    // Zeros are zeros in any steps, so in some that have a scale.
                    if row.iter().all(|x| *x == 0.0) && fitting(of * *step / unit).is_none() {
                        *step = unit / of / 2.0;
                    }
                }
                self.keep(weights, floats.columns, made.masters);
                // Of a weight there are as many steps of its master.
                let steps = made.steps.iter().map(|step| (step / STEP) as f32).collect();
                self.grid.insert(weights, steps);
                made.steps
            }
        };
        let mut packed = Vec::with_capacity(steps.len());
        for (step, output) in steps.into_iter().zip(0..) {
            let number = of * step / unit;
            let found = fitting(number).ok_or_else(|| {
                let name = self.names.get(&weights).copied().unwrap_or("weights");
                QuantiseError::Scale { what: format!("output {output} of {name}"), number }
            })?;
            packed.push(found.pack());
        }
        debug_assert_eq!(packed.len(), program.tensors[scales.0 as usize].columns as usize);
        self.constants(scales, packed);
        Ok(())
    }

    fn biases(&mut self, id: TensorId, unit: f64) -> Verdict {
        let mut packed = Vec::new();
        for bias in &self.weights[&id].values {
            let number = (f64::from(*bias) / unit).round();
            if number.abs() > f64::from(i32::MAX) {
                let tensor = self.names.get(&id).copied().unwrap_or("biases").to_owned();
                let most = f64::from(i32::MAX) * unit;
                return Err(QuantiseError::Large { tensor, found: f64::from(bias.abs()), most });
            }
            packed.push(number as i32);
        }
        self.constants(id, packed);
        self.grid.insert(id, vec![unit as f32]);
        Ok(())
    }

    fn keep(&mut self, id: TensorId, columns: usize, masters: Vec<i16>) {
        let columns = columns.max(1);
        let (rows, columns) = ((masters.len() / columns) as u32, columns as u32);
        self.made.insert(id, Tensor { rows, columns, numbers: Numbers::Masters(masters.into()) });
    }

    fn constants(&mut self, id: TensorId, constants: Vec<i32>) {
        let columns = constants.len() as u32;
        let numbers = Numbers::Constants(constants.into());
        self.made.insert(id, Tensor { rows: 1, columns, numbers });
    }
}

/// What curves read whose results are wide, and shifted row by row.
fn curved(program: &Program) -> BTreeSet<TensorId> {
    let wide = |id: TensorId| program.tensors[id.0 as usize].values == Values::Wide;
    let read = program.ops.iter().filter_map(|step| match step.op {
        Op::Relu { values } | Op::Gelu { values, .. } if wide(step.result) => Some(values),
        _ => None,
    });
    read.collect()
}

/// The most that rows are shifted by.
fn shifted_by(exponents: Option<TensorId>, program: &Program) -> u8 {
    match exponents.map(|id| program.tensors[id.0 as usize].values) {
        Some(Values::Exponents { most }) => most,
        _ => 0,
    }
}

/// Gives the operators of a program what those of another with the same layers have. What ends
/// a program is its own.
pub(crate) fn adopt(program: &mut Program, settled: &[Op]) {
    let shared =
        |op: &Op| !matches!(op, Op::Last { .. } | Op::CrossEntropy { .. } | Op::Sample { .. });
    let ops = program.ops.iter_mut().map(|step| &mut step.op).filter(|op| shared(op));
    for (op, from) in ops.zip(settled.iter().filter(|op| shared(op))) {
        match (op, from) {
            (Op::Embed { scale, .. }, Op::Embed { scale: from, .. })
            | (Op::Position { scale, .. }, Op::Position { scale: from, .. })
            | (Op::LayerNorm { scale, .. }, Op::LayerNorm { scale: from, .. })
            | (Op::Narrow { scale, .. }, Op::Narrow { scale: from, .. })
            | (Op::Unit { scale, .. }, Op::Unit { scale: from, .. })
            | (Op::Attention { scale, .. }, Op::Attention { scale: from, .. })
            | (Op::Share { scale, .. }, Op::Share { scale: from, .. }) => *scale = *from,
            (
                Op::RmsNorm { scale, epsilon, .. },
                Op::RmsNorm { scale: from, epsilon: added, .. },
            ) => (*scale, *epsilon) = (*from, *added),
            (
                Op::Gated { logistic, scale, .. },
                Op::Gated { logistic: opened, scale: from, .. },
            ) => (*logistic, *scale) = (*opened, *from),
            (Op::Gelu { normal, scale, .. }, Op::Gelu { normal: bent, scale: from, .. }) => {
                (*normal, *scale) = (*bent, *from);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_should_be_near_when_there_is_one() {
        for exponent in -46..=14 {
            for part in [1.0, 1.000_001, 1.3, 1.999_99, 1.999_999_9] {
                let number = f64::from(exponent).exp2() * part;
                let Some(found) = scale(number) else { continue };
                assert!(found.is_valid());
                let back = f64::from(found.multiplier) / f64::from(found.shift).exp2();
                assert!((back / number - 1.0).abs() <= 1.0 / 65_535.0, "{number} {back}");
            }
        }
        assert_eq!(scale(1.0), Some(Scale::ONE));
    }

    #[test]
    fn scale_should_be_none_when_a_number_is_out_of_range() {
        for number in [0.0, -1.0, f64::NAN, f64::INFINITY, 65_536.0, 1e-20] {
            assert_eq!(scale(number), None);
        }
    }
}
