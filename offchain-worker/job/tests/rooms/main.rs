//! The program as a worker has it: orders in, outcomes out.

mod engines;
mod exact;
mod home;
mod module;
mod sandbox;
mod wasm;
