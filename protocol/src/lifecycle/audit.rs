//! The life of an audit, as data. [`crate::audit::record::Audit::admit`] decides by it.
//!
//! ```text
//!       ┌──────────────────────── too few measured it ────────────────────────┐
//!       ▼                                                                     │
//!  ──▶ Drawing ──▶ [Keys] ──▶ Commits ────────▶ Reveals ────────────────▶ Unmasking
//!     │  ▲  │        │          │  └────────── nobody committed ────────────▲  │
//!     └──┘  │        │ no keys  │ most keys                                    │
//!   too few │        │          │ rejected                                     │ judged,
//!   are fit │        ▼          ▼                                              │ unmasked
//!           └──▶ (over, and nothing of it is kept) ◀───────────────────────────┘
//!    spared, nobody fit
//! ```

use crate::{id::Height, wire::wire};

wire! {
    /// What an audit waits for.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Stage {
        /// The seed of its draw.
        #[codec(index = 0)]
        Drawing,
        /// Sealed: its guards wait for the requester's keys.
        #[codec(index = 1)]
        Keys,
        /// Guards compute, and commit to what they found; workers, to their traces.
        #[codec(index = 2)]
        Commits,
        /// Nobody can commit any more, so findings may be known.
        #[codec(index = 3)]
        Reveals,
        /// Everything is known, and whoever planted the result may say so.
        #[codec(index = 4)]
        Unmasking,
    }
}

/// What somebody does with an audit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    PostKey,
    RejectKey,
    Commit,
    Reveal,
    /// Says that the result was planted.
    Unmask,
    /// Moves on an audit that has nothing to wait for any more.
    Poke,
}

/// Who does it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Of the task.
    Requester,
    /// The operator of a guard.
    Guard,
    /// The operator of a guard, or of a worker who is asked for its trace.
    Member,
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
    /// Only whoever submitted the task may.
    NotTheRequester,
    /// The account operates no provider.
    NotAnOperator,
    /// The provider that it operates is none of those who may.
    NotTakingPart,
}

/// Something that happens to an audit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// The lot did not fall.
    Spared,
    /// Guards were drawn.
    Convened,
    /// Guards were drawn who cannot read the payload yet.
    ConvenedSealed,
    /// Too few were fit, or measured what is paid for: others are drawn.
    DrawnAgain,
    /// Too few were fit, and nobody is drawn again.
    NobodyFit,
    /// The last key is there.
    KeysPosted,
    KeysMissing,
    /// So many could not open the payload that no majority is left.
    KeysRejected,
    /// Everyone has committed, or somebody has and time is up.
    Committed,
    /// Nobody has committed, and time is up.
    NobodyCommitted,
    /// Everyone has revealed, or time is up.
    Revealed,
    /// The result was planted.
    Unmasked,
    Judged,
}

const fn rule(stage: Stage, act: Act, actor: Actor, when: When) -> Rule {
    Rule { stage, act, actor, when }
}

/// Everything that may be done; what is not here may not.
pub const RULES: [Rule; 10] = {
    use {Act::*, Actor::*, Stage::*, When::*};
    [
        rule(Drawing, Poke, Anyone, Seeded),
        rule(Keys, PostKey, Requester, InTime),
        rule(Keys, Poke, Anyone, Overdue),
        rule(Commits, RejectKey, Guard, InTime),
        rule(Commits, Commit, Member, InTime),
        rule(Commits, Poke, Anyone, Overdue),
        rule(Reveals, Reveal, Member, InTime),
        rule(Reveals, Poke, Anyone, Overdue),
        rule(Unmasking, Unmask, Requester, InTime),
        rule(Unmasking, Poke, Anyone, Overdue),
    ]
};

/// Where each turn leads that does not end the audit.
pub const MOVES: [(Stage, Turn, Stage); 8] = {
    use {Stage::*, Turn::*};
    [
        (Drawing, Convened, Commits),
        (Drawing, ConvenedSealed, Keys),
        (Drawing, DrawnAgain, Drawing),
        (Keys, KeysPosted, Commits),
        (Commits, Committed, Reveals),
        (Commits, NobodyCommitted, Unmasking),
        (Reveals, Revealed, Unmasking),
        (Unmasking, DrawnAgain, Drawing),
    ]
};

/// The turns that end it; what is neither here nor among the moves cannot happen.
pub const ENDS: [(Stage, Turn); 6] = {
    use {Stage::*, Turn::*};
    [
        (Drawing, Spared),
        (Drawing, NobodyFit),
        (Keys, KeysMissing),
        (Commits, KeysRejected),
        (Unmasking, Unmasked),
        (Unmasking, Judged),
    ]
};

impl Act {
    pub const ALL: [Self; 6] =
        [Self::PostKey, Self::RejectKey, Self::Commit, Self::Reveal, Self::Unmask, Self::Poke];
}

impl Stage {
    pub const ALL: [Self; 5] =
        [Self::Drawing, Self::Keys, Self::Commits, Self::Reveals, Self::Unmasking];

    /// Where a turn leads from here; none where it cannot happen, or ends the audit.
    pub fn after(self, turn: Turn) -> Option<Self> {
        MOVES.iter().find(|(from, by, _)| (*from, *by) == (self, turn)).map(|(_, _, to)| *to)
    }

    /// Whether a turn ends the audit from here.
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What time alone brings about, the seed's among it.
    fn expires(turn: Turn) -> bool {
        use Turn::*;
        match turn {
            Spared | Convened | ConvenedSealed | NobodyFit | KeysMissing | Committed
            | NobodyCommitted | Revealed | Judged => true,
            // It is done so often and no more.
            DrawnAgain => false,
            KeysPosted | KeysRejected | Unmasked => false,
        }
    }

    #[test]
    fn every_stage_should_be_reached_left_and_poked() {
        for stage in Stage::ALL {
            let reached = MOVES.iter().any(|(_, _, to)| *to == stage);
            assert!(reached, "{stage:?} is never reached");
            let moves = MOVES.iter().any(|(from, _, _)| *from == stage);
            assert!(moves, "{stage:?} is never left");
            let poked = stage.allows(Act::Poke, 10, 11, || true).map(|rule| rule.actor);
            assert_eq!(poked, Ok(Actor::Anyone), "{stage:?} cannot be poked");
        }
    }

    #[test]
    fn every_audit_should_end_when_nobody_acts() {
        for stage in Stage::ALL {
            let mut reached = vec![stage];
            let mut next = 0;
            while let Some(from) = reached.get(next).copied() {
                next += 1;
                let moves = MOVES.iter().filter(|(at, turn, _)| *at == from && expires(*turn));
                for (_, _, to) in moves {
                    if !reached.contains(to) {
                        reached.push(*to);
                    }
                }
                // Nor does it come back to where it was.
                assert!(!reached[1..].contains(&stage), "{stage:?} goes round");
            }
            let ends = ENDS.iter().any(|(at, turn)| reached.contains(at) && expires(*turn));
            assert!(ends, "{stage:?} waits for somebody");
        }
    }

    #[test]
    fn every_act_should_be_possible_in_one_stage() {
        for act in Act::ALL {
            let stages = RULES.iter().filter(|rule| rule.act == act).count();
            let expected = if act == Act::Poke { Stage::ALL.len() } else { 1 };
            assert_eq!(stages, expected, "{act:?}");
        }
    }

    #[test]
    fn only_a_draw_should_wait_for_a_seed() {
        for rule in RULES {
            assert_eq!(rule.when == When::Seeded, rule.stage == Stage::Drawing, "{rule:?}");
        }
    }

    #[test]
    fn no_rule_and_no_turn_should_stand_twice() {
        for (i, rule) in RULES.iter().enumerate() {
            let same = |other: &Rule| (other.stage, other.act) == (rule.stage, rule.act);
            assert!(!RULES[..i].iter().any(same), "{rule:?}");
        }
        let moves = MOVES.iter().map(|(from, turn, _)| (*from, *turn));
        let turns: Vec<_> = moves.chain(ENDS).collect();
        for (i, turn) in turns.iter().enumerate() {
            assert!(!turns[..i].contains(turn), "{turn:?}");
        }
    }

    #[test]
    fn a_turn_should_lead_on_or_end() {
        assert_eq!(Stage::Reveals.after(Turn::Revealed), Some(Stage::Unmasking));
        assert_eq!(Stage::Reveals.after(Turn::Committed), None);
        assert_eq!(Stage::Unmasking.after(Turn::Judged), None);
        assert!(Stage::Unmasking.ends(Turn::Judged));
        assert!(!Stage::Reveals.ends(Turn::Judged));
        assert!(!Stage::Reveals.ends(Turn::Revealed));
    }

    proptest! {
        #[test]
        fn allows_should_let_nobody_act_and_poke_at_once(
            stage in prop::sample::select(Stage::ALL.to_vec()),
            due: Height,
            now: Height,
            seeded: bool,
        ) {
            let in_time = RULES
                .iter()
                .filter(|rule| rule.stage == stage && rule.act != Act::Poke)
                .any(|rule| stage.allows(rule.act, due, now, || seeded).is_ok());
            let poked = stage.allows(Act::Poke, due, now, || seeded).is_ok();
            prop_assert!(!(in_time && poked));
        }
    }

    #[test]
    fn allows_should_say_why_not() {
        let allows = |stage: Stage, act, now, seeded| {
            stage.allows(act, 9, now, || seeded).map(|rule| rule.actor)
        };
        assert_eq!(allows(Stage::Keys, Act::Commit, 9, true), Err(Refusal::WrongStage));
        assert_eq!(allows(Stage::Commits, Act::Commit, 10, true), Err(Refusal::TooLate));
        assert_eq!(allows(Stage::Commits, Act::Commit, 9, false), Ok(Actor::Member));
        assert_eq!(allows(Stage::Commits, Act::Poke, 9, true), Err(Refusal::TooEarly));
        assert_eq!(allows(Stage::Drawing, Act::Poke, 10, false), Err(Refusal::TooEarly));
        assert_eq!(allows(Stage::Drawing, Act::Poke, 9, true), Ok(Actor::Anyone));
    }
}
