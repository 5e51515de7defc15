use super::mock::*;
use crate::*;
use cairn_protocol::{
    dag::{BlockKind, Header, SemVer},
    id::{BlockId, File},
    learning::model::Head,
};
use cairn_seams::Lineage;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, BoundedVec};

fn try_publish(who: AccountId, header: Header<AccountId>) -> DispatchResult {
    Experts::publish(RuntimeOrigin::signed(who), Box::new(header))
}

fn onto(block: BlockId, header: Header<AccountId>) -> Header<AccountId> {
    Header { parents: BoundedVec::truncate_from(vec![block]), ..header }
}

#[test]
fn publish_should_make_it_the_head_when_it_is_the_first_of_its_component() {
    execute(|| {
        let model = create(ALICE, 0);
        let header = expert(model, HEAD, 0);
        let (block, release) = (header.id(), header.release);
        assert_ok!(try_publish(ALICE, header.clone()));
        let head = Head { block, file: header.artifact, release, judged: 0 };
        assert_eq!(Experts::head(&model, &name(HEAD)), Some(head));
        assert_eq!(Experts::head(&model, &name(ROUTER)), None);
        assert_eq!(Blocks::<Test>::get(block).unwrap().onto, Some(model));
        assert_eq!(held(ALICE), DEPOSIT + FIRST);
        let component = name(HEAD);
        let told = Event::Published { model, component, block, release };
        assert_eq!(events().last(), Some(&told));
    });
}

#[test]
fn publish_should_supersede_what_was_laid_when_it_is_published_anew() {
    execute(|| {
        let model = create(ALICE, 0);
        publish(model, HEAD, 0);
        let top = lay(model, HEAD, 1);
        let (held_before, anew) = (held(ALICE), publish(model, HEAD, 1));
        let head = Experts::head(&model, &name(HEAD)).unwrap();
        assert_eq!((head.block, head.file), (anew, weights(0)));
        assert_eq!(Blocks::<Test>::get(anew).unwrap().onto, Some(top));
        assert_eq!(held(ALICE), held_before + NEXT);
    });
}

#[test]
fn publish_should_be_heard_of_when_it_succeeds_and_not_when_deltas_come_and_go() {
    execute(|| {
        let model = create(ALICE, 0);
        assert!(Heard::get().is_empty());
        publish(model, HEAD, 0);
        assert_eq!(Heard::get(), [model]);
        lay(model, HEAD, 1);
        assert!(Experts::unlay(&model, &name(HEAD)).is_some());
        let same = expert(model, HEAD, 0);
        assert_noop!(try_publish(ALICE, same), Error::<Test>::ReleaseNotNewer);
        assert_eq!(Heard::get(), [model]);
        publish(model, HEAD, 1);
        assert_eq!(Heard::get(), [model, model]);
    });
}

#[test]
fn publish_should_take_a_router_as_it_takes_an_expert() {
    execute(|| {
        let model = create(ALICE, 0);
        let router = Header { kind: BlockKind::Router, ..expert(model, ROUTER, 0) };
        assert_ok!(try_publish(ALICE, router));
        assert!(Experts::head(&model, &name(ROUTER)).is_some());
    });
}

#[test]
fn publish_should_fail_when_it_does_not_stand_on_the_head() {
    execute(|| {
        let (model, other) = (create(ALICE, 0), create(ALICE, 1));
        let absent = BlockId([3; 32]);
        for wrong in [other, absent] {
            let header = onto(wrong, expert(model, HEAD, 0));
            assert_noop!(try_publish(ALICE, header), Error::<Test>::NotOnTheHead);
        }
        let first = publish(model, HEAD, 0);
        let elsewhere = publish(model, ROUTER, 0);
        lay(model, HEAD, 1);
        for wrong in [model, first, elsewhere, absent] {
            let header = onto(wrong, expert(model, HEAD, 1));
            assert_noop!(try_publish(ALICE, header), Error::<Test>::NotOnTheHead);
        }
    });
}

#[test]
fn publish_should_fail_when_the_release_is_of_the_same_series_or_an_older_one() {
    execute(|| {
        let model = create(ALICE, 0);
        publish(model, HEAD, 4);
        lay(model, HEAD, 1);
        for (major, minor, patch) in [(1, 4, 0), (1, 4, 9), (1, 3, 0), (0, 9, 0)] {
            let release = SemVer { major, minor, patch };
            let header = Header { release, ..expert(model, HEAD, 0) };
            assert_noop!(try_publish(ALICE, header), Error::<Test>::ReleaseNotNewer);
        }
        let release = SemVer { major: 2, minor: 0, patch: 0 };
        assert_ok!(try_publish(ALICE, Header { release, ..expert(model, HEAD, 0) }));
    });
}

#[test]
fn publish_should_fail_when_it_is_not_the_models_author() {
    execute(|| {
        let model = create(ALICE, 0);
        let header = Header { author: BOB, ..expert(model, HEAD, 0) };
        assert_noop!(try_publish(BOB, header), Error::<Test>::NotTheModelsAuthor);
        assert_noop!(try_publish(BOB, expert(model, HEAD, 0)), Error::<Test>::NotTheAuthor);
    });
}

#[test]
fn publish_should_name_the_flaw_when_the_header_is_no_component_of_the_model() {
    execute(|| {
        let model = create(ALICE, 0);
        let plain = || expert(model, HEAD, 0);
        let set = register(model, records(), cairn_protocol::learning::source::Purpose::Training);
        let two = BoundedVec::truncate_from(vec![model; 2]);
        let cases = [
            (header(ALICE, 0), Error::<Test>::NotAComponent),
            (Header { kind: BlockKind::Delta, ..plain() }, Error::NotAComponent),
            (Header { kind: BlockKind::Data, ..plain() }, Error::NotAComponent),
            (Header { version: 0, ..plain() }, Error::UnknownVersion),
            (Header { model: None, ..plain() }, Error::NamesNoModel),
            (Header { model: Some(BlockId([1; 32])), ..plain() }, Error::UnknownModel),
            // A block is no model because it is there.
            (Header { model: Some(set), ..plain() }, Error::UnknownModel),
            (Header { component: name(""), ..plain() }, Error::NamesNoComponent),
            (Header { component: name("tail"), ..plain() }, Error::UnknownComponent),
            (Header { parents: Default::default(), ..plain() }, Error::NotOnOneBlock),
            (Header { parents: two, ..plain() }, Error::NotOnOneBlock),
            (Header { artifact: File { bytes: 0, ..weights(0) }, ..plain() }, Error::NoArtifact),
            (Header { gain: 1, ..plain() }, Error::ClaimsGain),
        ];
        for (header, error) in cases {
            assert_noop!(try_publish(ALICE, header), error);
        }
    });
}

#[test]
fn publish_should_fail_when_the_deposit_cannot_be_paid() {
    execute(|| {
        let model = create(ALICE, 0);
        let header = expert(model, HEAD, 0);
        ItemDeposit::set(FUNDS);
        assert_noop!(try_publish(ALICE, header), Error::<Test>::InsufficientBalance);
    });
}
