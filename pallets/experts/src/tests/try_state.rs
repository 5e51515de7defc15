//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::id::BlockId;
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
        found = Experts::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Experts::do_try_state(), Ok(()));
}

/// Puts a block that nobody paid for where it belongs.
fn slip_in(change: impl FnOnce(&mut cairn_protocol::dag::Header<AccountId>)) {
    let mut header = header(BOB, 7);
    change(&mut header);
    Blocks::<Test>::insert(header.id(), Block { header, deposit: 0 });
}

#[test]
fn try_state_should_fail_when_a_block_stands_under_another_id() {
    execute(|| {
        let model = create(ALICE, 0);
        breaks("blocks_are_named_by_their_headers", || {
            let block = Blocks::<Test>::take(model).unwrap();
            Blocks::<Test>::insert(BlockId([1; 32]), block);
        });
        breaks("blocks_are_named_by_their_headers", || {
            Blocks::<Test>::mutate(model, |block| block.as_mut().unwrap().header.gain = 1);
        });
    });
}

#[test]
fn try_state_should_fail_when_a_block_begins_no_model() {
    execute(|| {
        create(ALICE, 0);
        breaks("models_begin_with_meta", || slip_in(|header| header.version = 9));
        breaks("models_begin_with_meta", || slip_in(|header| header.artifact.bytes = 0));
    });
}

#[test]
fn try_state_should_fail_when_deposits_are_not_what_is_held() {
    execute(|| {
        let model = create(ALICE, 0);
        let amend = |deposit| {
            Blocks::<Test>::mutate(model, |block| block.as_mut().unwrap().deposit = deposit);
        };
        breaks("deposits_are_held", || amend(DEPOSIT + 1));
        breaks("deposits_are_held", || amend(DEPOSIT - 1));
        // Also of one who made nothing, and of one who has no account.
        breaks("deposits_are_held", || {
            assert_ok!(Balances::hold(&HoldReason::Block.into(), &CAROL, 1));
        });
        breaks("deposits_are_held", || {
            let header = header(99, 0);
            Blocks::<Test>::insert(header.id(), Block { header, deposit: 1 });
        });
    });
}
