#![doc = include_str!("../README.md")]

#[cfg(test)]
mod acvp;
mod cipher;
mod error;
mod identity;
pub mod keyring;
mod payload;
mod result;
mod secret;
pub mod shelf;
#[cfg(test)]
mod testing;
mod wrap;

pub use error::{Unopened, Unsealed};
pub use identity::Identity;
pub use payload::{seal, Content, Context, Opening, Sealed};
pub use result::{open_result, seal_result};
pub use secret::Secret;
pub use wrap::{unwrap, wrap, Seat};
