//! What artifacts hold, checked once and brought to the form that is computed with.

use super::{
    linear::{packed_len, Packed, Path},
    matrix::filled,
    Error,
};
use crate::{
    check::{Checked, Use},
    delta,
    num::Scale,
    program::{Op, Tensor, TensorId, Values},
};
use alloc::{borrow::Cow, collections::BTreeMap, vec::Vec};

/// The numbers of a tensor of an artifact, row-major.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Artifact<'a> {
    Masters(Cow<'a, [i16]>),
    /// What masters come to as weights, which is enough where they are used as nothing else.
    Weights(Cow<'a, [i8]>),
    /// Weights as [`pack`](super::pack) orders them, which are used where they are, and the masters
    /// where those are read too.
    Packed {
        panels: Cow<'a, [i8]>,
        masters: Option<Cow<'a, [i16]>>,
    },
    Constants(Cow<'a, [i32]>),
}

impl Artifact<'_> {
    /// Whether it has as many numbers as a matrix of so many rows and columns.
    fn fit(&self, tensor: TensorId, rows: u32, columns: u32) -> Result<(), Error> {
        let fit = |need: u64, have: usize| {
            let have = have as u64;
            if have == need {
                Ok(())
            } else {
                Err(Error::Size { tensor, need, have })
            }
        };
        let whole = u64::from(rows) * u64::from(columns);
        match self {
            Self::Masters(masters) => fit(whole, masters.len()),
            Self::Weights(weights) => fit(whole, weights.len()),
            Self::Packed { panels, masters } => {
                fit(packed_len(rows, columns), panels.len())?;
                masters.as_ref().map_or(Ok(()), |masters| fit(whole, masters.len()))
            }
            Self::Constants(constants) => fit(whole, constants.len()),
        }
    }
}

/// What a program reads that does not change from run to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights<'a> {
    pub masters: BTreeMap<TensorId, Cow<'a, [i16]>>,
    pub packed: BTreeMap<TensorId, Packed<'a>>,
    pub constants: BTreeMap<TensorId, Cow<'a, [i32]>>,
}

impl<'a> Weights<'a> {
    pub(super) fn bind<'held: 'a>(
        program: &Checked,
        path: Path,
        mut artifact: impl FnMut(TensorId) -> Option<Artifact<'held>>,
    ) -> Result<Self, Error> {
        let mut weights = Self::default();
        for (tensor, found) in program.tensors().filter(|(_, found)| found.values.is_bound()) {
            let held = artifact(tensor).ok_or(Error::Absent { tensor })?;
            // What an artifact holds has fixed rows, at most 2^20 of them.
            let rows = found.rows.count(0) as u32;
            held.fit(tensor, rows, found.columns)?;
            weights.take(tensor, found, program.used(tensor), path, held)?;
        }
        for step in &program.program().ops {
            let moved = weights.moved(program, &step.op)?;
            if let Some((moved, found)) = moved.zip(program.tensor(step.result)) {
                let held = Artifact::Masters(moved.into());
                weights.take(step.result, found, program.used(step.result), path, held)?;
            }
        }
        Ok(weights)
    }

    /// What masters come to with a change, if that is what the operator makes.
    pub(super) fn moved(&self, program: &Checked, op: &Op) -> Result<Option<Vec<i16>>, Error> {
        let (Op::Moved { masters, .. } | Op::Changed { masters, .. }) = *op else {
            return Ok(None);
        };
        let before = self.masters_of(masters)?;
        let mut moved = filled(before.len()).ok_or(Error::Memory { tensor: masters })?;
        moved.copy_from_slice(before);
        let columns = program.tensor(masters).map_or(1, |found| found.columns as usize);
        match *op {
            Op::Moved { high, wide, shift, .. } => {
                let factors = [self.masters_of(high)?, self.masters_of(wide)?];
                delta::multiply(&mut moved, columns, factors, shift);
            }
            Op::Changed { ends, places, changes, .. } => {
                self.change(&mut moved, columns, [ends, places, changes])?;
            }
            _ => {}
        }
        Ok(Some(moved))
    }

    /// Adds to each row of masters what is listed up to its end, in the order of columns.
    fn change(
        &self,
        masters: &mut [i16],
        columns: usize,
        [ends, places, changes]: [TensorId; 3],
    ) -> Result<(), Error> {
        let (listed, added) = (self.constants_of(places)?, self.masters_of(changes)?);
        let mut pairs = (0..).zip(listed.iter().zip(added));
        let mut start = 0;
        let rows = self.constants_of(ends)?.iter().zip(masters.chunks_exact_mut(columns));
        for (row, (end, masters)) in rows.enumerate() {
            let bad = Error::Value { tensor: ends, at: row, have: *end };
            let end = usize::try_from(*end).ok().filter(|end| (start..=listed.len()).contains(end));
            let end = end.ok_or(bad)?;
            let mut next = 0;
            for (at, (place, change)) in pairs.by_ref().take(end - start) {
                let bad = Error::Value { tensor: places, at, have: *place };
                let column = usize::try_from(*place).ok().filter(|column| *column >= next);
                let column = column.ok_or(bad)?;
                delta::add(masters.get_mut(column).ok_or(bad)?, (*change).into());
                next = column + 1;
            }
            start = end;
        }
        Ok(())
    }

    pub(super) fn masters_of(&self, tensor: TensorId) -> Result<&[i16], Error> {
        self.masters.get(&tensor).map(Cow::as_ref).ok_or(Error::Unreachable { tensor })
    }

    pub(super) fn constants_of(&self, tensor: TensorId) -> Result<&[i32], Error> {
        self.constants.get(&tensor).map(Cow::as_ref).ok_or(Error::Unreachable { tensor })
    }

    fn take(
        &mut self,
        tensor: TensorId,
        found: &Tensor,
        used: Use,
        path: Path,
        held: Artifact<'a>,
    ) -> Result<(), Error> {
        let columns = found.columns as usize;
        match (found.values, held) {
            (Values::Masters | Values::Moved, Artifact::Masters(masters)) => {
                refuse(tensor, &masters, &i16::MIN)?;
                if used.weight {
                    self.packed.insert(tensor, Packed::of_masters(&masters, columns, path));
                }
                if used.master {
                    self.masters.insert(tensor, masters);
                }
                Ok(())
            }
            (Values::Masters, Artifact::Weights(weights)) if !used.master => {
                refuse(tensor, &weights, &i8::MIN)?;
                self.packed.insert(tensor, Packed::of_weights(&weights, columns, path));
                Ok(())
            }
            (Values::Masters, Artifact::Packed { panels, masters })
                if masters.is_some() || !used.master =>
            {
                refuse(tensor, &panels, &i8::MIN)?;
                let outputs = found.rows.count(0) as usize;
                self.packed.insert(tensor, Packed::held(panels, outputs, columns, path));
                if let Some(masters) = masters.filter(|_| used.master) {
                    refuse(tensor, &masters, &i16::MIN)?;
                    self.masters.insert(tensor, masters);
                }
                Ok(())
            }
            (Values::Constants, Artifact::Constants(constants)) => {
                if let Some(least) = used.scale {
                    check_scales(tensor, &constants, least)?;
                }
                self.constants.insert(tensor, constants);
                Ok(())
            }
            _ => Err(Error::Unlike { tensor }),
        }
    }
}

/// The least of a type is no value, so that everything has a negative.
fn refuse<T: Copy + Into<i32> + PartialEq>(
    tensor: TensorId,
    held: &[T],
    bad: &T,
) -> Result<(), Error> {
    // Looked for as a whole first: nearly always there is none.
    if !held.contains(bad) {
        return Ok(());
    }
    let at = held.iter().position(|one| one == bad).unwrap_or(0);
    Err(Error::Value { tensor, at, have: (*bad).into() })
}

fn check_scales(tensor: TensorId, constants: &[i32], least: u8) -> Result<(), Error> {
    for (column, constant) in constants.iter().enumerate() {
        let bad = Error::Value { tensor, at: column, have: *constant };
        let scale = Scale::unpack(*constant).ok_or(bad)?;
        if scale.shift < least {
            return Err(Error::Shift { tensor, column, need: least, have: scale.shift });
        }
    }
    Ok(())
}
