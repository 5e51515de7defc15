//! The base fee follows fullness, is burned, and the tip reaches the author.

use cairn_runtime::{units::UNITS, RuntimeEvent, TransactionPayment};
use cairn_runtime_tests::{account, transfer, Chain};
use frame_support::assert_ok;
use frame_support::traits::Currency;
use pallet_transaction_payment::Multiplier;
use sp_runtime::traits::One;

fn multiplier(chain: &mut Chain) -> Multiplier {
    chain.state(TransactionPayment::next_fee_multiplier)
}

/// As many transfers as a block takes.
fn full_block(chain: &mut Chain, nonce: &mut u32) {
    let transfers =
        (0..2_500).map(|i| chain.signed_at("Alice", transfer("Bob", UNITS), 0, *nonce + i));
    let transfers: Vec<_> = transfers.collect();
    let results = chain.block(transfers);
    let applied = results.iter().take_while(|result| result.is_ok()).count();
    assert!(applied < 2_500, "the block was not full");
    *nonce += applied as u32;
}

#[test]
fn base_fee_should_rise_by_one_percent_when_a_block_is_full() {
    let mut chain = Chain::local();
    let before = multiplier(&mut chain);
    full_block(&mut chain, &mut 0);
    let ratio = multiplier(&mut chain) / before;
    assert!(ratio > Multiplier::from_rational(1_008, 1_000), "{ratio:?}");
    assert!(ratio < Multiplier::from_rational(1_012, 1_000), "{ratio:?}");
}

#[test]
fn base_fee_should_fall_to_its_minimum_and_no_further_when_blocks_are_empty() {
    let mut chain = Chain::local();
    let mut last = multiplier(&mut chain);
    assert_eq!(last, Multiplier::one());
    for _ in 0..300 {
        chain.blocks(1);
        let next = multiplier(&mut chain);
        assert!(next <= last);
        last = next;
    }
    assert_eq!(last, Multiplier::from_rational(1, 10));
}

#[test]
fn fee_should_be_burned_and_tip_paid_to_the_author_when_a_transfer_is_included() {
    let mut chain = Chain::local();
    let tip = 3 * UNITS;
    let extrinsic = chain.signed_with_tip("Eve", transfer("Ferdie", UNITS), tip);
    let (issuance, eve, ferdie) = (chain.issuance(), chain.free("Eve"), chain.free("Ferdie"));
    let authors = ["Alice", "Bob", "Charlie", "Dave"];
    let totals = |chain: &mut Chain| {
        authors.map(|who| chain.state(|| cairn_runtime::Balances::total_balance(&account(who))))
    };
    let before = totals(&mut chain);
    assert_ok!(chain.block(vec![extrinsic]).remove(0).expect("valid"));
    let paid = chain
        .events()
        .into_iter()
        .find_map(|event| match event {
            RuntimeEvent::TransactionPayment(
                pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
            ) => Some(actual_fee),
            _ => None,
        })
        .expect("a fee was paid");
    let base = paid - tip;
    assert!(base > 0);
    assert_eq!(chain.free("Eve"), eve - UNITS - paid);
    assert_eq!(chain.free("Ferdie"), ferdie + UNITS);
    assert_eq!(chain.issuance(), issuance - base, "exactly the base fee is burned");
    let gained: Vec<u128> =
        totals(&mut chain).iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(gained.iter().filter(|gain| **gain == tip).count(), 1, "{gained:?}");
    assert_eq!(gained.iter().sum::<u128>(), tip, "{gained:?}");
}

#[test]
fn transfer_should_be_refused_before_inclusion_when_the_fee_cannot_be_paid() {
    let mut chain = Chain::local();
    let extrinsic = chain.signed("Nobody", transfer("Ferdie", UNITS));
    let before = chain.free("Ferdie");
    assert!(chain.block(vec![extrinsic]).remove(0).is_err());
    assert_eq!(chain.free("Ferdie"), before);
}

#[test]
fn transfer_weight_should_leave_room_for_the_promised_rate_when_the_block_is_full() {
    let mut chain = Chain::local();
    let transfers: Vec<_> =
        (0..2_500).map(|i| chain.signed_at("Alice", transfer("Bob", UNITS), 0, i)).collect();
    let applied = chain.block(transfers).iter().take_while(|result| result.is_ok()).count();
    assert!(applied >= 1_700, "only {applied} transfers fit into a block");
}
