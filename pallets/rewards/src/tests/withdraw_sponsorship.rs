use super::mock::*;
use crate::{types::*, Error, Event};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, traits::SafeModeNotify};

fn withdraw(account: AccountId) -> DispatchResult {
    Rewards::withdraw_sponsorship(signed(account), MODEL)
}

#[test]
fn withdraw_sponsorship_should_give_notice_and_then_back_what_is_left() {
    execute(|| {
        sponsor(BOB, 1_000);
        sponsor(CAROL, 1_000);
        assert_ok!(withdraw(BOB));
        let from = now() + RULES.notice;
        System::assert_last_event(Event::NoticeGiven { model: MODEL, sponsor: BOB, from }.into());
        assert_eq!(held(BOB), 1_000);
        run(49);
        assert_noop!(withdraw(BOB), Error::<Test>::NoticeRuns);
        // Meanwhile it pays.
        reserve(1, 300);
        release(1, 1_000_000);
        run(1);
        assert_ok!(withdraw(BOB));
        System::assert_last_event(
            Event::Withdrawn { model: MODEL, sponsor: BOB, amount: 700 }.into(),
        );
        assert_eq!((free(BOB), held(BOB)), (FUNDS - 300, 0));
        let left = Rewards::sponsors_of(&MODEL);
        assert_eq!(left, [Sponsor { account: CAROL, left: 1_000, held: 0, leaves: None }]);
    });
}

#[test]
fn withdraw_sponsorship_should_give_back_what_comes_free_later() {
    execute(|| {
        sponsor(BOB, 1_000);
        reserve(1, 1_000);
        assert_ok!(withdraw(BOB));
        run(50);
        assert_noop!(withdraw(BOB), Error::<Test>::AllPutAside);
        release(1, 600_000);
        // It has given notice, and need not once more.
        assert_ok!(withdraw(BOB));
        assert_eq!((free(BOB), Rewards::sponsors_of(&MODEL).len()), (FUNDS - 600, 0));
    });
}

#[test]
fn withdraw_sponsorship_should_fail_when_the_account_sponsors_nothing() {
    execute(|| {
        assert_noop!(withdraw(BOB), Error::<Test>::NotASponsor);
        sponsor(CAROL, 1_000);
        assert_noop!(withdraw(BOB), Error::<Test>::NotASponsor);
        Clock::entered();
        assert_noop!(withdraw(CAROL), Error::<Test>::ChainStopped);
        Clock::exited();
    });
}
