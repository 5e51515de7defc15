//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{
    types::{Registration, Slash},
    Bindings, Call, Declarations, HoldReason, Links, NextProvider, Operators, Owned, Pallet,
    PoolSizes, Pools, ProviderDetails, Providers, Seats, SlashQueue, Slashes,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, ProviderId},
    job::JobKind,
    profile::{Availability, DeviceClass, Role},
};
use cairn_seams::{Lane, Registry};
use frame_support::{
    assert_ok,
    storage::{unhashed, with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
};
use sp_runtime::DispatchError;

const CAROL: u64 = 3;
const DAVE: u64 = 4;
const ERIN: u64 = 5;
/// Has funds, and nothing to do with any provider.
const STRANGER: u64 = 9;
/// There is no such account.
const NOBODY: u64 = 777;
const UNKNOWN: ProviderId = ProviderId(99);
const INFER: Lane = Lane::Jobs(JobKind::Infer);
/// What everyone here is drawn in.
const CLASS: DeviceClass = DeviceClass::Gpu;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Pallet::<Test>::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Pallet::<Test>::do_try_state(), Ok(()));
}

fn amend(provider: ProviderId, change: impl FnOnce(&mut Registration<u64>)) {
    Providers::<Test>::mutate(provider, |record| change(record.as_mut().unwrap()));
}

fn amend_slash(id: u64, change: impl FnOnce(&mut Slash)) {
    Slashes::<Test>::mutate(id, |slash| change(slash.as_mut().unwrap()));
}

fn resize(change: impl FnOnce(u32) -> u32) {
    PoolSizes::<Test>::mutate(INFER, |sizes| sizes.set(CLASS, change(sizes.of(CLASS))));
}

/// Holds something of one who has registered nothing.
fn hold(reason: HoldReason) {
    assert_ok!(Balances::hold(&reason.into(), &STRANGER, 1));
}

struct Scene {
    /// Of one owner, and available.
    first: ProviderId,
    second: ProviderId,
    /// Of another, who is linked to that one, with two penalties in the queue.
    penalised: ProviderId,
    /// Has left, and waits for its bond.
    left: ProviderId,
    /// Its operator has not been heard of.
    unconfirmed: ProviderId,
}

fn scene() -> Scene {
    let (first, second) = (available(ALICE), available(ALICE));
    let (penalised, left) = (available(BOB), available(CAROL));
    let unconfirmed = registered(DAVE);
    assert_ok!(act(CAROL, Call::leave { provider: left }));
    // The last is not answered.
    for (by, other) in [(ALICE, BOB), (BOB, ALICE), (ERIN, ALICE)] {
        assert_ok!(act(by, Call::link_account { other, same_party: true }));
    }
    for (fault, subject) in [(Fault::Wrong, 1), (Fault::Silent, 2)] {
        Pallet::<Test>::penalise(penalised, fault, subject);
        pass(1);
    }
    assert_eq!(record(penalised).queued, 2);
    assert_eq!(Pallet::<Test>::do_try_state(), Ok(()));
    Scene { first, second, penalised, left, unconfirmed }
}

#[test]
fn try_state_should_fail_when_holds_are_wrong() {
    execute(|| {
        let Scene { first, second, .. } = scene();
        breaks("holds: bonds overflow", || amend(first, |record| record.bond = Amount::MAX));
        breaks("holds: bonds overflow", || amend(second, |record| record.unbonding = Amount::MAX));
        let bonds = "holds: bonds are not what is held";
        breaks(bonds, || amend(first, |record| record.bond += 1));
        breaks(bonds, || amend(first, |record| record.unbonding += 1));
        breaks(bonds, || hold(HoldReason::Bond));
        let deposits = "holds: deposits are not what is held";
        breaks(deposits, || amend(first, |record| record.deposit += 1));
        breaks(deposits, || {
            Declarations::<Test>::mutate(ALICE, BOB, |held| *held = held.map(|held| held + 1));
        });
        breaks(deposits, || hold(HoldReason::Deposit));
        breaks("holds: of an account that is gone", || {
            Declarations::<Test>::insert(NOBODY, ALICE, 5);
        });
    });
}

#[test]
fn try_state_should_fail_when_pools_are_wrong() {
    execute(|| {
        let Scene { first, .. } = scene();
        breaks("pools: a place outside", || resize(|size| size - 1));
        breaks("pools: a place is empty", || resize(|size| size + 1));
        let astray = "pools: a seat does not point back";
        breaks(astray, || Seats::<Test>::remove(first, INFER));
        breaks(astray, || Seats::<Test>::insert(first, INFER, 77));
        breaks("pools: a seat too many", || Seats::<Test>::insert(first, Lane::Rising, 0));
        // Two items, since who has a place has to point back to it.
        breaks("pools: a seat without a provider", || {
            let index = Seats::<Test>::get(first, INFER).unwrap();
            Pools::<Test>::insert((INFER, CLASS, index), UNKNOWN);
            Seats::<Test>::insert(UNKNOWN, INFER, index);
        });
    });
}

#[test]
fn try_state_should_fail_when_somebody_is_seated_wrongly() {
    execute(|| {
        let Scene { first, .. } = scene();
        breaks("pools: a seat in another class", || {
            amend(first, |record| record.class = DeviceClass::SmallGpu);
        });
        breaks("pools: a seat without record", || {
            amend(first, |record| record.seats.remove(INFER));
        });
        breaks("pools: a record of a seat too many", || {
            amend(first, |record| record.seats.insert(Lane::Rising));
        });
        breaks("pools: a lane not served", || {
            amend(first, |record| record.roles = roles(&[Role::Guard]));
        });
        let absent = "pools: a seat for one not there";
        breaks(absent, || amend(first, |record| record.availability = Availability::Paused));
        breaks(absent, || amend(first, |record| record.leaving = true));
        breaks(absent, || amend(first, |record| record.heartbeat = None));
        breaks("pools: a seat for one that missed a call", || {
            amend(first, |record| record.missed = true);
        });
    });
}

#[test]
fn try_state_should_fail_when_operators_are_wrong() {
    execute(|| {
        let Scene { first, left, unconfirmed, .. } = scene();
        breaks("operators: of no provider", || Operators::<Test>::insert(NOBODY, UNKNOWN));
        breaks("operators: of a provider that has another", || {
            Operators::<Test>::insert(NOBODY, first);
        });
        // It has no seat any more, of which that would be said first.
        breaks("operators: without consent", || amend(left, |record| record.heartbeat = None));
        let unknown = "operators: one is not known";
        breaks(unknown, || Operators::<Test>::remove(operator_of(first)));
        breaks(unknown, || amend(unconfirmed, |record| record.heartbeat = Some(1)));
    });
}

#[test]
fn try_state_should_fail_when_links_are_wrong() {
    execute(|| {
        scene();
        let list = |account: u64, other: u64| {
            Links::<Test>::mutate(account, |links| links.try_push(other).unwrap());
        };
        let unlike = "links: not as both declare";
        breaks(unlike, || Links::<Test>::remove(ALICE));
        breaks(unlike, || list(ERIN, ALICE));
        breaks("links: an empty list", || Links::<Test>::mutate(STRANGER, |links| links.clear()));
        let many = "links: one that is not declared, or there twice";
        breaks(many, || list(STRANGER, ALICE));
        breaks(many, || list(ALICE, BOB));
    });
}

#[test]
fn try_state_should_fail_when_bindings_are_wrong() {
    execute(|| {
        let Scene { first, left, .. } = scene();
        breaks("bindings: of no provider", || Bindings::<Test>::insert([0u8; 32], UNKNOWN));
        breaks("bindings: of another's hardware", || Bindings::<Test>::insert([0u8; 32], first));
        breaks("bindings: of one that is leaving", || {
            Bindings::<Test>::insert(binding(left.0), left);
        });
        breaks("bindings: hardware that is not bound", || {
            Bindings::<Test>::remove(binding(first.0));
        });
    });
}

#[test]
fn try_state_should_fail_when_owners_are_wrong() {
    execute(|| {
        let Scene { first, penalised, .. } = scene();
        let list = |owner: u64, provider: ProviderId| {
            Owned::<Test>::mutate(owner, |owned| owned.try_push(provider).unwrap());
        };
        breaks("owners: an empty list", || Owned::<Test>::mutate(STRANGER, |owned| owned.clear()));
        breaks("owners: of no provider", || list(STRANGER, UNKNOWN));
        breaks("owners: of another's provider", || list(STRANGER, first));
        let count = "owners: a provider in no list or in two";
        breaks(count, || Owned::<Test>::remove(BOB));
        breaks(count, || list(BOB, penalised));
    });
}

#[test]
fn try_state_should_fail_when_numbers_are_wrong() {
    execute(|| {
        let Scene { first, .. } = scene();
        breaks("numbers: an id that was not given", || NextProvider::<Test>::put(first.0));
        breaks("numbers: a provider without details", || ProviderDetails::<Test>::remove(first));
        breaks("numbers: the counter is wrong", || {
            unhashed::put(&Providers::<Test>::counter_storage_final_key(), &77u32);
        });
        breaks("numbers: details of no provider", || {
            let details = ProviderDetails::<Test>::get(first).unwrap();
            ProviderDetails::<Test>::insert(UNKNOWN, details);
        });
    });
}

#[test]
fn try_state_should_fail_when_slashes_are_wrong() {
    execute(|| {
        let Scene { penalised, .. } = scene();
        breaks("slashes: outside the queue", || {
            SlashQueue::<Test>::mutate(|queue| queue.first = queue.next);
        });
        breaks("slashes: later than the next", || amend_slash(0, |slash| slash.queued_at += 2));
        let unlike = "slashes: not as recorded";
        breaks(unlike, || Slashes::<Test>::remove(0));
        breaks(unlike, || amend_slash(0, |slash| slash.amount += 1));
        breaks(unlike, || amend(penalised, |record| record.queued += 1));
        breaks(unlike, || amend(penalised, |record| record.pending += 1));
        breaks(unlike, || amend(penalised, |record| record.grave += 1));
        // Two items, since what is queued has to be what is recorded.
        breaks("slashes: more than is at stake", || {
            amend_slash(0, |slash| slash.amount += BOND);
            amend(penalised, |record| {
                record.pending += BOND;
                record.grave += BOND;
            });
        });
        // Two items, since it has to stand in the queue.
        breaks("slashes: of no provider", || {
            let last = Slashes::<Test>::get(1).unwrap();
            Slashes::<Test>::insert(2, Slash { provider: UNKNOWN, ..last });
            SlashQueue::<Test>::mutate(|queue| queue.next = 3);
        });
    });
}

#[test]
fn try_state_should_fail_when_work_is_wrong() {
    execute(|| {
        let Scene { first, left, .. } = scene();
        breaks("work: not engaged for it", || amend(first, |record| record.load = 1));
        breaks("work: a bond of one that is leaving", || {
            amend(left, |record| std::mem::swap(&mut record.bond, &mut record.unbonding));
        });
        // Without a seat, of which that would be said first.
        breaks("work: a class above the declared", || {
            amend(left, |record| record.class = DeviceClass::LargeGpu);
        });
    });
}
