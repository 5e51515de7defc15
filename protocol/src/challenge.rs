//! Capability challenges: what three providers are asked at once, and what is made of what they
//! answer.

pub mod work;

use crate::{
    id::{Digest, Height, ProviderId, Seed},
    job::JobKind,
    profile::DeviceClass,
    wire::wire,
};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};

/// Providers in a challenge.
pub const MEMBERS: u32 = 3;
/// Members who have to give the same answer for it to stand.
pub const AGREEING: usize = 2;

/// Units a second that a device of the class has to do, where governance says nothing else. Low,
/// until devices of each class have been measured.
pub const fn initial_floor(class: DeviceClass) -> u64 {
    match class {
        DeviceClass::Cpu => 0,
        DeviceClass::SmallGpu => 200_000_000_000,
        DeviceClass::Gpu => 1_000_000_000_000,
        DeviceClass::LargeGpu => 2_000_000_000_000,
        DeviceClass::Accelerator => 8_000_000_000_000,
    }
}

wire! {
    /// A job that three providers were given at once.
    pub struct Challenge {
        /// What the members were drawn as, which the size of the job follows from.
        pub class: DeviceClass,
        /// How much work the job is.
        pub units: u64,
        /// What the job is about.
        pub seed: Seed,
        pub handed_out: Moment,
        /// The last height to commit at.
        pub commit_by: Height,
        pub stage: Stage,
        /// The last height of the stage.
        pub due: Height,
        pub members: BoundedVec<Member, ConstU32<MEMBERS>>,
    }

    /// A block, by both ways of counting.
    #[derive(Copy)]
    pub struct Moment {
        /// The market's time.
        pub height: Height,
        /// The number of the block, which goes on while the market's time stands still.
        pub block: u32,
    }

    /// What a challenge waits for.
    #[derive(Copy)]
    pub enum Stage {
        /// Members work, and commit to their answers.
        #[codec(index = 0)]
        Commits,
        /// Nobody can commit any more, so answers may be known.
        #[codec(index = 1)]
        Reveals,
    }

    /// One of the challenged.
    pub struct Member {
        pub provider: ProviderId,
        /// One of the kinds it offers, in whose record it is noted whether it was there.
        pub kind: JobKind,
        pub progress: Progress,
    }

    /// How far a member is.
    #[derive(Copy)]
    pub enum Progress {
        #[codec(index = 0)]
        Working,
        #[codec(index = 1)]
        Committed {
            commitment: Digest,
            /// Blocks from handing out to the commitment; none if the clock stood in between.
            latency: Option<Height>,
        },
        #[codec(index = 2)]
        Revealed { answer: Digest, latency: Option<Height> },
    }

    /// What a challenge found out about a member.
    #[derive(Copy)]
    pub enum Outcome {
        /// It gave the answer that stands, at so many units a block; none if the clock stood
        /// meanwhile, which says nothing of its hardware.
        #[codec(index = 0)]
        Agreed { throughput: Option<u64> },
        /// It gave another answer than the two that were equal.
        #[codec(index = 1)]
        Disagreed,
        /// It did not commit, or did not reveal.
        #[codec(index = 2)]
        Silent,
        /// It did its part, and no two answers were equal.
        #[codec(index = 3)]
        Unjudged,
    }
}

impl Moment {
    /// Blocks from then to `now`, at least one; none if the clock stood in between: who works
    /// meanwhile cannot say so, and would seem faster or slower than it is.
    pub fn latency(&self, now: &Self) -> Option<Height> {
        let heights = now.height.saturating_sub(self.height);
        let blocks = now.block.saturating_sub(self.block);
        (heights == blocks).then_some(heights.max(1))
    }
}

impl Challenge {
    pub fn member(&self, provider: ProviderId) -> Option<&Member> {
        self.members.iter().find(|member| member.provider == provider)
    }

    pub fn member_mut(&mut self, provider: ProviderId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.provider == provider)
    }

    /// How many have committed, whether they have revealed or not.
    pub fn committed(&self) -> usize {
        self.count(|progress| !matches!(progress, Progress::Working))
    }

    /// How many have committed and not yet revealed.
    pub fn hidden(&self) -> usize {
        self.count(|progress| matches!(progress, Progress::Committed { .. }))
    }

    fn count(&self, counts: fn(&Progress) -> bool) -> usize {
        self.members.iter().filter(|member| counts(&member.progress)).count()
    }

    /// What can be said of the hardware of a member that gave no right answer: had it done so in the
    /// last moment, it would be this fast. None where there was no time.
    pub fn slowest(&self) -> Option<u64> {
        let given = self.commit_by.saturating_sub(self.handed_out.height);
        self.units.checked_div(given.into())
    }

    /// The answer that enough members gave.
    pub fn standing(&self) -> Option<Digest> {
        let answers: Vec<Digest> = self
            .members
            .iter()
            .filter_map(|member| match member.progress {
                Progress::Revealed { answer, .. } => Some(answer),
                Progress::Working | Progress::Committed { .. } => None,
            })
            .collect();
        let equal = |answer: &Digest| answers.iter().filter(|other| *other == answer).count();
        answers.iter().find(|answer| equal(answer) >= AGREEING).copied()
    }

    /// What the challenge says of a member, when it is over.
    pub fn outcome(&self, member: &Member, standing: Option<Digest>) -> Outcome {
        match (member.progress, standing) {
            (Progress::Revealed { answer, latency }, Some(standing)) if answer == standing => {
                let throughput = latency.and_then(|blocks| self.units.checked_div(blocks.into()));
                Outcome::Agreed { throughput }
            }
            (Progress::Revealed { .. }, Some(_)) => Outcome::Disagreed,
            (Progress::Revealed { .. }, None) => Outcome::Unjudged,
            // Too few committed, so there was nothing to reveal.
            (Progress::Committed { .. }, _) if self.stage == Stage::Commits => Outcome::Unjudged,
            (Progress::Committed { .. } | Progress::Working, _) => Outcome::Silent,
        }
    }
}

/// What a measurement counts for. Of a class it takes two in a row under its floor to lose it:
/// the first one leaves a provider at the bare floor, which is how it is remembered.
pub fn counted(measured: u64, known: Option<u64>, floor: u64) -> u64 {
    let doubted = known.is_some_and(|known| known <= floor);
    if measured < floor && !doubted {
        floor
    } else {
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counted_should_take_a_class_only_the_second_time(
            floor in 1..u64::MAX, weak: u64, weaker: u64, known: Option<u64>,
        ) {
            let (weak, weaker) = (weak % floor, weaker % floor);
            let first = counted(weak, known.filter(|known| *known > floor), floor);
            prop_assert_eq!(first, floor);
            prop_assert_eq!(counted(weaker, Some(first), floor), weaker);
        }

        #[test]
        fn counted_should_believe_what_reaches_the_floor(
            floor: u64, above: u64, known: Option<u64>,
        ) {
            let measured = floor.saturating_add(above);
            prop_assert_eq!(counted(measured, known, floor), measured);
        }
    }

    #[test]
    fn latency_should_count_blocks_unless_the_clock_stood() {
        let begun = Moment { height: 10, block: 110 };
        let at = |height, block| begun.latency(&Moment { height, block });
        assert_eq!(at(10, 110), Some(1));
        assert_eq!(at(11, 111), Some(1));
        assert_eq!(at(25, 125), Some(15));
        assert_eq!(at(25, 126), None);
        assert_eq!(at(10, 111), None);
    }

    fn answered(answers: &[Option<u8>]) -> Challenge {
        let member = |(nth, answer): (usize, &Option<u8>)| Member {
            provider: ProviderId(nth as u64),
            kind: JobKind::Infer,
            progress: answer.map_or(Progress::Working, |answer| Progress::Revealed {
                answer: [answer; 32],
                latency: Some(4),
            }),
        };
        let members: Vec<_> = answers.iter().enumerate().map(member).collect();
        Challenge {
            class: DeviceClass::Gpu,
            units: 1_000,
            seed: [0; 32],
            handed_out: Moment { height: 1, block: 1 },
            commit_by: 41,
            stage: Stage::Reveals,
            due: 51,
            members: members.try_into().unwrap(),
        }
    }

    #[test]
    fn outcome_should_follow_two_equal_answers() {
        let outcomes = |answers: &[Option<u8>]| {
            let challenge = answered(answers);
            let standing = challenge.standing();
            let of = |member| challenge.outcome(member, standing);
            challenge.members.iter().map(of).collect::<Vec<_>>()
        };
        let agreed = Outcome::Agreed { throughput: Some(250) };
        assert_eq!(outcomes(&[Some(1), Some(1), Some(1)]), [agreed; 3]);
        let odd = [Outcome::Disagreed, agreed, agreed];
        assert_eq!(outcomes(&[Some(2), Some(1), Some(1)]), odd);
        assert_eq!(outcomes(&[None, Some(1), Some(1)]), [Outcome::Silent, agreed, agreed]);
        assert_eq!(outcomes(&[Some(1), Some(2), Some(3)]), [Outcome::Unjudged; 3]);
        let lone = [Outcome::Silent, Outcome::Unjudged, Outcome::Unjudged];
        assert_eq!(outcomes(&[None, Some(1), Some(2)]), lone);
    }

    #[test]
    fn slowest_should_be_what_the_last_moment_would_prove() {
        let challenge = answered(&[]);
        assert_eq!(challenge.slowest(), Some(25));
        assert_eq!(Challenge { commit_by: 1, ..challenge }.slowest(), None);
    }
}
