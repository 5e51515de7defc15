//! The pallet against a plain model of what it should do: after each of many random steps, by
//! anyone at any time, both are in the same state.

mod acts;
mod calls;
mod compare;
mod course;
mod dice;
mod prices;
mod reference;

use super::mock::*;
use cairn_protocol::{
    audit::Verdict,
    failure::Failure,
    id::{BlockId, Height, ProviderId, TaskId},
    job::{JobKind, Payload, Policy, Seal, Terms},
    lifecycle::{Stage, MOVES, RULES},
    profile::Availability,
};
use calls::{answer_of, Call, LIED_LENGTH, NONSENSE};
use compare::{Counts, Pair};
use dice::Dice;
use frame_support::traits::SafeModeNotify;
use pallet_cairn_providers::penalties::Faults;
use reference::{Account, Progress as Come, Said};
use std::collections::BTreeMap;

/// Steps in one market.
const STEPS: u32 = 500;
/// Threads that compare, each in markets of its own.
const THREADS: u64 = 4;
/// Open tasks at once, and as many that have ended, at most.
const OPEN: usize = 20;
/// Blocks in a row without room for tasks, at most.
const FULL: u32 = 20;
// So that the next block has room for all that is due, of which the model is sure.
const _: () = assert!(FULL as usize + 2 * OPEN < SERVED as usize);
/// Blocks after which a fault counts no more.
const FAULT_MEMORY: Height = 1_000;
/// A further registration of one who has one, and its operator.
const SECONDS: u64 = 4;

fn second_operator(n: u64) -> Account {
    300 + n
}

fn step(pair: &mut Pair, dice: &mut Dice) {
    match dice.below(100) {
        0..16 => submit(pair, dice),
        16..54 => sensible(pair, dice),
        54..59 => odd(pair, dice),
        59..62 => complain(pair, dice),
        62..64 => poke(pair, dice),
        64..66 => audit(pair, dice),
        66..68 => around(pair, dice),
        68..69 => {
            for _ in 0..=dice.below(u64::from(FULL)) {
                pair.block(false);
            }
            // What is late now waits for it.
            for _ in 0..dice.below(6) {
                poke(pair, dice);
            }
        }
        69..71 => {
            for _ in 0..dice.below(40) {
                pair.block(true);
            }
        }
        _ => pair.block(true),
    }
}

/// Those who ask for work. The last two have a provider, as its owner and as its operator.
fn requester(dice: &mut Dice) -> Account {
    dice.pick(&[ALICE, ALICE, BOB, owner(ProviderId(0)), operator(ProviderId(1))])
}

fn submit(pair: &mut Pair, dice: &mut Dice) {
    let open = pair.world.tasks.values().filter(|task| !task.stage.is_end()).count();
    if open >= OPEN || pair.world.tasks.len() >= 2 * OPEN {
        return pair.block(true);
    }
    let terms = ask(dice);
    let who = requester(dice);
    pair.call(who, Call::Submit(Box::new(terms)));
}

fn ask(dice: &mut Dice) -> Terms {
    let workers = dice.pick(&[1, 1, 1, 3, 3, 3, 5, 7, 9, 9]);
    let mut asked = if dice.once_in(2) { terms(workers) } else { proven(workers) };
    if asked.policy == Policy::Proven && dice.once_in(2) {
        asked.policy = Policy::Tolerance { within: dice.pick(&[0, 899, 900, 1_800]) };
    }
    if dice.once_in(12) {
        asked = proven(1);
        asked.job.kind = JobKind::Train;
        asked.policy = Policy::Outcome { target: 1, guards: 3 };
    }
    if asked.job.model.is_some() {
        asked.job.model = Some(dice.pick(&[MODEL, MODEL, PRICED, LICENSED]));
    }
    asked.auditable = dice.once_in(3);
    if dice.once_in(2) {
        let key_blocks = dice.between(5, 20);
        asked.seal = Some(Seal { commitment: [1; 32], key_blocks });
    }
    asked.match_by = now() + dice.pick(&[10, 17, 18, 40, 100, 200, 500, 1_000]);
    asked.work_blocks = if dice.once_in(8) { 150 } else { dice.between(5, 40) };
    asked.reward = dice.pick(&[900, 901, 9_000, 12_345]);
    asked.tip = dice.pick(&[0, 0, 77, 5_000]);
    if dice.once_in(6) {
        spoil(&mut asked, dice);
    }
    asked
}

/// Changes one thing, mostly into what the chain does not take.
fn spoil(asked: &mut Terms, dice: &mut Dice) {
    match dice.below(20) {
        0 => asked.match_by = now(),
        1 => asked.match_by = now() + 1_001,
        2 => asked.match_by = now() + 1,
        3 => asked.work_blocks = dice.pick(&[0, 4, 501, u32::MAX]),
        4 => {
            let key_blocks = dice.pick(&[4, 51]);
            asked.seal = Some(Seal { commitment: [1; 32], key_blocks });
        }
        5 => asked.redundancy = dice.pick(&[0, 2, 8, 10, 11, 255]),
        6 => asked.policy = Policy::Outcome { target: 1, guards: dice.pick(&[0, 2, 3, 5]) },
        7 => asked.policy = dice.pick(&[Policy::Replicated, Policy::Proven]),
        8 => asked.job.kind = dice.pick(&JobKind::ALL),
        9 => {
            asked.job.model =
                dice.pick(&[None, Some(MODEL), Some(LICENSED), Some(BlockId([1; 32]))])
        }
        10 => asked.job.units = dice.pick(&[0, 9, 1_000, u64::MAX - 1]),
        11 => asked.job.sampled = true,
        12 => {
            let length = dice.between(1_500, 2_048) as usize;
            asked.job.input = Payload::Inline(vec![0; length].try_into().expect("it fits"));
        }
        13 => asked.output_bytes = dice.pick(&[0, 2_047, 2_049, u32::MAX]),
        14 => asked.reward = dice.pick(&[0, 99, 100, 899, 20_000_000, u128::MAX / 2, u128::MAX]),
        15 => asked.tip = dice.pick(&[9_000_000, 20_000_000, u128::MAX]),
        // What nobody can do.
        16 => asked.requirements.memory_mib = 20_000,
        17 => asked.requirements.reputation = 600_000,
        _ => asked.auditable = true,
    }
}

/// Who does as it should depends on the task: in some everyone does at once, in some results
/// differ, in some workers or requester are slow or silent.
fn sensible(pair: &mut Pair, dice: &mut Dice) {
    let waits = |stage| {
        use Stage::*;
        matches!(stage, AwaitingKeys | Assigned | Committed | Contested)
    };
    let tasks = pair.world.tasks.iter().filter(|(_, task)| waits(task.stage));
    let Some(id) = dice.one_of(tasks.map(|(id, _)| *id).collect()) else {
        return odd(pair, dice);
    };
    let diligent = match id % 5 {
        0 | 1 => true,
        2 | 3 => dice.once_in(2),
        _ => dice.once_in(5),
    };
    if !diligent {
        return pair.block(true);
    }
    // A whole round at once, so that rounds end.
    let turns = if dice.once_in(3) { 18 } else { 1 };
    for _ in 0..turns {
        next_turn(pair, dice, id);
    }
}

/// What the task waits for next.
fn next_turn(pair: &mut Pair, dice: &mut Dice, id: u64) {
    let Some(task) = pair.world.tasks.get(&id) else { return };
    let (stage, requester) = (task.stage, task.requester);
    let cannot_open = task.terms.seal.is_some() && dice.once_in(if id % 4 == 1 { 2 } else { 10 });
    // What some ask for nobody can do, and nearly all who are drawn say so.
    let declines = dice.once_in(if id % 7 == 3 { 2 } else { 40 });
    let accused = task.complaint.map(|open| open.against);
    let drawn = task.complaint.is_some_and(|open| pair.world.now() >= open.ready);
    let seats: Vec<_> = task.seats.iter().map(|seat| (seat.provider, seat.progress)).collect();
    let waiting = seats.into_iter().filter(|(provider, come)| match stage {
        Stage::Contested => Some(*provider) == accused,
        Stage::AwaitingKeys => *come == Come::Locked,
        Stage::Assigned => *come == Come::Working,
        _ => matches!(come, Come::Committed(_)),
    });
    let Some((provider, come)) = dice.one_of(waiting.collect()) else { return };
    let operator = pair.world.providers[&provider].operator;
    match (stage, come) {
        (Stage::AwaitingKeys, _) => pair.call(requester, Call::PostKey { task: id, provider }),
        (Stage::Assigned, _) if cannot_open => {
            pair.call(operator, Call::RejectKey { task: id });
        }
        (Stage::Assigned, _) if declines => decline(pair, dice, operator, id, id % 7 == 3),
        (Stage::Assigned, _) => {
            let honest = id % 3 != 2;
            let right = Said::Output([1, 1, 0, 1, LIED_LENGTH][(id / 3 % 5) as usize]);
            let said = if honest && !dice.once_in(40) { right } else { say(dice) };
            commit(pair, operator, id, Some(said));
        }
        (Stage::Committed, Come::Committed(Some(said))) => {
            pair.call(operator, Call::Reveal { task: id, said, right_salt: true });
        }
        (Stage::Contested, _) if drawn && !dice.once_in(3) => {
            pair.call(operator, Call::Show { task: id, right: !dice.once_in(4) });
        }
        (Stage::Contested, _) => pair.block(true),
        _ => {}
    }
}

/// Mostly for what its requester asks for, or for what befell the worker.
fn decline(pair: &mut Pair, dice: &mut Dice, who: Account, id: u64, accuses: bool) {
    let failure = if accuses != dice.once_in(8) {
        dice.pick(&[Failure::MalformedSpec, Failure::MissingArtifact])
    } else {
        dice.pick(&[Failure::DiskFull, Failure::OutOfTime, Failure::Internal])
    };
    pair.call(who, Call::Decline { task: id, failure, readable: !dice.once_in(20) });
}

/// About one whose result stands.
fn complain(pair: &mut Pair, dice: &mut Dice) {
    let tasks = pair.world.tasks.iter().filter(|(_, task)| task.stage == Stage::Window);
    let Some(id) = dice.one_of(tasks.map(|(id, _)| *id).collect()) else {
        return pair.block(true);
    };
    let task = &pair.world.tasks[&id];
    let requester = task.requester;
    let seats = task.seats.iter().map(|seat| seat.provider).collect();
    let Some(provider) = dice.one_of(seats) else { return };
    pair.call(requester, Call::Complain { task: id, provider });
    if dice.once_in(4) {
        pair.call(requester, Call::Acknowledge { task: id });
    }
}

/// Guards are done with a task, or it is forgotten that they were to look.
fn audit(pair: &mut Pair, dice: &mut Dice) {
    let waits = |task: &reference::Task| task.stage == Stage::Audited && task.audit.is_some();
    let tasks = pair.world.tasks.iter().filter(|(_, task)| waits(task));
    let Some(id) = dice.one_of(tasks.map(|(id, _)| *id).collect()) else {
        return pair.block(true);
    };
    // Where the clock stands nobody says anything.
    if pair.world.stopped.is_some() {
        return pair.block(true);
    }
    if dice.once_in(8) {
        Pending::mutate(|all| all.retain(|(one, _)| one.0 != id));
        pair.world.tasks.entry(id).and_modify(|task| task.audit = None);
        return pair.same("forgotten", true);
    }
    use Verdict::*;
    let stands = [Passed, Confirmed];
    let falls = [Contradicted, Wrong, Withheld, Unmasked, Unmeasured];
    let verdict = if dice.once_in(2) { dice.pick(&stands) } else { dice.pick(&falls) };
    let seats = pair.world.tasks[&id].seats.iter().map(|seat| seat.provider);
    let silent: Vec<_> = seats.filter(|_| verdict == Withheld || dice.once_in(6)).collect();
    let mut expected = faults();
    judge_audit(TaskId(id), verdict, &silent);
    for provider in pair.world.judged(id, verdict, &silent) {
        expected.entry(provider).and_modify(|known| *known = known.after(now(), FAULT_MEMORY));
    }
    assert_eq!(faults(), expected, "who was penalised after {verdict:?} of {id}");
    pair.same("judged", true);
}

/// What everyone was found at fault for.
fn faults() -> BTreeMap<ProviderId, Faults> {
    let all = pallet_cairn_providers::Providers::<Test>::iter();
    all.map(|(provider, record)| (provider, record.faults)).collect()
}

fn say(dice: &mut Dice) -> Said {
    let output = dice.below(4) as u8;
    let others = [Said::TooLong, Said::TooManyUnits, Said::OtherEngine, Said::Bare(output)];
    if dice.once_in(10) {
        dice.pick(&others)
    } else {
        Said::Output(output)
    }
}

/// Any call by anyone on any task, known or not.
fn odd(pair: &mut Pair, dice: &mut Dice) {
    let known: Vec<u64> = pair.world.tasks.keys().copied().collect();
    let id = dice.one_of(known).filter(|_| !dice.once_in(20)).unwrap_or(pair.world.submitted);
    let seats = pair.world.tasks.get(&id).map(|task| task.seats.clone()).unwrap_or_default();
    let seated = dice.one_of(seats.iter().map(|seat| seat.provider).collect());
    let anyone = ProviderId(dice.below(PROVIDERS + SECONDS));
    let provider = seated.filter(|_| !dice.once_in(3)).unwrap_or(anyone);
    let operator = pair.world.providers[&provider].operator;
    let operator = dice.pick(&[operator, operator, operator, ALICE]);
    let who = pair.world.tasks.get(&id).map_or(ALICE, |task| task.requester);
    let who = if dice.once_in(4) { requester(dice) } else { who };
    let task = id;
    match dice.below(12) {
        0 => pair.call(who, Call::Cancel { task }),
        1 => pair.call(who, Call::PostKey { task, provider }),
        2 => pair.call(operator, Call::RejectKey { task }),
        3 => {
            let said = Some(say(dice)).filter(|_| !dice.once_in(3));
            commit(pair, operator, id, said);
        }
        4 | 5 => {
            let come = seats.iter().find(|seat| seat.provider == provider);
            let said = match come.map(|seat| seat.progress) {
                Some(Come::Committed(Some(said)) | Come::Revealed(said)) => said,
                _ => say(dice),
            };
            let said = if dice.once_in(3) { say(dice) } else { said };
            pair.call(operator, Call::Reveal { task, said, right_salt: !dice.once_in(4) });
        }
        6 => pair.call(who, Call::Complain { task, provider }),
        7 => pair.call(operator, Call::Show { task, right: !dice.once_in(4) }),
        8 => {
            let accuses = dice.once_in(2);
            decline(pair, dice, operator, id, accuses);
        }
        _ => pair.call(who, Call::Acknowledge { task }),
    }
}

fn poke(pair: &mut Pair, dice: &mut Dice) {
    // Those that are late wait for a poke only where blocks were full.
    let now = pair.world.now();
    let late = pair.world.tasks.iter().filter(|(_, task)| now > task.due);
    let late = dice.one_of(late.map(|(id, _)| *id).collect());
    let id = late.unwrap_or(dice.below(pair.world.submitted + 1));
    pair.call(BOB, Call::Poke { task: id });
}

/// To nothing it could show: a commitment copied from another seat, or no digest of anything.
fn commit(pair: &mut Pair, who: Account, id: u64, to: Option<Said>) {
    let own = pair.operated_by(who).filter(|provider| pair.is_seated(id, *provider));
    let seats = pair.world.tasks.get(&id).map(|task| task.seats.clone()).unwrap_or_default();
    let copied = seats.iter().find(|seat| Some(seat.provider) != own).map(|seat| seat.provider);
    let digest = match (to, own, copied) {
        (Some(said), Some(own), _) => commitment(TaskId(id), own, &answer_of(said)),
        (None, _, Some(copied)) => commitment(TaskId(id), copied, &answer(1)),
        _ => NONSENSE,
    };
    pair.call(who, Call::Commit { task: id, to, digest });
}

/// Providers come and go, and the chain is stopped.
fn around(pair: &mut Pair, dice: &mut Dice) {
    let provider = ProviderId(dice.below(PROVIDERS + SECONDS));
    let known = pair.world.providers[&provider].clone();
    match dice.below(12) {
        0..8 => {
            let available = !dice.once_in(3);
            let to = if available { Availability::Available } else { Availability::Draining };
            let origin = RuntimeOrigin::signed(known.operator);
            if Providers::set_availability(origin, provider, to).is_ok() {
                pair.world.providers.entry(provider).and_modify(|it| it.available = available);
            }
        }
        8 if dice.once_in(4) => {
            let left = Providers::leave(RuntimeOrigin::signed(known.owner), provider).is_ok();
            pair.world.providers.entry(provider).and_modify(|it| it.left |= left);
        }
        9 if pair.world.stopped.is_none() => {
            Clock::entered();
            pair.world.stop();
        }
        _ => {
            Clock::exited();
            pair.world.resume();
        }
    }
    pair.same("around", true);
}

/// Runs one market, and adds what was compared in it.
fn compare(seed: u64, counts: &mut Counts) {
    market(PROVIDERS, || {
        let mut dice = Dice::new(seed);
        let mut pair = Pair::open(&mut dice);
        while pair.counts.steps < STEPS {
            step(&mut pair, &mut dice);
        }
        counts.include(Counts { moves: pair.world.moves, ..pair.counts });
    });
}

/// Compares in one of the threads' markets until tasks have moved so often.
fn compare_share(thread: u64, least: u32) -> Counts {
    let mut counts = Counts::default();
    let mut seed = thread;
    while counts.moved() < least {
        let market = std::panic::AssertUnwindSafe(|| compare(seed, &mut counts));
        if let Err(difference) = std::panic::catch_unwind(market) {
            eprintln!("in the market of seed {seed}");
            std::panic::resume_unwind(difference);
        }
        seed += THREADS;
    }
    counts
}

/// Compares until tasks have moved from stage to stage that often, and asserts that each kind of
/// step was among what was compared. Blocks and refused calls come on top: they move nothing.
fn compare_moves(least: u32) {
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let share = least.div_ceil(THREADS as u32);
        let begin = |thread| scope.spawn(move || compare_share(thread, share));
        let threads: Vec<_> = (0..THREADS).map(begin).collect();
        for thread in threads {
            match thread.join() {
                Ok(more) => counts.include(more),
                Err(difference) => std::panic::resume_unwind(difference),
            }
        }
    });
    println!("{} steps, in which tasks moved {} times", counts.steps, counts.moved());
    for ((what, accepted), count) in &counts.calls {
        println!("{count:8} {what}, {}", if *accepted { "accepted" } else { "refused" });
    }
    for call in Call::NAMES.into_iter().flat_map(|call| [(call, true), (call, false)]) {
        let count = counts.calls.get(&call).copied().unwrap_or_default();
        assert!(count >= least / 1_000, "{call:?} was compared {count} times");
    }
    for ((from, turn, to), count) in MOVES.into_iter().zip(counts.moves) {
        println!("{count:8} {from:?} ─{turn:?}▶ {to:?}");
        let enough = count >= least / 4_000;
        assert!(enough, "{turn:?} was compared {count} times in {from:?}");
    }
    for (rule, count) in RULES.into_iter().zip(counts.rules) {
        println!("{count:8} {rule:?}");
        assert!(count >= least / 20_000, "{rule:?} let somebody act {count} times");
    }
}

#[test]
fn every_step_should_be_what_the_model_says() {
    compare_moves(100_000);
}

#[test]
#[ignore = "a quarter of an hour: 1,000,000 moves in some 5,000,000 steps, for scripts/test --long"]
fn every_step_should_be_what_the_model_says_for_long() {
    compare_moves(1_000_000);
}
