//! Random calls, sensible and not, by anyone at any time: whatever happens, every pallet's
//! invariants hold after each of them, every delta comes to an end, and money goes where a plain
//! account of it says.

use super::{keep::settle, mock::*};
use crate::{types::*, Event};
use cairn_protocol::{
    dag::Header,
    id::{Amount, ContentId, DeltaId},
    learning::{
        brief::Brief,
        evaluation::{DeltaFlaw, Opinion},
    },
    lifecycle::delta::{Forfeit, MOVES},
};
use cairn_seams::Kept;
use frame_support::traits::SafeModeNotify;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Fewer than a panel of nine needs with some away, so that it happens that too few are fit.
const GUARDS: u64 = 10;
/// Calls in a sequence.
const CALLS: usize = 110;
const AUTHORS: [AccountId; 4] = [CAROL, DAVE, ERIN, FRANK];
const NAMES: [&[u8]; 2] = [A, B];

#[derive(Clone, Debug)]
enum Step {
    Commit {
        who: usize,
        name: usize,
        artifact: u8,
    },
    /// What was committed to of late, or something else; on the head, or on an older block.
    Submit {
        who: usize,
        name: usize,
        artifact: u8,
        older: bool,
    },
    /// Commits, waits, and hands in.
    HandIn {
        who: usize,
        name: usize,
        artifact: u8,
    },
    Withdraw {
        who: usize,
        artifact: u8,
    },
    /// All guards of a delta say that.
    Judge {
        delta: usize,
        says: u8,
    },
    Keep {
        delta: usize,
        kept: bool,
    },
    Poke {
        delta: usize,
    },
    Invalidate {
        delta: usize,
    },
    Publish {
        name: usize,
    },
    /// Whether keepers answer at once, and rewards wait.
    Neighbours {
        at_once: Option<bool>,
        waits: bool,
        refuses: bool,
        budget: bool,
    },
    Availability {
        who: u64,
        away: bool,
    },
    Stop,
    Resume,
    Blocks(u64),
    FullBlocks(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    use Step::*;
    let (who, name, artifact, delta) = (0..4usize, 0..2usize, 0..40u8, 0..8usize);
    prop_oneof![
        2 => (who.clone(), name.clone(), artifact.clone())
            .prop_map(|(who, name, artifact)| Commit { who, name, artifact }),
        2 => (who.clone(), name.clone(), artifact.clone(), any::<bool>())
            .prop_map(|(who, name, artifact, older)| Submit { who, name, artifact, older }),
        12 => (who.clone(), name.clone(), artifact.clone())
            .prop_map(|(who, name, artifact)| HandIn { who, name, artifact }),
        1 => (who, artifact).prop_map(|(who, artifact)| Withdraw { who, artifact }),
        40 => (delta.clone(), prop::sample::select(vec![0u8, 0, 0, 0, 1, 2, 3, 4, 5]))
            .prop_map(|(delta, says)| Judge { delta, says }),
        24 => (delta.clone(), prop::bool::weighted(0.9))
            .prop_map(|(delta, kept)| Keep { delta, kept }),
        2 => delta.prop_map(|delta| Poke { delta }),
        3 => (0..6usize).prop_map(|delta| Invalidate { delta }),
        1 => (0..6usize).prop_map(|name| Publish { name }),
        2 => (prop::option::weighted(0.3, any::<bool>()), any::<bool>(), prop::bool::weighted(0.1), any::<bool>())
            .prop_map(|(at_once, waits, refuses, budget)| Neighbours { at_once, waits, refuses, budget }),
        1 => (0..GUARDS, any::<bool>()).prop_map(|(who, away)| Availability { who, away }),
        1 => Just(Stop),
        3 => Just(Resume),
        16 => (5..30u64).prop_map(Blocks),
        1 => (1..30u64).prop_map(FullBlocks),
    ]
}

thread_local! {
    /// How often each move of the lifecycle was made, and each end came.
    static TURNS: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
}

fn count(what: String) {
    TURNS.with_borrow_mut(|all| *all.entry(what).or_default() += 1);
}

fn nth(delta: usize) -> Option<DeltaId> {
    nth_that(delta, |_| true)
}

/// The latest but so many of those that are so.
fn nth_that(nth: usize, is_so: impl Fn(&Delta<AccountId>) -> bool) -> Option<DeltaId> {
    let all = crate::Deltas::<Test>::iter().filter(|(_, delta)| is_so(delta));
    let mut all: Vec<_> = all.map(|(id, _)| id).collect();
    all.sort_unstable();
    let nth = nth.checked_rem(all.len())?;
    all.into_iter().rev().nth(nth)
}

fn header_of(who: usize, name: usize, artifact: u8, older: bool) -> Header<AccountId> {
    let header = header(AUTHORS[who], NAMES[name], 20 + artifact);
    if !older {
        return header;
    }
    let line = known().lines.into_iter().find(|(at, _)| *at == place(NAMES[name])).unwrap().1;
    let parents = vec![line[line.len() / 2].block].try_into().unwrap();
    Header { parents, ..header }
}

fn says(what: u8, place: usize, brief: &Brief) -> Opinion {
    match what {
        0 => better(brief),
        1 => no_better(brief),
        2 => Opinion::Unavailable(brief_artifact(brief)),
        3 => Opinion::Flawed(DeltaFlaw::OtherBase),
        4 => Opinion::Unavailable(ContentId([1; 32])),
        // Each something else.
        _ => Opinion::Unavailable(ContentId([100 + u8::try_from(place).unwrap(); 32])),
    }
}

fn brief_artifact(brief: &Brief) -> ContentId {
    match &brief.subject {
        cairn_protocol::learning::brief::Subject::Delta { artifact, .. } => artifact.id,
        cairn_protocol::learning::brief::Subject::Heads(_) => unreachable!("it is a delta"),
    }
}

fn judge_one(delta: usize, what: u8) -> bool {
    if <Clock as cairn_seams::Clock>::is_stopped() {
        return false;
    }
    let panel = nth_that(delta, is_open).and_then(|id| super::mock::delta(id).panel);
    let Some(panel) = panel else { return false };
    say(panel, |place, brief| says(what, place, brief));
    true
}

/// All that waits is paid.
fn settle_all() {
    let waiting: Vec<_> = known().noted.iter().map(|(id, _, _)| *id).collect();
    waiting.into_iter().for_each(settle);
}

/// Says whether anything came of it.
fn take(step: Step) -> bool {
    match step {
        Step::Commit { who, name, artifact } => {
            commit(&header_of(who, name, artifact, false)).is_ok()
        }
        Step::Submit { who, name, artifact, older } => {
            submit(&header_of(who, name, artifact, older)).is_ok()
        }
        Step::HandIn { who, name, artifact } => {
            let committed = commit(&header_of(who, name, artifact, false)).is_ok();
            run(5);
            submit(&header_of(who, name, artifact, false)).is_ok() || committed
        }
        Step::Withdraw { who, artifact } => {
            let digest = digest(AUTHORS[who], ContentId([20 + artifact; 32]));
            Learning::withdraw_commit(signed(AUTHORS[who]), digest).is_ok()
        }
        Step::Judge { delta, says } => judge_one(delta, says),
        Step::Keep { delta, kept } => {
            let keeping = nth_that(delta, |delta| delta.stage == Stage::Keeping);
            keeping.or_else(|| nth(delta)).is_some_and(|id| {
                if kept {
                    Learning::kept(id);
                } else {
                    Learning::unkept(id);
                }
                true
            })
        }
        Step::Poke { delta } => {
            nth(delta).is_some_and(|id| Learning::poke(signed(BOB), id).is_ok())
        }
        Step::Invalidate { delta } => nth_that(delta, |delta| delta.stage == Stage::Laid)
            .is_some_and(|id| Learning::invalidate(RuntimeOrigin::root(), id).is_ok()),
        // Mostly of another model.
        Step::Publish { name } => {
            let model = if name < 2 { MODEL } else { OTHER };
            publish(model, NAMES[name % 2]);
            true
        }
        Step::Neighbours { at_once, waits, refuses, budget } => {
            if !waits {
                settle_all();
            }
            AtOnce::set(at_once);
            OnRecords::set(waits);
            Waits::set(waits);
            Refuses::set(refuses);
            Budget::set(if budget { Amount::MAX } else { 1_000 });
            false
        }
        Step::Availability { who, away } => {
            use cairn_protocol::{id::ProviderId, profile::Availability};
            let to = if away { Availability::Paused } else { Availability::Available };
            let by = signed(operator(ProviderId(who)));
            Providers::set_availability(by, ProviderId(who), to).is_ok()
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

/// Follows every delta through what the chain told of it: by moves that there are, and no others.
/// Gives what authors should have lost to the treasury.
fn follow() -> Amount {
    let mut stages: BTreeMap<DeltaId, Stage> = BTreeMap::new();
    let mut lost = 0;
    for record in System::events() {
        let RuntimeEvent::Learning(event) = record.event else { continue };
        let (delta, to, reason) = match event {
            Event::DeltaSubmitted { delta, .. } => {
                assert_eq!(stages.insert(delta, Stage::Judging), None, "it is handed in once");
                continue;
            }
            Event::Redrawn { delta, .. } => (delta, Stage::Judging, None),
            Event::Passed { delta, .. } => (delta, Stage::Keeping, None),
            Event::DeltaLaid { delta, .. } => {
                lost += RULES.terms.mark;
                (delta, Stage::Laid, Some(Reason::Accepted))
            }
            Event::Rejected { delta, reason, lost: taken } => {
                let expected = match reason.forfeits() {
                    Forfeit::Nothing => unreachable!("it is rejected"),
                    Forfeit::Deposit => DEPOSIT,
                    Forfeit::DepositAndBond => DEPOSIT + BOND / 10,
                };
                assert_eq!(taken, expected);
                lost += taken;
                (delta, Stage::Rejected, Some(reason))
            }
            Event::Outdated { delta, reason } => (delta, Stage::Stale, Some(reason)),
            Event::Lapsed { delta, reason } => (delta, Stage::Lapsed, Some(reason)),
            Event::RolledBack { delta: Some(delta), reason, .. } => {
                (delta, Stage::RolledBack, Some(reason))
            }
            Event::Pruned { delta } => {
                let stage = stages.remove(&delta).expect("it was handed in");
                assert!(!stage.is_pending(), "{delta:?} was forgotten in {stage:?}");
                continue;
            }
            _ => continue,
        };
        assert!(reason.is_none_or(|reason| reason.stage() == to));
        let from = stages.insert(delta, to).expect("it was handed in");
        // A move, or two in one look: it waits, is judged again, and has its turn unseen.
        let moves = |at: Stage| MOVES.iter().filter(move |(from, _, _)| *from == at);
        let led = moves(from).any(|(_, _, next)| {
            *next == to || (next.is_pending() && moves(*next).any(|(_, _, next)| *next == to))
        });
        assert!(led, "{delta:?}: {from:?} does not lead to {to:?}");
        count(format!("{from:?} to {to:?}"));
        if let Some(reason) = reason {
            let named = format!("{reason:?}");
            count(named.split(['(', ' ']).next().unwrap_or_default().to_owned());
        }
    }
    assert!(stages.is_empty(), "these were not forgotten: {stages:?}");
    lost
}

/// Runs one sequence.
fn sequence(luck: u64, steps: Vec<Step>) {
    execute_with(GUARDS, || {
        Luck::set(luck);
        // So that some come to differ to the last.
        PanelsRules::mutate(|rules| rules.draws.most = 5);
        link(CAROL, DAVE);
        let (treasury, issued) = (free(TREASURY), Balances::total_issuance());
        let before = AUTHORS.map(held);
        for step in steps {
            // A call that is refused leaves what was checked before: its changes are undone.
            if take(step) {
                check();
            }
        }
        // Everything comes to an end by itself.
        Clock::exited();
        Refuses::set(false);
        run(1_000);
        settle_all();
        for author in AUTHORS {
            let commitments: Vec<_> = crate::Commitments::<Test>::iter_key_prefix(author).collect();
            for digest in commitments {
                assert!(Learning::forget_commit(signed(BOB), author, digest).is_ok());
            }
        }
        run(600);
        assert_eq!(crate::Deltas::<Test>::iter().count(), 0);
        assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
        assert_eq!(crate::Queues::<Test>::iter().count(), 0);
        assert_eq!(crate::Rollbacks::<Test>::iter().count(), 0);
        assert_eq!(crate::Laid::<Test>::iter().count(), 0);
        let mut taken = crate::Artifacts::<Test>::iter().map(|(_, _, taken)| taken);
        assert!(taken.all(|taken| matches!(taken, Taken::Laid(_))), "a name is kept for nothing");
        assert_eq!(AUTHORS.map(held), before);
        let lost = follow();
        assert_eq!(free(TREASURY), treasury + lost);
        // Nothing is made but what was paid, for what passed.
        let paid: Amount = known().paid.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(Balances::total_issuance(), issued + paid);
        let laid = |id: &DeltaId| {
            System::events().iter().any(|record| {
                matches!(&record.event, RuntimeEvent::Learning(Event::DeltaLaid { delta, .. }) if delta == id)
            })
        };
        assert!(known().paid.iter().all(|(id, _)| laid(id)));
    });
}

/// The same sequences each time, so that what they come to can be asked for.
fn sequences(cases: u32, random: TestRng) {
    let config = Config { cases, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, random);
    let steps = (any::<u64>(), prop::collection::vec(steps(), CALLS));
    let result = runner.run(&steps, |(luck, steps)| {
        sequence(luck, steps);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // Sequences in which nothing ever comes of anything would prove nothing.
    let turns = TURNS.with_borrow(Clone::clone);
    turns.iter().for_each(|(what, times)| println!("{times:8} {what}"));
    let came = [
        "Accepted",
        "NotBetter",
        "Unavailable",
        "Flawed",
        "HeadMoved",
        "Superseded",
        "Divided",
        "NobodyFit",
        "NotKept",
        "Invalidated",
        "AncestorInvalidated",
        "Unmeasurable",
        "Keeping to Judging",
    ];
    for what in came {
        let times = turns.get(what).copied().unwrap_or_default();
        assert!(times >= cases / 100, "{what} came {times} times");
    }
}

#[test]
fn invariants_should_hold_whatever_is_called() {
    sequences(250, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
}

#[test]
#[ignore = "half an hour: 20,000 sequences, for scripts/test --long"]
fn invariants_should_hold_in_many_sequences() {
    sequences(20_000, TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]));
}
