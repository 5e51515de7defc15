//! The life of a delta, as data.
//!
//! ```text
//!        ┌── it is another's turn, or the head moved ──┐
//!        ▼                                             │
//!  ──▶ Queued ─────────────── a panel ──────────▶ Judging
//!        └───────────────────────┬─────────────────────┘
//!       ┌──────────────────┬─────┴─────┬──────────────┐
//!       │ passed           │ failed    │ outdated     │ undecided
//!       ▼                  ▼           ▼              ▼
//!    Keeping           Rejected      Stale         Lapsed
//!     │   └───── outdated, or Queued ──┴── not kept ──┘
//!     │ kept
//!     ▼
//!    Laid ── undone ──▶ RolledBack
//! ```

use crate::{
    id::{ContentId, Height},
    learning::{
        acceptance::passes,
        evaluation::{DeltaFlaw, Opinion},
    },
    wire::wire,
};

wire! {
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Stage {
        /// Waits for a panel; or is judged, and waits for those that came before it.
        #[codec(index = 0)]
        Queued,
        /// A panel is at it.
        #[codec(index = 1)]
        Judging,
        /// It is better, and the head moves once enough have what comes of it.
        #[codec(index = 2)]
        Keeping,
        /// It is, or was, its component's head.
        #[codec(index = 3)]
        Laid,
        /// It is no better, or cannot be judged.
        #[codec(index = 4)]
        Rejected,
        /// What it was made for is not the head any more.
        #[codec(index = 5)]
        Stale,
        /// Nobody knows whether it is better, or nobody has it.
        #[codec(index = 6)]
        Lapsed,
        /// It was laid, and taken off again.
        #[codec(index = 7)]
        RolledBack,
    }

    /// Why a delta came to its end.
    #[derive(Copy)]
    pub enum Reason {
        #[codec(index = 0)]
        Accepted,
        /// By what was measured it may have been lucky.
        #[codec(index = 1)]
        NotBetter,
        /// Its artifact was not to be had.
        #[codec(index = 2)]
        Unavailable(ContentId),
        #[codec(index = 3)]
        Flawed(DeltaFlaw),
        /// The head moved, and moved again; or nobody paid for judging it once more.
        #[codec(index = 4)]
        HeadMoved,
        /// The component was published anew, or what the delta was made on was taken off.
        #[codec(index = 5)]
        Superseded,
        /// Guards differ.
        #[codec(index = 6)]
        Divided,
        /// There were too few guards.
        #[codec(index = 7)]
        NobodyFit,
        /// Too few have what came of it.
        #[codec(index = 8)]
        NotKept,
        #[codec(index = 9)]
        Invalidated,
        /// What it was laid on was invalidated.
        #[codec(index = 10)]
        AncestorInvalidated,
        /// Something else than the delta was not to be had, or cannot be measured.
        #[codec(index = 11)]
        Unmeasurable,
    }
}

/// What an end costs the author.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forfeit {
    Nothing,
    /// The deposit: it made others work.
    Deposit,
    /// The deposit, and a share of the bond: it made others work at what nobody could judge.
    DepositAndBond,
}

/// What somebody does with a delta.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// Takes it off, with all that was laid on it.
    Invalidate,
    /// Moves on a delta whose time has run out.
    Poke,
}

/// Who does it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Those who answer for the chain.
    Governance,
    Anyone,
}

/// When it may be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    Always,
    /// After the height at which the stage is due.
    Overdue,
}

/// One thing that may be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    pub stage: Stage,
    pub act: Act,
    pub actor: Actor,
    pub when: When,
}

/// Why something may not be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Not in this stage.
    WrongStage,
    /// There is still something to wait for.
    TooEarly,
}

/// Something that happens to a delta.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// There is a panel for it.
    Opened,
    /// It is judged, and those before it are not.
    Waits,
    /// The head moved since its draw, and it is judged once more.
    Redrawn,
    Passed,
    Failed,
    /// The head moved a second time, or the component was published anew.
    Outdated,
    /// No panel came to an opinion of the delta.
    Undecided,
    Kept,
    NotKept,
    /// It was taken off.
    Undone,
}

const fn rule(stage: Stage, act: Act, actor: Actor, when: When) -> Rule {
    Rule { stage, act, actor, when }
}

/// Everything that may be done; what is not here may not.
pub const RULES: [Rule; 9] = {
    use {Act::*, Actor::*, Stage::*, When::*};
    [
        rule(Queued, Poke, Anyone, Overdue),
        rule(Judging, Poke, Anyone, Overdue),
        rule(Keeping, Poke, Anyone, Overdue),
        rule(Laid, Invalidate, Governance, Always),
        // What has ended is kept for a while, for those who look it up.
        rule(Laid, Poke, Anyone, Overdue),
        rule(Rejected, Poke, Anyone, Overdue),
        rule(Stale, Poke, Anyone, Overdue),
        rule(Lapsed, Poke, Anyone, Overdue),
        rule(RolledBack, Poke, Anyone, Overdue),
    ]
};

/// Where each turn leads; what is not here cannot happen.
pub const MOVES: [(Stage, Turn, Stage); 17] = {
    use {Stage::*, Turn::*};
    [
        (Queued, Opened, Judging),
        (Queued, Redrawn, Queued),
        (Queued, Passed, Keeping),
        (Queued, Failed, Rejected),
        (Queued, Outdated, Stale),
        (Queued, Undecided, Lapsed),
        (Judging, Waits, Queued),
        (Judging, Redrawn, Queued),
        (Judging, Passed, Keeping),
        (Judging, Failed, Rejected),
        (Judging, Outdated, Stale),
        (Judging, Undecided, Lapsed),
        (Keeping, Kept, Laid),
        (Keeping, NotKept, Lapsed),
        // The component was published anew or rolled back meanwhile.
        (Keeping, Redrawn, Queued),
        (Keeping, Outdated, Stale),
        (Laid, Undone, RolledBack),
    ]
};

impl Reason {
    /// Why a delta of that artifact does not pass, of which guards say this after `attempts` others
    /// were judged against the same head; none where it passes.
    pub fn against(opinion: &Opinion, attempts: u32, artifact: &ContentId) -> Option<Self> {
        match opinion {
            Opinion::Measured(evaluation) => {
                (!passes(evaluation, attempts)).then_some(Self::NotBetter)
            }
            Opinion::Unavailable(content) if content == artifact => {
                Some(Self::Unavailable(*content))
            }
            Opinion::Unavailable(_) | Opinion::Flawed(DeltaFlaw::Unmeasurable) => {
                Some(Self::Unmeasurable)
            }
            Opinion::Flawed(flaw) => Some(Self::Flawed(*flaw)),
        }
    }

    /// Where a delta is that has ended so.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Accepted => Stage::Laid,
            Self::NotBetter | Self::Unavailable(_) | Self::Flawed(_) => Stage::Rejected,
            Self::HeadMoved | Self::Superseded => Stage::Stale,
            Self::Divided | Self::NobodyFit | Self::NotKept | Self::Unmeasurable => Stage::Lapsed,
            Self::Invalidated | Self::AncestorInvalidated => Stage::RolledBack,
        }
    }

    pub fn forfeits(&self) -> Forfeit {
        match self {
            Self::NotBetter => Forfeit::Deposit,
            Self::Unavailable(_) | Self::Flawed(_) => Forfeit::DepositAndBond,
            Self::Accepted
            | Self::HeadMoved
            | Self::Superseded
            | Self::Divided
            | Self::NobodyFit
            | Self::NotKept
            | Self::Invalidated
            | Self::AncestorInvalidated
            | Self::Unmeasurable => Forfeit::Nothing,
        }
    }
}

impl Act {
    pub const ALL: [Self; 2] = [Self::Invalidate, Self::Poke];
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Judging,
        Self::Keeping,
        Self::Laid,
        Self::Rejected,
        Self::Stale,
        Self::Lapsed,
        Self::RolledBack,
    ];

    /// Whether it still waits for something to be decided.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Judging | Self::Keeping)
    }

    /// Where a turn leads from here; none where it cannot happen.
    pub fn after(self, turn: Turn) -> Option<Self> {
        MOVES.iter().find(|(from, by, _)| (*from, *by) == (self, turn)).map(|(_, _, to)| *to)
    }

    /// Who may do this, in this stage that is due at `due`.
    pub fn allows(self, act: Act, due: Height, now: Height) -> Result<Rule, Refusal> {
        let found = RULES.iter().find(|rule| rule.stage == self && rule.act == act);
        let rule = found.ok_or(Refusal::WrongStage)?;
        match rule.when {
            When::Overdue if now <= due => Err(Refusal::TooEarly),
            When::Always | When::Overdue => Ok(*rule),
        }
    }
}

#[cfg(test)]
mod tests;
