//! Staking adds to a sum of 32 bits without looking, as the mock does: it must never overflow.

use super::mock::*;
use crate::types::*;

const GREEDY: Rules = Rules { share: u32::MAX, price: 0, most: u128::MAX };

fn all_linked() {
    for (validator, provider) in [(ALICE, 1), (BOB, 2), (CAROL, 3)] {
        link(validator, provider);
    }
}

fn all_settle(paid: u128) {
    (1..=3).for_each(|provider| settle(provider, paid));
}

#[test]
fn points_should_fit_when_work_is_all_that_a_number_holds() {
    execute(|| {
        CurrentRules::set(GREEDY);
        all_linked();
        all_settle(u128::MAX);
        all_settle(u128::MAX);
        end_session(60);
        // As many as authors got, in three equal parts.
        assert_eq!(points(), [400, 400, 400, 0]);
        assert_eq!(Sum::get(), Some(2_400));
    });
}

#[test]
fn points_should_leave_half_to_authors_when_a_session_is_endless() {
    execute(|| {
        CurrentRules::set(GREEDY);
        // So that only the sum can be too much.
        PerBlock::set(0);
        all_linked();
        end_session(1);
        PerBlock::set(u32::MAX);
        all_settle(u128::MAX);
        System::set_block_number(u64::MAX);
        Sum::set(Some(ERA_MOST - 8));
        end_session(0);
        assert_eq!(points(), [2, 2, 2, 0]);
        assert_eq!(Sum::get(), Some(ERA_MOST - 2));
    });
}

#[test]
fn points_should_not_be_given_when_authors_have_more_than_half() {
    for sum in [ERA_MOST, ERA_MOST + 1, u32::MAX] {
        execute(|| {
            CurrentRules::set(GREEDY);
            PerBlock::set(0);
            all_linked();
            PerBlock::set(u32::MAX);
            all_settle(u128::MAX);
            System::set_block_number(1_000);
            Sum::set(Some(sum));
            end_session(0);
            assert_eq!((points(), Sum::get()), ([0; 4], Some(sum)));
        });
    }
}

#[test]
fn points_should_fit_when_many_sessions_fill_an_era() {
    execute(|| {
        CurrentRules::set(GREEDY);
        all_linked();
        for _ in 0..100 {
            all_settle(u128::MAX);
            // Authors get 20,000,000, and work as much until half of what fits is reached.
            end_session(1_000_000);
        }
        assert_eq!(points().iter().sum::<u32>(), 1_067_483_646);
        assert_eq!(Sum::get(), Some(3_067_483_646));
    });
}

#[test]
fn sessions_should_be_counted_when_their_number_is_all_that_fits() {
    execute(|| {
        link(ALICE, 1);
        crate::CurrentSession::<Test>::put(Session { number: u32::MAX, began: 1 });
        settle(1, 100);
        end_session(60);
        assert_eq!(points(), [10, 0, 0, 0]);
    });
}
