use super::mock::*;
use crate::{types::*, Error, Event, Keys};
use cairn_protocol::{
    failure::{Failure, Reason},
    id::{Amount, ProviderId, TaskId},
    job::{Seal, Terms},
    lifecycle::Stage,
};
use codec::{Decode, Encode};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

const FAULTY: Failure = Failure::MalformedSpec;
const OWN: Failure = Failure::DiskFull;

fn reason() -> Reason {
    b"scene.json: line 3: no such body".to_vec().try_into().expect("it is short")
}

fn decline_as(who: AccountId, id: TaskId, failure: Failure) -> DispatchResult {
    Tasks::decline(RuntimeOrigin::signed(who), id, failure, reason())
}

fn decline(id: TaskId, provider: ProviderId, failure: Failure) {
    assert_ok!(decline_as(operator(provider), id, failure));
}

/// Those who are drawn one after another, alone, say this each.
fn decline_in_turn(failures: &[Failure]) -> TaskId {
    let id = submit(terms(1));
    for failure in failures {
        run(18);
        decline(id, workers(id)[0], *failure);
    }
    id
}

fn assert_refunded(id: TaskId, reason: RefundReason, burnt: Amount) {
    assert_eq!(task(id).stage, Stage::Refunded);
    let back = 10_009 - burnt;
    System::assert_has_event(Event::Refunded { task: id, reason, back, burnt }.into());
}

/// What is known of a provider, and what it may lose of its bond.
fn standing(provider: ProviderId) -> (cairn_protocol::reputation::Score, Amount) {
    let score = Reputation::score(provider, cairn_protocol::job::JobKind::Simulate);
    (score, Providers::card(provider).expect("it is registered").pending)
}

#[test]
fn decline_should_say_why_and_ask_somebody_else() {
    market(2, || {
        let (id, first) = assigned(terms(1));
        decline(id, first[0], OWN);
        let provider = first[0];
        let said = Event::Declined { task: id, provider, failure: OWN, reason: reason() };
        System::assert_has_event(said.into());
        assert_eq!((task(id).stage, task(id).reassigned), (Stage::Queued, 1));
        run(18);
        assert_eq!(workers(id), [ProviderId(1 - first[0].0)]);
        deliver(id, &[1]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
    });
}

#[test]
fn decline_should_cost_availability_alone_when_the_worker_is_at_fault() {
    market(2, || {
        let (id, workers) = assigned(terms(1));
        let (before, _) = standing(workers[0]);
        decline(id, workers[0], OWN);
        let (after, pending) = standing(workers[0]);
        assert!(after.availability < before.availability, "{after:?}");
        assert_eq!((after.timeliness, after.accuracy), (before.timeliness, before.accuracy));
        assert_eq!(pending, 0);
        // A silent one loses more.
        run(18);
        let silent = super::mock::workers(id)[0];
        expire(id);
        let (after_silence, _) = standing(silent);
        assert!(after_silence.timeliness < before.timeliness, "{after_silence:?}");
    });
}

#[test]
fn decline_should_cost_nothing_when_the_requester_is_at_fault() {
    market(2, || {
        let (id, workers) = assigned(terms(1));
        let before = standing(workers[0]);
        decline(id, workers[0], FAULTY);
        assert_eq!(standing(workers[0]), before);
        assert_eq!(task(id).accusers, 1);
    });
}

#[test]
fn decline_should_cost_the_fee_when_all_blame_the_requester() {
    market(4, || {
        let before = free(ALICE);
        let issued = Balances::total_issuance();
        let id = decline_in_turn(&[FAULTY, Failure::MissingArtifact, FAULTY]);
        assert_refunded(id, RefundReason::Declined(FAULTY), 109);
        assert_eq!(Balances::total_issuance(), issued - 109);
        expire(id);
        assert_eq!(free(ALICE), before - 109);
    });
}

#[test]
fn decline_should_return_everything_when_workers_are_at_fault() {
    for failures in [[OWN, OWN, OWN], [FAULTY, FAULTY, OWN], [OWN, FAULTY, FAULTY]] {
        market(4, || {
            let before = free(ALICE);
            let id = decline_in_turn(&failures);
            assert_refunded(id, RefundReason::Declined(failures[2]), 0);
            expire(id);
            assert_eq!(free(ALICE), before);
        });
    }
}

#[test]
fn decline_should_not_cost_the_fee_when_the_others_were_silent() {
    market(4, || {
        let id = submit(terms(1));
        for _ in 0..2 {
            run(18);
            expire(id);
        }
        run(18);
        // One liar comes last.
        decline(id, workers(id)[0], FAULTY);
        assert_refunded(id, RefundReason::Declined(FAULTY), 0);
    });
}

#[test]
fn decline_should_not_end_a_task_of_several_when_the_others_can_do_it() {
    market(5, || {
        let (id, workers) = assigned(terms(5));
        let due = task(id).due;
        run(3);
        decline(id, workers[0], FAULTY);
        decline(id, workers[1], FAULTY);
        // Nobody is sent home or waits for others, and the clock goes on.
        assert_eq!((task(id).stage, task(id).due, task(id).reassigned), (Stage::Assigned, due, 0));
        assert_eq!((task(id).vacant(), task(id).declined), (2, 2));
        deliver(id, &[1, 1, 1]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
    });
}

#[test]
fn decline_should_open_the_reveals_when_all_others_have_committed() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        commit(id, workers[0], &answer(1));
        commit(id, workers[1], &answer(1));
        decline(id, workers[2], OWN);
        assert_eq!(task(id).stage, Stage::Committed);
        System::assert_last_event(Event::RevealsOpened { task: id, due: now() + 10 }.into());
        reveal(id, workers[0], &answer(1));
        reveal(id, workers[1], &answer(1));
        assert_eq!(task(id).stage, Stage::Window);
    });
}

#[test]
fn decline_should_fill_the_seats_again_when_too_few_are_left() {
    market(5, || {
        let (id, first) = assigned(terms(3));
        commit(id, first[0], &answer(1));
        decline(id, first[1], OWN);
        decline(id, first[2], OWN);
        assert_eq!((task(id).stage, task(id).reassigned), (Stage::Queued, 1));
        // Their seats are to be filled: nobody has declined what is asked for now.
        assert_eq!((task(id).vacant(), task(id).declined), (2, 0));
        run(18);
        let second = workers(id);
        assert_eq!(second[0], first[0]);
        assert!(!second.contains(&first[1]) && !second.contains(&first[2]), "{second:?}");
        assert!(matches!(task(id).seats[0].progress, Progress::Committed(_)));
    });
}

#[test]
fn decline_should_end_a_task_when_most_of_all_who_were_drawn_blame_the_requester() {
    for (last, stage) in [(FAULTY, Stage::Refunded), (OWN, Stage::Queued)] {
        market(PROVIDERS, || {
            let (id, _) = assigned(terms(3));
            for failures in [[FAULTY, FAULTY], [FAULTY, last]] {
                let two: Vec<_> = workers(id).into_iter().take(2).collect();
                two.into_iter().zip(failures).for_each(|(one, failure)| decline(id, one, failure));
                let is_over = task(id).stage == Stage::Refunded;
                if !is_over && task(id).reassigned < 2 {
                    run(18);
                }
            }
            assert_eq!(task(id).stage, stage, "{last:?}");
            if last == FAULTY {
                // Others might have been asked once more.
                assert_eq!(task(id).reassigned, 1);
                assert_refunded(id, RefundReason::Declined(FAULTY), 109);
            }
        });
    }
}

/// Whoever has a result says that it can be done.
#[test]
fn decline_should_not_cost_the_fee_when_somebody_has_committed() {
    for (commits, burnt) in [(false, 109), (true, 0)] {
        market(PROVIDERS, || {
            let (id, first) = assigned(terms(3));
            if commits {
                commit(id, first[0], &answer(1));
            }
            while task(id).stage == Stage::Assigned {
                let working = task(id).seats;
                let working = working.iter().filter(|seat| seat.progress == Progress::Working);
                let two: Vec<_> = working.map(|seat| seat.provider).take(2).collect();
                two.into_iter().for_each(|one| decline(id, one, FAULTY));
                run(18);
            }
            assert_refunded(id, RefundReason::Declined(FAULTY), burnt);
        });
    }
}

#[test]
fn decline_should_fail_when_it_is_not_the_workers_to_make() {
    market(3, || {
        let (id, workers) = assigned(terms(1));
        let worker = workers[0];
        let other = (0..3).map(ProviderId).find(|one| *one != worker).expect("there are three");
        let decline = |who| decline_as(who, id, FAULTY);
        assert_noop!(decline(BOB), Error::<Test>::NotAnOperator);
        assert_noop!(decline(ALICE), Error::<Test>::NotAnOperator);
        assert_noop!(decline(owner(worker)), Error::<Test>::NotAnOperator);
        assert_noop!(decline(operator(other)), Error::<Test>::NotAssigned);
        assert_noop!(decline_as(BOB, TaskId(99), FAULTY), Error::<Test>::UnknownTask);
    });
}

#[test]
fn decline_should_fail_when_made_twice_or_late() {
    market(4, || {
        let (id, workers) = assigned(terms(3));
        let again = |who| decline_as(operator(who), id, OWN);
        assert_ok!(again(workers[0]));
        assert_noop!(again(workers[0]), Error::<Test>::NotAssigned);
        System::set_block_number(u64::from(task(id).due) + 1);
        assert_noop!(again(workers[1]), Error::<Test>::TooLate);
    });
    market(2, || {
        let (id, workers) = assigned(terms(1));
        decline(id, workers[0], OWN);
        assert_noop!(decline_as(operator(workers[0]), id, OWN), Error::<Test>::WrongStage);
    });
}

#[test]
fn decline_should_fail_when_the_worker_has_committed() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        let decline = |who| decline_as(operator(who), id, OWN);
        commit(id, workers[0], &answer(1));
        assert_noop!(decline(workers[0]), Error::<Test>::CommittedAlready);
        commit(id, workers[1], &answer(1));
        commit(id, workers[2], &answer(1));
        // Nobody is waited for any more.
        assert_noop!(decline(workers[0]), Error::<Test>::CommittedAlready);
    });
}

#[test]
fn decline_should_wait_for_the_key_of_a_sealed_payload() {
    market(2, || {
        let seal = Some(Seal { commitment: [3; 32], key_blocks: 10 });
        let (id, workers) = assigned(Terms { seal, ..terms(1) });
        let again = || decline_as(operator(workers[0]), id, Failure::FalseArtifact);
        assert_noop!(again(), Error::<Test>::WrongStage);
        let key = WrappedKey::Inline(vec![4; 1_168].try_into().expect("it is a wrapped key"));
        assert_ok!(Tasks::post_key(RuntimeOrigin::signed(ALICE), id, workers[0], key));
        assert_ok!(again());
        assert_eq!(Keys::<Test>::iter().count(), 0);
    });
}

#[test]
fn decline_should_fail_when_the_reason_cannot_be_read() {
    market(2, || {
        let (id, workers) = assigned(terms(1));
        let say = |words: &[u8]| {
            let reason = words.to_vec().try_into().expect("it is short");
            Tasks::decline(RuntimeOrigin::signed(operator(workers[0])), id, OWN, reason)
        };
        let unreadable: [&[u8]; 5] = [b"", b"  ", b"\xff\xfe", b"two\nlines", b"\x1b[2J"];
        for words in unreadable {
            assert_noop!(say(words), Error::<Test>::ReasonNotReadable);
        }
        assert_ok!(say("la mémoire manque".as_bytes()));
    });
}

#[test]
fn decline_should_not_be_decoded_when_the_reason_is_too_long() {
    let encoded = |length: usize| (10u8, TaskId(0), OWN, vec![b'a'; length]).encode();
    let decoded = |length| crate::Call::<Test>::decode(&mut encoded(length).as_slice()).map(|_| ());
    assert_eq!(decoded(128), Ok(()));
    assert!(decoded(129).is_err());
}
