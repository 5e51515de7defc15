mod joining;
mod kept;

use super::*;
use crate::work::{
    errand::testing::judging,
    testing::{seat, terms, work},
    Errand,
};
use cairn_order::engines;
use cairn_protocol::{
    id::{BlockId, EngineId},
    job::{Job, Requirements, Seal, Terms},
    learning::brief::Brief,
    profile::DeviceClass,
};
use proptest::prelude::*;
use std::sync::Arc;

fn queue(slots: usize, memory_mib: u64) -> Queue {
    Queue::new(Capacity { slots, memory_mib, device_mib: 0 })
}

fn over(seat: Seat) -> Ended {
    Ended { seat, then: Then::Over }
}

fn seats(works: &[Work]) -> BTreeSet<Seat> {
    works.iter().map(|work| work.seat).collect()
}

/// Takes over these, all of which are awaited.
fn renew(queue: &mut Queue, works: Vec<Work>) -> Vec<Seat> {
    let awaited = seats(&works);
    queue.renew(10, works, &awaited)
}

fn with_memory(work: Work, memory_mib: u32) -> Work {
    let requirements = Requirements { memory_mib, ..work.terms.requirements };
    Work { terms: Arc::new(Terms { requirements, ..terms() }), ..work }
}

fn taken(queue: &mut Queue) -> Vec<u64> {
    std::iter::from_fn(|| queue.take()).map(|next| next.work.seat.number).collect()
}

#[test]
fn take_should_go_by_deadline_and_then_by_reward() {
    let mut queue = queue(9, 9_000);
    renew(&mut queue, vec![work(1, 90, 5), work(2, 50, 1), work(3, 50, 7), work(4, 60, 99)]);
    assert_eq!(taken(&mut queue), [3, 2, 4, 1]);
}

#[test]
fn take_should_begin_as_many_as_there_are_slots() {
    let mut queue = queue(2, 1_000);
    renew(&mut queue, vec![work(1, 50, 1), work(2, 60, 1), work(3, 70, 1)]);
    assert_eq!(taken(&mut queue), [1, 2]);
    queue.end(over(seat(1)));
    assert_eq!(taken(&mut queue), [3]);
    assert_eq!((queue.running(), queue.waiting()), (2, 0));
}

#[test]
fn take_should_begin_two_that_do_not_fit_at_once_after_each_other() {
    let mut queue = queue(4, 1_000);
    let large = |task, due| with_memory(work(task, due, 1), 600);
    // The small one fits beside the first, and does not overtake the second.
    renew(&mut queue, vec![large(1, 50), large(2, 60), work(3, 70, 1)]);
    assert_eq!(taken(&mut queue), [1]);
    queue.end(over(seat(1)));
    assert_eq!(taken(&mut queue), [2, 3]);
}

/// Of a text, on a model of that number.
fn on_text(work: Work, model: u8) -> Work {
    let terms = Terms::clone(&work.terms);
    let model = Some(BlockId([model; 32]));
    let job = Job { kind: JobKind::Embed, model, ..terms.job };
    Work { terms: Arc::new(Terms { job, ..terms }), ..work }
}

fn along(next: &Assignment) -> Vec<u64> {
    next.along.iter().map(|one| one.work.seat.number).collect()
}

#[test]
fn take_should_have_one_process_do_what_is_on_one_model() {
    let mut queue = queue(2, 1_000);
    let text = |task, due, model| on_text(work(task, due, 1), model);
    let works = vec![text(1, 50, 7), text(2, 60, 8), text(3, 70, 7), text(4, 80, 7)];
    renew(&mut queue, works);
    let first = queue.take().unwrap();
    assert_eq!((first.work.seat, along(&first)), (seat(1), vec![3, 4]));
    assert_eq!(first.all().count(), 3);
    // Each has its own time, and they are one of two processes.
    let times: Vec<u64> = first.all().map(|one| one.time.as_secs()).collect();
    assert_eq!(times, [50, 70, 80].map(|due| due - 10 - u64::from(MARGIN)));
    assert_eq!((queue.running(), queue.waiting()), (3, 1));
    let second = queue.take().unwrap();
    assert_eq!((second.work.seat, along(&second)), (seat(2), vec![]));
    // The process is over when all have ended.
    queue.end(over(seat(3)));
    queue.end(over(seat(4)));
    renew(&mut queue, vec![work(5, 90, 1)]);
    assert!(queue.take().is_none());
    queue.end(over(seat(1)));
    assert_eq!(taken(&mut queue), [5]);
}

#[test]
fn take_should_have_one_process_judge_what_is_of_one_model() {
    let of = |panel, model| {
        let mut work = judging(panel, 1, 50);
        let errand = work.errand.take().unwrap();
        let brief = Brief { model: BlockId([model; 32]), ..Brief::clone(&errand.brief) };
        let errand = Errand { brief: Arc::new(brief), ..errand };
        Work { terms: Arc::new(errand.terms(0)), errand: Some(errand), ..work }
    };
    let mut queue = queue(2, 1_000);
    renew(&mut queue, vec![of(1, 7), of(2, 8), of(3, 7), work(4, 50, 9)]);
    assert_eq!(taken(&mut queue), [4, 1]);
    let mut queue = self::queue(2, 1_000);
    renew(&mut queue, vec![of(1, 7), of(2, 8), of(3, 7)]);
    let first = queue.take().unwrap();
    assert_eq!((first.work.seat.number, along(&first)), (1, vec![3]));
    assert_eq!(queue.take().unwrap().work.seat.number, 2);
}

#[test]
fn take_should_leave_alone_what_may_share_no_process() {
    let lead = || on_text(work(1, 50, 1), 7);
    let changed = |change: &dyn Fn(&mut Terms)| {
        let mut other = on_text(work(2, 60, 1), 7);
        change(Arc::make_mut(&mut other.terms));
        other
    };
    let mut guard = on_text(work(2, 60, 1), 7);
    guard.seat.part = Part::Guard;
    let seal = Some(Seal { commitment: [1; 32], key_blocks: 5 });
    let others = [
        guard,
        changed(&|terms| terms.seal = seal),
        changed(&|terms| terms.job.engine = EngineId([9; 32])),
        changed(&|terms| terms.job.kind = JobKind::Infer),
        changed(&|terms| terms.job.model = None),
        changed(&|terms| terms.requirements.memory_mib = 501),
        changed(&|terms| terms.requirements.class = DeviceClass::Gpu),
    ];
    for other in others {
        let mut queue = queue(2, 1_000);
        renew(&mut queue, vec![lead(), other.clone()]);
        assert_eq!(along(&queue.take().unwrap()), Vec::<u64>::new(), "{other:?}");
    }
    let mut queue = queue(2, 1_000);
    renew(&mut queue, vec![lead(), changed(&|_| {})]);
    assert_eq!(along(&queue.take().unwrap()), [2]);
    // Modules are, too: each has its process.
    renew(&mut queue, vec![work(3, 50, 1), work(4, 50, 1)]);
    assert_eq!(along(&queue.take().unwrap()), Vec::<u64>::new());
}

#[test]
fn take_should_begin_no_more_together_than_one_process_does() {
    let mut queue = queue(1, 1_000);
    renew(&mut queue, (1..20).map(|task| on_text(work(task, 50, 1), 7)).collect());
    assert_eq!(along(&queue.take().unwrap()).len(), TOGETHER - 1);
    assert_eq!(queue.waiting(), 19 - TOGETHER);
}

#[test]
fn need_should_be_what_is_asked_for_and_at_least_a_share() {
    let capacity = Capacity { slots: 2, memory_mib: 1_000, device_mib: 600 };
    assert_eq!(capacity.need(&with_memory(work(1, 50, 1), 1_001)), 1_001);
    assert_eq!(capacity.need(&work(1, 50, 1)), 500);
    assert_eq!(capacity.device_need(&work(1, 50, 1)), 0, "it computes on the processor");
    assert_eq!(capacity.device_need(&on_gpu(work(1, 50, 1), 10)), 300);
    assert_eq!(capacity.device_need(&on_gpu(work(1, 50, 1), 400)), 400);
    let without = Capacity { device_mib: 0, ..capacity };
    assert_eq!(without.device_need(&on_gpu(work(1, 50, 1), 400)), 0, "it is refused later");
}

/// On a GPU, of which it takes so much.
fn on_gpu(work: Work, memory_mib: u32) -> Work {
    let terms = Terms::clone(&work.terms);
    let class = DeviceClass::Gpu;
    let requirements = Requirements { class, memory_mib, ..terms.requirements };
    let job = Job { engine: engines::float(), ..terms.job };
    Work { terms: Arc::new(Terms { job, requirements, ..terms }), ..work }
}

#[test]
fn take_should_begin_no_more_on_a_gpu_than_its_memory_holds() {
    let mut queue = Queue::new(Capacity { slots: 4, memory_mib: 4_000, device_mib: 1_000 });
    let gpu = |task, due| on_gpu(work(task, due, 1), 600);
    renew(&mut queue, vec![gpu(1, 50), gpu(2, 60), work(3, 70, 1)]);
    // There are slots and memory for all of them.
    assert_eq!(taken(&mut queue), [1]);
    queue.end(over(seat(1)));
    assert_eq!(taken(&mut queue), [2, 3]);
}

#[test]
fn end_should_have_jobs_wait_for_processes_of_their_own_when_theirs_died() {
    let mut queue = queue(2, 1_000);
    let works = || (1..5).map(|task| on_text(work(task, 50, 1), 7)).collect::<Vec<_>>();
    renew(&mut queue, works()[..3].to_vec());
    assert_eq!(along(&queue.take().unwrap()), [2, 3]);
    for task in 1..4 {
        queue.end(Ended { seat: seat(task), then: Then::Apart });
    }
    assert_eq!((queue.running(), queue.waiting()), (0, 3));
    // Whatever else is on their model goes with none of them, nor they with it.
    renew(&mut queue, works());
    for task in 1..3 {
        let next = queue.take().unwrap();
        assert_eq!((next.work.seat, along(&next)), (seat(task), vec![]));
    }
    assert!(queue.take().is_none(), "there are two slots");
    queue.end(over(seat(1)));
    queue.end(over(seat(2)));
    assert_eq!(taken(&mut queue), [3, 4]);
    // One whose time is over is forgotten.
    renew(&mut queue, Vec::new());
    assert!(queue.apart.is_empty());
}

#[test]
fn take_should_leave_out_what_cannot_be_in_time() {
    let mut queue = queue(1, 1_000);
    let works = [10, 10 + MARGIN, 13 + MARGIN].map(|due| work(due.into(), due, 1));
    renew(&mut queue, works.into());
    let next = queue.take().unwrap();
    assert_eq!(next.work.due, 13 + MARGIN);
    assert_eq!(next.time, Duration::from_secs(3));
    assert!(queue.take().is_none());
}

#[test]
fn late_should_take_out_what_cannot_be_in_time_and_does_not_run() {
    let mut queue = queue(1, 1_000);
    let works = || vec![work(1, 11 + MARGIN, 1), work(2, 12 + MARGIN, 1), work(3, 90, 1)];
    renew(&mut queue, works());
    assert!(queue.late().is_empty());
    assert_eq!(taken(&mut queue), [1]);
    queue.renew(12, works(), &seats(&works()));
    let late: Vec<_> = queue.late().iter().map(|work| work.seat).collect();
    assert_eq!((late, queue.waiting()), (vec![seat(2)], 1));
}

#[test]
fn renew_should_name_those_that_run_and_are_over() {
    let mut queue = queue(2, 1_000);
    renew(&mut queue, vec![work(1, 50, 1), work(2, 60, 1), work(3, 70, 1)]);
    assert_eq!(taken(&mut queue), [1, 2]);
    // The first has its result and is not to be begun again, but it is still awaited.
    let awaited = seats(&[work(1, 50, 1)]);
    assert_eq!(queue.renew(11, Vec::new(), &awaited), [seat(2)]);
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn renew_should_leave_what_came_to_nothing_again_and_again_for_later() {
    let mut queue = queue(1, 1_000);
    let works = || vec![work(1, 200, 1)];
    let mut begun = Vec::new();
    for now in 10..60 {
        queue.renew(now, works(), &seats(&works()));
        if let Some(next) = queue.take() {
            begun.push((now, next.tries));
            queue.end(over(next.work.seat));
        }
    }
    assert_eq!(begun, [(10, 0), (11, 1), (13, 2), (17, 3), (25, 4), (41, 5)]);
    // What is not asked for any more is as new when it is.
    queue.renew(60, Vec::new(), &BTreeSet::new());
    queue.renew(61, works(), &seats(&works()));
    assert_eq!(queue.take().unwrap().tries, 0);
}

#[test]
fn renew_should_not_begin_again_what_runs() {
    let mut queue = queue(2, 1_000);
    let both = || vec![work(1, 50, 1)];
    renew(&mut queue, both());
    assert_eq!(taken(&mut queue), [1]);
    assert!(renew(&mut queue, both()).is_empty());
    assert_eq!(taken(&mut queue), Vec::<u64>::new());
}

proptest! {
    #[test]
    fn queue_should_keep_to_its_room_and_lose_nothing(
        jobs in prop::collection::vec((30u32..60, 0u32..1_000, 0u128..5), 1..20),
        slots in 1usize..4,
        ends in prop::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let mut queue = queue(slots, 1_000);
        let works: Vec<Work> = (0u64..)
            .zip(&jobs)
            .map(|(task, (due, memory, reward))| {
                with_memory(work(task, *due, *reward), *memory)
            })
            .collect();
        renew(&mut queue, works);
        let (mut running, mut done) = (Vec::<Assignment>::new(), 0);
        for end in ends {
            while let Some(next) = queue.take() {
                running.push(next);
            }
            let memory: u64 = running.iter().map(|one| one.memory_mib).sum();
            prop_assert!(running.len() <= slots && memory <= 1_000);
            if running.is_empty() {
                break;
            }
            let ended = running.swap_remove(end.index(running.len()));
            queue.end(over(ended.work.seat));
            done += 1;
        }
        prop_assert_eq!(done, jobs.len());
    }
}
