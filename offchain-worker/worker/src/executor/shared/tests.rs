use super::*;
use crate::work::testing::{seat, terms};
use cairn_order::{Fault, Input};
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
}

impl Stub {
    fn new() -> Self {
        let ended = Arc::default();
        Self { waits: 0, dies: usize::MAX, says: None, asked: Vec::new(), had: 0, ended }
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
        if self.had >= self.dies {
            return Err(died());
        }
        if let Some(said) = self.says.take() {
            return Ok(Some(said));
        }
        let next = self.asked.pop_if(|_| self.had >= self.waits);
        Ok(next.map(|number| outcome().numbered_to_bytes(number)))
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
}

fn died() -> End {
    End::Died { signal: 9, words: String::new() }
}

fn outcome() -> Outcome {
    Outcome::Failed(Fault::new(Failure::Trapped, "as a test wants it"))
}

/// For so many jobs, with what has the process that this starts.
fn opened(
    count: usize,
    start: impl FnOnce() -> Result<Stub, Trouble> + Send + 'static,
) -> (Door, Vec<Guest>, JoinHandle<()>) {
    let (door, guests, desk) = open(count, tempfile::tempdir().unwrap());
    (door, guests, spawn_blocking(move || desk.serve(|_| start())))
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
    let (door, guests, serving) = opened(2, || panic!("there is nothing to do"));
    drop(guests);
    serving.await.unwrap();
    assert!(door.enter().is_none());
}
