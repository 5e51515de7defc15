//! How far a model has come on the set that it is judged on.
//!
//! Its quality is which share of what it lost at first, beyond what nobody can lose less than, it
//! loses no more. It is a function of three numbers that the chain has: two losses that panels agreed
//! on, and a floor that governance stated.
//!
//! It says how much better a model got, and not how good it is:
//!
//! - The model's author chooses the set, among those that anyone may register, and a set can be easy.
//!   What is measured is on that set alone, and begins anew on another one.
//! - A model that was good at first has little to gain, and one that was published bad has much. Two
//!   models that are not judged on one set cannot be compared, nor two that began apart.
//! - Where nobody knows a floor no model reaches the whole: what cannot be learnt stays in it.
//! - Losses are of samples, so that it moves a little with the luck of each; and they are from the last
//!   time that a delta was laid, whatever was published or taken off since.

use crate::share::{ratio, Ppm};

/// Which share of the way from the first loss to the floor is behind, rounded down; to zero where
/// nobody knows a floor. None where the first loss is not above the floor: there is no way then.
pub fn quality(first: u64, last: u64, floor: Option<u64>) -> Option<Ppm> {
    let way = first.checked_sub(floor.unwrap_or(0)).filter(|way| *way > 0)?;
    Some(ratio(first.saturating_sub(last).into(), way.into()))
}

#[cfg(test)]
mod tests;
