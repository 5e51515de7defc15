//! One operator over the rows of a piece.

use super::{
    rows::{Gains, Numbers, Positive, Scaled, Shifted, Sum},
    spare::Spare,
    state::Kept,
    Crew, Error, Matrix, Plan,
};
use crate::program::{Expert, Op, Step, Tensor, TensorId};
use alloc::collections::BTreeMap;
use core::cell::RefCell;

/// Which rows of the sequence these are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub start: usize,
    pub rows: usize,
    pub seed: [u8; 32],
}

/// What an operator is computed with.
pub(crate) struct Worker<'a> {
    pub crew: &'a dyn Crew,
    pub plan: &'a Plan<'a>,
    pub tensors: &'a BTreeMap<TensorId, Matrix>,
    /// What is read of some of them instead.
    pub lasts: &'a BTreeMap<TensorId, Matrix>,
    pub span: Span,
    pub spare: &'a RefCell<Spare>,
}

impl Worker<'_> {
    pub(crate) fn compute(&self, step: &Step, kept: &mut Kept) -> Result<Matrix, Error> {
        let result = step.result;
        match step.op {
            Op::Embed { tokens, table, scale } => self.embed(result, tokens, table, scale),
            Op::Position { tokens, table, scale } => self.position(result, tokens, table, scale),
            Op::Add { left, right } => self.each_row(result, [left, right], Numbers(Sum)),
            Op::RmsNorm { .. } | Op::LayerNorm { .. } | Op::Unit { .. } => {
                self.norm(&step.op, result)
            }
            Op::Narrow { values, scale } => self.each_row(result, [values], Numbers(Scaled(scale))),
            Op::Exponent { values, width } => self.exponent(result, values, width),
            Op::Shift { values, exponents } => self.each_row(result, [values, exponents], Shifted),
            Op::Linear { values, weights, scales, biases, exponents } => {
                self.linear(result, values, Expert { weights, scales }, biases, exponents)
            }
            Op::Rotate { .. } => self.rotate(&step.op, result),
            Op::Attention { .. } => self.attention(&step.op, result, kept),
            Op::Gated { .. } | Op::Gelu { .. } => self.activation(&step.op, result),
            Op::Relu { values } => self.each_row(result, [values], Numbers(Positive)),
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
                self.each_row(result, [values], Gains { gains, scale })
            }
            Op::Moved { .. } | Op::Changed { .. } => self.moved(result, &step.op),
        }
    }

    /// Masters after a change, for those who ask for them.
    fn moved(&self, result: TensorId, op: &Op) -> Result<Matrix, Error> {
        let unreachable = Error::Unreachable { tensor: result };
        let moved = self.plan.weights.moved(self.plan.program, op)?.ok_or(unreachable)?;
        let tensor = self.tensor(result)?;
        Matrix::copied(result, tensor, moved.len() / tensor.columns.max(1) as usize, &moved)
    }

    /// What will hold a result, all of which is to be written, and the bits that it is saturated to.
    pub(super) fn blank(&self, result: TensorId) -> Result<(Matrix, u32), Error> {
        let tensor = self.tensor(result)?;
        // As many as there are tokens, so that u32 is enough.
        let rows = tensor.rows.count(self.span.rows as u32) as usize;
        let made = Matrix::any(result, tensor, rows, &mut self.spare.borrow_mut())?;
        Ok((made, tensor.values.bits().unwrap_or(32).into()))
    }

    pub(super) fn tensor(&self, id: TensorId) -> Result<&Tensor, Error> {
        self.plan.program.tensor(id).ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn matrix(&self, id: TensorId) -> Result<&Matrix, Error> {
        self.lasts.get(&id).map_or_else(|| self.whole(id), Ok)
    }

    /// All rows of it.
    pub(super) fn whole(&self, id: TensorId) -> Result<&Matrix, Error> {
        self.tensors.get(&id).ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn narrow(&self, id: TensorId) -> Result<&[i16], Error> {
        self.matrix(id)?.narrow().ok_or(Error::Unreachable { tensor: id })
    }

    pub(super) fn masters(&self, id: TensorId) -> Result<&[i16], Error> {
        self.plan.weights.masters_of(id)
    }

    pub(super) fn constants(&self, id: TensorId) -> Result<&[i32], Error> {
        self.plan.weights.constants_of(id)
    }
}
