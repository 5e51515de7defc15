//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{
    types::*, Agenda, Barred, Courses, Curators, Files, Held, HoldReason, Latest, Line,
    NextSnapshot, Period, Rounds, SealedSets, Served, Snapshots, Trials, Turned, Turns, WaitsFor,
};
use cairn_protocol::id::DeltaId;
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
};
use sp_runtime::DispatchError;

const FIRST: TrialId = TrialId { model: MODEL, period: 1 };
const NONE: TrialId = TrialId { model: UNKNOWN, period: 1 };
/// Nothing is looked at so late.
const LATE: u32 = 99_999;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Curation::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Curation::do_try_state(), Ok(()));
}

fn amend(period: u32, change: impl FnOnce(&mut Trial)) {
    let id = TrialId { model: MODEL, period };
    Trials::<Test>::mutate(id, |trial| change(trial.as_mut().unwrap()));
}

fn amend_set(set: u8, change: impl FnOnce(&mut SealedSet<AccountId>)) {
    SealedSets::<Test>::mutate(FIRST, set, |known| change(known.as_mut().unwrap()));
}

#[test]
fn try_state_should_fail_when_a_queue_is_wrong() {
    execute(|| {
        revealing(1_000);
        let next = trial(MODEL, 1).unwrap().next;
        breaks("agenda: a trial on it is unknown", || Agenda::<Test>::insert(LATE, NONE, ()));
        let vain = "agenda: a trial is on it in vain";
        breaks(vain, || Agenda::<Test>::insert(LATE, FIRST, ()));
        breaks("agenda: a trial would never be looked at", || Served::<Test>::put(LATE));
        breaks("queues: a trial waits for nothing", || Agenda::<Test>::remove(next, FIRST));
        commit(DAVE, MODEL, 4);
        breaks("turns: one would never be made", || Turned::<Test>::put(LATE));
        breaks("queues: a trial waits for nothing", || Turns::<Test>::remove(4, MODEL));
    });
    execute(|| {
        running(1_000);
        breaks("queues: a trial waits for nothing", || Turns::<Test>::remove(2, MODEL));
        breaks("turns: a trial is ahead of its period", || Period::<Test>::put(0));
    });
}

#[test]
fn try_state_should_fail_when_the_order_of_trials_is_wrong() {
    execute(|| {
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 2));
        judging(1_000);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
        let follow = "order: trials do not follow";
        breaks(follow, || amend(1, |trial| trial.after = Some(9)));
        breaks(follow, || amend(2, |trial| trial.before = None));
        breaks("order: another trial is the last", || Latest::<Test>::remove(MODEL));
        breaks("order: another trial is the last", || Latest::<Test>::insert(MODEL, 1));
        breaks("order: two trials of a model are the last", || {
            amend(1, |trial| trial.after = None);
            amend(2, |trial| trial.before = None);
        });
        breaks("order: a trial is decided before the one before it", || {
            amend(2, |trial| {
                trial.stage = Stage::Judging;
                Agenda::<Test>::insert(trial.next, TrialId { period: 2, ..FIRST }, ());
            });
            Served::<Test>::put(0);
        });
        breaks("order: two trials of a model go on", || {
            Agenda::<Test>::remove(trial(MODEL, 1).unwrap().next, FIRST);
            Turns::<Test>::insert(2, MODEL, ());
            Turned::<Test>::put(0);
            amend(1, |trial| trial.stage = Stage::Running);
        });
        commit(DAVE, MODEL, 4);
        breaks("order: a trial that has not begun follows another", || {
            amend(4, |trial| trial.before = Some(2));
        });
    });
}

#[test]
fn try_state_should_fail_when_heads_are_not_kept_or_left() {
    execute(|| {
        let delta = revealing(1_000);
        let held = Held::<Test>::get(FIRST, delta).unwrap();
        breaks("snapshots: one is gone", || Snapshots::<Test>::remove(held.after));
        let miscounted = "snapshots: their uses are miscounted";
        let after = held.before;
        breaks(miscounted, || Held::<Test>::insert(FIRST, delta, Holding { after, ..held }));
        breaks(miscounted, || {
            let left = Snapshot { parts: heads(0), uses: 1 };
            Snapshots::<Test>::insert(NextSnapshot::<Test>::get() - 1 + 7, left);
        });
        breaks("snapshots: one is ahead of its number", || NextSnapshot::<Test>::put(0));
        let miscounted = "files: their uses are miscounted";
        let file = heads(0)[0].file.id;
        breaks(miscounted, || Files::<Test>::remove(MODEL, file));
        breaks(miscounted, || Files::<Test>::insert(MODEL, file, 2));
        breaks(miscounted, || Files::<Test>::insert(OTHER, file, 1));
    });
}

#[test]
fn try_state_should_fail_when_rounds_are_wrong() {
    execute(|| {
        let second = TrialId { period: 2, ..FIRST };
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 2));
        running(1_000);
        lay(MODEL, 2, 1_000);
        end_period();
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        let Trial { base, at, .. } = trial(MODEL, 1).unwrap();
        let (base, at) = (base.unwrap(), at.unwrap());
        let round = Rounds::<Test>::iter_prefix_values(FIRST).next().unwrap();
        breaks("rounds: a trial asks out of its time", || {
            let course = Courses::<Test>::get(FIRST);
            for step in &course {
                [step.before, step.after].into_iter().for_each(Curation::keep);
            }
            Courses::<Test>::insert(second, course);
        });
        let begin = "rounds: a trial does not begin where its deltas do";
        breaks(begin, || amend(1, |trial| trial.base = None));
        breaks("rounds: another head is measured", || amend(1, |trial| trial.at = Some(99)));
        breaks("rounds: another head is measured", || amend(1, |trial| trial.at = Some(base)));
        breaks("rounds: no head is measured", || amend(1, |trial| trial.at = None));
        breaks("rounds: another head was measured", || {
            Rounds::<Test>::insert(FIRST, 99, round.clone());
        });
        breaks("rounds: a head is measured again before it was", || {
            amend(1, |trial| trial.again = Some(at));
        });
        breaks("rounds: a head is measured again", || {
            Rounds::<Test>::insert(FIRST, at, round.clone());
        });
        breaks("rounds: another set was measured", || {
            let other = Reading { set: 3, gain: 0 };
            let (head, _) = Rounds::<Test>::iter_prefix(FIRST).next().unwrap();
            Rounds::<Test>::insert(FIRST, head, Round::truncate_from(vec![other]));
        });
        breaks("rounds: one is left", || Rounds::<Test>::insert(NONE, 0, round.clone()));
        breaks("rounds: deltas are left", || {
            let step = *Courses::<Test>::get(FIRST).first().unwrap();
            Courses::<Test>::insert(NONE, Course::truncate_from(vec![step]));
            [step.before, step.after].into_iter().for_each(Curation::keep);
        });
    });
}

#[test]
fn try_state_should_fail_when_the_line_of_deltas_is_wrong() {
    execute(|| {
        let delta = running(1_000);
        let held = Held::<Test>::get(FIRST, delta).unwrap();
        breaks("line: a delta is left", || Line::<Test>::insert(MODEL, 9, delta));
        breaks("line: a delta is left", || Line::<Test>::insert(MODEL, 9, DeltaId(9)));
        let other = "line: a delta has another place";
        breaks(other, || Line::<Test>::remove(MODEL, held.place));
        breaks(other, || amend(1, |trial| trial.end = 0));
        breaks("line: a delta is passed over", || amend(1, |trial| trial.first = 1));
        breaks("held: one is found before its time", || {
            let finding = Finding::Holds(1);
            Held::<Test>::insert(FIRST, delta, Holding { finding, ..held });
        });
        breaks("held: one is put off too often", || {
            let put_off = MOST_PUT_OFF + 1;
            Held::<Test>::insert(FIRST, delta, Holding { put_off, ..held });
        });
    });
}

#[test]
fn try_state_should_fail_when_sets_are_wrong() {
    execute(|| {
        judging(1_000);
        breaks("sets: a trial miscounts them", || amend(1, |trial| trial.sets = 2));
        breaks("sets: panels are miscounted", || amend(1, |trial| trial.judging = 2));
        breaks("sets: a curator has two in a trial", || amend_set(1, |set| set.curator = ALICE));
        breaks("sets: one is ahead, or behind", || {
            let more = SealedSet {
                curator: DAVE,
                progress: Progress::Sealed,
                ..SealedSets::<Test>::get(FIRST, 0).unwrap()
            };
            SealedSets::<Test>::insert(FIRST, 3, more);
            amend(1, |trial| trial.sets = 4);
        });
        breaks("sets: one is left", || {
            let set = SealedSets::<Test>::get(FIRST, 0).unwrap();
            SealedSets::<Test>::insert(NONE, 0, set);
        });
    });
    execute(|| {
        running(1_000);
        breaks("sets: one is ahead, or behind", || {
            amend_set(0, |set| set.progress = Progress::Opened(opening(ALICE, 1)));
        });
        breaks("sets: there are too many", || {
            for set in 3..5u8 {
                let curator = u64::from(set) + 1;
                let sealed = SealedSets::<Test>::get(FIRST, 0).unwrap();
                SealedSets::<Test>::insert(FIRST, set, SealedSet { curator, ..sealed });
            }
            amend(1, |trial| trial.sets = 5);
        });
    });
}

#[test]
fn try_state_should_fail_when_bars_are_wrong() {
    execute(|| {
        running(1_000);
        let may = "bars: a curator may author what it judges";
        breaks(may, || Barred::<Test>::remove(MODEL, ALICE));
        breaks(may, || Barred::<Test>::insert(MODEL, ALICE, 0));
        breaks("bars: one is left", || Barred::<Test>::insert(MODEL, EVE, 1));
        breaks("bars: one is left", || Barred::<Test>::insert(OTHER, ALICE, 1));
    });
}

#[test]
fn try_state_should_fail_when_what_is_held_is_wrong() {
    execute(|| {
        let delta = running(1_000);
        commit(DAVE, MODEL, 2);
        let second = TrialId { period: 2, ..FIRST };
        // Nothing else is wrong with it.
        let held = Held::<Test>::get(FIRST, delta).unwrap();
        let move_to = |id: TrialId| {
            Held::<Test>::remove(FIRST, delta);
            Held::<Test>::insert(id, delta, held);
        };
        let other = "held: a delta waits for another trial";
        breaks(other, || WaitsFor::<Test>::insert(delta, second));
        breaks(other, || move_to(second));
        breaks("held: a delta waits for no trial", || {
            let none = TrialId { period: 9, ..FIRST };
            move_to(none);
            WaitsFor::<Test>::insert(delta, none);
        });
        breaks("held: a delta was there before its trial", || {
            move_to(second);
            WaitsFor::<Test>::insert(delta, second);
        });
        breaks("held: a delta waits in vain", || WaitsFor::<Test>::insert(DeltaId(9), FIRST));
        breaks("held: their gains are miscounted", || amend(1, |trial| trial.gain += 1));
        end_period();
        breaks("held: their gains are miscounted", || amend(1, |trial| trial.gain -= 1));
    });
}

#[test]
fn try_state_should_fail_when_curators_are_wrong() {
    execute(|| {
        running(1_000);
        let change = |change: fn(&mut Curator)| {
            Curators::<Test>::mutate(ALICE, |known| change(known.as_mut().unwrap()));
        };
        breaks("bonds: they differ from holds", || change(|known| known.bond += 1));
        breaks("curators: their sets are miscounted", || change(|known| known.sets += 1));
        // Also of one who is no curator.
        breaks("bonds: they differ from holds", || {
            assert_ok!(Balances::hold(&HoldReason::Bond.into(), &EVE, 1));
        });
        breaks("curators: a set has none", || {
            amend_set(0, |set| set.curator = 77);
            Barred::<Test>::remove(MODEL, ALICE);
            Barred::<Test>::insert(MODEL, 77, 1);
            change(|known| known.sets = 0);
        });
    });
}
