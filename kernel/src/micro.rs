//! One element of an operator that looks at whole rows, in steps so small that a judge can do any
//! one of them alone.
//!
//! An element comes in parts, each a list of steps; the last part has one step, which is the
//! element. A step needs a few numbers of what the operator reads and a few earlier steps, never a
//! row. What these steps are is fixed here, as what the operators compute is.

use crate::{
    check::Checked,
    delta,
    element::{Error, Inputs, Judge},
    num::{round, saturate},
    program::{Op, Step, TensorId},
    sample::Rule,
};
use alloc::{vec, vec::Vec};
use core::{cell::RefCell, iter::repeat_n};

mod attention;
mod choice;
mod draw;
mod norm;
#[cfg(test)]
pub(crate) mod tests;

/// What a judge has at hand, with the steps of the element in question.
pub trait Steps: Inputs {
    /// What a step came to, as whoever is judged says.
    fn step(&self, part: usize, index: u32) -> Option<i64>;
}

/// One list of steps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Part {
    pub steps: u32,
    /// What any of its steps is at least, and at most.
    pub range: (i64, i64),
}

/// In which parts an element comes; in none where it is computed from few numbers anyhow, from two
/// of each slot, from a row and the weights for it, or from what a search in a list reads.
pub fn parts(
    program: &Checked,
    operator: usize,
    row: u32,
    column: u32,
    inputs: &impl Inputs,
) -> Result<Vec<Part>, Error> {
    let (judge, step) = Judge::new(program, operator, row, column, inputs)?;
    let runs = Expansion::new(&judge, step, row, column, &|_, _| None).runs;
    Ok(runs.into_iter().flat_map(|Run { parts, part }| repeat_n(part, parts)).collect())
}

/// One step of an element.
pub fn step(
    program: &Checked,
    operator: usize,
    [row, column]: [u32; 2],
    part: usize,
    index: u32,
    inputs: &impl Steps,
) -> Result<i64, Error> {
    let (judge, step) = Judge::new(program, operator, row, column, inputs)?;
    let earlier = |part, index| inputs.step(part, index);
    let expansion = Expansion::new(&judge, step, row, column, &earlier);
    match expansion.part(part) {
        Some(found) if index < found.steps => expansion.compute(part, index),
        _ => Err(Error::NoStep { part, step: index }),
    }
}

/// All steps of an element, part by part.
pub fn expand(
    program: &Checked,
    operator: usize,
    row: u32,
    column: u32,
    inputs: &impl Inputs,
) -> Result<Vec<Vec<i64>>, Error> {
    let (judge, step) = Judge::new(program, operator, row, column, inputs)?;
    // Each step is added while the expansion may read those before it.
    let done: RefCell<Vec<Vec<i64>>> = RefCell::default();
    let earlier = |part: usize, index: u32| {
        let done = done.borrow();
        done.get(part)?.get(index as usize).copied()
    };
    let expansion = Expansion::new(&judge, step, row, column, &earlier);
    for part in 0.. {
        let Some(found) = expansion.part(part) else { break };
        done.borrow_mut().push(Vec::new());
        for index in 0..found.steps {
            let value = expansion.compute(part, index)?;
            if let Some(steps) = done.borrow_mut().last_mut() {
                steps.push(value);
            }
        }
    }
    drop(expansion);
    Ok(done.into_inner())
}

/// One part.
fn one(steps: u32, range: (i64, i64)) -> Run {
    Run { parts: 1, part: Part { steps, range } }
}

/// Numbers that are summed or compared never leave this.
const SUMS: (i64, i64) = (-(1 << 60), 1 << 60);

/// Parts one after the other that have as many steps, of the same range.
#[derive(Clone, Copy)]
struct Run {
    parts: usize,
    part: Part,
}

struct Expansion<'a, I> {
    judge: &'a Judge<'a, I>,
    op: &'a Op,
    bits: u32,
    row: u32,
    column: u32,
    runs: Vec<Run>,
    earlier: &'a dyn Fn(usize, u32) -> Option<i64>,
}

impl<'a, I: Inputs> Expansion<'a, I> {
    fn new(
        judge: &'a Judge<'a, I>,
        step: &'a Step,
        row: u32,
        column: u32,
        earlier: &'a dyn Fn(usize, u32) -> Option<i64>,
    ) -> Self {
        let bits = judge.bits(step);
        let mut new = Self { judge, op: &step.op, bits, row, column, runs: vec![], earlier };
        new.runs = new.list();
        new
    }

    /// The parts before the one that is the element, and that.
    fn list(&self) -> Vec<Run> {
        let mut runs = match self.op {
            Op::RmsNorm { .. }
            | Op::LayerNorm { .. }
            | Op::Unit { .. }
            | Op::Exponent { .. }
            | Op::Mean { .. } => self.norm_parts(),
            Op::Attention { .. } => self.attention_parts(),
            Op::Share { .. } | Op::CrossEntropy { .. } | Op::Choose { .. } => self.choice_parts(),
            Op::Moved { high, .. } => {
                vec![one(self.columns(*high), SUMS)]
            }
            Op::Sample { .. } => self.draw_parts().unwrap_or_else(|| self.choice_parts()),
            _ => return vec![],
        };
        runs.push(one(1, SUMS));
        runs
    }

    fn part(&self, part: usize) -> Option<Part> {
        let mut left = part;
        for run in &self.runs {
            match left.checked_sub(run.parts) {
                Some(behind) => left = behind,
                None => return Some(run.part),
            }
        }
        None
    }

    fn count(&self) -> usize {
        self.runs.iter().map(|run| run.parts).sum()
    }

    fn compute(&self, part: usize, index: u32) -> Result<i64, Error> {
        let last = part + 1 == self.count();
        let value = match self.op {
            Op::Attention { .. } => self.attention(part, index),
            Op::Share { .. } | Op::CrossEntropy { .. } | Op::Choose { .. } => {
                self.choice(part, index)
            }
            Op::Moved { .. } => self.moved(part, index),
            Op::Sample { rule: Rule::Greedy, .. } => self.choice(part, index),
            Op::Sample { .. } => self.draw(part, index),
            _ => self.norm(part, index),
        }?;
        Ok(if last { saturate(value, self.bits) } else { value })
    }

    /// The sum of products so far, then the master with it.
    fn moved(&self, part: usize, index: u32) -> Result<i64, Error> {
        let Op::Moved { masters, high, wide, shift } = *self.op else { return Ok(0) };
        if part > 0 {
            let sum = round(self.end(0)?, shift.into());
            return Ok(delta::moved(self.at(masters, self.column)?, sum));
        }
        let product = self.at(high, index)? * self.judge.at(wide, index, self.column)?;
        Ok(self.before(0, index, 0)? + product)
    }

    /// An earlier step: nobody has vouched for it.
    fn step(&self, part: usize, index: u32) -> Result<i64, Error> {
        let missing = Error::MissingStep { part, step: index };
        let have = (self.earlier)(part, index).ok_or(missing)?;
        let (least, most) = self.part(part).map_or((1, 0), |part| part.range);
        if (least..=most).contains(&have) {
            Ok(have)
        } else {
            Err(Error::Step { part, step: index, have })
        }
    }

    /// The step before, or for the first one what there is before it.
    fn before(&self, part: usize, index: u32, start: i64) -> Result<i64, Error> {
        match index.checked_sub(1) {
            Some(before) => self.step(part, before),
            None => Ok(start),
        }
    }

    /// What a part comes to.
    fn end(&self, part: usize) -> Result<i64, Error> {
        let steps = self.part(part).map_or(0, |part| part.steps);
        self.step(part, steps.saturating_sub(1))
    }

    fn columns(&self, tensor: TensorId) -> u32 {
        self.judge.columns(tensor)
    }

    /// A number of the row in question.
    fn at(&self, tensor: TensorId, column: u32) -> Result<i64, Error> {
        self.judge.at(tensor, self.row, column)
    }
}
