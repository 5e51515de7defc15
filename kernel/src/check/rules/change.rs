//! What is needed to change masters.

use super::{columns, height, number, Kind, Rules, Verdict};
use crate::{
    delta::{MOST_RANK, MOST_SHIFT},
    program::{Op, TensorId},
};

impl Rules<'_> {
    pub(super) fn change(&self, op: &Op, result: TensorId) -> Verdict {
        let (Op::Moved { masters, .. } | Op::Changed { masters, .. }) = *op else { return Ok(()) };
        let before = self.of(masters, Kind::Masters)?;
        match *op {
            Op::Moved { high, wide, shift, .. } => {
                number("bits shifted by", 0, MOST_SHIFT.into(), shift.into())?;
                let factor = self.of(wide, Kind::Masters)?;
                columns(wide, before.columns.into(), factor)?;
                let rank = height(factor);
                number("rank", 1, MOST_RANK, rank)?;
                self.masters(high, height(before), rank.into())?;
            }
            Op::Changed { ends, places, changes, .. } => {
                self.constants(ends, height(before))?;
                let list = self.of(places, Kind::Constants)?;
                self.masters(changes, height(list), list.columns.into())?;
            }
            _ => {}
        }
        self.made(result, Kind::Moved, before.rows, before.columns.into()).map(drop)
    }
}
