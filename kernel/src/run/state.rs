//! What has to be known of the tokens before.

use super::Error;
use crate::{
    check::Checked,
    program::{Op, TensorId},
};
use alloc::{vec, vec::Vec};

/// How far a sequence has been computed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    rows: usize,
    kept: Vec<Kept>,
    failed: bool,
}

/// What an operator needs of earlier rows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    Nothing,
    /// Of causal attention.
    Heads {
        keys: Vec<i16>,
        values: Vec<i16>,
    },
    Sums(Vec<i64>),
    First(Vec<i32>),
}

impl State {
    pub(super) fn new(program: &Checked) -> Self {
        let kept = |op: &Op| match op {
            Op::Attention { causal: true, .. } => {
                Kept::Heads { keys: Vec::new(), values: Vec::new() }
            }
            Op::Mean { values } => Kept::Sums(vec![0; columns(program, *values)]),
            Op::First { values } => Kept::First(vec![0; columns(program, *values)]),
            _ => Kept::Nothing,
        };
        let kept = program.program().ops.iter().map(|step| kept(&step.op)).collect();
        Self { rows: 0, kept, failed: false }
    }

    /// How many tokens there were.
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn begin(&mut self) -> Result<(), Error> {
        if core::mem::replace(&mut self.failed, true) {
            Err(Error::State)
        } else {
            Ok(())
        }
    }

    pub(super) fn end(&mut self, rows: usize) {
        self.rows += rows;
        self.failed = false;
    }

    pub(super) fn kept(&mut self, op: usize) -> Result<&mut Kept, Error> {
        self.kept.get_mut(op).ok_or(Error::State)
    }

    /// That what is kept is as long as the program's operators make it.
    pub(super) fn fits(&self, program: &Checked) -> Result<(), Error> {
        let ops = &program.program().ops;
        let fits = ops.iter().zip(&self.kept).all(|(step, kept)| match (&step.op, kept) {
            (
                Op::Attention { keys, values, causal: true, .. },
                Kept::Heads { keys: old_keys, values: old_values },
            ) => {
                old_keys.len() == self.rows * columns(program, *keys)
                    && old_values.len() == self.rows * columns(program, *values)
            }
            (Op::Attention { causal: true, .. }, _) => false,
            (Op::Mean { values }, Kept::Sums(sums)) => sums.len() == columns(program, *values),
            (Op::First { values }, Kept::First(first)) => first.len() == columns(program, *values),
            (Op::Mean { .. } | Op::First { .. }, _) => false,
            (_, kept) => *kept == Kept::Nothing,
        });
        if fits && ops.len() == self.kept.len() && !self.failed {
            Ok(())
        } else {
            Err(Error::State)
        }
    }
}

fn columns(program: &Checked, tensor: TensorId) -> usize {
    program.tensor(tensor).map_or(0, |found| found.columns as usize)
}
