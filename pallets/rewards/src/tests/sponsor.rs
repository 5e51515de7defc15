use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::id::Amount;
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::Mutate, SafeModeNotify},
};

#[test]
fn sponsor_should_hold_what_is_put_aside() {
    execute(|| {
        sponsor(BOB, 1_500);
        System::assert_last_event(
            Event::Sponsored { model: MODEL, sponsor: BOB, amount: 1_500 }.into(),
        );
        sponsor(BOB, 1_000);
        assert_eq!((free(BOB), held(BOB)), (FUNDS - 2_500, 2_500));
        let all = Rewards::sponsors_of(&MODEL);
        assert_eq!(all, [Sponsor { account: BOB, left: 2_500, held: 0, leaves: None }]);
        // Of another model it is another.
        assert_ok!(Rewards::sponsor(signed(BOB), OTHER, 1_000));
        assert_eq!(held(BOB), 3_500);
        assert_eq!(Rewards::support_of(&MODEL).escrow, 2_500);
    });
}

#[test]
fn sponsor_should_take_a_notice_back() {
    execute(|| {
        sponsor(BOB, 1_000);
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        sponsor(BOB, 1_000);
        run(60);
        assert_ok!(Rewards::withdraw_sponsorship(signed(BOB), MODEL));
        assert_eq!(held(BOB), 2_000);
    });
}

#[test]
fn sponsor_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let sponsor = |who, model, amount| Rewards::sponsor(signed(who), model, amount);
        assert_noop!(sponsor(BOB, UNKNOWN, 1_000), Error::<Test>::UnknownModel);
        assert_noop!(sponsor(BOB, MODEL, 999), Error::<Test>::TooLittle);
        assert_noop!(sponsor(BOB, MODEL, FUNDS), Error::<Test>::NotEnoughBalance);
        CurrentRules::set(Rules { least: 0, ..RULES });
        assert_noop!(sponsor(BOB, MODEL, 0), Error::<Test>::TooLittle);
        Clock::entered();
        assert_noop!(sponsor(BOB, MODEL, 1_000), Error::<Test>::ChainStopped);
        Clock::exited();
    });
}

/// What each of a crowd has.
const EACH: Amount = 10_000;

/// As many as may sponsor a model, and one more.
fn crowd() -> Vec<AccountId> {
    let all: Vec<_> = (100..100 + u64::from(MOST_SPONSORS) + 1).collect();
    for account in &all {
        // Of those who have funds already, so that nothing is made.
        assert_ok!(<Balances as Mutate<_>>::transfer(
            &ALICE,
            account,
            EACH,
            frame_support::traits::tokens::Preservation::Preserve,
        ));
    }
    all
}

#[test]
fn sponsor_should_take_the_place_of_who_has_least_left_when_all_are_taken() {
    execute(|| {
        let mut all = crowd();
        let (last, first) = (all[8], all[..8].to_vec());
        for (more, account) in (0..).zip(&first) {
            sponsor(*account, 1_000 + more);
        }
        // What the first has is put aside for a delta.
        assert_eq!(reserve(1, 1_000), 1_000);
        let offer = |amount| Rewards::sponsor(signed(last), MODEL, amount);
        assert_noop!(offer(1_001), Error::<Test>::TooManySponsors);
        assert_ok!(offer(1_002));
        let second = all.remove(1);
        let withdrawn = Event::Withdrawn { model: MODEL, sponsor: second, amount: 1_001 };
        System::assert_has_event(withdrawn.into());
        assert_eq!((free(second), held(second), held(last)), (EACH, 0, 1_002));
        let left = Rewards::sponsors_of(&MODEL).into_iter().map(|one| one.account);
        assert_eq!(left.collect::<Vec<_>>(), all);
    });
}

#[test]
fn sponsor_should_fail_when_a_model_has_as_many_as_it_may() {
    execute(|| {
        let all = crowd();
        let (last, first) = all.split_last().unwrap();
        first.iter().for_each(|account| sponsor(*account, 1_000));
        let more = || Rewards::sponsor(signed(*last), MODEL, 1_000);
        assert_noop!(more(), Error::<Test>::TooManySponsors);
        // Those who are there may add to it.
        sponsor(first[3], 1_000);
        // The first has paid all it had.
        reserve(1, 1_000);
        assert_noop!(more(), Error::<Test>::TooManySponsors);
        release(1, 1_000_000);
        assert_ok!(more());
    });
}
