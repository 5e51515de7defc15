#![doc = include_str!("../README.md")]

mod answer;
mod archive;
mod commands;
mod exit;
mod follow;
mod loss;
mod names;
mod output;
mod past;
mod progress;
mod pull;
mod room;
mod sealing;
mod session;
mod tree;
mod values;

use cairn_sdk::amount;
use clap::Parser;
use commands::Cli;
use exit::{Exit, Failure};
use output::Output;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let output = Output { json: cli.json() };
    match cli.run(&output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            failure.exit().into()
        }
    }
}

/// Says what is wrong with the arguments in the form that they ask for.
fn refuse(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if json && error.use_stderr() {
        Output { json }.fail(&Failure::usage(error.to_string().trim_end()));
        return Exit::Usage.into();
    }
    // Help and version too, which are no errors.
    error.exit()
}
