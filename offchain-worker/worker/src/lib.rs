#![doc = include_str!("../README.md")]

mod artifacts;
mod book;
mod challenge;
pub mod cli;
pub mod config;
mod declining;
pub mod detect;
mod error;
mod executor;
mod faults;
mod folders;
mod health;
mod heartbeat;
mod job;
mod journal;
mod listener;
mod metrics;
mod post;
pub mod preflight;
mod program;
mod rooms;
mod scheduler;
mod signals;
mod statement;
mod stops;
mod submitter;
mod vault;
mod view;
mod work;

pub use artifacts::Missing;
pub use error::{Error, Result};
pub use faults::Faults;
pub use journal::{JournalError, Point, Refused};
pub use program::program;
pub use rooms::run;
pub use work::{Part, Seat};
