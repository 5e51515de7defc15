use super::mock::*;
use crate::{types::Value, *};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchResultWithPostInfo, Pays},
    traits::SafeModeNotify,
};

const SECRET: [u8; 32] = [1; 32];

fn try_reveal(contributor: AccountId, value: [u8; 32]) -> DispatchResultWithPostInfo {
    Entropy::reveal(RuntimeOrigin::signed(contributor), value)
}

#[test]
fn reveal_should_give_the_stake_back_and_cost_no_fee_when_valid() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(11);
        let paid = try_reveal(ALICE, SECRET).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        assert_eq!(Balances::free_balance(ALICE), FUNDS);
        assert_eq!(held(ALICE), 0);
        let values: Vec<_> = Contributions::<Test>::get().into_iter().map(|c| c.value).collect();
        assert_eq!(values, [Value::Revealed { value: SECRET }]);
        assert_eq!(
            events().last(),
            Some(&Event::Revealed { round: 1, contributor: ALICE, value: SECRET }),
        );
    });
}

#[test]
fn reveal_should_give_back_what_was_held_when_the_stake_was_changed_since() {
    execute(|| {
        commit(ALICE, SECRET);
        CurrentStake::set(7);
        commit(BOB, SECRET);
        CurrentStake::set(3);
        run_to(20);
        reveal(ALICE, SECRET);
        reveal(BOB, SECRET);
        assert_eq!(Balances::free_balance(ALICE), FUNDS);
        assert_eq!(Balances::free_balance(BOB), FUNDS);
    });
}

#[test]
fn reveal_should_succeed_when_the_contributor_operates_nothing_any_more() {
    execute(|| {
        commit(ALICE, SECRET);
        dismiss(ALICE);
        run_to(11);
        assert_ok!(try_reveal(ALICE, SECRET));
    });
}

#[test]
fn reveal_should_fail_when_others_may_still_commit() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(10);
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::NotRevealing);
    });
}

#[test]
fn reveal_should_fail_when_the_round_is_over() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(21);
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::NotRevealing);
        run_to(31);
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::NothingCommitted);
    });
}

#[test]
fn reveal_should_fail_when_the_clock_is_stopped() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(20);
        MarketClock::entered();
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::Stopped);
        run_to(200);
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::Stopped);
        MarketClock::exited();
        // Nobody loses a stake because the chain stood still.
        assert_ok!(try_reveal(ALICE, SECRET));
    });
}

#[test]
fn reveal_should_fail_when_nothing_was_committed() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(11);
        assert_noop!(try_reveal(BOB, SECRET), Error::<Test>::NothingCommitted);
    });
}

#[test]
fn reveal_should_fail_when_it_was_done() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(11);
        reveal(ALICE, SECRET);
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::AlreadyRevealed);
    });
}

#[test]
fn reveal_should_fail_when_the_value_is_another() {
    execute(|| {
        commit(ALICE, SECRET);
        run_to(11);
        assert_noop!(try_reveal(ALICE, [2; 32]), Error::<Test>::WrongValue);
        assert_ok!(try_reveal(ALICE, SECRET));
    });
}

#[test]
fn reveal_should_fail_when_the_commitment_was_copied() {
    execute(|| {
        commit(ALICE, SECRET);
        let copied = commitment(ALICE, SECRET);
        assert_ok!(Entropy::commit(RuntimeOrigin::signed(BOB), copied));
        run_to(11);
        reveal(ALICE, SECRET);
        assert_noop!(try_reveal(BOB, SECRET), Error::<Test>::WrongValue);
    });
}

#[test]
fn reveal_should_fail_when_the_commitment_was_for_another_round() {
    execute(|| {
        let early = commitment(ALICE, SECRET);
        run_to(21);
        assert_ok!(Entropy::commit(RuntimeOrigin::signed(ALICE), early));
        run_to(31);
        assert_noop!(try_reveal(ALICE, SECRET), Error::<Test>::WrongValue);
    });
}
