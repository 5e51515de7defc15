use super::mock::*;
use crate::{types::*, Issued};
use cairn_seams::Purse as _;
use frame_support::assert_ok;

#[test]
fn issuance_should_grow_by_what_is_counted_for_each_cause_and_by_nothing_else() {
    execute(|| {
        let grown = || Balances::total_issuance() - 4 * FUNDS;
        admit_both();
        // Neither putting aside nor sponsoring makes anything.
        reserve(1, 10_000);
        sponsor(BOB, 5_000);
        settle(3, 2_000);
        assert_eq!((grown(), Issued::<Test>::get()), (0, Sums::default()));
        release(1, 400_000);
        assert_eq!((grown(), Issued::<Test>::get()), (4_400, sums(0, 4_000, 0, 400)));
        Rewards::pay_guards(&MODEL, &[ALICE, CAROL], 300);
        assert_eq!((grown(), Issued::<Test>::get()), (5_000, sums(0, 4_000, 600, 400)));
        next_period();
        assert_ok!(claim(0, 3));
        assert_eq!((grown(), Issued::<Test>::get()), (6_600, sums(1_600, 4_000, 600, 400)));
        // A sponsor pays with what it has.
        Rewards::pay_guards(&OTHER, &[ALICE], 300);
        assert_ok!(Rewards::expel(RuntimeOrigin::root(), MODEL));
        reserve(2, 1_000);
        release(2, 1_000_000);
        Rewards::pay_guards(&MODEL, &[ALICE], 300);
        assert_eq!((grown(), free(ALICE)), (6_600, FUNDS + 4_000 + 300 + 1_000 + 300));
    });
}
