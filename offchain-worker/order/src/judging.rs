//! What the program may be given instead of a job: a change of a model, to be judged.

use crate::{numbered, read, written, Unreadable, VERSION};
use cairn_protocol::learning::brief::Brief;
use codec::{Decode, Encode};

/// What leads one that is alone: the version, and a bit that tells it from orders.
pub(crate) const LEAD: u8 = 0x40 | VERSION;

/// A brief, and where its files lie.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Judging {
    pub brief: Brief,
    pub want: Want,
    /// The folder of all files that the brief names, and of those that its bundle does, as far as
    /// they are to be had. Each is called by the lower-case hexadecimal digits of its identity.
    /// Whoever fetched them has seen that they are what they are called.
    pub store: String,
    /// The folder of what is derived from models. Empty where there is none but the scratch folder.
    pub cache: String,
    /// Threads that it may work with; of several that one process is given, the first's count.
    pub threads: u16,
}

/// What is wanted of a brief.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Want {
    /// What is to be said of it: SCALE of an `Opinion`, in the answer itself.
    Opinion,
    /// The component with the delta laid on it, as a file. Nothing is measured.
    Candidate,
    /// The records that it is measured on, one after another, as a file. Of the brief's files only
    /// the source's is needed.
    Sample,
}

impl Judging {
    pub fn to_bytes(&self) -> Vec<u8> {
        written(LEAD, self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(LEAD, bytes)
    }

    /// One of several that a process is given, by a number that no other of them has.
    pub fn numbered_to_bytes(&self, number: u32) -> Vec<u8> {
        written(numbered(LEAD), &(number, self))
    }

    pub fn numbered_from_bytes(bytes: &[u8]) -> Result<(u32, Self), Unreadable> {
        read(numbered(LEAD), bytes)
    }
}

/// Whether bytes are led as something to be judged, alone or one of several.
pub fn is_judging(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|lead| [LEAD, numbered(LEAD)].contains(lead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{devices::QUESTION, is_numbered, Order};
    use cairn_protocol::{
        id::{BlockId, ContentId, File},
        learning::{brief::Subject, source::Source},
        spec::Records,
    };

    fn judging() -> Judging {
        let file = File { id: ContentId([1; 32]), bytes: 8 };
        let brief = Brief {
            model: BlockId([2; 32]),
            bundle: file,
            judge: ContentId([3; 32]),
            parts: Default::default(),
            subject: Subject::Heads(Default::default()),
            source: Source::Records(Records { file, record_bytes: 8 }),
            count: 64,
            threshold: 10_000,
            attempts: 1,
            seed: [4; 32],
        };
        let (store, cache) = ("store".into(), String::new());
        Judging { brief, want: Want::Opinion, store, cache, threads: 2 }
    }

    #[test]
    fn judging_should_be_the_same_when_written_and_read_and_no_order() {
        let judging = Judging { want: Want::Candidate, ..judging() };
        let (alone, several) = (judging.to_bytes(), judging.numbered_to_bytes(7));
        assert_eq!(Judging::from_bytes(&alone), Ok(judging.clone()));
        assert_eq!(Judging::numbered_from_bytes(&several), Ok((7, judging)));
        assert!(Judging::from_bytes(&several).is_err());
        assert!(Judging::numbered_from_bytes(&alone).is_err());
        assert!(Order::from_bytes(&alone).is_err());
        assert!(Order::numbered_from_bytes(&several).is_err());
        assert_eq!([&alone, &several].map(|bytes| is_numbered(bytes)), [false, true]);
        assert!([&alone, &several].iter().all(|bytes| is_judging(bytes)));
        assert!(!is_judging(QUESTION) && !is_judging(&[]));
    }
}
