#![doc = include_str!("../README.md")]

pub mod child;
mod error;
mod frame;
mod group;
mod launcher;
mod limits;
mod means;
mod parent;
mod slot;
mod watch;

pub use error::Error;
pub use group::Groups;
pub use limits::{Limits, Profile};
pub use means::Means;
pub use parent::{End, Finished, Request, Sandbox, Sandboxed, Stopper};
