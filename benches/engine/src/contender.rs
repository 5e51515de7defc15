//! The side of one that is compared: a process of its own, so that its memory is its own and its
//! threads are in nobody's way. It reads commands line by line, and answers each in one line.

use crate::{candle, checkpoint::Given, exact, flex, Error};
use serde_json::{json, Value};
use std::{
    fs,
    io::{stdin, stdout, BufRead, Write},
    path::Path,
    time::Instant,
};

/// A model that goes on by tokens.
pub trait Contender {
    /// Logits after the last of these tokens, of a new sequence.
    fn begin(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error>;

    /// Logits after one more token.
    fn advance(&mut self, token: u32) -> Result<Vec<f32>, Error>;

    /// One step of learning.
    fn learn(&mut self) -> Result<(), Error> {
        Err(Error::Peer("does not learn".to_owned()))
    }
}

pub fn run(name: &str, folder: &Path, threads: usize) -> Result<(), Error> {
    match name {
        "exact" => exact::run(folder, threads),
        "flex" => serve(folder, &format!("Burn flex {}", flex::VERSION), &mut flex::open(folder)?),
        "candle" => {
            serve(folder, &format!("candle {}", candle::VERSION), &mut candle::open(folder)?)
        }
        other => Err(Error::Peer(format!("{other:?} is no contender"))),
    }
}

/// Says that it is ready, and does what it is told until nothing more comes.
pub fn serve(folder: &Path, label: &str, contender: &mut dyn Contender) -> Result<(), Error> {
    let given = Given::read(folder)?;
    answer(&json!({ "label": label }))?;
    let mut logits = Vec::new();
    for line in stdin().lock().lines() {
        let start = Instant::now();
        let seconds = || json!({ "seconds": start.elapsed().as_secs_f64() });
        let made = match line?.as_str() {
            "prefill" => {
                logits = contender.begin(&given.prompt)?;
                seconds()
            }
            "decode" => {
                for token in &given.behind {
                    logits = contender.advance(*token)?;
                }
                seconds()
            }
            "learn" => {
                contender.learn()?;
                seconds()
            }
            "logits" => json!({ "logits": logits }),
            "memory" => json!({ "kibibytes": peak()? }),
            other => return Err(Error::Peer(format!("{other:?} is no command"))),
        };
        answer(&made)?;
    }
    Ok(())
}

fn answer(value: &Value) -> Result<(), Error> {
    let mut out = stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

/// The most memory that this process has had at once, files that it maps included.
fn peak() -> Result<u64, Error> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    number.ok_or_else(|| Error::Peer("the system does not tell the peak of memory".to_owned()))
}
