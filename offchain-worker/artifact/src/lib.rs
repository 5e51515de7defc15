#![doc = include_str!("../README.md")]

pub mod cache;
pub mod change;
pub mod changes;
pub mod contents;
mod error;
mod files;
mod little;
pub mod manifest;
mod map;
mod name;
pub mod package;
pub mod standing;
pub mod store;
#[cfg(test)]
mod testing;

pub use error::Error;
pub use name::{from_hex, hex};
