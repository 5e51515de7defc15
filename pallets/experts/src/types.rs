//! What is stored.

use cairn_protocol::{dag::Header, id::Amount};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A block of the DAG, as it is kept under its id.
#[derive(
    Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Block<AccountId> {
    pub header: Header<AccountId>,
    /// What is held for it.
    pub deposit: Amount,
}
