use super::mock::*;
use crate::{Admissions, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

#[test]
fn admit_should_let_a_model_draw_up_to_its_cap() {
    execute(|| {
        admit_data(DATA, 1_000_000);
        assert_eq!(reserve(1, 10), 0);
        admit(MODEL, 100_000);
        System::assert_last_event(Event::Admitted { block: MODEL, cap: 100_000 }.into());
        // A tenth of 35,000.
        assert_eq!(reserve(1, 3_000), 3_000);
        assert_eq!(reserve(2, 3_000), 500);
        assert_eq!(reserve(3, 3_000), 0);
        // More is more, and less than was drawn is nothing.
        admit(MODEL, 200_000);
        assert_eq!(reserve(3, 9_000), 3_500);
        admit(MODEL, 1);
        assert_eq!(reserve(4, 9_000), 0);
        assert_eq!(Admissions::<Test>::get(MODEL), Some(1));
    });
}

#[test]
fn admit_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let admit = |model, cap| crate::Pallet::<Test>::admit(RuntimeOrigin::root(), model, cap);
        assert_noop!(admit(UNKNOWN, 1), Error::<Test>::UnknownModel);
        assert_noop!(admit(DATA, 1), Error::<Test>::UnknownModel);
        assert_noop!(admit(MODEL, 0), Error::<Test>::NotAShare);
        assert_noop!(admit(MODEL, 1_000_001), Error::<Test>::NotAShare);
        assert_noop!(Rewards::admit(signed(ALICE), MODEL, 1), DispatchError::BadOrigin);
        assert_ok!(admit(MODEL, 1_000_000));
    });
}
