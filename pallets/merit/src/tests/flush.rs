use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::id::ProviderId;
use frame_support::weights::Weight;
use pallet_session::SessionManager;

#[test]
fn flush_should_give_points_when_there_are_enough_for_all() {
    execute(|| {
        link(ALICE, 1);
        link(BOB, 2);
        settle(1, 400);
        settle(1, 305);
        settle(2, 99);
        // Nobody linked these.
        settle(3, 1_000);
        settle(99, 1_000);
        end_session(60);
        assert_eq!(points(), [70, 9, 0, 0]);
        let reward = |validator, provider, work, points| {
            let provider = ProviderId(provider);
            Event::Rewarded { validator, provider, work, points }
        };
        assert_eq!(events(), [reward(ALICE, 1, 705, 70), reward(BOB, 2, 99, 9)]);
        assert_eq!(CurrentSession::<Test>::get(), Some(Session { number: 1, began: 61 }));
    });
}

#[test]
fn flush_should_come_before_staking_hears_of_the_end() {
    execute(|| {
        link(ALICE, 1);
        settle(1, 100);
        end_session(60);
        assert_eq!(Ended::get(), [(0, Some(1_210))]);
        assert_eq!(Sessions::new_session(7), Some(vec![7]));
        assert_eq!(Sessions::new_session_genesis(7), Some(vec![7, 7]));
        Sessions::start_session(0);
        assert_eq!(Ended::get(), []);
    });
}

#[test]
fn flush_should_share_in_proportion_when_work_earned_more_than_the_pool() {
    execute(|| {
        link(ALICE, 1);
        link(BOB, 2);
        settle(1, 6_000);
        settle(2, 3_000);
        // Authors got 1,200, so there are 300 for work, and 900 were earned.
        end_session(60);
        assert_eq!(points(), [200, 100, 0, 0]);
        // What was too much is not carried over.
        end_session(60);
        assert_eq!(points(), [200, 100, 0, 0]);
        assert_eq!(events(), []);
    });
}

#[test]
fn flush_should_count_no_more_than_the_most_of_anyone() {
    execute(|| {
        CurrentRules::set(Rules { most: 150, ..RULES });
        link(ALICE, 1);
        link(BOB, 2);
        settle(1, 149);
        settle(1, 1_000_000);
        settle(2, 50);
        end_session(60);
        assert_eq!(points(), [15, 5, 0, 0]);
    });
}

#[test]
fn flush_should_keep_the_link_and_give_nothing_when_the_validator_left() {
    execute(|| {
        link(ALICE, 1);
        link(BOB, 2);
        settle(1, 100);
        settle(2, 100);
        Validators::set(vec![BOB, DAVE]);
        end_session(60);
        assert_eq!(points(), [0, 10, 0, 0]);
        assert_eq!(ValidatorOf::<Test>::get(ProviderId(1)), Some(ALICE));
        // Nor does it get them later, when it is back, but what it then does counts.
        settle(1, 70);
        Validators::set(vec![ALICE]);
        end_session(60);
        assert_eq!(points(), [7, 10, 0, 0]);
    });
}

#[test]
fn flush_should_give_nothing_when_the_parties_are_no_longer_one() {
    execute(|| {
        link(ALICE, 1);
        link(BOB, 2);
        settle(1, 100);
        settle(2, 100);
        sell(ProviderId(1), DAVE);
        withdraw(ProviderId(2));
        end_session(60);
        assert_eq!((points(), events()), ([0; 4], vec![]));
    });
}

#[test]
fn flush_should_give_nothing_when_authors_got_nothing() {
    execute(|| {
        link(ALICE, 1);
        settle(1, 100);
        end_session(0);
        assert_eq!(points(), [0; 4]);
        settle(1, 100);
        // A block gives 20 points, and a quarter of that to work.
        end_session(1);
        assert_eq!(points(), [5, 0, 0, 0]);
    });
}

#[test]
fn flush_should_give_nothing_when_there_is_no_era() {
    execute(|| {
        link(ALICE, 1);
        settle(1, 100);
        Sum::set(None);
        end_session(60);
        Sum::set(Some(0));
        end_session(60);
        assert_eq!(points(), [0; 4]);
    });
}

#[test]
fn flush_should_count_blocks_from_the_first_link_on() {
    execute(|| {
        end_session(1_000);
        assert_eq!(CurrentSession::<Test>::get(), None);
        link(ALICE, 1);
        settle(1, 10_000);
        end_session(4);
        assert_eq!(points(), [20, 0, 0, 0]);
    });
}

#[test]
fn flush_should_look_at_no_more_validators_than_there_may_be() {
    execute(|| {
        link(ALICE, 1);
        link(BOB, 2);
        settle(1, 100);
        settle(2, 100);
        Validators::set(vec![ALICE, 1, 2, 3, BOB]);
        end_session(60);
        assert_eq!(points(), [10, 0, 0, 0]);
    });
}

#[test]
fn flush_should_weigh_what_it_looks_at() {
    execute(|| {
        let weight = || System::block_weight().total();
        end_session(60);
        assert_eq!(weight(), Weight::zero());
        link(ALICE, 1);
        end_session(60);
        assert_eq!(weight(), <() as WeightInfo>::flush(3));
        assert!(<() as WeightInfo>::flush(300).ref_time() < 500_000_000_000);
    });
}
