//! Changes of masters, in whole steps of their grid.

use crate::{
    bytes::{self, Bytes, DecodeError, Reader},
    num::{round, saturate},
    program::{Rows, Tensor, Values},
    run::{Path, Work},
};
use alloc::{vec, vec::Vec};
use core::fmt;

/// The most products that one number of a low-rank change is the sum of.
pub const MOST_RANK: u32 = 1 << 16;
/// The most that such a sum is shifted by.
pub const MOST_SHIFT: u8 = 62;

/// The columns of the lists that a few changes are read from.
const LISTED: u32 = 1 << 10;

/// What is added to a matrix of masters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Delta {
    Sparse(Sparse),
    LowRank(LowRank),
}

/// Some numbers of some rows. Rows and columns ascend, and none is empty or zero, so that a change
/// has one form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sparse {
    rows: u32,
    columns: u32,
    changed: Vec<Row>,
}

/// The number of a row, and its columns with what is added to each.
pub type Row = (u32, Vec<(u32, i16)>);

/// The product of a high and a wide matrix, shifted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LowRank {
    rows: u32,
    columns: u32,
    rank: u32,
    shift: u8,
    /// A row for each row of what is changed.
    high: Vec<i16>,
    /// A column for each column of what is changed.
    wide: Vec<i16>,
}

/// Why a delta, or its use, makes no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// A matrix without rows or without columns.
    Empty,
    /// A row that is not above the one before it, or not below the number of rows.
    Row {
        rows: u32,
        row: u32,
    },
    /// A row without changes.
    NoChange {
        row: u32,
    },
    /// A column that is not above the one before it, or not below the number of columns.
    Column {
        row: u32,
        columns: u32,
        column: u32,
    },
    /// A change by nothing.
    Zero {
        row: u32,
        column: u32,
    },
    /// No rank, or too high a one.
    Rank {
        most: u32,
        have: u32,
    },
    Shift {
        most: u8,
        have: u8,
    },
    /// A factor, or what is changed, is of another size.
    Size {
        need: u64,
        have: u64,
    },
    /// A number of it is -32768: it has no negative, and no master is.
    Least,
    /// What is changed has a number that no master is.
    Master {
        at: usize,
    },
    /// It is made of bytes that mean nothing.
    Bytes(DecodeError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no rows, or no columns"),
            Self::Row { rows, row } => {
                write!(f, "row {row} is out of order, or not one of {rows}")
            }
            Self::NoChange { row } => write!(f, "nothing changes in row {row}"),
            Self::Column { row, columns, column } => {
                write!(f, "column {column} of row {row} is out of order, or not one of {columns}")
            }
            Self::Zero { row, column } => {
                write!(f, "column {column} of row {row} changes by nothing")
            }
            Self::Rank { most, have } => write!(f, "the rank is from 1 to {most}, and not {have}"),
            Self::Shift { most, have } => write!(f, "the shift is at most {most}, and not {have}"),
            Self::Size { need, have } => {
                write!(f, "{need} numbers are needed, and {have} are there")
            }
            Self::Least => f.write_str("a number of it is -32768, and the least is -32767"),
            Self::Master { at } => write!(f, "number {at} is -32768, which no master is"),
            Self::Bytes(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl Delta {
    /// The only byte form that it has.
    pub fn encode(&self) -> Vec<u8> {
        bytes::encode(self)
    }

    /// The delta of which these are the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let delta: Self = bytes::decode(bytes).map_err(Error::Bytes)?;
        match &delta {
            Self::Sparse(sparse) => sparse.check()?,
            Self::LowRank(low) => low.check()?,
        }
        Ok(delta)
    }

    /// The rows and columns of what it changes.
    pub fn shape(&self) -> (u32, u32) {
        match self {
            Self::Sparse(sparse) => (sparse.rows, sparse.columns),
            Self::LowRank(low) => (low.rows, low.columns),
        }
    }

    /// What is added to one master; nothing where there is none.
    pub fn at(&self, row: u32, column: u32) -> i64 {
        match self {
            Self::Sparse(sparse) => sparse.at(row, column),
            Self::LowRank(low) => low.at(row, column),
        }
    }

    /// Changes masters, row-major, or nothing if they are not what it is for.
    pub fn apply(&self, masters: &mut [i16]) -> Result<(), Error> {
        let (rows, columns) = self.shape();
        let (need, have) = (u64::from(rows) * u64::from(columns), masters.len() as u64);
        if need != have {
            return Err(Error::Size { need, have });
        }
        if let Some(at) = masters.iter().position(|master| *master == i16::MIN) {
            return Err(Error::Master { at });
        }
        match self {
            Self::Sparse(sparse) => sparse.apply(masters.chunks_exact_mut(columns as usize)),
            Self::LowRank(LowRank { shift, high, wide, .. }) => {
                multiply(masters, columns as usize, [high, wide], *shift);
            }
        }
        Ok(())
    }

    /// The tensors of which an operator of a program makes the same change, in the order in which
    /// it names them, each with what it is called.
    pub fn tensors(&self) -> Vec<(&'static str, Tensor, Vec<i32>)> {
        let fixed = |rows, columns, values| Tensor { rows: Rows::Fixed(rows), columns, values };
        let widened = |numbers: &[i16]| numbers.iter().copied().map(i32::from).collect();
        match self {
            Self::LowRank(LowRank { rows, columns, rank, high, wide, .. }) => vec![
                ("high", fixed(*rows, *rank, Values::Masters), widened(high)),
                ("wide", fixed(*rank, *columns, Values::Masters), widened(wide)),
            ],
            Self::Sparse(sparse) => {
                let (ends, mut places, mut changes) = sparse.lists();
                let rows = places.len().div_ceil(LISTED as usize).max(1);
                places.resize(rows * LISTED as usize, 0);
                changes.resize(rows * LISTED as usize, 0);
                let rows = rows as u32;
                vec![
                    ("ends", fixed(1, sparse.rows, Values::Constants), ends),
                    ("places", fixed(rows, LISTED, Values::Constants), places),
                    ("changes", fixed(rows, LISTED, Values::Masters), changes),
                ]
            }
        }
    }
}

/// A master after a change: what a judge computes.
#[inline(always)]
pub fn moved(master: i64, change: i64) -> i64 {
    saturate(master.saturating_add(change), 16)
}

/// Adds the product of two factors, shifted, to masters with as many columns as the second has.
pub(crate) fn multiply(masters: &mut [i16], columns: usize, factors: [&[i16]; 2], shift: u8) {
    Path::best().apply(Product { masters, columns: columns.max(1), factors, shift: shift.into() });
}

struct Product<'a> {
    masters: &'a mut [i16],
    columns: usize,
    factors: [&'a [i16]; 2],
    shift: u32,
}

impl Work for Product<'_> {
    type Made = ();

    #[inline(always)]
    fn work(self) {
        let Self { masters, columns, factors: [high, wide], shift } = self;
        let rank = wide.len() / columns;
        let mut sums = vec![0i64; columns];
        let rows = masters.chunks_exact_mut(columns).zip(high.chunks_exact(rank.max(1)));
        for (masters, factors) in rows {
            sums.fill(0);
            for (b, wide) in factors.iter().zip(wide.chunks_exact(columns)) {
                for (sum, a) in sums.iter_mut().zip(wide) {
                    *sum += i64::from(*b) * i64::from(*a);
                }
            }
            for (master, sum) in masters.iter_mut().zip(&sums) {
                add(master, round(*sum, shift));
            }
        }
    }
}

#[inline(always)]
pub(crate) fn add(master: &mut i16, change: i64) {
    *master = moved((*master).into(), change) as i16;
}

impl Sparse {
    pub fn new(rows: u32, columns: u32, changed: Vec<Row>) -> Result<Self, Error> {
        let sparse = Self { rows, columns, changed };
        sparse.check()?;
        Ok(sparse)
    }

    fn check(&self) -> Result<(), Error> {
        let Self { rows, columns, ref changed } = *self;
        if rows == 0 || columns == 0 {
            return Err(Error::Empty);
        }
        let mut next_row = 0;
        for &(row, ref changes) in changed {
            if row < next_row || row >= rows {
                return Err(Error::Row { rows, row });
            }
            next_row = row + 1;
            if changes.is_empty() {
                return Err(Error::NoChange { row });
            }
            let mut next = 0;
            for &(column, change) in changes {
                if column < next || column >= columns {
                    return Err(Error::Column { row, columns, column });
                }
                next = column + 1;
                match change {
                    0 => return Err(Error::Zero { row, column }),
                    i16::MIN => return Err(Error::Least),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The rows that change.
    pub fn changed(&self) -> &[Row] {
        &self.changed
    }

    /// Where the changes of each row end in two lists, of columns and of what is added.
    fn lists(&self) -> (Vec<i32>, Vec<i32>, Vec<i32>) {
        let (mut ends, mut places, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        let mut changed = self.changed.iter().peekable();
        for row in 0..self.rows {
            if let Some((_, listed)) = changed.next_if(|(at, _)| *at == row) {
                places.extend(listed.iter().map(|(column, _)| *column as i32));
                changes.extend(listed.iter().map(|(_, change)| i32::from(*change)));
            }
            ends.push(places.len() as i32);
        }
        (ends, places, changes)
    }

    fn at(&self, row: u32, column: u32) -> i64 {
        let find = || {
            let at = self.changed.binary_search_by_key(&row, |(row, _)| *row).ok()?;
            let (_, changes) = self.changed.get(at)?;
            let at = changes.binary_search_by_key(&column, |(column, _)| *column).ok()?;
            changes.get(at).map(|(_, change)| i64::from(*change))
        };
        find().unwrap_or(0)
    }

    fn apply<'a>(&self, rows: impl Iterator<Item = &'a mut [i16]>) {
        let mut rows = (0..).zip(rows);
        for (changed, changes) in &self.changed {
            // Both ascend, so each is found behind the one before it.
            let Some((_, masters)) = rows.find(|(row, _)| row == changed) else { return };
            for (column, change) in changes {
                if let Some(master) = masters.get_mut(*column as usize) {
                    add(master, (*change).into());
                }
            }
        }
    }
}

impl LowRank {
    pub fn new(
        [rows, columns]: [u32; 2],
        rank: u32,
        shift: u8,
        high: Vec<i16>,
        wide: Vec<i16>,
    ) -> Result<Self, Error> {
        let low = Self { rows, columns, rank, shift, high, wide };
        low.check()?;
        Ok(low)
    }

    fn check(&self) -> Result<(), Error> {
        let Self { rows, columns, rank, shift, ref high, ref wide } = *self;
        if rows == 0 || columns == 0 {
            return Err(Error::Empty);
        }
        if rank == 0 || rank > MOST_RANK {
            return Err(Error::Rank { most: MOST_RANK, have: rank });
        }
        if shift > MOST_SHIFT {
            return Err(Error::Shift { most: MOST_SHIFT, have: shift });
        }
        for (length, factor) in [(rows, high), (columns, wide)] {
            let (need, have) = (u64::from(length) * u64::from(rank), factor.len() as u64);
            if need != have {
                return Err(Error::Size { need, have });
            }
            if factor.contains(&i16::MIN) {
                return Err(Error::Least);
            }
        }
        Ok(())
    }

    /// How many products each number is the sum of.
    pub fn rank(&self) -> u32 {
        self.rank
    }

    /// What the product is shifted by.
    pub fn shift(&self) -> u8 {
        self.shift
    }

    fn at(&self, row: u32, column: u32) -> i64 {
        if row >= self.rows || column >= self.columns {
            return 0;
        }
        let rank = self.rank as usize;
        let high = self.high.chunks_exact(rank).nth(row as usize).into_iter().flatten();
        let wide = self.wide.iter().skip(column as usize).step_by(self.columns as usize);
        let sum = high.zip(wide).map(|(b, a)| i64::from(*b) * i64::from(*a)).sum();
        round(sum, self.shift.into())
    }
}

impl Bytes for Delta {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sparse(Sparse { rows, columns, changed }) => {
                0u8.write(out);
                rows.write(out);
                columns.write(out);
                changed.write(out);
            }
            Self::LowRank(LowRank { rows, columns, rank, shift, high, wide }) => {
                1u8.write(out);
                rows.write(out);
                columns.write(out);
                rank.write(out);
                shift.write(out);
                high.write(out);
                wide.write(out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = u8::read(from)?;
        let (rows, columns) = Bytes::read(from)?;
        Ok(match kind {
            0 => Self::Sparse(Sparse { rows, columns, changed: Bytes::read(from)? }),
            1 => {
                let (rank, shift) = Bytes::read(from)?;
                let (high, wide) = Bytes::read(from)?;
                Self::LowRank(LowRank { rows, columns, rank, shift, high, wide })
            }
            other => return Err(DecodeError::Unknown { what: "delta", have: other.into() }),
        })
    }
}

#[cfg(test)]
mod tests;
