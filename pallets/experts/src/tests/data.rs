//! Sets of examples, and the one that deltas are judged on.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    dag::{BlockKind, Header},
    id::{Amount, BlockId, File},
    learning::source::{DataSet, Generator, Purpose, Source},
    spec::Records,
};
use cairn_seams::Lineage;
use codec::MaxEncodedLen;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn try_register(who: AccountId, header: Header<AccountId>, source: Source) -> DispatchResult {
    let signed = RuntimeOrigin::signed(who);
    Experts::register_data(signed, Box::new(header), source, Purpose::Validation)
}

#[test]
fn register_data_should_keep_the_source_and_hold_a_deposit() {
    execute(|| {
        let model = create(ALICE, 0);
        for source in [records(), generator()] {
            let (before, purpose) = (held(CAROL), Purpose::Training);
            let data = register(model, source, purpose);
            let expected = DataSet { model, source, purpose, author: CAROL };
            assert_eq!(Experts::data(&data), Some(expected));
            assert_eq!(Experts::author(&data), Some(CAROL));
            // Two entries: a block on a model, and a source at its longest.
            let bytes = 67 + 32 + 32 + 75 + Examples::max_encoded_len() as Amount + 2 * 48;
            assert_eq!(held(CAROL), before + 2 * 500 + 2 * bytes);
            let told = Event::DataRegistered { data, model, author: CAROL, purpose };
            assert_eq!(events().last(), Some(&told));
        }
    });
}

#[test]
fn register_data_should_name_the_flaw_when_the_header_is_no_set_for_the_model() {
    execute(|| {
        let model = create(ALICE, 0);
        let block = publish(model, HEAD, 0);
        let plain = || data_header(model, &records(), CAROL);
        let on = |block| frame_support::BoundedVec::truncate_from(vec![block]);
        let cases = [
            (Header { kind: BlockKind::Expert, ..plain() }, Error::<Test>::NotASet),
            (Header { component: name(HEAD), ..plain() }, Error::NamesAComponent),
            (Header { parents: on(block), ..plain() }, Error::NotOnItsModel),
            (Header { model: None, ..plain() }, Error::NamesNoModel),
            (data_header(BlockId([1; 32]), &records(), CAROL), Error::UnknownModel),
            // A component is no model.
            (data_header(block, &records(), CAROL), Error::UnknownModel),
            (data_header(model, &generator(), CAROL), Error::NotTheSource),
            (data_header(model, &records(), BOB), Error::NotTheAuthor),
        ];
        for (header, error) in cases {
            assert_noop!(try_register(CAROL, header, records()), error);
        }
        assert_ok!(try_register(CAROL, plain(), records()));
        assert_noop!(try_register(CAROL, plain(), records()), Error::<Test>::AlreadyThere);
    });
}

#[test]
fn register_data_should_name_the_flaw_when_nothing_can_be_judged_on_the_source() {
    execute(|| {
        let model = create(ALICE, 0);
        let file = |bytes| File { bytes, ..records().file() };
        let records =
            |bytes, record_bytes| Source::Records(Records { file: file(bytes), record_bytes });
        let generator = |fuel, count| {
            let module = file(10);
            Source::Generator(Generator { module, record_bytes: 256, fuel, count })
        };
        let cases = [
            (records(64 * 255, 255), Error::<Test>::RecordLengthWrong),
            (records(64 * 4, 4), Error::RecordLengthWrong),
            (records(64 * 256 + 1, 256), Error::RecordsRagged),
            (records(63 * 256, 256), Error::TooFewRecords),
            (generator(1, 63), Error::TooFewRecords),
            (generator(0, 64), Error::FuelOutOfRange),
            (generator(u64::MAX, 64), Error::FuelOutOfRange),
        ];
        for (source, error) in cases {
            let header = data_header(model, &source, CAROL);
            assert_noop!(try_register(CAROL, header, source), error);
        }
    });
}

#[test]
fn choose_validation_should_have_deltas_judged_on_another_set() {
    execute(|| {
        let model = create(ALICE, 0);
        let (first, second) = (
            register(model, records(), Purpose::Validation),
            register(model, generator(), Purpose::Validation),
        );
        assert_eq!(Experts::validation(&model), None);
        let choose = |data| Experts::choose_validation(RuntimeOrigin::signed(ALICE), model, data);
        assert_ok!(choose(first));
        assert_eq!(Experts::validation(&model), Some(first));
        assert_eq!(events().last(), Some(&Event::ValidationChosen { model, data: first }));
        Experts::note_loss(&model, &first, 1_000, 900);
        // Chosen again it is the same set, and what was measured on it stands.
        assert_ok!(choose(first));
        assert_eq!(LossesOf::<Test>::get(model), Some(Losses { first: 1_000, last: 900 }));
        assert_ok!(choose(second));
        assert_eq!(Experts::validation(&model), Some(second));
        assert_eq!(LossesOf::<Test>::get(model), None);
        // What was measured on the first is laid only now.
        Experts::note_loss(&model, &first, 900, 800);
        assert_eq!(LossesOf::<Test>::get(model), None);
        Experts::note_loss(&model, &second, 700, 650);
        assert_eq!(LossesOf::<Test>::get(model), Some(Losses { first: 700, last: 650 }));
    });
}

#[test]
fn choose_validation_should_fail_when_the_set_is_not_for_that() {
    execute(|| {
        let (model, other) = (create(ALICE, 0), create(ALICE, 1));
        let training = register(model, records(), Purpose::Training);
        let elsewhere = register(other, records(), Purpose::Validation);
        let fits = register(model, generator(), Purpose::Validation);
        let choose =
            |who, model, data| Experts::choose_validation(RuntimeOrigin::signed(who), model, data);
        for data in [training, elsewhere] {
            assert_noop!(choose(ALICE, model, data), Error::<Test>::NotForValidation);
        }
        assert_noop!(choose(ALICE, model, model), Error::<Test>::UnknownData);
        assert_noop!(choose(ALICE, fits, fits), Error::<Test>::UnknownModel);
        assert_noop!(choose(CAROL, model, fits), Error::<Test>::NotTheModelsAuthor);
        assert_ok!(choose(ALICE, model, fits));
    });
}

#[test]
fn choose_validation_should_fail_when_guards_do_not_take_the_set() {
    execute(|| {
        let model = create(ALICE, 0);
        let (short, long) = (
            register(model, records(), Purpose::Validation),
            register(model, generator(), Purpose::Validation),
        );
        Longest::set(511);
        let choose = |data| Experts::choose_validation(RuntimeOrigin::signed(ALICE), model, data);
        assert_noop!(choose(long), Error::<Test>::TooMuchToJudge);
        assert_ok!(choose(short));
        Longest::set(512);
        assert_ok!(choose(long));
        // What was chosen stays so when guards take less, and can be chosen again.
        Longest::set(0);
        assert_ok!(choose(long));
        assert_noop!(choose(short), Error::<Test>::TooMuchToJudge);
    });
}
