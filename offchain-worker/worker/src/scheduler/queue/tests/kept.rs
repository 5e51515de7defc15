//! Processes that are kept when their briefs are over.

use super::*;

/// What a panel is to be told of a model of that number.
fn brief(panel: u64, model: u8) -> Work {
    let mut work = judging(panel, 1, 50);
    let errand = work.errand.take().unwrap();
    let brief = Brief { model: BlockId([model; 32]), ..Brief::clone(&errand.brief) };
    let errand = Errand { brief: Arc::new(brief), ..errand };
    Work { terms: Arc::new(errand.terms(0)), errand: Some(errand), ..work }
}

fn next(queue: &mut Queue) -> Option<(u64, Room)> {
    queue.take().map(|next| (next.work.seat.number, next.room))
}

/// One in which a brief of the seventh model has been answered, by process 0.
fn answered(slots: usize) -> Queue {
    let mut queue = queue(slots, 1_000);
    let first = brief(1, 7);
    renew(&mut queue, vec![first.clone()]);
    let begun = queue.take().unwrap();
    assert_eq!((begun.room, begun.kept()), (Room::Begins(0), Some(0)));
    queue.end(over(first.seat));
    queue
}

#[test]
fn take_should_have_what_is_judged_next_of_a_model_join_what_is_kept_of_it() {
    let mut queue = answered(2);
    renew(&mut queue, vec![brief(2, 7), brief(3, 7), brief(4, 8)]);
    let joins = queue.take().unwrap();
    assert_eq!((joins.work.seat.number, joins.room), (2, Room::Joins(0)));
    assert_eq!((along(&joins), joins.kept()), (vec![3], None));
    assert_eq!(next(&mut queue), Some((4, Room::Begins(1))));
    for one in joins.all() {
        queue.end(over(one.work.seat));
    }
    renew(&mut queue, vec![brief(5, 7)]);
    assert_eq!(next(&mut queue), Some((5, Room::Joins(0))));
    // Once it is gone another is begun, and its room is free.
    queue.end(over(brief(5, 7).seat));
    queue.gone(0);
    renew(&mut queue, vec![brief(6, 7)]);
    assert_eq!(next(&mut queue), Some((6, Room::Begins(2))));
}

#[test]
fn take_should_have_nothing_join_what_is_kept_that_is_unlike_or_takes_more_memory_or_is_apart() {
    let large = brief(2, 7);
    let large = Work { terms: Arc::new(large.errand.as_ref().unwrap().terms(501)), ..large };
    for (apart, work) in [
        (None, brief(2, 8)),
        (None, large),
        (None, on_text(super::work(2, 60, 1), 7)),
        (Some(brief(2, 7).seat), brief(2, 7)),
    ] {
        // A share of two is 500 MiB.
        let mut queue = answered(2);
        queue.apart.extend(apart);
        renew(&mut queue, vec![work]);
        let room = queue.take().map(|next| next.room);
        assert!(!matches!(room, Some(Room::Joins(_))), "{room:?}");
    }
}

#[test]
fn evict_should_name_what_is_kept_once_when_its_room_is_wanted() {
    for first in [brief(2, 8), work(2, 50, 1)] {
        let mut queue = answered(1);
        assert!(queue.evict().is_empty(), "nobody wants it");
        renew(&mut queue, vec![first.clone()]);
        assert_eq!(next(&mut queue), None);
        assert_eq!((queue.evict(), queue.evict()), (vec![0], vec![]));
        // It has its memory until it is gone, and nobody joins it any more.
        renew(&mut queue, vec![first, brief(3, 7)]);
        assert_eq!((next(&mut queue), queue.evict()), (None, vec![]));
        queue.gone(0);
        assert_eq!(next(&mut queue).map(|(panel, _)| panel), Some(2));
    }
    let mut queue = answered(2);
    renew(&mut queue, vec![brief(2, 8)]);
    assert_eq!(next(&mut queue), Some((2, Room::Begins(1))));
    assert!(queue.evict().is_empty(), "there is room beside it");
}

#[test]
fn evict_should_come_before_a_process_that_runs_is_joined() {
    let text = |task| on_text(work(task, 50, 1), 7);
    let mut queue = answered(2);
    renew(&mut queue, vec![text(2)]);
    assert_eq!(next(&mut queue), Some((2, Room::Begins(1))));
    renew(&mut queue, vec![text(2), text(3)]);
    assert_eq!((next(&mut queue), queue.evict()), (None, vec![0]));
    queue.gone(0);
    assert_eq!(next(&mut queue), Some((3, Room::Begins(2))));
}

#[test]
fn evict_should_name_none_when_that_would_make_no_room() {
    let mut queue = answered(3);
    let (running, waiting) = (with_memory(work(2, 50, 1), 600), with_memory(work(3, 50, 1), 500));
    renew(&mut queue, vec![running.clone()]);
    assert_eq!(next(&mut queue), Some((2, Room::Alone)));
    renew(&mut queue, vec![running.clone(), waiting.clone()]);
    assert_eq!((next(&mut queue), queue.evict()), (None, vec![]));
    queue.end(over(running.seat));
    assert_eq!(next(&mut queue), Some((3, Room::Alone)));
    renew(&mut queue, vec![waiting, brief(4, 7)]);
    assert_eq!(next(&mut queue), Some((4, Room::Joins(0))));
}

#[test]
fn gone_should_leave_its_room_to_the_jobs_that_have_not_ended() {
    let mut queue = queue(1, 1_000);
    renew(&mut queue, vec![brief(1, 7), brief(2, 7)]);
    assert_eq!(along(&queue.take().unwrap()), [2]);
    queue.end(over(brief(1, 7).seat));
    queue.gone(0);
    renew(&mut queue, vec![brief(2, 7), brief(3, 7)]);
    assert_eq!((next(&mut queue), queue.evict()), (None, vec![]));
    queue.end(over(brief(2, 7).seat));
    assert_eq!(next(&mut queue), Some((3, Room::Begins(1))));
}
