//! What is read of a provider.

use cairn_protocol::{
    job::JobKind,
    reputation::{Record, Score},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// What a provider's record at one kind of job is worth now.
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
pub struct Entry {
    pub kind: JobKind,
    /// With the weight that its evidence has now.
    pub record: Record,
    pub score: Score,
}

/// The kinds at which something is known of a provider; at all others it reads as a newcomer.
pub type Card = BoundedVec<Entry, ConstU32<{ JobKind::ALL.len() as u32 }>>;
