use super::*;
use crate::{
    import,
    service::{Desk, Order, Unserved},
    tokens::Tokenizer,
};
use burn::tensor::Device;
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{channel, Receiver},
    thread::spawn,
    time::Duration,
};

const TOLERANCE: f32 = 1e-4;
const TEXTS: [&str; 5] = ["the red hen", "a path", "stones are laid", "the lazy dog", "a fox"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join("bert")
}

fn embedder() -> Arc<Embedder> {
    Arc::new(Embedder::open(&folder(), &Device::flex()).expect("supported"))
}

/// A service without its thread, and what that thread is to have.
fn idle(
    embedder: &Arc<Embedder>,
    limits: Limits,
) -> (Service, Desk<Queue>, Receiver<Order<Queue>>) {
    let (queue, passes) = Queue::new(embedder.clone(), limits);
    let (front, desk, orders) = Front::idle(queue, limits.waiting.max(1));
    (Service { embedder: embedder.clone(), front, passes }, desk, orders)
}

fn rows_of(embedder: &Embedder, text: &str) -> usize {
    embedder.tokenizer.encode(text).expect("a text").len()
}

fn left(service: &Service, desk: &Desk<Queue>) -> (usize, usize, usize) {
    let taken = service.front.taken.load(Ordering::Relaxed);
    (desk.work.waiting.len(), desk.outlets.len(), taken)
}

fn should_be_as_alone(answer: Answer, embedder: &Embedder, text: &str) {
    let row = answer.wait().expect("no failure").expect("not cancelled");
    let alone = embedder.embed(&[text]).expect("it fits").remove(0);
    assert_eq!(row.len(), alone.len());
    assert!(row.iter().zip(&alone).all(|(a, b)| (a - b).abs() < TOLERANCE), "{text}");
}

#[test]
fn texts_should_be_computed_in_one_pass_when_they_wait_together() {
    let embedder = embedder();
    let (service, mut desk, orders) = idle(&embedder, Limits::default());
    let answers = TEXTS.map(|text| service.submit(text).expect("room"));
    assert_eq!(service.passes(), 0);
    desk.turn(&orders).expect("a pass");
    assert_eq!((service.passes(), left(&service, &desk)), (1, (0, 0, 0)));
    for (answer, text) in answers.into_iter().zip(TEXTS) {
        should_be_as_alone(answer, &embedder, text);
    }
}

#[test]
fn texts_should_wait_for_another_pass_when_they_have_more_rows_than_fit() {
    let embedder = embedder();
    let one = rows_of(&embedder, TEXTS[0]);
    let cases = [(2 * one, &[3, 1, 0][..]), (3 * one - 1, &[3, 1, 0][..]), (3 * one, &[2, 0][..])];
    for (rows, after) in cases {
        let (service, mut desk, orders) = idle(&embedder, Limits { rows, waiting: 5 });
        let answers = [TEXTS[0]; 5].map(|text| service.submit(text).expect("room"));
        for (passes, after) in (1..).zip(after) {
            desk.turn(&orders).expect("a pass");
            let found = (service.passes(), left(&service, &desk));
            assert_eq!(found, (passes, (*after, *after, *after)));
        }
        for answer in answers {
            should_be_as_alone(answer, &embedder, TEXTS[0]);
        }
    }
    // One that has more than fit by itself is computed all the same.
    let (service, mut desk, orders) = idle(&embedder, Limits { rows: 1, waiting: 2 });
    let answers = [TEXTS[0], TEXTS[1]].map(|text| service.submit(text).expect("room"));
    for after in [1, 0] {
        desk.turn(&orders).expect("a pass");
        assert_eq!(left(&service, &desk), (after, after, after));
    }
    for (answer, text) in answers.into_iter().zip(TEXTS) {
        should_be_as_alone(answer, &embedder, text);
    }
}

#[test]
fn text_should_leave_its_place_and_take_no_rows_when_it_is_cancelled_or_dropped() {
    let embedder = embedder();
    // What is left of the four fits as a whole, and nothing beside it.
    let rows = rows_of(&embedder, TEXTS[1]) + rows_of(&embedder, TEXTS[3]);
    let (service, mut desk, orders) = idle(&embedder, Limits { rows, waiting: 4 });
    let [cancelled, first, dropped, second] =
        [0, 1, 2, 3].map(|at| service.submit(TEXTS[at]).expect("room"));
    let full = service.submit(TEXTS[4]);
    assert!(matches!(full, Err(EmbedError::Unserved(Unserved::Full { most: 4 }))));
    cancelled.cancel();
    drop(dropped);
    desk.turn(&orders).expect("a pass");
    assert_eq!((service.passes(), left(&service, &desk)), (1, (0, 0, 0)));
    assert!(matches!(cancelled.wait(), Ok(None)));
    should_be_as_alone(first, &embedder, TEXTS[1]);
    should_be_as_alone(second, &embedder, TEXTS[3]);
    // Where all that waits was cancelled, the model is not run.
    let last = service.submit(TEXTS[4]).expect("room");
    last.cancel();
    desk.turn(&orders).expect("a turn");
    assert_eq!((service.passes(), left(&service, &desk)), (1, (0, 0, 0)));
    assert!(matches!(last.wait(), Ok(None)));
}

#[test]
fn waiting_should_end_before_any_turn_when_another_thread_cancels() {
    let embedder = embedder();
    // One is computed at a time, so the second waits behind the first.
    let (service, mut desk, orders) = idle(&embedder, Limits { rows: 1, waiting: 3 });
    let [first, second, third] = [0, 1, 2].map(|at| service.submit(TEXTS[at]).expect("room"));
    desk.turn(&orders).expect("a pass");
    assert_eq!((service.passes(), left(&service, &desk)), (1, (2, 2, 2)));
    let cancel = second.cancel_handle();
    let (told, heard) = channel();
    let reader = spawn(move || told.send(second.wait().map_err(|error| error.to_string())));
    cancel.cancel();
    // Only one that is never woken is waited for so long.
    let end = heard.recv_timeout(Duration::from_secs(60)).expect("the reader is woken");
    assert_eq!(end, Ok(None));
    reader.join().expect("it returned").expect("it was heard");
    assert_eq!((service.passes(), left(&service, &desk)), (1, (2, 2, 2)));
    // It takes neither a pass nor the turn of the one behind it.
    desk.turn(&orders).expect("a pass");
    assert_eq!((service.passes(), left(&service, &desk)), (2, (0, 0, 0)));
    should_be_as_alone(first, &embedder, TEXTS[0]);
    should_be_as_alone(third, &embedder, TEXTS[2]);
}

#[test]
fn submit_should_refuse_when_the_model_does_not_take_the_text() {
    let encoder = import::encoder(&folder(), &Device::flex()).expect("supported");
    // It cuts no text.
    let tokenizer = Tokenizer::open(&folder(), encoder.config().vocabulary).expect("rules");
    let embedder = Arc::new(Embedder { encoder, tokenizer });
    let (service, mut desk, orders) = idle(&embedder, Limits::default());
    let answer = service.submit(TEXTS[0]).expect("room");
    let long = service.submit(&"the red hen ".repeat(48));
    assert!(matches!(long, Err(EmbedError::Model(ModelError::Length { most: 48, .. }))));
    desk.turn(&orders).expect("a pass");
    should_be_as_alone(answer, &embedder, TEXTS[0]);
}

#[test]
fn answer_should_say_so_when_its_service_is_dropped() {
    let (service, desk, orders) = idle(&embedder(), Limits::default());
    let answer = service.submit(TEXTS[0]).expect("room");
    drop(service);
    desk.run(&orders);
    assert!(matches!(answer.wait(), Err(EmbedError::Unserved(Unserved::Ended))));
}
