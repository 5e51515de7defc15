//! Elements of masters after a change.

use super::{Error, Inputs, Judge};
use crate::program::TensorId;
use core::cmp::Ordering;

impl<I: Inputs> Judge<'_, I> {
    /// What is added to a master: the change whose column it is among those of its row, if any is.
    pub(super) fn change(
        &self,
        ends: TensorId,
        [places, changes]: [TensorId; 2],
        i: u32,
        j: u32,
    ) -> Result<i64, Error> {
        let end = |row| self.end(ends, places, row);
        let (mut start, mut end) = (i.checked_sub(1).map_or(Ok(0), end)?, end(i)?);
        let width = self.columns(places);
        while start < end {
            let middle = start + (end - start) / 2;
            let (row, column) = (middle / width, middle % width);
            match self.at(places, row, column)?.cmp(&j.into()) {
                Ordering::Less => start = middle + 1,
                Ordering::Greater => end = middle,
                Ordering::Equal => return self.at(changes, row, column),
            }
        }
        Ok(0)
    }

    /// Where the changes of a row end in the lists.
    fn end(&self, ends: TensorId, places: TensorId, row: u32) -> Result<u32, Error> {
        let have = self.at(ends, 0, row)?;
        let room = self.rows(places).count(self.length) * u64::from(self.columns(places));
        let fits = u32::try_from(have).ok().filter(|end| u64::from(*end) <= room);
        fits.ok_or(Error::Value { tensor: ends, row: 0, column: row, have: have as i32 })
    }
}
