#![doc = include_str!("../README.md")]

pub mod devices;
pub mod engines;
mod judging;
mod solving;

use cairn_protocol::{
    failure::{Failure, Reason},
    id::{Digest, EngineId, File, Seed},
    job::{Job, JobKind, Parameters},
    result::Fingerprint,
};
use codec::{Decode, DecodeAll, Encode};
use std::fmt;
use thiserror::Error;

pub use devices::Device;
pub use judging::{is_judging, Judging, Want};
pub use solving::{is_solving, Solved, Solving};

/// Raised when orders or outcomes change their encoding.
pub const VERSION: u8 = 6;

/// What leads one of several: what leads one that is alone, and a bit that tells it from that.
const fn numbered(lead: u8) -> u8 {
    0x80 | lead
}

/// A job, and where what it needs lies.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Order {
    pub kind: JobKind,
    pub engine: EngineId,
    /// As they stand in the terms, read by whoever does the job.
    pub parameters: Parameters,
    pub seed: Seed,
    /// How much work it may be at most.
    pub units: u64,
    pub input: Input,
    /// What another worker came to, of a job that learns: it is to be measured, and not learnt
    /// anew.
    pub delta: Option<Input>,
    /// The component that alone changes as a job learns; all do where none is named.
    pub component: Option<String>,
    /// Bytes of an output that goes into the answer itself; a longer one is a file.
    pub inline: u32,
    /// What the result's fingerprint is made over; none where it is judged by its bits.
    pub fingerprint: Option<Over>,
    /// What its model is described by; none for simulations and modules.
    pub bundle: Option<File>,
    /// The folder of all files that the job names, each called by the lower-case hexadecimal digits
    /// of its identity. Whoever fetched them has seen that they are what they are called.
    pub store: String,
    /// The folder of what is derived from models. Empty where there is none but the scratch folder.
    pub cache: String,
    /// Threads that it may work with.
    pub threads: u16,
    /// Where it computes what it does in floats.
    pub device: Device,
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Input {
    Inline(Vec<u8>),
    /// Lies in the store.
    Stored(File),
}

/// The text that a fingerprint is made over: the same for all whose fingerprints are compared.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Over {
    /// The input alone.
    Input,
    /// The input, and how this job goes on with it.
    Made,
    /// The input, and how another job is said to have gone on. Nothing is made anew.
    Claimed(Input),
}

/// What became of a job.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Outcome {
    Made(Made),
    Failed(Fault),
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Made {
    pub product: Product,
    /// How much work it was.
    pub units: u64,
    /// What guards compare besides the result: BLAKE3 of what the last operator came to.
    pub trace: Digest,
    pub fingerprint: Option<Fingerprint>,
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Product {
    Inline(Vec<u8>),
    /// A file of that name in the scratch folder.
    Scratch(String),
}

/// Why there is no result, and what to tell whoever asked for it.
#[derive(Clone, Debug, Decode, Encode, Eq, Error, PartialEq)]
#[error("{failure}: {}", String::from_utf8_lossy(reason))]
pub struct Fault {
    pub failure: Failure,
    pub reason: Reason,
}

/// Why bytes are no order or no outcome.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Unreadable {
    #[error("there are no bytes")]
    Empty,
    #[error("it is of version {have}, and version {VERSION} is read here")]
    Version { have: u8 },
    #[error("the bytes say something else")]
    Body,
}

impl Order {
    /// A job's order, of which the places of its files are still to be said.
    pub fn of(job: &Job, input: Input, bundle: Option<File>) -> Self {
        Self {
            kind: job.kind,
            engine: job.engine,
            parameters: job.parameters.clone(),
            seed: job.seed,
            units: job.units,
            input,
            delta: None,
            component: None,
            inline: 0,
            fingerprint: None,
            bundle,
            store: String::new(),
            cache: String::new(),
            threads: 1,
            device: Device::Cpu,
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        written(VERSION, self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(VERSION, bytes)
    }

    /// One of several that a process is given, by a number that no other of them has.
    pub fn numbered_to_bytes(&self, number: u32) -> Vec<u8> {
        written(numbered(VERSION), &(number, self))
    }

    pub fn numbered_from_bytes(bytes: &[u8]) -> Result<(u32, Self), Unreadable> {
        read(numbered(VERSION), bytes)
    }
}

impl Outcome {
    pub fn to_bytes(&self) -> Vec<u8> {
        written(VERSION, self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(VERSION, bytes)
    }

    /// What became of the order of that number.
    pub fn numbered_to_bytes(&self, number: u32) -> Vec<u8> {
        written(numbered(VERSION), &(number, self))
    }

    pub fn numbered_from_bytes(bytes: &[u8]) -> Result<(u32, Self), Unreadable> {
        read(numbered(VERSION), bytes)
    }
}

/// Whether bytes are led as one of several, and not as an order, an outcome or something to be judged
/// that is alone.
pub fn is_numbered(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|lead| [VERSION, judging::LEAD].map(numbered).contains(lead))
}

impl Fault {
    /// The words are cut where they are too long for the chain.
    pub fn new(failure: Failure, words: impl fmt::Display) -> Self {
        let words = words.to_string();
        let mut end = words.len().min(Reason::bound());
        while !words.is_char_boundary(end) {
            end -= 1;
        }
        Self { failure, reason: Reason::truncate_from(words.as_bytes()[..end].to_vec()) }
    }
}

impl From<Result<Made, Fault>> for Outcome {
    fn from(result: Result<Made, Fault>) -> Self {
        match result {
            Ok(made) => Self::Made(made),
            Err(fault) => Self::Failed(fault),
        }
    }
}

fn written(lead: u8, value: &(impl Encode + ?Sized)) -> Vec<u8> {
    let mut bytes = vec![lead];
    value.encode_to(&mut bytes);
    bytes
}

fn read<T: Decode>(lead: u8, bytes: &[u8]) -> Result<T, Unreadable> {
    let (have, mut body) = bytes.split_first().ok_or(Unreadable::Empty)?;
    if *have != lead {
        return Err(Unreadable::Version { have: *have });
    }
    T::decode_all(&mut body).map_err(|_| Unreadable::Body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        let job = Job {
            kind: JobKind::Wasm,
            model: None,
            engine: EngineId([1; 32]),
            input: cairn_protocol::job::Payload::Inline(Default::default()),
            parameters: Parameters::truncate_from(vec![1, 2]),
            seed: [3; 32],
            units: 4,
            sampled: false,
        };
        Order::of(&job, Input::Inline(vec![5; 3]), None)
    }

    #[test]
    fn order_should_be_the_same_when_written_and_read() {
        let order = order();
        let measured = Order { delta: Some(Input::Inline(vec![6])), ..order.clone() };
        let lent = Order { device: Device::Wgpu, ..order.clone() };
        let partial = Order { component: Some("trunk".into()), ..order.clone() };
        for order in [order, measured, lent, partial] {
            assert_eq!(Order::from_bytes(&order.to_bytes()), Ok(order));
        }
    }

    #[test]
    fn numbered_should_be_the_same_when_written_and_read_and_not_alone() {
        let claimed = Over::Claimed(Input::Inline(vec![7]));
        let order = Order { fingerprint: Some(claimed), ..order() };
        let bytes = order.numbered_to_bytes(7);
        assert!(is_numbered(&bytes) && !is_numbered(&order.to_bytes()) && !is_numbered(&[]));
        assert!(Order::from_bytes(&bytes).is_err());
        assert!(Order::numbered_from_bytes(&order.to_bytes()).is_err());
        assert_eq!(Order::numbered_from_bytes(&bytes), Ok((7, order)));
        let outcome = Outcome::Failed(Fault::new(Failure::Trapped, "x"));
        let bytes = outcome.numbered_to_bytes(u32::MAX);
        assert!(Outcome::numbered_from_bytes(&bytes[..bytes.len() - 1]).is_err());
        assert_eq!(Outcome::numbered_from_bytes(&bytes), Ok((u32::MAX, outcome)));
    }

    #[test]
    fn from_bytes_should_refuse_what_is_no_order() {
        let bytes = order().to_bytes();
        assert_eq!(Order::from_bytes(&[]), Err(Unreadable::Empty));
        let other = [&[VERSION + 1], &bytes[1..]].concat();
        assert_eq!(Order::from_bytes(&other), Err(Unreadable::Version { have: VERSION + 1 }));
        assert_eq!(Order::from_bytes(&bytes[..bytes.len() - 1]), Err(Unreadable::Body));
        assert_eq!(Order::from_bytes(&[bytes.as_slice(), &[0]].concat()), Err(Unreadable::Body));
    }

    #[test]
    fn fault_should_keep_whole_letters_when_words_are_too_long() {
        let fault = Fault::new(Failure::Trapped, "ä".repeat(100) + "x");
        assert_eq!(fault.reason.len(), 128);
        let fault = Fault::new(Failure::Trapped, format!("x{}", "ä".repeat(100)));
        assert_eq!(fault.reason.len(), 127);
        assert!(std::str::from_utf8(&fault.reason).is_ok());
    }
}
