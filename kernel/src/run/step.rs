//! One operator over the rows of a piece.

use super::{linear::Packed, matrix::filled, state::Kept, Error, Matrix, Plan};
use crate::{
    num::{round, Scale},
    program::{Expert, Op, Step, Tensor, TensorId},
};
use alloc::{borrow::Cow, collections::BTreeMap, vec, vec::Vec};

/// Which rows of the sequence these are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub start: usize,
    pub rows: usize,
    pub seed: [u8; 32],
}

/// What an operator is computed with.
pub(crate) struct Worker<'a> {
    pub plan: &'a Plan<'a>,
    pub tensors: &'a BTreeMap<TensorId, Matrix>,
    pub span: Span,
}

impl Worker<'_> {
    pub(crate) fn compute(&self, step: &Step, kept: &mut Kept) -> Result<Matrix, Error> {
        let result = step.result;
        match step.op {
            Op::Embed { tokens, table, scale } => self.embed(result, tokens, table, scale),
            Op::Position { tokens, table, scale } => self.position(result, tokens, table, scale),
            Op::Add { left, right } => self.each_row(result, [left, right], |_, [x, y], out| {
                for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
                    *out = i64::from(*x) + i64::from(*y);
                }
            }),
            Op::RmsNorm { .. } | Op::LayerNorm { .. } | Op::Unit { .. } => {
                self.norm(&step.op, result)
            }
            Op::Narrow { values, scale } => self.each_number(result, values, |x| scale.of(x)),
            Op::Exponent { values, width } => self.exponent(result, values, width),
            Op::Shift { values, exponents } => {
                self.each_row(result, [values, exponents], |_, [x, exponent], out| {
                    for (out, x) in out.iter_mut().zip(x) {
                        *out = round(i64::from(*x), exponent[0].unsigned_abs());
                    }
                })
            }
            Op::Linear { values, weights, scales, biases, exponents } => {
                self.linear(result, values, Expert { weights, scales }, biases, exponents)
            }
            Op::Rotate { .. } => self.rotate(&step.op, result),
            Op::Attention { .. } => self.attention(&step.op, result, kept),
            Op::Gated { .. } | Op::Gelu { .. } => self.activation(&step.op, result),
            Op::Relu { values } => self.each_number(result, values, |x| x.max(0)),
            Op::Choose { values, count } => self.choose(result, values, count),
            Op::Share { .. } => self.share(&step.op, result),
            Op::Expert { values, choices, ref experts, exponents } => {
                self.expert(result, values, choices, experts, exponents)
            }
            Op::Combine { values, shares } => self.combine(result, values, shares),
            Op::Mean { values } => self.mean(result, values, kept),
            Op::First { values } => self.first(result, values, kept),
            Op::Last { values } => self.last(result, values),
            Op::CrossEntropy { values, targets, scale } => {
                self.cross_entropy(result, values, targets, scale)
            }
            Op::Sample { values, ref rule } => self.sample(result, values, rule),
            Op::Scale { values, gains, scale } => {
                let gains = self.masters(gains)?;
                self.each_row(result, [values], |_, [x], out| {
                    for ((out, x), gain) in out.iter_mut().zip(x).zip(gains) {
                        *out = scale.of(i64::from(*x) * i64::from(*gain));
                    }
                })
            }
        }
    }

    fn linear(
        &self,
        result: TensorId,
        values: TensorId,
        weights: Expert,
        biases: Option<TensorId>,
        exponents: Option<TensorId>,
    ) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let channels = self.channels(weights, biases, exponents)?;
        let inputs = self.narrow(values)?;
        let rows = channels.packed.block().min(made.rows());
        let mut sums = self.sums(result, rows * made.columns())?;
        let columns = self.matrix(values)?.columns();
        for (block, inputs) in inputs.chunks(rows * columns).enumerate() {
            channels.packed.multiply(inputs, &mut sums);
            let sums = sums.chunks_exact_mut(made.columns());
            for (row, sums) in (block * rows..made.rows()).zip(sums) {
                channels.scale(row, sums);
                made.store(row, sums, bits);
            }
        }
        Ok(made)
    }

    fn expert(
        &self,
        result: TensorId,
        values: TensorId,
        choices: TensorId,
        experts: &[Expert],
        exponents: Option<TensorId>,
    ) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let columns = self.matrix(values)?.columns();
        let inputs = self.narrow(values)?;
        // Slots that have a row of their own, or share their token's.
        let sharing = made.rows() / self.matrix(values)?.rows().max(1);
        let slots = self.by_choice(choices, experts.len())?;
        let mut sums = Vec::new();
        let mut gathered = Vec::new();
        for (expert, slots) in experts.iter().zip(&slots) {
            let channels = self.channels(*expert, None, exponents)?;
            let block = channels.packed.block().min(made.rows());
            if sums.is_empty() {
                sums = self.sums(result, block * made.columns())?;
            }
            for slots in slots.chunks(block) {
                gathered.clear();
                for slot in slots {
                    let row = slot / sharing;
                    gathered.extend_from_slice(&inputs[row * columns..(row + 1) * columns]);
                }
                channels.packed.multiply(&gathered, &mut sums);
                for (slot, sums) in slots.iter().zip(sums.chunks_exact_mut(made.columns())) {
                    channels.scale(slot / sharing, sums);
                    made.store(*slot, sums, bits);
                }
            }
        }
        Ok(made)
    }

    /// For each expert the slots that chose it.
    fn by_choice(&self, choices: TensorId, experts: usize) -> Result<Vec<Vec<usize>>, Error> {
        let matrix = self.matrix(choices)?;
        let mut slots = vec![Vec::new(); experts];
        let mut row = Vec::new();
        for token in 0..matrix.rows() {
            matrix.widen(token, &mut row);
            for (slot, choice) in row.iter().enumerate() {
                let chosen = slots.get_mut(choice.unsigned_abs() as usize);
                let unreachable = Error::Unreachable { tensor: choices };
                chosen.ok_or(unreachable)?.push(token * matrix.columns() + slot);
            }
        }
        Ok(slots)
    }

    fn channels(
        &self,
        Expert { weights, scales }: Expert,
        biases: Option<TensorId>,
        exponents: Option<TensorId>,
    ) -> Result<Channels<'_>, Error> {
        let packed = self.plan.weights.packed.get(&weights);
        Ok(Channels {
            packed: packed.ok_or(Error::Unreachable { tensor: weights })?,
            scales: self.constants(scales)?,
            biases: biases.map(|biases| self.constants(biases)).transpose()?,
            exponents: exponents.map(|exponents| self.matrix(exponents)).transpose()?,
        })
    }

    /// Computes a result from the same row of each input.
    pub(super) fn each_row<const N: usize>(
        &self,
        result: TensorId,
        inputs: [TensorId; N],
        mut compute: impl FnMut(usize, [&[i32]; N], &mut [i64]),
    ) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let mut wide: [Vec<i32>; N] = core::array::from_fn(|_| Vec::new());
        let mut out = self.sums(result, made.columns())?;
        for row in 0..made.rows() {
            for (wide, input) in wide.iter_mut().zip(inputs) {
                self.matrix(input)?.widen(row, wide);
            }
            compute(row, wide.each_ref().map(Vec::as_slice), &mut out);
            made.store(row, &out, bits);
        }
        Ok(made)
    }

    /// Computes a result number by number.
    pub(super) fn each_number(
        &self,
        result: TensorId,
        input: TensorId,
        compute: impl Fn(i64) -> i64,
    ) -> Result<Matrix, Error> {
        self.each_row(result, [input], |_, [x], out| {
            for (out, x) in out.iter_mut().zip(x) {
                *out = compute((*x).into());
            }
        })
    }

    /// What will hold a result, and the bits that it is saturated to.
    pub(super) fn blank(&self, result: TensorId) -> Result<(Matrix, u32), Error> {
        let tensor = self.tensor(result)?;
        // As many as there are tokens, so that u32 is enough.
        let rows = tensor.rows.count(self.span.rows as u32) as usize;
        let made = Matrix::zeros(result, tensor, rows)?;
        Ok((made, tensor.values.bits().unwrap_or(32).into()))
    }

    pub(super) fn sums(&self, result: TensorId, len: usize) -> Result<Vec<i64>, Error> {
        filled(len).ok_or(Error::Memory { tensor: result })
    }

    pub(super) fn tensor(&self, id: TensorId) -> Result<&Tensor, Error> {
        self.plan.program.tensor(id).ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn matrix(&self, id: TensorId) -> Result<&Matrix, Error> {
        self.tensors.get(&id).ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn narrow(&self, id: TensorId) -> Result<&[i16], Error> {
        self.matrix(id)?.narrow().ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn masters(&self, id: TensorId) -> Result<&[i16], Error> {
        let masters = self.plan.weights.masters.get(&id).map(Cow::as_ref);
        masters.ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn constants(&self, id: TensorId) -> Result<&[i32], Error> {
        let constants = self.plan.weights.constants.get(&id).map(Cow::as_ref);
        constants.ok_or(Error::Unreachable { tensor: id })
    }
}

/// What makes results of inner products.
struct Channels<'a> {
    packed: &'a Packed<'a>,
    scales: &'a [i32],
    biases: Option<&'a [i32]>,
    exponents: Option<&'a Matrix>,
}

impl Channels<'_> {
    fn scale(&self, row: usize, sums: &mut [i64]) {
        let exponent = self.exponents.and_then(|exponents| exponents.at(row, 0)).unwrap_or(0);
        for (sum, scale) in sums.iter_mut().zip(self.scales) {
            *sum = Scale::unpack_lossy(*scale).of_shifted(*sum, exponent.unsigned_abs());
        }
        for (sum, bias) in sums.iter_mut().zip(self.biases.into_iter().flatten()) {
            *sum += i64::from(*bias);
        }
    }
}
