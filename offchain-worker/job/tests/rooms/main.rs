//! The program as a worker has it: orders in, outcomes out.

mod batch;
mod challenge;
mod device;
mod engines;
mod exact;
mod float;
mod home;
mod judging;
mod learning;
mod module;
mod sandbox;
mod wasm;
