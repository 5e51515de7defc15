use super::*;
use crate::work::testing::{seat, terms};
use cairn_order::{Fault, Input, Made, Product};
use cairn_protocol::failure::Failure;
use std::{
    sync::{atomic::AtomicBool, Mutex},
    thread,
};
use tokio::task::{spawn_blocking, JoinHandle};

const LONG: Duration = Duration::from_secs(60);

/// A process that is none.
struct Stub {
    /// It answers nothing before it has so many orders.
    waits: usize,
    /// It dies as soon as it has so many.
    dies: usize,
    /// What it says first of all.
    says: Option<Vec<u8>>,
    /// It is asked to answer these, which it does from the last on.
    asked: Vec<u32>,
    had: usize,
    ended: Arc<AtomicBool>,
    /// It answers nothing once it has so many.
    falls_silent: usize,
    /// Whether something comes of its orders.
    makes: bool,
    may_wait: bool,
    stopped: Arc<AtomicBool>,
}

impl Stub {
    fn new() -> Self {
        Self {
            waits: 0,
            dies: usize::MAX,
            says: None,
            asked: Vec::new(),
            had: 0,
            ended: Arc::default(),
            falls_silent: usize::MAX,
            makes: false,
            may_wait: false,
            stopped: Arc::default(),
        }
    }

    /// One that may be kept.
    fn sound() -> Self {
        Self { makes: true, may_wait: true, ..Self::new() }
    }
}

impl Process for Stub {
    fn admit(&mut self, job: &Seat) -> bool {
        *job != seat(0)
    }

    fn feed(&mut self, order: Vec<u8>) {
        let (number, _) = Order::numbered_from_bytes(&order).unwrap();
        self.asked.push(number);
        self.had += 1;
    }

    fn listen(&mut self) -> Result<Option<Vec<u8>>, End> {
        thread::sleep(Duration::from_millis(1));
        if self.stopped.load(Ordering::Relaxed) {
            return Err(End::Stopped);
        }
        if self.had >= self.dies {
            return Err(died());
        }
        if let Some(said) = self.says.take() {
            return Ok(Some(said));
        }
        let answers = self.had >= self.waits && self.had < self.falls_silent;
        let next = self.asked.pop_if(|_| answers);
        let outcome = if self.makes { made() } else { outcome() };
        Ok(next.map(|number| outcome.numbered_to_bytes(number)))
    }

    fn end(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn scratch(&self) -> &Path {
        Path::new("scratch")
    }

    fn took(&self) -> (Duration, u64) {
        (Duration::ZERO, 0)
    }

    fn may_wait(&self) -> bool {
        self.may_wait
    }
}

fn died() -> End {
    End::Died { signal: 9, words: String::new() }
}

fn outcome() -> Outcome {
    Outcome::Failed(Fault::new(Failure::Trapped, "as a test wants it"))
}

fn made() -> Outcome {
    let product = Product::Inline(Vec::new());
    Outcome::Made(Made { product, units: 1, trace: [0; 32], fingerprint: None })
}

/// For so many jobs, with what has the process that this starts.
fn opened(
    count: usize,
    start: impl FnOnce() -> Result<Stub, Trouble> + Send + 'static,
) -> (Door, Vec<Guest>, JoinHandle<()>) {
    let (door, guests, desk) = open(count, tempfile::tempdir().unwrap(), Duration::ZERO);
    (door, guests, spawn_blocking(move || desk.serve(|_| start())))
}

/// For one job, with what keeps this process for so long.
fn kept(stub: Stub, linger: Duration) -> (Door, Guest, JoinHandle<()>) {
    let (door, mut guests, desk) = open(1, tempfile::tempdir().unwrap(), linger);
    (door, guests.remove(0), spawn_blocking(move || desk.serve(|_| Ok(stub))))
}

async fn put(guest: Guest, task: u64, time: Duration) -> (Told, Stay) {
    let order = Order::of(&terms().job, Input::Inline(Vec::new()), None);
    guest.put(seat(task), order, Vec::new(), Instant::now() + time).await
}

/// What each is told that is put at once.
async fn told(guests: Vec<Guest>, time: Duration) -> Vec<Told> {
    let puts = (1..).zip(guests).map(|(task, guest)| tokio::spawn(put(guest, task, time)));
    let mut told = Vec::new();
    for put in puts.collect::<Vec<_>>() {
        told.push(put.await.unwrap().0);
    }
    told
}

fn is_answered(told: &Told) -> bool {
    matches!(told, Told::Outcome(made, _) if *made == outcome())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_order_should_be_answered_by_the_process_that_runs() {
    let starts = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&starts);
    let (door, mut guests, serving) = opened(1, move || {
        *counted.lock().unwrap() += 1;
        Ok(Stub { waits: 2, ..Stub::new() })
    });
    // It is not answered before the second is put.
    let first = tokio::spawn(put(guests.remove(0), 1, LONG));
    let (late, stay) = put(door.enter().unwrap(), 2, LONG).await;
    assert!(is_answered(&late), "{late:?}");
    let (first, _) = first.await.unwrap();
    assert!(is_answered(&first), "{first:?}");
    // All are answered: nobody enters any more, though what was written is still read.
    assert!(door.enter().is_none() && !door.is_closed());
    drop(stay);
    serving.await.unwrap();
    assert!(door.is_closed());
    assert_eq!(*starts.lock().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn process_should_have_ended_when_the_last_is_told() {
    let stub = Stub::new();
    let ended = Arc::clone(&stub.ended);
    let (_door, mut guests, serving) = opened(2, || Ok(stub));
    let last = guests.remove(1);
    let (first, _) = put(guests.remove(0), 1, LONG).await;
    assert!(is_answered(&first) && !ended.load(Ordering::Relaxed), "{first:?}");
    let (last, stay) = put(last, 2, LONG).await;
    assert!(is_answered(&last) && ended.load(Ordering::Relaxed), "{last:?}");
    drop(stay);
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn those_without_an_answer_should_be_done_apart_when_the_process_dies() {
    let (door, mut guests, serving) = opened(4, || Ok(Stub { dies: 3, ..Stub::new() }));
    let (first, first_stay) = put(guests.remove(0), 1, LONG).await;
    assert!(is_answered(&first), "{first:?}");
    // It has had two by now, of which it answers this one.
    let (second, _) = put(guests.remove(0), 2, LONG).await;
    assert!(is_answered(&second), "{second:?}");
    let (third, _) = put(guests.remove(0), 3, LONG).await;
    assert!(matches!(third, Told::Apart), "{third:?}");
    // It was never given these, so that they may share another.
    for guest in [guests.remove(0), door.enter().unwrap()] {
        let (told, _) = put(guest, 4, LONG).await;
        assert!(matches!(told, Told::Again), "{told:?}");
    }
    drop(first_stay);
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn end_should_be_the_orders_own_when_the_process_was_given_no_other() {
    for (stub, end) in [
        (Stub { dies: 1, ..Stub::new() }, Some(died())),
        (Stub { says: Some(b"stone".to_vec()), ..Stub::new() }, None),
        (Stub { says: Some(outcome().to_bytes()), ..Stub::new() }, None),
        (Stub { says: Some(outcome().numbered_to_bytes(7)), ..Stub::new() }, None),
    ] {
        let (_door, guests, serving) = opened(1, || Ok(stub));
        let told = told(guests, LONG).await;
        let [Told::Ended(is)] = &told[..] else { panic!("{told:?}") };
        assert!(end.as_ref().map_or(matches!(is, End::Unreadable(_)), |end| end == is), "{is:?}");
        serving.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_should_have_its_time_alone_and_half_of_it_where_it_is_shared() {
    const TIME: Duration = Duration::from_secs(2);
    let never = || Ok(Stub { waits: usize::MAX, ..Stub::new() });
    for count in [1, 2] {
        let begun = Instant::now();
        let (_door, guests, serving) = opened(count, never);
        let told = told(guests, TIME).await;
        match count {
            1 => {
                assert!(matches!(told[..], [Told::Ended(End::OutOfTime)]), "{told:?}");
                assert!(begun.elapsed() >= TIME);
            }
            _ => {
                assert!(matches!(told[..], [Told::Apart, Told::Apart]), "{told:?}");
                assert!(begun.elapsed() < TIME);
            }
        }
        serving.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_should_be_refused_by_itself_when_it_cannot_be_given() {
    // Nobody waits for the first any more.
    let (_door, mut guests, serving) = opened(2, || Ok(Stub::new()));
    let second = guests.remove(1);
    let (stopped, _) = put(guests.remove(0), 0, LONG).await;
    assert!(matches!(stopped, Told::Refused(Trouble::Stopped)), "{stopped:?}");
    let (second, stay) = put(second, 2, LONG).await;
    assert!(is_answered(&second), "{second:?}");
    drop(stay);
    serving.await.unwrap();
    // There is no process.
    let (_door, mut guests, serving) = opened(2, || Err(Trouble::Stopped));
    let second = guests.remove(1);
    let (first, _) = put(guests.remove(0), 1, LONG).await;
    assert!(matches!(first, Told::Refused(_)), "{first:?}");
    let (second, _) = put(second, 2, LONG).await;
    assert!(matches!(second, Told::Again), "{second:?}");
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn process_should_not_be_begun_when_all_leave_without_an_order() {
    for linger in [Duration::ZERO, LONG] {
        let (door, guests, desk) = open(2, tempfile::tempdir().unwrap(), linger);
        let start = |_: &Put| -> Result<Stub, Trouble> { panic!("there is nothing to do") };
        let serving = spawn_blocking(move || desk.serve(start));
        drop(guests);
        serving.await.unwrap();
        assert!(door.enter().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn process_should_be_there_for_who_comes_later_until_it_is_stopped() {
    let stub = Stub::sound();
    let (ended, stopped) = (Arc::clone(&stub.ended), Arc::clone(&stub.stopped));
    let (door, first, serving) = kept(stub, LONG);
    assert!(!first.finds_it_waiting());
    let (told, stay) = put(first, 1, LONG).await;
    assert!(matches!(told, Told::Outcome(Outcome::Made(_), _)), "{told:?}");
    // Nobody is there but the desk.
    drop(stay);
    for task in 2..4 {
        thread::sleep(TICK * 5);
        assert!(!ended.load(Ordering::Relaxed) && !serving.is_finished());
        let late = door.enter().unwrap();
        assert!(late.finds_it_waiting() && late.folder().is_dir());
        let (told, _stay) = put(late, task, LONG).await;
        assert!(matches!(told, Told::Outcome(Outcome::Made(_), _)), "{told:?}");
    }
    stopped.store(true, Ordering::Relaxed);
    serving.await.unwrap();
    assert!(ended.load(Ordering::Relaxed) && door.enter().is_none() && door.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn process_should_end_when_nobody_comes_for_as_long_as_it_is_kept() {
    const LINGER: Duration = Duration::from_millis(300);
    let stub = Stub::sound();
    let ended = Arc::clone(&stub.ended);
    let (door, first, serving) = kept(stub, LINGER);
    let begun = Instant::now();
    let (_, stay) = put(first, 1, LONG).await;
    drop(stay);
    serving.await.unwrap();
    assert!(ended.load(Ordering::Relaxed) && begun.elapsed() >= LINGER);
    assert!(door.enter().is_none() && door.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn process_should_not_be_kept_when_it_failed_or_may_not_be() {
    for stub in [Stub { makes: false, ..Stub::sound() }, Stub { may_wait: false, ..Stub::sound() }]
    {
        let ended = Arc::clone(&stub.ended);
        let (door, first, serving) = kept(stub, LONG);
        let (_, stay) = put(first, 1, LONG).await;
        // As soon as it is told, as of one that is never kept.
        assert!(ended.load(Ordering::Relaxed) && door.enter().is_none());
        drop(stay);
        serving.await.unwrap();
    }
    // It was given nothing, so that nothing is open in it.
    let stub = Stub::sound();
    let ended = Arc::clone(&stub.ended);
    let (_door, first, serving) = kept(stub, LONG);
    let (told, stay) = put(first, 0, LONG).await;
    assert!(matches!(told, Told::Refused(Trouble::Stopped)), "{told:?}");
    drop(stay);
    serving.await.unwrap();
    assert!(ended.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_that_was_kept_should_end_when_the_time_of_its_order_is_over() {
    const TIME: Duration = Duration::from_secs(1);
    let stub = Stub { falls_silent: 2, ..Stub::sound() };
    let ended = Arc::clone(&stub.ended);
    let (door, first, serving) = kept(stub, LONG);
    drop(put(first, 1, LONG).await);
    let begun = Instant::now();
    let (told, stay) = put(door.enter().unwrap(), 2, TIME).await;
    // All of its time, since it is alone there, and none of what the process is kept for.
    assert!(matches!(told, Told::Apart), "{told:?}");
    assert!(begun.elapsed() >= TIME && begun.elapsed() < LONG / 2);
    assert!(ended.load(Ordering::Relaxed) && door.enter().is_none());
    drop(stay);
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn late_order_should_be_done_again_when_what_was_kept_has_died() {
    let stub = Stub { dies: 2, ..Stub::sound() };
    let (door, first, serving) = kept(stub, LONG);
    drop(put(first, 1, LONG).await);
    let (told, stay) = put(door.enter().unwrap(), 2, LONG).await;
    assert!(matches!(told, Told::Apart), "{told:?}");
    drop(stay);
    serving.await.unwrap();
    assert!(door.is_closed());
}
