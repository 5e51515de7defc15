use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    id::ProviderId,
    lifecycle::Stage,
    profile::{Availability, Role},
};
use frame_support::{assert_noop, assert_ok};

#[test]
fn draw_should_wait_for_the_seed() {
    market(4, || {
        let id = submit(terms(1));
        // Asked for in block 1: the window is blocks 2 to 17, and block 18 draws.
        run_to(18);
        assert_eq!(task(id).stage, Stage::Queued);
        run_to(19);
        assert_eq!(task(id).stage, Stage::Assigned);
        assert_eq!(task(id).due, 18 + 20);
    });
}

#[test]
fn draw_should_take_as_many_different_owners_as_asked() {
    market(PROVIDERS, || {
        let (id, workers) = assigned(terms(5));
        assert_eq!(task(id).stage, Stage::Assigned);
        let mut owners: Vec<_> = workers.iter().copied().map(owner).collect();
        owners.sort_unstable();
        owners.dedup();
        assert_eq!(owners.len(), 5);
    });
}

#[test]
fn draw_should_never_take_the_requesters_own_provider() {
    market(1, || {
        let id = submit(terms(1));
        let mut own = terms(1);
        own.match_by = now() + 50;
        let requester = owner(ProviderId(0));
        assert_ok!(Tasks::submit(RuntimeOrigin::signed(requester), Box::new(own)));
        run(18);
        assert_eq!(task(id).stage, Stage::Assigned);
        expire(cairn_protocol::id::TaskId(1));
        System::assert_has_event(
            Event::Refunded {
                task: cairn_protocol::id::TaskId(1),
                reason: RefundReason::NobodyFound,
                back: 10_009,
                burnt: 0,
            }
            .into(),
        );
    });
}

#[test]
fn draw_should_take_one_registration_of_an_owner() {
    market(2, || {
        // A second registration of the first owner, which makes three registrations of two.
        let origin = RuntimeOrigin::signed(owner(ProviderId(0)));
        let roles = [Role::Compute].into_iter().collect();
        assert_ok!(Providers::register(origin, BOB, Box::new(profile(77)), roles, 20_000));
        assert_ok!(Providers::heartbeat(RuntimeOrigin::signed(BOB), ProviderId(2)));
        let id = submit(terms(3));
        run(60);
        assert_eq!(task(id).stage, Stage::Queued, "two parties cannot take three seats");
    });
}

#[test]
fn draw_should_take_one_of_those_who_are_linked() {
    market(3, || {
        let (one, other) = (owner(ProviderId(0)), owner(ProviderId(2)));
        assert_ok!(Providers::link_account(RuntimeOrigin::signed(one), other, true));
        assert_ok!(Providers::link_account(RuntimeOrigin::signed(other), one, true));
        let id = submit(terms(3));
        run(60);
        assert_eq!(task(id).stage, Stage::Queued, "two parties cannot take three seats");
    });
}

#[test]
fn draw_should_not_fill_a_seat_with_who_is_linked_to_another_seat() {
    for linked in [false, true] {
        market(5, || {
            let (id, workers) = assigned(terms(3));
            let left = (0..5).map(ProviderId).find(|one| !workers.contains(one)).unwrap();
            let (one, other) = (owner(workers[0]), owner(left));
            if linked {
                assert_ok!(Providers::link_account(RuntimeOrigin::signed(one), other, true));
                assert_ok!(Providers::link_account(RuntimeOrigin::signed(other), one, true));
            }
            // Two do not commit, and only two are left to take their seats.
            commit(id, workers[0], &answer(1));
            run_to(u64::from(task(id).due) + 30);
            let expected = if linked { Stage::Queued } else { Stage::Assigned };
            assert_eq!(task(id).stage, expected);
            assert_eq!(super::mock::workers(id)[0], workers[0]);
        });
    }
}

/// What a provider that joins has to do with one that is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Tie {
    Nothing,
    Owner,
    Link,
}

const TIES: [Tie; 3] = [Tie::Nothing, Tie::Owner, Tie::Link];

fn join(provider: ProviderId, tie: Tie, to: ProviderId) {
    let signed = RuntimeOrigin::signed;
    let one = owner(to);
    let owner = if tie == Tie::Owner { one } else { CREATOR };
    let roles = [Role::Compute].into_iter().collect();
    let profile = Box::new(profile(1_000 + provider.0));
    assert_ok!(Providers::register(signed(owner), BOB, profile, roles, 20_000));
    assert_ok!(Providers::heartbeat(signed(BOB), provider));
    if tie == Tie::Link {
        assert_ok!(Providers::link_account(signed(one), owner, true));
        assert_ok!(Providers::link_account(signed(owner), one, true));
    }
}

#[test]
fn draw_should_not_ask_a_party_again_that_was_contradicted() {
    for tie in TIES {
        market(7, || {
            let (id, workers) = assigned(proven(3));
            join(ProviderId(7), tie, workers[0]);
            deliver(id, &[1, 1, 2]);
            run(30);
            // Five are wanted, and with this one there are five beside the first three.
            let expected = if tie == Tie::Nothing { Stage::Assigned } else { Stage::Queued };
            assert_eq!(task(id).stage, expected, "{tie:?}");
        });
    }
}

#[test]
fn draw_should_not_give_a_seat_to_a_party_that_was_late() {
    for tie in TIES {
        market(1, || {
            let (id, workers) = assigned(terms(1));
            join(ProviderId(1), tie, workers[0]);
            expire(id);
            run(18);
            let expected = if tie == Tie::Nothing { Stage::Assigned } else { Stage::Queued };
            assert_eq!(task(id).stage, expected, "{tie:?}");
        });
    }
}

#[test]
fn draw_should_refund_when_nobody_is_fit_by_the_deadline() {
    market(2, || {
        for n in 0..2 {
            let origin = RuntimeOrigin::signed(operator(ProviderId(n)));
            let provider = ProviderId(n);
            assert_ok!(Providers::set_availability(origin, provider, Availability::Paused));
        }
        let before = free(ALICE);
        let id = submit(terms(1));
        run_to(u64::from(task(id).due) + 1);
        assert_eq!(task(id).stage, Stage::Queued);
        run(1);
        assert_eq!(task(id).stage, Stage::Refunded);
        run(40);
        assert_eq!(free(ALICE), before);
    });
}

#[test]
fn draw_should_look_again_when_a_provider_comes_back() {
    market(1, || {
        let origin = || RuntimeOrigin::signed(operator(ProviderId(0)));
        assert_ok!(Providers::set_availability(origin(), ProviderId(0), Availability::Draining));
        let id = submit(terms(1));
        run(40);
        assert_eq!(task(id).stage, Stage::Queued);
        assert_ok!(Providers::set_availability(origin(), ProviderId(0), Availability::Available));
        run(20);
        assert_eq!(workers(id), [ProviderId(0)]);
    });
}

#[test]
fn draw_should_prefer_the_higher_tip_when_one_slot_is_left() {
    market(1, || {
        for _ in 0..3 {
            submit(terms(1));
        }
        let mut generous = terms(1);
        generous.tip = 5_000;
        let low = submit(terms(1));
        let high = submit(generous);
        run(18);
        // Four slots: the generous one was served before the last of the others.
        assert_eq!(task(high).stage, Stage::Assigned);
        assert_eq!(task(low).stage, Stage::Queued);
    });
}

#[test]
fn poke_should_fail_before_the_task_is_due() {
    market(1, || {
        let (id, _) = assigned(terms(1));
        assert_noop!(Tasks::poke(RuntimeOrigin::signed(BOB), id), Error::<Test>::TooEarly);
        let unknown = cairn_protocol::id::TaskId(9);
        assert_noop!(Tasks::poke(RuntimeOrigin::signed(BOB), unknown), Error::<Test>::UnknownTask);
    });
}

#[test]
fn poke_should_move_on_what_the_chain_had_no_room_for() {
    market(1, || {
        let (id, _) = assigned(terms(1));
        // Blocks without room for anything but their transactions.
        System::set_block_number(u64::from(task(id).due) + 1);
        assert_ok!(Tasks::poke(RuntimeOrigin::signed(BOB), id));
        assert_eq!(task(id).stage, Stage::Queued);
        assert_eq!(task(id).excluded.to_vec(), [ProviderId(0)]);
    });
}
