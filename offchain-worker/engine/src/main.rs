//! `cairn-engine`: models from the command line.

mod commands;

use clap::Parser;
use commands::{Cli, Output};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    match cli.run(&output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.fail(error.as_ref());
            ExitCode::FAILURE
        }
    }
}
