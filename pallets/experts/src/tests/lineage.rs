//! What is laid on components, and taken off again.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{BlockId, File},
    learning::{
        model::{Head, Part},
        source::Purpose,
    },
};
use cairn_seams::Lineage;
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::DispatchError;

/// A model with both of its components.
fn model() -> BlockId {
    let model = create(ALICE, 0);
    publish(model, HEAD, 0);
    publish(model, ROUTER, 0);
    model
}

fn head(model: BlockId) -> Head {
    Experts::head(&model, &name(HEAD)).unwrap()
}

fn patch(patch: u16) -> SemVer {
    SemVer { major: 1, minor: 0, patch }
}

#[test]
fn lay_should_move_the_head_of_its_component_alone() {
    execute(|| {
        let model = model();
        let (first, router) = (head(model), Experts::head(&model, &name(ROUTER)));
        let before = held(ALICE);
        let header = delta(model, HEAD, 1);
        let block = header.id();
        assert_ok!(Experts::lay(header.clone(), weights(101), &BOB));
        let expected = Head { block, file: weights(101), release: patch(1), judged: 0 };
        assert_eq!(head(model), expected);
        assert_eq!(Experts::head(&model, &name(ROUTER)), router);
        assert_eq!(Blocks::<Test>::get(block).unwrap().onto, Some(first.block));
        assert_eq!(Experts::author(&block), Some(BOB));
        assert_eq!((held(BOB), held(ALICE)), (NEXT, before));
        assert_eq!(Experts::file(&block), Some(weights(101)));
        let component = name(HEAD);
        let told = Event::Laid { model, component, block, release: patch(1) };
        assert_eq!(events().last(), Some(&told));
        assert_noop!(Experts::lay(header, weights(101), &BOB), Error::<Test>::AlreadyThere);
    });
}

#[test]
fn lay_should_be_paid_for_by_whom_it_is_told() {
    execute(|| {
        let model = model();
        let header = delta(model, HEAD, 1);
        assert_eq!(Experts::deposit(&header), NEXT);
        assert_ok!(Experts::lay(header, weights(101), &CAROL));
        assert_eq!((held(BOB), held(CAROL)), (0, NEXT));
        assert!(Experts::unlay(&model, &name(HEAD)).is_some());
        assert_eq!(held(CAROL), 0);
    });
}

#[test]
fn lay_should_take_a_delta_that_stands_on_an_older_block() {
    execute(|| {
        let model = model();
        let late = delta(model, HEAD, 9);
        let top = lay(model, HEAD, 1);
        let block = late.id();
        assert_ok!(Experts::check(&late));
        assert_ok!(Experts::lay(late, weights(109), &BOB));
        assert_eq!(Blocks::<Test>::get(block).unwrap().onto, Some(top));
        assert_eq!((head(model).block, head(model).release), (block, patch(2)));
    });
}

#[test]
fn lay_should_fail_when_there_are_no_more_patches() {
    execute(|| {
        let model = model();
        Heads::<Test>::mutate(model, name(HEAD), |top| {
            top.as_mut().unwrap().latest = patch(u16::MAX);
        });
        let header = delta(model, HEAD, 1);
        assert_noop!(Experts::lay(header, weights(101), &BOB), Error::<Test>::PatchesExhausted);
        publish(model, HEAD, 1);
        lay(model, HEAD, 1);
        assert_eq!(head(model).release, SemVer { major: 1, minor: 1, patch: 1 });
    });
}

#[test]
fn check_should_refuse_what_was_learnt_on_what_was_superseded() {
    execute(|| {
        let model = model();
        let late = delta(model, HEAD, 1);
        lay(model, HEAD, 2);
        publish(model, HEAD, 1);
        assert_noop!(Experts::check(&late), Error::<Test>::Superseded);
        assert_noop!(Experts::lay(late, weights(101), &BOB), Error::<Test>::Superseded);
        assert_ok!(Experts::check(&delta(model, HEAD, 1)));
    });
}

#[test]
fn check_should_name_the_flaw_when_no_delta_of_that_header_may_be_laid() {
    execute(|| {
        let (model, bare) = (model(), create(ALICE, 1));
        let router = ground(model, ROUTER);
        let plain = || delta(model, HEAD, 1);
        let on = |block| Header { parents: BoundedVec::truncate_from(vec![block]), ..plain() };
        let other = Experts::head(&model, &name(HEAD)).unwrap().block;
        let foreign = Header { model: Some(bare), ..plain() };
        let cases = [
            (expert(model, HEAD, 1), Error::<Test>::NotADelta),
            (Header { gain: 0, ..plain() }, Error::ClaimsNoGain),
            (Header { artifact: File { bytes: 0, ..weights(1) }, ..plain() }, Error::NoArtifact),
            (Header { model: None, ..plain() }, Error::NamesNoModel),
            (Header { model: Some(other), ..plain() }, Error::UnknownModel),
            (Header { component: name("tail"), ..plain() }, Error::UnknownComponent),
            (delta(bare, HEAD, 1), Error::NothingPublished),
            (foreign, Error::NothingPublished),
            (on(BlockId([1; 32])), Error::UnknownParent),
            (on(router), Error::OfAnotherComponent),
            // Even of the first: nothing changes a model as a whole.
            (on(model), Error::OfAnotherComponent),
        ];
        for (header, error) in cases {
            let error = DispatchError::from(error);
            assert_noop!(Experts::check(&header), error);
            assert_noop!(Experts::lay(header, weights(101), &BOB), error);
        }
        assert_ok!(Experts::check(&plain()));
    });
}

#[test]
fn unlay_should_take_off_the_topmost_delta_and_no_more_than_deltas() {
    execute(|| {
        let model = model();
        let first = head(model);
        let (one, two) = (lay(model, HEAD, 1), lay(model, HEAD, 2));
        let component = name(HEAD);
        assert_eq!(held(BOB), 2 * NEXT);
        assert_eq!(Experts::unlay(&model, &component), Some(two));
        let told = Event::Unlaid { model, component: component.clone(), block: two, head: one };
        assert_eq!(events().last(), Some(&told));
        assert_eq!((head(model).block, held(BOB)), (one, NEXT));
        assert_eq!(Experts::author(&two), None);
        assert_eq!(Experts::unlay(&model, &component), Some(one));
        assert_eq!((head(model), held(BOB)), (first, 0));
        // What was published stays, and so does what never was.
        assert_eq!(Experts::unlay(&model, &component), None);
        assert_eq!(head(model), first);
        assert_eq!(Experts::unlay(&model, &name("tail")), None);
    });
}

#[test]
fn unlay_should_stop_at_what_was_published_anew() {
    execute(|| {
        let model = model();
        lay(model, HEAD, 1);
        let anew = publish(model, HEAD, 1);
        assert_eq!(Experts::unlay(&model, &name(HEAD)), None);
        let top = lay(model, HEAD, 2);
        assert_eq!(Experts::unlay(&model, &name(HEAD)), Some(top));
        assert_eq!(Experts::unlay(&model, &name(HEAD)), None);
        assert_eq!(head(model).block, anew);
    });
}

#[test]
fn carries_should_know_what_is_laid_on_what_was_published_last() {
    execute(|| {
        let model = model();
        let carries = |block| Experts::carries(&model, &name(HEAD), block);
        let published = head(model).block;
        let (one, two) = (lay(model, HEAD, 1), lay(model, HEAD, 2));
        assert!(carries(&one) && carries(&two));
        assert!(!carries(&published) && !carries(&model));
        assert!(!Experts::carries(&model, &name("tail"), &one), "it is of another component");
        Experts::unlay(&model, &name(HEAD)).unwrap();
        assert!(carries(&one) && !carries(&two));
        publish(model, HEAD, 1);
        assert!(!carries(&one), "another was published");
    });
}

#[test]
fn lay_should_not_give_a_release_twice_when_a_delta_was_taken_off() {
    execute(|| {
        let model = model();
        lay(model, HEAD, 1);
        lay(model, HEAD, 2);
        Experts::unlay(&model, &name(HEAD)).unwrap();
        assert_eq!(head(model).release, patch(1));
        lay(model, HEAD, 3);
        assert_eq!(head(model).release, patch(3));
    });
}

#[test]
fn check_should_refuse_a_parent_that_was_taken_off() {
    execute(|| {
        let model = model();
        lay(model, HEAD, 1);
        let child = delta(model, HEAD, 2);
        assert_ok!(Experts::check(&child));
        Experts::unlay(&model, &name(HEAD)).unwrap();
        assert_noop!(Experts::check(&child), Error::<Test>::UnknownParent);
        assert_noop!(Experts::lay(child, weights(102), &BOB), Error::<Test>::UnknownParent);
    });
}

#[test]
fn note_judged_should_count_for_the_head_that_there_is() {
    execute(|| {
        let model = model();
        let judged = || Experts::note_judged(&model, &name(HEAD));
        (0..3).for_each(|_| judged());
        assert_eq!(head(model).judged, 3);
        // Against the next nothing was judged yet, and the first is what it was when it is back.
        lay(model, HEAD, 1);
        assert_eq!(head(model).judged, 0);
        judged();
        assert_eq!(head(model).judged, 1);
        Experts::unlay(&model, &name(HEAD)).unwrap();
        assert_eq!(head(model).judged, 3);
        Experts::note_judged(&model, &name("tail"));
    });
}

#[test]
fn parts_should_be_the_heads_in_the_order_of_names() {
    execute(|| {
        let model = create(ALICE, 0);
        assert!(Experts::parts(&model).is_empty());
        publish(model, ROUTER, 0);
        let router = Part { component: name(ROUTER), file: weights(0) };
        assert_eq!(Experts::parts(&model).as_slice(), std::slice::from_ref(&router));
        publish(model, HEAD, 0);
        lay(model, HEAD, 1);
        let changed = Part { component: name(HEAD), file: weights(101) };
        assert_eq!(Experts::parts(&model).into_inner(), [changed, router]);
    });
}

#[test]
fn file_should_be_of_components_alone() {
    execute(|| {
        let model = model();
        assert_eq!(Experts::file(&head(model).block), Some(weights(0)));
        let set = register(model, records(), Purpose::Training);
        assert_eq!((Experts::file(&model), Experts::file(&set)), (None, None));
    });
}

#[test]
fn bundle_should_be_what_describes_the_model() {
    execute(|| {
        let model = model();
        assert_eq!(Experts::bundle(&model), Some(header(ALICE, 0).artifact));
        assert_eq!(Experts::bundle(&head(model).block), None);
        assert_eq!(Experts::card(&model), Some(card()));
        assert_eq!(Experts::card(&head(model).block), None);
    });
}

#[test]
fn note_loss_should_keep_what_was_lost_first_and_last() {
    execute(|| {
        let model = model();
        let set = register(model, records(), Purpose::Validation);
        // It is judged on nothing.
        Experts::note_loss(&model, &set, 3_000, 2_900);
        assert_eq!(LossesOf::<Test>::get(model), None);
        assert_ok!(Experts::choose_validation(RuntimeOrigin::signed(ALICE), model, set));
        // Samples differ, so that a model loses more on one than it did on another.
        for (before, since) in [(2_000, 1_950), (2_100, 2_050), (1_980, 1_900)] {
            Experts::note_loss(&model, &set, before, since);
        }
        assert_eq!(LossesOf::<Test>::get(model), Some(Losses { first: 2_000, last: 1_900 }));
        Experts::note_loss(&head(model).block, &set, 5, 4);
        assert_eq!(LossesOf::<Test>::iter().count(), 1);
    });
}
