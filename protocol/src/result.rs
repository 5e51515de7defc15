//! What comes back.

use crate::{
    id::{BlockId, ContentId, Digest, EngineId, ProviderId, TaskId},
    job::{Inline, JobKind},
    preimage::Statement,
    share::Ppm,
    wire::wire,
};
use bounded_collections::{BoundedVec, ConstU32};

/// Numbers in a fingerprint at most.
pub const FINGERPRINT_VALUES: u32 = 64;
/// How far apart fingerprints of honest float engines are taken to be at most: what to ask for
/// under Tolerance where nothing better is known. The engine's tests hold it well above what honest
/// ones differ by, and well below what a cheaper model comes to.
pub const WITHIN: Ppm = 1_000;

wire! {
    pub enum Output {
        #[codec(index = 0)]
        Inline(Inline),
        #[codec(index = 1)]
        Artifact { id: ContentId, bytes: u64 },
    }

    /// Numbers over fixed inputs, from which honest float engines differ a little.
    pub struct Fingerprint(pub BoundedVec<i32, ConstU32<FINGERPRINT_VALUES>>);

    /// A worker's result, as it is revealed.
    pub struct Answer {
        pub engine: EngineId,
        pub output: Output,
        /// For the policy Tolerance.
        pub fingerprint: Option<Fingerprint>,
        /// Units of work done, at most the job's.
        pub units: u64,
    }

    /// What a worker signs for work outside a task.
    pub struct Receipt {
        pub provider: ProviderId,
        pub task: Option<TaskId>,
        pub kind: JobKind,
        pub model: Option<BlockId>,
        pub engine: EngineId,
        pub input: Digest,
        pub output: Digest,
        pub units: u64,
    }
}

impl Statement for Answer {
    const TAG: &'static str = "cairn/answer";
}

impl Statement for Receipt {
    const TAG: &'static str = "cairn/receipt";
}

impl Answer {
    /// Whether the same was computed, by the same engine.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.engine == other.engine && self.output == other.output && self.units == other.units
    }

    /// The digest of what is compared between workers: all of it but the fingerprint, which two
    /// who computed the same need not both give.
    pub fn gist(&self, genesis: &Digest) -> Digest {
        Self { fingerprint: None, ..self.clone() }.digest(genesis)
    }
}

impl Fingerprint {
    /// The largest difference between two values, in parts per million of the largest value of
    /// either; none where they cannot be compared.
    pub fn distance(&self, other: &Self) -> Option<u64> {
        if self.0.is_empty() || self.0.len() != other.0.len() {
            return None;
        }
        let pairs = || self.0.iter().zip(&other.0);
        let scale = pairs().map(|(a, b)| a.unsigned_abs().max(b.unsigned_abs())).max()?;
        let widest = pairs().map(|(a, b)| a.abs_diff(*b)).max()?;
        if widest == 0 {
            return Some(0);
        }
        u64::from(widest).checked_mul(1_000_000)?.checked_div(scale.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn fingerprint(values: &[i32]) -> Fingerprint {
        Fingerprint(BoundedVec::truncate_from(values.to_vec()))
    }

    #[test]
    fn distance_should_be_none_when_shapes_differ() {
        assert_eq!(fingerprint(&[1]).distance(&fingerprint(&[1, 2])), None);
        assert_eq!(fingerprint(&[]).distance(&fingerprint(&[])), None);
    }

    #[test]
    fn distance_should_be_relative_to_the_largest_value() {
        assert_eq!(fingerprint(&[1_000, -5]).distance(&fingerprint(&[999, -5])), Some(1_000));
        assert_eq!(fingerprint(&[0, 0]).distance(&fingerprint(&[0, 0])), Some(0));
        let far = fingerprint(&[i32::MIN]).distance(&fingerprint(&[i32::MAX]));
        assert_eq!(far, Some(1_999_999));
    }

    #[test]
    fn gist_should_be_equal_when_the_same_is_said() {
        let answer = |output: u8, units, print: Option<i32>| Answer {
            engine: EngineId([1; 32]),
            output: Output::Inline(BoundedVec::truncate_from(vec![output])),
            fingerprint: print.map(|value| fingerprint(&[value])),
            units,
        };
        let plain = answer(1, 1, None);
        for other in [answer(1, 1, Some(3)), answer(2, 1, None), answer(1, 2, Some(3))] {
            let same = plain.gist(&[0; 32]) == other.gist(&[0; 32]);
            assert_eq!(same, plain.says_the_same(&other));
        }
    }

    proptest! {
        #[test]
        fn distance_should_be_symmetric_and_zero_to_itself(
            pairs in prop::collection::vec(any::<(i32, i32)>(), 1..64),
        ) {
            let (a, b): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
            let (a, b) = (fingerprint(&a), fingerprint(&b));
            prop_assert_eq!(a.distance(&b), b.distance(&a));
            prop_assert_eq!(a.distance(&a), Some(0));
        }
    }
}
