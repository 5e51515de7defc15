//! Who does a job: hard filters, a score, and a draw.
//!
//! One worker: the best score of those sampled. Several: all who pass the filters and a floor of
//! the score are equally good, and a draw weighted by bond decides, so that a majority costs as
//! much bond whether it stands behind one registration or a hundred cheap ones.

use crate::{
    id::{Amount, ProviderId, Seed},
    job::{Requirements, Terms},
    profile::Candidate,
    share::{mul_div, ratio, Ppm, WHOLE},
    wire::wire,
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use core::cmp::Reverse;

/// What a device class above the one asked for takes off the fit.
const CLASS_STEP: Ppm = 200_000;

/// What matching needs to know of a task.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    pub requirements: Requirements,
    pub sealed: bool,
    /// What one worker is paid for a unit.
    pub price: Amount,
    /// What one worker is paid in all, its part of the tip with it.
    pub offered: Amount,
    /// Which share of a worker's bond that may be, at most. It may be more than the whole.
    pub cover: Ppm,
}

wire! {
    /// How much each term counts.
    #[derive(Copy)]
    pub struct Weights {
        pub fit: u16,
        pub reputation: u16,
        pub price: u16,
        pub load: u16,
        pub region: u16,
    }
}

/// Why a candidate cannot do a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unfit {
    Kind,
    Class,
    Memory,
    Compute,
    Throughput,
    Region,
    Reputation,
    Enclave,
    /// It has no payload key, and the task is sealed.
    PayloadKey,
    /// It asks more than is paid.
    Price,
    /// Its bond does not cover what it is offered: a lie could bring it more than it risks.
    Bond,
    /// It works on as many jobs as it can.
    Full,
    /// It scores less than those who are drawn by bond must.
    Score,
}

impl Demand {
    /// What each of `redundancy` workers is offered, and which share of its bond that may be.
    pub fn of(terms: &Terms, redundancy: u8, cover: Ppm) -> Self {
        let part = |sum: Amount| sum.checked_div(redundancy.into()).unwrap_or(0);
        let each = part(terms.reward);
        Self {
            requirements: terms.requirements,
            sealed: terms.seal.is_some(),
            price: each.checked_div(terms.job.units.into()).unwrap_or(each),
            offered: part(terms.reward.saturating_add(terms.tip)),
            cover,
        }
    }

    /// The hard filters.
    pub fn check(&self, candidate: &Candidate) -> Result<(), Unfit> {
        let wanted = &self.requirements;
        let has = &candidate.hardware;
        let price = candidate.price.ok_or(Unfit::Kind)?;
        let filters = [
            (has.class >= wanted.class, Unfit::Class),
            (has.memory_mib >= wanted.memory_mib, Unfit::Memory),
            (has.compute >= wanted.compute, Unfit::Compute),
            (candidate.throughput >= wanted.throughput, Unfit::Throughput),
            (wanted.within.is_none_or(|there| there == candidate.region), Unfit::Region),
            (candidate.reputation >= wanted.reputation, Unfit::Reputation),
            (candidate.enclave || !wanted.enclave, Unfit::Enclave),
            (candidate.sealable || !self.sealed, Unfit::PayloadKey),
            (price <= self.price, Unfit::Price),
            (self.is_covered_by(candidate.bond), Unfit::Bond),
            (candidate.load < has.slots, Unfit::Full),
        ];
        match filters.into_iter().find(|(passes, _)| !passes) {
            Some((_, reason)) => Err(reason),
            None => Ok(()),
        }
    }

    /// Whether a bond is as large as must stand behind what one worker is offered.
    fn is_covered_by(&self, bond: Amount) -> bool {
        // More than can be counted covers everything.
        mul_div(bond, self.cover.into(), WHOLE.into()).is_none_or(|most| self.offered <= most)
    }

    /// What those who are drawn by bond must pass: the filters, and a floor of the score.
    pub fn admits(
        &self,
        candidate: &Candidate,
        weights: &Weights,
        floor: Ppm,
    ) -> Result<(), Unfit> {
        self.check(candidate)?;
        if self.score(candidate, weights) < floor {
            return Err(Unfit::Score);
        }
        Ok(())
    }

    /// How well a candidate that passes the filters suits, as a share of the best there could be.
    pub fn score(&self, candidate: &Candidate, weights: &Weights) -> Ppm {
        let terms = [
            (weights.fit, self.fit(candidate)),
            (weights.reputation, candidate.reputation.min(WHOLE)),
            (weights.price, self.saving(candidate)),
            (weights.load, WHOLE.saturating_sub(share(candidate.load, candidate.hardware.slots))),
            (weights.region, self.nearness(candidate)),
        ];
        // Five products of 16 and 20 bits.
        let sum = |values: [u64; 5]| values.into_iter().fold(0u64, u64::saturating_add);
        let total = sum(terms.map(|(weight, _)| weight.into()));
        let score = sum(terms.map(|(weight, term)| u64::from(weight).saturating_mul(term.into())));
        score.checked_div(total).and_then(|score| Ppm::try_from(score).ok()).unwrap_or(0)
    }

    /// The smallest machine that can do it fits best, so that the large ones stay free.
    fn fit(&self, candidate: &Candidate) -> Ppm {
        let wanted = &self.requirements;
        let steps = (candidate.hardware.class as u32).saturating_sub(wanted.class as u32);
        let class = WHOLE.saturating_sub(steps.saturating_mul(CLASS_STEP));
        let memory = match wanted.memory_mib {
            0 => WHOLE,
            memory => ratio(memory.into(), candidate.hardware.memory_mib.into()),
        };
        class.midpoint(memory)
    }

    fn saving(&self, candidate: &Candidate) -> Ppm {
        let price = candidate.price.unwrap_or(Amount::MAX);
        WHOLE.saturating_sub(ratio(price, self.price.max(1)))
    }

    fn nearness(&self, candidate: &Candidate) -> Ppm {
        match self.requirements.near {
            None => WHOLE,
            Some(near) if near == candidate.region => WHOLE,
            Some(near) if near.area() == candidate.region.area() => WHOLE / 2,
            Some(_) => 0,
        }
    }

    /// The best of those who pass: by score, then by lot, so that nobody gains by a low number.
    pub fn best(&self, field: &[Candidate], weights: &Weights, seed: &Seed) -> Option<ProviderId> {
        field
            .iter()
            .filter(|candidate| self.check(candidate).is_ok())
            .max_by_key(|candidate| {
                let provider = candidate.provider;
                (self.score(candidate, weights), lot(seed, provider, 0), Reverse(provider))
            })
            .map(|candidate| candidate.provider)
    }

    /// `count` of those who pass and reach the floor, drawn by bond; less where there are less.
    /// Of the registrations of one party, the first drawn stands for all.
    pub fn draw<Party: PartialEq>(
        &self,
        field: &[(Party, Candidate)],
        count: u8,
        weights: &Weights,
        floor: Ppm,
        seed: &Seed,
    ) -> Vec<ProviderId> {
        let passes = |candidate: &Candidate| self.admits(candidate, weights, floor).is_ok();
        by_bond(field.iter().filter(|(_, candidate)| passes(candidate)).collect(), count, seed)
    }
}

/// `count` of an urn, drawn by bond; less where there are less. Of the registrations of one
/// party, the first drawn stands for all.
pub fn by_bond<Party: PartialEq>(
    mut urn: Vec<&(Party, Candidate)>,
    count: u8,
    seed: &Seed,
) -> Vec<ProviderId> {
    let mut drawn = Vec::new();
    for nth in 1..=count {
        let Some((party, candidate)) = pick(&urn, seed, nth) else { break };
        drawn.push(candidate.provider);
        urn.retain(|(other, _)| other != party);
    }
    drawn
}

/// One of the urn, with a probability in proportion to its bond.
fn pick<'a, Party>(
    urn: &[&'a (Party, Candidate)],
    seed: &Seed,
    nth: u8,
) -> Option<&'a (Party, Candidate)> {
    // Without a bond at all everyone counts the same; so large that the sum cannot overflow,
    // a bond counts no more.
    let most = Amount::MAX.checked_div(urn.len().max(1) as u128).unwrap_or(Amount::MAX);
    let bond = |candidate: &Candidate| candidate.bond.clamp(1, most);
    let total = urn.iter().fold(0u128, |sum, (_, one)| sum.saturating_add(bond(one)));
    // The remainder favours low numbers by at most total / 2¹²⁸.
    let mut left = lot(seed, ProviderId(0), nth).checked_rem(total)?;
    for entry in urn {
        let bond = bond(&entry.1);
        if left < bond {
            return Some(entry);
        }
        left = left.saturating_sub(bond);
    }
    None
}

/// How likely it is that at least `needed` are fit of so many drawn out of a pool, each at most
/// once; rounded down.
pub fn chance(pool: u64, fit: u64, drawn: u8, needed: u8) -> Ppm {
    /// Finer than a share, since many small parts of it are added up.
    const CERTAIN: u128 = 1_000_000_000_000_000_000;
    let enough = usize::from(needed);
    // How likely it is that as many as the index of those drawn so far are fit; with the last,
    // that there are enough.
    let mut likely = vec![0u128; enough.saturating_add(1)];
    if let Some(none) = likely.first_mut() {
        *none = CERTAIN;
    }
    for taken in 0..u64::from(drawn).min(pool) {
        // Not zero, since fewer are taken than there are; and 60 and 64 bits multiply.
        let left = u128::from(pool.saturating_sub(taken));
        let mut found = 0;
        for (already, part) in (0u64..).zip(likely.iter_mut().take(enough)) {
            let suits = u128::from(fit.saturating_sub(already)).min(left);
            let one_more = part.saturating_mul(suits).checked_div(left).unwrap_or(0);
            *part = part.saturating_sub(one_more).saturating_add(found);
            found = one_more;
        }
        if let Some(part) = likely.last_mut() {
            *part = part.saturating_add(found);
        }
    }
    let part = likely.last().copied().unwrap_or(0);
    mul_div(part, WHOLE.into(), CERTAIN).and_then(|part| Ppm::try_from(part).ok()).unwrap_or(0)
}

/// A number that nobody knows before the seed.
fn lot(seed: &Seed, provider: ProviderId, nth: u8) -> u128 {
    let hash = sp_crypto_hashing::blake2_128(&(b"cairn/lot", seed, provider, nth).encode());
    u128::from_le_bytes(hash)
}

fn share(part: u8, total: u8) -> Ppm {
    ratio(part.into(), total.into())
}

#[cfg(test)]
mod tests;
