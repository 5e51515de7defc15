//! Whole rows at once.

use crate::{
    check::Checked,
    program::{Step, TensorId, Values},
};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::cell::RefCell;

mod artifact;
mod attention;
mod choice;
mod crew;
mod error;
mod heads;
mod linear;
mod matrix;
mod need;
mod parts;
mod rows;
mod simd;
mod spare;
mod state;
mod step;
mod tables;
#[cfg(test)]
mod tests;

pub use artifact::Artifact;
pub use crew::{Alone, Crew, Job};
#[cfg(feature = "std")]
pub use crew::{Threads, ThreadsError};
pub use error::Error;
pub use linear::{pack, packed_len, PACKING};
pub use matrix::{Matrix, Numbers};
pub(crate) use simd::Work;
pub use simd::{Path, Tiling};
pub use state::State;

use artifact::Weights;
use need::{lasts, Need};
use spare::Spare;
use state::Kept;
use step::{Span, Worker};
use tables::Tables;

/// A program with its weights, ready to run.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    program: &'a Checked,
    path: Path,
    tiling: Tiling,
    weights: Weights<'a>,
    tables: Tables,
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
        let tiling = Tiling::USUAL;
        let tables = Tables::of(program, tiling.looked_up);
        Ok(Self { program, path, tiling, weights, tables, ends: ends(program) })
    }

    /// The same plan for so many sequences: what is made often enough in all of them is looked up,
    /// though one alone would not make up for the table. Results do not depend on it.
    pub fn for_many(self, sequences: u32) -> Self {
        let looked_up = Tiling::USUAL.looked_up.div_ceil(u64::from(sequences).max(1));
        let tables = Tables::of(self.program, looked_up);
        Self { tiling: Tiling { looked_up, ..self.tiling }, tables, ..self }
    }

    /// The same plan, whose work is cut in another way. Results do not depend on it.
    #[cfg(any(test, feature = "testing"))]
    pub fn tiled(self, tiling: Tiling) -> Self {
        assert!(tiling.is_valid(), "{tiling:?}");
        let tables = Tables::of(self.program, tiling.looked_up);
        Self { tiling, tables, ..self }
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
    /// of these tokens, of those with one row what the sequence comes to so far, and of masters after
    /// a change all.
    ///
    /// A state with which this failed cannot go on.
    pub fn run(
        &self,
        state: &mut State,
        piece: &Piece<'_>,
        keep: &[TensorId],
    ) -> Result<Tensors, Error> {
        self.run_by(&Alone, state, piece, keep)
    }

    /// The same, by a crew. Results do not depend on it.
    pub fn run_by(
        &self,
        crew: &dyn Crew,
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
        let need = Need::of(self.program, &kept);
        let spare = RefCell::default();
        for (index, step) in self.program.program().ops.iter().enumerate() {
            // What is made of artifacts alone was made when they were bound.
            let made = self.program.tensor(step.result).map(|found| found.values);
            if made == Some(Values::Moved) && !kept.contains(&step.result) {
                continue;
            }
            let made =
                self.step(crew, step, state.kept(index)?, &tensors, (span, &spare), &need)?;
            tensors.insert(step.result, made);
            for tensor in self.ends.get(index).into_iter().flatten() {
                if !kept.contains(tensor) {
                    let left = tensors.remove(tensor);
                    left.into_iter().for_each(|left| spare.borrow_mut().put(left));
                }
            }
        }
        state.end(rows);
        tensors.retain(|tensor, _| kept.contains(tensor));
        Ok(Tensors(tensors))
    }

    fn step(
        &self,
        crew: &dyn Crew,
        step: &Step,
        kept: &mut Kept,
        tensors: &BTreeMap<TensorId, Matrix>,
        (span, spare): (Span, &RefCell<Spare>),
        need: &Need,
    ) -> Result<Matrix, Error> {
        let last = span.rows > 1 && need.is_last(self.program, step);
        let lasts = if last { lasts(self.program, step, tensors)? } else { BTreeMap::new() };
        let start = span.start + if last { span.rows - 1 } else { 0 };
        let span = Span { start, rows: if last { 1 } else { span.rows }, ..span };
        Worker { crew, plan: self, tensors, lasts: &lasts, span, spare }.compute(step, kept)
    }

    /// What the last operator makes of tensors, whatever they are.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn last(
        &self,
        crew: &dyn Crew,
        tensors: &BTreeMap<TensorId, Matrix>,
        rows: usize,
        seed: [u8; 32],
    ) -> Result<Matrix, Error> {
        let span = Span { start: 0, rows, seed };
        let ops = &self.program.program().ops;
        let step = ops.last().ok_or(Error::State)?;
        let mut state = self.start();
        let need = Need::of(self.program, &[step.result]);
        let spare = RefCell::default();
        self.step(crew, step, state.kept(ops.len() - 1)?, tensors, (span, &spare), &need)
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
