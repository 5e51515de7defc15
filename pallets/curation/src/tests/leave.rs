use super::mock::*;
use crate::{Curators, Error, Event};
use frame_support::{assert_noop, assert_ok};

#[test]
fn leave_should_give_the_bond_back_when_no_set_depends_on_it() {
    execute(|| {
        assert_noop!(Curation::leave(signed(EVE)), Error::<Test>::NotACurator);
        commit(ALICE, MODEL, 1);
        assert_noop!(Curation::leave(signed(ALICE)), Error::<Test>::HasSets);
        end_period();
        assert_noop!(Curation::leave(signed(ALICE)), Error::<Test>::HasSets);
        // Nothing was laid in it, so that nobody needs the set.
        end_period();
        assert_ok!(Curation::leave(signed(ALICE)));
        assert_eq!(held(ALICE), 0);
        assert_eq!(events().pop(), Some(Event::Left { curator: ALICE, bond: BOND }));
        assert_noop!(Curation::leave(signed(ALICE)), Error::<Test>::NotACurator);
    });
}

#[test]
fn leave_should_give_back_what_is_left_when_a_part_was_lost() {
    execute(|| {
        revealing(1_000);
        assert_noop!(Curation::leave(signed(ALICE)), Error::<Test>::HasSets);
        run(12);
        assert_ok!(Curation::leave(signed(ALICE)));
        assert_eq!(held(ALICE), 0);
        assert_eq!(Balances::free_balance(ALICE), FUNDS - BOND / 10);
        assert_eq!(Curators::<Test>::get(ALICE), None);
    });
}
