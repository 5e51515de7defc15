use super::*;
use proptest::prelude::*;

/// What time alone brings about, the seed's among it.
fn expires(turn: Turn) -> bool {
    use Turn::*;
    match turn {
        Convened | NobodyFit | Committed | Exhausted | Divided | Agreed | Accepted => true,
        // They are done so often and no more.
        DrawnAgain | Vacated | Enlarged => false,
        // It leads where the last commitment would.
        Short => false,
        CalledOff => false,
    }
}

#[test]
fn every_stage_should_be_reached_left_and_poked() {
    for stage in Stage::ALL {
        let reached = stage == Stage::Drawing || MOVES.iter().any(|(_, _, to)| *to == stage);
        assert!(reached, "{stage:?} is never reached");
        let poked = stage.allows(Act::Poke, 10, 11, || true).map(|rule| rule.actor);
        assert_eq!(poked, Ok(Actor::Anyone), "{stage:?} cannot be poked");
        assert!(stage.ends(Turn::CalledOff), "{stage:?} cannot be called off");
    }
}

#[test]
fn every_panel_should_end_when_nobody_acts() {
    for stage in Stage::ALL {
        let mut reached = vec![stage];
        let mut next = 0;
        while let Some(from) = reached.get(next).copied() {
            next += 1;
            for (_, _, to) in MOVES.iter().filter(|(at, turn, _)| *at == from && expires(*turn)) {
                assert!(!reached.contains(to), "{stage:?} goes round");
                reached.push(*to);
            }
            // It may end wherever time leads it, so that no seat has to be taken.
            assert!(ENDS.iter().any(|(at, turn)| *at == from && expires(*turn)), "{from:?}");
        }
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
    assert_eq!(Stage::Reveals.after(Turn::Agreed), Some(Stage::Window));
    assert_eq!(Stage::Reveals.after(Turn::Committed), None);
    assert_eq!(Stage::Reveals.after(Turn::Divided), None);
    assert!(Stage::Reveals.ends(Turn::Divided));
    assert!(!Stage::Commits.ends(Turn::Divided));
    assert!(!Stage::Reveals.ends(Turn::Agreed));
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
    assert_eq!(allows(Stage::Drawing, Act::Commit, 9, true), Err(Refusal::WrongStage));
    assert_eq!(allows(Stage::Commits, Act::Commit, 10, true), Err(Refusal::TooLate));
    assert_eq!(allows(Stage::Commits, Act::Commit, 9, false), Ok(Actor::Guard));
    assert_eq!(allows(Stage::Reveals, Act::Poke, 9, true), Err(Refusal::TooEarly));
    assert_eq!(allows(Stage::Drawing, Act::Poke, 10, false), Err(Refusal::TooEarly));
    assert_eq!(allows(Stage::Drawing, Act::Poke, 9, true), Ok(Actor::Anyone));
}
