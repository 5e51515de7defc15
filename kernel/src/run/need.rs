//! Which rows of a tensor anything is made of.

use super::{Error, Matrix};
use crate::{
    check::Checked,
    program::{Op, Rows, Step, TensorId},
};
use alloc::{collections::BTreeMap, vec, vec::Vec};

/// For each tensor whether all of its rows are needed, or those of a piece's last token only.
pub(super) struct Need(Vec<bool>);

impl Need {
    /// Of what is kept all rows are.
    pub(super) fn of(program: &Checked, kept: &[TensorId]) -> Self {
        let mut need = Self(vec![false; program.program().tensors.len()]);
        kept.iter().for_each(|tensor| need.all(*tensor));
        for step in program.program().ops.iter().rev() {
            let whole = need.whole(step.result);
            match step.op {
                Op::Last { .. } => {}
                Op::Mean { values } | Op::First { values } => need.all(values),
                Op::Attention { queries, keys, values, .. } => {
                    need.all(keys);
                    need.all(values);
                    if whole {
                        need.all(queries);
                    }
                }
                ref row if whole => row.visit(|tensor| need.all(tensor)),
                _ => {}
            }
        }
        need
    }

    fn all(&mut self, tensor: TensorId) {
        if let Some(need) = self.0.get_mut(tensor.index()) {
            *need = true;
        }
    }

    fn whole(&self, tensor: TensorId) -> bool {
        self.0.get(tensor.index()).copied().unwrap_or(true)
    }

    /// Whether an operator is to make its last rows only.
    pub(super) fn is_last(&self, program: &Checked, step: &Step) -> bool {
        let rows = program.tensor(step.result).map_or(Rows::One, |found| found.rows);
        rows != Rows::One && !self.whole(step.result)
    }
}

/// What an operator reads, cut down to the rows of the last token.
pub(super) fn lasts(
    program: &Checked,
    step: &Step,
    tensors: &BTreeMap<TensorId, Matrix>,
) -> Result<BTreeMap<TensorId, Matrix>, Error> {
    let mut lasts = BTreeMap::new();
    let mut result = Ok(());
    step.op.visit(|tensor| {
        let Some((found, matrix)) = program.tensor(tensor).zip(tensors.get(&tensor)) else {
            return;
        };
        let rows = found.rows.count(1) as usize;
        if matrix.rows() > rows {
            match matrix.tail(rows) {
                Some(last) => drop(lasts.insert(tensor, last)),
                None => result = Err(Error::Memory { tensor }),
            }
        }
    });
    result.map(|()| lasts)
}
