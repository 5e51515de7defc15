//! `cairn-worker`: does the work that a Cairn chain assigns to a provider.

use std::process::ExitCode;

fn main() -> ExitCode {
    cairn_worker::program(Box::new(()))
}
