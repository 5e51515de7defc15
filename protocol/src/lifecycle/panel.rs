//! The life of a panel, as data. [`crate::learning::committee::Panel::admit`] decides by it.
//!
//! ```text
//!       ┌─── some are silent, or they differ ───┐
//!       ▼                     │                 │
//!  ──▶ Drawing ──────────▶ Commits ────────▶ Reveals ──▶ Window
//!     │  ▲  │ │               │                 ▲ │         │
//!     └──┘  │ └── nobody else is fit, but ──────┘ │         │
//!   too few │     enough have │ committed         │ divided │
//!   are fit │ nobody is fit   │ too few are left  │ or too  │ accepted
//!           ▼                 ▼                   ▼ few     ▼
//!          (over, and whoever asked for it has heard; or it was called off at any time)
//! ```

use crate::{id::Height, wire::wire};

wire! {
    /// What a panel waits for.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Stage {
        /// The seed of its draw.
        #[codec(index = 0)]
        Drawing,
        /// Guards judge, and commit to what they found.
        #[codec(index = 1)]
        Commits,
        /// Nobody can commit any more, so opinions may be known.
        #[codec(index = 2)]
        Reveals,
        /// It is decided, and what was decided can be challenged.
        #[codec(index = 3)]
        Window,
    }
}

/// What somebody does with a panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    Commit,
    Reveal,
    /// Moves on a panel that has nothing to wait for any more.
    Poke,
}

/// Who does it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// The operator of a guard that is on the panel.
    Guard,
    Anyone,
}

/// When it may be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// Up to the height at which the stage is due.
    InTime,
    /// After it.
    Overdue,
    /// Once the seed is there, which may be later than it is due.
    Seeded,
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
    /// The stage is over.
    TooLate,
    /// There is still something to wait for.
    TooEarly,
    /// The account operates no provider.
    NotAnOperator,
    /// The provider that it operates has no seat.
    NotTakingPart,
}

/// Something that happens to a panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// Every seat is taken.
    Convened,
    /// Too few were fit: others are looked at.
    DrawnAgain,
    /// Too few were fit, and nobody is drawn again.
    NobodyFit,
    /// Too few were fit for seats that fell vacant, but enough of the others have committed.
    Short,
    /// Everyone has committed, or enough have and nobody else is drawn.
    Committed,
    /// Some were silent, and others are drawn for their seats.
    Vacated,
    /// They differ, and more guards are asked.
    Enlarged,
    /// Too few were there in the end.
    Exhausted,
    /// They agree.
    Agreed,
    /// They differ, and nobody else is asked.
    Divided,
    /// Nobody has shown what was decided to be wrong.
    Accepted,
    /// Whoever asked for it needs it no more.
    CalledOff,
}

const fn rule(stage: Stage, act: Act, actor: Actor, when: When) -> Rule {
    Rule { stage, act, actor, when }
}

/// Everything that may be done; what is not here may not.
pub const RULES: [Rule; 6] = {
    use {Act::*, Actor::*, Stage::*, When::*};
    [
        rule(Drawing, Poke, Anyone, Seeded),
        rule(Commits, Commit, Guard, InTime),
        rule(Commits, Poke, Anyone, Overdue),
        rule(Reveals, Reveal, Guard, InTime),
        rule(Reveals, Poke, Anyone, Overdue),
        rule(Window, Poke, Anyone, Overdue),
    ]
};

/// Where each turn leads that does not end the panel.
pub const MOVES: [(Stage, Turn, Stage); 8] = {
    use {Stage::*, Turn::*};
    [
        (Drawing, Convened, Commits),
        (Drawing, DrawnAgain, Drawing),
        (Drawing, Short, Reveals),
        (Commits, Committed, Reveals),
        (Commits, Vacated, Drawing),
        (Reveals, Agreed, Window),
        (Reveals, Vacated, Drawing),
        (Reveals, Enlarged, Drawing),
    ]
};

/// The turns that end it; what is neither here nor among the moves cannot happen.
pub const ENDS: [(Stage, Turn); 9] = {
    use {Stage::*, Turn::*};
    [
        (Drawing, NobodyFit),
        (Drawing, CalledOff),
        (Commits, Exhausted),
        (Commits, CalledOff),
        (Reveals, Exhausted),
        (Reveals, Divided),
        (Reveals, CalledOff),
        (Window, Accepted),
        (Window, CalledOff),
    ]
};

impl Act {
    pub const ALL: [Self; 3] = [Self::Commit, Self::Reveal, Self::Poke];
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::Drawing, Self::Commits, Self::Reveals, Self::Window];

    /// Where a turn leads from here; none where it cannot happen, or ends the panel.
    pub fn after(self, turn: Turn) -> Option<Self> {
        MOVES.iter().find(|(from, by, _)| (*from, *by) == (self, turn)).map(|(_, _, to)| *to)
    }

    /// Whether a turn ends the panel from here.
    pub fn ends(self, turn: Turn) -> bool {
        ENDS.contains(&(self, turn))
    }

    /// Who may do this, in this stage that is due at `due`. `seeded` says whether the seed is
    /// there that it waits for, where that matters.
    pub fn allows(
        self,
        act: Act,
        due: Height,
        now: Height,
        seeded: impl FnOnce() -> bool,
    ) -> Result<Rule, Refusal> {
        let found = RULES.iter().find(|rule| rule.stage == self && rule.act == act);
        let rule = found.ok_or(Refusal::WrongStage)?;
        match rule.when {
            When::InTime if now > due => Err(Refusal::TooLate),
            When::Overdue if now <= due => Err(Refusal::TooEarly),
            When::Seeded if !seeded() => Err(Refusal::TooEarly),
            When::InTime | When::Overdue | When::Seeded => Ok(*rule),
        }
    }
}

#[cfg(test)]
mod tests;
