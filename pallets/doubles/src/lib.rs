#![doc = include_str!("../README.md")]

mod chain;
mod genesis;
mod market;
mod providers;
mod register;

pub use genesis::{afresh, endowed};
pub use providers::{operator, owner, profile};
pub use register::{Known, Register};
