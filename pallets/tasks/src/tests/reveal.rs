use super::mock::*;
use crate::{types::*, Error, Event, WeightInfo};
use cairn_protocol::{
    id::{EngineId, ProviderId},
    job::{Policy, Terms},
    lifecycle::Stage,
    result::{Answer, Fingerprint, Output},
};
use frame_support::{assert_noop, dispatch::Pays};

fn try_reveal(
    id: cairn_protocol::id::TaskId,
    provider: ProviderId,
    answer: Answer,
    salt: [u8; 32],
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    Tasks::reveal(RuntimeOrigin::signed(operator(provider)), id, Box::new(answer), salt)
}

#[test]
fn reveal_should_cost_nothing_and_show_the_answer() {
    market(1, || {
        let (id, workers) = assigned(terms(1));
        commit(id, workers[0], &answer(7));
        let paid = try_reveal(id, workers[0], answer(7), SALT).expect("it is in time");
        assert_eq!(paid.pays_fee, Pays::No);
        assert_eq!(crate::Answers::<Test>::get(id, workers[0]), Some(answer(7)));
        assert_eq!(task(id).stage, Stage::Window);
        System::assert_last_event(Event::Agreed { task: id, by: workers, due: now() + 20 }.into());
    });
}

#[test]
fn reveal_should_weigh_what_is_judged_when_it_is_the_last() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        workers.iter().for_each(|provider| commit(id, *provider, &answer(7)));
        let weighs = |seats| Some(<Test as crate::Config>::WeightInfo::reveal(seats));
        for (provider, seats) in workers.into_iter().zip([1, 1, 3]) {
            let paid = try_reveal(id, provider, answer(7), SALT).expect("it is in time");
            assert_eq!(paid.actual_weight, weighs(seats));
        }
        assert_ne!(weighs(1), weighs(9));
    });
}

#[test]
fn reveal_should_fail_when_it_is_not_what_was_committed_to() {
    market(1, || {
        let (id, workers) = assigned(terms(1));
        let worker = workers[0];
        commit(id, worker, &answer(1));
        assert_noop!(try_reveal(id, worker, answer(2), SALT), Error::<Test>::NotTheCommitment);
        assert_noop!(try_reveal(id, worker, answer(1), [6; 32]), Error::<Test>::NotTheCommitment);
        System::set_block_number(u64::from(task(id).due) + 1);
        assert_noop!(try_reveal(id, worker, answer(1), SALT), Error::<Test>::TooLate);
    });
}

#[test]
fn reveal_should_fail_when_the_commitment_was_copied() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        let original = commitment(id, workers[0], &answer(1));
        for provider in &workers {
            let origin = RuntimeOrigin::signed(operator(*provider));
            Tasks::commit(origin, id, original).expect("it is in time");
        }
        reveal(id, workers[0], &answer(1));
        for copier in &workers[1..] {
            assert_noop!(try_reveal(id, *copier, answer(1), SALT), Error::<Test>::NotTheCommitment);
        }
        assert_noop!(try_reveal(id, workers[0], answer(1), SALT), Error::<Test>::RevealedAlready);
    });
}

#[test]
fn reveal_should_fail_when_the_answer_is_not_an_answer_to_the_job() {
    market(1, || {
        let cases = [
            (Answer { engine: EngineId([2; 32]), ..answer(1) }, Error::<Test>::WrongEngine),
            (Answer { units: 11, ..answer(1) }, Error::<Test>::TooManyUnits),
            (
                Answer { output: Output::Inline(vec![0; 65].try_into().unwrap()), ..answer(1) },
                Error::<Test>::AnswerTooLong,
            ),
        ];
        for (wrong, error) in cases {
            let (id, workers) = assigned(terms(1));
            commit(id, workers[0], &wrong);
            assert_noop!(try_reveal(id, workers[0], wrong, SALT), error);
        }
    });
}

#[test]
fn reveal_should_fail_when_a_fingerprint_is_missing() {
    market(1, || {
        let mut tolerant = proven(1);
        tolerant.policy = Policy::Tolerance { within: 100 };
        let (id, workers) = assigned(tolerant);
        commit(id, workers[0], &answer(1));
        assert_noop!(try_reveal(id, workers[0], answer(1), SALT), Error::<Test>::FingerprintNeeded);
    });
}

#[test]
fn reveal_should_fail_when_nothing_was_committed_to() {
    market(4, || {
        let (id, workers) = assigned(terms(3));
        let reveals = |provider| try_reveal(id, provider, answer(1), SALT);
        assert_noop!(reveals(workers[0]), Error::<Test>::NotCommitted);
        commit(id, workers[0], &answer(1));
        // It has, and others have not.
        assert_noop!(reveals(workers[0]), Error::<Test>::WrongStage);
        assert_noop!(reveals(workers[1]), Error::<Test>::NotCommitted);
        let other = (0..4).map(ProviderId).find(|one| !workers.contains(one)).expect("one is left");
        assert_noop!(reveals(other), Error::<Test>::WrongStage);
        commit(id, workers[1], &answer(1));
        expire(id);
        assert_eq!(task(id).stage, Stage::Committed);
        assert_noop!(reveals(workers[2]), Error::<Test>::NotAssigned);
    });
}

#[test]
fn a_hidden_result_should_cost_the_seat() {
    market(8, || {
        let (id, workers) = assigned(terms(3));
        workers.iter().for_each(|one| commit(id, *one, &answer(1)));
        reveal(id, workers[0], &answer(1));
        reveal(id, workers[1], &answer(1));
        expire(id);
        System::assert_has_event(Event::Vacated { task: id, provider: workers[2] }.into());
        assert_eq!(task(id).stage, Stage::Window);
        assert_eq!(super::mock::workers(id), workers[..2]);
    });
}

#[test]
fn contradicting_results_should_be_asked_for_again_when_proven() {
    market(PROVIDERS, || {
        let (id, first) = assigned(proven(1));
        // One worker has nobody to contradict it; three do.
        deliver(id, &[1]);
        assert_eq!(task(id).stage, Stage::Window);

        let (id, second) = assigned(proven(3));
        deliver(id, &[1, 1, 2]);
        System::assert_has_event(Event::Contradicted { task: id, redundancy: 5 }.into());
        assert_eq!(task(id).stage, Stage::Queued);
        run(18);
        let third = workers(id);
        assert_eq!(third.len(), 5);
        assert!(third.iter().all(|one| !second.contains(one)));
        deliver(id, &[2, 2, 2, 2, 2]);
        assert_eq!(task(id).stage, Stage::Window);
        assert_eq!(workers(id), third);
        for provider in first.into_iter().chain(second) {
            assert_eq!(Providers::card(provider).expect("it is registered").pending, 0);
        }
    });
}

#[test]
fn contradicting_results_should_be_refunded_when_nobody_is_left_to_ask() {
    market(PROVIDERS, || {
        let before = free(ALICE);
        let (id, _) = assigned(proven(9));
        deliver(id, &[1, 1, 1, 1, 1, 1, 1, 1, 2]);
        assert_eq!(task(id).stage, Stage::Refunded);
        System::assert_has_event(
            Event::Refunded {
                task: id,
                reason: RefundReason::Contradicted,
                back: 10_009,
                burnt: 0,
            }
            .into(),
        );
        run(40);
        assert_eq!(free(ALICE), before);
    });
}

#[test]
fn near_fingerprints_should_agree_when_tolerant() {
    market(PROVIDERS, || {
        let near = |value| Answer {
            fingerprint: Some(Fingerprint(vec![1_000_000, value].try_into().unwrap())),
            ..answer(value as u8)
        };
        let mut tolerant = proven(3);
        tolerant.policy = Policy::Tolerance { within: 100 };
        for (values, stage) in [([10, 60, 30], Stage::Window), ([10, 20, 400], Stage::Queued)] {
            let (id, workers) = assigned(Terms { match_by: now() + 100, ..tolerant.clone() });
            let round: Vec<_> = workers.into_iter().zip(values.map(near)).collect();
            round.iter().for_each(|(one, answer)| commit(id, *one, answer));
            round.iter().for_each(|(one, answer)| reveal(id, *one, answer));
            assert_eq!(task(id).stage, stage);
        }
    });
}
