//! How a provider's record is kept, and what it is worth.
//!
//! A [`Record`] holds three dimensions of one provider at one kind of job, each an [`Average`] of
//! what was seen of late. A reading mixes the average with the prior that a newcomer has, by the
//! weight of the evidence behind it:
//!
//! ```text
//! reading  = (prior · inertia + mean · weight) / (inertia + weight)
//!
//! right:     weight ─▶ weight · (1 − 1/window) + 1          mean moves up
//! wrong:     weight ─▶ weight · (1 − f/window) + f          mean moves down, f = fault weight
//! idle:      weight ─▶ weight / 2 every half-life           mean stays, reading nears the prior
//!
//! standing = min(accuracy, weighted mean of accuracy, timeliness and availability)
//! ```
//!
//! # Why this is hard to play
//!
//! With p, K, N and f for prior, inertia, window and fault weight; the examples take p = ½,
//! K = 8, N = 64, f = 4 and equal weights.
//!
//! - **A new name.** Idle evidence loses weight and nothing else, so a reading nears the prior
//!   from its own side and never crosses it: whoever was right at least as often as the prior
//!   says is at no time worse off than a newcomer. A bad record is shed by a new registration,
//!   or by waiting, up to the newcomer's prior and no further; the first costs another bond, the
//!   second a bond that earns nothing meanwhile.
//! - **One lucky task** makes a newcomer at most (pK + 1)/(K + 1), 556,000 ppm; no record reaches
//!   more than (pK + N)/(K + N), 944,000 ppm.
//! - **Being there without working.** Standing is never above accuracy, and accuracy comes from
//!   judged results alone. Heartbeats and punctuality keep what right results earn; they add
//!   nothing to it. Nor does evidence of one dimension make another one more certain.
//! - **Answering only what is easy.** Silence is late and absent. At equal weights, whoever is
//!   silent every other time stands below a newcomer, though every answer be right.
//! - **A good record, then fraud.** Memory is short, however long the record: a fault takes f/N of
//!   all that was earned, and f right results do not earn it back. From the best possible record,
//!   eleven faults in a row lead below the newcomer.
//! - **Taking turns.** As a fault weighs as f right results, who alternates is read as right once
//!   in f + 1 times, far below the prior. At p = ½ about f in f + 1 results have to be right to
//!   stand with a newcomer.

mod average;
#[cfg(test)]
mod tests;

pub use average::{Average, PIECE};

use crate::{
    id::Height,
    share::{Ppm, WHOLE},
    wire::wire,
};

/// What was seen of a provider in one piece of work; what was not seen says nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Observation {
    /// Its result was judged right or wrong.
    pub accurate: Option<bool>,
    /// It was in time or late.
    pub timely: Option<bool>,
    /// It was there when called, or not.
    pub available: Option<bool>,
}

wire! {
    /// How records are weighed. Every value is taken: what makes no sense counts as the nearest
    /// one that does.
    #[derive(Copy)]
    pub struct Rules {
        /// What a newcomer is taken for; more than the whole counts as the whole.
        pub prior: Ppm,
        /// How many right results the prior weighs; zero counts as one.
        pub inertia: u16,
        /// How many right results an average remembers; zero counts as one.
        pub window: u16,
        /// How many right results a fault weighs; more than the window counts as the window.
        pub fault_weight: u16,
        /// Blocks in which evidence loses half its weight; zero counts as one.
        pub half_life: Height,
        pub weights: Weights,
    }

    /// What each dimension counts for in the standing, relative to the others; where all are
    /// zero, accuracy alone counts.
    #[derive(Copy)]
    pub struct Weights {
        pub accuracy: u16,
        pub timeliness: u16,
        pub availability: u16,
    }

    /// What is known of one provider at one kind of job; a newcomer's is the default.
    #[derive(Copy, Default)]
    pub struct Record {
        pub accuracy: Average,
        pub timeliness: Average,
        pub availability: Average,
    }

    /// A record as it reads at some height.
    #[derive(Copy)]
    pub struct Score {
        pub accuracy: Ppm,
        pub timeliness: Ppm,
        pub availability: Ppm,
        /// What matching weighs.
        pub standing: Ppm,
        /// How many right results the evidence on accuracy weighs, to the nearest.
        pub volume: u32,
    }
}

impl Observation {
    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Weights {
    /// The mean of three readings, rounded down; none where nothing has weight.
    fn mean(&self, accuracy: Ppm, timeliness: Ppm, availability: Ppm) -> Option<Ppm> {
        let terms = [
            (self.accuracy, accuracy),
            (self.timeliness, timeliness),
            (self.availability, availability),
        ];
        let total: u64 = terms.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let sum = terms.iter().fold(0u64, |sum, (weight, reading)| {
            sum.saturating_add(u64::from(*weight).saturating_mul((*reading).into()))
        });
        sum.checked_div(total).and_then(|mean| Ppm::try_from(mean).ok())
    }
}

impl Record {
    /// The record after a piece of work. A dimension that was not seen stays as it is.
    #[must_use]
    pub fn observed(&self, observation: Observation, rules: &Rules, now: Height) -> Self {
        let step = |average: &Average, seen: Option<bool>| match seen {
            Some(right) => average.observed(right, rules, now),
            None => *average,
        };
        Self {
            accuracy: step(&self.accuracy, observation.accurate),
            timeliness: step(&self.timeliness, observation.timely),
            availability: step(&self.availability, observation.available),
        }
    }

    /// The record with the weight that its evidence has at some height. Reading does not need it:
    /// every reading starts from what was stored.
    #[must_use]
    pub fn faded(&self, rules: &Rules, now: Height) -> Self {
        Self {
            accuracy: self.accuracy.faded(rules, now),
            timeliness: self.timeliness.faded(rules, now),
            availability: self.availability.faded(rules, now),
        }
    }

    /// What the record is worth at some height.
    pub fn score(&self, rules: &Rules, now: Height) -> Score {
        let accuracy = self.accuracy.reading(rules, now);
        let timeliness = self.timeliness.reading(rules, now);
        let availability = self.availability.reading(rules, now);
        let mean = rules.weights.mean(accuracy, timeliness, availability).unwrap_or(accuracy);
        Score {
            accuracy,
            timeliness,
            availability,
            standing: accuracy.min(mean),
            volume: self.accuracy.pieces(rules, now),
        }
    }

    /// What matching weighs: all that is known of the provider at this kind, in one number.
    pub fn standing(&self, rules: &Rules, now: Height) -> Ppm {
        self.score(rules, now).standing
    }

    /// When something was last seen.
    pub fn updated(&self) -> Height {
        self.accuracy.updated.max(self.timeliness.updated).max(self.availability.updated)
    }

    /// Whether no dimension holds more evidence than any window allows.
    pub fn is_bounded(&self) -> bool {
        [&self.accuracy, &self.timeliness, &self.availability].into_iter().all(Average::is_bounded)
    }
}

impl Rules {
    fn prior(&self) -> u128 {
        self.prior.min(WHOLE).into()
    }

    fn inertia(&self) -> u64 {
        u64::from(self.inertia.max(1)).saturating_mul(PIECE)
    }

    fn window(&self) -> u64 {
        self.window.max(1).into()
    }

    /// How many right results weigh as much.
    fn pieces(&self, right: bool) -> u64 {
        if right {
            1
        } else {
            u64::from(self.fault_weight).min(self.window())
        }
    }
}
