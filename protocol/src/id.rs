//! Names of things, and the units amounts and times are in.

use crate::wire::wire;

/// An amount of CRN in its smallest unit, 10⁻¹².
pub type Amount = u128;
/// The market's time: blocks, without those that passed while the chain was stopped.
pub type Height = u32;
/// Randomness that a draw is made with.
pub type Seed = [u8; 32];
/// BLAKE2b-256 of a preimage, see [`crate::preimage`].
pub type Digest = [u8; 32];

wire! {
    /// A registration. An owner may have several; none is ever used twice.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct ProviderId(pub u64);

    /// A task, numbered in the order of submission.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct TaskId(pub u64);

    /// A delta handed in, numbered in the order of submission.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct DeltaId(pub u64);

    /// A committee of guards, numbered in the order in which they were asked for.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct PanelId(pub u64);

    /// An artifact: BLAKE3 of its bytes.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct ContentId(pub [u8; 32]);

    /// An artifact and how long it is, so that whoever fetches it knows what to make room for.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct File {
        pub id: ContentId,
        pub bytes: u64,
    }

    /// A block of the model DAG: SHA3-256 of its encoded header.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct BlockId(pub [u8; 32]);

    /// What ran a job: the hash of the engine's name, version and flags, see [`crate::engine`].
    /// Hashes of results are compared only between equal engines.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct EngineId(pub [u8; 32]);

    /// Where a machine stands: its area in the high byte, a place within it in the low one.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct Region(pub u16);
}

impl Region {
    pub fn area(self) -> u8 {
        self.0.to_be_bytes()[0]
    }
}
