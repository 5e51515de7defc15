//! How far a piece of work is, and which step comes next.

use cairn_order::Fault;
use cairn_protocol::{id::Digest, result::Answer};
use codec::{Decode, Encode};
use std::fmt;

/// A step, as it is recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// It is this provider's to do. The terms tell it from a task of the same number on another
    /// chain.
    Seen { terms: Digest },
    /// There is a result, of which nothing is told yet.
    Made { answer: Answer, trace: Digest },
    /// What is committed to.
    Salted { salt: Digest, commitment: Digest },
    /// The commitment is about to be sent.
    CommitSent,
    /// The chain has it.
    Committed,
    /// The result is about to be sent.
    RevealSent,
    /// The chain has it.
    Revealed,
    /// There is no result, and will not be.
    Failed(Fault),
    /// Why there is none is about to be sent.
    DeclineSent,
    /// There is no result, since the payload does not open. The chain is about to be told.
    Rejected(Fault),
    /// The chain waits for nothing any more.
    Ended { block: u64 },
}

/// Where a piece of work stands.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Point {
    #[codec(index = 0)]
    Seen,
    #[codec(index = 1)]
    Made,
    #[codec(index = 2)]
    Salted,
    #[codec(index = 3)]
    CommitSent,
    #[codec(index = 4)]
    Committed,
    #[codec(index = 5)]
    RevealSent,
    #[codec(index = 6)]
    Revealed,
    #[codec(index = 7)]
    Failed,
    #[codec(index = 9)]
    DeclineSent,
    #[codec(index = 10)]
    Rejected,
    #[codec(index = 8)]
    Ended,
}

/// A result, and how it was come by.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Made {
    pub answer: Answer,
    pub trace: Digest,
}

/// What was committed to.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Salted {
    pub salt: Digest,
    pub commitment: Digest,
}

/// All that is recorded of a piece of work.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Entry {
    pub terms: Digest,
    pub point: Point,
    pub made: Option<Made>,
    pub salted: Option<Salted>,
    pub fault: Option<Fault>,
    /// The block after which it was found to be over.
    pub ended: Option<u64>,
}

/// Why a step is not recorded, and must not be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("it was never seen, so it cannot be {0}")]
    Unseen(Point),
    #[error("it is {from}, and does not become {to} again")]
    Backward { from: Point, to: Point },
    #[error("it is {from}, and cannot be {to} yet")]
    Skipped { from: Point, to: Point },
    #[error("there is a result of it already, which is another one")]
    OtherAnswer,
    #[error("there is a commitment to it already, which is another one")]
    OtherCommitment,
    #[error(
        "the journal knows another task of this number, of another chain; name another --data"
    )]
    OtherTask,
}

impl Step {
    pub fn point(&self) -> Point {
        match self {
            Self::Seen { .. } => Point::Seen,
            Self::Made { .. } => Point::Made,
            Self::Salted { .. } => Point::Salted,
            Self::CommitSent => Point::CommitSent,
            Self::Committed => Point::Committed,
            Self::RevealSent => Point::RevealSent,
            Self::Revealed => Point::Revealed,
            Self::Failed(_) => Point::Failed,
            Self::DeclineSent => Point::DeclineSent,
            Self::Rejected(_) => Point::Rejected,
            Self::Ended { .. } => Point::Ended,
        }
    }
}

impl Point {
    /// Whether this may come right after the other.
    fn follows(self, before: Self) -> bool {
        use Point::{
            CommitSent, Committed, DeclineSent, Ended, Failed, Made, Rejected, RevealSent,
            Revealed, Salted, Seen,
        };
        match self {
            Seen => false,
            Made | Failed | Rejected => before == Seen,
            Salted => before == Made,
            CommitSent => before == Salted,
            Committed => before == CommitSent,
            RevealSent => before == Committed,
            Revealed => before == RevealSent,
            DeclineSent => before == Failed,
            Ended => before != Ended,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seen => "seen",
            Self::Made => "made",
            Self::Salted => "about to be committed to",
            Self::CommitSent => "sent as a commitment",
            Self::Committed => "committed to",
            Self::RevealSent => "sent to be revealed",
            Self::Revealed => "revealed",
            Self::Failed => "failed",
            Self::DeclineSent => "sent as declined",
            Self::Rejected => "rejected",
            Self::Ended => "over",
        })
    }
}

impl Entry {
    fn seen(terms: Digest) -> Self {
        Self { terms, point: Point::Seen, made: None, salted: None, fault: None, ended: None }
    }

    /// Whether nothing is to be done any more.
    #[cfg(test)]
    pub fn is_over(&self) -> bool {
        self.point == Point::Ended
    }
}

/// What is recorded after a step.
pub(super) fn after(entry: Option<&Entry>, step: Step) -> Result<Entry, Refused> {
    let to = step.point();
    let Some(entry) = entry else {
        let Step::Seen { terms } = step else { return Err(Refused::Unseen(to)) };
        return Ok(Entry::seen(terms));
    };
    let same = agrees(entry, &step)?;
    let from = entry.point;
    if from == to && same {
        return Ok(entry.clone());
    }
    if !to.follows(from) {
        return Err(if to <= from {
            Refused::Backward { from, to }
        } else {
            Refused::Skipped { from, to }
        });
    }
    let mut after = Entry { point: to, ..entry.clone() };
    match step {
        Step::Made { answer, trace } => after.made = Some(Made { answer, trace }),
        Step::Salted { salt, commitment } => after.salted = Some(Salted { salt, commitment }),
        Step::Failed(fault) | Step::Rejected(fault) => after.fault = Some(fault),
        Step::Ended { block } => after.ended = Some(block),
        _ => {}
    }
    Ok(after)
}

/// Whether a step says what is recorded already; refused where it says something else of what
/// there is one of.
fn agrees(entry: &Entry, step: &Step) -> Result<bool, Refused> {
    match step {
        Step::Seen { terms } if *terms != entry.terms => Err(Refused::OtherTask),
        Step::Made { answer, trace } => match &entry.made {
            Some(made) if made.answer != *answer || made.trace != *trace => {
                Err(Refused::OtherAnswer)
            }
            made => Ok(made.is_some()),
        },
        Step::Salted { salt, commitment } => match &entry.salted {
            Some(salted) if (salted.salt, salted.commitment) != (*salt, *commitment) => {
                Err(Refused::OtherCommitment)
            }
            salted => Ok(salted.is_some()),
        },
        Step::Failed(fault) | Step::Rejected(fault) => Ok(entry.fault.as_ref() == Some(fault)),
        // When it was first found to be over counts.
        _ => Ok(true),
    }
}
