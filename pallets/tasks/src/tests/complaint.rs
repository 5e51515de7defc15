use super::mock::*;
use crate::{types::*, Complaints, Error, Event, HoldReason};
use cairn_protocol::{
    chunk::{self, Proof},
    id::{ProviderId, TaskId},
    job::JobKind,
    lifecycle::Stage,
    result::{Answer, Output},
};
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::InspectHold, OnFinalize, OnInitialize},
    BoundedVec,
};

/// Of thirty chunks, the last one short.
fn artifact() -> Vec<u8> {
    (0..29 * 1_024 + 100u32).map(|at| (at / 7) as u8).collect()
}

fn answer_of(bytes: &[u8], length: u64) -> Answer {
    Answer { output: Output::Artifact { id: chunk::content(bytes), bytes: length }, ..answer(0) }
}

/// A task whose workers all agree on an artifact, and say that it is so long.
fn agreed_on(workers: u8, length: u64) -> (TaskId, Vec<ProviderId>) {
    let (id, workers) = assigned(terms(workers));
    let answer = answer_of(&artifact(), length);
    workers.iter().for_each(|one| commit(id, *one, &answer));
    workers.iter().for_each(|one| reveal(id, *one, &answer));
    assert_eq!(task(id).stage, Stage::Window);
    (id, workers)
}

fn agreed(workers: u8) -> (TaskId, Vec<ProviderId>) {
    agreed_on(workers, artifact().len() as u64)
}

fn complain(id: TaskId, provider: ProviderId) {
    assert_ok!(Tasks::complain_unavailable(RuntimeOrigin::signed(ALICE), id, provider));
}

/// Blocks that leave no room for moving tasks on.
fn full_blocks(count: u32) {
    for _ in 0..count {
        let number = System::block_number();
        AllPalletsWithSystem::on_finalize(number);
        System::set_block_number(number + 1);
        AllPalletsWithSystem::on_initialize(number + 1);
    }
}

/// Waits until the chunks are drawn, and proves them.
fn proofs(id: TaskId, bytes: &[u8]) -> Vec<Proof> {
    run(18);
    prove_all(id, bytes)
}

fn prove_all(id: TaskId, bytes: &[u8]) -> Vec<Proof> {
    let complaint = Tasks::view(id).and_then(|view| view.complaint).expect("one is open");
    let prove = |index: &u64| chunk::prove(bytes, *index).expect("there is such a chunk");
    complaint.chunks.iter().map(prove).collect()
}

type Done = frame_support::dispatch::DispatchResultWithPostInfo;

fn show(id: TaskId, provider: ProviderId, proofs: &[Proof]) -> Done {
    let proofs = BoundedVec::truncate_from(proofs.to_vec());
    Tasks::show(RuntimeOrigin::signed(operator(provider)), id, proofs)
}

fn held(account: AccountId) -> u128 {
    Balances::balance_on_hold(&HoldReason::Complaint.into(), &account)
}

fn standing(provider: ProviderId) -> u32 {
    Reputation::score(provider, JobKind::Simulate).availability
}

#[test]
fn complain_should_ask_for_drawn_chunks_when_the_result_is_an_artifact() {
    market(1, || {
        let (id, workers) = agreed(1);
        run(5);
        let before = free(ALICE);
        complain(id, workers[0]);
        let happened = Event::Complained { task: id, provider: workers[0] };
        System::assert_last_event(happened.into());
        assert_eq!((free(ALICE), held(ALICE)), (before - 200, 200));
        assert_eq!(task(id).stage, Stage::Contested);
        let view = Tasks::view(id).expect("it is kept");
        assert_eq!(view.waits_for, cairn_protocol::view::WaitsFor::Chain);
        let (started, ready) = (now(), now() + 17);
        assert_eq!(task(id).due, ready + 15);
        run(17);
        System::reset_events();
        run(1);
        // The worker's time begins with the draw.
        assert_eq!(task(id).due, started + 17 + 15);
        let view = Tasks::view(id).expect("it is kept");
        assert_eq!(view.waits_for, cairn_protocol::view::WaitsFor::Results(workers.clone()));
        let chunks = view.complaint.expect("one is open").chunks;
        assert_eq!((chunks.len(), chunks.last()), (5, Some(&29)));
        let due = task(id).due;
        let asked = Event::ChunksAsked { task: id, provider: workers[0], chunks, due };
        System::assert_has_event(asked.into());
    });
}

#[test]
fn complain_should_be_refused_when_there_is_nothing_to_complain_about() {
    market(3, || {
        let complain =
            |who, id, one| Tasks::complain_unavailable(RuntimeOrigin::signed(who), id, one);
        let (id, workers) = assigned(terms(3));
        let worker = workers[0];
        assert_noop!(complain(ALICE, id, worker), Error::<Test>::WrongStage);
        assert_noop!(complain(ALICE, TaskId(9), worker), Error::<Test>::UnknownTask);
        deliver(id, &[1, 1, 2]);
        assert_noop!(complain(ALICE, id, worker), Error::<Test>::NotAnArtifact);
        assert_noop!(complain(BOB, id, worker), Error::<Test>::NotTheRequester);
        // It was outvoted, and is not paid anyway.
        assert_noop!(complain(ALICE, id, workers[2]), Error::<Test>::NotAssigned);
        let (id, workers) = agreed(3);
        let send =
            |to, amount| Balances::transfer_allow_death(RuntimeOrigin::signed(ALICE), to, amount);
        let rest = free(ALICE) - 299;
        assert_ok!(send(BOB, rest));
        assert_noop!(complain(ALICE, id, workers[0]), Error::<Test>::NotEnoughBalance);
        assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(BOB), ALICE, 1));
        assert_ok!(complain(ALICE, id, workers[0]));
    });
}

#[test]
fn complain_should_be_refused_when_the_window_is_over() {
    market(1, || {
        let (id, workers) = agreed(1);
        let due = task(id).due;
        // Full blocks leave no room for settling it.
        full_blocks(due + 1 - now());
        let late = Tasks::complain_unavailable(RuntimeOrigin::signed(ALICE), id, workers[0]);
        assert_eq!(late, Err(Error::<Test>::TooLate.into()));
    });
}

#[test]
fn show_should_earn_the_deposit_and_go_on_with_the_window() {
    market(1, || {
        let (id, workers) = agreed(1);
        run(5);
        let rest = task(id).due - now();
        complain(id, workers[0]);
        let proofs = proofs(id, &artifact());
        assert_eq!(proofs.len(), 5);
        let (before, work) = (free(owner(workers[0])), Providers::card(workers[0]));
        let shown = show(id, workers[0], &proofs).expect("they are proven");
        assert_eq!(shown.pays_fee, frame_support::dispatch::Pays::No);
        assert_eq!((free(owner(workers[0])), held(ALICE)), (before + 200, 0));
        assert_eq!((task(id).stage, task(id).due), (Stage::Window, now() + rest));
        let happened = Event::Shown { task: id, provider: workers[0], due: now() + rest };
        System::assert_last_event(happened.into());
        assert_eq!(Providers::card(workers[0]), work);
        // It has answered, and is not asked again.
        let again = Tasks::complain_unavailable(RuntimeOrigin::signed(ALICE), id, workers[0]);
        assert_eq!(again, Err(Error::<Test>::ComplainedAlready.into()));
        assert_noop!(show(id, workers[0], &proofs), Error::<Test>::WrongStage);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        assert_eq!(free(owner(workers[0])), before + 200 + 7_920);
        expire(id);
        assert_eq!(Complaints::<Test>::get(id), None);
    });
}

#[test]
fn show_should_be_refused_when_it_is_not_what_was_asked_for() {
    market(3, || {
        let (id, workers) = agreed(3);
        let bytes = artifact();
        complain(id, workers[0]);
        let early = vec![chunk::prove(&bytes, 29).expect("the last"); 5];
        assert_noop!(show(id, workers[0], &early), Error::<Test>::ChunksNotDrawn);
        assert_noop!(show(id, workers[1], &early), Error::<Test>::NothingToShow);
        let proofs = proofs(id, &bytes);
        assert_noop!(show(id, workers[0], &proofs[..4]), Error::<Test>::WrongNumberOfChunks);
        assert_noop!(show(id, workers[0], &early), Error::<Test>::ChunkNotProven);
        let mut swapped = proofs.clone();
        swapped.swap(1, 2);
        assert_noop!(show(id, workers[0], &swapped), Error::<Test>::ChunkNotProven);
        let mut flipped = proofs.clone();
        flipped[4].chunk[99] ^= 1;
        assert_noop!(show(id, workers[0], &flipped), Error::<Test>::ChunkNotProven);
        let stranger = Tasks::show(RuntimeOrigin::signed(ALICE), id, Default::default());
        assert_eq!(stranger.map_err(|it| it.error), Err(Error::<Test>::NotAnOperator.into()));
        let due = task(id).due;
        full_blocks(due + 1 - now());
        assert_noop!(show(id, workers[0], &proofs), Error::<Test>::TooLate);
    });
}

#[test]
fn a_withheld_result_should_be_refunded_when_nobody_else_gave_it() {
    market(1, || {
        let (before, issued) = (free(ALICE), Balances::total_issuance());
        let (id, workers) = agreed(1);
        assert_ok!(Tasks::acknowledge(RuntimeOrigin::signed(ALICE), id));
        let (paid, stood) = (free(owner(workers[0])), standing(workers[0]));
        complain(id, workers[0]);
        run(18);
        System::reset_events();
        expire(id);
        System::assert_has_event(Event::Withheld { task: id, provider: workers[0] }.into());
        let back = 9_000 + 900 + 109;
        let reason = RefundReason::Withheld;
        System::assert_has_event(Event::Refunded { task: id, reason, back, burnt: 0 }.into());
        assert_eq!(task(id).stage, Stage::Refunded);
        assert_eq!(held(ALICE), 0);
        assert_eq!(free(ALICE), before - task(id).deposit);
        assert_eq!((free(owner(workers[0])), Balances::total_issuance()), (paid, issued));
        // A hundredth of its bond is to be slashed, and it is free to go.
        let card = Providers::card(workers[0]).expect("it is registered");
        assert_eq!((card.pending, card.load, card.engagements), (200, 0, 0));
        assert!(standing(workers[0]) < stood);
    });
}

#[test]
fn a_withheld_result_should_leave_the_pay_to_those_who_are_left() {
    market(3, || {
        let (id, workers) = agreed(3);
        let before: Vec<_> = workers.iter().map(|one| free(owner(*one))).collect();
        run(5);
        let rest = task(id).due - now();
        complain(id, workers[1]);
        expire(id);
        assert_eq!((task(id).stage, task(id).due + 1), (Stage::Window, now() + rest));
        assert_eq!(super::mock::workers(id), [workers[0], workers[2]]);
        let cards = workers.iter().map(|one| Providers::card(*one).expect("it is registered"));
        let work: Vec<_> = cards.map(|card| (card.load, card.engagements)).collect();
        assert_eq!(work, [(0, 1), (0, 0), (0, 1)]);
        // The others may be complained about still, and not the one that left.
        let again = Tasks::complain_unavailable(RuntimeOrigin::signed(ALICE), id, workers[1]);
        assert_eq!(again, Err(Error::<Test>::NotAssigned.into()));
        complain(id, workers[2]);
        let proofs = proofs(id, &artifact());
        assert_ok!(show(id, workers[2], &proofs));
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        let paid: Vec<_> =
            workers.iter().zip(before).map(|(one, before)| free(owner(*one)) - before).collect();
        assert_eq!(paid, [3_960, 0, 3_960 + 200]);
    });
}

#[test]
fn a_withheld_part_should_go_back_when_each_is_paid_by_itself() {
    market(3, || {
        let before = free(ALICE);
        let (id, workers) = assigned(proven(3));
        let bytes = artifact();
        let answer = answer_of(&bytes, bytes.len() as u64);
        workers.iter().for_each(|one| commit(id, *one, &answer));
        workers.iter().for_each(|one| reveal(id, *one, &answer));
        let deposit = task(id).deposit;
        complain(id, workers[0]);
        run(40);
        assert_eq!(task(id).seats.len(), 2);
        expire(id);
        assert_eq!(task(id).stage, Stage::Settled);
        // 3,000 for each of two, and the tip.
        System::assert_has_event(Event::Settled { task: id, each: 2_760, burnt: 109 }.into());
        assert_eq!(free(ALICE), before - deposit - 6_000 - 900 - 109);
    });
}

#[test]
fn a_lied_length_should_count_as_withheld() {
    let length = artifact().len() as u64;
    for lied in [0, 1, length - 1, length + 1, 30 * 1_024, 31 * 1_024, u64::MAX] {
        market(1, || {
            let (id, workers) = agreed_on(1, lied);
            complain(id, workers[0]);
            run(18);
            let complaint = Tasks::view(id).and_then(|view| view.complaint).expect("one is open");
            let bytes = artifact();
            // The best it can do.
            let last = chunk::prove(&bytes, 29).expect("there is one");
            let best = |index: &u64| chunk::prove(&bytes, *index).unwrap_or(last.clone());
            let proofs: Vec<_> = complaint.chunks.iter().map(best).collect();
            assert_noop!(show(id, workers[0], &proofs), Error::<Test>::ChunkNotProven);
            expire(id);
            assert_eq!(task(id).stage, Stage::Refunded);
        });
    }
}

#[test]
fn an_empty_result_should_be_shown_as_such() {
    market(1, || {
        let (id, workers) = assigned(terms(1));
        let answer = answer_of(&[], 0);
        commit(id, workers[0], &answer);
        reveal(id, workers[0], &answer);
        complain(id, workers[0]);
        let proofs = proofs(id, &[]);
        assert_eq!(proofs.len(), 1);
        assert_ok!(show(id, workers[0], &proofs));
    });
}

#[test]
fn a_worker_should_have_all_its_time_when_the_draw_is_late() {
    market(1, || {
        let (id, workers) = agreed(1);
        complain(id, workers[0]);
        // No block has room to look at it until it is overdue.
        full_blocks(40);
        assert!(now() > task(id).due);
        assert_ok!(Tasks::poke(RuntimeOrigin::signed(BOB), id));
        assert_eq!((task(id).stage, task(id).due), (Stage::Contested, now() + 15));
        let early = Tasks::poke(RuntimeOrigin::signed(BOB), id).map_err(|it| it.error);
        assert_eq!(early, Err(Error::<Test>::TooEarly.into()));
        assert_ok!(show(id, workers[0], &prove_all(id, &artifact())));
    });
}
