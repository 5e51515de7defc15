//! Whole rows at once, on one core.

use crate::{
    check::Checked,
    program::{TensorId, Values},
};
use alloc::{collections::BTreeMap, vec, vec::Vec};

mod artifact;
mod choice;
mod error;
mod heads;
mod linear;
mod matrix;
mod rows;
mod state;
mod step;
#[cfg(test)]
pub(crate) mod tests;

pub use artifact::Artifact;
pub use error::Error;
pub use linear::{pack, packed_len, Path, PACKING};
pub use matrix::{Matrix, Numbers};
pub use state::State;

use artifact::Weights;
use step::{Span, Worker};

/// A program with its weights, ready to run.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    program: &'a Checked,
    weights: Weights<'a>,
    /// After which operator which tensors are needed no more.
    ends: Vec<Vec<TensorId>>,
}

/// What is given of a sequence: all of it, or what comes next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Piece<'a> {
    pub tokens: &'a [i32],
    pub targets: &'a [i32],
    pub features: &'a [i16],
    /// What tokens are drawn with.
    pub seed: [u8; 32],
}

/// What a run has computed, as far as it was asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tensors(BTreeMap<TensorId, Matrix>);

impl Tensors {
    pub fn get(&self, tensor: TensorId) -> Option<&Matrix> {
        self.0.get(&tensor)
    }

    pub fn take(&mut self, tensor: TensorId) -> Option<Matrix> {
        self.0.remove(&tensor)
    }
}

impl<'a> Plan<'a> {
    /// Takes what artifacts hold for each tensor, if it is what the program declares.
    pub fn bind<'held: 'a>(
        program: &'a Checked,
        artifact: impl FnMut(TensorId) -> Option<Artifact<'held>>,
    ) -> Result<Self, Error> {
        Self::bind_for(Path::best(), program, artifact)
    }

    /// The same, for certain instructions. Results do not depend on them.
    pub fn bind_for<'held: 'a>(
        path: Path,
        program: &'a Checked,
        artifact: impl FnMut(TensorId) -> Option<Artifact<'held>>,
    ) -> Result<Self, Error> {
        let weights = Weights::bind(program, path, artifact)?;
        Ok(Self { program, weights, ends: ends(program) })
    }

    pub fn program(&self) -> &'a Checked {
        self.program
    }

    /// Before the first token.
    pub fn start(&self) -> State {
        State::new(self.program)
    }

    /// Computes what the next tokens of a sequence make of it. The result of the program is in
    /// what is returned, and so is every tensor to `keep`: of those with rows for tokens the rows
    /// of these tokens, of those with one row what the sequence comes to so far.
    ///
    /// A state with which this failed cannot go on.
    pub fn run(
        &self,
        state: &mut State,
        piece: &Piece<'_>,
        keep: &[TensorId],
    ) -> Result<Tensors, Error> {
        let mut kept = vec![self.program.program().result];
        kept.extend(keep);
        for tensor in &kept {
            match self.program.tensor(*tensor) {
                Some(found) if !found.values.is_bound() => {}
                _ => return Err(Error::NotComputed { tensor: *tensor }),
            }
        }
        let rows = self.admit(state, piece)?;
        state.begin()?;
        let mut tensors = self.given(piece, rows)?;
        let span = Span { start: state.rows(), rows, seed: piece.seed };
        for (index, step) in self.program.program().ops.iter().enumerate() {
            let worker = Worker { plan: self, tensors: &tensors, span };
            let made = worker.compute(step, state.kept(index)?)?;
            tensors.insert(step.result, made);
            for tensor in self.ends.get(index).into_iter().flatten() {
                if !kept.contains(tensor) {
                    tensors.remove(tensor);
                }
            }
        }
        state.end(rows);
        tensors.retain(|tensor, _| kept.contains(tensor));
        Ok(Tensors(tensors))
    }

    /// How many tokens these are, if they are what the program takes and the state can go on.
    fn admit(&self, state: &State, piece: &Piece<'_>) -> Result<usize, Error> {
        state.fits(self.program)?;
        let mut length = None;
        for (tensor, found) in self.program.tensors() {
            let have = match found.values {
                Values::Tokens { .. } => piece.tokens.len(),
                Values::Targets { .. } => piece.targets.len(),
                Values::Features { .. } => piece.features.len(),
                _ => continue,
            };
            let columns = found.columns as usize;
            // The first that is given tells how many there are.
            let rows = *length.get_or_insert(have / columns);
            if rows.checked_mul(columns) != Some(have) {
                return Err(Error::Given { tensor, need: rows.saturating_mul(columns), have });
            }
        }
        let rows = length.unwrap_or(0);
        let most = self.program.program().rows as usize;
        let left = most.saturating_sub(state.rows());
        if rows == 0 || rows > left {
            return Err(Error::Length { most, before: state.rows(), have: rows });
        }
        if self.program.is_whole() && state.rows() > 0 {
            return Err(Error::Whole);
        }
        Ok(rows)
    }

    fn given(&self, piece: &Piece<'_>, rows: usize) -> Result<BTreeMap<TensorId, Matrix>, Error> {
        let mut tensors = BTreeMap::new();
        for (tensor, found) in self.program.tensors() {
            let matrix = match found.values {
                Values::Tokens { .. } => Matrix::copied(tensor, found, rows, piece.tokens)?,
                Values::Targets { .. } => Matrix::copied(tensor, found, rows, piece.targets)?,
                Values::Features { .. } => Matrix::copied(tensor, found, rows, piece.features)?,
                _ => continue,
            };
            tensors.insert(tensor, matrix);
        }
        Ok(tensors)
    }
}

/// For each operator the tensors that nothing after it reads.
fn ends(program: &Checked) -> Vec<Vec<TensorId>> {
    let ops = &program.program().ops;
    let mut last = BTreeMap::new();
    for (index, step) in ops.iter().enumerate() {
        last.insert(step.result, index);
        step.op.visit(|tensor| {
            last.insert(tensor, index);
        });
    }
    let mut ends = vec![Vec::new(); ops.len()];
    for (tensor, index) in last {
        if let Some(end) = ends.get_mut(index) {
            end.push(tensor);
        }
    }
    ends
}
