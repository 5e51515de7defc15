#![doc = include_str!("../README.md")]

#[cfg(test)]
mod acvp;
mod cipher;
mod error;
mod files;
mod identity;
mod kept;
pub mod keyring;
mod payload;
mod result;
mod secret;
mod set;
pub mod shelf;
#[cfg(test)]
mod testing;
mod wrap;

pub use error::{Unopened, Unsealed};
pub use files::FileError;
pub use identity::Identity;
pub use kept::Kept;
pub use payload::{seal, Content, Context, Opening, Sealed};
pub use result::{blind, open_result, seal_result};
pub use secret::Secret;
pub use set::KeptSet;
pub use wrap::{unwrap, wrap, Seat};
