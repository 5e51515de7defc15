//! Tensors as they are held while something is computed.

use super::{spare::Spare, Error};
use crate::{
    num::saturate,
    program::{Tensor, TensorId},
};
use alloc::vec::Vec;

/// Numbers of 16 bits, or of 32.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Numbers {
    Narrow(Vec<i16>),
    Wide(Vec<i32>),
}

/// A matrix of integers, row-major.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Matrix {
    columns: usize,
    numbers: Numbers,
}

impl Matrix {
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn rows(&self) -> usize {
        let len = match &self.numbers {
            Numbers::Narrow(numbers) => numbers.len(),
            Numbers::Wide(numbers) => numbers.len(),
        };
        // There is always a column.
        len / self.columns.max(1)
    }

    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// One number of it.
    pub fn at(&self, row: usize, column: usize) -> Option<i32> {
        if column >= self.columns {
            return None;
        }
        let at = row.checked_mul(self.columns)?.checked_add(column)?;
        match &self.numbers {
            Numbers::Narrow(numbers) => numbers.get(at).copied().map(i32::from),
            Numbers::Wide(numbers) => numbers.get(at).copied(),
        }
    }

    /// As many rows of nothing.
    pub(super) fn zeros(id: TensorId, tensor: &Tensor, rows: usize) -> Result<Self, Error> {
        let columns = tensor.columns as usize;
        let memory = Error::Memory { tensor: id };
        let len = rows.checked_mul(columns).ok_or(memory)?;
        let numbers = if tensor.values.is_narrow() {
            Numbers::Narrow(filled(len).ok_or(memory)?)
        } else {
            Numbers::Wide(filled(len).ok_or(memory)?)
        };
        Ok(Self { columns, numbers })
    }

    /// As many rows of anything, in memory that was used before if there is some.
    pub(super) fn any(
        id: TensorId,
        tensor: &Tensor,
        rows: usize,
        spare: &mut Spare,
    ) -> Result<Self, Error> {
        let columns = tensor.columns as usize;
        let len = rows.checked_mul(columns).ok_or(Error::Memory { tensor: id })?;
        let numbers = if tensor.values.is_narrow() {
            spare.narrow(len).map(Numbers::Narrow)
        } else {
            spare.wide(len).map(Numbers::Wide)
        };
        match numbers {
            Some(numbers) => Ok(Self { columns, numbers }),
            None => Self::zeros(id, tensor, rows),
        }
    }

    pub(super) fn into_numbers(self) -> Numbers {
        self.numbers
    }

    /// What was given, if every number of it can be such a tensor's.
    pub(crate) fn copied<T: Copy + Into<i32>>(
        id: TensorId,
        tensor: &Tensor,
        rows: usize,
        given: &[T],
    ) -> Result<Self, Error> {
        let (least, most) = tensor.values.range();
        let mut matrix = Self::zeros(id, tensor, rows)?;
        for (at, number) in given.iter().copied().map(Into::into).enumerate() {
            if i64::from(number) < least || i64::from(number) > most {
                return Err(Error::Value { tensor: id, at, have: number });
            }
            // Both are as long as was admitted.
            match &mut matrix.numbers {
                Numbers::Narrow(numbers) => numbers[at] = number as i16,
                Numbers::Wide(numbers) => numbers[at] = number,
            }
        }
        Ok(matrix)
    }

    /// All of it, if it is held in 16 bits.
    pub(super) fn narrow(&self) -> Option<&[i16]> {
        match &self.numbers {
            Numbers::Narrow(numbers) => Some(numbers),
            Numbers::Wide(_) => None,
        }
    }

    pub(super) fn numbers_mut(&mut self) -> &mut Numbers {
        &mut self.numbers
    }

    /// Its last rows, if there is memory for them.
    pub(super) fn tail(&self, rows: usize) -> Option<Self> {
        fn copy<T: Clone>(numbers: &[T], len: usize) -> Option<Vec<T>> {
            let mut copied = Vec::new();
            copied.try_reserve_exact(len).ok()?;
            copied.extend_from_slice(&numbers[numbers.len().saturating_sub(len)..]);
            Some(copied)
        }
        let len = rows * self.columns;
        let numbers = match &self.numbers {
            Numbers::Narrow(numbers) => Numbers::Narrow(copy(numbers, len)?),
            Numbers::Wide(numbers) => Numbers::Wide(copy(numbers, len)?),
        };
        Some(Self { columns: self.columns, numbers })
    }

    /// A row of it in 32 bits, in the buffer if it is not held so.
    #[inline(always)]
    pub(super) fn wide<'a>(&'a self, row: usize, buffer: &'a mut Vec<i32>) -> &'a [i32] {
        match &self.numbers {
            Numbers::Narrow(_) => {
                self.widen(row, buffer);
                buffer
            }
            Numbers::Wide(numbers) => &numbers[row * self.columns..(row + 1) * self.columns],
        }
    }

    /// A row of it in 32 bits.
    #[inline(always)]
    pub(super) fn widen(&self, row: usize, into: &mut Vec<i32>) {
        into.clear();
        let range = row * self.columns..(row + 1) * self.columns;
        match &self.numbers {
            Numbers::Narrow(numbers) => {
                into.extend(numbers[range].iter().copied().map(i32::from));
            }
            Numbers::Wide(numbers) => into.extend_from_slice(&numbers[range]),
        }
    }

    /// Writes a row, saturated.
    pub(super) fn store(&mut self, row: usize, values: &[i64], bits: u32) {
        let range = row * self.columns..(row + 1) * self.columns;
        match &mut self.numbers {
            Numbers::Narrow(numbers) => {
                for (number, value) in numbers[range].iter_mut().zip(values) {
                    *number = saturate(*value, bits) as i16;
                }
            }
            Numbers::Wide(numbers) => {
                for (number, value) in numbers[range].iter_mut().zip(values) {
                    *number = saturate(*value, bits) as i32;
                }
            }
        }
    }
}

/// As many zeros as there is memory for, or none.
pub(super) fn filled<T: Clone + Default>(len: usize) -> Option<Vec<T>> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(len).ok()?;
    numbers.resize(len, T::default());
    Some(numbers)
}
