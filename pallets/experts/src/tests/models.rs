//! What tasks are told.

use super::mock::*;
use crate::*;
use cairn_protocol::{id::BlockId, learning::source::Purpose};
use cairn_seams::Models;

#[test]
fn exists_should_be_true_of_a_model_that_was_created() {
    execute(|| {
        let unknown = header(ALICE, 0).id();
        assert!(!Experts::exists(&unknown));
        assert_eq!(create(ALICE, 0), unknown);
        assert!(Experts::exists(&unknown));
        assert!(!Experts::exists(&BlockId([0; 32])));
    });
}

#[test]
fn may_use_should_be_true_of_anyone_when_the_model_exists() {
    execute(|| {
        let model = create(ALICE, 0);
        assert!(Experts::may_use(&model, &ALICE) && Experts::may_use(&model, &BOB));
        assert!(!Experts::may_use(&header(ALICE, 1).id(), &ALICE));
    });
}

#[test]
fn royalty_should_be_what_the_card_says() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_eq!(Experts::royalty(&model), 30_000);
        assert_eq!(Experts::royalty(&header(ALICE, 1).id()), 0);
    });
}

#[test]
fn note_use_should_count_for_models_alone() {
    execute(|| {
        let (model, other) = (create(ALICE, 0), create(ALICE, 1));
        let block = publish(model, HEAD, 0);
        (0..3).for_each(|_| Experts::note_use(&model));
        Experts::note_use(&block);
        assert_eq!((Uses::<Test>::get(model), Uses::<Test>::get(other)), (3, 0));
        assert_eq!(Uses::<Test>::iter().count(), 1);
    });
}

#[test]
fn creator_should_be_the_author_when_the_model_exists() {
    execute(|| {
        let (first, second) = (create(ALICE, 0), create(BOB, 0));
        assert_eq!(Experts::creator(&first), Some(ALICE));
        assert_eq!(Experts::creator(&second), Some(BOB));
        assert_eq!(Experts::creator(&header(CAROL, 0).id()), None);
    });
}

#[test]
fn models_should_be_meta_blocks_alone() {
    execute(|| {
        let model = create(ALICE, 0);
        let part = publish(model, HEAD, 0);
        let others = [part, lay(model, HEAD, 1), register(model, records(), Purpose::Training)];
        for id in others {
            assert!(!Experts::exists(&id) && !Experts::may_use(&id, &ALICE));
            assert_eq!(Experts::creator(&id), None);
        }
    });
}
