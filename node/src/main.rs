//! The Cairn node: a validator, or a full node that follows the chain.

mod cli;
mod command;
mod error;
mod preflight;
mod rpc;
mod service;

use std::process::ExitCode;

/// The WASM executor and the transaction pool allocate from many threads at once, which the
/// system allocator serialises: with jemalloc the node carries a quarter more transfers.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("Error: {}", error::one_line(&fault));
            ExitCode::FAILURE
        }
    }
}
