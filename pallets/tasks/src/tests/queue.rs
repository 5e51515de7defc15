//! The order in which tasks find workers, where a block has not room for all of them.

use super::mock::*;
use crate::{types::Draws, WeightInfo};
use cairn_protocol::{
    id::{Amount, Height, TaskId},
    job::Terms,
    lifecycle::Stage,
};
use cairn_seams::Beacon;
use frame_support::{
    traits::{OnFinalize, OnIdle, OnInitialize},
    weights::Weight,
};

type Costs = <Test as crate::Config>::WeightInfo;

/// What looking for a worker costs at most.
fn draw() -> Weight {
    Costs::find_worker(RULES.draws.sample.into(), 0)
}

/// A block that leaves tasks so much. Gives what they took of it.
fn block(room: Weight) -> Weight {
    let number = System::block_number();
    let took = Tasks::on_idle(number, room);
    AllPalletsWithSystem::on_finalize(number);
    System::set_block_number(number + 1);
    AllPalletsWithSystem::on_initialize(number + 1);
    took
}

/// A block with room for two draws and some of what else is due.
fn narrow_block() {
    let took = block(draw().saturating_mul(5) / 2);
    assert!(took.all_lte(draw().saturating_mul(5) / 2));
}

fn cheap(tip: Amount) -> Terms {
    Terms { reward: 900, tip, match_by: now() + RULES.clocks.match_most, ..terms(1) }
}

/// Whoever has been given something does it at once.
fn work() {
    let assigned = crate::Tasks::<Test>::iter().filter(|(_, task)| task.stage == Stage::Assigned);
    for (id, _) in assigned.collect::<Vec<_>>() {
        deliver(id, &[1]);
    }
}

/// Tipped tasks that come in a block.
const STREAM: Height = 3;
const TIP: Amount = 300;

/// What becomes of a task without a tip, in so many blocks in which more tipped ones come than
/// there is room to draw for: the block in which it was drawn, how long after it the last of
/// those was submitted that were drawn before, and how many still wait.
fn among_tipped(ageing: Amount, blocks: Height) -> (Option<Height>, Height, usize) {
    let mut rules = RULES;
    rules.prices.ageing = ageing;
    TaskRules::set(rules);
    let plain = submit(cheap(0));
    let began = now();
    let mut last = 0;
    for _ in 0..blocks {
        for _ in 0..STREAM {
            submit(cheap(TIP));
        }
        narrow_block();
        for (_, drawn) in crate::Tasks::<Test>::iter() {
            if drawn.stage == Stage::Assigned && drawn.escrow.tip > 0 {
                last = last.max(drawn.submitted - began);
            }
        }
        if task(plain).stage != Stage::Queued {
            return (Some(now() - began), last, crate::Queue::<Test>::iter_keys().count());
        }
        work();
    }
    (None, last, crate::Queue::<Test>::iter_keys().count())
}

#[test]
fn a_task_without_a_tip_should_be_drawn_under_a_stream_of_tipped_ones() {
    let ageing = RULES.prices.ageing;
    // A tip goes before what is older by so many blocks, and before nothing else.
    let ahead = Height::try_from(TIP / ageing).expect("it is a time");
    market(PROVIDERS, || {
        // All that can go before it, one a block at least, once its seed is there.
        let latest = Entropy::delay() + 1 + STREAM * ahead;
        let (drawn, last, waiting) = among_tipped(ageing, latest);
        let drawn = drawn.unwrap_or_else(|| panic!("not drawn within {latest} blocks"));
        assert!(drawn > ahead, "those with a tip went first, but it was drawn after {drawn}");
        assert!(last <= ahead, "one that came {last} blocks later went first");
        assert!(waiting > 0, "there was room for everyone");
    });
    market(PROVIDERS, || {
        // Where waiting is worth nothing it would never be.
        let long = 2 * (Entropy::delay() + 1 + STREAM * ahead);
        let (drawn, _, waiting) = among_tipped(0, long);
        assert_eq!(drawn, None);
        assert!(waiting > 0, "there was room for everyone");
    });
}

/// What nobody has.
fn impossible(tip: Amount) -> Terms {
    let mut terms = cheap(tip);
    terms.requirements.memory_mib = 20_000;
    terms
}

fn resting_at_most(blocks: Height) {
    let mut rules = RULES;
    rules.draws.rest = blocks;
    TaskRules::set(rules);
}

/// The heights at which a task asks for a seed, if each is in time and nobody is found.
fn seeds(until: Height, rest: impl Fn(Height) -> Height) -> Vec<Height> {
    let (seed, mut at, mut asked) = (Entropy::delay(), 0, Vec::new());
    while at <= until {
        asked.push(at);
        let looked = at + seed;
        at = looked + rest(looked);
    }
    asked
}

/// What the tasks of many numbers rest together.
fn rests(draws: &Draws, looked: Height) -> Vec<Height> {
    (0..1_000).map(|id| draws.rest_of(TaskId(id), looked)).collect()
}

#[test]
fn tasks_submitted_together_should_rest_apart() {
    let draws = Draws { rest: 120, ..RULES.draws };
    for looked in 0..3_000 {
        let (rests, middle) = (rests(&draws, looked), (looked / 8).min(120));
        let quarter = middle / 4;
        assert!(rests.iter().all(|rest| rest.abs_diff(middle) <= quarter));
        for rest in middle - quarter..=middle + quarter {
            let alike = rests.iter().filter(|one| **one == rest).count() as Height;
            let part = 1_000 / (2 * quarter + 1);
            assert!((part..=part + 1).contains(&alike), "{alike} rest {rest} after {looked}");
        }
    }
}

#[test]
fn draws_should_last_as_long_as_tasks_look() {
    for rest in [0, RULES.draws.rest, 500] {
        let draws = Draws { rest, ..RULES.draws };
        let asked = seeds(10_000, |looked| (looked / 8).min(rest));
        assert!(asked.len() >= 40);
        for (nth, at) in (1..).zip(asked) {
            let seed = Entropy::delay();
            assert_eq!(draws.lasting(nth, seed), at + seed, "{nth} draws");
        }
    }
}

#[test]
fn draws_in_vain_should_grow_rare_and_end_at_the_deadline() {
    // Without rest, and with what the rules say.
    for (rest, least, most) in [(0, 55, 60), (RULES.draws.rest, 25, 30)] {
        market(4, || {
            resting_at_most(rest);
            let id = submit(impossible(0));
            let (began, due) = (now(), task(id).due);
            let (mut asked, mut took) = (vec![0], Weight::zero());
            let idle = Costs::serve() + Costs::find_due() * 2;
            while task(id).stage == Stage::Queued {
                let (height, round) = (now(), task(id).round);
                took += block(Weight::MAX / 2).saturating_sub(idle);
                if task(id).round > round {
                    asked.push(height - began);
                }
            }
            // An eighth of the time, and of that three quarters and what its number makes.
            let rest = |looked: Height| {
                let middle = (looked / 8).min(rest);
                let quarter = middle / 4;
                middle - quarter + (id.0 % u64::from(2 * quarter + 1)) as Height
            };
            assert_eq!(asked, seeds(due - began, rest));
            assert!((least..=most).contains(&asked.len()), "{} draws", asked.len());
            assert!(now() <= due + 2 && task(id).stage == Stage::Refunded);
            // Each costs what is paid for from the rest of a block, and nothing beside it.
            let each = draw() + Costs::enter_queue() + Costs::ask_again() + Costs::find_due() * 2;
            assert!(took.all_lte(each * asked.len() as u64 + Costs::give_up(0)), "{took:?}");
        });
    }
}

/// Whether a task that anyone can do is drawn for, behind many with high tips that nobody can.
fn is_drawn_behind_impossible(rest: Height) -> bool {
    resting_at_most(rest);
    for _ in 0..60 {
        submit(impossible(RULES.prices.ageing * Amount::from(RULES.clocks.match_most)));
    }
    let id = submit(cheap(0));
    (0..400).any(|_| {
        narrow_block();
        task(id).stage == Stage::Assigned
    })
}

#[test]
fn tasks_that_nobody_can_do_should_not_crowd_out_others() {
    market(4, || assert!(is_drawn_behind_impossible(RULES.draws.rest)));
    // Drawing as often as they can they would.
    market(4, || assert!(!is_drawn_behind_impossible(0)));
}

#[test]
fn a_task_should_look_anew_when_a_seat_falls_vacant() {
    market(1, || {
        let (id, workers) = assigned(Terms { work_blocks: 300, ..cheap(0) });
        expire(id);
        // Nobody else is there. It has looked for no time, so it draws at once and rests little.
        assert_eq!((task(id).stage, task(id).excluded.to_vec()), (Stage::Queued, workers));
        let began = task(id).sought;
        assert!(began > 300);
        run(17 + 2 + 1);
        assert_eq!((now() - began, task(id).round), (17 + 2 + 2, 3));
    });
}
