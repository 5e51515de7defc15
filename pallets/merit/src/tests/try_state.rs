//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::id::ProviderId;
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
};
use sp_runtime::DispatchError;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Merit::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Merit::do_try_state(), Ok(()));
}

fn amend(validator: AccountId, change: impl FnOnce(&mut Link)) {
    Links::<Test>::mutate(validator, |link| change(link.as_mut().unwrap()));
}

/// In the second session, in which one of two providers has done something.
fn scene() {
    link(ALICE, 1);
    link(BOB, 2);
    end_session(60);
    settle(1, 400);
    assert_eq!(Links::<Test>::get(ALICE).map(|link| (link.session, link.work)), Some((1, 400)));
    assert_eq!(Merit::do_try_state(), Ok(()));
}

#[test]
fn try_state_should_fail_when_links_are_not_mutual() {
    execute(|| {
        scene();
        breaks("links_are_mutual", || ValidatorOf::<Test>::remove(ProviderId(1)));
        breaks("links_are_mutual", || ValidatorOf::<Test>::insert(ProviderId(1), BOB));
        breaks("links_are_mutual", || amend(ALICE, |link| link.provider = ProviderId(3)));
        // The same from the other side: of one who linked nothing, and of one who linked another.
        breaks("links_are_mutual", || ValidatorOf::<Test>::insert(ProviderId(3), CAROL));
        breaks("links_are_mutual", || ValidatorOf::<Test>::insert(ProviderId(3), ALICE));
    });
}

#[test]
fn try_state_should_fail_when_deposits_are_not_what_is_held() {
    execute(|| {
        scene();
        breaks("deposits_are_held", || amend(ALICE, |link| link.deposit += 1));
        breaks("deposits_are_held", || amend(ALICE, |link| link.deposit -= 1));
        // Also of one who linked nothing.
        breaks("deposits_are_held", || {
            assert_ok!(Balances::hold(&HoldReason::Link.into(), &CAROL, 1));
        });
    });
}

#[test]
fn try_state_should_fail_when_work_is_of_a_session_to_come() {
    execute(|| {
        scene();
        breaks("work_is_past", || amend(BOB, |link| link.session = 2));
        breaks("work_is_past", || CurrentSession::<Test>::put(Session { number: 0, began: 1 }));
        breaks("work_is_past", CurrentSession::<Test>::kill);
    });
}
