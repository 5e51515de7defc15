//! Who may use a model, and for how much.

use super::mock::*;
use crate::*;
use cairn_protocol::{
    id::{Amount, BlockId},
    learning::model::Access,
};
use cairn_seams::{Lineage, Models};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn set(model: BlockId, access: Access) {
    assert_ok!(Experts::set_access(RuntimeOrigin::signed(ALICE), model, access));
}

fn priced(price: Amount) -> Access {
    Access::PerUse { price }
}

fn pass(blocks: u32) {
    Now::mutate(|now| *now += blocks);
}

/// What Bob pays, as tasks are told, and as the card says.
fn price(model: BlockId) -> Option<Amount> {
    let price = Experts::price(&model, &BOB);
    match Experts::card(&model).map(|card| card.access) {
        Some(Access::PerUse { price: said }) => assert_eq!(price, Some(said)),
        Some(Access::Open) => assert_eq!(price, Some(0)),
        _ => {}
    }
    price
}

#[test]
fn set_access_should_count_later_when_the_price_is_higher() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_eq!(price(model), Some(0));
        set(model, priced(10));
        let from = Now::get() + PriceNotice::get();
        let told = Event::AccessSet { model, access: priced(10), from };
        assert_eq!(events().last(), Some(&told));
        pass(PriceNotice::get() - 1);
        assert_eq!(price(model), Some(0));
        pass(1);
        assert_eq!(price(model), Some(10));
        // From one that counts by now to one that does not yet.
        set(model, priced(30));
        pass(PriceNotice::get() - 1);
        assert_eq!(price(model), Some(10));
        pass(1);
        assert_eq!(price(model), Some(30));
    });
}

#[test]
fn set_access_should_count_at_once_when_nobody_pays_more() {
    execute(|| {
        let model = create(ALICE, 0);
        set(model, priced(10));
        pass(PriceNotice::get());
        set(model, priced(9));
        assert_eq!(price(model), Some(9));
        assert_eq!(Announced::<Test>::get(model), None);
        set(model, Access::Licensed);
        assert_eq!(price(model), None);
        set(model, Access::Open);
        assert_eq!(price(model), Some(0));
    });
}

#[test]
fn set_access_should_take_back_what_was_announced() {
    execute(|| {
        let model = create(ALICE, 0);
        set(model, priced(1_000));
        set(model, Access::Open);
        pass(PriceNotice::get());
        assert_eq!(price(model), Some(0));
        // What was announced last counts, and its notice is its own.
        set(model, priced(1_000));
        pass(PriceNotice::get() - 1);
        set(model, priced(5));
        pass(PriceNotice::get() - 1);
        assert_eq!(price(model), Some(0));
        pass(1);
        assert_eq!(price(model), Some(5));
    });
}

/// Whoever signed when there was another access is not worse off by a licence either.
#[test]
fn set_access_should_announce_a_price_when_the_model_was_licensed() {
    execute(|| {
        let model = create(ALICE, 0);
        set(model, Access::Licensed);
        assert_ok!(Experts::license(RuntimeOrigin::signed(ALICE), model, BOB));
        set(model, priced(10));
        assert_eq!((price(model), Experts::price(&model, &CAROL)), (Some(0), None));
        pass(PriceNotice::get());
        assert_eq!((price(model), Experts::price(&model, &CAROL)), (Some(10), Some(10)));
    });
}

#[test]
fn set_access_should_fail_when_it_is_not_the_models_author() {
    execute(|| {
        let model = create(ALICE, 0);
        let block = publish(model, HEAD, 0);
        let by = |who, model| Experts::set_access(RuntimeOrigin::signed(who), model, Access::Open);
        assert_noop!(by(BOB, model), Error::<Test>::NotTheModelsAuthor);
        assert_noop!(by(ALICE, block), Error::<Test>::UnknownModel);
        assert_noop!(by(ALICE, BlockId([1; 32])), Error::<Test>::UnknownModel);
    });
}

fn license(who: AccountId, model: BlockId, whom: AccountId) -> DispatchResult {
    Experts::license(RuntimeOrigin::signed(who), model, whom)
}

fn revoke(who: AccountId, model: BlockId, whom: AccountId) -> DispatchResult {
    Experts::revoke_licence(RuntimeOrigin::signed(who), model, whom)
}

#[test]
fn license_should_let_the_account_use_the_model_until_it_is_revoked() {
    execute(|| {
        let model = create(ALICE, 0);
        set(model, Access::Licensed);
        assert!(!Experts::may_use(&model, &BOB));
        // Whoever made it needs none.
        assert!(Experts::may_use(&model, &ALICE));
        assert_ok!(license(ALICE, model, BOB));
        assert_eq!(events().last(), Some(&Event::Licensed { model, who: BOB }));
        assert_eq!(Experts::price(&model, &BOB), Some(0));
        assert!(!Experts::may_use(&model, &CAROL));
        // An entry under a model and an account.
        let deposit = 500 + 2 * (48 + 16 + 8 + 16);
        assert_eq!(held_for(HoldReason::Licence, ALICE), deposit);

        assert_ok!(revoke(ALICE, model, BOB));
        assert_eq!(events().last(), Some(&Event::LicenceRevoked { model, who: BOB }));
        assert!(!Experts::may_use(&model, &BOB));
        assert_eq!(held_for(HoldReason::Licence, ALICE), 0);
    });
}

#[test]
fn license_should_fail_when_it_cannot_be_given() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_noop!(license(BOB, model, CAROL), Error::<Test>::NotTheModelsAuthor);
        assert_noop!(license(ALICE, BlockId([1; 32]), BOB), Error::<Test>::UnknownModel);
        assert_ok!(license(ALICE, model, BOB));
        assert_noop!(license(ALICE, model, BOB), Error::<Test>::AlreadyLicensed);
        ItemDeposit::set(FUNDS);
        assert_noop!(license(ALICE, model, CAROL), Error::<Test>::InsufficientBalance);
    });
}

#[test]
fn revoke_licence_should_fail_when_there_is_none_or_it_is_another_author() {
    execute(|| {
        let (model, other) = (create(ALICE, 0), create(BOB, 0));
        assert_ok!(license(ALICE, model, CAROL));
        assert_noop!(revoke(ALICE, model, BOB), Error::<Test>::NotLicensed);
        assert_noop!(revoke(BOB, other, CAROL), Error::<Test>::NotLicensed);
        assert_noop!(revoke(BOB, model, CAROL), Error::<Test>::NotTheModelsAuthor);
    });
}

#[test]
fn revoke_licence_should_give_back_what_was_held_then() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_ok!(license(ALICE, model, BOB));
        ItemDeposit::set(900);
        assert_ok!(license(ALICE, model, CAROL));
        assert_ok!(revoke(ALICE, model, BOB));
        assert_eq!(held_for(HoldReason::Licence, ALICE), 900 + 2 * 88);
        assert_ok!(revoke(ALICE, model, CAROL));
        assert_eq!(held_for(HoldReason::Licence, ALICE), 0);
    });
}
