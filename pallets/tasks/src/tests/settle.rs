use super::mock::*;
use crate::{Error, Event};
use cairn_protocol::{
    job::{JobKind, Seal, Terms},
    lifecycle::Stage,
};
use frame_support::{assert_noop, assert_ok};

#[test]
fn settle_should_pay_each_agreeing_worker_the_same() {
    market(3, || {
        let issued = Balances::total_issuance();
        let (id, workers) = assigned(terms(3));
        let before: Vec<_> = workers.iter().map(|one| free(owner(*one))).collect();
        let treasury = free(TREASURY);
        deliver(id, &[1, 1, 1]);
        run(21);
        assert_eq!(task(id).stage, Stage::Window);
        run(1);
        assert_eq!(task(id).stage, Stage::Settled);
        // 80 % of 9,900 is 7,920; the treasury has its 15 % and the creator's 5 %.
        for (worker, before) in workers.iter().zip(before) {
            assert_eq!(free(owner(*worker)), before + 2_640);
        }
        assert_eq!(free(TREASURY), treasury + 1_980);
        assert_eq!(Balances::total_issuance(), issued - 109);
        System::assert_has_event(Event::Settled { task: id, each: 2_640, burnt: 109 }.into());
        let share = (1_980 + 109) / 3;
        let shares: Vec<_> = workers.iter().map(|one| (*one, JobKind::Simulate, share)).collect();
        assert_eq!(Settlements::get(), shares);
    });
}

#[test]
fn settle_should_call_a_result_right_only_when_it_was_compared() {
    for (redundancy, known) in [(1, false), (3, true)] {
        market(3, || {
            let (id, workers) = assigned(terms(redundancy));
            deliver(id, &[1; 3]);
            expire(id);
            let score = Reputation::score(workers[0], JobKind::Simulate);
            assert!(score.timeliness > 500_000);
            assert_eq!(score.accuracy > 500_000, known);
        });
    }
}

#[test]
fn settle_should_pay_the_creator_of_the_model() {
    market(1, || {
        let (id, _) = assigned(proven(1));
        let (creator, treasury) = (free(CREATOR), free(TREASURY));
        deliver(id, &[1]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(CREATOR), creator + 495);
        assert_eq!(free(TREASURY), treasury + 1_485);
    });
}

#[test]
fn settle_should_pay_the_price_and_the_royalty_when_the_model_has_them() {
    market(3, || {
        let issued = Balances::total_issuance();
        let (id, workers) = assigned(priced(1));
        let (alice, creator, treasury) = (free(ALICE), free(CREATOR), free(TREASURY));
        let before = free(owner(workers[0]));
        deliver(id, &[1]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(task(id).escrow, Default::default());
        // 2 % of 9,900, and all of the price; the treasury has what the author does not ask for.
        assert_eq!(free(CREATOR), creator + 198 + PRICE);
        assert_eq!(free(TREASURY), treasury + 1_485 + 297);
        assert_eq!(free(owner(workers[0])), before + 7_920);
        assert_eq!((free(ALICE), Balances::total_issuance()), (alice, issued - 109));
        // Whoever made the model may have paid it to itself: it is worth nothing as work.
        assert_eq!(Settlements::get(), [(workers[0], JobKind::Infer, 1_485 + 297 + 109)]);
    });
}

#[test]
fn settle_should_count_the_use_of_a_model_once() {
    market(3, || {
        for terms in [priced(3), proven(1), terms(1)] {
            let (id, _) = assigned(terms);
            assert_eq!(task(id).stage, Stage::Assigned);
            deliver(id, &[1; 3]);
            expire(id);
            assert_eq!(task(id).stage, Stage::Settled);
        }
        assert_eq!(Uses::get(), [PRICED, MODEL]);
    });
}

#[test]
fn a_price_should_come_back_when_the_task_is_refunded() {
    market(PROVIDERS, || {
        let (alice, creator) = (free(ALICE), free(CREATOR));
        let (id, _) = assigned(priced(9));
        deliver(id, &[1, 1, 1, 1, 1, 1, 1, 1, 2]);
        assert_eq!(task(id).stage, Stage::Refunded);
        assert_eq!(free(ALICE), alice - task(id).deposit);
        assert_eq!((free(CREATOR), Uses::get()), (creator, vec![]));
    });
    // All but the fee, where the requester gives no keys.
    market(1, || {
        let before = free(ALICE);
        let seal = Some(Seal { commitment: [1; 32], key_blocks: 10 });
        let (id, _) = assigned(Terms { seal, ..priced(1) });
        assert_eq!(task(id).stage, Stage::AwaitingKeys);
        expire(id);
        assert_eq!(task(id).stage, Stage::Refunded);
        assert_eq!(free(ALICE), before - task(id).deposit - 109);
    });
}

#[test]
fn a_wider_draw_should_be_offered_and_paid_what_the_first_was() {
    market(PROVIDERS, || {
        let before = free(ALICE);
        // So dear a unit that nobody would come for a fifth of the reward.
        let mut dear = proven(3);
        dear.job.units = 3_000;
        let (id, _) = assigned(dear);
        let (deposit, escrow) = (task(id).deposit, task(id).escrow);
        assert_eq!((escrow.reward, escrow.reserve), (9_000, 18_000));
        assert_eq!(free(ALICE), before - deposit - 9_000 - 18_000 - 900 - 109);
        deliver(id, &[1, 1, 2]);
        run(18);
        let workers = workers(id);
        assert_eq!(workers.len(), 5);
        let paid: Vec<_> = workers.iter().map(|one| free(owner(*one))).collect();
        deliver(id, &[1; 5]);
        expire(id);
        // 80 % of 3,000 for each, and of a fifth of the tip.
        System::assert_has_event(Event::Settled { task: id, each: 2_544, burnt: 109 }.into());
        for (one, before) in workers.iter().zip(paid) {
            assert_eq!(free(owner(*one)), before + 2_544);
        }
        // The other four of nine were not asked.
        assert_eq!(free(ALICE), before - deposit - 15_000 - 900 - 109);
        assert_eq!(task(id).escrow, Default::default());
    });
}

#[test]
fn a_reserve_should_come_back_when_it_is_not_needed() {
    market(PROVIDERS, || {
        let before = free(ALICE);
        let (id, workers) = assigned(proven(3));
        let deposit = task(id).deposit;
        // The third is late; a part of the reward is for nobody.
        workers.iter().take(2).for_each(|one| commit(id, *one, &answer(1)));
        expire(id);
        workers.iter().take(2).for_each(|one| reveal(id, *one, &answer(1)));
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(ALICE), before - deposit - 6_000 - 900 - 109);
    });
    // All of it, where all rounds contradict each other.
    market(PROVIDERS, || {
        let before = free(ALICE);
        let (id, _) = assigned(proven(5));
        assert_eq!(task(id).escrow.reserve, 7_200);
        deliver(id, &[1, 1, 1, 1, 2]);
        run(18);
        deliver(id, &[1, 1, 1, 1, 1, 1, 1, 1, 2]);
        assert_eq!(task(id).stage, Stage::Refunded);
        assert_eq!(free(ALICE), before - task(id).deposit);
    });
}

#[test]
fn settle_should_pay_nothing_to_a_minority() {
    market(3, || {
        let (id, workers) = assigned(terms(3));
        let before = free(owner(workers[1]));
        deliver(id, &[1, 2, 1]);
        expire(id);
        assert_eq!(free(owner(workers[1])), before);
        System::assert_has_event(Event::Settled { task: id, each: 3_960, burnt: 109 }.into());
        // Wrong, and no more than that: a majority convicts nobody.
        assert_eq!(Providers::card(workers[1]).expect("it is registered").pending, 0);
    });
}

#[test]
fn settle_should_keep_nothing_back_when_somebody_cannot_be_paid() {
    let close = |account| {
        let origin = RuntimeOrigin::signed(account);
        assert_ok!(Balances::transfer_all(origin, BOB, false));
    };
    // The creator's 45 are less than an account may hold: the treasury has them.
    market(1, || {
        let (id, _) = assigned(Terms { reward: 900, tip: 0, ..proven(1) });
        close(CREATOR);
        deliver(id, &[1]);
        let treasury = free(TREASURY);
        expire(id);
        assert_eq!((free(CREATOR), free(TREASURY)), (0, treasury + 180));
    });
    // So are the treasury's 60: they are burnt, with the fee of 13.
    market(1, || {
        let (id, workers) = assigned(Terms { reward: 300, tip: 0, ..terms(1) });
        close(TREASURY);
        deliver(id, &[1]);
        let (issued, paid) = (Balances::total_issuance(), free(owner(workers[0])));
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(owner(workers[0])), paid + 240);
        assert_eq!(Balances::total_issuance(), issued - 60 - 13);
    });
}

#[test]
fn a_settled_task_should_be_forgotten_and_its_deposit_returned() {
    market(1, || {
        let before = free(ALICE);
        let (id, _) = assigned(terms(1));
        deliver(id, &[1]);
        expire(id);
        expire(id);
        assert_eq!(free(ALICE), before - 9_000 - 900 - 109);
        assert_eq!(crate::Tasks::<Test>::get(id), None);
        assert_eq!(crate::Answers::<Test>::iter().count(), 0);
        System::assert_last_event(Event::Pruned { task: id }.into());
    });
}

#[test]
fn a_provider_should_not_withdraw_before_its_work_is_settled() {
    market(1, || {
        let (id, workers) = assigned(terms(1));
        let origin = || RuntimeOrigin::signed(owner(workers[0]));
        deliver(id, &[1]);
        assert_ok!(Providers::leave(origin(), workers[0]));
        System::set_block_number(System::block_number() + 300);
        assert_noop!(
            Providers::withdraw(origin(), workers[0]),
            pallet_cairn_providers::Error::<Test>::Engaged
        );
        assert_ok!(Tasks::poke(RuntimeOrigin::signed(BOB), id));
        assert_ok!(Providers::withdraw(origin(), workers[0]));
    });
}

#[test]
fn acknowledge_should_be_noted_once_and_by_the_requester() {
    market(1, || {
        let (id, _) = assigned(terms(1));
        let acknowledge = |who| Tasks::acknowledge(RuntimeOrigin::signed(who), id);
        assert_noop!(acknowledge(ALICE), Error::<Test>::WrongStage);
        deliver(id, &[1]);
        assert_noop!(acknowledge(BOB), Error::<Test>::NotTheRequester);
        assert_ok!(acknowledge(ALICE));
        System::assert_last_event(Event::Acknowledged { task: id }.into());
        assert_noop!(acknowledge(ALICE), Error::<Test>::AcknowledgedAlready);
    });
}

#[test]
fn no_clock_should_advance_while_the_chain_is_stopped() {
    use frame_support::traits::SafeModeNotify;
    market(1, || {
        let (id, workers) = assigned(terms(1));
        let (due, stopped_at) = (task(id).due, now());
        Clock::entered();
        run(1_000);
        assert_eq!(task(id).stage, Stage::Assigned);
        let late = Tasks::commit(RuntimeOrigin::signed(operator(workers[0])), id, [1; 32]);
        assert_eq!(late.map_err(|error| error.error), Err(Error::<Test>::ChainStopped.into()));
        Clock::exited();
        assert!(now() <= stopped_at + 1 && task(id).due == due);
        deliver(id, &[1]);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
    });
}
