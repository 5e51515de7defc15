//! Committees of guards: who is on them, and what they come to.

use crate::{
    id::{BlockId, DeltaId, ProviderId, Seed},
    learning::evaluation::Opinion,
    matching::by_bond,
    profile::Candidate,
    share,
    wire::wire,
};
use alloc::vec::Vec;

/// Guards of one panel.
pub const MOST_GUARDS: u8 = 9;
/// An opinion that one guard alone has decides nothing.
const LEAST_AGREED: usize = 2;

wire! {
    /// What a panel judges.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Case {
        /// Whether a delta is better than what it is laid on.
        #[codec(index = 0)]
        Delta(DeltaId),
        /// What a model gained in a period, on a set that nobody knew then.
        #[codec(index = 1)]
        Sealed {
            model: BlockId,
            period: u32,
            /// Which of the period's sets.
            set: u8,
        },
    }

    /// What comes of a case.
    #[derive(Copy)]
    pub enum Outcome {
        #[codec(index = 0)]
        Decided(Opinion),
        /// The largest panel there is had no opinion of its own.
        #[codec(index = 1)]
        Divided,
        /// There were too few guards.
        #[codec(index = 2)]
        NobodyFit,
    }

    /// How panels are drawn.
    #[derive(Copy)]
    pub struct PanelRules {
        /// Guards at first.
        pub guards: u8,
        /// Guards in the end, where they do not agree; at most [`MOST_GUARDS`].
        pub most: u8,
        /// How many are looked at for a draw.
        pub sample: u8,
        /// How often guards are drawn again where too few are fit, or some are silent.
        pub again: u8,
    }
}

/// What opinions come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tally {
    Decided(Opinion),
    Divided,
}

/// `count` of a field, drawn by bond times reputation; fewer where there are fewer. Of the
/// registrations of one party, the first drawn stands for all.
pub fn choose<Party: PartialEq>(
    mut field: Vec<(Party, Candidate)>,
    count: u8,
    seed: &Seed,
) -> Vec<ProviderId> {
    for (_, candidate) in &mut field {
        candidate.bond = share::of(candidate.reputation, candidate.bond);
    }
    by_bond(field.iter().collect(), count, seed)
}

/// How many of so many have to say the same: two thirds, and two at the least.
pub fn needed(panel: usize) -> usize {
    panel.saturating_mul(2).div_ceil(3).max(LEAST_AGREED)
}

/// What a panel of so many guards comes to: what [enough](needed) of it say.
pub fn tally(opinions: &[Opinion], panel: u8) -> Tally {
    let enough = needed(opinions.len().max(panel.into()));
    let agree = |one: &Opinion| opinions.iter().filter(|other| *other == one).count();
    let decided = opinions.iter().find(|one| agree(one) >= enough);
    decided.map_or(Tally::Divided, |opinion| Tally::Decided(*opinion))
}

/// How many guards there are after a panel of `size` was divided; none where it is not enlarged.
pub fn larger(size: u8, most: u8) -> Option<u8> {
    size.checked_add(2).filter(|larger| *larger <= most.min(MOST_GUARDS))
}

/// Those who say something else than what was decided. Nobody is punished for that; they are not
/// paid.
pub fn dissenters(opinions: &[(ProviderId, Opinion)], decided: &Opinion) -> Vec<ProviderId> {
    let differ = opinions.iter().filter(|(_, opinion)| opinion != decided);
    differ.map(|(guard, _)| *guard).collect()
}

#[cfg(test)]
mod tests;
