//! Requests that share a batch come to what each would come to alone.

mod common;

use cairn_engine::{
    config::DecoderConfig,
    generate::{
        Batch, Event, GenerateError, Generation, Id, Limits, Reason, Request, Sampling, Service,
    },
    import,
    model::{Decoder, ModelError},
    service::Unserved,
};
use common::{device, fixture};
use std::{collections::BTreeMap, sync::Arc};

fn decoder(name: &str) -> Arc<Decoder> {
    Arc::new(import::decoder(&fixture(name), &device()).expect("supported"))
}

fn greedy(prompt: &[u32], most: usize) -> Request {
    Request { prompt: prompt.to_vec(), sampling: Sampling::Greedy, most, stops: vec![] }
}

fn drawn(prompt: &[u32], most: usize, seed: u8) -> Request {
    let sampling = Sampling::Drawn { temperature: 1.5, most: 40, share: 0.95, seed: [seed; 32] };
    Request { sampling, ..greedy(prompt, most) }
}

fn alone(decoder: &Arc<Decoder>, request: &Request) -> Vec<u32> {
    let made = Generation::new(decoder.clone(), request.clone()).expect("a fit request");
    made.collect::<Result<_, _>>().expect("no failure")
}

fn sort(events: Vec<Event>, made: &mut BTreeMap<Id, Vec<u32>>) {
    for event in events {
        made.entry(event.id).or_default().extend(event.token);
    }
}

/// Without a cache: the whole sequence again for each token.
fn anew(decoder: &Arc<Decoder>, request: &Request) -> Vec<u32> {
    let mut tokens = request.prompt.clone();
    for _ in 0..request.most {
        let next = Request { prompt: tokens.clone(), most: 1, ..request.clone() };
        tokens.extend(alone(decoder, &next));
    }
    tokens.split_off(request.prompt.len())
}

#[test]
fn tokens_should_be_the_same_when_nothing_is_kept_between_them() {
    for name in ["llama", "qwen3", "qwen3_moe"] {
        let decoder = decoder(name);
        for request in [greedy(&[5, 9, 31], 12), drawn(&[5, 9, 31], 12, 3)] {
            assert_eq!(alone(&decoder, &request), anew(&decoder, &request), "{name}");
        }
    }
}

#[test]
fn tokens_should_be_the_same_when_requests_join_and_leave_between_steps() {
    for name in ["llama", "qwen3_moe"] {
        let decoder = decoder(name);
        let requests: Vec<Request> = (0..9)
            .map(|n| {
                let prompt: Vec<u32> = (0..1 + n * 3).map(|at| 3 + (at * 7 + n) % 50).collect();
                match n % 2 {
                    0 => greedy(&prompt, 4 + n as usize),
                    _ => drawn(&prompt, 14 - n as usize, n as u8),
                }
            })
            .collect();
        let limits = Limits { sequences: 4, rows: 6, ..Limits::default() };
        let (mut batch, mut made) = (Batch::new(decoder.clone(), limits), BTreeMap::new());
        let mut ids = Vec::new();
        for request in &requests {
            ids.push(batch.join(request.clone()).expect("a fit request"));
            for _ in 0..2 {
                sort(batch.step().expect("no failure"), &mut made);
            }
        }
        // One leaves in the middle, and takes nothing from the others.
        let gone = ids[8];
        assert!(batch.leave(gone));
        assert!(!batch.leave(gone));
        while !batch.is_empty() {
            sort(batch.step().expect("no failure"), &mut made);
        }
        for (id, request) in ids.iter().zip(&requests).filter(|(id, _)| **id != gone) {
            assert_eq!(made[id], alone(&decoder, request), "{name}, {id:?}");
        }
    }
}

#[test]
fn generation_should_end_when_a_stop_comes_or_the_most_are_made_or_the_context_is_full() {
    let decoder = decoder("llama");
    let free = alone(&decoder, &greedy(&[8, 4], 10));
    let stop = free[4];
    let first = free.iter().position(|token| *token == stop).expect("it is there");
    let request = Request { stops: vec![stop], ..greedy(&[8, 4], 10) };
    let mut made = Generation::new(decoder.clone(), request).expect("fit");
    let tokens: Vec<u32> = made.by_ref().map(|token| token.expect("no failure")).collect();
    assert_eq!((&tokens[..], made.reason()), (&free[..first], Some(Reason::Stop)));
    let mut made = Generation::new(decoder.clone(), greedy(&[8, 4], 3)).expect("fit");
    assert_eq!((made.by_ref().count(), made.reason()), (3, Some(Reason::Most)));
    // 64 tokens fit; the last one made is not itself computed.
    let mut made = Generation::new(decoder, greedy(&[8, 4], 1000)).expect("fit");
    assert_eq!((made.by_ref().count(), made.reason()), (63, Some(Reason::Context)));
}

#[test]
fn join_should_refuse_when_a_request_does_not_fit_the_model() {
    let mut batch = Batch::new(decoder("llama"), Limits::default());
    assert_eq!(batch.join(greedy(&[], 1)), Err(GenerateError::NoPrompt));
    assert_eq!(batch.join(greedy(&[1], 0)), Err(GenerateError::Most(0)));
    let long = GenerateError::Prompt { have: 65, most: 64 };
    assert_eq!(batch.join(greedy(&[1; 65], 1)), Err(long));
    let token = ModelError::Token { token: 160, at: 1, below: 160 };
    assert_eq!(batch.join(greedy(&[1, 160], 1)), Err(token.into()));
    assert!(batch.is_empty());
    assert_eq!(batch.step(), Ok(vec![]));
}

#[test]
fn join_should_refuse_when_as_many_requests_wait_as_may() {
    let limits = Limits { sequences: 1, waiting: 1, ..Limits::default() };
    let mut batch = Batch::new(decoder("llama"), limits);
    let first = batch.join(greedy(&[5], 2)).expect("room");
    batch.join(greedy(&[6], 2)).expect("room");
    let full = Err(Unserved::Full { most: 2 }.into());
    assert_eq!(batch.join(greedy(&[7], 2)), full);
    assert!(batch.leave(first));
    batch.join(greedy(&[7], 2)).expect("room");
    assert_eq!(batch.join(greedy(&[8], 2)), full);
    while batch.len() == 2 {
        batch.step().expect("no failure");
    }
    batch.join(greedy(&[8], 2)).expect("room");
}

#[test]
fn streams_should_give_what_each_request_gives_alone_when_many_threads_ask() {
    let decoder = decoder("qwen3");
    let limits = Limits { sequences: 3, rows: 8, ..Limits::default() };
    let service = Service::start(decoder.clone(), limits).expect("a thread");
    std::thread::scope(|scope| {
        for n in 0..6_u32 {
            let (service, decoder) = (&service, &decoder);
            scope.spawn(move || {
                let request = drawn(&[3 + n, 11, 17 + n], 10, n as u8);
                let mut stream = service.submit(request.clone()).expect("fit");
                let made: Result<Vec<u32>, _> = stream.by_ref().collect();
                assert_eq!(made.expect("no failure"), alone(decoder, &request));
                assert_eq!(stream.reason(), Some(Reason::Most));
            });
        }
    });
}

#[test]
fn stream_should_end_when_it_is_cancelled_and_others_should_go_on() {
    // So many tokens that none of those who ask for them is near the last when it is cancelled.
    const MOST: usize = 4000;
    let config = DecoderConfig { context: MOST + 1, ..decoder("llama").config().clone() };
    let decoder = Arc::new(Decoder::new(&config, &device()).expect("a fit shape"));
    let expected = alone(&decoder, &greedy(&[7, 8], 5));
    let limits = Limits { sequences: 1, rows: 4, waiting: 1 };
    let service = Service::start(decoder.clone(), limits).expect("a thread");
    let mut cancelled = service.submit(greedy(&[5], MOST)).expect("room");
    let dropped = service.submit(greedy(&[6], MOST)).expect("room");
    let submit = || service.submit(greedy(&[7, 8], 5));
    let full = GenerateError::from(Unserved::Full { most: 2 });
    assert_eq!(submit().err().as_ref(), Some(&full));
    assert!(cancelled.next().is_some());
    cancelled.cancel();
    drop(dropped);
    // There is room for this one only after one of the others has left.
    let next = loop {
        match submit() {
            Ok(stream) => break stream,
            Err(error) => assert_eq!(error, full),
        }
        std::thread::yield_now();
    };
    let made: Result<Vec<u32>, _> = next.collect();
    assert_eq!(made.expect("no failure"), expected);
    assert!(cancelled.by_ref().count() < MOST - 1);
    assert_eq!(cancelled.reason(), None);
}

#[test]
fn submit_should_refuse_when_a_request_does_not_fit_the_model() {
    let service = Service::start(decoder("llama"), Limits::default()).expect("a thread");
    assert_eq!(service.submit(greedy(&[], 1)).err(), Some(GenerateError::NoPrompt));
}
