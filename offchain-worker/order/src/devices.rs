//! What the program may be asked instead of being given a job: where it can compute.
//!
//! The worker does not ask the drivers of GPUs itself, as they would be loaded into it.

use crate::{read, written, Unreadable, VERSION};
use codec::{Decode, Encode};

/// The question. No order begins so.
pub const QUESTION: &[u8] = b"cairn-devices";

#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Devices {
    /// What the GPUs call themselves that it has a backend and a driver for.
    pub gpus: Vec<String>,
}

impl Devices {
    pub fn to_bytes(&self) -> Vec<u8> {
        written(VERSION, self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(VERSION, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Order;

    #[test]
    fn devices_should_be_the_same_when_written_and_read() {
        let devices = Devices { gpus: vec!["a card".into(), String::new()] };
        assert_eq!(Devices::from_bytes(&devices.to_bytes()), Ok(devices));
        assert_eq!(Devices::from_bytes(&[VERSION]), Err(Unreadable::Body));
    }

    #[test]
    fn question_should_be_no_order() {
        let version = Unreadable::Version { have: QUESTION[0] };
        assert_eq!(Order::from_bytes(QUESTION), Err(version));
    }
}
