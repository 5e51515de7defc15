//! What those get out of a period's budget who serve models.
//!
//! It is shared in proportion to what requesters paid and nobody of the trade got back, and is
//! never all of that: whoever is both sides of a trade loses by it.

use crate::{
    id::Amount,
    share::{mul_div, of, Ppm, WHOLE},
};

/// No grant is more than this share of what was paid for good, whatever governance says.
pub const MOST_GRANT: Ppm = 800_000;

/// What a provider's fees count for: half to one and a half times, by its standing.
pub fn weight(fees: Amount, standing: Ppm) -> Amount {
    let factor = (WHOLE / 2).saturating_add(standing.min(WHOLE));
    mul_div(fees, factor.into(), WHOLE.into()).unwrap_or(Amount::MAX)
}

/// A provider's part of a pool: as its weight is to all `weights`, and no more than a share of
/// its own fees.
pub fn grant(pool: Amount, weight: Amount, weights: Amount, fees: Amount, most: Ppm) -> Amount {
    let part = mul_div(pool, weight.min(weights), weights).unwrap_or(0);
    part.min(of(most.min(MOST_GRANT), fees))
}

#[cfg(test)]
mod tests;
