use super::mock::*;
use crate::{Call, Declarations, Error, Event, HoldReason, Pallet};
use cairn_protocol::profile::Role;
use cairn_seams::Registry;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, traits::fungible::Inspect};

fn link(by: u64, other: u64, same_party: bool) -> DispatchResult {
    act(by, Call::link_account { other, same_party })
}

fn linked(a: u64, b: u64) -> bool {
    let one_way = |a: u64, b: u64| {
        let kin = Pallet::<Test>::kin(Pallet::<Test>::names(&a));
        Pallet::<Test>::names(&b).iter().any(|name| kin.contains(name))
    };
    assert_eq!(one_way(a, b), one_way(b, a), "to be linked has no direction");
    one_way(a, b)
}

#[test]
fn link_account_should_count_only_when_both_sides_declare_it() {
    execute(|| {
        assert_ok!(link(ALICE, BOB, true));
        assert_eq!(last_event(), Event::LinkDeclared { by: ALICE, other: BOB, linked: false });
        // Else Alice could name every honest guard, and none could judge her work.
        assert!(!linked(ALICE, BOB));
        assert_ok!(link(BOB, ALICE, true));
        assert_eq!(last_event(), Event::LinkDeclared { by: BOB, other: ALICE, linked: true });
        assert!(linked(ALICE, BOB));
    });
}

#[test]
fn link_account_should_end_when_either_side_takes_it_back() {
    execute(|| {
        assert_ok!(link(ALICE, BOB, true));
        assert_ok!(link(BOB, ALICE, true));
        assert_ok!(link(BOB, ALICE, false));
        assert_eq!(last_event(), Event::LinkRevoked { by: BOB, other: ALICE });
        assert!(!linked(ALICE, BOB));
        assert_eq!(Declarations::<Test>::iter().count(), 1);
    });
}

#[test]
fn link_account_should_hold_a_deposit_until_it_is_taken_back() {
    execute(|| {
        assert_ok!(link(ALICE, BOB, true));
        // Two items: two accounts and an amount, and the other account once more.
        assert_eq!(held(HoldReason::Deposit, ALICE), 2 * 10 + 8 + 8 + 16 + 8);
        assert_eq!(held(HoldReason::Deposit, BOB), 0);
        assert_ok!(link(ALICE, BOB, false));
        assert_eq!(held(HoldReason::Deposit, ALICE), 0);
        assert_eq!(Balances::balance(&ALICE), ENDOWMENT);
    });
}

#[test]
fn link_account_should_refuse_when_there_is_nothing_to_change() {
    execute(|| {
        assert_noop!(link(ALICE, ALICE, true), Error::<Test>::SelfLink);
        assert_noop!(link(ALICE, BOB, false), Error::<Test>::NotDeclared);
        assert_ok!(link(ALICE, BOB, true));
        assert_noop!(link(ALICE, BOB, true), Error::<Test>::AlreadyDeclared);
        assert_noop!(link(BOB, ALICE, false), Error::<Test>::NotDeclared);
        assert_noop!(link(999, ALICE, true), Error::<Test>::InsufficientBalance);
    });
}

#[test]
fn link_account_should_refuse_when_either_side_has_as_many_as_there_may_be() {
    execute(|| {
        let both = |a, b| link(a, b, true).and_then(|()| link(b, a, true));
        for other in [2, 3, 4, 5] {
            assert_ok!(both(ALICE, other));
        }
        // One side's word takes no room.
        assert_ok!(link(ALICE, 6, true));
        assert_noop!(link(6, ALICE, true), Error::<Test>::TooManyLinks);
        assert_ok!(link(7, ALICE, true));
        assert_noop!(link(ALICE, 7, true), Error::<Test>::TooManyLinks);
        assert_ok!(link(2, ALICE, false));
        assert_ok!(link(6, ALICE, true));
        assert!(linked(ALICE, 6) && !linked(ALICE, 2) && linked(ALICE, 3));
    });
}

#[test]
fn names_of_should_be_all_that_a_provider_goes_by() {
    execute(|| {
        let provider = available(ALICE);
        let names = || Pallet::<Test>::names_of(provider);
        assert_eq!(names(), [ALICE, operator_of(provider)]);
        // Alice operates a provider of Bob's too, and so works for him.
        assert_ok!(register(BOB, ALICE, profile(50), &[Role::Compute], 100));
        assert_ok!(act(ALICE, Call::heartbeat { provider: cairn_protocol::id::ProviderId(1) }));
        assert_eq!(names(), [ALICE, BOB, operator_of(provider)]);
        assert!(Pallet::<Test>::belongs_to(provider, &BOB));
        assert!(!Pallet::<Test>::belongs_to(provider, &5));
        assert!(Pallet::<Test>::names_of(cairn_protocol::id::ProviderId(9)).is_empty());
    });
}

#[test]
fn linked_should_know_owners_and_their_operators() {
    execute(|| {
        let (first, second, other) = (available(ALICE), available(ALICE), available(BOB));
        let operator = operator_of;
        assert!(linked(5, 5));
        assert!(linked(ALICE, operator(first)));
        assert!(linked(operator(first), operator(second)));
        assert!(!linked(ALICE, BOB));
        assert!(!linked(ALICE, operator(other)));
        assert!(!linked(operator(first), operator(other)));
        // What the owners declare holds for their operators.
        assert_ok!(link(ALICE, BOB, true));
        assert_ok!(link(BOB, ALICE, true));
        assert!(linked(operator(first), operator(other)));
        assert!(linked(BOB, operator(second)));
    });
}

#[test]
fn linked_should_not_follow_declarations_of_others() {
    execute(|| {
        for (a, b) in [(3, 4), (4, 3), (4, 5), (5, 4)] {
            assert_ok!(link(a, b, true));
        }
        assert!(linked(3, 4) && linked(4, 5));
        assert!(!linked(3, 5));
    });
}

#[test]
fn linked_should_not_know_an_operator_who_has_not_agreed() {
    execute(|| {
        // Alice names Bob, an honest guard's owner, as her operator: he is not hers for it.
        let guard = available(BOB);
        assert_ok!(register(ALICE, BOB, profile(50), &[Role::Compute], 100));
        assert!(!linked(ALICE, BOB));
        assert!(!linked(ALICE, operator_of(guard)));
        let own = cairn_protocol::id::ProviderId(1);
        assert!(!Pallet::<Test>::belongs_to(own, &BOB));
        assert_ok!(act(BOB, Call::heartbeat { provider: own }));
        assert!(linked(ALICE, BOB) && Pallet::<Test>::belongs_to(own, &BOB));
    });
}
