#![doc = include_str!("../README.md")]

mod client;
mod error;
mod follow;
pub mod keys;
mod network;
pub mod node;
mod ports;
mod process;
pub mod programs;
pub mod school;
mod spec;
mod spoil;
mod state;
mod submit;
pub mod tx;
pub mod wait;
mod workers;

pub use client::{AccountInfo, Block, Client, Event};
pub use error::{Error, Result};
pub use follow::{BestBlocks, FinalizedBlocks};
pub use network::{Network, Options, JUDGES, MAX_RESEARCHERS, MAX_VALIDATORS, MAX_WORKERS};
pub use node::Node;
pub use ports::{free_port, PortPlan, Ports};
pub use spec::{write_spec, CHAIN_ID};
pub use state::State;
pub use submit::{Executed, Sent, Watch};
pub use workers::{Course, Market, Researcher, Setup, Worker};
