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
pub use peer::{NodeId, NotARelay, Peer, PeerError, Relay};
pub use source::Source;
pub use store::{Received, Store};
