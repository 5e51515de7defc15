use super::mock::*;
use crate::{Error, Event, Expulsion};
use cairn_seams::Purse as _;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

#[test]
fn expel_should_end_the_drawing_and_not_what_was_put_aside() {
    execute(|| {
        admit_both();
        assert_eq!(reserve(1, 700), 700);
        assert!(Rewards::pays_for(&MODEL, &DATA));
        assert_ok!(Rewards::expel(RuntimeOrigin::root(), DATA));
        let told = Event::Expelled { block: DATA, reason: Expulsion::Governance };
        System::assert_last_event(told.into());
        assert!(!Rewards::pays_for(&MODEL, &DATA));
        assert_ok!(Rewards::expel(RuntimeOrigin::root(), MODEL));
        assert_eq!(reserve(2, 700), 0);
        assert_eq!(release(1, 1_000_000), 700);
        // Whoever comes back has drawn what it drew.
        admit(MODEL, 20_000);
        admit_data(DATA, 1_000_000);
        assert_eq!(reserve(2, 1), 0);
    });
}

#[test]
fn expel_should_fail_when_nothing_is_admitted() {
    execute(|| {
        assert_noop!(Rewards::expel(RuntimeOrigin::root(), MODEL), Error::<Test>::NotAdmitted);
        assert_noop!(Rewards::expel(signed(ALICE), MODEL), DispatchError::BadOrigin);
    });
}
