//! Jobs that join a process that runs.

use super::*;

/// What joins a process that runs; none where what is first does not.
fn joined(queue: &mut Queue) -> Option<(u64, Room)> {
    queue.take().map(|next| (next.work.seat.number, next.room))
}

#[test]
fn take_should_have_what_is_first_join_a_process_when_there_is_no_room_for_another() {
    let mut queue = queue(1, 1_000);
    let text = |task, due| on_text(work(task, due, 1), 7);
    renew(&mut queue, vec![text(1, 50)]);
    assert_eq!(joined(&mut queue), Some((1, Room::Begins(0))));
    renew(&mut queue, vec![text(1, 50), text(2, 60), text(3, 70)]);
    assert_eq!(joined(&mut queue), Some((2, Room::Joins(0))));
    assert_eq!(joined(&mut queue), Some((3, Room::Joins(0))));
    // Its room is taken until the last has ended, whoever began it.
    queue.end(over(seat(1)));
    queue.end(over(seat(2)));
    renew(&mut queue, vec![text(3, 70), work(4, 90, 1)]);
    assert_eq!(joined(&mut queue), None);
    queue.end(over(seat(3)));
    assert_eq!(joined(&mut queue), Some((4, Room::Alone)));
    // Nobody joins a module.
    renew(&mut queue, vec![work(4, 90, 1), text(5, 95)]);
    assert_eq!(joined(&mut queue), None);
}

#[test]
fn take_should_begin_another_process_when_there_is_room_for_it() {
    let mut queue = queue(2, 1_000);
    let text = |task, due| on_text(work(task, due, 1), 7);
    for (task, room) in [(1, Room::Begins(0)), (2, Room::Begins(1)), (3, Room::Joins(0))] {
        renew(&mut queue, vec![text(task, 50)]);
        assert_eq!(joined(&mut queue), Some((task, room)));
    }
}

#[test]
fn take_should_have_nothing_join_that_would_overtake_or_cut_short_or_take_more_memory() {
    let text = |task, due, model| on_text(work(task, due, 1), model);
    let large = on_text(with_memory(work(2, 60, 1), 501), 7);
    for (slots, apart, waits) in [
        // Another model's is first.
        (1, None, vec![text(2, 55, 8), text(3, 60, 7)]),
        // It is due before the one that runs.
        (1, None, vec![text(2, 49, 7)]),
        (2, None, vec![work(4, 40, 1), large]),
        (1, Some(seat(2)), vec![text(2, 60, 7)]),
    ] {
        let mut queue = queue(slots, 1_000);
        renew(&mut queue, vec![text(1, 50, 7)]);
        assert_eq!(joined(&mut queue), Some((1, Room::Begins(0))));
        queue.apart.extend(apart);
        renew(&mut queue, waits);
        let begun: Vec<_> = std::iter::from_fn(|| joined(&mut queue)).collect();
        assert!(begun.iter().all(|(task, room)| (*task, *room) == (4, Room::Alone)), "{begun:?}");
        assert!(queue.waiting() > 0);
    }
}

#[test]
fn take_should_have_no_more_join_than_have_a_place() {
    let exact = |work: Work| {
        let terms = Terms::clone(&work.terms);
        let job = Job { engine: engines::exact(), ..terms.job };
        Work { terms: Arc::new(Terms { job, ..terms }), ..work }
    };
    let text = |task| on_text(work(task, 50, 1), 7);
    for (is_exact, places) in [(false, TOGETHER), (true, 2)] {
        let text = |task| if is_exact { exact(text(task)) } else { text(task) };
        let mut queue = queue(1, 1_000);
        renew(&mut queue, vec![text(1)]);
        assert_eq!(taken(&mut queue), [1]);
        renew(&mut queue, (1..20).map(text).collect());
        assert_eq!(taken(&mut queue).len(), places - 1);
        // Whoever ends makes place for one.
        queue.end(over(seat(1)));
        assert_eq!(taken(&mut queue).len(), 1);
    }
}

#[test]
fn take_should_have_nobody_join_a_process_that_is_closed_or_old() {
    let text = |task| on_text(work(task, 9_000, 1), 7);
    let mut closed = queue(1, 1_000);
    renew(&mut closed, vec![text(1)]);
    assert_eq!(taken(&mut closed), [1]);
    let two = || vec![text(1), text(2)];
    renew(&mut closed, two());
    assert_eq!(joined(&mut closed), Some((2, Room::Joins(0))));
    // It came too late, and waits for a process that it begins.
    closed.end(Ended { seat: seat(2), then: Then::Again });
    assert_eq!((joined(&mut closed), closed.waiting()), (None, 1));
    closed.end(over(seat(1)));
    assert_eq!(joined(&mut closed), Some((2, Room::Begins(1))));

    let mut old = queue(1, 1_000);
    renew(&mut old, vec![text(1)]);
    assert_eq!(taken(&mut old), [1]);
    for (now, expected) in [(10 + 1_800, None), (10 + 1_799, Some((2, Room::Joins(0))))] {
        old.renew(now, two(), &seats(&two()));
        assert_eq!(joined(&mut old), expected);
    }
}

proptest! {
    #[test]
    fn queue_should_keep_to_its_room_and_lose_nothing_when_jobs_join(
        jobs in prop::collection::vec((30u32..60, 0u32..1_000, 7u8..9), 1..30),
        slots in 1usize..4,
        ends in prop::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let mut queue = queue(slots, 1_000);
        let works: Vec<Work> = (0u64..)
            .zip(&jobs)
            .map(|(task, (due, memory, model))| {
                on_text(with_memory(work(task, *due, 1), *memory), *model)
            })
            .collect();
        renew(&mut queue, works);
        let (mut running, mut done) = (Vec::<(u64, Seat)>::new(), 0);
        // What each process takes.
        let mut taken = BTreeMap::<u64, u64>::new();
        for end in ends {
            while let Some(next) = queue.take() {
                for one in next.all() {
                    let (Room::Begins(number) | Room::Joins(number)) = one.room else {
                        panic!("others may join it")
                    };
                    let room = *taken.entry(number).or_insert(one.memory_mib);
                    prop_assert!(one.memory_mib <= room);
                    running.push((number, one.work.seat));
                }
            }
            let mut open = BTreeMap::<u64, usize>::new();
            running.iter().for_each(|(number, _)| *open.entry(*number).or_default() += 1);
            let memory: u64 = open.keys().filter_map(|number| taken.get(number)).sum();
            prop_assert!(open.len() <= slots && memory <= 1_000);
            prop_assert!(open.values().all(|jobs| *jobs <= TOGETHER));
            if running.is_empty() {
                break;
            }
            let (_, seat) = running.swap_remove(end.index(running.len()));
            queue.end(over(seat));
            done += 1;
        }
        prop_assert_eq!(done, jobs.len());
    }
}
