use super::*;
use crate::lifecycle::RULES;
use proptest::prelude::*;

const REQUESTER: u8 = 1;
/// The operator of a provider that may have a seat.
const WORKER: u8 = 2;
/// The operator of a provider that has none.
const IDLE: u8 = 3;
const NOBODY: u8 = 4;
const SEATED: ProviderId = ProviderId(20);
const DUE: Height = 10;
/// Workers that the terms ask for.
const ASKED: u8 = 1;

fn operated(who: &u8) -> Option<ProviderId> {
    match *who {
        WORKER => Some(SEATED),
        IDLE => Some(ProviderId(30)),
        _ => None,
    }
}

fn seat() -> Seat {
    Seat { provider: SEATED, round: 1, generation: 0, progress: Progress::Working }
}

fn task(stage: Stage, seated: bool) -> Task<u8> {
    let seats = if seated { vec![seat()] } else { Vec::new() };
    Task {
        requester: REQUESTER,
        kind: JobKind::Wasm,
        escrow: Escrow::default(),
        deposit: 0,
        submitted: 0,
        stage,
        due: DUE,
        next: 0,
        sought: 0,
        redundancy: ASKED,
        round: 1,
        reassigned: 0,
        accusers: 0,
        declined: 0,
        place: Place::Nowhere,
        seats: seats.try_into().unwrap(),
        excluded: Default::default(),
        outvoted: Default::default(),
        acknowledged: false,
    }
}

/// Every task, act, account and time that there is to tell apart.
fn cases() -> impl Iterator<Item = (Task<u8>, Act, u8, Height)> {
    let tasks = || Stage::ALL.into_iter().flat_map(|at| [task(at, false), task(at, true)]);
    tasks().flat_map(|task| {
        Act::ALL.into_iter().flat_map(move |act| {
            let task = task.clone();
            let who = [REQUESTER, WORKER, IDLE, NOBODY];
            who.into_iter().flat_map(move |who| {
                let task = task.clone();
                [DUE, DUE + 1].into_iter().map(move |now| (task.clone(), act, who, now))
            })
        })
    })
}

#[test]
fn admit_should_take_whom_the_rule_names() {
    let mut admitted = 0;
    for (task, act, who, now) in cases() {
        let rule = RULES.iter().find(|rule| (rule.stage, rule.act) == (task.stage, act));
        let done = task.admit(act, &who, now, operated, || ASKED);
        let Ok(seat) = done else { continue };
        admitted += 1;
        let rule = rule.expect("what has no rule may not be done");
        let expected = match rule.actor {
            Actor::Requester => (REQUESTER, None),
            Actor::Worker => (WORKER, Some(self::seat())),
            Actor::Anyone => (who, None),
        };
        assert_eq!((who, seat), expected, "{rule:?}");
        assert!(rule.condition == Condition::Always || task.seats.is_empty(), "{rule:?}");
    }
    // Each of the requester's rules admits one account, a worker's where there is a seat, and
    // poking all; with a seat and without, but for what only one of them allows.
    let both = RULES.iter().map(|rule| match (rule.actor, rule.condition) {
        (Actor::Worker, _) | (Actor::Requester, Condition::NothingDone) => 1,
        (Actor::Requester, Condition::Always) => 2,
        (Actor::Anyone, _) => 8,
    });
    assert_eq!(admitted, both.sum::<i32>());
}

#[test]
fn admit_should_say_why_not() {
    let asked = || ASKED;
    let of = |stage, act, who, now| task(stage, true).admit(act, &who, now, operated, asked);
    use {Act::*, Stage::*};
    assert_eq!(of(Committed, Cancel, REQUESTER, DUE), Err(Refusal::WrongStage));
    assert_eq!(of(Assigned, Commit, WORKER, DUE + 1), Err(Refusal::TooLate));
    assert_eq!(of(Assigned, Poke, NOBODY, DUE), Err(Refusal::TooEarly));
    assert_eq!(of(Window, Complain, WORKER, DUE), Err(Refusal::NotTheRequester));
    assert_eq!(of(Assigned, Commit, NOBODY, DUE), Err(Refusal::NotAnOperator));
    assert_eq!(of(Assigned, Commit, REQUESTER, DUE), Err(Refusal::NotAnOperator));
    assert_eq!(of(Assigned, Commit, IDLE, DUE), Err(Refusal::NotAssigned));
    // Who may not cancel at all is not told about seats.
    assert_eq!(of(Queued, Cancel, NOBODY, DUE), Err(Refusal::NotTheRequester));
    assert_eq!(of(Queued, Cancel, REQUESTER, DUE), Err(Refusal::SeatTaken));
    assert_eq!(task(Queued, false).admit(Cancel, &REQUESTER, DUE, operated, asked), Ok(None));
}

#[test]
fn admit_should_not_let_a_task_be_taken_back_when_its_results_were_shown() {
    let cancel = |task: &Task<u8>, who| task.admit(Act::Cancel, &who, DUE, operated, || 3);
    for (redundancy, seated, refused) in [
        (3, false, None),
        (3, true, Some(Refusal::SeatTaken)),
        (5, false, Some(Refusal::ResultsShown)),
        (5, true, Some(Refusal::ResultsShown)),
        (9, false, Some(Refusal::ResultsShown)),
    ] {
        let wider = Task { redundancy, ..task(Stage::Queued, seated) };
        assert_eq!(cancel(&wider, REQUESTER).err(), refused, "{redundancy} of three, {seated}");
        assert_eq!(cancel(&wider, NOBODY), Err(Refusal::NotTheRequester));
    }
}

#[test]
fn admit_should_look_up_only_what_the_rule_needs() {
    for (task, act, who, now) in cases() {
        let (mut looked, mut counted) = (false, false);
        let operated = |who: &u8| {
            looked = true;
            operated(who)
        };
        let asked = || {
            counted = true;
            ASKED
        };
        let _ = task.admit(act, &who, now, operated, asked);
        let rule = task.stage.allows(act, task.due, now);
        assert_eq!(looked, rule.is_ok_and(|rule| rule.actor == Actor::Worker), "{act:?}");
        let matters = rule.is_ok_and(|rule| rule.condition == Condition::NothingDone);
        assert_eq!(counted, matters && who == REQUESTER, "{act:?}");
    }
}

#[test]
fn advance_should_move_one_seat() {
    let mut task = task(Stage::Assigned, true);
    let other = Seat { provider: ProviderId(9), ..seat() };
    task.seats.try_push(other).unwrap();
    task.advance(SEATED, Progress::Committed([1; 32]));
    task.advance(ProviderId(99), Progress::Revealed);
    let moved = Seat { progress: Progress::Committed([1; 32]), ..seat() };
    assert_eq!(task.seats.as_slice(), [moved, other]);
    assert_eq!((task.committed(), task.vacant()), (1, 0));
}

#[test]
fn requesters_fault_should_take_three_parties_who_outweigh_all_others() {
    let of = |accusers, left: u64, progress| {
        let mut task = task(Stage::Assigned, true);
        (task.accusers, task.seats[0].progress) = (accusers, progress);
        let excluded: Vec<_> = (0..left).map(ProviderId).collect();
        task.excluded = excluded.try_into().unwrap();
        task.is_requesters_fault()
    };
    let working = Progress::Working;
    // Two may have agreed on a lie, whoever else left.
    assert!(!of(2, 2, working));
    assert!(of(3, 3, working));
    assert!(of(3, 5, working));
    assert!(!of(3, 6, working));
    // Somebody says that it can be done.
    assert!(!of(3, 3, Progress::Committed([1; 32])));
}

#[test]
fn requesters_fault_should_be_plain_when_most_of_all_who_were_drawn_say_so() {
    let of = |accusers, left: u64, seats: usize| {
        let mut task = task(Stage::Assigned, true);
        task.seats = vec![seat(); seats].try_into().unwrap();
        let excluded: Vec<_> = (0..left).map(ProviderId).collect();
        (task.accusers, task.excluded) = (accusers, excluded.try_into().unwrap());
        task.is_plainly_requesters_fault()
    };
    assert!(!of(2, 2, 0));
    assert!(of(3, 3, 0));
    assert!(of(3, 3, 2));
    // As many may yet do it.
    assert!(!of(3, 3, 3));
    assert!(!of(3, 5, 1));
}

proptest! {
    #[test]
    fn queue_key_should_order_by_tip_and_age(
        (earlier, tip) in (0..1_000_000u32, 0..1_000_000u128),
        (wait, other_tip) in (0..1_000u32, 0..1_000_000u128),
    ) {
        let ageing = 1_000;
        let a = queue_key(earlier, tip, ageing, 1);
        let b = queue_key(earlier + wait, other_tip, ageing, 2);
        let worth = tip + ageing * u128::from(wait);
        prop_assert_eq!(a < b, worth >= other_tip);
    }

    #[test]
    fn queued_task_should_read_the_name(submitted: u32, tip: u128, ageing: u128, task: u64) {
        prop_assert_eq!(queued_task(&queue_key(submitted, tip, ageing, task)), task);
    }
}
