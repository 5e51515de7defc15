use super::*;
use crate::{
    generate::{Generation, Sampling},
    import,
    service::{Desk, Order, Unserved},
};
use burn::{
    module::Param,
    tensor::{Device, Tensor},
};
use std::{
    path::Path,
    sync::{
        atomic::Ordering,
        mpsc::{channel, Receiver},
    },
    thread::spawn,
    time::Duration,
};

fn decoder() -> Decoder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join("llama");
    import::decoder(&folder, &Device::flex()).expect("supported")
}

/// A decoder on which Burn panics: its last norm has a gain too many.
fn broken() -> Arc<Decoder> {
    let mut decoder = decoder();
    let gains = decoder.config().hidden + 1;
    decoder.norm.gamma = Param::from_tensor(Tensor::ones([gains], &Device::flex()));
    Arc::new(decoder)
}

fn two_after(token: u32) -> Request {
    Request { prompt: vec![token], sampling: Sampling::Greedy, most: 2, stops: vec![] }
}

/// A service without its thread, and what that thread is to have.
fn idle(decoder: Arc<Decoder>, limits: Limits) -> (Service, Desk<Batch>, Receiver<Order<Batch>>) {
    let batch = Batch::new(decoder.clone(), limits);
    let (front, desk, orders) = Front::idle(batch, limits.most());
    (Service { decoder, front }, desk, orders)
}

#[test]
fn stream_should_say_so_when_the_thread_is_lost() {
    // There is room for one, so the second waits when the first is computed.
    let limits = Limits { sequences: 1, ..Limits::default() };
    let (service, desk, orders) = idle(broken(), limits);
    let streams = [5, 6, 7].map(|token| service.submit(two_after(token)).expect("fit"));
    streams[2].cancel();
    desk.run(&orders);
    drop(orders);
    let [mut computed, mut waiting, mut cancelled] = streams;
    for stream in [&mut computed, &mut waiting] {
        assert_eq!(stream.next(), Some(Err(Unserved::Lost.into())));
        assert_eq!((stream.next(), stream.reason()), (None, None));
    }
    assert_eq!(cancelled.next(), None);
    assert_eq!(service.submit(two_after(8)).err(), Some(Unserved::Lost.into()));
}

#[test]
fn thread_should_return_when_a_step_panics() {
    let mut service = Service::start(broken(), Limits::default()).expect("a thread");
    let mut stream = service.submit(two_after(5)).expect("fit");
    assert_eq!(stream.next(), Some(Err(Unserved::Lost.into())));
    let thread = service.front.thread.take().expect("it was started");
    thread.join().expect("it returned");
    assert_eq!(service.submit(two_after(6)).err(), Some(Unserved::Lost.into()));
}

#[test]
fn stream_should_say_so_when_its_service_is_dropped() {
    let (service, desk, orders) = idle(Arc::new(decoder()), Limits::default());
    let streams = [5, 6, 7].map(|token| service.submit(two_after(token)).expect("fit"));
    streams[2].cancel();
    drop(service);
    desk.run(&orders);
    let [mut first, mut second, mut cancelled] = streams;
    for stream in [&mut first, &mut second] {
        assert_eq!(stream.next(), Some(Err(Unserved::Ended.into())));
        assert_eq!((stream.next(), stream.reason()), (None, None));
    }
    assert_eq!(cancelled.next(), None);
}

#[test]
fn stream_should_end_once_when_all_its_tokens_are_made() {
    let service = Service::start(Arc::new(decoder()), Limits::default()).expect("a thread");
    let mut stream = service.submit(two_after(5)).expect("fit");
    let made: Result<Vec<u32>, _> = stream.by_ref().collect();
    assert_eq!(made.expect("no failure").len(), 2);
    drop(service);
    assert_eq!((stream.next(), stream.reason()), (None, Some(Reason::Most)));
}

#[test]
fn submit_should_refuse_when_as_many_requests_wait_as_may() {
    let limits = Limits { sequences: 1, waiting: 2, ..Limits::default() };
    let (service, desk, orders) = idle(Arc::new(decoder()), limits);
    let submit = |token| service.submit(two_after(token));
    let mut streams: Vec<Stream> = (5..8).map(|token| submit(token).expect("room")).collect();
    let full = GenerateError::from(Unserved::Full { most: 3 });
    assert_eq!(submit(8).err(), Some(full.clone()));
    let text = full.to_string();
    assert!(text.contains("try again") && text.contains("Limits::waiting"), "{text}");
    // An order that nobody serves any more leaves its place to another.
    drop(orders.recv().expect("an order"));
    assert_eq!(streams.remove(0).next(), Some(Err(Unserved::Lost.into())));
    streams.push(submit(8).expect("room"));
    assert_eq!(submit(9).err(), Some(full));
    // So does each that has ended.
    let thread = spawn(move || desk.run(&orders));
    for stream in streams.drain(..) {
        let made: Result<Vec<u32>, _> = stream.collect();
        assert_eq!(made.expect("no failure").len(), 2);
    }
    streams.extend((5..8).map(|token| submit(token).expect("room")));
    drop(service);
    thread.join().expect("it returned");
}

#[test]
fn reader_should_be_woken_before_any_turn_when_another_thread_cancels() {
    // There is room for one, so the second waits behind the first.
    let limits = Limits { sequences: 1, ..Limits::default() };
    let (service, mut desk, orders) = idle(Arc::new(decoder()), limits);
    let request = |token| Request { most: 6, ..two_after(token) };
    let streams = [5, 6].map(|token| service.submit(request(token)).expect("room"));
    desk.turn(&orders).expect("a step");
    for (mut stream, made) in streams.into_iter().zip([1, 0]) {
        let cancel = stream.cancel_handle();
        let (told, heard) = channel();
        let reader = spawn(move || {
            let tokens: Result<Vec<u32>, _> = stream.by_ref().collect();
            told.send((tokens.map(|tokens| tokens.len()), stream.reason()))
        });
        cancel.cancel();
        // Only one that is never woken is waited for so long.
        let end = heard.recv_timeout(Duration::from_secs(60)).expect("the reader is woken");
        assert_eq!(end, (Ok(made), None));
        reader.join().expect("it returned").expect("it was heard");
        // Once more is nothing more, also when all is over.
        cancel.cancel();
    }
    let left = |desk: &Desk<Batch>| {
        (desk.work.len(), desk.outlets.len(), service.front.taken.load(Ordering::Relaxed))
    };
    assert_eq!(left(&desk), (2, 2, 2));
    desk.turn(&orders).expect("a turn");
    assert_eq!(left(&desk), (0, 0, 0));
}

#[test]
fn stream_should_stay_what_it_came_to_when_it_is_cancelled_afterwards() {
    let (service, mut desk, orders) = idle(Arc::new(decoder()), Limits::default());
    let mut stream = service.submit(two_after(5)).expect("room");
    let cancel = stream.cancel_handle();
    for _ in 0..2 {
        desk.turn(&orders).expect("a step");
    }
    cancel.cancel();
    assert_eq!(stream.by_ref().filter_map(Result::ok).count(), 2);
    assert_eq!(stream.reason(), Some(Reason::Most));
    // Nor does who may cancel keep a reader waiting where nobody is left to compute.
    let mut waiting = service.submit(two_after(6)).expect("room");
    let cancel = waiting.cancel_handle();
    drop((desk, orders));
    assert_eq!(waiting.next(), Some(Err(Unserved::Lost.into())));
    cancel.cancel();
    assert_eq!(waiting.next(), None);
}

fn cancelled(stream: Stream) -> Option<Stream> {
    stream.cancel();
    Some(stream)
}

fn dropped(stream: Stream) -> Option<Stream> {
    drop(stream);
    None
}

#[test]
fn request_should_leave_its_place_to_one_that_waits_when_it_is_cancelled_or_dropped() {
    let decoder = Arc::new(decoder());
    for end in [cancelled, dropped] {
        let limits = Limits { sequences: 2, waiting: 2, ..Limits::default() };
        let (service, mut desk, orders) = idle(decoder.clone(), limits);
        let request = |token| Request { most: 6, ..two_after(token) };
        let submit = |token| service.submit(request(token));
        let [running, ended, waiting, never] =
            [5, 6, 7, 8].map(|token| submit(token).expect("room"));
        desk.turn(&orders).expect("a step");
        assert_eq!(submit(9).err(), Some(Unserved::Full { most: 4 }.into()));
        // One of those that run, and one of those that wait.
        let ended = [ended, never].map(end);
        desk.turn(&orders).expect("a step");
        let taken = service.front.taken.load(Ordering::Relaxed);
        assert_eq!((desk.work.len(), desk.outlets.len(), taken), (2, 2, 2));
        // One that is gone before it is looked at takes no step.
        drop(submit(9).expect("room"));
        let mut turns = 2;
        while !desk.work.is_empty() {
            desk.turn(&orders).expect("a step");
            turns += 1;
        }
        // The first has made its six tokens after the sixth turn. The one that waited is a turn
        // behind it, so it took its place in the second.
        assert_eq!(turns, 7);
        for (token, stream) in [(5, running), (7, waiting)] {
            let alone = Generation::new(decoder.clone(), request(token)).expect("fit");
            let alone: Result<Vec<u32>, _> = alone.collect();
            let made: Result<Vec<u32>, _> = stream.collect();
            assert_eq!(made.expect("no failure"), alone.expect("no failure"));
        }
        // Nothing was made for them but what the first turn made.
        let made: Vec<usize> = ended.into_iter().flatten().map(Iterator::count).collect();
        assert!(made.is_empty() || made == [1, 0], "{made:?}");
    }
}
