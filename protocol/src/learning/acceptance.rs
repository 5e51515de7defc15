//! Whether a delta is better, or was lucky.
//!
//! Each example is measured twice, before and after, and what is looked at is the difference beyond
//! the threshold, e. With D the sum of all e, Q the sum of their squares and n their number, the
//! mean of e lies t deviations of itself over zero:
//!
//! ```text
//! t² = D² · (n − 1) / (n·Q − D²)          passes where D > 0 and t² ≥ k² = 9 + 2·ln(1 + attempts)
//! ```
//!
//! Whoever tries often is lucky once. So more is asked for with each candidate that was judged
//! against the same head: the chance that any of them is lucky stays about that of the first.

use crate::{
    learning::{
        evaluation::{Evaluation, Moments},
        logarithm::{log2, FRACTION, SLACK},
        sample::LEAST,
    },
    share::WHOLE,
};
use primitive_types::U256;

/// Bits after the point of [`patience`].
pub const PATIENCE_FRACTION: u32 = 16;
/// Three deviations, squared.
const FIRST: u64 = 9;
/// 2 · ln 2 · 2¹⁶, rounded up.
const TWICE: u128 = 99_893_036_290_645_748;
/// Bits after its point.
const TWICE_FRACTION: u32 = 40;

/// By how many deviations, squared, a delta has to be better after so many were judged:
/// 9 + 2·ln(1 + attempts) in units of 2⁻¹⁶, rounded up.
pub fn patience(attempts: u32) -> u64 {
    let first = FIRST << PATIENCE_FRACTION;
    if attempts == 0 {
        return first;
    }
    // 65 and 57 bits multiply.
    let log = log2(u64::from(attempts).saturating_add(1)).saturating_add(SLACK);
    let more = log.saturating_mul(TWICE).div_ceil(1 << (FRACTION + TWICE_FRACTION));
    first.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
}

/// Whether a delta passes after so many were judged against the same head. Numbers that no sample
/// has do not pass.
pub fn passes(evaluation: &Evaluation, attempts: u32) -> bool {
    evaluation.sum > 0
        && evaluation.count >= LEAST
        && stands_out(evaluation, attempts) == Some(true)
}

/// D²(n−1) ≥ k²(nQ − D²); none where it overflows, which no sample brings about.
fn stands_out(evaluation: &Evaluation, attempts: u32) -> Option<bool> {
    let Moments { square, spread } = evaluation.moments()?;
    let others = evaluation.count.checked_sub(1)?;
    let signal =
        square.checked_mul(others.into())?.checked_mul((1u64 << PATIENCE_FRACTION).into())?;
    Some(signal >= spread.checked_mul(patience(attempts).into())?)
}

/// How much examples differ from one another: the variance of e in the units of losses, over the
/// square of the mean loss, in millionths and rounded up. As much as there can be of numbers that
/// no sample has.
pub fn variance(evaluation: &Evaluation) -> u64 {
    let ratio = relative_variance(evaluation).and_then(|ratio| u64::try_from(ratio).ok());
    ratio.unwrap_or(u64::MAX)
}

/// n(nQ − D²) / ((n − 1) · 10⁶ · B²), where B is the sum of losses: of the 10¹² by which squares of
/// e are larger than squares of losses, a million are left.
fn relative_variance(evaluation: &Evaluation) -> Option<U256> {
    let Moments { spread, .. } = evaluation.moments()?;
    let above = spread.checked_mul(evaluation.count.into())?;
    let losses = U256::from(evaluation.baseline);
    let others = evaluation.count.checked_sub(1)?;
    let below =
        losses.checked_mul(losses)?.checked_mul(others.into())?.checked_mul(WHOLE.into())?;
    let (whole, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
    whole.checked_add(u32::from(!rest.is_zero()).into())
}

#[cfg(test)]
mod tests;
