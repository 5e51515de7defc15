//! What the program may be given instead of a job: a capability challenge, to be solved on the
//! device that jobs are lent. On the processor the worker solves it itself.

use crate::{devices::Device, read, written, Unreadable, VERSION};
use cairn_protocol::id::{Digest, Seed};
use codec::{Decode, DecodeAll, Encode};

/// What leads one: the version, and a bit that tells it from orders and from what is judged.
pub(crate) const LEAD: u8 = 0x20 | VERSION;

/// What a challenge asks for, and where it is computed.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Solving {
    pub seed: Seed,
    /// As the challenge has it; what is computed is that in whole rounds.
    pub units: u64,
    pub device: Device,
}

/// What its outcome has in the answer itself.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Solved {
    /// As `cairn_protocol::challenge::work` has it.
    pub answer: Digest,
    /// Microseconds that it took once the device was open.
    pub micros: u64,
}

impl Solving {
    pub fn to_bytes(&self) -> Vec<u8> {
        written(LEAD, self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(LEAD, bytes)
    }
}

impl Solved {
    /// Of what a program says that it made.
    pub fn from_output(mut bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::decode_all(&mut bytes).map_err(|_| Unreadable::Body)
    }
}

/// Whether bytes are led as a challenge to be solved.
pub fn is_solving(bytes: &[u8]) -> bool {
    bytes.first() == Some(&LEAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{devices::QUESTION, is_judging, is_numbered, Order};

    #[test]
    fn solving_should_be_the_same_when_written_and_read_and_nothing_else() {
        let solving = Solving { seed: [7; 32], units: 1 << 40, device: Device::Wgpu };
        let bytes = solving.to_bytes();
        assert_eq!(Solving::from_bytes(&bytes), Ok(solving));
        assert!(is_solving(&bytes) && !is_judging(&bytes) && !is_numbered(&bytes));
        assert!(!is_solving(QUESTION) && !is_solving(&[]));
        assert!(Order::from_bytes(&bytes).is_err());
        assert_eq!(Solving::from_bytes(&bytes[..bytes.len() - 1]), Err(Unreadable::Body));
    }

    #[test]
    fn solved_should_be_read_only_when_it_is_whole() {
        let solved = Solved { answer: [3; 32], micros: 5 };
        assert_eq!(Solved::from_output(&solved.encode()), Ok(solved));
        assert_eq!(Solved::from_output(&[3; 39]), Err(Unreadable::Body));
        assert_eq!(Solved::from_output(&[3; 41]), Err(Unreadable::Body));
    }
}
