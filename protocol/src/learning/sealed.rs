//! What several curators' sets come to.

/// The median of gains; of an even number the lower of the two in the middle, none of none.
pub fn median(gains: &mut [i64]) -> Option<i64> {
    gains.sort_unstable();
    let middle = gains.len().checked_sub(1)? / 2;
    gains.get(middle).copied()
}

#[cfg(test)]
mod tests;
