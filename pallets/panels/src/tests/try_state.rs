//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, Agenda, Briefs, Opened, SeatsOf, Served};
use cairn_protocol::id::{Height, PanelId, ProviderId};
use cairn_seams::Subject;
use frame_support::storage::{with_transaction, TransactionOutcome};
use sp_runtime::DispatchError;

const UNKNOWN: PanelId = PanelId(99);
const NOBODY: ProviderId = ProviderId(99);
/// Nothing is looked at so late.
const LATE: Height = 99_999;
const AHEAD: &str = "progress: a guard is ahead, or behind";

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Panels::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Panels::do_try_state(), Ok(()));
}

fn amend(change: impl FnOnce(&mut Panel<AccountId>)) {
    crate::Panels::<Test>::mutate(PANEL, |panel| change(panel.as_mut().unwrap()));
}

#[test]
fn try_state_should_fail_when_the_agenda_is_wrong() {
    execute(|| {
        drawn();
        breaks("agenda: a panel on it is unknown", || Agenda::<Test>::insert(LATE, UNKNOWN, ()));
        breaks("agenda: a panel stands on it twice", || Agenda::<Test>::insert(LATE, PANEL, ()));
        breaks("agenda: a panel would never be looked at", || Served::<Test>::put(LATE));
        breaks("agenda: a panel has no look", || Agenda::<Test>::remove(panel().next, PANEL));
        breaks("agenda: a panel was never opened", Opened::<Test>::kill);
    });
}

#[test]
fn try_state_should_fail_when_guards_are_wrong() {
    execute(|| {
        let guards = drawn();
        breaks("guards: one has two seats", || amend(|it| it.guards[1].guard = guards[0]));
        breaks("guards: there are too many", || amend(|it| it.size = 2));
        breaks("guards: there are too many seats", || amend(|it| it.size = 10));
        breaks("guards: one is not registered", || amend(|it| it.guards[0].guard = NOBODY));
        breaks("guards: one was silent before", || {
            amend(|it| it.excluded.try_push(guards[0]).unwrap());
        });
        breaks("seats: one is not listed", || SeatsOf::<Test>::remove(guards[0], PANEL));
        breaks("seats: one is left", || SeatsOf::<Test>::insert(NOBODY, PANEL, ()));
        breaks("seats: one is left", || SeatsOf::<Test>::insert(guards[0], UNKNOWN, ()));
    });
}

#[test]
fn try_state_should_fail_when_progress_is_wrong() {
    execute(|| {
        let guards = drawn();
        let waits = "progress: a seed is waited for, or is not";
        breaks(waits, || amend(|it| it.stage = Stage::Drawing));
        let subject = Subject { purpose: *b"panel/on", id: 0, nth: 2 };
        breaks(waits, || amend(|it| it.ticket = Some(Ticket { subject, requested_at: 1 })));
        breaks(AHEAD, || amend(|it| it.guards[0].progress = Progress::Revealed(measured(1))));
        breaks(AHEAD, || amend(|it| it.stage = Stage::Reveals));
        let decided = "progress: it is decided, or is not";
        breaks(decided, || amend(|it| it.decided = Some(measured(1))));
        guards.iter().for_each(|guard| commit(*guard, &measured(1)));
        breaks(AHEAD, || amend(|it| it.guards[0].progress = Progress::Working));
        guards.iter().for_each(|guard| reveal(*guard, &measured(1)));
        breaks(decided, || amend(|it| it.decided = None));
        breaks("progress: an opinion is of something else", || {
            amend(|it| it.guards[0].progress = Progress::Revealed(measured_on(1, 65)));
        });
    });
}

#[test]
fn try_state_should_fail_when_briefs_are_wrong() {
    execute(|| {
        let guards = drawn();
        breaks("briefs: guards have none", || Briefs::<Test>::remove(PANEL));
        breaks("briefs: one is left", || Briefs::<Test>::insert(UNKNOWN, brief_with([1; 32])));
        guards[1..].iter().for_each(|guard| commit(*guard, &measured(1)));
        run(21);
        assert_eq!(panel().stage, Stage::Drawing);
        breaks("briefs: one was thrown away", || Briefs::<Test>::remove(PANEL));
    });
}
