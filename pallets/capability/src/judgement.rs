//! What challenges find out, and who hears of it.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{id::ProviderId, reputation::Observation};
use cairn_seams::{Registry, Reputation};

const fn seen(available: bool) -> Observation {
    Observation { accurate: None, timely: None, available: Some(available) }
}

impl<T: Config> Pallet<T> {
    /// Everyone who committed has revealed, or the time is over. Nothing is kept.
    pub(crate) fn judge(id: ChallengeId, challenge: &Challenge) {
        Challenges::<T>::remove(id);
        Self::unschedule(id);
        let answer = challenge.standing();
        let outcomes: Vec<(ProviderId, Outcome)> = challenge
            .members
            .iter()
            .map(|member| {
                let outcome = challenge.outcome(member, answer);
                Self::report(challenge, member, outcome);
                (member.provider, outcome)
            })
            .collect();
        Self::deposit_event(Event::Judged { challenge: id, answer, outcomes });
    }

    fn report(challenge: &Challenge, member: &Member, outcome: Outcome) {
        let provider = member.provider;
        if member.progress == Progress::Working {
            T::Registry::end_work(provider);
        }
        match outcome {
            Outcome::Agreed { throughput } => {
                T::Reputation::observe(provider, member.kind, seen(true));
                if let Some(measured) = throughput {
                    Self::measure(challenge, provider, measured);
                }
            }
            Outcome::Silent => {
                T::Reputation::observe(provider, member.kind, seen(false));
                Self::fail(challenge, provider);
            }
            // It was there. Whether it was wrong only the two others say, who may be one party.
            Outcome::Disagreed => Self::fail(challenge, provider),
            Outcome::Unjudged => {}
        }
        T::Registry::disengage(provider);
    }

    /// It gets no work until its next heartbeat. And as silence must not keep a class that an answer
    /// would lose, its hardware counts as no faster than the slowest that could have answered.
    fn fail(challenge: &Challenge, provider: ProviderId) {
        T::Measured::note_missed(provider);
        let floor = T::Measured::floor(challenge.class);
        if let Some(slowest) = challenge.slowest().filter(|slowest| *slowest < floor) {
            // Nor must silence make it seem faster than it is known to be.
            let known = T::Measured::throughput(provider).unwrap_or(slowest);
            Self::measure(challenge, provider, slowest.min(known));
        }
    }

    fn measure(challenge: &Challenge, provider: ProviderId, measured: u64) {
        let known = T::Measured::throughput(provider);
        let floor = T::Measured::floor(challenge.class);
        T::Measured::note_throughput(provider, counted(measured, known, floor));
    }
}
