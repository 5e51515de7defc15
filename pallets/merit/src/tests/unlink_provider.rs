use super::mock::*;
use crate::*;
use cairn_protocol::id::ProviderId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn unlink_provider(validator: AccountId) -> Result<(), DispatchError> {
    Merit::unlink_provider(RuntimeOrigin::signed(validator))
}

#[test]
fn unlink_provider_should_give_back_what_was_held_when_the_deposit_has_changed() {
    execute(|| {
        link(ALICE, 1);
        CurrentDeposit::set(9);
        System::reset_events();
        assert_ok!(unlink_provider(ALICE));
        assert_eq!(held(ALICE), 0);
        assert_eq!(Links::<Test>::iter().count() + ValidatorOf::<Test>::iter().count(), 0);
        assert_eq!(events(), [Event::Unlinked { validator: ALICE, provider: ProviderId(1) }]);
        link(ALICE, 1);
        assert_eq!(held(ALICE), 9);
    });
}

#[test]
fn unlink_provider_should_forget_work_when_it_was_not_yet_rewarded() {
    execute(|| {
        link(ALICE, 1);
        settle(1, 100);
        assert_ok!(unlink_provider(ALICE));
        link(ALICE, 1);
        end_session(60);
        assert_eq!(points(), [0; 4]);
    });
}

#[test]
fn unlink_provider_should_work_when_the_validator_or_the_provider_has_left() {
    execute(|| {
        link(ALICE, 1);
        link(BOB, 2);
        Validators::set(vec![BOB, CAROL]);
        withdraw(ProviderId(2));
        assert_ok!(unlink_provider(ALICE));
        assert_ok!(unlink_provider(BOB));
        assert_eq!((held(ALICE), held(BOB)), (0, 0));
    });
}

#[test]
fn unlink_provider_should_fail_when_nothing_is_linked() {
    execute(|| {
        link(BOB, 2);
        assert_noop!(unlink_provider(ALICE), Error::<Test>::NotLinked);
    });
}

#[test]
fn unlink_provider_should_fail_when_nobody_signed() {
    execute(|| {
        assert_noop!(Merit::unlink_provider(RuntimeOrigin::root()), DispatchError::BadOrigin);
    });
}
