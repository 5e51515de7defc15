//! Memory of tensors that are needed no more, for those that come.
//!
//! New memory is had page by page, which takes as long as to fill it.

use super::{matrix::Numbers, Matrix};
use alloc::vec::Vec;

/// So many are kept, which is what operators leave behind before one is of their size.
const MOST: usize = 6;

#[derive(Default)]
pub(super) struct Spare(Vec<Numbers>);

impl Spare {
    pub(super) fn put(&mut self, matrix: Matrix) {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(matrix.into_numbers());
    }

    /// As many numbers, whatever they are: who asks writes them all.
    pub(super) fn narrow(&mut self, len: usize) -> Option<Vec<i16>> {
        let fits = |held: &Numbers| matches!(held, Numbers::Narrow(held) if is_like(held, len));
        match self.0.swap_remove(self.0.iter().position(fits)?) {
            Numbers::Narrow(held) => resized(held, len),
            Numbers::Wide(_) => None,
        }
    }

    pub(super) fn wide(&mut self, len: usize) -> Option<Vec<i32>> {
        let fits = |held: &Numbers| matches!(held, Numbers::Wide(held) if is_like(held, len));
        match self.0.swap_remove(self.0.iter().position(fits)?) {
            Numbers::Wide(held) => resized(held, len),
            Numbers::Narrow(_) => None,
        }
    }
}

/// Whether there is room, and not much more than that.
fn is_like<T>(held: &Vec<T>, len: usize) -> bool {
    (len..=2 * len).contains(&held.capacity())
}

fn resized<T: Clone + Default>(mut held: Vec<T>, len: usize) -> Option<Vec<T>> {
    held.resize(len, T::default());
    Some(held)
}
