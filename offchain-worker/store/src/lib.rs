#![doc = include_str!("../README.md")]

mod archive;
mod disk;
mod error;
mod ledger;
mod name;
mod partial;
mod peer;
mod proof;
mod source;
mod store;

pub use archive::Archive;
pub use disk::Quota;
pub use error::{Error, Have};
pub use name::Name;
pub use peer::{Dialled, Inquiry, NodeId, NotARelay, Peer, PeerError, Refusal, Relay, Unasked};
pub use source::Source;
pub use store::{Received, Store};
