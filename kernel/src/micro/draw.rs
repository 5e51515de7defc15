//! Drawing a token, without putting the columns of a row in order.
//!
//! All that is needed of the order is how small a number is that still belongs: to the largest that
//! are drawn from, to the prefix of those, and to what comes up to the one that is drawn. Each is
//! found bit by bit, the highest first: are the numbers that are no smaller enough with that bit?
//! Bits are those of a number raised so that it is not negative.

use super::{one, Error, Expansion, Inputs, Op, Run};
use crate::{
    num::Scale,
    program::TensorId,
    sample::{needed, point, power, Rule},
};
use alloc::{vec, vec::Vec};

/// No sum of 2^20 powers is larger, nor is a raised number.
const POWERS: (i64, i64) = (0, 1 << 36);

/// A draw at random, and which part is what.
pub(super) struct Draw {
    values: TensorId,
    scale: Scale,
    prefix: u32,
    columns: u32,
    /// How many of the largest are drawn from.
    most: u32,
    bits: usize,
}

/// What a number is searched for, each within what the one before it has found.
#[derive(Clone, Copy)]
enum Goal {
    Most,
    Prefix,
    Drawn,
}

impl Draw {
    const LARGEST: usize = 0;

    /// The first part of a search, of which there is one for each bit.
    fn search(&self, goal: Goal) -> usize {
        match goal {
            Goal::Most => 1,
            Goal::Prefix => self.whole() + 1,
            Goal::Drawn => self.kept() + 1,
        }
    }

    /// The part that ends with what is found.
    fn reached(&self, goal: Goal) -> usize {
        self.search(goal) + self.bits - 1
    }

    /// How many numbers are larger than the last of those drawn from.
    fn larger(&self) -> usize {
        self.search(Goal::Most) + self.bits
    }

    /// What the powers of all drawn from come to.
    fn whole(&self) -> usize {
        self.larger() + 1
    }

    /// What those of the prefix come to.
    fn kept(&self) -> usize {
        self.search(Goal::Prefix) + self.bits
    }

    /// Which of those with the number that is drawn.
    fn place(&self) -> usize {
        self.search(Goal::Drawn) + self.bits
    }

    /// How many of those there are so far.
    fn alike(&self) -> usize {
        self.place() + 1
    }

    fn found(&self) -> usize {
        self.alike() + 1
    }

    /// A number, so that its bits are in the order of numbers.
    fn raised(&self, number: i64) -> i64 {
        number + (1 << (self.bits - 1))
    }

    /// The power of a raised number.
    fn power(&self, largest: i64, raised: i64) -> i64 {
        power(self.raised(largest) - raised, self.scale)
    }
}

impl<I: Inputs> Expansion<'_, I> {
    /// None where nothing is drawn at random.
    fn drawn(&self) -> Option<Draw> {
        let Op::Sample { values, rule: Rule::Drawn { scale, most, prefix } } = *self.op else {
            return None;
        };
        let columns = self.columns(values);
        let bits = self.judge.width(values) as usize;
        Some(Draw { values, scale, prefix, columns, most: most.min(columns), bits })
    }

    pub(super) fn draw_parts(&self) -> Option<Vec<Run>> {
        let Draw { columns, bits, .. } = self.drawn()?;
        let number = 1 << (bits - 1);
        // Of a search, and of a sum of what is larger, the last step is what follows of it.
        let sum = one(columns + 1, POWERS);
        let search = Run { parts: bits, ..sum };
        let counted = one(columns, POWERS);
        let largest = one(columns, (-number, number));
        let found = one(columns, (-1, i64::from(columns) - 1));
        Some(vec![largest, search, counted, sum, search, sum, search, sum, counted, found])
    }

    pub(super) fn draw(&self, part: usize, index: u32) -> Result<i64, Error> {
        let Some(draw) = self.drawn() else { return Ok(0) };
        let goals = [Goal::Most, Goal::Prefix, Goal::Drawn];
        let searched = goals
            .into_iter()
            .find(|goal| (draw.search(*goal)..=draw.reached(*goal)).contains(&part));
        if let Some(goal) = searched {
            return self.searched(&draw, goal, part, index);
        }
        let is_last = index == draw.columns;
        match part {
            Draw::LARGEST => {
                let number = self.at(draw.values, index)?;
                Ok(self.before(part, index, -(1 << (draw.bits - 1)))?.max(number))
            }
            part if part == draw.larger() => {
                let reached = self.end(draw.reached(Goal::Most))?;
                let larger = draw.raised(self.at(draw.values, index)?) > reached;
                Ok(self.before(part, index, 0)? + i64::from(larger))
            }
            part if part == draw.whole() && is_last => {
                let reached = self.end(draw.reached(Goal::Most))?;
                let alike = i64::from(draw.most) - self.end(draw.larger())?;
                Ok(self.before(part, index, 0)? + alike * self.power_of(&draw, reached)?)
            }
            part if part == draw.whole() => self.above(&draw, Goal::Most, part, index),
            part if part == draw.kept() && is_last => {
                let power = self.power_of(&draw, self.end(draw.reached(Goal::Prefix))?)?;
                let larger = self.before(part, index, 0)?;
                let missing = needed(self.end(draw.whole())?, draw.prefix) - larger;
                // As few as fill it.
                Ok(larger + (missing + power - 1).div_euclid(power.max(1)) * power)
            }
            part if part == draw.kept() => self.above(&draw, Goal::Prefix, part, index),
            part if part == draw.place() && is_last => {
                let power = self.power_of(&draw, self.end(draw.reached(Goal::Drawn))?)?;
                let left = self.point(&draw)? - self.before(part, index, 0)?;
                Ok(left.div_euclid(power.max(1)))
            }
            part if part == draw.place() => self.above(&draw, Goal::Drawn, part, index),
            part if part == draw.alike() => {
                Ok(self.before(part, index, 0)? + i64::from(self.is_drawn(&draw, index)?))
            }
            part if part == draw.found() => {
                let before = self.before(part, index, -1)?;
                let is_it = self.is_drawn(&draw, index)?
                    && self.step(draw.alike(), index)? == self.end(draw.place())? + 1;
                Ok(if before < 0 && is_it { index.into() } else { before })
            }
            _ => self.end(draw.found()),
        }
    }

    /// What has at least the number tried, so far; at the end the number as far as it is known.
    fn searched(&self, draw: &Draw, goal: Goal, part: usize, index: u32) -> Result<i64, Error> {
        let bit = part - draw.search(goal);
        let known = if bit == 0 { 0 } else { self.end(part - 1)? };
        let tried = known + (1 << (draw.bits - 1 - bit));
        let before = self.before(part, index, 0)?;
        if index < draw.columns {
            let raised = draw.raised(self.at(draw.values, index)?);
            return Ok(match goal {
                _ if raised < tried => before,
                Goal::Most => before + 1,
                Goal::Prefix | Goal::Drawn => before + self.power_of(draw, raised)?,
            });
        }
        let enough = match goal {
            Goal::Most => before >= draw.most.into(),
            Goal::Prefix => {
                tried <= self.end(draw.reached(Goal::Most))?
                    || before >= needed(self.end(draw.whole())?, draw.prefix)
            }
            Goal::Drawn => {
                tried <= self.end(draw.reached(Goal::Prefix))? || before > self.point(draw)?
            }
        };
        Ok(if enough { tried } else { known })
    }

    /// The powers of what is larger than what a search has found, so far.
    fn above(&self, draw: &Draw, goal: Goal, part: usize, index: u32) -> Result<i64, Error> {
        let before = self.before(part, index, 0)?;
        let raised = draw.raised(self.at(draw.values, index)?);
        if raised > self.end(draw.reached(goal))? {
            Ok(before + self.power_of(draw, raised)?)
        } else {
            Ok(before)
        }
    }

    fn power_of(&self, draw: &Draw, raised: i64) -> Result<i64, Error> {
        Ok(draw.power(self.end(Draw::LARGEST)?, raised))
    }

    fn is_drawn(&self, draw: &Draw, column: u32) -> Result<bool, Error> {
        let reached = self.end(draw.reached(Goal::Drawn))?;
        Ok(draw.raised(self.at(draw.values, column)?) == reached)
    }

    fn point(&self, draw: &Draw) -> Result<i64, Error> {
        let seed = self.judge.inputs.seed().ok_or(Error::Seed)?;
        let kept = self.end(draw.kept())?;
        Ok(point(kept, &seed, self.judge.position(draw.values, self.row)))
    }
}
