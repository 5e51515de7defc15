//! Texts of many callers come to what each comes to alone.

mod common;

use cairn_engine::embed::{Embedder, Limits, Service};
use common::{device, fixture, off, texts, TOLERANCE};
use std::sync::Arc;

#[test]
fn rows_should_be_those_of_each_text_alone_when_many_threads_ask() {
    let embedder = Arc::new(Embedder::open(&fixture("bert"), &device()).expect("supported"));
    // Some of the texts fit at once, and not all.
    let limits = Limits { rows: 100, ..Limits::default() };
    let service = Service::start(embedder.clone(), limits).expect("a thread");
    let cases = texts("bert");
    let written: Vec<&str> = cases.iter().map(|c| c["text"].as_str().expect("a text")).collect();
    std::thread::scope(|scope| {
        for skipped in 0..6 {
            let (service, embedder, written) = (&service, &embedder, &written);
            scope.spawn(move || {
                let order = written.iter().cycle().skip(skipped).take(written.len());
                let asked: Vec<_> =
                    order.map(|text| (*text, service.submit(text).expect("room"))).collect();
                for (text, answer) in asked {
                    let row = answer.wait().expect("no failure").expect("not cancelled");
                    let alone = embedder.embed(&[text]).expect("it fits").remove(0);
                    assert!(off(text, &row, &alone) < TOLERANCE);
                }
            });
        }
    });
}
