use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::id::{BlockId, DeltaId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

fn invalidate(id: DeltaId) -> DispatchResult {
    Learning::invalidate(RuntimeOrigin::root(), id)
}

fn reasons(ids: &[DeltaId]) -> Vec<(Stage, Option<Reason>)> {
    ids.iter().map(|id| stage(*id)).collect()
}

const LAID: (Stage, Option<Reason>) = (Stage::Laid, Some(Reason::Accepted));
const TARGET: (Stage, Option<Reason>) = (Stage::RolledBack, Some(Reason::Invalidated));
const ABOVE: (Stage, Option<Reason>) = (Stage::RolledBack, Some(Reason::AncestorInvalidated));

#[test]
fn invalidate_should_take_a_delta_off_with_all_that_is_on_it() {
    execute(|| {
        let ids = tower(A, 20, 6);
        let blocks: Vec<_> = ids.iter().map(|id| delta(*id).header.id()).collect();
        assert_ok!(invalidate(ids[1]));
        System::assert_last_event(Event::RollbackBegun { delta: ids[1] }.into());
        // Two in a block, from the top.
        assert_eq!(reasons(&ids), [LAID; 6]);
        run(1);
        assert_eq!(reasons(&ids), [LAID, LAID, LAID, LAID, ABOVE, ABOVE]);
        assert_eq!(head_of(&place(A)).block, blocks[3]);
        run(1);
        assert_eq!(reasons(&ids), [LAID, LAID, ABOVE, ABOVE, ABOVE, ABOVE]);
        run(1);
        assert_eq!(reasons(&ids), [LAID, TARGET, ABOVE, ABOVE, ABOVE, ABOVE]);
        assert_eq!(head_of(&place(A)).block, blocks[0]);
        System::assert_last_event(Event::RollbackEnded { place: place(A) }.into());
        let reason = Reason::Invalidated;
        let event = Event::RolledBack { delta: Some(ids[1]), block: blocks[1], reason };
        System::assert_has_event(event.into());
        // What was paid is paid. None of it may be laid again.
        assert_eq!(known().paid.len(), 6);
        assert!(known().asked.is_empty(), "nobody keeps what there is not");
        assert_ok!(commit(&header(DAVE, A, 21)));
        run(5);
        assert_eq!(submit(&header(DAVE, A, 21)), Err(Error::<Test>::LaidAlready.into()));
        // And the component goes on from where it is.
        tower(A, 30, 1);
    });
}

#[test]
fn rewards_that_wait_should_not_be_paid_when_their_delta_is_taken_off() {
    execute(|| {
        OnRecords::set(true);
        Waits::set(true);
        let ids = tower(A, 20, 3);
        assert_ok!(invalidate(ids[1]));
        run(3);
        assert_eq!(known().paid, [(ids[2], 0), (ids[1], 0)]);
        assert_eq!(known().forgotten, [ids[2], ids[1]]);
        assert_eq!(known().noted.len(), 1);
        assert_eq!(known().reserved, [(ids[0], CAROL, REWARD)]);
    });
}

#[test]
fn invalidate_should_fail_when_nothing_is_laid() {
    execute(|| {
        let id = handed_in();
        assert_noop!(invalidate(id), Error::<Test>::WrongStage);
        assert_noop!(invalidate(DeltaId(9)), Error::<Test>::UnknownDelta);
        lay(id);
        let bad = sp_runtime::DispatchError::BadOrigin;
        assert_noop!(Learning::invalidate(signed(CAROL), id), bad);
        assert_ok!(invalidate(id));
        assert_noop!(invalidate(id), Error::<Test>::BeingRolledBack);
        run(2);
        assert_eq!(stage(id), TARGET);
        assert_noop!(invalidate(id), Error::<Test>::WrongStage);
    });
}

#[test]
fn nothing_should_be_laid_or_handed_in_meanwhile() {
    execute(|| {
        let ids = tower(A, 20, 6);
        let pending = hand_in(&[header(DAVE, A, 30), header(ERIN, A, 31)]);
        pending.iter().for_each(|id| judge(*id, better));
        assert_ok!(commit(&header(FRANK, A, 32)));
        run(5);
        assert_ok!(invalidate(ids[0]));
        run(1);
        assert_eq!(submit(&header(FRANK, A, 32)), Err(Error::<Test>::BeingRolledBack.into()));
        {
            use cairn_seams::Kept;
            Learning::kept(pending[0]);
        }
        let waits = Learning::delta_view(pending[0]).unwrap().waits_for;
        assert_eq!(waits, DeltaWaitsFor::Rollback);
        run(1);
        assert_eq!((stage(pending[0]).0, stage(pending[1]).0), (Stage::Keeping, Stage::Queued));
        run(4);
        // What they were made on is no more.
        let superseded = (Stage::Stale, Some(Reason::Superseded));
        assert_eq!(reasons(&pending), [superseded; 2]);
        let base = known().lines.iter().find(|(at, _)| *at == place(A)).unwrap().1.len();
        assert_eq!(base, 1);
    });
}

#[test]
fn a_delta_that_was_made_on_less_should_be_judged_again() {
    execute(|| {
        let ids = tower(A, 20, 3);
        // Made on the first, handed in when the third was the head.
        let parents = vec![delta(ids[0]).header.id()].try_into().unwrap();
        let header = cairn_protocol::dag::Header { parents, ..header(DAVE, A, 30) };
        let id = hand_in(&[header])[0];
        judge(id, better);
        assert_ok!(invalidate(ids[1]));
        keep(id);
        run(3);
        assert_eq!((stage(id).0, delta(id).again), (Stage::Judging, true));
        lay(id);
        assert_eq!(delta(ids[0]).above, Some(id));
    });
}

#[test]
fn what_was_published_over_should_say_that_it_has_no_effect() {
    execute(|| {
        let before = tower(A, 20, 5);
        publish(MODEL, A);
        let after = tower(A, 30, 2);
        let head = head_of(&place(A));
        assert_ok!(invalidate(before[1]));
        run(1);
        assert_eq!(reasons(&before), [LAID, TARGET, LAID, LAID, LAID]);
        run(3);
        assert_eq!(reasons(&before), [LAID, TARGET, ABOVE, ABOVE, ABOVE]);
        // What is laid on the new one stays.
        assert_eq!((reasons(&after), head_of(&place(A))), (vec![LAID; 2], head));
        assert_eq!(crate::Rollbacks::<Test>::iter().count(), 0);
        // And is taken off by itself.
        assert_ok!(invalidate(after[0]));
        run(2);
        assert_eq!(reasons(&after), [TARGET, ABOVE]);
        // The records are kept as long as any others.
        run(300);
        assert_eq!(stage(before[1]), TARGET);
        run(110);
        assert_eq!(Learning::delta_view(before[1]), None);
    });
}

#[test]
fn a_rollback_should_end_when_the_component_is_published_meanwhile() {
    execute(|| {
        let ids = tower(A, 20, 6);
        assert_ok!(invalidate(ids[0]));
        run(1);
        publish(MODEL, A);
        let head = head_of(&place(A));
        run(4);
        assert_eq!(reasons(&ids), [TARGET, ABOVE, ABOVE, ABOVE, ABOVE, ABOVE]);
        assert_eq!(head_of(&place(A)), head);
        assert_eq!(crate::Rollbacks::<Test>::iter().count(), 0);
        tower(A, 30, 1);
    });
}

fn invalidate_block(block: BlockId) -> DispatchResult {
    Learning::invalidate_block(RuntimeOrigin::root(), MODEL, component(A), block)
}

/// So many blocks that are laid, of deltas that are forgotten.
fn forgotten(count: u8) -> Vec<BlockId> {
    let ids = tower(A, 20, count);
    let blocks = ids.iter().map(|id| delta(*id).header.id()).collect();
    run(403);
    assert!(ids.iter().all(|id| Learning::delta_view(*id).is_none()));
    blocks
}

#[test]
fn invalidate_block_should_take_off_what_is_forgotten_with_all_that_is_on_it() {
    execute(|| {
        let blocks = forgotten(3);
        let ids = tower(A, 30, 2);
        assert_ok!(invalidate_block(blocks[1]));
        let begun = Event::CutBegun { place: place(A), block: blocks[1] };
        System::assert_last_event(begun.into());
        // Two in a block, from the top.
        run(1);
        assert_eq!(reasons(&ids), [ABOVE; 2]);
        assert_eq!(head_of(&place(A)).block, blocks[2]);
        run(1);
        assert_eq!(head_of(&place(A)).block, blocks[0]);
        for (block, reason) in
            [(blocks[2], Reason::AncestorInvalidated), (blocks[1], Reason::Invalidated)]
        {
            System::assert_has_event(Event::RolledBack { delta: None, block, reason }.into());
        }
        System::assert_last_event(Event::RollbackEnded { place: place(A) }.into());
        assert!(!crate::Cutting::<Test>::exists());
        assert!(known().asked.is_empty(), "nobody keeps what there is not");
        // And the component goes on from where it is.
        tower(A, 40, 1);
    });
}

#[test]
fn invalidate_block_should_let_keepers_go_when_the_head_is_forgotten() {
    execute(|| {
        let blocks = forgotten(1);
        assert_eq!(known().asked.len(), 1);
        assert_ok!(invalidate_block(blocks[0]));
        run(1);
        assert!(known().asked.is_empty());
    });
}

#[test]
fn invalidate_block_should_do_as_invalidate_when_the_delta_is_known() {
    execute(|| {
        let id = tower(A, 20, 1)[0];
        assert_ok!(invalidate_block(delta(id).header.id()));
        System::assert_last_event(Event::RollbackBegun { delta: id }.into());
        run(2);
        assert_eq!(stage(id), TARGET);
    });
}

#[test]
fn invalidate_block_should_fail_when_it_is_no_part_of_the_component() {
    execute(|| {
        let published = head_of(&place(A)).block;
        let blocks = forgotten(2);
        let bad = sp_runtime::DispatchError::BadOrigin;
        let by_author = Learning::invalidate_block(signed(CAROL), MODEL, component(A), blocks[0]);
        assert_eq!(by_author, Err(bad));
        let elsewhere =
            Learning::invalidate_block(RuntimeOrigin::root(), MODEL, component(B), blocks[0]);
        assert_eq!(elsewhere, Err(Error::<Test>::NotCarried.into()));
        assert_noop!(invalidate_block(published), Error::<Test>::NotCarried);
        assert_noop!(invalidate_block(MODEL), Error::<Test>::NotCarried);
        assert_ok!(invalidate_block(blocks[1]));
        run(1);
        assert_noop!(invalidate_block(blocks[1]), Error::<Test>::NotCarried);
        publish(MODEL, A);
        assert_noop!(invalidate_block(blocks[0]), Error::<Test>::NotCarried);
    });
}

#[test]
fn cut_should_go_on_while_blocks_are_full_and_nothing_be_handed_in() {
    execute(|| {
        let blocks = forgotten(5);
        assert_ok!(commit(&header(DAVE, A, 30)));
        run(5);
        let nothing = Error::<Test>::NothingToCut;
        assert_noop!(Learning::cut(signed(BOB)), nothing);
        assert_ok!(invalidate_block(blocks[0]));
        assert_noop!(invalidate_block(blocks[1]), Error::<Test>::BeingRolledBack);
        assert_eq!(submit(&header(DAVE, A, 30)), Err(Error::<Test>::BeingRolledBack.into()));
        // Two at a time.
        for left in [3, 1, 0] {
            full_block();
            assert_ok!(Learning::cut(signed(BOB)));
            assert_eq!(crate::Cutting::<Test>::exists(), left > 0);
        }
        assert_noop!(Learning::cut(signed(BOB)), Error::<Test>::NothingToCut);
        assert_ok!(submit(&header(DAVE, A, 30)));
    });
}

#[test]
fn a_cut_should_end_when_the_component_is_published_meanwhile() {
    execute(|| {
        let blocks = forgotten(5);
        assert_ok!(invalidate_block(blocks[0]));
        run(1);
        publish(MODEL, A);
        let head = head_of(&place(A));
        run(1);
        assert!(!crate::Cutting::<Test>::exists());
        assert_eq!(head_of(&place(A)), head);
        tower(A, 30, 1);
    });
}

#[test]
fn one_component_should_be_cut_at_a_time() {
    execute(|| {
        let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, B, 21)]);
        ids.iter().for_each(|id| lay(*id));
        let blocks: Vec<_> = ids.iter().map(|id| delta(*id).header.id()).collect();
        run(403);
        let other =
            || Learning::invalidate_block(RuntimeOrigin::root(), MODEL, component(B), blocks[1]);
        assert_ok!(invalidate_block(blocks[0]));
        assert_eq!(other(), Err(Error::<Test>::CuttingAnother.into()));
        run(1);
        assert_ok!(other());
    });
}

#[test]
fn the_record_of_a_delta_should_outlive_its_rollback() {
    execute(|| {
        let ids = tower(A, 20, 2);
        let since = now();
        assert_ok!(invalidate(ids[0]));
        run(2);
        assert!(ids.iter().all(|id| delta(*id).due >= since + 400));
        run(403);
        assert_eq!(crate::Deltas::<Test>::iter().count(), 0);
        assert_eq!(crate::Laid::<Test>::iter().count(), 0);
        assert_eq!(held(CAROL), 0);
    });
}
