use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{id::ProviderId, lifecycle::Stage};
use frame_support::{assert_noop, dispatch::Pays};

#[test]
fn commit_should_cost_nothing() {
    market(1, || {
        let (id, workers) = assigned(terms(1));
        let origin = RuntimeOrigin::signed(operator(workers[0]));
        let paid = Tasks::commit(origin, id, [1; 32]).expect("it is in time");
        assert_eq!(paid.pays_fee, Pays::No);
    });
}

#[test]
fn commit_should_open_the_reveals_when_it_is_the_last() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        for provider in &workers {
            assert_eq!(task(id).stage, Stage::Assigned);
            commit(id, *provider, &answer(1));
        }
        assert_eq!(task(id).stage, Stage::Committed);
        System::assert_last_event(Event::RevealsOpened { task: id, due: now() + 10 }.into());
    });
}

#[test]
fn commit_should_fail_when_it_is_not_the_workers_to_make() {
    market(3, || {
        let (id, workers) = assigned(terms(1));
        let worker = workers[0];
        let other = (0..3).map(ProviderId).find(|one| *one != worker).expect("there are three");
        let commit = |who| Tasks::commit(RuntimeOrigin::signed(who), id, [1; 32]);
        assert_noop!(commit(BOB), Error::<Test>::NotAnOperator);
        assert_noop!(commit(owner(worker)), Error::<Test>::NotAnOperator);
        assert_noop!(commit(operator(other)), Error::<Test>::NotAssigned);
    });
}

#[test]
fn commit_should_fail_when_made_twice_or_late() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        commit(id, workers[0], &answer(1));
        let again = |who| Tasks::commit(RuntimeOrigin::signed(operator(who)), id, [2; 32]);
        assert_noop!(again(workers[0]), Error::<Test>::CommittedAlready);
        System::set_block_number(u64::from(task(id).due) + 1);
        assert_noop!(again(workers[1]), Error::<Test>::TooLate);
    });
    market(1, || {
        let (id, workers) = assigned(terms(1));
        let again = || Tasks::commit(RuntimeOrigin::signed(operator(workers[0])), id, [2; 32]);
        commit(id, workers[0], &answer(1));
        // Nobody is waited for any more.
        assert_eq!(task(id).stage, Stage::Committed);
        assert_noop!(again(), Error::<Test>::CommittedAlready);
        reveal(id, workers[0], &answer(1));
        assert_noop!(again(), Error::<Test>::CommittedAlready);
    });
}

#[test]
fn silence_should_cost_the_seat_and_a_little_of_the_bond() {
    market(2, || {
        let (id, workers) = assigned(terms(1));
        let before = Reputation::card(workers[0]);
        expire(id);
        System::assert_has_event(Event::Vacated { task: id, provider: workers[0] }.into());
        assert_ne!(Reputation::card(workers[0]), before);
        assert_eq!(task(id).stage, Stage::Queued);
        assert_eq!(task(id).reassigned, 1);
        run(18);
        let other = ProviderId(1 - workers[0].0);
        assert_eq!(super::mock::workers(id), [other]);
        // A tenth of a percent of the bond, once the time to appeal is over.
        let bonded = || Providers::card(workers[0]).expect("it is registered").bond;
        assert_eq!(bonded(), 20_000);
        run(60);
        assert!(bonded() < 20_000, "{}", bonded());
    });
}

#[test]
fn silence_should_end_in_a_refund_when_everyone_is_silent() {
    market(PROVIDERS, || {
        let before = free(ALICE);
        let (id, _) = assigned(terms(1));
        for reassigned in 1..=2 {
            expire(id);
            assert_eq!((task(id).stage, task(id).reassigned), (Stage::Queued, reassigned));
            run(18);
            assert_eq!(task(id).stage, Stage::Assigned);
        }
        expire(id);
        System::assert_has_event(
            Event::Refunded {
                task: id,
                reason: RefundReason::NobodyDelivered,
                back: 10_009,
                burnt: 0,
            }
            .into(),
        );
        assert_eq!(task(id).stage, Stage::Refunded);
        run(40);
        assert_eq!(free(ALICE), before);
    });
}

#[test]
fn silence_of_a_minority_should_hold_nobody_up() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        commit(id, workers[0], &answer(1));
        commit(id, workers[1], &answer(1));
        expire(id);
        assert_eq!(task(id).stage, Stage::Committed);
        assert_eq!(super::mock::workers(id), workers[..2]);
    });
}

#[test]
fn commitments_should_stand_when_another_seat_is_filled_again() {
    market(8, || {
        let (id, workers) = assigned(terms(3));
        commit(id, workers[0], &answer(1));
        expire(id);
        assert_eq!(task(id).stage, Stage::Queued);
        run(18);
        assert_eq!(task(id).stage, Stage::Assigned);
        let seats = task(id).seats;
        assert_eq!(seats.len(), 3);
        assert_eq!(seats[0].provider, workers[0]);
        assert_eq!((seats[0].round, seats[1].round), (1, 2));
        for seat in &seats[1..] {
            assert!(!workers.contains(&seat.provider));
            commit(id, seat.provider, &answer(1));
        }
        reveal(id, workers[0], &answer(1));
        assert_eq!(task(id).stage, Stage::Committed);
    });
}
