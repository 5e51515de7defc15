use super::mock::*;
use crate::{
    types::{Contribution, Value},
    *,
};
use cairn_protocol::id::ProviderId;
use cairn_seams::Clock;
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{GetDispatchInfo, Pays},
    traits::{fungible::Mutate, tokens::Preservation, SafeModeNotify},
};
use sp_runtime::DispatchError;

/// A commitment by an account that could have been made in this round.
fn try_commit(contributor: AccountId) -> frame_support::dispatch::DispatchResultWithPostInfo {
    Entropy::commit(RuntimeOrigin::signed(contributor), commitment(contributor, [1; 32]))
}

#[test]
fn commit_should_hold_the_stake_and_cost_no_fee_when_valid() {
    execute(|| {
        let digest = commitment(ALICE, [1; 32]);
        let paid = Entropy::commit(RuntimeOrigin::signed(ALICE), digest).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        assert_eq!(held(ALICE), STAKE);
        assert_eq!(Balances::free_balance(ALICE), FUNDS - STAKE);
        let value = Value::Sealed { commitment: digest, stake: STAKE };
        assert_eq!(
            Contributions::<Test>::get().into_inner(),
            vec![Contribution { contributor: ALICE, provider: ProviderId(1), value }],
        );
        let (contributor, provider) = (ALICE, ProviderId(1));
        assert_eq!(events(), [Event::Committed { round: 1, contributor, provider }]);
    });
}

#[test]
fn commit_should_succeed_when_it_is_the_last_height_to_commit() {
    execute(|| {
        run_to(10);
        assert_ok!(try_commit(ALICE));
    });
}

#[test]
fn commit_should_fail_when_the_round_waits_for_values() {
    execute(|| {
        run_to(11);
        assert_noop!(try_commit(ALICE), Error::<Test>::NotCommitting);
        run_to(20);
        assert_noop!(try_commit(ALICE), Error::<Test>::NotCommitting);
        run_to(21);
        assert_ok!(try_commit(ALICE));
    });
}

#[test]
fn commit_should_fail_when_the_clock_is_stopped() {
    execute(|| {
        MarketClock::entered();
        assert_noop!(try_commit(ALICE), Error::<Test>::Stopped);
        run_to(5);
        assert_noop!(try_commit(ALICE), Error::<Test>::Stopped);
        MarketClock::exited();
        assert_eq!(MarketClock::now(), 1);
        assert_ok!(try_commit(ALICE));
    });
}

#[test]
fn commit_should_fail_when_the_account_operates_nothing() {
    execute(|| {
        assert_noop!(try_commit(DAVE), Error::<Test>::NotOperator);
    });
}

#[test]
fn commit_should_fail_when_the_provider_has_not_the_role() {
    execute(|| {
        Others::set(vec![ProviderId(1)]);
        assert_noop!(try_commit(ALICE), Error::<Test>::NotServing);
        Others::set(Vec::new());
        assert_ok!(try_commit(ALICE));
    });
}

#[test]
fn commit_should_fail_when_the_provider_is_not_available() {
    execute(|| {
        appoint(ALICE, 1, false);
        assert_noop!(try_commit(ALICE), Error::<Test>::NotAvailable);
    });
}

#[test]
fn commit_should_fail_when_the_account_has_committed() {
    execute(|| {
        commit(ALICE, [1; 32]);
        assert_noop!(try_commit(ALICE), Error::<Test>::AlreadyCommitted);
        // The same account for another provider.
        appoint(ALICE, 9, true);
        assert_noop!(try_commit(ALICE), Error::<Test>::AlreadyCommitted);
    });
}

#[test]
fn commit_should_fail_when_the_provider_has_committed_with_another_key() {
    execute(|| {
        commit(ALICE, [1; 32]);
        dismiss(ALICE);
        appoint(DAVE, 1, true);
        assert_noop!(try_commit(DAVE), Error::<Test>::AlreadyCommitted);
    });
}

#[test]
fn commit_should_fail_when_the_round_is_full() {
    execute(|| {
        for contributor in [ALICE, BOB, CAROL] {
            commit(contributor, [1; 32]);
        }
        appoint(DAVE, 4, true);
        assert_noop!(try_commit(DAVE), Error::<Test>::RoundFull);
        run_to(21);
        assert_ok!(try_commit(DAVE));
    });
}

#[test]
fn commit_should_fail_when_the_stake_is_not_there() {
    execute(|| {
        let left = Preservation::Expendable;
        // An account keeps the existential deposit of one beside what is held.
        assert_ok!(Balances::transfer(&ALICE, &BOB, FUNDS - STAKE, left));
        assert_noop!(try_commit(ALICE), Error::<Test>::StakeUnaffordable);
        assert_ok!(Balances::transfer(&BOB, &ALICE, 1, left));
        assert_ok!(try_commit(ALICE));
    });
}

#[test]
fn commit_should_fail_when_nobody_signed() {
    execute(|| {
        let digest = commitment(ALICE, [1; 32]);
        assert_noop!(Entropy::commit(RuntimeOrigin::none(), digest), DispatchError::BadOrigin);
        assert_noop!(Entropy::commit(RuntimeOrigin::root(), digest), DispatchError::BadOrigin);
    });
}

#[test]
fn calls_should_cost_a_fee_when_they_fail() {
    execute(|| {
        let calls =
            [Call::<Test>::commit { commitment: [0; 32] }, Call::<Test>::reveal { value: [0; 32] }];
        for call in calls {
            assert_eq!(call.get_dispatch_info().pays_fee, Pays::Yes);
        }
        let failed = Entropy::reveal(RuntimeOrigin::signed(ALICE), [0; 32]).unwrap_err();
        assert_eq!(failed.post_info.pays_fee, Pays::Yes);
    });
}
