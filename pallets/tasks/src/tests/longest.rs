//! How long a provider can be called to account, which unbonding has to outlast.

use super::mock::*;
use crate::types::*;
use cairn_protocol::{
    audit::Verdict,
    id::{ContentId, Height, ProviderId, TaskId},
    job::{Seal, Terms},
    lifecycle::Stage,
    result::{Answer, Output},
};
use cairn_seams::Beacon;
use frame_support::assert_ok;

/// Passes blocks up to the last in which something may be done in this stage.
fn last_moment(id: TaskId) {
    while now() < task(id).due {
        run(1);
    }
}

fn wait_for(id: TaskId, stage: Stage) {
    for _ in 0..100 {
        if task(id).stage == stage {
            return;
        }
        run(1);
    }
    panic!("{:?} instead of {stage:?}", task(id).stage);
}

fn result() -> Answer {
    Answer { output: Output::Artifact { id: ContentId([7; 32]), bytes: 30_000 }, ..answer(0) }
}

fn post_keys(id: TaskId) {
    let seats = task(id).seats;
    for seat in seats.iter().filter(|seat| seat.progress == Progress::Locked) {
        let key = WrappedKey::Inline(vec![4; 1_168].try_into().expect("it is a wrapped key"));
        assert_ok!(Tasks::post_key(RuntimeOrigin::signed(ALICE), id, seat.provider, key));
    }
}

fn engagements(provider: ProviderId) -> u32 {
    Providers::card(provider).expect("it is registered").engagements
}

/// Of those who are at work all but `silent` commit, as late as may be.
fn commit_all_but(id: TaskId, silent: usize) {
    post_keys(id);
    assert_eq!(task(id).stage, Stage::Assigned);
    last_moment(id);
    let seats = task(id).seats;
    let working: Vec<_> = seats.iter().filter(|seat| seat.progress == Progress::Working).collect();
    for seat in &working[..working.len() - silent] {
        commit(id, seat.provider, &result());
    }
    wait_for(id, Stage::Committed);
    last_moment(id);
}

fn reveal_of(id: TaskId, seats: impl IntoIterator<Item = Seat>) {
    let hidden = |seat: &Seat| matches!(seat.progress, Progress::Committed(_));
    for seat in seats.into_iter().filter(hidden) {
        reveal(id, seat.provider, &result());
    }
}

/// Blocks that the first of the workers has its seat when everybody takes all the time there is,
/// and others are asked again beside it as often as may be.
fn slowest(redundancy: u8) -> Height {
    let clocks = RULES.clocks;
    let seal = Seal { commitment: [3; 32], key_blocks: clocks.keys_most };
    let id = submit(Terms {
        seal: Some(seal),
        work_blocks: clocks.work_most,
        auditable: true,
        ..terms(redundancy)
    });
    wait_for(id, Stage::AwaitingKeys);
    let began = task(id).due - clocks.keys_most;
    let patient = workers(id)[0];
    let again = if redundancy == 1 { 0 } else { RULES.draws.reassignments };
    for _ in 0..again {
        last_moment(id);
        // One commits and hides it, one does nothing.
        commit_all_but(id, 1);
        reveal_of(id, task(id).seats.iter().copied().filter(|seat| seat.provider == patient));
        wait_for(id, Stage::Queued);
        wait_for(id, Stage::AwaitingKeys);
    }
    last_moment(id);
    commit_all_but(id, 0);
    reveal_of(id, task(id).seats);
    assert_eq!(task(id).stage, Stage::Audited);
    last_moment(id);
    judge_audit(id, Verdict::Passed, &[]);
    for (left, worker) in (0..).zip(workers(id)).collect::<Vec<_>>().into_iter().rev() {
        // The window goes on in the block after, with what was left of it.
        while now() + left < task(id).due {
            run(1);
        }
        assert_ok!(Tasks::complain_unavailable(RuntimeOrigin::signed(ALICE), id, worker));
        while task(id).stage == Stage::Contested {
            assert_eq!(engagements(patient), 1);
            run(1);
        }
    }
    assert_eq!((task(id).stage, engagements(patient)), (Stage::Refunded, 0));
    now() - began
}

#[test]
fn a_seat_should_last_as_long_as_the_rules_say_at_most() {
    market(PROVIDERS, || {
        let seed = Entropy::delay();
        let (alone, among) = (RULES.longest_alone(seed, AUDIT), RULES.longest_among(seed, AUDIT));
        // What nobody can use up here: the blocks in which a stage would have been left, six
        // more workers to complain about, and time to find others.
        let looks = 4;
        let took = slowest(1);
        assert!((alone - looks..=alone).contains(&took), "{took} of {alone}");
        let again = Height::from(RULES.draws.reassignments);
        let complaints = 6 * (seed + RULES.complaints.show + 1);
        let sought = again * (RULES.clocks.rematch - seed);
        let looks = looks * (again + 1);
        let unused = complaints + sought + looks;
        let took = slowest(3);
        assert!((among - unused..=among).contains(&took), "{took} of {among}");
    });
}
