use super::mock::*;
use crate::{Error, Event};
use frame_support::assert_noop;
use sp_runtime::DispatchError;

#[test]
fn admit_data_should_let_its_author_draw_up_to_its_cap() {
    execute(|| {
        admit(MODEL, 1_000_000);
        assert_eq!(reserve(1, 10), 0, "an easy set is made by anyone");
        admit_data(DATA, 10_000);
        System::assert_last_event(Event::Admitted { block: DATA, cap: 10_000 }.into());
        // A tenth of each reward, and a hundredth of 10,000 in all.
        assert_eq!((reserve(1, 600), reserve(2, 600)), (600, 600));
        assert_eq!(ledger(0).held, sums(0, 1_200, 0, 100));
        assert_eq!((release(1, 1_000_000), release(2, 1_000_000)), (600, 600));
        assert_eq!((free(ALICE), free(DAVE)), (FUNDS + 1_200, FUNDS + 100));
    });
}

#[test]
fn admit_data_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let admit = |data, cap| Rewards::admit_data(RuntimeOrigin::root(), data, cap);
        assert_noop!(admit(UNKNOWN, 1), Error::<Test>::UnknownData);
        assert_noop!(admit(MODEL, 1), Error::<Test>::UnknownData);
        assert_noop!(admit(DATA, 0), Error::<Test>::NotAShare);
        assert_noop!(Rewards::admit_data(signed(DAVE), DATA, 1), DispatchError::BadOrigin);
    });
}
