//! What it costs a validator to be its provider's only customer.

use super::mock::*;
use crate::types::*;
use proptest::prelude::*;

#[test]
fn points_should_cost_their_price_when_a_validator_deals_with_itself() {
    execute(|| {
        link(ALICE, 1);
        // However it cuts it up, and whatever it is short of a point is lost.
        for paid in [1, 9, 10, 11, 33, 35] {
            settle(1, paid);
        }
        end_session(60);
        assert_eq!(points(), [9, 0, 0, 0]);
        for _ in 0..9 {
            settle(1, 9);
            end_session(60);
        }
        assert_eq!(points(), [9, 0, 0, 0]);
    });
}

#[test]
fn points_should_end_with_the_pool_when_a_validator_burns_without_end() {
    execute(|| {
        link(ALICE, 1);
        settle(1, 10_000);
        end_session(60);
        // It paid for 1,000 and got a quarter of what authors got.
        assert_eq!(points(), [300, 0, 0, 0]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Of a reward that an era shares by its points, dealing with oneself gives back no more than
    /// the documented part of what was burnt, whatever others do, and the sum bounds all of it.
    #[test]
    fn dealing_with_oneself_should_never_pay_more_than_is_documented(
        rules in (0..=1_000_000u32, 1..1_000u128, 0..100_000u128)
            .prop_map(|(share, price, most)| Rules { share, price, most }),
        sessions in prop::collection::vec(
            (1..200u32, prop::collection::vec((1..=3u64, 0..20_000u128), 0..20)),
            1..8,
        ),
    ) {
        execute(|| {
            CurrentRules::set(rules);
            [(ALICE, 1), (BOB, 2), (CAROL, 3)].into_iter().for_each(|(who, what)| link(who, what));
            let (mut burnt, mut authored) = (0u128, 0u128);
            for (blocks, tasks) in sessions {
                for (provider, paid) in tasks {
                    settle(provider, paid);
                    burnt += if provider == 1 { paid } else { 0 };
                }
                end_session(blocks);
                authored += u128::from(blocks) * u128::from(PerBlock::get());
            }
            let bought = u128::from(points()[0]);
            prop_assert!(bought * rules.price <= burnt);
            let work: u128 = points().into_iter().map(u128::from).sum();
            prop_assert!(work * 1_000_000 <= authored * u128::from(rules.share));
            // With a reward of a unit a point of authors, a price above a unit loses.
            let reward = authored;
            let back = reward * bought / (authored + work);
            prop_assert!(back * rules.price <= burnt);
            Ok(())
        })?;
    }
}
