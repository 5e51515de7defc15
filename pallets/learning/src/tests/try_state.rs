//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{
    types::*, Agenda, Artifacts, Commitments, Deltas, DeltasOf, HoldReason, Laid, Measures,
    Pending, Queues, Rollbacks, Served, Submitted, Tops,
};
use cairn_protocol::{
    dag::BlockKind,
    id::{BlockId, ContentId, DeltaId, Height, PanelId},
};
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
    BoundedVec,
};
use sp_runtime::DispatchError;

const UNKNOWN: DeltaId = DeltaId(99);
/// Nothing is looked at so late.
const LATE: Height = 99_999;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Learning::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Learning::do_try_state(), Ok(()));
}

fn amend(id: DeltaId, change: impl FnOnce(&mut Delta<AccountId>)) {
    Deltas::<Test>::mutate(id, |delta| change(delta.as_mut().unwrap()));
}

#[test]
fn try_state_should_fail_when_the_agenda_is_wrong() {
    execute(|| {
        let id = handed_in();
        breaks("agenda: a delta on it is unknown", || Agenda::<Test>::insert(LATE, UNKNOWN, ()));
        breaks("agenda: a delta stands on it twice", || Agenda::<Test>::insert(LATE, id, ()));
        breaks("agenda: a delta would never be looked at", || Served::<Test>::put(LATE));
        breaks("agenda: a delta has no look", || Agenda::<Test>::remove(delta(id).next, id));
        breaks("agenda: a delta was never handed in", Submitted::<Test>::kill);
    });
}

#[test]
fn try_state_should_fail_when_authors_are_wrong() {
    execute(|| {
        let id = handed_in();
        breaks("authors: a delta is not listed", || DeltasOf::<Test>::remove(CAROL, id));
        let another = "authors: a delta is another's, or forgotten";
        breaks(another, || DeltasOf::<Test>::insert(DAVE, id, ()));
        breaks(another, || DeltasOf::<Test>::insert(CAROL, UNKNOWN, ()));
        let miscounted = "authors: what is pending is miscounted";
        breaks(miscounted, || Pending::<Test>::insert(CAROL, 2));
        breaks(miscounted, || Pending::<Test>::insert(DAVE, 0));
    });
}

#[test]
fn try_state_should_fail_when_stages_are_wrong() {
    execute(|| {
        let id = handed_in();
        breaks("stages: a header is none of a delta", || {
            amend(id, |delta| delta.header.kind = BlockKind::Expert)
        });
        breaks("stages: a delta has ended for no reason", || {
            amend(id, |delta| delta.stage = Stage::Stale)
        });
        breaks("stages: a delta has ended for no reason", || {
            amend(id, |delta| delta.reason = Some(Reason::Divided))
        });
        breaks("stages: a panel is over that was not heard", || {
            amend(id, |delta| delta.panel = Some(PanelId(99)))
        });
        breaks("stages: a panel is left", || amend(id, |delta| delta.stage = Stage::Queued));
        breaks("stages: a delta waits though nothing was said of it", || {
            amend(id, |delta| (delta.stage, delta.panel) = (Stage::Queued, None))
        });
        breaks("stages: a delta passed without a trial", || {
            amend(id, |delta| (delta.stage, delta.panel) = (Stage::Keeping, None))
        });
        breaks("stages: a delta is paid that was not laid", || amend(id, |delta| delta.reward = 1));
        breaks("stages: a reward waits of what is not laid", || {
            amend(id, |delta| delta.waits = true);
        });
        await_draw(id);
        breaks("stages: a delta passed unmeasured", || {
            amend(id, |delta| (delta.stage, delta.panel) = (Stage::Keeping, None))
        });
        judge(id, no_better);
        breaks("stages: a delta has ended for another reason", || {
            amend(id, |delta| delta.reason = Some(Reason::Divided))
        });
        breaks("stages: a delta passed that is not better", || {
            amend(id, |delta| (delta.stage, delta.reason) = (Stage::Laid, Some(Reason::Accepted)))
        });
    });
}

#[test]
fn try_state_should_fail_when_queues_are_wrong() {
    execute(|| {
        let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, A, 21), header(ERIN, B, 22)]);
        let queue = |name, ids: &[DeltaId]| {
            Queues::<Test>::insert(place(name), BoundedVec::truncate_from(ids.to_vec()));
        };
        breaks("queues: an empty one is left", || queue(b"c", &[]));
        breaks("queues: one is out of order", || queue(A, &[ids[1], ids[0]]));
        breaks("queues: a delta is unknown", || queue(b"c", &[UNKNOWN]));
        breaks("queues: a delta is elsewhere", || queue(B, &[ids[0]]));
        breaks("queues: a delta stands twice", || queue(A, &[ids[0], ids[0], ids[1]]));
        breaks("queues: a delta is in none", || queue(A, &[ids[0]]));
        judge(ids[1], better);
        breaks("queues: one has passed before its turn", || {
            amend(ids[1], |delta| delta.stage = Stage::Keeping)
        });
        judge(ids[0], no_better);
        breaks("queues: a delta has ended", || queue(A, &[ids[0], ids[1]]));
    });
}

#[test]
fn try_state_should_fail_when_artifacts_are_wrong() {
    execute(|| {
        let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, A, 21)]);
        let take = |artifact, taken| {
            Artifacts::<Test>::insert(place(A), ContentId([artifact; 32]), taken);
        };
        breaks("artifacts: one is taken by nobody", || take(90, Taken::Pending(UNKNOWN)));
        breaks("artifacts: one is another's", || take(90, Taken::Pending(ids[0])));
        breaks("artifacts: one is taken otherwise", || take(20, Taken::Laid(ids[0])));
        breaks("artifacts: one is free that is not", || {
            Artifacts::<Test>::remove(place(A), ContentId([20; 32]));
        });
        let reserved = |delta| Taken::Reserved { delta, until: LATE };
        breaks("artifacts: one is taken by nobody", || take(90, reserved(UNKNOWN)));
        breaks("artifacts: one is taken otherwise", || take(20, reserved(ids[0])));
        lay(ids[0]);
        breaks("artifacts: one is taken otherwise", || take(20, Taken::Pending(ids[0])));
        breaks("artifacts: one is taken otherwise", || take(20, reserved(ids[0])));
    });
}

#[test]
fn try_state_should_fail_when_lines_are_wrong() {
    execute(|| {
        let ids = tower(A, 20, 2);
        let top = delta(ids[1]).header.id();
        breaks("lines: a delta was laid on nothing, or on something", || {
            amend(ids[0], |delta| delta.root = None)
        });
        breaks("lines: a block is not noted", || Laid::<Test>::remove(top));
        breaks("lines: a block is of an unknown delta", || {
            Laid::<Test>::insert(BlockId([9; 32]), UNKNOWN)
        });
        breaks("lines: a block is another one", || Laid::<Test>::insert(BlockId([9; 32]), ids[0]));
        breaks("lines: what is rolled back is the head", || {
            amend(ids[1], |delta| {
                (delta.stage, delta.reason) = (Stage::RolledBack, Some(Reason::Invalidated))
            })
        });
        breaks("lines: the top is another's", || {
            Tops::<Test>::mutate(place(A), |top| top.as_mut().unwrap().delta = Some(ids[0]));
        });
        let roll_back = |name, target| {
            Rollbacks::<Test>::insert(place(name), Rollback { target, up: None });
        };
        breaks("lines: what is rolled back is unknown", || roll_back(A, UNKNOWN));
        breaks("lines: what is rolled back is elsewhere", || roll_back(B, ids[0]));
        let cut = |block| crate::Cutting::<Test>::put(Cut { place: place(A), block });
        breaks("lines: a block is cut whose delta is known", || cut(top));
        breaks("lines: a component is rolled back twice", || {
            roll_back(A, ids[0]);
            cut(BlockId([9; 32]));
        });
        let pending = hand_in(&[header(DAVE, A, 30)])[0];
        breaks("lines: what is rolled back was not laid", || roll_back(A, pending));
        breaks("lines: something stands on a delta that was not laid", || {
            amend(ids[1], |delta| delta.above = Some(pending))
        });
        assert_eq!(Tops::<Test>::get(place(A)).map(|at| at.block), Some(top));
    });
}

#[test]
fn try_state_should_fail_when_measures_are_wrong() {
    execute(|| {
        let of_another = "measures: one is of a set of another model";
        let measure = |data| Measure { data, variance: 1, loss: 1 };
        breaks(of_another, || Measures::<Test>::insert(MODEL, measure(MODEL)));
        breaks(of_another, || Measures::<Test>::insert(OTHER, measure(DATA)));
    });
}

#[test]
fn try_state_should_fail_when_deposits_are_wrong() {
    execute(|| {
        let id = handed_in();
        assert_ok!(commit(&header(DAVE, A, 21)));
        let differ = "deposits: they differ from holds";
        let reasons =
            [HoldReason::Commitment, HoldReason::Bond, HoldReason::Deposit, HoldReason::Block];
        for reason in reasons {
            breaks(differ, || {
                assert_ok!(Balances::hold(&reason.into(), &BOB, 1));
            });
        }
        breaks(differ, || amend(id, |delta| delta.stakes.bond += 1));
        breaks(differ, || amend(id, |delta| delta.stakes.deposit -= 1));
        breaks(differ, || amend(id, |delta| delta.stakes.block += 1));
        breaks(differ, || {
            let digest = digest(DAVE, header(DAVE, A, 21).artifact.id);
            Commitments::<Test>::remove(DAVE, digest);
        });
    });
}
