use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    id::{ContentId, DeltaId},
    learning::evaluation::{DeltaFlaw, Opinion},
};

/// Three of different authors on one component, all drawn against it as it is.
fn three() -> Vec<DeltaId> {
    let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, A, 21), header(ERIN, A, 22)]);
    ids.iter().for_each(|id| await_draw(*id));
    ids
}

#[test]
fn the_order_of_submission_should_decide_and_not_that_of_verdicts() {
    execute(|| {
        let ids = three();
        let base = head_of(&place(A)).block;
        // The last is judged first.
        judge(ids[2], better);
        judge(ids[1], better);
        assert_eq!((stage(ids[1]).0, stage(ids[2]).0), (Stage::Queued, Stage::Queued));
        let waits = |id| Learning::delta_view(id).unwrap().waits_for;
        assert_eq!(waits(ids[2]), DeltaWaitsFor::Turn { ahead: 2 });
        assert_eq!(head_of(&place(A)).block, base);
        lay(ids[0]);
        // The second is judged once more, against the first.
        assert_eq!(head_of(&place(A)).block, delta(ids[0]).header.id());
        assert_eq!((stage(ids[1]).0, delta(ids[1]).again), (Stage::Judging, true));
        assert_eq!(waits(ids[2]), DeltaWaitsFor::Turn { ahead: 1 });
        lay(ids[1]);
        lay(ids[2]);
        let blocks: Vec<_> = ids.iter().map(|id| delta(*id).header.id()).collect();
        assert_eq!(head_of(&place(A)).block, blocks[2]);
        assert_eq!(known().paid.len(), 3);
    });
}

#[test]
fn a_delta_should_be_judged_against_what_the_component_became() {
    execute(|| {
        let ids = three();
        ids.iter().for_each(|id| judge(*id, better));
        keep(ids[0]);
        let head = head_of(&place(A));
        await_draw(ids[1]);
        let brief = brief_of(ids[1]);
        assert_eq!((brief.attempts, brief.parts[0].file), (0, head.file));
        // Its base is still what its author made it on.
        let cairn_protocol::learning::brief::Subject::Delta { base, .. } = brief.subject else {
            unreachable!("it is a delta")
        };
        assert_ne!(base, head.file.id);
        let panel = panel_of(ids[1]);
        System::assert_has_event(Event::Redrawn { delta: ids[1], panel }.into());
        // It brings nothing more.
        judge(ids[1], no_better);
        assert_eq!(stage(ids[1]), (Stage::Rejected, Some(Reason::NotBetter)));
        assert!(crate::Tried::<Test>::contains_key(head.block, ContentId([21; 32])));
        assert_eq!(stage(ids[2]).0, Stage::Judging);
    });
}

#[test]
fn a_delta_should_be_stale_when_its_head_moves_twice() {
    execute(|| {
        let laid = tower(A, 40, 1)[0];
        let ids = three();
        // Of two that passed the first is laid, and the second judged again.
        judge(ids[1], better);
        judge(ids[0], better);
        keep(ids[0]);
        judge(ids[1], better);
        assert_eq!((stage(ids[1]).0, delta(ids[1]).again), (Stage::Keeping, true));
        // While somebody is asked to keep it, what it is on is taken off down to the first.
        assert!(Learning::invalidate(RuntimeOrigin::root(), ids[0]).is_ok());
        run(3);
        assert_eq!(head_of(&place(A)).block, delta(laid).header.id());
        keep(ids[1]);
        assert_eq!(stage(ids[1]), (Stage::Stale, Some(Reason::HeadMoved)));
        let event = Event::Outdated { delta: ids[1], reason: Reason::HeadMoved };
        System::assert_has_event(event.into());
        assert_eq!((held(DAVE), known().asked.len()), (DEPOSIT, 0));
    });
}

#[test]
fn a_delta_should_be_stale_when_nobody_pays_for_having_it_judged_once_more() {
    execute(|| {
        let ids = three();
        assert_eq!(known().aside, ids);
        judge(ids[1], better);
        assert_eq!(known().aside, [ids[0], ids[2]]);
        Affords::set(false);
        lay(ids[0]);
        let stale = (Stage::Stale, Some(Reason::HeadMoved));
        assert_eq!((stage(ids[1]), known().aside), (stale, vec![ids[2]]));
        // Its guards are paid all the same, of what was put aside before.
        judge(ids[2], better);
        assert_eq!((stage(ids[2]), known().guards.len()), (stale, 9));
        assert_eq!([DAVE, ERIN].map(held), [DEPOSIT; 2]);
    });
}

#[test]
fn a_delta_should_be_stale_when_the_component_is_published_anew() {
    execute(|| {
        let ids = three();
        judge(ids[0], better);
        judge(ids[1], better);
        publish(MODEL, A);
        // One passed, one waits, and one is still judged.
        keep(ids[0]);
        let superseded = (Stage::Stale, Some(Reason::Superseded));
        assert_eq!((stage(ids[0]), stage(ids[1])), (superseded, superseded));
        judge(ids[2], better);
        assert_eq!(stage(ids[2]), superseded);
        assert!(known().asked.is_empty() && known().paid.is_empty());
        assert_eq!([CAROL, DAVE, ERIN].map(held), [DEPOSIT; 3]);
    });
}

#[test]
fn a_delta_should_be_stale_when_the_component_is_published_before_its_draw() {
    execute(|| {
        let id = handed_in();
        publish(MODEL, A);
        run(SEED + 2);
        assert_eq!(stage(id), (Stage::Stale, Some(Reason::Superseded)));
        assert_eq!(delta(id).trial, None);
    });
}

#[test]
fn what_is_no_delta_should_be_rejected_whatever_the_head() {
    execute(|| {
        let ids = three();
        judge(ids[1], |_| Opinion::Flawed(DeltaFlaw::NotAChange));
        lay(ids[0]);
        let reason = Reason::Flawed(DeltaFlaw::NotAChange);
        assert_eq!(stage(ids[1]), (Stage::Rejected, Some(reason)));
    });
}

#[test]
fn components_should_not_wait_for_each_other() {
    execute(|| {
        let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, B, 21)]);
        lay(ids[1]);
        assert_eq!(stage(ids[0]).0, Stage::Judging);
        // What the first is held against has the second in it, as far as it was drawn later; its
        // own component is the same.
        lay(ids[0]);
    });
}

#[test]
fn who_is_first_should_be_looked_at_when_the_one_before_ends() {
    execute(|| {
        let ids = three();
        judge(ids[1], no_better);
        judge(ids[2], no_better);
        assert_eq!((stage(ids[1]).0, stage(ids[2]).0), (Stage::Queued, Stage::Queued));
        judge(ids[0], no_better);
        let rejected = (Stage::Rejected, Some(Reason::NotBetter));
        assert_eq!(ids.iter().map(|id| stage(*id)).collect::<Vec<_>>(), [rejected; 3]);
        assert!(Learning::queue_of(MODEL, component(A)).is_empty());
    });
}
