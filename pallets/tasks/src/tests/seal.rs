use super::mock::*;
use crate::{types::*, Error, Event, Keys};
use cairn_protocol::{
    id::ProviderId,
    job::{Seal, Terms},
    lifecycle::Stage,
};
use frame_support::{assert_noop, assert_ok};

fn sealed(redundancy: u8) -> Terms {
    Terms { seal: Some(Seal { commitment: [3; 32], key_blocks: 10 }), ..terms(redundancy) }
}

fn key() -> WrappedKey {
    WrappedKey::Inline(vec![4; 1_168].try_into().expect("it is a wrapped key"))
}

fn post(id: cairn_protocol::id::TaskId, provider: ProviderId) {
    assert_ok!(Tasks::post_key(RuntimeOrigin::signed(ALICE), id, provider, key()));
}

#[test]
fn post_key_should_start_the_clock_when_it_is_the_last() {
    market(3, || {
        let (id, workers) = assigned(sealed(3));
        assert_eq!(task(id).stage, Stage::AwaitingKeys);
        run(5);
        post(id, workers[0]);
        post(id, workers[1]);
        assert_eq!(task(id).stage, Stage::AwaitingKeys);
        post(id, workers[2]);
        assert_eq!(task(id).stage, Stage::Assigned);
        assert_eq!(task(id).due, now() + 20);
        deliver(id, &[1, 1, 1]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        expire(id);
        assert_eq!(Keys::<Test>::iter().count(), 0);
    });
}

#[test]
fn post_key_should_fail_when_it_is_not_awaited() {
    market(3, || {
        let (id, workers) = assigned(sealed(1));
        let post_as =
            |who, provider| Tasks::post_key(RuntimeOrigin::signed(who), id, provider, key());
        let other = (0..3).map(ProviderId).find(|one| *one != workers[0]).expect("there are three");
        assert_noop!(post_as(BOB, workers[0]), Error::<Test>::NotTheRequester);
        assert_noop!(post_as(ALICE, other), Error::<Test>::NotAssigned);
        post(id, workers[0]);
        assert_noop!(post_as(ALICE, workers[0]), Error::<Test>::WrongStage);
    });
    market(3, || {
        let (id, workers) = assigned(sealed(3));
        post(id, workers[0]);
        assert_noop!(
            Tasks::post_key(RuntimeOrigin::signed(ALICE), id, workers[0], key()),
            Error::<Test>::KeyPosted
        );
    });
}

#[test]
fn missing_keys_should_cost_the_fee() {
    market(3, || {
        let before = free(ALICE);
        let (id, workers) = assigned(sealed(3));
        let paid: Vec<_> = workers.iter().map(|one| free(owner(*one))).collect();
        expire(id);
        assert_eq!(task(id).stage, Stage::Refunded);
        // A fee of 109 between three, and one unit burnt.
        for (worker, before) in workers.iter().zip(paid) {
            assert_eq!(free(owner(*worker)), before + 36);
        }
        expire(id);
        assert_eq!(free(ALICE), before - 109);
        assert_eq!(Providers::card(workers[0]).expect("it is registered").pending, 0);
    });
}

#[test]
fn reject_key_should_blame_nobody_and_ask_somebody_else() {
    market(4, || {
        let (id, first) = assigned(sealed(1));
        let reject = |who| Tasks::reject_key(RuntimeOrigin::signed(operator(who)), id);
        assert_noop!(reject(first[0]), Error::<Test>::WrongStage);
        post(id, first[0]);
        let before = Reputation::card(first[0]);
        assert_ok!(reject(first[0]));
        System::assert_has_event(Event::KeyRejected { task: id, provider: first[0] }.into());
        assert_eq!(Reputation::card(first[0]), before);
        assert_eq!(Providers::card(first[0]).expect("it is registered").pending, 0);
        assert_eq!(Keys::<Test>::iter().count(), 0);
        run(18);
        let second = workers(id);
        assert_ne!(second, first);
        assert_eq!(task(id).stage, Stage::AwaitingKeys);
    });
}

#[test]
fn reject_key_should_cost_the_fee_when_nobody_can_open_the_payload() {
    market(4, || {
        let before = free(ALICE);
        let (id, _) = assigned(sealed(1));
        let issued = Balances::total_issuance();
        for _ in 0..3 {
            let worker = workers(id)[0];
            post(id, worker);
            assert_ok!(Tasks::reject_key(RuntimeOrigin::signed(operator(worker)), id));
            run(18);
        }
        assert_eq!(task(id).stage, Stage::Refunded);
        System::assert_has_event(
            Event::Refunded {
                task: id,
                reason: RefundReason::KeyRejected,
                back: 9_900,
                burnt: 109,
            }
            .into(),
        );
        assert_eq!(Balances::total_issuance(), issued - 109);
        expire(id);
        assert_eq!(free(ALICE), before - 109);
    });
}

#[test]
fn reject_key_should_fail_when_there_is_none_or_it_was_used() {
    market(3, || {
        let (id, workers) = assigned(terms(1));
        let reject = |id, who| Tasks::reject_key(RuntimeOrigin::signed(who), id);
        assert_noop!(reject(id, operator(workers[0])), Error::<Test>::NotSealed);
        assert_noop!(reject(id, BOB), Error::<Test>::NotAnOperator);
        let (id, workers) = assigned(sealed(3));
        workers.iter().for_each(|one| post(id, *one));
        commit(id, workers[0], &answer(1));
        assert_noop!(reject(id, operator(workers[0])), Error::<Test>::CommittedAlready);
    });
}
