use super::mock::*;
use crate::{types::*, views::LISTED, Error, Event, Queue, TasksOf};
use cairn_protocol::{
    id::{Amount, BlockId, TaskId},
    job::{JobKind, Payload, Policy, Seal, Terms},
    lifecycle::Stage,
    settlement::Escrow,
};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};

fn held(reason: crate::HoldReason) -> Amount {
    Balances::balance_on_hold(&reason.into(), &ALICE)
}

fn refused(change: impl FnOnce(&mut Terms), error: Error<Test>) {
    market(1, || {
        let mut terms = terms(1);
        change(&mut terms);
        assert_noop!(Tasks::submit(RuntimeOrigin::signed(ALICE), Box::new(terms)), error);
    });
}

fn accepted(change: impl FnOnce(&mut Terms)) {
    market(1, || {
        let mut terms = terms(1);
        change(&mut terms);
        submit(terms);
    });
}

#[test]
fn submit_should_put_aside_what_the_task_costs() {
    market(1, || {
        let terms = terms(1);
        let length = codec::Encode::encoded_size(&terms) as Amount;
        let id = submit(terms);
        // 1 % of 9,900, and 10.
        assert_eq!(held(crate::HoldReason::Escrow), 9_000 + 900 + 109);
        // The record, its terms, two places in lists, complaints, and one answer of up to 64 bytes
        // with a fingerprint.
        assert_eq!(held(crate::HoldReason::Deposit), 6 * 5 + 484 + length + 137 + 366);
        assert_eq!(
            task(id).escrow,
            Escrow { reward: 9_000, tip: 900, fee: 109, reserve: 0, price: 0 }
        );
        assert_eq!(task(id).stage, Stage::Queued);
        System::assert_last_event(Event::Submitted { task: id, requester: ALICE }.into());
    });
}

#[test]
fn submit_should_fail_when_the_deadline_is_wrong() {
    refused(|terms| terms.match_by = now(), Error::DeadlinePassed);
    refused(|terms| terms.match_by = 0, Error::DeadlinePassed);
    refused(|terms| terms.match_by = now() + 1_001, Error::DeadlineTooFar);
    refused(|terms| terms.work_blocks = 4, Error::WorkTimeOutOfRange);
    refused(|terms| terms.work_blocks = 501, Error::WorkTimeOutOfRange);
    let seal = |key_blocks| Some(Seal { commitment: [0; 32], key_blocks });
    refused(|terms| terms.seal = seal(4), Error::KeyTimeOutOfRange);
    refused(|terms| terms.seal = seal(51), Error::KeyTimeOutOfRange);
}

#[test]
fn submit_should_fail_when_the_result_cannot_be_judged() {
    refused(|terms| terms.redundancy = 0, Error::NoRedundancy);
    refused(|terms| terms.redundancy = 11, Error::TooMuchRedundancy);
    refused(|terms| terms.redundancy = 2, Error::EvenRedundancy);
    refused(|terms| terms.policy = Policy::Proven, Error::PolicyDoesNotFit);
    let trained = |terms: &mut Terms, guards| {
        terms.job.kind = JobKind::Train;
        terms.job.model = Some(MODEL);
        terms.policy = Policy::Outcome { target: 1, guards };
    };
    for guards in [1, 2, 4, 11] {
        refused(|terms| trained(terms, guards), Error::WrongNumberOfGuards);
    }
    let sampled = |terms: &mut Terms| {
        terms.job.kind = JobKind::Infer;
        terms.job.model = Some(MODEL);
        terms.job.sampled = true;
        terms.policy = Policy::Tolerance { within: 10 };
        terms.redundancy = 3;
    };
    refused(sampled, Error::SampledTextDiffers);
}

#[test]
fn submit_should_fail_when_the_policy_does_not_fit_the_kind() {
    let asks = |terms: &mut Terms, policy: Policy, kind: JobKind, sampled: bool| {
        (terms.policy, terms.job.kind, terms.job.sampled) = (policy, kind, sampled);
        terms.job.model = kind.needs_model().then_some(MODEL);
    };
    let tolerance = Policy::Tolerance { within: 10 };
    let outcome = Policy::Outcome { target: 1, guards: 3 };
    let unfit = [
        (Policy::Proven, JobKind::Train, false),
        (Policy::Replicated, JobKind::Infer, false),
        // Nor would it if nothing were sampled.
        (Policy::Replicated, JobKind::Infer, true),
        (tolerance, JobKind::Wasm, false),
        (outcome, JobKind::Embed, false),
    ];
    for (policy, kind, sampled) in unfit {
        refused(|terms| asks(terms, policy, kind, sampled), Error::PolicyDoesNotFit);
    }
    let not_sampled = [
        (Policy::Proven, JobKind::Infer),
        (Policy::Proven, JobKind::Evaluate),
        (Policy::Replicated, JobKind::Simulate),
        (tolerance, JobKind::Embed),
        (outcome, JobKind::Train),
    ];
    for (policy, kind) in not_sampled {
        refused(|terms| asks(terms, policy, kind, true), Error::NotSampledText);
        // It is for nothing else that they are refused.
        accepted(|terms| asks(terms, policy, kind, false));
    }
    accepted(|terms| asks(terms, tolerance, JobKind::Infer, true));
}

#[test]
fn submit_should_fail_when_the_model_is_wrong() {
    refused(|terms| terms.job.model = Some(MODEL), Error::ModelNotNeeded);
    let on = |terms: &mut Terms, model| {
        terms.job.kind = JobKind::Infer;
        terms.job.model = model;
        terms.policy = Policy::Proven;
    };
    refused(|terms| on(terms, None), Error::ModelNeeded);
    refused(|terms| on(terms, Some(BlockId([0; 32]))), Error::UnknownModel);
    refused(|terms| on(terms, Some(LICENSED)), Error::ModelNotLicensed);
}

#[test]
fn submit_should_take_a_licensed_model_when_the_account_has_a_licence() {
    market(1, || {
        let licensed = || {
            let mut terms = proven(1);
            terms.job.model = Some(LICENSED);
            Box::new(terms)
        };
        assert_ok!(Tasks::submit(RuntimeOrigin::signed(BOB), licensed()));
        assert_eq!(task(TaskId(0)).escrow.price, 0);
        let alice = RuntimeOrigin::signed(ALICE);
        assert_noop!(Tasks::submit(alice, licensed()), Error::<Test>::ModelNotLicensed);
    });
}

#[test]
fn submit_should_put_the_price_aside_when_the_model_has_one() {
    market(1, || {
        let before = free(ALICE);
        let id = submit(priced(1));
        // The fee is for what is paid for the work, and not for the model.
        assert_eq!(task(id).escrow.price, PRICE);
        assert_eq!(held(crate::HoldReason::Escrow), 9_000 + 900 + 109 + PRICE);
        assert_eq!(before - free(ALICE), 9_000 + 900 + 109 + PRICE + task(id).deposit);
        // What it was then is what it stays.
        CurrentPrice::set(2 * PRICE);
        assert_eq!(task(id).escrow.price, PRICE);
        assert_eq!(task(submit(priced(1))).escrow.price, 2 * PRICE);
    });
}

#[test]
fn submit_should_fail_when_the_price_cannot_be_held() {
    market(1, || {
        let alice = || RuntimeOrigin::signed(ALICE);
        CurrentPrice::set(free(ALICE));
        assert_noop!(Tasks::submit(alice(), Box::new(priced(1))), Error::<Test>::NotEnoughBalance);
        CurrentPrice::set(Amount::MAX);
        assert_noop!(Tasks::submit(alice(), Box::new(priced(1))), Error::<Test>::AmountTooLarge);
    });
}

#[test]
fn submit_should_fail_when_the_job_is_too_large_or_nothing() {
    refused(|terms| terms.job.units = 0, Error::NoWork);
    refused(|terms| terms.output_bytes = 2_049, Error::OutputTooLong);
    let long = || Payload::Inline(vec![0; 2_048].try_into().expect("it is as long as may be"));
    refused(|terms| terms.job.input = long(), Error::TermsTooLong);
}

#[test]
fn submit_should_fail_when_the_money_does_not_fit() {
    refused(|terms| terms.reward = 99, Error::RewardTooSmall);
    refused(|terms| (terms.reward, terms.redundancy) = (299, 3), Error::RewardTooSmall);
    refused(|terms| terms.reward = Amount::MAX, Error::AmountTooLarge);
    refused(|terms| terms.tip = Amount::MAX, Error::AmountTooLarge);
    refused(|terms| terms.reward = Amount::MAX / 2, Error::NotEnoughBalance);
    refused(|terms| terms.reward = RICH, Error::NotEnoughBalance);
    // The escrow fits, and the deposit does not.
    refused(|terms| (terms.reward, terms.tip) = (9_900_900, 0), Error::NotEnoughBalance);
}

#[test]
fn submit_should_fail_when_the_chain_is_stopped() {
    market(1, || {
        use frame_support::traits::SafeModeNotify;
        Clock::entered();
        let (alice, terms) = (RuntimeOrigin::signed(ALICE), Box::new(terms(1)));
        assert_noop!(Tasks::submit(alice, terms), Error::<Test>::ChainStopped);
    });
}

#[test]
fn cancel_should_give_everything_back_when_nobody_was_found() {
    market(0, || {
        let before = free(ALICE);
        let id = submit(terms(1));
        assert_noop!(Tasks::cancel(RuntimeOrigin::signed(BOB), id), Error::<Test>::NotTheRequester);
        assert_ok!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id));
        System::assert_last_event(
            Event::Refunded { task: id, reason: RefundReason::Cancelled, back: 10_009, burnt: 0 }
                .into(),
        );
        assert_eq!(held(crate::HoldReason::Escrow), 0);
        assert_eq!(task(id).stage, Stage::Refunded);
        assert_noop!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id), Error::<Test>::WrongStage);
        run(40);
        assert_noop!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id), Error::<Test>::UnknownTask);
        assert_eq!(free(ALICE), before);
    });
}

#[test]
fn cancel_should_give_the_price_back() {
    market(0, || {
        let (alice, creator) = (free(ALICE), free(CREATOR));
        let id = submit(priced(1));
        assert_ok!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id));
        let back = 10_009 + PRICE;
        System::assert_last_event(
            Event::Refunded { task: id, reason: RefundReason::Cancelled, back, burnt: 0 }.into(),
        );
        run(40);
        assert_eq!((free(ALICE), free(CREATOR), Uses::get()), (alice, creator, vec![]));
    });
}

#[test]
fn cancel_should_take_the_task_out_of_the_queue_when_it_is_drawn_already() {
    market(0, || {
        let id = submit(terms(1));
        // The seed is there, and the block has no room to look for workers.
        run(15);
        Tasks::serve(&mut frame_support::weights::WeightMeter::with_limit(
            frame_support::weights::Weight::zero(),
        ));
        assert_ok!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id));
        assert_eq!(Queue::<Test>::iter_keys().count(), 0);
    });
}

#[test]
fn cancel_should_fail_when_workers_are_at_it() {
    market(1, || {
        let (id, _) = assigned(terms(1));
        assert_noop!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id), Error::<Test>::WrongStage);
    });
    market(3, || {
        let (id, workers) = assigned(terms(3));
        commit(id, workers[0], &answer(1));
        expire(id);
        // Two were late, and others are looked for.
        assert_eq!(task(id).stage, Stage::Queued);
        assert_noop!(Tasks::cancel(RuntimeOrigin::signed(ALICE), id), Error::<Test>::SeatTaken);
    });
}

#[test]
fn cancel_should_fail_when_results_were_shown() {
    market(PROVIDERS, || {
        let before = free(ALICE);
        let (id, _) = assigned(proven(3));
        let deposit = task(id).deposit;
        let refused = || {
            let cancelled = || Tasks::cancel(RuntimeOrigin::signed(ALICE), id);
            assert_eq!((task(id).stage, workers(id)), (Stage::Queued, vec![]));
            assert_noop!(cancelled(), Error::<Test>::ResultsShown);
        };
        deliver(id, &[1, 1, 2]);
        refused();
        run(18);
        // Nor when the five are late who were asked next, and nobody is at it again.
        expire(id);
        assert_eq!((task(id).redundancy, task(id).reassigned), (5, 1));
        refused();
        run(18);
        deliver(id, &[2; 5]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(ALICE), before - deposit - 15_000 - 900 - 109);
    });
}

#[test]
fn submit_should_fail_when_the_reserve_cannot_be_held() {
    market(1, || {
        let reward = free(ALICE) / 2;
        let dear = Terms { reward, ..proven(3) };
        let submit = |terms: Terms| Tasks::submit(RuntimeOrigin::signed(ALICE), Box::new(terms));
        assert_noop!(submit(dear.clone()), Error::<Test>::NotEnoughBalance);
        let endless = Terms { reward: u128::MAX / 2, ..proven(3) };
        assert_noop!(submit(endless), Error::<Test>::AmountTooLarge);
        assert_ok!(submit(Terms { redundancy: 1, ..dear }));
    });
}

#[test]
fn tasks_of_should_list_them_all_when_asked_page_by_page() {
    market(1, || {
        let submitted: Vec<TaskId> = (0..LISTED + 44).map(|_| submit(terms(1))).collect();
        let first = Tasks::tasks_of(&ALICE, None);
        assert_eq!(first.len(), LISTED);
        let rest = Tasks::tasks_of(&ALICE, first.last().copied());
        assert!(Tasks::tasks_of(&ALICE, rest.last().copied()).is_empty());
        let mut listed = [first, rest].concat();
        listed.sort_unstable();
        assert_eq!(listed, submitted);
        assert!(Tasks::tasks_of(&BOB, submitted.first().copied()).is_empty());
    });
}

#[test]
fn tasks_of_should_go_on_when_the_last_task_of_a_page_is_gone() {
    market(1, || {
        let submitted = [(); 5].map(|()| submit(terms(1)));
        let listed = Tasks::tasks_of(&ALICE, None);
        assert_eq!(listed.len(), submitted.len());
        TasksOf::<Test>::remove(ALICE, listed[2]);
        assert_eq!(Tasks::tasks_of(&ALICE, Some(listed[2])), listed[3..]);
        TasksOf::<Test>::insert(ALICE, listed[2], ());
    });
}
