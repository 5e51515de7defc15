//! What tasks are told.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{dag::BlockKind, id::BlockId};
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
fn creator_should_be_the_author_when_the_model_exists() {
    execute(|| {
        let (first, second) = (create(ALICE, 0), create(BOB, 0));
        assert_eq!(Experts::creator(&first), Some(ALICE));
        assert_eq!(Experts::creator(&second), Some(BOB));
        assert_eq!(Experts::creator(&header(CAROL, 0).id()), None);
    });
}

/// Nothing can register another kind yet; jobs run on models alone even if something does.
#[test]
fn models_should_be_meta_blocks_alone() {
    externalities().execute_with(|| {
        let mut header = header(ALICE, 0);
        header.kind = BlockKind::Data;
        let id = header.id();
        Blocks::<Test>::insert(id, Block { header, deposit: 0 });
        assert!(!Experts::exists(&id) && !Experts::may_use(&id, &ALICE));
        assert_eq!(Experts::creator(&id), None);
    });
}
