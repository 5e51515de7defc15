//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    id::{DeltaId, ProviderId},
    learning::{inference::MOST_GRANT, reward::Cause},
};
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
        found = Rewards::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Rewards::do_try_state(), Ok(()));
}

fn amend(period: u32, change: impl FnOnce(&mut Ledger)) {
    Ledgers::<Test>::mutate(period, |ledger| change(ledger.as_mut().unwrap()));
}

fn amend_sponsor(change: impl FnOnce(&mut Sponsor<AccountId>)) {
    Sponsors::<Test>::mutate(MODEL, |all| change(&mut all[0]));
}

/// In the second period: something is held and minted of both, something can be claimed of the
/// first, and a sponsor has put something aside.
fn scene() {
    sponsor(BOB, 2_000);
    reserve(1, 500);
    admit_both();
    reserve(2, 500);
    settle(1, 1_000);
    next_period();
    reserve(3, 500);
    reserve(4, 700);
    release(4, 500_000);
    settle(2, 1_000);
    assert_eq!(Rewards::do_try_state(), Ok(()));
}

#[test]
fn try_state_should_fail_when_budgets_are_wrong() {
    execute(|| {
        scene();
        breaks("budgets: more is used than there was", || {
            amend(1, |ledger| ledger.left.add(Cause::Validation, 10_001));
        });
        breaks("budgets: something is left of a period that has ended", || {
            amend(0, |ledger| ledger.left.add(Cause::Learning, 1));
        });
        breaks("issued: more may be minted than was allotted", || {
            Allotted::<Test>::mutate(|sums| sums.take(Cause::Inference, 1));
        });
        breaks("issued: more may be minted than was allotted", || {
            Issued::<Test>::mutate(|sums| sums.add(Cause::Inference, 1));
        });
    });
}

#[test]
fn try_state_should_fail_when_ledgers_are_wrong() {
    execute(|| {
        scene();
        breaks("ledgers: one is of no period", Current::<Test>::kill);
        breaks("ledgers: a period is retired that goes on", || Retired::<Test>::put(2));
        breaks("ledgers: a period has none", || Ledgers::<Test>::remove(0));
        breaks("ledgers: one is of a period to come", || {
            Ledgers::<Test>::insert(9, Ledger::of(Sums::default(), &RULES, MOST_GRANT));
        });
        breaks("ledgers: one is left", || {
            amend(0, |ledger| ledger.held = Sums::default());
            Retired::<Test>::put(1);
        });
    });
}

#[test]
fn try_state_should_fail_when_reserves_are_wrong() {
    execute(|| {
        scene();
        breaks("reserves: one is of nothing", || {
            Reserves::<Test>::mutate(DeltaId(3), |reserve| reserve.as_mut().unwrap().amount = 0);
        });
        breaks("reserves: parts are not the whole", || {
            Reserves::<Test>::mutate(DeltaId(1), |reserve| reserve.as_mut().unwrap().amount = 1);
        });
        breaks("reserves: they differ from what is held", || {
            Reserves::<Test>::remove(DeltaId(2));
        });
        breaks("reserves: one is of no period", || {
            Reserves::<Test>::mutate(DeltaId(2), |reserve| {
                let reserve = reserve.as_mut().unwrap();
                reserve.payer = Payer::Budget { period: 9, data: None };
            });
            amend(0, |ledger| ledger.held = Sums::default());
        });
    });
}

#[test]
fn try_state_should_fail_when_books_are_wrong() {
    execute(|| {
        scene();
        let amend = |change: fn(&mut Book)| {
            Books::<Test>::mutate(MODEL, |book| change(book.as_mut().unwrap()));
        };
        breaks("books: they differ from the ledger", || amend(|book| book.learning += 1));
        breaks("books: they differ from the ledger", || Books::<Test>::remove(DATA));
        breaks("books: one is of a period to come", || amend(|book| book.period = 2));
        breaks("books: one was opened before it was heard of", || amend(|book| book.since = 2));
    });
}

#[test]
fn try_state_should_fail_when_sponsors_are_wrong() {
    execute(|| {
        scene();
        breaks("sponsors: a model has none and a place for them", || {
            Sponsors::<Test>::insert(OTHER, SponsorsOf::default());
        });
        breaks("sponsors: what is put aside is not what deltas have", || {
            amend_sponsor(|one| one.held += 1);
        });
        let judged = |parts: Parts<AccountId>| {
            Judging::<Test>::insert(DeltaId(9), Pot { model: MODEL, parts });
        };
        breaks("sponsors: what is put aside is not what deltas have", || {
            judged(vec![(BOB, 1)].try_into().unwrap());
        });
        breaks("sponsors: nothing is put aside to judge a delta", || judged(Parts::default()));
        let measured = |model, parts: Parts<AccountId>| {
            Measuring::<Test>::insert(DeltaId(9), Pot { model, parts });
        };
        breaks("sponsors: what is put aside is not what deltas have", || {
            measured(MODEL, vec![(BOB, 1)].try_into().unwrap());
        });
        breaks("sponsors: nothing is put aside to judge a delta", || {
            measured(MODEL, Parts::default());
        });
        breaks("sponsors: nothing is put aside to measure a model", || {
            Measured::<Test>::insert(MODEL, DeltaId(9));
        });
        breaks("sponsors: nothing is put aside to measure a model", || {
            measured(OTHER, vec![(BOB, 1)].try_into().unwrap());
            Measured::<Test>::insert(MODEL, DeltaId(9));
        });
        breaks("sponsors: one pays nothing", || {
            Sponsors::<Test>::mutate(MODEL, |all| {
                let idle = Sponsor { account: CAROL, left: 0, held: 0, leaves: None };
                all.try_push(idle).unwrap();
            });
        });
        breaks("sponsors: a part is nobody's", || {
            amend_sponsor(|one| {
                one.account = CAROL;
                one.held = 0;
            })
        });
        breaks("sponsors: they differ from holds", || amend_sponsor(|one| one.left += 1));
        breaks("sponsors: they differ from holds", || {
            assert_ok!(Balances::hold(&HoldReason::Sponsorship.into(), &CAROL, 1));
        });
    });
}

#[test]
fn try_state_should_fail_when_fees_are_wrong() {
    execute(|| {
        scene();
        let paid = |fees, weight| Paid { fees, weight };
        let put = |period, paid| Fees::<Test>::insert(period, ProviderId(9), paid);
        breaks("fees: they count for more than they may", || put(1, paid(0, 1)));
        breaks("fees: they count for more than they may", || put(1, paid(10, 17)));
        breaks("fees: they count for more than all of the period", || put(1, paid(10, 10)));
        breaks("fees: some are of a period that is retired", || {
            Retired::<Test>::put(1);
            amend(0, |ledger| ledger.left = Sums::default());
        });
    });
}
