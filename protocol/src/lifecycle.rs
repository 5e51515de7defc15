//! The life of a task, as data: what may be done in which stage, by whom, until when and on what
//! condition, and where each turn of events leads. [`crate::task::Task::admit`] decides by it, and
//! nobody else. The life of its audit is in [`audit`], that of a delta in [`delta`], and that of the
//! panel that judges it in [`panel`].
//!
//! ```text
//!            ┌──────────── vacated, contradicted ──────────────┐
//!            ▼                                                  │
//!  ──▶ Queued ──▶ [AwaitingKeys] ──▶ Assigned ──▶ Committed ────┤
//!        │              │               │             │         │ agreed
//!        │ given up     │ no keys       │ exhausted   │         ▼
//!        ▼              ▼               ▼             ▼    [Audited] ──▶ Window ──▶ Settled
//!      Refunded ◀───────┴───────────────┴─────────────┴─────────┤        │  ▲
//!          ▲                                        audit lost ─┘        ▼  │ shown, dropped
//!          └──────────────────────────── withheld ────────────────── Contested
//! ```

pub mod audit;
pub mod delta;
pub mod panel;

use crate::{id::Height, wire::wire};

wire! {
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Stage {
        /// Waits for a worker, or for one more.
        #[codec(index = 0)]
        Queued,
        /// Sealed: its workers wait for the requester's keys.
        #[codec(index = 1)]
        AwaitingKeys,
        /// Its workers are at it.
        #[codec(index = 2)]
        Assigned,
        /// Every result is committed to, none need be known.
        #[codec(index = 3)]
        Committed,
        /// Agreed on, and guards may look at it.
        #[codec(index = 4)]
        Audited,
        /// The result stands unless somebody objects.
        #[codec(index = 5)]
        Window,
        /// Its worker has to show the result.
        #[codec(index = 6)]
        Contested,
        // 7 is for disputes before the referee.
        #[codec(index = 8)]
        Settled,
        #[codec(index = 9)]
        Refunded,
    }
}

/// What somebody does with a task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    Cancel,
    PostKeys,
    RejectKey,
    Commit,
    /// Says that the job cannot be done, and why.
    Decline,
    Reveal,
    Acknowledge,
    Complain,
    /// Answers a complaint with chunks of the result.
    Show,
    /// Moves on a task whose time has run out.
    Poke,
}

/// Who does it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    Requester,
    /// The operator of a provider that has a seat at the task.
    Worker,
    Anyone,
}

/// When it may be done: up to the height at which the stage is due, or after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    InTime,
    Overdue,
}

/// What has to be so of the task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    Always,
    /// Workers who are at it are not sent home because others are looked for, and whoever has seen
    /// results does not take the task back for nothing.
    NothingDone,
}

/// One thing that may be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    pub stage: Stage,
    pub act: Act,
    pub actor: Actor,
    pub when: When,
    pub condition: Condition,
}

/// Why something may not be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Not in this stage.
    WrongStage,
    /// The stage is over.
    TooLate,
    /// The stage is not over.
    TooEarly,
    /// Only whoever submitted the task may.
    NotTheRequester,
    /// The account operates no provider.
    NotAnOperator,
    /// The provider that it operates has no seat.
    NotAssigned,
    /// Not while somebody is at it.
    SeatTaken,
    /// Not after results were shown, which contradict each other.
    ResultsShown,
}

/// Something that happens to a task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// Every seat is taken, and the payload is open.
    Seated,
    /// Every seat is taken, and the payload is sealed.
    SeatedSealed,
    /// Cancelled, or nobody was found in time.
    GivenUp,
    /// The last key is there.
    KeysPosted,
    KeysMissing,
    /// Every worker has committed, or enough have and time is up.
    AllCommitted,
    /// A seat has to be filled again.
    Vacated,
    /// The results contradict each other, and more workers are asked.
    Contradicted,
    /// Nobody is asked again.
    Exhausted,
    Agreed,
    /// Agreed, and guards may look at it.
    AgreedAuditable,
    AuditPassed,
    AuditLost,
    Complained,
    Shown,
    /// Its worker showed nothing and leaves unpaid; others are left who are paid.
    Dropped,
    /// Its worker showed nothing, and nobody is left to be paid.
    Withheld,
    /// Nobody objected.
    Accepted,
}

const fn rule(stage: Stage, act: Act, actor: Actor, when: When, condition: Condition) -> Rule {
    Rule { stage, act, actor, when, condition }
}

/// Everything that may be done; what is not here may not.
pub const RULES: [Rule; 21] = {
    use {Act::*, Actor::*, Condition::*, Stage::*, When::*};
    [
        rule(Queued, Cancel, Requester, InTime, NothingDone),
        rule(Queued, Poke, Anyone, Overdue, Always),
        rule(AwaitingKeys, PostKeys, Requester, InTime, Always),
        rule(AwaitingKeys, Poke, Anyone, Overdue, Always),
        rule(Assigned, RejectKey, Worker, InTime, Always),
        rule(Assigned, Commit, Worker, InTime, Always),
        rule(Assigned, Decline, Worker, InTime, Always),
        rule(Assigned, Poke, Anyone, Overdue, Always),
        rule(Committed, Reveal, Worker, InTime, Always),
        rule(Committed, Poke, Anyone, Overdue, Always),
        rule(Audited, Acknowledge, Requester, InTime, Always),
        rule(Audited, Poke, Anyone, Overdue, Always),
        rule(Window, Acknowledge, Requester, InTime, Always),
        rule(Window, Complain, Requester, InTime, Always),
        rule(Window, Poke, Anyone, Overdue, Always),
        rule(Contested, Acknowledge, Requester, InTime, Always),
        rule(Contested, Show, Worker, InTime, Always),
        rule(Contested, Poke, Anyone, Overdue, Always),
        rule(Settled, Acknowledge, Requester, InTime, Always),
        // An ended task is kept for a while, for those who look it up.
        rule(Settled, Poke, Anyone, Overdue, Always),
        rule(Refunded, Poke, Anyone, Overdue, Always),
    ]
};

/// Where each turn leads; what is not here cannot happen.
pub const MOVES: [(Stage, Turn, Stage); 20] = {
    use {Stage::*, Turn::*};
    [
        (Queued, Seated, Assigned),
        (Queued, SeatedSealed, AwaitingKeys),
        (Queued, GivenUp, Refunded),
        (AwaitingKeys, KeysPosted, Assigned),
        (AwaitingKeys, KeysMissing, Refunded),
        (Assigned, AllCommitted, Committed),
        (Assigned, Vacated, Queued),
        (Assigned, Exhausted, Refunded),
        (Committed, Agreed, Window),
        (Committed, AgreedAuditable, Audited),
        (Committed, Vacated, Queued),
        (Committed, Contradicted, Queued),
        (Committed, Exhausted, Refunded),
        (Audited, AuditPassed, Window),
        (Audited, AuditLost, Refunded),
        (Window, Complained, Contested),
        (Window, Accepted, Settled),
        (Contested, Shown, Window),
        (Contested, Dropped, Window),
        (Contested, Withheld, Refunded),
    ]
};

impl Act {
    pub const ALL: [Self; 10] = [
        Self::Cancel,
        Self::PostKeys,
        Self::RejectKey,
        Self::Commit,
        Self::Decline,
        Self::Reveal,
        Self::Acknowledge,
        Self::Complain,
        Self::Show,
        Self::Poke,
    ];
}

impl Stage {
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::AwaitingKeys,
        Self::Assigned,
        Self::Committed,
        Self::Audited,
        Self::Window,
        Self::Contested,
        Self::Settled,
        Self::Refunded,
    ];

    /// Whether nothing is owed any more.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Settled | Self::Refunded)
    }

    /// Where a turn leads from here; none where it cannot happen.
    pub fn after(self, turn: Turn) -> Option<Self> {
        MOVES.iter().find(|(from, by, _)| (*from, *by) == (self, turn)).map(|(_, _, to)| *to)
    }

    /// Who may do this and on what condition, in this stage that is due at `due`.
    pub fn allows(self, act: Act, due: Height, now: Height) -> Result<Rule, Refusal> {
        let found = RULES.iter().find(|rule| rule.stage == self && rule.act == act);
        let rule = found.ok_or(Refusal::WrongStage)?;
        match rule.when {
            When::InTime if now > due => Err(Refusal::TooLate),
            When::Overdue if now <= due => Err(Refusal::TooEarly),
            When::InTime | When::Overdue => Ok(*rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What time alone brings about.
    fn expires(turn: Turn) -> bool {
        use Turn::*;
        matches!(
            turn,
            GivenUp
                | KeysMissing
                | Vacated
                | Exhausted
                | AuditPassed
                | Dropped
                | Withheld
                | Accepted
        )
    }

    fn actor(allowed: Result<Rule, Refusal>) -> Result<Actor, Refusal> {
        allowed.map(|rule| rule.actor)
    }

    #[test]
    fn every_stage_should_be_reached_and_left() {
        for stage in Stage::ALL {
            let reached = MOVES.iter().any(|(_, _, to)| *to == stage);
            assert!(reached, "{stage:?} is never reached");
            let left = MOVES.iter().any(|(from, _, _)| *from == stage);
            assert_ne!(left, stage.is_end(), "{stage:?}");
            let poked = stage.allows(Act::Poke, 10, 11);
            assert_eq!(actor(poked), Ok(Actor::Anyone), "{stage:?} cannot be poked");
        }
    }

    #[test]
    fn every_stage_should_end_when_nobody_acts() {
        for stage in Stage::ALL {
            let mut reached = vec![stage];
            let mut next = 0;
            while let Some(from) = reached.get(next).copied() {
                next += 1;
                for (_, _, to) in MOVES.iter().filter(|(at, turn, _)| *at == from && expires(*turn))
                {
                    if !reached.contains(to) {
                        reached.push(*to);
                    }
                }
            }
            assert!(reached.iter().any(|stage| stage.is_end()), "{stage:?} waits for somebody");
        }
    }

    /// What nobody could do in any stage would not be there.
    #[test]
    fn every_act_should_be_possible_somewhere() {
        for act in Act::ALL {
            assert!(RULES.iter().any(|rule| rule.act == act), "{act:?}");
        }
    }

    #[test]
    fn no_rule_and_no_move_should_stand_twice() {
        for (i, rule) in RULES.iter().enumerate() {
            let twice =
                RULES[..i].iter().any(|other| (other.stage, other.act) == (rule.stage, rule.act));
            assert!(!twice, "{rule:?}");
        }
        for (i, (from, turn, _)) in MOVES.iter().enumerate() {
            let twice = MOVES[..i].iter().any(|(at, by, _)| (at, by) == (from, turn));
            assert!(!twice, "{from:?} {turn:?}");
        }
    }

    proptest! {
        #[test]
        fn allows_should_let_nobody_act_and_poke_at_once(
            stage in prop::sample::select(Stage::ALL.to_vec()),
            due: Height,
            now: Height,
        ) {
            let in_time = RULES
                .iter()
                .filter(|rule| rule.stage == stage && rule.act != Act::Poke)
                .any(|rule| stage.allows(rule.act, due, now).is_ok());
            prop_assert!(!(in_time && stage.allows(Act::Poke, due, now).is_ok()));
        }
    }

    #[test]
    fn allows_should_say_why_not() {
        assert_eq!(Stage::Queued.allows(Act::Reveal, 9, 9), Err(Refusal::WrongStage));
        assert_eq!(Stage::Committed.allows(Act::Reveal, 9, 10), Err(Refusal::TooLate));
        assert_eq!(actor(Stage::Committed.allows(Act::Reveal, 9, 9)), Ok(Actor::Worker));
        assert_eq!(Stage::Committed.allows(Act::Poke, 9, 9), Err(Refusal::TooEarly));
    }
}
