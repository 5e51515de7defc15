//! What guards do with a delta, and what the chain makes of their opinions.

use super::{
    language::{Model, Reader, Text, ROWS, TOKENS},
    rules::*,
    world::measured,
};
use cairn_kernel::delta::Delta;
use cairn_protocol::{
    chunk::content,
    id::{Amount, BlockId, ContentId, File, Seed},
    learning::{
        brief::{self, Subject},
        evaluation::{DeltaFlaw, Evaluation, Opinion},
        panel::Tally,
        reward::gain,
    },
    lifecycle::delta::Reason,
};

/// What is to be judged.
pub struct Brief<'a> {
    pub text: &'a Text,
    pub base: &'a Model,
    pub before: &'a Reader<'a>,
    /// What the header names.
    pub artifact: ContentId,
    pub count: u32,
    pub attempts: u32,
    pub seed: Seed,
}

/// How far a submission came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Guards had nothing to measure.
    Unmeasured,
    Failed,
    /// And what would be paid for it on the public examples alone.
    Passed {
        evaluation: Evaluation,
        reward: Amount,
    },
    /// The largest committee was of no opinion.
    Lapsed,
}

impl Brief<'_> {
    /// What guards are asked, as the chain has it.
    pub fn asked(&self) -> brief::Brief {
        let file = |content| File { id: content, bytes: 1 };
        brief::Brief {
            model: BlockId([0; 32]),
            bundle: file(ContentId([1; 32])),
            judge: ContentId([2; 32]),
            parts: Default::default(),
            subject: Subject::Delta {
                component: Default::default(),
                artifact: file(self.artifact),
                base: self.base.id(),
            },
            source: self.text.source(),
            count: self.count,
            threshold: THRESHOLD,
            attempts: self.attempts,
            seed: self.seed,
        }
    }

    /// What an honest guard says, of what it was served.
    pub fn judged(&self, served: &[u8]) -> Opinion {
        if content(served) != self.artifact {
            return Opinion::Unavailable(self.artifact);
        }
        let Ok(delta) = Delta::decode(served) else {
            return Opinion::Flawed(DeltaFlaw::NotAChange);
        };
        if delta.shape() != (ROWS as u32, TOKENS as u32) {
            return Opinion::Flawed(DeltaFlaw::WrongShape);
        }
        Opinion::Measured(self.measured(&self.base.after(&delta)))
    }

    pub fn measured(&self, candidate: &Model) -> Evaluation {
        let after = candidate.reader(self.text);
        measured(self.text, self.before, &after, candidate.id(), self.count, &self.seed)
    }

    /// What comes of what a committee says.
    pub fn ended(&self, said: Tally) -> End {
        let Tally::Decided(opinion) = said else { return End::Lapsed };
        match (Reason::against(&opinion, self.attempts, &self.artifact), opinion) {
            (None, Opinion::Measured(evaluation)) => {
                let reward = CURVE.reward(gain(evaluation.baseline, evaluation.loss), DIFFICULTY);
                End::Passed { evaluation, reward }
            }
            (Some(Reason::NotBetter), _) => End::Failed,
            (Some(Reason::Unavailable(_) | Reason::Flawed(_)), _) => End::Unmeasured,
            (reason, _) => unreachable!("{reason:?} of a delta whose model is there"),
        }
    }
}
