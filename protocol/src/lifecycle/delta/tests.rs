use super::*;
use crate::learning::evaluation::Evaluation;
use alloc::vec::Vec;
use codec::Encode;
use primitive_types::U256;

const ALL: [Reason; 12] = {
    use Reason::*;
    [
        Accepted,
        NotBetter,
        Unavailable(ContentId([1; 32])),
        Flawed(DeltaFlaw::TooLarge),
        HeadMoved,
        Superseded,
        Divided,
        NobodyFit,
        NotKept,
        Invalidated,
        AncestorInvalidated,
        Unmeasurable,
    ]
};

/// Sixty-four examples that all come to so much.
fn measured(excess: i128) -> Opinion {
    let size = U256::from(excess.unsigned_abs());
    Opinion::Measured(Evaluation {
        candidate: ContentId([0; 32]),
        baseline: 6_400,
        loss: 6_300,
        count: 64,
        sum: excess * 64,
        squares: size * size * U256::from(64),
        trace: [0; 32],
    })
}

#[test]
fn every_stage_should_be_reached_and_poked() {
    for stage in Stage::ALL {
        let reached = stage == Stage::Queued || MOVES.iter().any(|(_, _, to)| *to == stage);
        assert!(reached, "{stage:?} is never reached");
        let left = MOVES.iter().any(|(from, _, _)| *from == stage);
        assert_eq!(left, stage.is_pending() || stage == Stage::Laid, "{stage:?}");
        let poked = stage.allows(Act::Poke, 10, 11).map(|rule| rule.actor);
        assert_eq!(poked, Ok(Actor::Anyone), "{stage:?} cannot be poked");
    }
}

/// From wherever it is pending, time alone leads to an end: nobody is found, or nobody keeps it.
#[test]
fn every_delta_should_end_when_nobody_acts() {
    for stage in Stage::ALL.into_iter().filter(|stage| stage.is_pending()) {
        let expiry =
            [Turn::Undecided, Turn::NotKept].into_iter().find_map(|turn| stage.after(turn));
        assert_eq!(expiry, Some(Stage::Lapsed), "{stage:?} waits for somebody");
        // And a component that is published anew leaves nothing behind.
        assert_eq!(stage.after(Turn::Outdated), Some(Stage::Stale), "{stage:?}");
    }
}

/// Only what was kept is ever laid, and only what was laid is taken off.
#[test]
fn nothing_should_be_laid_that_is_not_kept() {
    let ways = |to: Stage| -> Vec<_> {
        let there = MOVES.iter().filter(|(_, _, at)| *at == to);
        there.map(|(from, turn, _)| (*from, *turn)).collect()
    };
    assert_eq!(ways(Stage::Laid), [(Stage::Keeping, Turn::Kept)]);
    assert_eq!(ways(Stage::RolledBack), [(Stage::Laid, Turn::Undone)]);
    assert!(ways(Stage::Keeping).iter().all(|(_, turn)| *turn == Turn::Passed));
}

#[test]
fn no_rule_and_no_move_should_stand_twice() {
    for (i, rule) in RULES.iter().enumerate() {
        let same = |other: &Rule| (other.stage, other.act) == (rule.stage, rule.act);
        assert!(!RULES[..i].iter().any(same), "{rule:?}");
    }
    for (i, (from, turn, _)) in MOVES.iter().enumerate() {
        let twice = MOVES[..i].iter().any(|(at, by, _)| (at, by) == (from, turn));
        assert!(!twice, "{from:?} {turn:?}");
    }
}

#[test]
fn allows_should_say_why_not() {
    let allows = |stage: Stage, act, now| stage.allows(act, 9, now).map(|rule| rule.actor);
    for stage in Stage::ALL {
        let invalidated = allows(stage, Act::Invalidate, 99);
        let laid = stage == Stage::Laid;
        let expected = if laid { Ok(Actor::Governance) } else { Err(Refusal::WrongStage) };
        assert_eq!(invalidated, expected, "{stage:?}");
        assert_eq!(allows(stage, Act::Poke, 9), Err(Refusal::TooEarly));
    }
    assert_eq!(allows(Stage::Laid, Act::Invalidate, 0), Ok(Actor::Governance));
}

#[test]
fn reasons_should_keep_their_numbers() {
    for (number, reason) in (0u8..).zip(ALL) {
        assert_eq!(reason.encode()[0], number, "{reason:?}");
    }
}

#[test]
fn reasons_should_lead_where_their_turns_do() {
    for reason in ALL {
        let stage = reason.stage();
        assert!(!stage.is_pending(), "{reason:?}");
        // Whoever is rejected pays for it, and nobody else does.
        let pays = reason.forfeits() != Forfeit::Nothing;
        assert_eq!(pays, stage == Stage::Rejected, "{reason:?}");
    }
    assert_eq!(Reason::NotBetter.forfeits(), Forfeit::Deposit);
    assert_eq!(Reason::Flawed(DeltaFlaw::OtherBase).forfeits(), Forfeit::DepositAndBond);
}

#[test]
fn against_should_not_blame_an_author_for_others() {
    let artifact = ContentId([1; 32]);
    let against = |opinion: Opinion| Reason::against(&opinion, 0, &artifact);
    let cases = [
        (measured(5), None),
        (measured(0), Some(Reason::NotBetter)),
        (measured(-5), Some(Reason::NotBetter)),
        (Opinion::Unavailable(artifact), Some(Reason::Unavailable(artifact))),
        (Opinion::Unavailable(ContentId([2; 32])), Some(Reason::Unmeasurable)),
        (Opinion::Flawed(DeltaFlaw::Unmeasurable), Some(Reason::Unmeasurable)),
        (Opinion::Flawed(DeltaFlaw::WrongShape), Some(Reason::Flawed(DeltaFlaw::WrongShape))),
    ];
    for (opinion, reason) in cases {
        assert_eq!(against(opinion), reason, "{opinion:?}");
    }
}
