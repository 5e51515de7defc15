use super::mock::*;
use crate::{types::*, weights::WeightInfo, Challenges, Error, Event};
use cairn_protocol::{
    id::{Digest, ProviderId},
    profile::DeviceClass,
};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchResultWithPostInfo, Pays},
    traits::SafeModeNotify,
};

const RIGHT: Digest = [1; 32];

fn try_reveal(
    id: ChallengeId,
    who: u64,
    answer: Digest,
    salt: Digest,
) -> DispatchResultWithPostInfo {
    Capability::reveal(RuntimeOrigin::signed(who), id, answer, salt)
}

#[test]
fn reveal_should_cost_nothing_and_have_the_last_one_judged() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        all.iter().for_each(|one| commit(id, *one, RIGHT));
        System::reset_events();
        let by = |nth: usize| try_reveal(id, operator(all[nth]), RIGHT, salt(all[nth])).unwrap();
        let first = by(0);
        assert_eq!(first.pays_fee, Pays::No);
        assert_eq!(first.actual_weight, Some(<() as WeightInfo>::reveal()));
        assert_eq!(
            challenge(id).member(all[0]).unwrap().progress,
            Progress::Revealed { answer: RIGHT, latency: Some(1) },
        );
        let event = Event::Revealed { challenge: id, provider: all[0], answer: RIGHT };
        assert_eq!(events(), [event]);
        by(1);
        assert!(Challenges::<Test>::contains_key(id));
        let last = by(2);
        assert_eq!((last.pays_fee, last.actual_weight), (Pays::No, None));
        assert!(!Challenges::<Test>::contains_key(id));
        let agreed = Outcome::Agreed { throughput: Some(20_000) };
        let outcomes = all.iter().map(|one: &ProviderId| (*one, agreed)).collect();
        let judged = Event::Judged { challenge: id, answer: Some(RIGHT), outcomes };
        System::assert_last_event(judged.into());
    });
}

#[test]
fn reveal_should_fail_while_others_may_commit() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let first = || try_reveal(id, operator(all[0]), RIGHT, salt(all[0]));
        commit(id, all[0], RIGHT);
        commit(id, all[1], RIGHT);
        assert_noop!(first(), Error::<Test>::RevealsClosed);
        after(id, COMMIT_BLOCKS.into());
        assert_noop!(first(), Error::<Test>::RevealsClosed);
        run(1);
        assert_ok!(first());
    });
}

#[test]
fn reveal_should_open_the_reveals_when_a_full_block_did_not() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        commit(id, all[0], RIGHT);
        commit(id, all[1], RIGHT);
        after(id, COMMIT_BLOCKS.into());
        for _ in 0..3 {
            full_block();
        }
        assert_eq!(challenge(id).stage, Stage::Commits);
        let unready = try_reveal(id, operator(all[2]), RIGHT, salt(all[2]));
        assert_eq!(unready.unwrap_err().error, Error::<Test>::NothingCommitted.into());
        reveal(id, all[0], RIGHT);
        let due = challenge(id).commit_by + REVEAL_BLOCKS;
        assert_eq!((challenge(id).stage, challenge(id).due), (Stage::Reveals, due));
        System::assert_has_event(Event::RevealsOpened { challenge: id, due }.into());
        reveal(id, all[1], RIGHT);
        assert_eq!(outcome(all[2]), Outcome::Silent);
    });
}

#[test]
fn reveal_should_fail_when_too_few_committed() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let one = members(id)[0];
        commit(id, one, RIGHT);
        after(id, COMMIT_BLOCKS.into());
        full_block();
        let revealed = try_reveal(id, operator(one), RIGHT, salt(one));
        assert_noop!(revealed, Error::<Test>::RevealsClosed);
    });
}

#[test]
fn reveal_should_fail_when_it_is_not_the_members_to_make() {
    execute(|| {
        let all = crowd(4, DeviceClass::Gpu);
        let id = challenged();
        let drawn = members(id);
        let other = *all.iter().find(|one| !drawn.contains(one)).unwrap();
        commit(id, drawn[0], RIGHT);
        commit(id, drawn[1], RIGHT);
        after(id, u64::from(COMMIT_BLOCKS) + 1);
        let by = |who, id| try_reveal(id, who, RIGHT, salt(drawn[0]));
        assert_noop!(by(STRANGER, id), Error::<Test>::NotOperator);
        assert_noop!(by(operator(other), id), Error::<Test>::NotMember);
        assert_noop!(by(operator(drawn[0]), 99), Error::<Test>::UnknownChallenge);
        assert_noop!(by(operator(drawn[2]), id), Error::<Test>::NothingCommitted);
        reveal(id, drawn[0], RIGHT);
        assert_noop!(by(operator(drawn[0]), id), Error::<Test>::AlreadyRevealed);
        Clock::entered();
        assert_noop!(by(operator(drawn[1]), id), Error::<Test>::Stopped);
        Clock::exited();
    });
}

#[test]
fn reveal_should_fail_when_it_is_not_what_was_committed_to() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        commit(id, all[0], RIGHT);
        // Another's commitment, copied.
        let copied = commitment(id, all[0], RIGHT);
        let signed = RuntimeOrigin::signed(operator(all[1]));
        assert_ok!(Capability::commit(signed, id, copied));
        // One of another challenge.
        let old = commitment(id + 1, all[2], RIGHT);
        let signed = RuntimeOrigin::signed(operator(all[2]));
        assert_ok!(Capability::commit(signed, id, old));
        let by = |nth: usize, answer, salt| try_reveal(id, operator(all[nth]), answer, salt);
        assert_noop!(by(0, [2; 32], salt(all[0])), Error::<Test>::WrongReveal);
        assert_noop!(by(0, RIGHT, [0; 32]), Error::<Test>::WrongReveal);
        reveal(id, all[0], RIGHT);
        assert_noop!(by(1, RIGHT, salt(all[0])), Error::<Test>::WrongReveal);
        assert_noop!(by(2, RIGHT, salt(all[2])), Error::<Test>::WrongReveal);
        // Who copied is silent in the end, and who did not is not judged.
        run(u64::from(REVEAL_BLOCKS) + 2);
        assert_eq!(outcome(all[0]), Outcome::Unjudged);
        assert_eq!(outcome(all[1]), Outcome::Silent);
    });
}

#[test]
fn reveal_should_fail_when_it_is_late() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        all.iter().for_each(|one| commit(id, *one, RIGHT));
        for _ in 0..REVEAL_BLOCKS {
            full_block();
        }
        reveal(id, all[0], RIGHT);
        full_block();
        assert_eq!(now(), challenge(id).due + 1);
        let late = try_reveal(id, operator(all[1]), RIGHT, salt(all[1]));
        assert_noop!(late, Error::<Test>::TooLate);
    });
}
