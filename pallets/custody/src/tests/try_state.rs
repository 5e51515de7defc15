//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, Agenda, Keeps, Served};
use cairn_protocol::id::{DeltaId, ProviderId};
use cairn_seams::Registry;
use frame_support::storage::{with_transaction, TransactionOutcome};
use sp_runtime::DispatchError;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Custody::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Custody::do_try_state(), Ok(()));
}

fn amend(change: impl FnOnce(&mut Keep)) {
    Keeps::<Test>::mutate(DELTA, |keep| change(keep.as_mut().unwrap()));
}

#[test]
fn try_state_should_fail_when_the_agenda_is_wrong() {
    execute(|| {
        kept();
        breaks("agenda: a file has no look", || amend(|keep| keep.next += 1));
        breaks("agenda: a file stands on it twice", || Agenda::<Test>::insert(9_999, DELTA, ()));
        breaks("agenda: a file on it is unknown", || {
            Agenda::<Test>::insert(9_999, DeltaId(99), ());
        });
        breaks("agenda: a file would never be looked at", || Served::<Test>::put(9_999));
    });
}

#[test]
fn try_state_should_fail_when_keepers_are_wrong() {
    execute(|| {
        let keepers = kept();
        breaks("keepers: somebody keeps a file twice", || {
            amend(|keep| keep.keepers.try_push(keepers[0]).unwrap());
        });
        breaks("keepers: somebody is not registered", || {
            amend(|keep| keep.keepers.try_push(ProviderId(99)).unwrap());
        });
        breaks("engaged: a keeper could withdraw", || {
            <Providers as Registry<AccountId>>::disengage(keepers[1]);
        });
    });
}

#[test]
fn try_state_should_fail_when_the_stage_is_wrong() {
    execute(|| {
        kept();
        breaks("stage: a file is kept before enough attested", || {
            amend(|keep| keep.stage = Stage::Gathering);
        });
        breaks("stage: a file is outlived before it was kept", || {
            amend(|keep| (keep.stage, keep.until, keep.old) = (Stage::Gathering, 0, true));
        });
        let keeper = asked();
        breaks("stage: somebody is asked who keeps nothing", || {
            amend(|keep| keep.keepers.retain(|one| *one != keeper));
        });
    });
}
