//! Random calls, sensible and not, by anyone at any time: whatever happens, every pallet's
//! invariants hold after each of them, and every audit comes to an end.

use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    audit::{Report, Shares, Verdict},
    id::{Digest, ProviderId, TaskId},
    job::Policy,
    lifecycle::audit::{Turn, ENDS, MOVES},
    preimage::{AuditCommitment, PlantCommitment, Statement},
    profile::{Availability, DeviceClass, Role},
};
use frame_support::traits::SafeModeNotify;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Workers, of whom the first has a licence, and guards.
const WORKERS: u64 = 4;
const GUARDS: u64 = 9;
/// Calls in a sequence.
const CALLS: usize = 50;

#[derive(Clone, Debug)]
enum Step {
    Begin {
        policy: usize,
        sealed: bool,
        workers: u64,
        plant: bool,
    },
    PostKey {
        who: u64,
        task: usize,
        guard: usize,
    },
    PostKeys {
        task: usize,
    },
    RejectKey {
        task: usize,
        guard: usize,
    },
    /// Every guard of an audit that waits for keys does, after it got one.
    RejectKeys,
    Commit {
        task: usize,
        member: usize,
        says: u8,
    },
    Reveal {
        task: usize,
        member: usize,
        says: u8,
    },
    /// All guards and workers do both, once guards have their keys, but for one who is silent.
    Report {
        task: usize,
        silent: Option<usize>,
        odd: Option<usize>,
    },
    Unmask {
        who: u64,
        task: usize,
    },
    Plant {
        who: u64,
        note: u8,
    },
    DigUp {
        who: u64,
        note: u8,
    },
    License {
        who: u64,
        give: bool,
    },
    Poke {
        task: usize,
    },
    Availability {
        who: u64,
        to: usize,
    },
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
    let (task, some) = (0..4usize, 0..6usize);
    let anyone = 0..WORKERS + GUARDS;
    prop_oneof![
        6 => (0..4usize, prop::bool::weighted(0.2), prop::sample::select(vec![1u64, 1, 1, 2]), any::<bool>())
            .prop_map(|(policy, sealed, workers, plant)| Begin { policy, sealed, workers, plant }),
        1 => (1..3u64, task.clone(), some.clone())
            .prop_map(|(who, task, guard)| PostKey { who, task, guard }),
        2 => task.clone().prop_map(|task| PostKeys { task }),
        1 => Just(RejectKeys),
        1 => (task.clone(), some.clone()).prop_map(|(task, guard)| RejectKey { task, guard }),
        2 => (task.clone(), some.clone(), 0..3u8)
            .prop_map(|(task, member, says)| Commit { task, member, says }),
        2 => (task.clone(), some.clone(), 0..3u8)
            .prop_map(|(task, member, says)| Reveal { task, member, says }),
        20 => (task.clone(), prop::option::weighted(0.2, some.clone()), prop::option::of(some))
            .prop_map(|(task, silent, odd)| Report { task, silent, odd }),
        9 => (prop::sample::select(vec![ALICE, ALICE, ALICE, BOB]), task.clone())
            .prop_map(|(who, task)| Unmask { who, task }),
        2 => (0..3u64, 0..6u8).prop_map(|(who, note)| Plant { who, note }),
        2 => (0..3u64, 0..6u8).prop_map(|(who, note)| DigUp { who, note }),
        1 => (0..3u64, any::<bool>()).prop_map(|(who, give)| License { who, give }),
        1 => task.prop_map(|task| Poke { task }),
        1 => (anyone.clone(), 0..3usize).prop_map(|(who, to)| Availability { who, to }),
        1 => anyone.clone().prop_map(|who| Leave { who }),
        1 => anyone.prop_map(|who| Withdraw { who }),
        1 => Just(Stop),
        3 => Just(Resume),
        8 => (1..30u64).prop_map(Blocks),
        1 => (1..30u64).prop_map(FullBlocks),
    ]
}

thread_local! {
    /// What everyone committed to, which is what they reveal if they are sensible.
    static SAID: RefCell<BTreeMap<(TaskId, ProviderId), Report>> = const {
        RefCell::new(BTreeMap::new())
    };
    static SEALED: RefCell<BTreeMap<TaskId, bool>> = const { RefCell::new(BTreeMap::new()) };
    static BEGUN: RefCell<u64> = const { RefCell::new(0) };
    /// How often each move of the lifecycle was made, and each end came.
    static TURNS: RefCell<BTreeMap<(Stage, String), u32>> = const {
        RefCell::new(BTreeMap::new())
    };
}

fn known(task: usize) -> Option<(TaskId, Audit<AccountId>)> {
    let id = Awaiting::get().get(task).map(|(id, _)| *id)?;
    Some((id, crate::Audits::<Test>::get(id).expect("each that waits is audited")))
}

/// The first that is in a stage.
fn at(stage: Stage) -> Option<(TaskId, Audit<AccountId>)> {
    (0..Awaiting::get().len()).filter_map(known).find(|(_, audit)| audit.stage == stage)
}

fn says(policy: Policy, what: u8) -> Report {
    match policy {
        Policy::Proven | Policy::Replicated => match what {
            0 => same(),
            other => report(other + 1, 2),
        },
        Policy::Tolerance { .. } => resembling(i32::from(what) * 9_000),
        Policy::Outcome { .. } => measured(what.into()),
    }
}

fn begin_one(policy: usize, sealed: bool, workers: u64, plant: bool) -> bool {
    let policies = [
        Policy::Proven,
        Policy::Replicated,
        Policy::Tolerance { within: 1_000 },
        Policy::Outcome { target: 1, guards: 3 },
    ];
    let policy = policies[policy];
    let several = matches!(policy, Policy::Replicated) && workers > 1;
    let workers: Vec<_> = (1..=if several { workers } else { 1 }).map(ProviderId).collect();
    if workers.iter().any(|worker| Providers::card(*worker).is_none()) {
        return false;
    }
    let id = BEGUN.with_borrow_mut(|count| {
        *count += 1;
        TaskId(*count)
    });
    if plant {
        let note = note_of(id, workers[0]);
        let _ = Audits::plant(by(ProviderId(0)), note);
        run(1);
    }
    SEALED.with_borrow_mut(|all| all.insert(id, sealed));
    let brief = brief(policy, &workers);
    let redundancy = if several { 3 } else { 1 };
    begin(id, cairn_seams::Brief { sealed, contested: several, redundancy, ..brief }).is_some()
}

fn note_of(task: TaskId, worker: ProviderId) -> Digest {
    PlantCommitment { planter: ProviderId(0), task, worker, answer: CLAIM, salt: SALT }
        .digest(&Audits::genesis())
}

fn is_noted(id: TaskId, audit: &Audit<AccountId>) -> bool {
    let worker = audit.workers[0].provider;
    crate::Notes::<Test>::contains_key(ProviderId(0), note_of(id, worker))
}

fn commit_to(id: TaskId, round: u16, provider: ProviderId, said: Report) -> bool {
    let genesis = Audits::genesis();
    let (answer, trace) = (said.digest(&genesis), said.trace);
    let digest =
        AuditCommitment { task: id, round, provider, answer, trace, salt: SALT }.digest(&genesis);
    let done = Audits::commit(by(provider), id, digest).is_ok();
    if done {
        SAID.with_borrow_mut(|all| all.insert((id, provider), said));
    }
    done
}

fn show(id: TaskId, provider: ProviderId, other: Option<Report>) -> bool {
    let said = SAID.with_borrow(|all| all.get(&(id, provider)).cloned());
    let Some(said) = other.or(said) else { return false };
    Audits::reveal(by(provider), id, said, SALT).is_ok()
}

fn members(audit: &Audit<AccountId>) -> Vec<ProviderId> {
    audit.guards.iter().chain(&audit.workers).map(|member| member.provider).collect()
}

fn post_keys(id: TaskId, audit: &Audit<AccountId>) -> bool {
    let post = |guard: &Member| Audits::post_key(signed(ALICE), id, guard.provider, key()).is_ok();
    audit.guards.iter().filter(|guard| post(guard)).count() > 0
}

fn report_all(task: usize, silent: Option<usize>, odd: Option<usize>) -> bool {
    let Some((id, audit)) = known(task) else { return false };
    let all = members(&audit);
    let heard = || {
        let silent = silent.and_then(|nth| all.get(nth));
        all.iter().enumerate().filter(move |(_, one)| Some(*one) != silent)
    };
    let mut done = audit.stage == Stage::Keys && post_keys(id, &audit);
    for (nth, one) in heard() {
        let guard = nth < audit.guards.len();
        let what = u8::from(guard && odd.is_some_and(|odd| odd == nth || odd >= 4));
        let mut said = says(audit.policy, what);
        // Nobody finds the trace of what was made up.
        if guard && said == same() && is_noted(id, &audit) {
            said = unread();
        }
        done |= commit_to(id, audit.round, *one, said);
    }
    for (_, one) in heard() {
        done |= show(id, *one, None);
    }
    done
}

/// Says whether anything came of it.
fn take(step: Step) -> bool {
    match step {
        Step::Begin { policy, sealed, workers, plant } => begin_one(policy, sealed, workers, plant),
        Step::PostKey { who, task, guard } => known(task).is_some_and(|(id, audit)| {
            let guard = members(&audit).get(guard).copied();
            guard.is_some_and(|guard| Audits::post_key(signed(who), id, guard, key()).is_ok())
        }),
        Step::PostKeys { task } => known(task).is_some_and(|(id, audit)| post_keys(id, &audit)),
        Step::RejectKeys => at(Stage::Keys).is_some_and(|(id, audit)| {
            let posted = post_keys(id, &audit);
            let reject = |guard: &Member| Audits::reject_key(by(guard.provider), id).is_ok();
            audit.guards.iter().filter(|guard| reject(guard)).count() > 0 || posted
        }),
        Step::RejectKey { task, guard } => known(task).is_some_and(|(id, audit)| {
            let guard = members(&audit).get(guard).copied();
            guard.is_some_and(|guard| Audits::reject_key(by(guard), id).is_ok())
        }),
        Step::Commit { task, member, says: what } => known(task).is_some_and(|(id, audit)| {
            let member = members(&audit).get(member).copied();
            member.is_some_and(|one| commit_to(id, audit.round, one, says(audit.policy, what)))
        }),
        Step::Reveal { task, member, says: what } => known(task).is_some_and(|(id, audit)| {
            let member = members(&audit).get(member).copied();
            let other = (what > 0).then(|| says(audit.policy, what - 1));
            member.is_some_and(|one| show(id, one, other))
        }),
        Step::Report { task, silent, odd } => report_all(task, silent, odd),
        Step::Unmask { who, task } => at(Stage::Unmasking)
            .or_else(|| known(task))
            .is_some_and(|(id, _)| Audits::unmask(signed(who), id, ProviderId(0), SALT).is_ok()),
        Step::Poke { task } => {
            known(task).is_some_and(|(id, _)| Audits::poke(signed(BOB), id).is_ok())
        }
        other => take_around(other),
    }
}

/// What happens beside the audits.
fn take_around(step: Step) -> bool {
    match step {
        Step::Plant { who, note } => Audits::plant(by(ProviderId(who)), [note; 32]).is_ok(),
        Step::DigUp { who, note } => {
            Audits::dig_up(signed(BOB), ProviderId(who), [note; 32]).is_ok()
        }
        Step::License { who, give: true } => {
            Audits::license(RuntimeOrigin::root(), ProviderId(who)).is_ok()
        }
        Step::License { who, give: false } => {
            Audits::revoke_licence(RuntimeOrigin::root(), ProviderId(who)).is_ok()
        }
        Step::Availability { who, to } => {
            let to = [Availability::Available, Availability::Draining, Availability::Paused][to];
            Providers::set_availability(by(ProviderId(who)), ProviderId(who), to).is_ok()
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
        _ => false,
    }
}

/// Follows every audit through what the chain told of it: from each stage by a turn that leads on
/// or ends, and to nowhere else.
fn follow(sealed: &BTreeMap<TaskId, bool>) {
    let mut stages: BTreeMap<TaskId, Stage> = BTreeMap::new();
    let mut spared_or_unmasked = BTreeMap::new();
    for record in System::events() {
        let RuntimeEvent::Audits(event) = record.event else { continue };
        let (task, turn) = match event {
            Event::Spared { task } => {
                spared_or_unmasked.insert(task, Turn::Spared);
                continue;
            }
            Event::Unmasked { task, .. } => {
                spared_or_unmasked.insert(task, Turn::Unmasked);
                continue;
            }
            Event::Drawn { task, .. } if sealed[&task] => (task, Turn::ConvenedSealed),
            Event::Drawn { task, .. } => (task, Turn::Convened),
            Event::DrawnAgain { task, .. } => (task, Turn::DrawnAgain),
            Event::CommitsOpened { task, .. } => (task, Turn::KeysPosted),
            Event::RevealsOpened { task, .. } => (task, Turn::Committed),
            Event::UnmaskingOpened { task, .. } => {
                let all_late = stages.get(&task) == Some(&Stage::Commits);
                (task, if all_late { Turn::NobodyCommitted } else { Turn::Revealed })
            }
            Event::Judged { task, .. } => {
                let turn = match stages.get(&task) {
                    None | Some(Stage::Drawing) => Turn::NobodyFit,
                    Some(Stage::Keys) => Turn::KeysMissing,
                    Some(Stage::Commits) => Turn::KeysRejected,
                    Some(Stage::Reveals | Stage::Unmasking) => Turn::Judged,
                };
                (task, spared_or_unmasked.remove(&task).unwrap_or(turn))
            }
            _ => continue,
        };
        let from = stages.remove(&task).unwrap_or(Stage::Drawing);
        let counted = (from, format!("{turn:?}"));
        TURNS.with_borrow_mut(|all| *all.entry(counted).or_default() += 1);
        match from.after(turn) {
            Some(to) => {
                stages.insert(task, to);
            }
            None => assert!(from.ends(turn), "{task:?}: {turn:?} came in {from:?}"),
        }
    }
    assert!(stages.is_empty(), "these did not end: {stages:?}");
}

/// Runs one sequence; says what came of its audits.
fn sequence(luck: u64, steps: Vec<Step>) -> Vec<Verdict> {
    SAID.with_borrow_mut(BTreeMap::clear);
    SEALED.with_borrow_mut(BTreeMap::clear);
    BEGUN.with_borrow_mut(|count| *count = 0);
    let mut verdicts = Vec::new();
    execute(|| {
        Luck::set(luck);
        // The lot spares some.
        AuditRules::set(Rules { shares: Shares { alone: 950_000, ..RULES.shares }, ..RULES });
        for _ in 0..WORKERS {
            worker();
        }
        for _ in 0..GUARDS {
            join_with(DeviceClass::Gpu, &[Role::Guard]);
        }
        assert!(Audits::license(RuntimeOrigin::root(), ProviderId(0)).is_ok());
        let issued = Balances::total_issuance();
        for step in steps {
            // A call that is refused leaves what was checked before: its changes are undone.
            if take(step) {
                check();
                assert!(Balances::total_issuance() <= issued, "money was created");
            }
        }
        // When everything has come to an end nothing is left of it.
        Clock::exited();
        run(3 * (SEED + 60) + 60);
        assert!(Awaiting::get().is_empty(), "{:?}", Awaiting::get());
        assert_eq!(crate::Audits::<Test>::iter().count(), 0);
        assert_eq!(crate::Keys::<Test>::iter().count(), 0);
        assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
        SEALED.with_borrow(follow);
        verdicts = Heard::get().into_iter().map(|(_, verdict, _)| verdict).collect();
    });
    verdicts
}

/// The same sequences each time, so that what they come to can be asked for.
fn sequences(count: u32, random: TestRng) {
    let config = Config { cases: count, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, random);
    let verdicts = RefCell::new(Vec::new());
    let steps = (any::<u64>(), prop::collection::vec(steps(), CALLS));
    let result = runner.run(&steps, |(luck, steps)| {
        verdicts.borrow_mut().extend(sequence(luck, steps));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // Sequences in which nothing ever comes of anything would prove nothing.
    let verdicts = verdicts.into_inner();
    use Verdict::*;
    for verdict in [Passed, Confirmed, Contradicted, Wrong, Withheld, Unmasked, Unmeasured] {
        let times = verdicts.iter().filter(|one| **one == verdict).count();
        println!("{times:8} {verdict:?}");
        assert!(times >= count as usize / 50, "{verdict:?} came {times} times");
    }
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

/// A hundred thousand sequences, a fifth a test.
mod for_long {
    use super::*;

    fn fifth(nth: u8) {
        sequences(20_000, TestRng::from_seed(RngAlgorithm::ChaCha, &[nth; 32]));
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_first_fifth() {
        fifth(0);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_second_fifth() {
        fifth(1);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_third_fifth() {
        fifth(2);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_fourth_fifth() {
        fifth(3);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_last_fifth() {
        fifth(4);
    }
}
