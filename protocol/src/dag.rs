//! Blocks of the model DAG: what a model is made of, stone upon stone.
//!
//! ```text
//! META ◀── EXPERT, ROUTER ◀── DELTA ◀── DELTA ◀── …
//!   ▲── DATA
//! ```
//!
//! A header says what a block is and names the blocks that it stands on. The block's id is SHA3-256
//! of the encoded header, so a header names its parents' whole history, and no cycle can be
//! written. A META block begins a model. All others are of one: a component stands on the META block
//! or on what the component was before, a delta on what it changes, and a set of examples on the
//! META block alone.

use crate::{
    id::{BlockId, File},
    wire::wire,
};
use alloc::vec;
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

/// The name of a part of a model; empty for all of it.
pub type Component = BoundedVec<u8, ConstU32<COMPONENT_BYTES>>;

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
        pub component: Component,
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

/// Why a header is none of a block of its kind.
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
    /// It names no model, and does not begin one.
    OfNoModel,
    /// It names no part of its model, and is one.
    OfNoComponent,
    /// It stands on so many blocks, and has to stand on one.
    NotOnOne(u32),
    /// It stands on another block than the one that began its model.
    NotOnItsModel(BlockId),
    /// It is a delta, and claims to lower no loss.
    ClaimsNoGain,
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

    /// An expert, a layer or a router of a model. It stands on the model's META block, or on what
    /// the component was before.
    pub fn component(
        kind: BlockKind,
        model: BlockId,
        component: Component,
        parent: BlockId,
        artifact: File,
        release: SemVer,
        author: AccountId,
    ) -> Self {
        Self {
            kind,
            model: Some(model),
            component,
            parents: BoundedVec::truncate_from(vec![parent]),
            ..Self::meta(author, artifact, release)
        }
    }

    /// A set of examples for a model.
    pub fn data(model: BlockId, artifact: File, release: SemVer, author: AccountId) -> Self {
        Self {
            kind: BlockKind::Data,
            model: Some(model),
            parents: BoundedVec::truncate_from(vec![model]),
            ..Self::meta(author, artifact, release)
        }
    }

    /// A change of a component's weights, and the gain that its author claims for it.
    pub fn delta(
        model: BlockId,
        component: Component,
        parent: BlockId,
        artifact: File,
        release: SemVer,
        author: AccountId,
        gain: u64,
    ) -> Self {
        let kind = BlockKind::Delta;
        Self { gain, ..Self::component(kind, model, component, parent, artifact, release, author) }
    }

    /// Whether it says what a block of its kind has to say. Whether its model and its parents are
    /// there, it cannot know.
    pub fn check(&self) -> Result<(), Flaw> {
        if self.kind == BlockKind::Meta {
            return self.check_meta();
        }
        if self.version != VERSION {
            return Err(Flaw::Version { need: VERSION, have: self.version });
        }
        let model = self.model.ok_or(Flaw::OfNoModel)?;
        let parent = match self.parents.as_slice() {
            [parent] => *parent,
            parents => {
                return Err(Flaw::NotOnOne(u32::try_from(parents.len()).unwrap_or(u32::MAX)))
            }
        };
        let is_data = self.kind == BlockKind::Data;
        if is_data && parent != model {
            return Err(Flaw::NotOnItsModel(parent));
        }
        match (is_data, self.component.is_empty()) {
            (true, false) => return Err(Flaw::OfAComponent),
            (false, true) => return Err(Flaw::OfNoComponent),
            (true, true) | (false, false) => {}
        }
        if self.artifact.bytes == 0 {
            return Err(Flaw::NoArtifact);
        }
        match (self.kind == BlockKind::Delta, self.gain) {
            (true, 0) => Err(Flaw::ClaimsNoGain),
            (false, 1..) => Err(Flaw::ClaimsGain(self.gain)),
            (true, 1..) | (false, 0) => Ok(()),
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

impl SemVer {
    /// What it has in common with its patches.
    pub fn series(self) -> (u16, u16) {
        (self.major, self.minor)
    }

    /// The next patch; none after the last.
    pub fn patched(self) -> Option<Self> {
        Some(Self { patch: self.patch.checked_add(1)?, ..self })
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
            Self::OfAComponent => f.write_str("it names a component, and is of the whole model"),
            Self::HasParents(count) => write!(f, "it stands on {count} blocks, and would be first"),
            Self::NoArtifact => f.write_str("its artifact has no bytes, so there is nothing in it"),
            Self::ClaimsGain(gain) => {
                write!(f, "it claims a gain of {gain} millionths where no loss was measured")
            }
            Self::OfNoModel => f.write_str("it does not begin a model, and has to name its own"),
            Self::OfNoComponent => f.write_str("it has to name the component that it is of"),
            Self::NotOnOne(count) => {
                write!(f, "it stands on {count} blocks, and has to stand on one")
            }
            Self::NotOnItsModel(_) => {
                f.write_str("it has to stand on the block that began its model")
            }
            Self::ClaimsNoGain => f.write_str("a delta has to claim a gain"),
        }
    }
}

impl core::error::Error for Unreadable {}
impl core::error::Error for Flaw {}

#[cfg(test)]
mod tests;
