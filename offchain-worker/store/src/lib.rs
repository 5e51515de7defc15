#![doc = include_str!("../README.md")]

mod archive;
mod disk;
mod error;
mod ledger;
mod name;
mod partial;
mod source;
mod store;

pub use archive::Archive;
pub use disk::Quota;
pub use error::{Error, Have};
pub use name::Name;
pub use source::Source;
pub use store::{Received, Store};
