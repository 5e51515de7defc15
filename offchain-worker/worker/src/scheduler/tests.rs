use super::*;
use crate::{
    book::testing::book,
    journal::KEPT,
    work::{
        errand::testing::judging,
        testing::{terms, work},
        Opens, Progress,
    },
};
use cairn_protocol::{
    id::{BlockId, EngineId},
    job::{Job, JobKind, Policy, Requirements, Seal, Terms},
    profile::DeviceClass,
    result::{Answer, Output},
};
use std::time::Duration;
use tempfile::TempDir;

struct Desk {
    _directory: TempDir,
    book: Arc<Book>,
    scheduler: Scheduler,
    jobs: mpsc::Receiver<Assignment>,
    results: mpsc::Receiver<Work>,
    forgotten: mpsc::Receiver<Seat>,
    drain: watch::Sender<bool>,
    queue: Queue,
}

impl Desk {
    fn new() -> Self {
        let (directory, book) = book();
        let book = Arc::new(book);
        let (to_jobs, jobs) = mpsc::channel(8);
        let (to_results, results) = mpsc::channel(8);
        let (to_forgotten, forgotten) = mpsc::channel(8);
        let (drain, drains) = watch::channel(false);
        let capacity = Capacity { slots: 2, memory_mib: 1_000, device_mib: 0 };
        let scheduler = Scheduler {
            book: Arc::clone(&book),
            stops: Arc::default(),
            metrics: Arc::new(Metrics::new().unwrap()),
            silence: Arc::default(),
            capacity,
            jobs: to_jobs,
            results: to_results,
            forgotten: to_forgotten,
            drains,
        };
        let queue = Queue::new(capacity);
        Self { _directory: directory, book, scheduler, jobs, results, forgotten, drain, queue }
    }

    async fn turn(&mut self, block: u64, works: Vec<Work>) {
        let (kept, challenges) = (Vec::new(), Vec::new());
        let turn = Turn { block, now: 10, works, kept, challenges, standing: None };
        self.scheduler.renew(&mut self.queue, &turn).await.unwrap();
        self.scheduler.begin(&mut self.queue).await;
    }

    fn begun(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.jobs.try_recv().ok()).map(|job| job.work.seat.number).collect()
    }

    fn told(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.results.try_recv().ok()).map(|work| work.seat.number).collect()
    }

    fn point(&self, work: &Work) -> Option<Point> {
        self.book.journal().entry(work.seat).unwrap().map(|entry| entry.point)
    }

    fn make(&self, work: &Work) {
        let output = Output::Inline(Default::default());
        let answer = Answer { engine: EngineId([1; 32]), output, fingerprint: None, units: 1 };
        self.book.note(work.seat, Step::Made { answer, trace: [1; 32] }).unwrap();
    }
}

fn over(seat: Seat) -> Ended {
    Ended { seat, then: Then::Over }
}

fn on(terms: Terms, work: Work) -> Work {
    Work { terms: Arc::new(terms), ..work }
}

#[tokio::test]
async fn job_should_be_begun_once_and_then_told_of() {
    let mut desk = Desk::new();
    let one = work(1, 50, 1);
    desk.turn(7, vec![one.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![1], vec![]));
    desk.turn(8, vec![one.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![]));
    desk.make(&one);
    desk.queue.end(over(one.seat));
    desk.turn(9, vec![one.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![1]));
}

#[tokio::test]
async fn job_should_be_begun_again_when_it_came_to_nothing_that_lasts() {
    let mut desk = Desk::new();
    let one = work(1, 50, 1);
    desk.turn(7, vec![one.clone()]).await;
    desk.queue.end(over(one.seat));
    desk.turn(8, vec![one.clone()]).await;
    assert_eq!(desk.begun(), [1, 1]);
}

#[tokio::test]
async fn jobs_should_be_begun_after_each_other_when_they_do_not_fit_at_once() {
    let mut desk = Desk::new();
    let large = |task, due| {
        let requirements = Requirements { memory_mib: 600, ..terms().requirements };
        on(Terms { requirements, ..terms() }, work(task, due, 1))
    };
    let works = vec![large(1, 50), large(2, 60)];
    desk.turn(7, works.clone()).await;
    assert_eq!(desk.begun(), [1]);
    // However often it is looked at, as long as the first runs.
    desk.turn(8, works.clone()).await;
    assert_eq!(desk.begun(), Vec::<u64>::new());
    desk.make(&works[0]);
    desk.queue.end(over(works[0].seat));
    desk.turn(9, works).await;
    assert_eq!(desk.begun(), [2]);
}

#[tokio::test]
async fn jobs_should_be_begun_alone_at_once_when_the_process_that_they_shared_died() {
    let Desk { _directory, scheduler, mut jobs, .. } = Desk::new();
    let (to_turns, turns) = mpsc::channel(1);
    let (to_ends, ends) = mpsc::channel(1);
    let (_to_gone, gone) = mpsc::channel(1);
    let running = tokio::spawn(scheduler.run(turns, ends, gone));
    let on_text = |task| {
        let (kind, model) = (JobKind::Embed, Some(BlockId([7; 32])));
        on(Terms { job: Job { kind, model, ..terms().job }, ..terms() }, work(task, 50, 1))
    };
    let (kept, challenges) = (Vec::new(), Vec::new());
    let works = vec![on_text(1), on_text(2)];
    let turn = Turn { block: 7, now: 10, works, kept, challenges, standing: None };
    to_turns.send(Arc::new(turn)).await.unwrap();
    let both = jobs.recv().await.unwrap();
    assert_eq!(both.all().count(), 2);
    for one in both.all() {
        to_ends.send(Ended { seat: one.work.seat, then: Then::Apart }).await.unwrap();
    }
    // Nobody says anew what is to be done.
    for task in [1, 2] {
        let next = jobs.recv().await.unwrap();
        assert_eq!((next.work.seat.number, next.along.len()), (task, 0));
    }
    drop(to_turns);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn job_should_wait_for_what_is_kept_to_be_gone() {
    let Desk { _directory, scheduler, mut jobs, .. } = Desk::new();
    let (to_turns, turns) = mpsc::channel(1);
    let (to_ends, ends) = mpsc::channel(1);
    let (to_gone, gone) = mpsc::channel(1);
    let running = tokio::spawn(scheduler.run(turns, ends, gone));
    let turn = |block, works| {
        let (kept, challenges) = (Vec::new(), Vec::new());
        Arc::new(Turn { block, now: 10, works, kept, challenges, standing: None })
    };
    to_turns.send(turn(7, vec![judging(6, 1, 50)])).await.unwrap();
    let brief = jobs.recv().await.unwrap();
    let number = brief.kept().unwrap();
    to_ends.send(over(brief.work.seat)).await.unwrap();
    // There are two slots.
    to_turns.send(turn(8, vec![work(1, 50, 1), work(2, 60, 1)])).await.unwrap();
    assert_eq!(jobs.recv().await.unwrap().work.seat.number, 1);
    let waits = tokio::time::timeout(Duration::from_millis(200), jobs.recv()).await;
    assert!(waits.is_err(), "{waits:?}");
    to_gone.send(number).await.unwrap();
    assert_eq!(jobs.recv().await.unwrap().work.seat.number, 2);
    drop(to_turns);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn opinion_should_be_formed_once_in_a_round_and_anew_in_the_next() {
    let mut desk = Desk::new();
    let first = judging(6, 1, 50);
    desk.turn(7, vec![first.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![6], vec![]));
    desk.make(&first);
    desk.queue.end(over(first.seat));
    // As a process that was killed finds it, too.
    desk.turn(8, vec![first.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![6]));
    desk.turn(9, vec![judging(6, 2, 90)]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![6], vec![]));
    assert_eq!(desk.point(&first), Some(Point::Ended));
}

#[tokio::test]
async fn opinion_should_not_be_formed_where_its_memory_is_not_there_and_that_be_said() {
    let mut desk = Desk::new();
    let large = judging(6, 1, 50);
    let large = on(large.errand.as_ref().unwrap().terms(1_001), large);
    desk.turn(7, vec![large.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![]));
    assert_eq!(desk.point(&large), Some(Point::Failed));
    assert!(desk.scheduler.silence.trouble().is_some_and(|said| said.contains("1001 MiB")));
}

#[test]
fn refusal_should_name_a_job_that_no_gpu_here_holds() {
    let capacity = Capacity { slots: 2, memory_mib: 4_000, device_mib: 1_000 };
    let refused = |memory_mib| {
        let class = DeviceClass::Gpu;
        let requirements = Requirements { class, memory_mib, ..terms().requirements };
        let job = Job { engine: cairn_order::engines::float(), ..terms().job };
        refusal(&capacity, &on(Terms { job, requirements, ..terms() }, work(1, 50, 1)))
    };
    assert_eq!(refused(1_000), None);
    let fault = refused(1_001).unwrap();
    assert_eq!(fault.failure, Failure::TooLargeForDevice);
    assert!(fault.to_string().contains("1001 MiB of a GPU"), "{fault}");
}

#[tokio::test]
async fn seat_should_be_left_alone_when_it_was_committed_to_by_a_journal_that_is_lost() {
    let mut desk = Desk::new();
    let one = Work { progress: Progress::Committed([1; 32]), ..work(1, 50, 1) };
    desk.turn(7, vec![one.clone()]).await;
    assert_eq!((desk.begun(), desk.told(), desk.point(&one)), (vec![], vec![], None));
}

#[tokio::test]
async fn witness_should_go_to_the_submitter_without_a_job() {
    let mut desk = Desk::new();
    let mut one = work(1, 50, 1);
    one.seat.part = Part::Witness;
    desk.turn(7, vec![one]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![1]));
}

#[tokio::test]
async fn guard_should_measure_an_outcome_and_redo_all_else() {
    let mut desk = Desk::new();
    let outcome = Policy::Outcome { target: 1, guards: 3 };
    let works = [(1, outcome), (2, Policy::Proven)].map(|(task, policy)| {
        let mut work = on(Terms { policy, ..terms() }, work(task, 50, 1));
        work.seat.part = Part::Guard;
        work
    });
    desk.turn(7, works.into()).await;
    assert_eq!((desk.begun(), desk.told()), (vec![1, 2], vec![]));
}

#[tokio::test]
async fn work_should_be_refused_when_it_cannot_be_done_here() {
    let requirements = Requirements { memory_mib: 1_001, ..terms().requirements };
    let sealed = |task| {
        let seal = Some(Seal { commitment: [1; 32], key_blocks: 5 });
        let policy = Policy::Outcome { target: 1, guards: 3 };
        on(Terms { policy, seal, ..terms() }, work(task, 50, 1))
    };
    let mut measured = sealed(3);
    measured.seat.part = Part::Guard;
    let works = vec![sealed(1), on(Terms { requirements, ..terms() }, work(2, 50, 1)), measured];
    let mut desk = Desk::new();
    desk.turn(7, works.clone()).await;
    assert_eq!(desk.begun(), Vec::<u64>::new());
    for work in &works {
        assert_eq!(desk.point(work), Some(Point::Failed), "{}", work.seat);
    }
    // An audit cannot be declined.
    assert_eq!(desk.told(), [1, 2]);
    desk.book.note(works[0].seat, Step::DeclineSent).unwrap();
    // The runtime may have taken it back.
    desk.turn(8, works.clone()).await;
    assert_eq!(desk.told(), [1, 2]);
    let closed = works.into_iter().map(|work| Work { opens: Opens::Nothing, ..work });
    desk.turn(9, closed.collect()).await;
    assert_eq!(desk.told(), Vec::<u64>::new());
}

#[tokio::test]
async fn work_should_be_declined_when_it_waited_too_long() {
    let mut desk = Desk::new();
    let late = work(1, 12, 1);
    desk.turn(7, vec![late.clone(), work(2, 50, 1)]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![2], vec![1]));
    let entry = desk.book.journal().entry(late.seat).unwrap().unwrap();
    assert_eq!(entry.fault.map(|fault| fault.failure), Some(Failure::OutOfTime));
}

#[tokio::test]
async fn rejected_key_should_be_told_of_as_long_as_the_chain_waits() {
    let mut desk = Desk::new();
    let one = work(1, 50, 1);
    desk.turn(7, vec![one.clone()]).await;
    desk.queue.end(over(one.seat));
    desk.begun();
    let fault = Fault::new(Failure::FalseArtifact, "the key opens nothing");
    desk.book.note(one.seat, Step::Rejected(fault)).unwrap();
    desk.turn(8, vec![one.clone()]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![1]));
    desk.turn(9, vec![Work { opens: Opens::Nothing, ..one.clone() }]).await;
    assert_eq!((desk.begun(), desk.told()), (vec![], vec![]));
    desk.turn(10, Vec::new()).await;
    assert_eq!(desk.point(&one), Some(Point::Ended));
}

#[tokio::test]
async fn work_should_end_and_be_stopped_when_the_seat_is_gone() {
    let mut desk = Desk::new();
    let one = work(1, 50, 1);
    desk.turn(7, vec![one.clone()]).await;
    desk.scheduler.stops.begin(one.seat);
    desk.turn(8, Vec::new()).await;
    assert_eq!(desk.point(&one), Some(Point::Ended));
    assert!(!desk.scheduler.stops.goes_on(&one.seat));
    desk.turn(9 + KEPT, Vec::new()).await;
    assert_eq!(desk.forgotten.try_recv().ok(), Some(one.seat));
    assert_eq!(desk.point(&one), None);
}

#[tokio::test]
async fn running_job_should_be_stopped_when_commitments_are_closed() {
    let mut desk = Desk::new();
    let one = work(1, 50, 1);
    desk.turn(7, vec![one.clone()]).await;
    desk.scheduler.stops.begin(one.seat);
    desk.turn(8, vec![Work { opens: Opens::Nothing, ..one.clone() }]).await;
    assert!(!desk.scheduler.stops.goes_on(&one.seat));
}

#[tokio::test]
async fn another_task_of_the_same_number_should_be_left_alone_and_not_hold_up_others() {
    let mut desk = Desk::new();
    desk.turn(7, vec![work(1, 50, 1)]).await;
    desk.queue.end(over(work(1, 50, 1).seat));
    desk.begun();
    let other = on(Terms { match_by: 101, ..terms() }, work(1, 50, 1));
    desk.turn(8, vec![other, work(2, 50, 1)]).await;
    assert_eq!(desk.begun(), [2]);
}

#[tokio::test]
async fn nothing_should_be_begun_when_the_worker_is_about_to_end() {
    let mut desk = Desk::new();
    desk.drain.send(true).unwrap();
    desk.turn(7, vec![work(1, 50, 1)]).await;
    assert_eq!(desk.begun(), Vec::<u64>::new());
}
