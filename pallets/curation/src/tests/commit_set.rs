use super::mock::*;
use crate::{types::*, Error, Event, SealedSets};
use cairn_protocol::id::File;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn commit_shape(record_bytes: u32, count: u64, encrypted: File) -> DispatchResult {
    let commitment = commitment(ALICE, MODEL, 1);
    Curation::commit_set(signed(ALICE), MODEL, 1, commitment, encrypted, record_bytes, count)
}

#[test]
fn commit_set_should_seal_a_set_for_a_period_to_come() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        assert_eq!(stage(MODEL, 1), Some(Stage::Announced));
        let set = SealedSets::<Test>::get(TrialId { model: MODEL, period: 1 }, 0).unwrap();
        assert_eq!((set.curator, set.progress), (ALICE, Progress::Sealed));
        assert_eq!(
            events().pop(),
            Some(Event::SetCommitted {
                model: MODEL,
                period: 1,
                set: 0,
                curator: ALICE,
                commitment: commitment(ALICE, MODEL, 1),
                encrypted: file(100, 6_428),
            })
        );
    });
}

#[test]
fn commit_set_should_fail_when_the_period_has_begun_or_is_far() {
    execute(|| {
        assert_noop!(try_commit(ALICE, MODEL, 0), Error::<Test>::PeriodBegan);
        assert_noop!(try_commit(ALICE, MODEL, 3), Error::<Test>::TooFarAhead);
        commit(ALICE, MODEL, 2);
        end_period();
        assert_noop!(try_commit(BOB, MODEL, 1), Error::<Test>::PeriodBegan);
        commit(BOB, MODEL, 2);
        commit(BOB, MODEL, 3);
    });
}

#[test]
fn commit_set_should_fail_when_the_curator_may_not() {
    execute(|| {
        assert_noop!(try_commit(EVE, MODEL, 1), Error::<Test>::NotACurator);
        stop();
        assert_noop!(try_commit(ALICE, MODEL, 1), Error::<Test>::ChainStopped);
        go_on();
        commit(ALICE, MODEL, 1);
        commit(ALICE, MODEL, 2);
        commit(ALICE, OTHER, 1);
        assert_noop!(try_commit(ALICE, OTHER, 2), Error::<Test>::TooManySets);
    });
}

#[test]
fn commit_set_should_fail_when_the_party_has_sealed_one() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        assert_noop!(try_commit(ALICE, MODEL, 1), Error::<Test>::SealedAlready);
        Links::set(vec![(BOB, ALICE)]);
        assert_noop!(try_commit(BOB, MODEL, 1), Error::<Test>::SealedAlready);
        commit(BOB, MODEL, 2);
        commit(CAROL, MODEL, 1);
    });
}

#[test]
fn commit_set_should_fail_when_a_delta_of_the_party_is_judged() {
    execute(|| {
        Pending::set(vec![ALICE, EVE]);
        assert_noop!(try_commit(ALICE, MODEL, 1), Error::<Test>::StillAnAuthor);
        Links::set(vec![(BOB, EVE)]);
        assert_noop!(try_commit(BOB, MODEL, 1), Error::<Test>::StillAnAuthor);
        commit(CAROL, MODEL, 1);
        Pending::set(vec![]);
        commit(ALICE, MODEL, 1);
        commit(BOB, MODEL, 1);
    });
}

#[test]
fn commit_set_should_fail_when_the_trial_is_full() {
    execute(|| {
        CURATORS.iter().for_each(|curator| commit(*curator, MODEL, 1));
        assert_ok!(Curation::register(signed(EVE)));
        assert_noop!(try_commit(EVE, MODEL, 1), Error::<Test>::NoRoom);
    });
}

#[test]
fn commit_set_should_fail_when_the_model_needs_none() {
    execute(|| {
        assert_noop!(try_commit(ALICE, UNKNOWN, 1), Error::<Test>::UnknownModel);
        assert_noop!(try_commit(ALICE, GENERATED, 1), Error::<Test>::NeedsNoSets);
    });
}

#[test]
fn commit_set_should_fail_when_nothing_can_be_measured_on_it() {
    execute(|| {
        let encrypted = file(100, 20_000);
        // No whole tokens; one token; too few records; too many of them.
        for (record_bytes, count) in [(62, 100), (4, 100), (64, 63), (0, 100)] {
            let found = commit_shape(record_bytes, count, encrypted);
            assert_noop!(found, Error::<Test>::WrongRecords);
        }
        assert_noop!(commit_shape(64, 157, encrypted), Error::<Test>::TooLarge);
        assert_noop!(commit_shape(64, u64::MAX, encrypted), Error::<Test>::TooLarge);
        let short = file(100, 64 * 100 - 1);
        assert_noop!(commit_shape(64, 100, short), Error::<Test>::EncryptedTooShort);
        assert_ok!(commit_shape(64, 156, encrypted));
    });
}
