//! Random calls, sensible and not, by anyone at any time: whatever happens, every pallet's
//! invariants hold after each of them, and nobody's money is created.

use super::mock::*;
use crate::{types::*, Submitted};
use cairn_protocol::{
    chunk,
    failure::Failure,
    id::{ProviderId, TaskId},
    job::{Policy, Seal},
    lifecycle::Stage,
    profile::Availability,
    result::{Answer, Fingerprint, Output},
};
use frame_support::traits::SafeModeNotify;
use proptest::prelude::*;

const MARKET: u64 = 12;
/// Calls in a sequence.
const CALLS: usize = 50;

#[derive(Clone, Debug)]
enum Step {
    Submit {
        who: u64,
        terms: u8,
        redundancy: u8,
        reward: u128,
        tip: u128,
        wait: u32,
    },
    Cancel {
        who: u64,
        task: u64,
    },
    PostKey {
        who: u64,
        task: u64,
        seat: usize,
    },
    RejectKey {
        task: u64,
        seat: usize,
    },
    Decline {
        task: u64,
        seat: usize,
        accuses: bool,
    },
    Commit {
        task: u64,
        seat: usize,
        output: u8,
    },
    Reveal {
        task: u64,
        seat: usize,
        output: u8,
    },
    /// Every worker of a task commits, reveals.
    Deliver {
        task: u64,
        odd: Option<usize>,
    },
    Acknowledge {
        who: u64,
        task: u64,
    },
    Poke {
        task: u64,
    },
    /// About a task, or one whose result stands.
    Complain {
        who: Option<u64>,
        task: u64,
        seat: usize,
    },
    /// Waits for what is asked for and shows it, or something else.
    Show {
        task: u64,
        right: bool,
    },
    Availability {
        provider: u64,
        to: u8,
    },
    Leave {
        provider: u64,
    },
    Withdraw {
        provider: u64,
    },
    Bond {
        provider: u64,
        amount: u128,
    },
    Stop,
    Resume,
    Blocks(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    // More tasks than there are, so that some do not exist.
    let task = 0..6u64;
    let seat = 0..9usize;
    prop_oneof![
        6 => (1..3u64, 0..7u8, prop::sample::select(vec![0u8, 1, 1, 2, 3, 5, 9]),
            prop::sample::select(vec![0, 99, 9_000, 9_000, 100_000, u128::MAX]),
            prop::sample::select(vec![0, 0, 1, 5_000, u128::MAX]), 0..120u32)
            .prop_map(|(who, terms, redundancy, reward, tip, wait)| {
                Step::Submit { who, terms, redundancy, reward, tip, wait }
            }),
        1 => (1..3u64, task.clone()).prop_map(|(who, task)| Step::Cancel { who, task }),
        3 => (1..3u64, task.clone(), seat.clone())
            .prop_map(|(who, task, seat)| Step::PostKey { who, task, seat }),
        1 => (task.clone(), seat.clone()).prop_map(|(task, seat)| Step::RejectKey { task, seat }),
        1 => (task.clone(), seat.clone(), any::<bool>())
            .prop_map(|(task, seat, accuses)| Step::Decline { task, seat, accuses }),
        3 => (task.clone(), seat.clone(), 0..3u8)
            .prop_map(|(task, seat, output)| Step::Commit { task, seat, output }),
        3 => (task.clone(), seat.clone(), 0..3u8)
            .prop_map(|(task, seat, output)| Step::Reveal { task, seat, output }),
        6 => (task.clone(), prop::option::of(0..9usize))
            .prop_map(|(task, odd)| Step::Deliver { task, odd }),
        1 => (1..3u64, task.clone()).prop_map(|(who, task)| Step::Acknowledge { who, task }),
        4 => (prop::option::of(1..3u64), task.clone(), seat.clone())
            .prop_map(|(who, task, seat)| Step::Complain { who, task, seat }),
        3 => (task.clone(), any::<bool>()).prop_map(|(task, right)| Step::Show { task, right }),
        1 => task.prop_map(|task| Step::Poke { task }),
        1 => (0..MARKET, 0..3u8).prop_map(|(provider, to)| Step::Availability { provider, to }),
        1 => (0..MARKET).prop_map(|provider| Step::Leave { provider }),
        1 => (0..MARKET).prop_map(|provider| Step::Withdraw { provider }),
        1 => (0..MARKET, prop::sample::select(vec![0, 1_000, u128::MAX]))
            .prop_map(|(provider, amount)| Step::Bond { provider, amount }),
        1 => Just(Step::Stop),
        4 => Just(Step::Resume),
        8 => (1..25u64).prop_map(Step::Blocks),
    ]
}

/// Terms of every policy, open and sealed, on models of every access.
fn terms_of(kind: u8) -> cairn_protocol::job::Terms {
    let mut chosen = if kind < 2 { terms(1) } else { proven(1) };
    match kind {
        1 => chosen.seal = Some(Seal { commitment: [1; 32], key_blocks: 10 }),
        3 => chosen.policy = Policy::Tolerance { within: 1_000 },
        4 => chosen.policy = Policy::Outcome { target: 1, guards: 3 },
        5 => chosen.job.model = Some(PRICED),
        6 => chosen.job.model = Some(LICENSED),
        _ => {}
    }
    chosen
}

/// What an odd output is the name of.
fn artifact(output: u8) -> Vec<u8> {
    vec![output; 9_000]
}

fn said(output: u8) -> Answer {
    let values = vec![1_000_000, i32::from(output) * 900];
    let fingerprint = Some(Fingerprint(values.try_into().expect("there are two")));
    let bytes = artifact(output);
    let named = Output::Artifact { id: chunk::content(&bytes), bytes: bytes.len() as u64 };
    let answer = answer(output);
    Answer { fingerprint, output: if output % 2 == 1 { named } else { answer.output }, ..answer }
}

/// One of the tasks in a stage, and who asked for it.
fn in_stage(stage: Stage, nth: u64) -> Option<(TaskId, AccountId)> {
    let mut tasks: Vec<_> = crate::Tasks::<Test>::iter()
        .filter(|(_, task)| task.stage == stage)
        .map(|(id, task)| (id, task.requester))
        .collect();
    tasks.sort_unstable();
    tasks.get(nth as usize % tasks.len().max(1)).copied()
}

fn complain(who: Option<u64>, task: u64, seat: usize) -> bool {
    let stands = in_stage(Stage::Window, task).filter(|_| who.is_none());
    let (id, who) = stands.unwrap_or((TaskId(task), who.unwrap_or(BOB)));
    let seats = crate::Tasks::<Test>::get(id).map(|task| task.seats).unwrap_or_default();
    let Some(seat) = seats.get(seat % seats.len().max(1)) else { return false };
    Tasks::complain_unavailable(RuntimeOrigin::signed(who), id, seat.provider).is_ok()
}

fn show_chunks(task: u64, right: bool) -> bool {
    let Some((id, _)) = in_stage(Stage::Contested, task) else { return false };
    let against = |id| crate::Complaints::<Test>::get(id)?.open.map(|open| open.against);
    let Some(provider) = against(id) else { return false };
    let drawn = |id| Tasks::view(id).and_then(|view| view.complaint).map(|open| open.chunks);
    if drawn(id).is_some_and(|chunks| chunks.is_empty()) {
        run(18);
    }
    let complaint = Tasks::view(id).and_then(|view| view.complaint);
    let chunks = complaint.map(|open| open.chunks).unwrap_or_default();
    let bytes = artifact(if right { 1 } else { 3 });
    let proofs: Vec<_> = chunks.iter().filter_map(|at| chunk::prove(&bytes, *at)).collect();
    let proofs = proofs.try_into().expect("there are nine chunks");
    Tasks::show(RuntimeOrigin::signed(operator(provider)), id, proofs).is_ok()
}

fn seated(id: u64, seat: usize) -> Option<(TaskId, ProviderId)> {
    let id = TaskId(id);
    let task = crate::Tasks::<Test>::get(id)?;
    task.seats.get(seat).map(|seat| (id, seat.provider))
}

/// Says whether anything came of it.
fn take(step: Step) -> bool {
    let signed = RuntimeOrigin::signed;
    match step {
        Step::Submit { who, terms, redundancy, reward, tip, wait } => {
            let mut chosen = terms_of(terms);
            (chosen.redundancy, chosen.reward, chosen.tip) = (redundancy, reward, tip);
            chosen.match_by = now() + wait;
            Tasks::submit(signed(who), Box::new(chosen)).is_ok()
        }
        Step::Cancel { who, task } => Tasks::cancel(signed(who), TaskId(task)).is_ok(),
        Step::PostKey { who, task, seat } => seated(task, seat).is_some_and(|(id, provider)| {
            let key = WrappedKey::Artifact(cairn_protocol::id::ContentId([1; 32]));
            Tasks::post_key(signed(who), id, provider, key).is_ok()
        }),
        Step::RejectKey { task, seat } => seated(task, seat).is_some_and(|(id, provider)| {
            Tasks::reject_key(signed(operator(provider)), id).is_ok()
        }),
        Step::Decline { task, seat, accuses } => {
            seated(task, seat).is_some_and(|(id, provider)| {
                let failure = if accuses { Failure::FalseArtifact } else { Failure::OutOfMemory };
                let reason = b"it does not fit".to_vec().try_into().expect("it is short");
                Tasks::decline(signed(operator(provider)), id, failure, reason).is_ok()
            })
        }
        Step::Commit { task, seat, output } => {
            seated(task, seat).is_some_and(|(id, provider)| commit_to(id, provider, &said(output)))
        }
        Step::Reveal { task, seat, output } => {
            seated(task, seat).is_some_and(|(id, provider)| show(id, provider, said(output)))
        }
        Step::Deliver { task, odd } => all_answer(task, odd),
        Step::Acknowledge { who, task } => Tasks::acknowledge(signed(who), TaskId(task)).is_ok(),
        Step::Complain { who, task, seat } => complain(who, task, seat),
        Step::Show { task, right } => show_chunks(task, right),
        Step::Poke { task } => Tasks::poke(signed(BOB), TaskId(task)).is_ok(),
        other => take_around(other),
    }
}

/// What happens beside the tasks.
fn take_around(step: Step) -> bool {
    let signed = RuntimeOrigin::signed;
    match step {
        Step::Availability { provider, to } => {
            let to = [Availability::Available, Availability::Draining, Availability::Paused]
                [usize::from(to)];
            let provider = ProviderId(provider);
            Providers::set_availability(signed(operator(provider)), provider, to).is_ok()
        }
        Step::Leave { provider } => {
            let provider = ProviderId(provider);
            Providers::leave(signed(owner(provider)), provider).is_ok()
        }
        Step::Withdraw { provider } => {
            let provider = ProviderId(provider);
            Providers::withdraw(signed(owner(provider)), provider).is_ok()
        }
        Step::Bond { provider, amount } => {
            let provider = ProviderId(provider);
            Providers::add_bond(signed(owner(provider)), provider, amount).is_ok()
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
        _ => false,
    }
}

fn commit_to(id: TaskId, provider: ProviderId, answer: &Answer) -> bool {
    let commitment = commitment(id, provider, answer);
    Tasks::commit(RuntimeOrigin::signed(operator(provider)), id, commitment).is_ok()
}

fn show(id: TaskId, provider: ProviderId, answer: Answer) -> bool {
    let origin = RuntimeOrigin::signed(operator(provider));
    Tasks::reveal(origin, id, Box::new(answer), SALT).is_ok()
}

fn all_answer(task: u64, odd: Option<usize>) -> bool {
    // One that waits for it, if there is any.
    let task = in_stage(Stage::Assigned, task).map_or(task, |(id, _)| id.0);
    let seats: Vec<_> = (0..9).filter_map(|seat| seated(task, seat)).collect();
    let answers = (0..9).map(|seat| said(if odd == Some(seat) { 2 } else { 1 }));
    let round: Vec<_> = seats.into_iter().zip(answers).collect();
    let mut done = false;
    for ((id, provider), answer) in &round {
        done |= commit_to(*id, *provider, answer);
    }
    for ((id, provider), answer) in round {
        done |= show(id, provider, answer);
    }
    done
}

/// Runs one sequence; says how many tasks came in, how many workers were paid, how many results
/// were complained about, and how many of these were shown.
fn sequence(steps: Vec<Step>) -> [usize; 4] {
    let mut counts = [0; 4];
    market(MARKET, || {
        let issued = Balances::total_issuance();
        let (mut complained, mut shown) = (0, 0);
        for step in steps {
            let (complains, shows) =
                (matches!(step, Step::Complain { .. }), matches!(step, Step::Show { .. }));
            // A call that is refused leaves what was checked before: its changes are undone.
            if take(step) {
                complained += usize::from(complains);
                shown += usize::from(shows);
                check();
                assert!(Balances::total_issuance() <= issued, "money was created");
            }
        }
        let submitted = Submitted::<Test>::get() as usize;
        counts = [submitted, Settlements::get().len(), complained, shown];
    });
    counts
}

fn sequences(count: u32) {
    let config = proptest::test_runner::Config { cases: count, ..Default::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let counts = std::cell::Cell::new([0; 4]);
    let result = runner.run(&prop::collection::vec(steps(), CALLS), |steps| {
        let (sums, more) = (counts.get(), sequence(steps));
        counts.set(std::array::from_fn(|nth| sums[nth] + more[nth]));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // A sequence in which nothing ever succeeds would prove nothing.
    let [submitted, settled, complained, shown] = counts.get();
    let count = count as usize;
    println!(
        "{submitted} tasks, {settled} workers paid, {complained} complaints, {shown} answered"
    );
    assert!(submitted > count, "{submitted} tasks were submitted");
    assert!(settled > count / 8, "{settled} workers were paid");
    assert!(complained > count / 20, "{complained} results were complained about");
    assert!(shown > count / 200, "{shown} results were shown");
}

#[test]
fn invariants_should_hold_whatever_is_called() {
    sequences(2_000);
}

#[test]
#[ignore = "twenty minutes: 100,000 sequences, for scripts/test --long"]
fn invariants_should_hold_whatever_is_called_for_long() {
    sequences(100_000);
}
