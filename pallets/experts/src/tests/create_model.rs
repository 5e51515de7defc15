use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    dag::{BlockKind, Header},
    id::{Amount, BlockId, File},
    learning::model::{Access, ModelCard},
};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::DispatchError;

fn create_model(who: AccountId, header: Header<AccountId>) -> Result<(), DispatchError> {
    Experts::create_model(RuntimeOrigin::signed(who), Box::new(header), Box::new(card()))
}

#[test]
fn create_model_should_keep_the_block_and_hold_a_deposit_when_its_author_signed() {
    execute(|| {
        let header = header(ALICE, 0);
        let model = header.id();
        assert_ok!(create_model(ALICE, header.clone()));
        let expected = Block {
            payer: ALICE,
            deposit: DEPOSIT,
            onto: None,
            file: header.artifact,
            release: header.release,
            judged: 0,
            header,
        };
        assert_eq!(Blocks::<Test>::get(model), Some(expected));
        assert_eq!(Cards::<Test>::get(model), Some(card()));
        assert_eq!((held(ALICE), held(BOB)), (DEPOSIT, 0));
        assert_eq!(events(), [Event::ModelCreated { model, author: ALICE }]);
    });
}

#[test]
fn create_model_should_hold_for_each_block_what_it_cost_then() {
    execute(|| {
        create(ALICE, 0);
        ItemDeposit::set(600);
        create(ALICE, 1);
        assert_eq!(held(ALICE), DEPOSIT + DEPOSIT + 6 * 100);
    });
}

#[test]
fn create_model_should_take_another_id_when_another_made_the_same() {
    execute(|| {
        assert_ne!(create(ALICE, 0), create(BOB, 0));
        assert_eq!(Blocks::<Test>::iter().count(), 2);
    });
}

#[test]
fn create_model_should_fail_when_the_block_is_there() {
    execute(|| {
        create(ALICE, 0);
        assert_noop!(create_model(ALICE, header(ALICE, 0)), Error::<Test>::AlreadyThere);
    });
}

#[test]
fn create_model_should_fail_when_somebody_else_signed() {
    execute(|| {
        assert_noop!(create_model(BOB, header(ALICE, 0)), Error::<Test>::NotTheAuthor);
    });
}

#[test]
fn create_model_should_name_the_flaw_when_the_header_begins_no_model() {
    execute(|| {
        let other = create(ALICE, 0);
        let plain = || header(ALICE, 1);
        let parents = BoundedVec::truncate_from(vec![other]);
        let component = BoundedVec::truncate_from(b"router".to_vec());
        let artifact = File { bytes: 0, ..plain().artifact };
        let cases = [
            (Header { version: 0, ..plain() }, Error::<Test>::UnknownVersion),
            (Header { version: 2, ..plain() }, Error::UnknownVersion),
            (Header { kind: BlockKind::Expert, ..plain() }, Error::NotAMeta),
            (Header { kind: BlockKind::Delta, ..plain() }, Error::NotAMeta),
            (Header { model: Some(BlockId([1; 32])), ..plain() }, Error::NotTheFirst),
            (Header { component, ..plain() }, Error::NotTheFirst),
            (Header { parents, ..plain() }, Error::NotTheFirst),
            (Header { artifact, ..plain() }, Error::NoArtifact),
            (Header { gain: 1, ..plain() }, Error::ClaimsGain),
        ];
        for (header, error) in cases {
            assert_noop!(create_model(ALICE, header), error);
        }
    });
}

#[test]
fn create_model_should_name_the_flaw_when_the_card_describes_no_model() {
    execute(|| {
        let components = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|one| name(one)).collect();
            ModelCard { components: names.try_into().unwrap(), ..card() }
        };
        let cases = [
            (components(&[]), Error::<Test>::NoComponents),
            (components(&["", "a"]), Error::NoComponents),
            (components(&["b", "a"]), Error::ComponentsUnsorted),
            (components(&["a", "a"]), Error::ComponentsUnsorted),
            (ModelCard { royalty: 1_000_001, ..card() }, Error::RoyaltyTooHigh),
            (ModelCard { licence: Default::default(), ..card() }, Error::LicenceUnreadable),
        ];
        for (card, error) in cases {
            let (alice, header) = (RuntimeOrigin::signed(ALICE), Box::new(header(ALICE, 0)));
            assert_noop!(Experts::create_model(alice, header, Box::new(card)), error);
        }
    });
}

#[test]
fn create_model_should_hold_for_the_longest_access_whatever_it_begins_with() {
    execute(|| {
        let access = Access::PerUse { price: Amount::MAX };
        let (alice, header) = (RuntimeOrigin::signed(ALICE), Box::new(header(ALICE, 0)));
        let card = Box::new(ModelCard { access, ..card() });
        assert_ok!(Experts::create_model(alice, header, card));
        assert_eq!(held(ALICE), DEPOSIT);
    });
}

#[test]
fn create_model_should_fail_when_the_deposit_cannot_be_paid() {
    execute(|| {
        ByteDeposit::set(0);
        // One is the least that has to stay free, and there are six entries.
        ItemDeposit::set(FUNDS / 6);
        assert_noop!(create_model(ALICE, header(ALICE, 0)), Error::<Test>::InsufficientBalance);
        ByteDeposit::set(u128::MAX);
        assert_noop!(create_model(ALICE, header(ALICE, 0)), Error::<Test>::InsufficientBalance);
        ByteDeposit::set(0);
        ItemDeposit::set(FUNDS / 6 - 1);
        assert_ok!(create_model(ALICE, header(ALICE, 0)));
    });
}

#[test]
fn create_model_should_fail_when_nobody_signed() {
    execute(|| {
        let (header, card) = (Box::new(header(ALICE, 0)), Box::new(card()));
        let call = Experts::create_model(RuntimeOrigin::root(), header, card);
        assert_noop!(call, DispatchError::BadOrigin);
    });
}
