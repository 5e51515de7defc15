//! `cairn-engine`: models from the command line.

mod commands;

use clap::Parser;
use commands::{Cli, Output};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let output = Output { json: cli.json };
    match cli.run(&output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.fail(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with the arguments in the form that they ask for.
fn refuse(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if json && error.use_stderr() {
        Output { json }.fail(error);
        return ExitCode::from(2);
    }
    // Help and version too, which are no errors.
    error.exit()
}
