//! Bytes, read as choices.

use arbitrary::Unstructured;

/// Choices that bytes make. Where there are no more of them, the first choice is taken.
pub(crate) struct Dice<'a> {
    bytes: Unstructured<'a>,
    /// Nothing wild is chosen.
    tame: bool,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: Unstructured::new(bytes), tame: false }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number from `least` to `most`.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        self.bytes.int_in_range(least..=most).unwrap_or(least)
    }

    /// A number below a count.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.bytes.int_in_range(0..=count.saturating_sub(1)).unwrap_or(0)
    }

    /// What happens once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// The usual, or once in sixteen times something wild.
    pub(crate) fn usually<T: Clone>(&mut self, usual: T, wild: &[T]) -> T {
        if !self.tame && self.once_in(16) {
            self.one(wild)
        } else {
            usual
        }
    }

    /// One of the usual, or once in sixteen times something wild.
    pub(crate) fn mostly<T: Clone>(&mut self, usual: &[T], wild: &[T]) -> T {
        let usual = self.one(usual);
        self.usually(usual, wild)
    }

    /// Chooses all that belongs to one thing. What has many parts would hardly ever be right if
    /// each could be wild, so that none is but once in four times.
    pub(crate) fn sensibly<R>(&mut self, choose: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.tame;
        self.tame |= !self.once_in(4);
        let chosen = choose(self);
        self.tame = before;
        chosen
    }

    /// Which of several things to do, each as likely as its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(usize, T)]) -> T {
        let all = choices.iter().map(|(weight, _)| weight).sum();
        let mut point = self.below(all);
        for (weight, choice) in choices {
            if point < *weight {
                return *choice;
            }
            point -= weight;
        }
        unreachable!("the point lies below the sum of all weights")
    }
}
