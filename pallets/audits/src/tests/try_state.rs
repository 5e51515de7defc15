//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, Agenda, HoldReason, Keys, Licences, Notes, Served};
use cairn_protocol::{
    id::{Height, ProviderId, TaskId},
    job::Policy,
};
use cairn_seams::{Brief, Subject};
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
};
use sp_runtime::DispatchError;

const OUTCOME: Policy = Policy::Outcome { target: 1, guards: 3 };
/// Nobody has audited such a task, nor registered such a provider.
const UNKNOWN: TaskId = TaskId(99);
const NOBODY: ProviderId = ProviderId(99);
/// Nothing is looked at so late.
const LATE: Height = 99_999;
const AHEAD: &str = "progress: a guard is ahead, or behind";
const WORKER_AHEAD: &str = "progress: a worker is ahead";

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Audits::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Audits::do_try_state(), Ok(()));
}

fn amend(change: impl FnOnce(&mut Audit<AccountId>)) {
    crate::Audits::<Test>::mutate(TASK, |audit| change(audit.as_mut().unwrap()));
}

fn amend_licence(planter: ProviderId, change: impl FnOnce(&mut Licence)) {
    Licences::<Test>::mutate(planter, |licence| change(licence.as_mut().unwrap()));
}

fn ticket() -> Ticket {
    Ticket { subject: Subject { purpose: *b"audit/on", id: TASK.0, nth: 2 }, requested_at: now() }
}

/// An audit whose guards wait for keys, of whom the first has one.
fn keyed() -> (ProviderId, Vec<ProviderId>) {
    let worker = worker();
    crowd(5);
    let asked = Brief { sealed: true, ..brief(Policy::Proven, &[worker]) };
    begin(TASK, asked).expect("it may be audited");
    run(SEED);
    let guards = guards();
    assert_ok!(Audits::post_key(signed(ALICE), TASK, guards[0], key()));
    assert_eq!(audit().stage, Stage::Keys);
    (worker, guards)
}

/// A provider with as many notes as may be.
fn noted() -> ProviderId {
    let planter = planter();
    for nth in 0..4 {
        assert_ok!(Audits::plant(by(planter), [nth; 32]));
    }
    planter
}

fn note_by(depositor: AccountId) -> Note<AccountId> {
    Note { depositor, deposit: 50, noted: 1 }
}

#[test]
fn try_state_should_fail_when_the_agenda_is_wrong() {
    execute(|| {
        drawn(Policy::Proven);
        breaks("agenda: an audit on it is unknown", || {
            Agenda::<Test>::insert(LATE, UNKNOWN, ());
        });
        breaks("agenda: an audit stands on it twice", || {
            Agenda::<Test>::insert(LATE, TASK, ());
        });
        breaks("agenda: an audit would never be looked at", || Served::<Test>::put(LATE));
        breaks("agenda: an audit has no look", || Agenda::<Test>::remove(audit().next, TASK));
    });
}

#[test]
fn try_state_should_fail_when_a_task_does_not_wait() {
    execute(|| {
        drawn(Policy::Proven);
        let awaiting = Awaiting::get();
        Awaiting::set(Vec::new());
        let found = Audits::do_try_state();
        assert_eq!(found, Err("tasks: a task does not wait for its audit".into()));
        Awaiting::set(awaiting);
        assert_eq!(Audits::do_try_state(), Ok(()));
    });
}

#[test]
fn try_state_should_fail_when_members_are_wrong() {
    execute(|| {
        let (_, guards) = drawn(Policy::Proven);
        let guard = guards[0];
        let twice = "members: somebody takes part twice";
        breaks(twice, || amend(|audit| audit.guards[1].provider = guard));
        breaks(twice, || amend(|audit| audit.workers[0].provider = guard));
        let unregistered = "members: somebody is not registered";
        breaks(unregistered, || amend(|audit| audit.guards[0].provider = NOBODY));
        breaks(unregistered, || amend(|audit| audit.workers[0].provider = NOBODY));
        breaks("members: a guard was silent before", || {
            amend(|audit| audit.excluded.try_push(guard).unwrap());
        });
        breaks("members: a guard failed at the task", || {
            amend(|audit| audit.others.try_push(guard).unwrap());
        });
        let more = "members: a guard was never drawn";
        breaks(more, || amend(|audit| audit.drawn = 2));
        breaks(more, || amend(|audit| audit.rejected = 1));
    });
}

#[test]
fn try_state_should_fail_when_progress_is_wrong_while_a_seed_is_waited_for() {
    execute(|| {
        let worker = worker();
        let guard = crowd(5)[0];
        begin(TASK, brief(Policy::Proven, &[worker])).expect("it may be audited");
        assert_eq!(audit().stage, Stage::Drawing);
        let seed = "progress: a seed is waited for, or is not";
        breaks(seed, || amend(|audit| audit.ticket = None));
        breaks(AHEAD, || {
            amend(|audit| {
                audit.drawn = 1;
                audit.guards.try_push(Member::working(guard)).unwrap();
            });
        });
        breaks(WORKER_AHEAD, || {
            amend(|audit| audit.workers[0].progress = Progress::Committed([1; 32]));
        });
    });
}

#[test]
fn try_state_should_fail_when_progress_is_wrong_while_keys_are_waited_for() {
    execute(|| {
        keyed();
        breaks(AHEAD, || amend(|audit| audit.sealed = false));
        breaks(AHEAD, || amend(|audit| audit.guards[1].progress = Progress::Committed([1; 32])));
        breaks(WORKER_AHEAD, || {
            amend(|audit| audit.workers[0].progress = Progress::Committed([1; 32]));
        });
    });
}

#[test]
fn try_state_should_fail_when_progress_is_wrong_while_guards_commit() {
    execute(|| {
        drawn(Policy::Proven);
        let seed = "progress: a seed is waited for, or is not";
        breaks(seed, || amend(|audit| audit.ticket = Some(ticket())));
        breaks(seed, || amend(|audit| audit.stage = Stage::Drawing));
        breaks("progress: guards were drawn though no lot fell", || {
            amend(|audit| audit.fell = false);
        });
        breaks(AHEAD, || amend(|audit| audit.guards[0].progress = Progress::Locked));
        breaks(AHEAD, || amend(|audit| audit.guards[0].progress = Progress::Revealed(same())));
        breaks(WORKER_AHEAD, || amend(|audit| audit.workers[0].progress = Progress::Locked));
        breaks(WORKER_AHEAD, || {
            amend(|audit| audit.workers[0].progress = Progress::Revealed(same()));
        });
    });
    execute(|| {
        drawn(OUTCOME);
        breaks("progress: a worker is not asked", || {
            amend(|audit| audit.workers[0].progress = Progress::Committed([1; 32]));
        });
    });
}

#[test]
fn try_state_should_fail_when_progress_is_wrong_while_all_reveal_or_have() {
    execute(|| {
        let (worker, guards) = drawn(Policy::Proven);
        guards.iter().chain([&worker]).for_each(|one| commit(*one, &same()));
        assert_eq!(audit().stage, Stage::Reveals);
        breaks(AHEAD, || amend(|audit| audit.guards[0].progress = Progress::Working));
        // No answer is compared with a loss.
        let unfit = || Progress::Revealed(measured(1));
        breaks(AHEAD, || amend(|audit| audit.guards[0].progress = unfit()));
        breaks(WORKER_AHEAD, || amend(|audit| audit.workers[0].progress = unfit()));
        guards.iter().chain([&worker]).for_each(|one| reveal(*one, &same()));
        assert_eq!(audit().stage, Stage::Unmasking);
        breaks(AHEAD, || amend(|audit| audit.guards[0].progress = Progress::Committed([1; 32])));
        breaks(AHEAD, || amend(|audit| audit.guards[0].progress = unfit()));
        breaks(WORKER_AHEAD, || amend(|audit| audit.workers[0].progress = Progress::Locked));
    });
}

#[test]
fn try_state_should_fail_when_keys_are_left() {
    let left = "keys: one is left";
    execute(|| {
        let (worker, guards) = keyed();
        breaks(left, || Keys::<Test>::insert(UNKNOWN, guards[0], key()));
        breaks(left, || Keys::<Test>::insert(TASK, worker, key()));
        // It waits for it.
        breaks(left, || Keys::<Test>::insert(TASK, guards[1], key()));
    });
    execute(|| {
        let (_, guards) = drawn(Policy::Proven);
        breaks(left, || Keys::<Test>::insert(TASK, guards[0], key()));
    });
}

#[test]
fn try_state_should_fail_when_notes_are_wrong() {
    execute(|| {
        let (planter, other) = (noted(), worker());
        assert_eq!(Audits::do_try_state(), Ok(()));
        breaks("notes: a licence miscounts them", || {
            amend_licence(planter, |licence| licence.notes += 1);
        });
        // Two items, since they have to be counted.
        breaks("notes: there are too many", || {
            Notes::<Test>::insert(planter, [9u8; 32], note_by(operator(planter)));
            amend_licence(planter, |licence| licence.notes = 5);
        });
        breaks("notes: a licence is left", || {
            let revoked = Licence { valid: false, notes: 0, since: 1, paid: 0 };
            Licences::<Test>::insert(other, revoked);
        });
        let unlicensed = "notes: one has no licence";
        breaks(unlicensed, || Licences::<Test>::remove(planter));
        breaks(unlicensed, || {
            Notes::<Test>::insert(other, [9u8; 32], note_by(operator(other)));
        });
    });
}

#[test]
fn try_state_should_fail_when_deposits_are_not_what_is_held() {
    execute(|| {
        let planter = noted();
        let amend_note = |change: fn(&mut Note<AccountId>)| {
            Notes::<Test>::mutate(planter, [0u8; 32], |note| change(note.as_mut().unwrap()));
        };
        let unlike = "deposits: they differ from holds";
        breaks(unlike, || amend_note(|note| note.deposit += 1));
        breaks(unlike, || amend_note(|note| note.depositor = BOB));
        // Also of one who noted nothing.
        breaks(unlike, || {
            assert_ok!(Balances::hold(&HoldReason::Note.into(), &BOB, 1));
        });
    });
}
