//! Eras pay what they should, whatever the clock on the wall did.

use cairn_runtime::{
    configs::staking::Emission, units::GENESIS_SUPPLY, Runtime, RuntimeCall, RuntimeEvent,
};
use cairn_runtime_tests::{account, Chain, SLOT_MILLIS};
use frame_support::{assert_ok, traits::Currency};
use sp_runtime::Perquintill;
use sp_staking::EraPayout;

/// The local network's era: five epochs of sixty slots.
const ERA_SLOTS: u64 = 300;
const YEAR_MILLIS: u64 = 365 * 24 * 3_600_000;

fn era(chain: &mut Chain) -> u32 {
    chain.state(|| pallet_staking::ActiveEra::<Runtime>::get().expect("an era").index)
}

/// Runs to the first block of the next era and returns what the finished one pays.
fn finish_era(chain: &mut Chain) -> u128 {
    let now = era(chain);
    for _ in 0..2 * ERA_SLOTS {
        chain.blocks(1);
        if era(chain) > now {
            return chain
                .state(|| pallet_staking::ErasValidatorReward::<Runtime>::get(now))
                .unwrap_or_default();
        }
    }
    panic!("no new era within two eras");
}

fn nominal_payout() -> u128 {
    let yearly = GENESIS_SUPPLY / 40;
    Perquintill::from_rational(ERA_SLOTS * SLOT_MILLIS, YEAR_MILLIS) * yearly
}

fn assert_near(value: u128, expected: u128) {
    let difference = value.abs_diff(expected);
    assert!(difference <= expected / 50, "{value} is not within 2 % of {expected}");
}

#[test]
fn era_payout_should_be_two_and_a_half_percent_a_year_when_eras_are_nominal() {
    let mut chain = Chain::local();
    finish_era(&mut chain);
    let payout = finish_era(&mut chain);
    assert_near(payout, nominal_payout());

    let ended = era(&mut chain) - 1;
    let before = chain.issuance();
    let total = |chain: &mut Chain| {
        chain.state(|| cairn_runtime::Balances::total_balance(&account("Alice")))
    };
    let alice = total(&mut chain);
    assert_ok!(chain.submit(
        "Eve",
        RuntimeCall::Staking(pallet_staking::Call::payout_stakers {
            validator_stash: account("Alice"),
            era: ended,
        })
    ));
    let gained = total(&mut chain) - alice;
    // Four validators that made about as many blocks each.
    assert!(gained > payout / 5 && gained < payout / 3, "{gained} of {payout}");
    assert!(chain.issuance() > before);
}

#[test]
fn era_payout_should_be_capped_at_a_nominal_era_when_the_laptop_slept() {
    let mut chain = Chain::local();
    finish_era(&mut chain);
    chain.blocks(10);
    let month = 30 * 86_400;
    let wake = chain.slot() + month;
    chain.block_in(wake, vec![]);
    let payout = finish_era(&mut chain);
    assert!(payout > 0);
    assert!(payout <= nominal_payout() * 101 / 100, "{payout} minted for a sleep");
}

#[test]
fn emission_should_stay_under_its_ceiling_when_a_parameter_is_absurd() {
    use cairn_runtime::configs::parameters::{
        emission, RuntimeParametersKey, RuntimeParametersValue,
    };
    let mut chain = Chain::local();
    chain.state(|| {
        pallet_parameters::Parameters::<Runtime>::insert(
            RuntimeParametersKey::Emission(emission::ParametersKey::AnnualRate(
                emission::AnnualRate,
            )),
            RuntimeParametersValue::Emission(emission::ParametersValue::AnnualRate(
                sp_runtime::Perbill::one(),
            )),
        );
        let (paid, rest) = Emission::era_payout(0, GENESIS_SUPPLY, u64::MAX);
        let ceiling = Perquintill::from_rational(ERA_SLOTS * SLOT_MILLIS, YEAR_MILLIS)
            * (GENESIS_SUPPLY / 10);
        assert_eq!((paid, rest), (ceiling, 0));
    });
}

#[test]
fn validators_should_be_elected_again_when_an_era_ends() {
    let mut chain = Chain::local();
    finish_era(&mut chain);
    finish_era(&mut chain);
    let validators = chain.state(cairn_runtime::Session::validators);
    for seed in ["Alice", "Bob", "Charlie", "Dave"] {
        assert!(validators.contains(&account(seed)), "{seed}");
    }
    let failed = chain.events().into_iter().any(|event| {
        matches!(event, RuntimeEvent::Staking(pallet_staking::Event::StakingElectionFailed))
    });
    assert!(!failed);
}
