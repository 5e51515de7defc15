//! What those get out of a period's budget who serve models.
//!
//! It is shared in proportion to what requesters paid and nobody of the trade got back, and is
//! never all of that: whoever is both sides of a trade loses by it. It loses also if it guards as
//! well, and is paid for looking at its own work: so the more guards are paid for that, the less
//! a grant may be.

use crate::{
    id::Amount,
    settlement::Shares,
    share::{mul_div, of, Ppm, WHOLE},
};

/// No grant is more than this share of what was paid for good, whatever governance says.
pub const MOST_GRANT: Ppm = 800_000;

/// What points for validators give back at most of what was paid for good: they count what no
/// grant gives back, and are worth no more than half of what they cost.
pub const MOST_POINTS: Ppm = 100_000;

/// A dealer is reckoned with who has one of so many parts of what guards are paid.
pub const GUARDED: u32 = 3;

/// What is lost at least, of what was paid for good, where all that may come back does so.
const MARGIN: Ppm = 10_000;

/// What decides how much comes back to whoever deals with itself, beside a grant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dealing {
    /// How many results guards look at and are paid for.
    pub audited: Ppm,
    /// What is paid for good at least, of what a worker is offered.
    pub lost: Ppm,
    /// What points for validators give back at most, of what is paid for good.
    pub points: Ppm,
}

impl Dealing {
    /// By the shares of a reward and the fee's share of it. The fixed part of a fee comes on top.
    pub fn of(audited: Ppm, shares: &Shares, fee: Ppm) -> Self {
        // A model's author may be the dealer, and has all that is neither of the others'.
        let treasury = shares.treasury.min(WHOLE.saturating_sub(shares.provider));
        Self { audited, lost: treasury.saturating_add(fee), points: MOST_POINTS }
    }

    /// The most that guards may get together for a result, of what its worker was offered: beyond
    /// that a dealer who has its part of it gains without any grant.
    pub fn most_pay(&self) -> Ppm {
        let most = u128::from(self.lost).saturating_mul(GUARDED.into());
        let pay = mul_div(most, self.returns().into(), self.audited.min(WHOLE).into());
        pay.and_then(|pay| Ppm::try_from(pay).ok()).unwrap_or(Ppm::MAX)
    }

    /// The most that grants may be of what is paid for good, where guards get so much.
    pub fn most_grant(&self, pay: Ppm) -> Ppm {
        let paid = u128::from(self.audited.min(WHOLE)).saturating_mul(pay.into());
        let lost = u128::from(self.lost).saturating_mul(GUARDED.into());
        // Rounded up, so that what is left for grants is rounded down.
        let taken = match paid {
            0 => Some(0),
            _ => paid.saturating_add(lost.saturating_sub(1)).checked_div(lost),
        };
        let taken = taken.and_then(|taken| Ppm::try_from(taken).ok()).unwrap_or(Ppm::MAX);
        self.returns().saturating_sub(taken).min(MOST_GRANT)
    }

    /// What may come back as a grant and to guards together.
    fn returns(&self) -> Ppm {
        WHOLE.saturating_sub(self.points).saturating_sub(MARGIN)
    }
}

/// The most that guards may get together for a result that workers disagreed about, of what each was
/// offered. Beyond that a dealer has workers of its own contradict each other, loses what the
/// outvoted one does of its bond, and gains by its part of the guards' pay. That bond is at least so
/// large that its share `cover` is what was offered.
pub fn most_pay_for_disputes(outvoted: Ppm, cover: Ppm) -> Ppm {
    let most = u128::from(outvoted.min(WHOLE)).saturating_mul(GUARDED.into());
    let pay = mul_div(most, WHOLE.saturating_sub(MARGIN).into(), cover.into());
    pay.and_then(|pay| Ppm::try_from(pay).ok()).unwrap_or(Ppm::MAX)
}

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
