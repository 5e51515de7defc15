//! Blocks of the model DAG: what a model is made of, stone upon stone.
//!
//! ```text
//! META ◀── EXPERT, ROUTER ◀── DELTA ◀── DELTA ◀── …
//!   ▲── DATA
//! ```
//!
//! A header says what a block is and names the blocks that it stands on. The block's id is SHA3-256
//! of the encoded header, so a header names its parents' whole history, and no cycle can be
//! written. A META block begins a model; of the other kinds only the names are here.

use crate::{
    id::{BlockId, File},
    wire::wire,
};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode};
use core::fmt;
use sha3::{Digest, Sha3_256};

/// Raised when a header changes its meaning or its encoding.
pub const VERSION: u8 = 1;
/// Blocks that one stands on at most.
pub const MAX_PARENTS: u32 = 8;
/// Bytes of a component's name.
pub const COMPONENT_BYTES: u32 = 64;

wire! {
    /// What a block holds.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum BlockKind {
        /// A model: its architecture, its tokenizer, its parts.
        #[codec(index = 0)]
        Meta,
        /// An expert or a layer of a model.
        #[codec(index = 1)]
        Expert,
        /// What chooses among experts.
        #[codec(index = 2)]
        Router,
        /// A set of examples.
        #[codec(index = 3)]
        Data,
        /// A change of another block's weights.
        #[codec(index = 4)]
        Delta,
    }

    /// Major, minor, patch.
    #[derive(Copy, Default, Hash, Ord, PartialOrd)]
    pub struct SemVer {
        pub major: u16,
        pub minor: u16,
        pub patch: u16,
    }

    /// What a block is.
    pub struct Header<AccountId> {
        /// [`VERSION`].
        pub version: u8,
        pub kind: BlockKind,
        /// The META block of its model; none in a META block.
        pub model: Option<BlockId>,
        /// Which part of the model it is; empty for all of it.
        pub component: BoundedVec<u8, ConstU32<COMPONENT_BYTES>>,
        pub release: SemVer,
        /// What it stands on.
        pub parents: BoundedVec<BlockId, ConstU32<MAX_PARENTS>>,
        /// What it holds; of a META block what describes the model.
        pub artifact: File,
        pub author: AccountId,
        /// By how much it lowers the loss, as its author claims: millionths of the logarithm of old
        /// over new.
        pub gain: u64,
    }
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreadable {
    /// There are no bytes at all.
    Empty,
    Version {
        need: u8,
        have: u8,
    },
    /// They end too early, or hold what a header cannot.
    NotAHeader,
    /// So many bytes follow the header.
    LeftOver(usize),
}

/// Why a header does not begin a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    Version {
        need: u8,
        have: u8,
    },
    NotAMeta(BlockKind),
    /// It names a model, and would be one itself.
    OfAModel(BlockId),
    /// It names a part of a model.
    OfAComponent,
    /// It stands on so many blocks, and would be the first.
    HasParents(u32),
    /// Nothing describes the model: its artifact has no bytes.
    NoArtifact,
    /// It claims to lower a loss that there is not.
    ClaimsGain(u64),
}

impl<AccountId: Encode> Header<AccountId> {
    /// What the block is called.
    pub fn id(&self) -> BlockId {
        BlockId(Sha3_256::digest(self.encode()).into())
    }
}

impl<AccountId: Decode> Header<AccountId> {
    /// Reads a header, which is all there is.
    pub fn read(mut bytes: &[u8]) -> Result<Self, Unreadable> {
        let version = *bytes.first().ok_or(Unreadable::Empty)?;
        if version != VERSION {
            return Err(Unreadable::Version { need: VERSION, have: version });
        }
        let header = Self::decode(&mut bytes).map_err(|_| Unreadable::NotAHeader)?;
        if !bytes.is_empty() {
            return Err(Unreadable::LeftOver(bytes.len()));
        }
        Ok(header)
    }
}

impl<AccountId> Header<AccountId> {
    /// A model's first block.
    pub fn meta(author: AccountId, artifact: File, release: SemVer) -> Self {
        Self {
            version: VERSION,
            kind: BlockKind::Meta,
            model: None,
            component: BoundedVec::new(),
            release,
            parents: BoundedVec::new(),
            artifact,
            author,
            gain: 0,
        }
    }

    /// Whether it begins a model.
    pub fn check_meta(&self) -> Result<(), Flaw> {
        if self.version != VERSION {
            return Err(Flaw::Version { need: VERSION, have: self.version });
        }
        if self.kind != BlockKind::Meta {
            return Err(Flaw::NotAMeta(self.kind));
        }
        if let Some(model) = self.model {
            return Err(Flaw::OfAModel(model));
        }
        if !self.component.is_empty() {
            return Err(Flaw::OfAComponent);
        }
        if !self.parents.is_empty() {
            return Err(Flaw::HasParents(u32::try_from(self.parents.len()).unwrap_or(u32::MAX)));
        }
        if self.artifact.bytes == 0 {
            return Err(Flaw::NoArtifact);
        }
        if self.gain > 0 {
            return Err(Flaw::ClaimsGain(self.gain));
        }
        Ok(())
    }
}

impl BlockKind {
    pub const ALL: [Self; 5] = [Self::Meta, Self::Expert, Self::Router, Self::Data, Self::Delta];
}

impl fmt::Display for SemVer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no bytes, and a header has some"),
            Self::Version { need, have } => {
                write!(f, "the header is of version {have}, and version {need} is read here")
            }
            Self::NotAHeader => f.write_str("the bytes are no header of this version"),
            Self::LeftOver(bytes) => write!(f, "{bytes} bytes follow the header"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { need, have } => {
                write!(f, "the header is of version {have}, and has to be of version {need}")
            }
            Self::NotAMeta(kind) => write!(f, "a model begins with a Meta block, and not {kind:?}"),
            Self::OfAModel(_) => f.write_str("it is of a model, and would be one itself"),
            Self::OfAComponent => f.write_str("it is a part of a model, and would be all of it"),
            Self::HasParents(count) => write!(f, "it stands on {count} blocks, and would be first"),
            Self::NoArtifact => f.write_str("its artifact has no bytes, so nothing describes it"),
            Self::ClaimsGain(gain) => {
                write!(f, "it claims a gain of {gain} millionths where no loss was measured")
            }
        }
    }
}

impl core::error::Error for Unreadable {}
impl core::error::Error for Flaw {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ContentId;
    use alloc::{string::ToString, vec, vec::Vec};
    use proptest::prelude::*;

    type Block = Header<u64>;

    fn meta() -> Block {
        let artifact = File { id: ContentId([4; 32]), bytes: 1_000 };
        Header::meta(7, artifact, SemVer { major: 1, minor: 2, patch: 3 })
    }

    fn headers() -> impl Strategy<Value = Block> {
        let ids = || any::<[u8; 32]>().prop_map(BlockId);
        // Often as little as a META block has.
        let place = (
            prop::option::of(ids()),
            prop_oneof![Just(vec![]), prop::collection::vec(any::<u8>(), 0..=64)],
            prop_oneof![Just(vec![]), prop::collection::vec(ids(), 0..=8)],
        );
        let number = || prop_oneof![Just(0), any::<u64>()];
        let release = any::<(u16, u16, u16)>().prop_map(|(major, minor, patch)| SemVer {
            major,
            minor,
            patch,
        });
        let file =
            (any::<[u8; 32]>(), number()).prop_map(|(id, bytes)| File { id: ContentId(id), bytes });
        let kind = prop::sample::select(BlockKind::ALL.to_vec());
        (kind, place, release, file, any::<u64>(), number()).prop_map(
            |(kind, (model, component, parents), release, artifact, author, gain)| Header {
                version: VERSION,
                kind,
                model,
                component: BoundedVec::truncate_from(component),
                release,
                parents: BoundedVec::truncate_from(parents),
                artifact,
                author,
                gain,
            },
        )
    }

    #[test]
    fn id_should_be_sha3_of_the_documented_bytes() {
        // The standard's own example, so that it is SHA3 and not Keccak.
        let abc: [u8; 32] = Sha3_256::digest(b"abc").into();
        assert_eq!(abc[..4], [0x3a, 0x98, 0x5d, 0xa7]);
        let expected = [
            &[1u8, 0, 0, 0][..],
            &[1, 0, 2, 0, 3, 0],
            &[0],
            &[4; 32],
            &1_000u64.to_le_bytes(),
            &7u64.to_le_bytes(),
            &[0; 8],
        ]
        .concat();
        assert_eq!(meta().encode(), expected);
        assert_eq!(meta().id(), BlockId(Sha3_256::digest(expected).into()));
    }

    #[test]
    fn kinds_should_keep_their_numbers() {
        for (number, kind) in (0u8..).zip(BlockKind::ALL) {
            assert_eq!(kind.encode(), [number]);
        }
    }

    #[test]
    fn read_should_say_what_is_wrong_when_bytes_are_no_header() {
        let good = meta().encode();
        let cases = [
            (vec![], Unreadable::Empty),
            ([&[2][..], &good[1..]].concat(), Unreadable::Version { need: 1, have: 2 }),
            ([&[1, 5][..], &good[2..]].concat(), Unreadable::NotAHeader),
            (good[..good.len() - 1].to_vec(), Unreadable::NotAHeader),
            ([&good[..], &[0]].concat(), Unreadable::LeftOver(1)),
            // A name of 65 bytes.
            ([&good[..3], &[5, 1], &[b'a'; 65], &good[4..]].concat(), Unreadable::NotAHeader),
        ];
        for (bytes, reason) in cases {
            assert_eq!(Block::read(&bytes), Err(reason), "{bytes:?}");
        }
        assert_eq!(Block::read(&good), Ok(meta()));
    }

    #[test]
    fn check_meta_should_name_the_flaw_when_it_begins_no_model() {
        let other = BlockId([9; 32]);
        let empty = File { bytes: 0, ..meta().artifact };
        let part = BoundedVec::truncate_from(b"expert-0".to_vec());
        let parents = BoundedVec::truncate_from(vec![other; 2]);
        let cases = [
            (Header { version: 2, ..meta() }, Flaw::Version { need: 1, have: 2 }),
            (Header { kind: BlockKind::Data, ..meta() }, Flaw::NotAMeta(BlockKind::Data)),
            (Header { model: Some(other), ..meta() }, Flaw::OfAModel(other)),
            (Header { component: part, ..meta() }, Flaw::OfAComponent),
            (Header { parents, ..meta() }, Flaw::HasParents(2)),
            (Header { artifact: empty, ..meta() }, Flaw::NoArtifact),
            (Header { gain: 1, ..meta() }, Flaw::ClaimsGain(1)),
        ];
        for (header, flaw) in cases {
            assert_eq!(header.check_meta(), Err(flaw));
        }
        assert_eq!(meta().check_meta(), Ok(()));
    }

    #[test]
    fn releases_should_be_in_order_and_readable() {
        let of = |major, minor, patch| SemVer { major, minor, patch };
        let mut releases = [of(1, 0, 0), of(0, 10, 0), of(0, 9, 12), of(0, 9, 2)];
        releases.sort();
        let words: Vec<_> = releases.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["0.9.2", "0.9.12", "0.10.0", "1.0.0"]);
    }

    proptest! {
        #[test]
        fn read_should_give_back_what_was_encoded(header in headers()) {
            prop_assert_eq!(Block::read(&header.encode()), Ok(header));
        }

        #[test]
        fn id_should_differ_when_headers_do(a in headers(), b in headers()) {
            prop_assert_eq!(a.id() == b.id(), a == b);
        }

        /// Any byte that is another one is a header of another id, or none.
        #[test]
        fn id_should_bind_every_byte(
            header in headers(), place: prop::sample::Index, change in 1..=u8::MAX,
        ) {
            let mut bytes = header.encode();
            let place = place.index(bytes.len());
            bytes[place] ^= change;
            if let Ok(other) = Block::read(&bytes) {
                prop_assert_ne!(other.id(), header.id());
                prop_assert_eq!(other.encode(), bytes);
            }
        }

        /// What begins a model is found by its flaws alone.
        #[test]
        fn check_meta_should_accept_only_what_meta_makes(header in headers()) {
            let Header { author, artifact, release, .. } = header.clone();
            let made = Header::meta(author, artifact, release);
            prop_assert_eq!(header.check_meta().is_ok(), header == made && artifact.bytes > 0);
        }
    }
}
