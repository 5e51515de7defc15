use super::mock::*;
use crate::{types::*, Error, Event};
use frame_support::{assert_noop, dispatch::Pays};

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
