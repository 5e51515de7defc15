//! Why a job came to nothing.

use crate::wire::wire;
use bounded_collections::{BoundedVec, ConstU32};
use core::fmt;

/// Bytes of a reason in words.
pub const REASON_BYTES: u32 = 128;

/// What went wrong, in words, for whoever asked for the job.
pub type Reason = BoundedVec<u8, ConstU32<REASON_BYTES>>;

wire! {
    /// Why a worker cannot give a result. It is what the worker says; nobody has checked it.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Failure {
        /// The parameters are none of its kind, or out of range.
        #[codec(index = 0)]
        MalformedSpec,
        /// Nobody has an artifact that the job names.
        #[codec(index = 1)]
        MissingArtifact,
        /// An artifact is longer or shorter than was said, or not what its name is the hash of.
        #[codec(index = 2)]
        FalseArtifact,
        /// The model needs more memory than the device has.
        #[codec(index = 3)]
        TooLargeForDevice,
        /// The tokenizer does not belong to the model.
        #[codec(index = 4)]
        TokenizerMismatch,
        /// The model has an operator that the job's engine does not know.
        #[codec(index = 5)]
        UnsupportedOp,
        /// The worker does not have the job's engine.
        #[codec(index = 6)]
        WrongEngine,
        /// The worker's disk has no room for the artifacts.
        #[codec(index = 7)]
        DiskFull,
        /// It was not done by the deadline.
        #[codec(index = 8)]
        OutOfTime,
        /// It needed more memory than it was given.
        #[codec(index = 9)]
        OutOfMemory,
        /// A module needed more fuel than its job has.
        #[codec(index = 10)]
        OutOfFuel,
        /// A module called itself too often.
        #[codec(index = 11)]
        StackOverflow,
        /// A module gave up.
        #[codec(index = 12)]
        Trapped,
        /// It did what a job must not do, and was stopped.
        #[codec(index = 13)]
        Contained,
        /// The worker's own fault.
        #[codec(index = 14)]
        Internal,
    }
}

impl Failure {
    pub const ALL: [Self; 15] = [
        Self::MalformedSpec,
        Self::MissingArtifact,
        Self::FalseArtifact,
        Self::TooLargeForDevice,
        Self::TokenizerMismatch,
        Self::UnsupportedOp,
        Self::WrongEngine,
        Self::DiskFull,
        Self::OutOfTime,
        Self::OutOfMemory,
        Self::OutOfFuel,
        Self::StackOverflow,
        Self::Trapped,
        Self::Contained,
        Self::Internal,
    ];

    /// Whether it lies in the job: every honest worker would fail so, on any machine.
    pub fn requesters(self) -> bool {
        match self {
            Self::MalformedSpec
            | Self::MissingArtifact
            | Self::FalseArtifact
            | Self::TokenizerMismatch
            | Self::UnsupportedOp
            | Self::OutOfFuel
            | Self::StackOverflow
            | Self::Trapped
            | Self::Contained => true,
            Self::TooLargeForDevice
            | Self::WrongEngine
            | Self::DiskFull
            | Self::OutOfTime
            | Self::OutOfMemory
            | Self::Internal => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MalformedSpec => "the parameters do not say what to do",
            Self::MissingArtifact => "nobody has an artifact that the job names",
            Self::FalseArtifact => "an artifact has another length or hash than the job says",
            Self::TooLargeForDevice => "the model does not fit the device",
            Self::TokenizerMismatch => "the tokenizer does not belong to the model",
            Self::UnsupportedOp => "the model has an operator that the engine does not know",
            Self::WrongEngine => "the worker does not have the engine",
            Self::DiskFull => "the worker's disk is full",
            Self::OutOfTime => "it was not done by the deadline",
            Self::OutOfMemory => "it needed more memory than it was given",
            Self::OutOfFuel => "the module needed more fuel than it has",
            Self::StackOverflow => "the module's stack overflowed",
            Self::Trapped => "the module gave up",
            Self::Contained => "it did what a job must not do",
            Self::Internal => "the worker is at fault",
        })
    }
}

/// As much of a text as a reason holds, cut between two letters.
pub fn reason(text: &str) -> Reason {
    let end = text.floor_char_boundary(REASON_BYTES as usize);
    BoundedVec::truncate_from(text.get(..end).unwrap_or_default().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};
    use codec::{Decode, Encode};
    use proptest::prelude::*;

    #[test]
    fn failures_should_keep_their_numbers() {
        for (number, failure) in (0u8..).zip(Failure::ALL) {
            assert_eq!(failure.encode(), [number]);
            assert_eq!(Failure::decode(&mut [number].as_slice()), Ok(failure));
        }
        assert!(Failure::decode(&mut [Failure::ALL.len() as u8].as_slice()).is_err());
    }

    #[test]
    fn requesters_should_be_what_no_other_machine_would_mend() {
        let machines: Vec<Failure> =
            Failure::ALL.into_iter().filter(|failure| !failure.requesters()).collect();
        let expected = [
            Failure::TooLargeForDevice,
            Failure::WrongEngine,
            Failure::DiskFull,
            Failure::OutOfTime,
            Failure::OutOfMemory,
            Failure::Internal,
        ];
        assert_eq!(machines, expected);
    }

    #[test]
    fn failures_should_differ_in_words() {
        let mut words: Vec<_> = Failure::ALL.iter().map(ToString::to_string).collect();
        assert!(words.iter().all(|words| words.len() <= REASON_BYTES as usize));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Failure::ALL.len());
    }

    #[test]
    fn reason_should_be_cut_between_letters_when_it_is_too_long() {
        assert_eq!(reason("").len(), 0);
        assert_eq!(reason(&"a".repeat(129)).len(), 128);
        // Each has three bytes.
        assert_eq!(reason(&"€".repeat(50)).len(), 126);
    }

    proptest! {
        #[test]
        fn reason_should_be_the_longest_text_that_fits(text in "\\PC{0,200}") {
            let reason = reason(&text);
            let kept = core::str::from_utf8(&reason).expect("it is text");
            prop_assert!(text.starts_with(kept));
            let next = text[kept.len()..].chars().next();
            prop_assert!(next.is_none_or(|next| kept.len() + next.len_utf8() > 128));
        }
    }
}
