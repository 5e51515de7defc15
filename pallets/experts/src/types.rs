//! What is stored.

use cairn_protocol::{
    dag::{Header, SemVer},
    id::{Amount, BlockId, File, Height},
    learning::{
        model::{Access, Component, MAX_COMPONENTS},
        source::{Purpose, Source},
    },
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Names of components.
pub type Components = BoundedVec<Component, ConstU32<MAX_COMPONENTS>>;

/// A block of the DAG, as it is kept under its id.
#[derive(
    Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Block<AccountId> {
    pub header: Header<AccountId>,
    /// Whose deposit is held for it, and what it is.
    pub payer: AccountId,
    pub deposit: Amount,
    /// What it was laid on. A delta may have moved since its header was written: then it is another
    /// block than that names. None where it is no component.
    pub onto: Option<BlockId>,
    /// The component's masters after it; of other blocks what the header names.
    pub file: File,
    /// Which release it is. Of a delta the chain counts it.
    pub release: SemVer,
    /// How many candidates were judged against it while it was a head.
    pub judged: u32,
}

/// Where a component stands.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Top {
    /// Its head.
    pub block: BlockId,
    /// The newest release that there was. No release is given twice, also where the block that had
    /// it was taken off.
    pub latest: SemVer,
}

/// What a DATA block says beside its header.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Examples {
    pub source: Source,
    pub purpose: Purpose,
}

/// Who may use a model from a height on.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Announcement {
    pub access: Access,
    pub from: Height,
}

/// The mean loss of a model, in millionths of a nat, on the set that it is judged on: before the
/// first delta that was measured on it was laid, and since the last was.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Losses {
    pub first: u64,
    pub last: u64,
}

/// What a provider says that it serves of a model.
#[derive(
    Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Serving<AccountId> {
    /// In the order of names.
    pub components: Components,
    /// The last height at which it counts.
    pub until: Height,
    /// Whose deposit is held for it, and what it is.
    pub payer: AccountId,
    pub deposit: Amount,
}

impl<AccountId: Clone> Block<AccountId> {
    /// A block of no component: it is what its header says, and its author pays for it.
    pub(crate) fn apart(header: Header<AccountId>) -> Self {
        Self {
            payer: header.author.clone(),
            deposit: 0,
            onto: None,
            file: header.artifact,
            release: header.release,
            judged: 0,
            header,
        }
    }
}
