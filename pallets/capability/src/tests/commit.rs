use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::profile::{DeviceClass, Role};
use cairn_seams::Clock as _;
use frame_support::{assert_noop, assert_ok, dispatch::Pays, traits::SafeModeNotify};

#[test]
fn commit_should_cost_nothing_and_end_the_work() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let one = members(id)[0];
        run(7);
        System::reset_events();
        let signed = RuntimeOrigin::signed(operator(one));
        let paid = Capability::commit(signed, id, [9; 32]).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        let expected = Progress::Committed { commitment: [9; 32], latency: Some(7) };
        assert_eq!(challenge(id).member(one).unwrap().progress, expected);
        assert_eq!((card(one).load, card(one).engagements), (0, 1));
        let event = Event::Committed { challenge: id, provider: one, commitment: [9; 32] };
        assert_eq!(events(), [event]);
    });
}

#[test]
fn commit_should_open_the_reveals_when_it_is_the_last() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        for one in members(id) {
            assert_eq!(challenge(id).stage, Stage::Commits);
            commit(id, one, [1; 32]);
        }
        let due = now() + REVEAL_BLOCKS;
        assert_eq!((challenge(id).stage, challenge(id).due), (Stage::Reveals, due));
        System::assert_last_event(Event::RevealsOpened { challenge: id, due }.into());
    });
}

#[test]
fn commit_should_fail_when_it_is_not_the_members_to_make() {
    execute(|| {
        let all = crowd(4, DeviceClass::Gpu);
        let id = challenged();
        let drawn = members(id);
        let other = *all.iter().find(|one| !drawn.contains(one)).unwrap();
        let commit = |who, id| Capability::commit(RuntimeOrigin::signed(who), id, [1; 32]);
        assert_noop!(commit(STRANGER, id), Error::<Test>::NotOperator);
        assert_noop!(commit(owner(drawn[0]), id), Error::<Test>::NotOperator);
        assert_noop!(commit(operator(other), id), Error::<Test>::NotMember);
        assert_noop!(commit(operator(drawn[0]), id + 1), Error::<Test>::UnknownChallenge);
        let unconfirmed = register(owner(drawn[1]), DeviceClass::Gpu, &[Role::Compute]);
        assert_noop!(commit(operator(unconfirmed), id), Error::<Test>::NotOperator);
    });
}

#[test]
fn commit_should_fail_when_made_twice() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let again = |one| Capability::commit(RuntimeOrigin::signed(operator(one)), id, [2; 32]);
        commit(id, all[0], [1; 32]);
        assert_noop!(again(all[0]), Error::<Test>::AlreadyCommitted);
        commit(id, all[1], [1; 32]);
        commit(id, all[2], [1; 32]);
        // Also when the reveals are open, and when it has revealed.
        assert_noop!(again(all[0]), Error::<Test>::AlreadyCommitted);
        reveal(id, all[0], [1; 32]);
        assert_noop!(again(all[0]), Error::<Test>::AlreadyCommitted);
    });
}

#[test]
fn commit_should_fail_when_it_is_late() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let late = |one| Capability::commit(RuntimeOrigin::signed(operator(one)), id, [2; 32]);
        after(id, COMMIT_BLOCKS.into());
        commit(id, all[0], [1; 32]);
        commit(id, all[1], [1; 32]);
        full_block();
        // Nothing has moved the challenge on, and it is late all the same.
        assert_eq!(challenge(id).stage, Stage::Commits);
        assert_noop!(late(all[2]), Error::<Test>::CommitsClosed);
        run(1);
        assert_eq!(challenge(id).stage, Stage::Reveals);
        assert_noop!(late(all[2]), Error::<Test>::CommitsClosed);
    });
}

#[test]
fn commit_should_fail_while_the_clock_stands_and_count_no_latency_afterwards() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let one = members(id)[0];
        let commit = || Capability::commit(RuntimeOrigin::signed(operator(one)), id, [2; 32]);
        run(3);
        Clock::entered();
        assert!(Clock::is_stopped());
        assert_noop!(commit(), Error::<Test>::Stopped);
        run(1_000);
        assert_noop!(commit(), Error::<Test>::Stopped);
        Clock::exited();
        assert_eq!(now(), 21);
        assert_ok!(commit());
        let expected = Progress::Committed { commitment: [2; 32], latency: None };
        assert_eq!(challenge(id).member(one).unwrap().progress, expected);
    });
}
