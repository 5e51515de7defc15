use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::preimage::{SetCommitment, Statement};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};

/// What a curator keeps secret that seals another one's records under its own name.
fn copied(curator: AccountId, of: AccountId) -> Opening {
    Opening { root: opening(of, 1).root, ..opening(curator, 1) }
}

fn commit_copy(curator: AccountId, of: AccountId) {
    let Opening { root, key, salt } = copied(curator, of);
    let set = SetCommitment { period: 1, model: MODEL, curator, root, key, salt };
    let digest = set.digest(&Curation::genesis());
    let encrypted = file(100, u64::from(RECORD_BYTES) * COUNT + 28);
    let origin = signed(curator);
    assert_ok!(Curation::commit_set(origin, MODEL, 1, digest, encrypted, RECORD_BYTES, COUNT));
}

fn reveal_copy(curator: AccountId, of: AccountId) {
    let Opening { root, key, salt } = copied(curator, of);
    assert_ok!(Curation::reveal_set(signed(curator), MODEL, 1, root, key, salt));
}

#[test]
fn reveal_set_should_open_a_set_after_its_period() {
    execute(|| {
        revealing(1_000);
        let Opening { root, key, salt } = opening(BOB, 1);
        let done = Curation::reveal_set(signed(BOB), MODEL, 1, root, key, salt);
        assert_eq!(done.expect("it is in time").pays_fee, Pays::No);
        let revealed = Event::SetRevealed { model: MODEL, period: 1, set: 1, root, key, salt };
        assert_eq!(events().pop(), Some(revealed));
        let sets = Curation::sets_of(MODEL, 1);
        assert_eq!(sets[1].sealed.progress, Progress::Opened(opening(BOB, 1)));
        assert_noop!(try_reveal(BOB, MODEL, 1), Error::<Test>::RevealedAlready);
    });
}

#[test]
fn reveal_set_should_fail_before_the_period_is_over_and_when_time_is() {
    execute(|| {
        assert_noop!(try_reveal(ALICE, MODEL, 1), Error::<Test>::UnknownTrial);
        commit(ALICE, MODEL, 1);
        commit(BOB, MODEL, 1);
        commit(CAROL, MODEL, 1);
        assert_noop!(try_reveal(ALICE, MODEL, 1), Error::<Test>::WrongStage);
        end_period();
        lay(MODEL, 1, 1_000);
        assert_noop!(try_reveal(ALICE, MODEL, 1), Error::<Test>::WrongStage);
        end_period();
        stop();
        assert_noop!(try_reveal(ALICE, MODEL, 1), Error::<Test>::ChainStopped);
        go_on();
        let due = trial(MODEL, 1).unwrap().due;
        while System::block_number() < u64::from(due) {
            full_block();
        }
        reveal(ALICE, MODEL, 1);
        full_block();
        assert_noop!(try_reveal(BOB, MODEL, 1), Error::<Test>::TooLate);
    });
}

#[test]
fn reveal_set_should_fail_when_it_is_not_what_was_sealed() {
    execute(|| {
        revealing(1_000);
        assert_noop!(try_reveal(DAVE, MODEL, 1), Error::<Test>::NoSet);
        let Opening { root, key, salt } = opening(ALICE, 1);
        let other = opening(BOB, 1);
        let wrong = [(other.root, key, salt), (root, other.key, salt), (root, key, [9; 32])];
        for (root, key, salt) in wrong {
            assert_noop!(
                Curation::reveal_set(signed(ALICE), MODEL, 1, root, key, salt),
                Error::<Test>::NotTheCommitment
            );
        }
        // What another one says opens nothing of one's own.
        assert_noop!(
            Curation::reveal_set(signed(BOB), MODEL, 1, root, key, salt),
            Error::<Test>::NotTheCommitment
        );
    });
}

#[test]
fn reveal_set_should_not_keep_others_waiting_when_it_is_the_last() {
    execute(|| {
        revealing(1_000);
        reveal(ALICE, MODEL, 1);
        reveal(BOB, MODEL, 1);
        run(2);
        assert_eq!(stage(MODEL, 1), Some(Stage::Reveals));
        reveal(CAROL, MODEL, 1);
        run(2);
        assert_eq!(stage(MODEL, 1), Some(Stage::Judging));
    });
}

#[test]
fn silence_should_cost_a_part_of_the_bond() {
    execute(|| {
        CURATORS.iter().for_each(|curator| commit(*curator, MODEL, 1));
        end_period();
        lay(MODEL, 1, 1_000);
        end_period();
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(11);
        assert_eq!(stage(MODEL, 1), Some(Stage::Judging));
        assert_eq!(held(DAVE), BOND - BOND / 10);
        assert_eq!(Balances::total_issuance(), 5 * FUNDS - BOND / 10);
        let slashed = Event::Slashed { model: MODEL, period: 1, curator: DAVE, amount: BOND / 10 };
        assert!(events().contains(&slashed));
        let sets = Curation::sets_of(MODEL, 1);
        assert_eq!(sets[3].sealed.progress, Progress::Void(Lack::Unopened));
        assert_eq!(held(ALICE), BOND);
    });
}

#[test]
fn the_same_records_should_count_and_be_paid_once() {
    execute(|| {
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 1));
        commit_copy(DAVE, ALICE);
        end_period();
        lay(MODEL, 1, 1_000);
        end_period();
        // Who opens its set first does not matter, but who sealed it first.
        reveal_copy(DAVE, ALICE);
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        let void = Event::SetVoid { model: MODEL, period: 1, set: 3, lack: Lack::Repeated };
        assert!(events().contains(&void));
        assert_eq!(panel_of(DAVE, MODEL, 1), None);
        [ALICE, BOB, CAROL].iter().for_each(|one| measure(*one, MODEL, 1, 990_000));
        run(2);
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
        assert_eq!(held(DAVE), BOND);
    });
}

#[test]
fn the_same_records_should_not_make_up_for_sets_that_are_missing() {
    execute(|| {
        [ALICE, BOB].iter().for_each(|curator| commit(*curator, MODEL, 1));
        commit_copy(CAROL, BOB);
        end_period();
        lay(MODEL, 1, 1_000);
        end_period();
        [ALICE, BOB].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        reveal_copy(CAROL, BOB);
        run(2);
        let few = Event::TooFewSets { model: MODEL, period: 1, measured: 0 };
        assert!(events().contains(&few));
        assert!(Paid::get().is_empty());
    });
}
