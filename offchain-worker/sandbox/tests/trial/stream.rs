//! How a job may answer that is given several orders.

use cairn_sandbox::child::Confined;
use std::{
    fs,
    io::{self, Write},
    thread,
    time::Duration,
};

pub fn talk(worker: &mut Confined, manner: &str) -> io::Result<()> {
    worker.answer(b"ready")?;
    match manner {
        "honest" => answers(worker, |order| order),
        "read" => answers(worker, content),
        "flood" => loop {
            worker.answer(b"stone")?;
        },
        "fill" => fill(worker),
        "long" => worker.answer(&vec![1; 2 << 20]),
        // Nine bytes are announced.
        "cut" => raw(&[9, 0, 0, 0, b's']),
        "garbage" => raw(&[0xff; 64]),
        _ => Ok(()),
    }
}

/// Answers each order.
fn answers(worker: &mut Confined, answer: impl Fn(Vec<u8>) -> Vec<u8>) -> io::Result<()> {
    while let Some(order) = worker.order()? {
        worker.answer(&answer(order))?;
    }
    Ok(())
}

/// What the file holds that an order names, or why that is not read.
fn content(name: Vec<u8>) -> Vec<u8> {
    let read = String::from_utf8(name).map_err(io::Error::other).and_then(fs::read);
    read.unwrap_or_else(|error| format!("{:?}", error.kind()).into_bytes())
}

/// Answers all the time, and writes a file each time.
fn fill(worker: &mut Confined) -> io::Result<()> {
    for number in 0..1_000 {
        fs::write(format!("file-{number}"), vec![1; 1 << 20])?;
        worker.answer(b"stone")?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Bytes that are no frame.
fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}
