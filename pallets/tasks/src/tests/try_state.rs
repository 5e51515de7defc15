//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{
    types::*, Agenda, Answers, Complaints, HoldReason, Keys, Queue, Served, Submitted, TasksOf,
    TermsOf,
};
use cairn_protocol::{
    id::{Amount, ContentId, Height, ProviderId, TaskId},
    job::{Policy, Seal, Terms},
    lifecycle::Stage,
    profile::Role,
    result::{Answer, Output},
};
use cairn_seams::Registry;
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
};
use sp_runtime::DispatchError;

const MARKET: u64 = 8;
/// There is no such task.
const UNKNOWN: TaskId = TaskId(99);
/// Nothing is looked at so late.
const LATE: Height = 99_999;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Tasks::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Tasks::do_try_state(), Ok(()));
}

fn amend(id: TaskId, change: impl FnOnce(&mut Task<AccountId>)) {
    crate::Tasks::<Test>::mutate(id, |task| change(task.as_mut().unwrap()));
}

fn amend_complaints(id: TaskId, change: impl FnOnce(&mut Grievances)) {
    Complaints::<Test>::mutate(id, |complaints| change(complaints.as_mut().unwrap()));
}

/// Holds something of one who has asked for nothing.
fn hold(reason: HoldReason) {
    assert_ok!(Balances::hold(&reason.into(), &BOB, 1));
}

fn key() -> WrappedKey {
    WrappedKey::Inline(vec![4; 1_168].try_into().unwrap())
}

/// Tasks of Alice's.
struct Scene {
    /// Ended, and still kept.
    settled: TaskId,
    /// Of three workers, with a complaint about the first.
    contested: TaskId,
    accused: ProviderId,
    /// Of one worker who is at it.
    assigned: TaskId,
    /// Of three workers, of whom one has a key.
    sealed: TaskId,
    /// Stands in the queue.
    ready: TaskId,
    /// Waits for its seed.
    drawing: TaskId,
}

fn scene() -> Scene {
    let alice = || RuntimeOrigin::signed(ALICE);
    let (settled, contested) = (submit(terms(1)), submit(terms(3)));
    run_to(19);
    deliver(settled, &[1]);
    let output = Output::Artifact { id: ContentId([6; 32]), bytes: 9_000 };
    let said = Answer { output, ..answer(0) };
    workers(contested).iter().for_each(|one| commit(contested, *one, &said));
    workers(contested).iter().for_each(|one| reveal(contested, *one, &said));
    let seal = Some(Seal { commitment: [3; 32], key_blocks: 20 });
    let (assigned, sealed) = (submit(terms(1)), submit(Terms { seal, ..terms(3) }));
    run_to(29);
    let accused = workers(contested)[0];
    assert_ok!(Tasks::complain_unavailable(alice(), contested, accused));
    let (ready, drawing) = (submit(terms(1)), submit(terms(1)));
    run_to(46);
    assert_ok!(Tasks::post_key(alice(), sealed, workers(sealed)[0], key()));
    // As a block does that has no room for a draw.
    let mut seeded = task(ready);
    Tasks::enter_queue(ready, &mut seeded);
    crate::Tasks::<Test>::insert(ready, seeded);

    let stages = [settled, contested, assigned, sealed, ready, drawing].map(|id| task(id).stage);
    use Stage::*;
    assert_eq!(stages, [Settled, Contested, Assigned, AwaitingKeys, Queued, Queued]);
    assert!(matches!(task(ready).place, Place::Ready { .. }));
    assert!(matches!(task(drawing).place, Place::Drawing(_)));
    assert_eq!(Tasks::do_try_state(), Ok(()));
    Scene { settled, contested, accused, assigned, sealed, ready, drawing }
}

/// A further registration of an owner, after all that there are.
fn register_another(owner: AccountId) {
    let roles = [Role::Compute].into_iter().collect();
    let profile = Box::new(profile(1_000));
    assert_ok!(Providers::register(RuntimeOrigin::signed(owner), BOB, profile, roles, 20_000));
}

/// One without a seat at the task.
fn stranger_to(id: TaskId) -> ProviderId {
    (0..MARKET).map(ProviderId).find(|one| !workers(id).contains(one)).unwrap()
}

#[test]
fn try_state_should_fail_when_money_is_wrong() {
    market(MARKET, || {
        let Scene { contested, ready, .. } = scene();
        breaks("money: an escrow overflows", || {
            amend(ready, |task| task.escrow.reward = Amount::MAX);
        });
        let escrows = "money: escrows differ from holds";
        breaks(escrows, || amend(ready, |task| task.escrow.tip += 1));
        breaks(escrows, || hold(HoldReason::Escrow));
        let deposits = "money: deposits differ from holds";
        breaks(deposits, || amend(ready, |task| task.deposit += 1));
        breaks(deposits, || hold(HoldReason::Deposit));
        let complaints = "money: deposits of complaints differ from holds";
        breaks(complaints, || {
            amend_complaints(contested, |all| all.open.as_mut().unwrap().deposit += 1);
        });
        breaks(complaints, || hold(HoldReason::Complaint));
    });
}

#[test]
fn try_state_should_fail_when_agenda_or_queue_is_wrong() {
    market(MARKET, || {
        let Scene { settled, contested, assigned, ready, drawing, .. } = scene();
        breaks("agenda: a task on the agenda is unknown", || {
            Agenda::<Test>::insert(LATE, UNKNOWN, ());
        });
        breaks("agenda: a task stands on the agenda twice", || {
            Agenda::<Test>::insert(LATE, ready, ());
        });
        breaks("agenda: a task would never be looked at", || Served::<Test>::put(LATE));
        breaks("tasks: a task has no deadline", || {
            Agenda::<Test>::remove(task(drawing).next, drawing);
        });
        // Task and agenda agree on when it is, and that is long after its stage.
        for id in [drawing, ready, assigned, contested, settled] {
            breaks("tasks: a task is looked at long after it is due", || {
                Agenda::<Test>::remove(task(id).next, id);
                Agenda::<Test>::insert(LATE, id, ());
                amend(id, |task| task.next = LATE);
            });
        }
        let enter = |id: TaskId| Queue::<Test>::insert(queue_key(1, 0, 10, id.0), ());
        breaks("queue: an unknown task queues", || enter(UNKNOWN));
        breaks("queue: a task stands in the queue twice", || enter(ready));
        breaks("queue: a task stands in the queue twice", || enter(drawing));
        let Place::Ready { key, .. } = task(ready).place else { panic!("it is in the queue") };
        breaks("tasks: a task is not in the queue", || Queue::<Test>::remove(key));
    });
}

#[test]
fn try_state_should_fail_when_a_task_is_wrong() {
    market(MARKET, || {
        let Scene { assigned, drawing, .. } = scene();
        breaks("tasks: a requester lacks its task", || TasksOf::<Test>::remove(ALICE, drawing));
        breaks("tasks: a task has no terms", || TermsOf::<Test>::remove(drawing));
        breaks("tasks: a task was never submitted", || Submitted::<Test>::put(drawing.0));
        let place = "tasks: a task has the wrong place";
        breaks(place, || amend(drawing, |task| task.place = Place::Nowhere));
        breaks(place, || amend(assigned, |task| task.place = Place::Resting));
        breaks("tasks: an ended task holds an escrow", || {
            amend(assigned, |task| task.stage = Stage::Settled);
        });
    });
}

#[test]
fn try_state_should_fail_when_seats_are_wrong() {
    market(MARKET, || {
        let Scene { settled, contested, accused, assigned, sealed, .. } = scene();
        let vacant = "tasks: a seat is vacant";
        breaks(vacant, || amend(assigned, |task| task.seats.truncate(0)));
        breaks(vacant, || amend(sealed, |task| task.seats.truncate(2)));
        breaks("tasks: more accuse the requester than have left", || {
            amend(assigned, |task| task.accusers = 1);
        });
        breaks("tasks: a worker has left", || {
            amend(assigned, |task| task.seats[0].provider = ProviderId(99));
        });
        let worker = workers(assigned)[0];
        // At work, and while its result stands.
        for one in [worker, accused] {
            breaks("tasks: a worker could withdraw", || Providers::disengage(one));
        }
        let unlike = "tasks: an answer is missing, or was never revealed";
        breaks(unlike, || Answers::<Test>::insert(assigned, worker, answer(1)));
        breaks(unlike, || amend(assigned, |task| task.seats[0].progress = Progress::Revealed));
        breaks(unlike, || Answers::<Test>::remove(contested, accused));
        let paid = workers(settled)[0];
        breaks(unlike, || Answers::<Test>::remove(settled, paid));
        breaks("tasks: an excluded provider has a seat", || {
            amend(assigned, |task| task.excluded.try_push(worker).unwrap());
        });
        breaks("tasks: a provider has two seats", || {
            amend(contested, |task| task.seats[1] = task.seats[0]);
        });
        let second = ProviderId(MARKET);
        breaks("tasks: an owner has two seats", || {
            register_another(owner(workers(sealed)[0]));
            amend(sealed, |task| task.seats[1].provider = second);
        });
        breaks("tasks: an owner failed, and has a seat", || {
            register_another(owner(worker));
            amend(assigned, |task| task.excluded.try_push(second).unwrap());
        });
    });
}

/// Those who decline leave seats vacant, as long as the others are enough to decide.
#[test]
fn try_state_should_fail_when_too_few_are_at_work() {
    market(MARKET, || {
        let (id, workers) = assigned(terms(3));
        let leave = |count: u8, declined: u8| {
            for one in &workers[..usize::from(count)] {
                amend(id, |task| Tasks::vacate(id, task, *one));
            }
            amend(id, |task| task.declined = declined);
        };
        let vacant = "tasks: a seat is vacant";
        breaks(vacant, || leave(1, 0));
        breaks(vacant, || leave(1, 2));
        breaks(vacant, || leave(2, 1));
        breaks("tasks: too few are at work to decide", || leave(2, 2));
        leave(1, 1);
        breaks(vacant, || amend(id, |task| task.declined = 0));
        breaks("tasks: more declined than have left", || {
            amend(id, |task| task.excluded.truncate(0));
        });
        breaks("tasks: one declined what nobody was asked for", || {
            amend(id, |task| task.stage = Stage::AwaitingKeys);
        });
    });
}

#[test]
fn try_state_should_fail_when_the_outvoted_are_wrong() {
    market(MARKET, || {
        let (id, workers) = assigned(Terms { auditable: true, ..terms(5) });
        deliver(id, &[1, 2, 1, 3, 1]);
        assert_eq!(task(id).outvoted.as_slice(), [workers[1], workers[3]]);
        breaks("outvoted: somebody waits for no guards", || {
            amend(id, |task| task.stage = Stage::Window);
        });
        breaks("outvoted: guards convict nobody here", || {
            TermsOf::<Test>::mutate(id, |terms| terms.as_mut().unwrap().policy = Policy::Proven);
        });
        let minority = "outvoted: they are no minority of those asked";
        breaks(minority, || {
            amend(id, |task| task.outvoted.try_push(ProviderId(99)).unwrap());
        });
        breaks(minority, || amend(id, |task| task.redundancy = 4));
        breaks("outvoted: one has left", || {
            amend(id, |task| task.outvoted[0] = ProviderId(99));
        });
        breaks("outvoted: one has a seat", || {
            amend(id, |task| task.outvoted[0] = workers[0]);
        });
        breaks("outvoted: one is noted twice", || {
            amend(id, |task| task.outvoted[0] = workers[3]);
        });
        breaks("tasks: a worker could withdraw", || Providers::disengage(workers[1]));
    });
}

#[test]
fn try_state_should_fail_when_complaints_are_wrong() {
    market(MARKET, || {
        let Scene { contested, accused, assigned, .. } = scene();
        let stage = "complaints: one is open, or none is";
        breaks(stage, || amend(contested, |task| task.stage = Stage::Window));
        breaks(stage, || amend(assigned, |task| task.stage = Stage::Contested));
        breaks("complaints: what is asked for is no artifact", || {
            Answers::<Test>::insert(contested, accused, answer(1));
        });
        breaks("complaints: one was not counted", || {
            amend_complaints(contested, |all| all.made.truncate(0));
        });
        breaks("complaints: a provider is counted twice", || {
            amend_complaints(contested, |all| all.made.try_push((accused, 1)).unwrap());
        });
    });
}

#[test]
fn try_state_should_fail_when_a_task_takes_more_room_than_it_pays_for() {
    market(MARKET, || {
        let Scene { settled, assigned, .. } = scene();
        breaks("footprint: a task takes more room than its deposit is for", || {
            // Longer than what was asked for.
            let output = Output::Inline(vec![1; 2_048].try_into().unwrap());
            let paid = workers(settled)[0];
            Answers::<Test>::insert(settled, paid, Answer { output, ..answer(1) });
        });
        breaks("footprint: a task waits for an audit that its deposit is not for", || {
            amend(assigned, |task| task.stage = Stage::Audited);
        });
    });
}

#[test]
fn try_state_should_fail_when_something_is_left_of_a_task_that_is_gone() {
    market(MARKET, || {
        let Scene { assigned, sealed, .. } = scene();
        breaks("belongings: terms are left", || TermsOf::<Test>::insert(UNKNOWN, terms(1)));
        breaks("belongings: complaints are left", || {
            Complaints::<Test>::insert(UNKNOWN, Grievances::default());
        });
        breaks("belongings: a requester's list is old", || {
            TasksOf::<Test>::insert(ALICE, UNKNOWN, ());
        });
        // Of the task, or of a worker that left it.
        for (id, one) in [(UNKNOWN, ProviderId(0)), (assigned, stranger_to(assigned))] {
            breaks("belongings: answers are left", || {
                Answers::<Test>::insert(id, one, answer(1));
            });
        }
        for (id, one) in [(UNKNOWN, ProviderId(0)), (sealed, stranger_to(sealed))] {
            breaks("belongings: keys are left", || Keys::<Test>::insert(id, one, key()));
        }
    });
}
