//! Random calls, sensible and not, by anyone at any time: whatever happens, every pallet's
//! invariants hold after each of them, and every panel comes to an end.

use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    id::{DeltaId, PanelId, ProviderId},
    learning::{
        evaluation::Opinion,
        panel::{Case, Outcome},
    },
    lifecycle::panel::{ENDS, MOVES},
    profile::Availability,
};
use cairn_seams::{Beacon, Panels as _};
use frame_support::traits::SafeModeNotify;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Fewer than three panels of nine need, so that it happens that too few are fit.
const GUARDS: u64 = 13;
/// Calls in a sequence.
const CALLS: usize = 80;

#[derive(Clone, Debug)]
enum Step {
    Open,
    Close {
        panel: usize,
    },
    /// The next case that comes to its draw is off.
    Off(bool),
    Commit {
        panel: usize,
        guard: usize,
        says: u8,
    },
    Reveal {
        panel: usize,
        guard: usize,
        other: Option<u8>,
    },
    /// All guards of a panel that waits for them commit and reveal, but for one who is silent and
    /// those from one on who do not reveal. They say the same, or something else each.
    Judge {
        panel: usize,
        silent: Option<usize>,
        hides: Option<usize>,
        differ: bool,
    },
    Poke {
        panel: usize,
    },
    Availability {
        who: u64,
        to: usize,
    },
    /// Everyone pauses, or is back.
    Break(bool),
    Leave {
        who: u64,
    },
    Withdraw {
        who: u64,
    },
    Stop,
    Resume,
    Blocks(u64),
    FullBlocks(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    use Step::*;
    let (panel, guard) = (0..3usize, 0..9usize);
    let anyone = 0..GUARDS;
    prop_oneof![
        4 => Just(Open),
        1 => panel.clone().prop_map(|panel| Close { panel }),
        1 => prop::bool::weighted(0.2).prop_map(Off),
        2 => (panel.clone(), guard.clone(), 0..3u8)
            .prop_map(|(panel, guard, says)| Commit { panel, guard, says }),
        2 => (panel.clone(), guard.clone(), prop::option::weighted(0.2, 0..3u8))
            .prop_map(|(panel, guard, other)| Reveal { panel, guard, other }),
        20 => (
            panel.clone(),
            prop::option::weighted(0.2, guard.clone()),
            prop::option::weighted(0.2, guard),
            prop::bool::weighted(0.7),
        )
            .prop_map(|(panel, silent, hides, differ)| Judge { panel, silent, hides, differ }),
        2 => panel.prop_map(|panel| Poke { panel }),
        1 => (anyone.clone(), 0..3usize).prop_map(|(who, to)| Availability { who, to }),
        2 => prop::bool::weighted(0.4).prop_map(Break),
        1 => anyone.clone().prop_map(|who| Leave { who }),
        1 => anyone.prop_map(|who| Withdraw { who }),
        1 => Just(Stop),
        3 => Just(Resume),
        14 => (5..30u64).prop_map(Blocks),
        1 => (1..30u64).prop_map(FullBlocks),
    ]
}

thread_local! {
    /// What everyone committed to, which is what they reveal if they are sensible.
    static SAID: RefCell<BTreeMap<(PanelId, ProviderId), Opinion>> = const {
        RefCell::new(BTreeMap::new())
    };
    /// How often each move of the lifecycle was made, and each end came.
    static TURNS: RefCell<BTreeMap<(Stage, String), u32>> = const {
        RefCell::new(BTreeMap::new())
    };
}

fn known(nth: usize) -> Option<(PanelId, Panel<AccountId>)> {
    let mut all: Vec<_> = crate::Panels::<Test>::iter().collect();
    all.sort_by_key(|(id, _)| *id);
    all.into_iter().nth(nth)
}

fn commit_to(id: PanelId, guard: ProviderId, said: Opinion) -> bool {
    let done = Panels::commit(by(guard), id, commitment_of(id, guard, &said)).is_ok();
    if done {
        SAID.with_borrow_mut(|all| all.insert((id, guard), said));
    }
    done
}

fn show(id: PanelId, guard: ProviderId, other: Option<Opinion>) -> bool {
    let said = SAID.with_borrow(|all| all.get(&(id, guard)).copied());
    let Some(said) = other.or(said) else { return false };
    Panels::reveal(by(guard), id, said, SALT).is_ok()
}

fn judge_all(nth: usize, silent: Option<usize>, hides: Option<usize>, differ: bool) -> bool {
    let waits = |nth: &usize| known(*nth).is_some_and(|(_, it)| it.stage == Stage::Commits);
    let waiting: Vec<_> = (0..crate::Panels::<Test>::iter().count()).filter(waits).collect();
    let chosen = waiting.get(nth.checked_rem(waiting.len()).unwrap_or(0));
    let Some((id, panel)) = chosen.and_then(|nth| known(*nth)) else { return false };
    let seats = || panel.guards.iter().enumerate();
    let mut done = false;
    for (place, seat) in seats().filter(|(place, _)| Some(*place) != silent) {
        let says = if differ { u8::try_from(place).unwrap() } else { 0 };
        done |= commit_to(id, seat.guard, measured(says));
    }
    for (_, seat) in seats().filter(|(place, _)| hides.is_none_or(|from| *place < from)) {
        done |= show(id, seat.guard, None);
    }
    done
}

/// Says whether anything came of it.
fn take(step: Step) -> bool {
    let guard_of = |panel: usize, guard: usize| {
        known(panel).and_then(|(id, panel)| Some((id, panel.guards.get(guard)?.guard)))
    };
    match step {
        Step::Open => {
            open(Case::Delta(DeltaId(crate::Opened::<Test>::get())));
            true
        }
        Step::Close { panel } => known(panel).is_some_and(|(id, panel)| {
            Panels::close(id);
            Cases::mutate(|all| all.retain(|case| *case != panel.case));
            true
        }),
        Step::Off(off) => {
            Off::set(off);
            false
        }
        Step::Commit { panel, guard, says } => {
            guard_of(panel, guard).is_some_and(|(id, guard)| commit_to(id, guard, measured(says)))
        }
        Step::Reveal { panel, guard, other } => {
            guard_of(panel, guard).is_some_and(|(id, guard)| show(id, guard, other.map(measured)))
        }
        Step::Judge { panel, silent, hides, differ } => judge_all(panel, silent, hides, differ),
        Step::Poke { panel } => {
            known(panel).is_some_and(|(id, _)| Panels::poke(signed(BOB), id).is_ok())
        }
        Step::Availability { who, to } => {
            let to = [Availability::Available, Availability::Draining, Availability::Paused][to];
            Providers::set_availability(by(ProviderId(who)), ProviderId(who), to).is_ok()
        }
        Step::Break(away) => {
            let to = if away { Availability::Paused } else { Availability::Available };
            (0..GUARDS).map(ProviderId).for_each(|who| {
                let _ = Providers::set_availability(by(who), who, to);
            });
            true
        }
        Step::Leave { who } => {
            Providers::leave(signed(owner(ProviderId(who))), ProviderId(who)).is_ok()
        }
        Step::Withdraw { who } => {
            Providers::withdraw(signed(owner(ProviderId(who))), ProviderId(who)).is_ok()
        }
        Step::Stop => {
            Clock::entered();
            true
        }
        Step::Resume => {
            Clock::exited();
            true
        }
        Step::Blocks(blocks) => {
            run(blocks);
            true
        }
        Step::FullBlocks(blocks) => {
            (0..blocks).for_each(|_| full_block());
            true
        }
    }
}

/// Follows every panel through what the chain told of it: from each stage by a turn that leads on or
/// ends, and to nowhere else.
fn follow() {
    let mut stages: BTreeMap<PanelId, Stage> = BTreeMap::new();
    for record in System::events() {
        let RuntimeEvent::Panels(event) = record.event else { continue };
        let (panel, turn) = match event {
            Event::Drawn { panel, .. } => (panel, Turn::Convened),
            Event::DrawnAgain { panel } => (panel, Turn::DrawnAgain),
            Event::RevealsOpened { panel, .. } => {
                let drawing = stages.get(&panel).is_none_or(|stage| *stage == Stage::Drawing);
                (panel, if drawing { Turn::Short } else { Turn::Committed })
            }
            Event::Vacated { panel, .. } => (panel, Turn::Vacated),
            Event::Enlarged { panel, .. } => (panel, Turn::Enlarged),
            Event::Decided { panel, .. } => (panel, Turn::Agreed),
            Event::CalledOff { panel, .. } => (panel, Turn::CalledOff),
            Event::Judged { panel, outcome, .. } => {
                let drawing = stages.get(&panel).is_none_or(|stage| *stage == Stage::Drawing);
                let turn = match outcome {
                    Outcome::Decided(_) => Turn::Accepted,
                    Outcome::Divided => Turn::Divided,
                    Outcome::NobodyFit if drawing => Turn::NobodyFit,
                    Outcome::NobodyFit => Turn::Exhausted,
                };
                (panel, turn)
            }
            _ => continue,
        };
        let from = stages.remove(&panel).unwrap_or(Stage::Drawing);
        let counted = (from, format!("{turn:?}"));
        TURNS.with_borrow_mut(|all| *all.entry(counted).or_default() += 1);
        match from.after(turn) {
            Some(to) => {
                stages.insert(panel, to);
            }
            None => assert!(from.ends(turn), "{panel:?}: {turn:?} came in {from:?}"),
        }
    }
    assert!(stages.is_empty(), "these did not end: {stages:?}");
}

/// Runs one sequence; says what came of its panels.
fn sequence(luck: u64, steps: Vec<Step>) -> Vec<Outcome> {
    SAID.with_borrow_mut(BTreeMap::clear);
    let mut outcomes = Vec::new();
    execute(|| {
        Luck::set(luck);
        // So that some differ to the last.
        PanelsRules::mutate(|rules| rules.draws.most = 7);
        crowd(GUARDS);
        for step in steps {
            // A call that is refused leaves what was checked before: its changes are undone.
            if take(step) {
                check();
            }
        }
        // Everything comes to an end by itself, and nothing is left of it.
        Clock::exited();
        run(u64::from(RULES.longest(<Entropy as Beacon>::delay())) + 60);
        assert!(Cases::get().is_empty(), "{:?}", Cases::get());
        assert_eq!(crate::Panels::<Test>::iter().count(), 0);
        assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
        assert_eq!(crate::Briefs::<Test>::iter().count(), 0);
        assert_eq!(crate::SeatsOf::<Test>::iter().count(), 0);
        follow();
        outcomes = Heard::get().into_iter().map(|(_, _, outcome)| outcome).collect();
        let decided = outcomes.iter().filter(|one| matches!(one, Outcome::Decided(_))).count();
        // Two thirds of three at the least, of nine at the most.
        assert!((2 * decided..=9 * decided).contains(&Paid::get().len()));
    });
    outcomes
}

/// The same sequences each time, so that what they come to can be asked for.
fn sequences(count: u32, random: TestRng) {
    let config = Config { cases: count, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcomes = RefCell::new(Vec::new());
    let steps = (any::<u64>(), prop::collection::vec(steps(), CALLS));
    let result = runner.run(&steps, |(luck, steps)| {
        outcomes.borrow_mut().extend(sequence(luck, steps));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // Sequences in which nothing ever comes of anything would prove nothing.
    println!("{:8} panels", outcomes.into_inner().len());
    let turns = TURNS.with_borrow(Clone::clone);
    let moves = MOVES.into_iter().map(|(from, turn, _)| (from, turn));
    for (from, turn) in moves.chain(ENDS) {
        let times = turns.get(&(from, format!("{turn:?}"))).copied().unwrap_or_default();
        println!("{times:8} {turn:?} in {from:?}");
        assert!(times >= count / 100, "{turn:?} came {times} times in {from:?}");
    }
}

#[test]
fn invariants_should_hold_whatever_is_called() {
    sequences(300, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
}

#[test]
#[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
fn invariants_should_hold_in_many_sequences() {
    sequences(20_000, TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]));
}
