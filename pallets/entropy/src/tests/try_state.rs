use super::mock::*;
use crate::{
    types::{Contribution, Round, Stage, Value, Window},
    *,
};
use cairn_protocol::id::ProviderId;
use frame_support::storage::{with_transaction, TransactionOutcome};
use sp_runtime::DispatchError;

/// Breaks something, sees that it is noticed, and takes it back.
fn assert_noticed(broken: &'static str, damage: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        damage();
        found = Entropy::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(broken.into()));
    Entropy::do_try_state().unwrap();
}

fn change_trace(change: impl FnOnce(&mut TraceOf<Test>)) {
    BlockTrace::<Test>::mutate(|trace| change(trace.as_mut().unwrap()));
}

fn change_contributions(change: impl FnOnce(&mut Vec<ContributionOf<Test>>)) {
    let mut contributions = Contributions::<Test>::get().into_inner();
    change(&mut contributions);
    Contributions::<Test>::put(frame_support::BoundedVec::truncate_from(contributions));
}

#[test]
fn try_state_should_fail_when_the_trace_is_broken() {
    execute(|| {
        run_to(30);
        assert_noticed("trace_is_past", || change_trace(|trace| trace.recorded = 31));
        assert_noticed("trace_is_past", || change_trace(|trace| trace.next = 30));
        assert_noticed("authors_are_in_order", || {
            change_trace(|trace| trace.authors[1] = trace.authors[0]);
        });
        assert_noticed("authors_are_in_order", || {
            change_trace(|trace| trace.authors[2].0 = trace.authors[0].0);
        });
        assert_noticed("authors_are_in_order", || {
            change_trace(|trace| trace.authors[0].1 = 30);
        });
    });
}

#[test]
fn try_state_should_fail_when_a_window_is_broken() {
    execute(|| {
        request(0);
        run_to(10);
        request(1);
        run_to(25);
        request(2);
        let open = Stage::Open { before: [0; 32] };
        let closed = Stage::Closed { seed: [0; 32] };
        let set = |height, tickets, due, stage: &Stage| {
            let window = Window { tickets, due, stage: stage.clone() };
            move || Windows::<Test>::insert(height, window)
        };
        assert_noticed("windows_have_tickets", set(10, 0, 26, &open));
        assert_noticed("windows_are_past", set(26, 1, 42, &Stage::Announced));
        assert_noticed("windows_are_long_enough", set(10, 1, 25, &open));
        assert_noticed("stages_follow_the_trace", set(10, 1, 26, &Stage::Announced));
        assert_noticed("stages_follow_the_trace", set(10, 1, 26, &closed));
        assert_noticed("stages_follow_the_trace", set(1, 1, 17, &open));
        assert_noticed("stages_follow_the_trace", set(25, 1, 41, &open));
        assert_noticed("no_window_closes_early", set(1, 1, 30, &closed));
    });
}

#[test]
fn try_state_should_fail_when_a_round_is_broken() {
    execute(|| {
        commit(ALICE, [1; 32]);
        commit(BOB, [2; 32]);
        assert_noticed("round_is_past", || {
            CurrentRound::<Test>::put(Round { began: 2, length: ROUND });
        });
        assert_noticed("contributors_differ", || {
            change_contributions(|contributions| contributions[1].contributor = ALICE);
        });
        assert_noticed("contributors_differ", || {
            change_contributions(|contributions| contributions[1].provider = ProviderId(1));
        });
        let revealed = || Value::Revealed { value: [1; 32] };
        assert_noticed("nobody_reveals_early", || {
            change_contributions(|contributions| contributions[0].value = revealed());
        });
        assert_noticed("mix_settles_in_its_round", || {
            ContributedMix::<Test>::mutate(|mix| mix.settles_at = 22);
        });
        run_to(11);
        assert_noticed("holds_equal_stakes", || {
            change_contributions(|contributions| contributions[0].value = revealed());
        });
        assert_noticed("holds_equal_stakes", || {
            let value = Value::Sealed { commitment: [0; 32], stake: STAKE };
            let more = Contribution { contributor: DAVE, provider: ProviderId(4), value };
            change_contributions(|contributions| contributions.push(more));
        });
    });
}
