use super::mock::*;
use crate::{Curators, Error, Event};
use frame_support::{assert_noop, assert_ok};

#[test]
fn register_should_hold_the_bond() {
    execute(|| {
        assert_ok!(Curation::register(signed(EVE)));
        assert_eq!(held(EVE), BOND);
        assert_eq!(events().pop(), Some(Event::Registered { curator: EVE, bond: BOND }));
        assert_noop!(Curation::register(signed(EVE)), Error::<Test>::BondedAlready);
    });
}

#[test]
fn register_should_fail_when_the_bond_cannot_be_paid() {
    execute(|| {
        // One unit has to stay.
        CurrentRules::mutate(|rules| rules.curators.bond = FUNDS);
        assert_noop!(Curation::register(signed(EVE)), Error::<Test>::InsufficientBalance);
        CurrentRules::mutate(|rules| rules.curators.bond = FUNDS - 1);
        assert_ok!(Curation::register(signed(EVE)));
    });
}

#[test]
fn register_should_fill_a_bond_up_when_a_part_was_lost_or_more_is_asked_for() {
    execute(|| {
        revealing(1_000);
        run(11);
        assert_eq!(held(ALICE), BOND - BOND / 10);
        commit(DAVE, MODEL, 3);
        assert_noop!(try_commit(ALICE, MODEL, 3), Error::<Test>::BondTooSmall);
        assert_ok!(Curation::register(signed(ALICE)));
        assert_eq!(held(ALICE), BOND);
        commit(ALICE, MODEL, 3);
        CurrentRules::mutate(|rules| rules.curators.bond = 2 * BOND);
        assert_ok!(Curation::register(signed(DAVE)));
        assert_eq!(held(DAVE), 2 * BOND);
        assert_eq!(Curators::<Test>::get(DAVE).map(|known| known.sets), Some(1));
    });
}
