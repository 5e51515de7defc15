//! Operators that compare the columns of a row.

use super::{one, Error, Expansion, Inputs, Op, Run, SUMS};
use crate::{
    num::{most, round},
    program::TensorId,
    sample::{fine_power, loss, power},
};
use alloc::{vec, vec::Vec};

const LARGEST: usize = 0;
const POWERS: usize = 1;

/// Where nothing was found yet.
const NONE: i64 = -1;

/// No number of a tensor is larger.
const NUMBER: i64 = 1 << 32;

impl<I: Inputs> Expansion<'_, I> {
    pub(super) fn choice_parts(&self) -> Vec<Run> {
        let compared = |steps| vec![one(steps, (-NUMBER, NUMBER)), one(steps, (0, SUMS.1))];
        match *self.op {
            Op::Share { values, all: true, .. } => compared(self.columns(values)),
            Op::Share { choices, .. } => compared(self.columns(choices)),
            Op::CrossEntropy { values, .. } => compared(self.columns(values)),
            // What is sampled without chance is the first choice.
            Op::Choose { values, .. } | Op::Sample { values, .. } => {
                let columns = self.columns(values);
                // A search for each that is larger, and one for the wanted.
                let range = (NONE, i64::from(columns) - 1);
                vec![Run { parts: self.column as usize + 1, ..one(columns, range) }]
            }
            _ => vec![],
        }
    }

    pub(super) fn choice(&self, part: usize, index: u32) -> Result<i64, Error> {
        match *self.op {
            Op::Share { values, choices, scale, all } => {
                let chosen = |s| {
                    let column = self.at(choices, s)?;
                    self.at(values, column as u32)
                };
                let number = if all && part <= POWERS {
                    self.at(values, index)?
                } else if part <= POWERS {
                    chosen(index)?
                } else {
                    chosen(self.column)?
                };
                let power = || Ok(power(self.end(LARGEST)? - number, scale));
                match part {
                    LARGEST => Ok(self.before(LARGEST, index, -NUMBER)?.max(number)),
                    POWERS => Ok(self.before(POWERS, index, 0)? + power()?),
                    _ => {
                        let inverse = (1 << 46) / self.end(POWERS)?.max(1);
                        Ok(round(power()? * inverse, 31).min(most(16)))
                    }
                }
            }
            Op::CrossEntropy { values, targets, scale } => match part {
                LARGEST => Ok(self.before(LARGEST, index, -NUMBER)?.max(self.at(values, index)?)),
                POWERS => {
                    let below = self.end(LARGEST)? - self.at(values, index)?;
                    Ok(self.before(POWERS, index, 0)? + fine_power(below, scale))
                }
                _ => {
                    let Ok(target) = u32::try_from(self.at(targets, 0)?) else { return Ok(NONE) };
                    let below = self.end(LARGEST)? - self.at(values, target)?;
                    Ok(loss(self.end(POWERS)?, below, scale))
                }
            },
            Op::Choose { values, .. } | Op::Sample { values, .. }
                if part <= self.column as usize =>
            {
                self.search(values, part, index)
            }
            _ => self.end(self.column as usize),
        }
    }

    /// The first largest so far of those that come behind what the search before has found.
    fn search(&self, values: TensorId, part: usize, index: u32) -> Result<i64, Error> {
        let best = self.before(part, index, NONE)?;
        let number = self.at(values, index)?;
        if let Some(previous) = part.checked_sub(1) {
            // Never none, unless someone says so who contradicts himself.
            let found = self.found(previous)?;
            let other = self.at(values, found)?;
            if number > other || (number == other && index <= found) {
                return Ok(best);
            }
        }
        match u32::try_from(best) {
            Ok(column) if self.at(values, column)? >= number => Ok(best),
            _ => Ok(index.into()),
        }
    }

    fn found(&self, part: usize) -> Result<u32, Error> {
        let have = self.end(part)?;
        let step = self.part(part).map_or(0, |part| part.steps.saturating_sub(1));
        u32::try_from(have).map_err(|_| Error::Step { part, step, have })
    }
}
