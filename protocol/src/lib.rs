#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod audit;
pub mod beacon;
pub mod bundle;
pub mod challenge;
pub mod chunk;
pub mod dag;
pub mod engine;
pub mod envelope;
pub mod failure;
pub mod fault;
pub mod id;
pub mod job;
pub mod learning;
pub mod lifecycle;
pub mod matching;
pub mod preimage;
pub mod profile;
pub mod reputation;
pub mod result;
pub mod settlement;
pub mod share;
pub mod spec;
pub mod tally;
pub mod task;
#[cfg(test)]
mod testing;
pub mod view;
mod wire;
