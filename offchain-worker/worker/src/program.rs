//! The program, with or without faults.

use crate::{
    cli::{Cli, Command, Options},
    config,
    detect::Machine,
    folders::Folders,
    init::init,
    preflight::preflight,
    rooms, Error, Faults, Result,
};
use cairn_vault::Identity;
use clap::Parser;
use serde_json::json;
use std::{io, path::PathBuf, process::ExitCode, time::Duration};
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;

/// What is said where `RUST_LOG` does not say otherwise.
const LOG: &str = "info,iroh=warn,jsonrpsee=warn,noq=warn,subxt=warn";
/// How long what is on a thread of its own may go on when all else has ended.
const LEAVING: Duration = Duration::from_secs(5);

/// Does what the command line says. Not generic, so that a program of it has nothing to compile but
/// a call: all of this is compiled with the library, once.
pub fn program(faults: Box<dyn Faults>) -> ExitCode {
    let cli = Cli::parse();
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = match cli.command {
        Command::Init { options, json } => set_up(options, json),
        Command::Run(options) => runtime.block_on(run(options, faults)),
        Command::Preflight { options, json } => runtime.block_on(look(options, json)),
        Command::Identity { data, json } => identity(data, json),
    };
    runtime.shutdown_timeout(LEAVING);
    code
}

fn set_up(options: Options, json: bool) -> ExitCode {
    let merged = options.merged().map_err(Error::from);
    match merged.and_then(|settings| init(settings, &Machine::detect())) {
        Ok(made) if json => println!("{}", made.json()),
        Ok(made) => print!("{}", made.text()),
        Err(error) => return fail(&error),
    }
    ExitCode::SUCCESS
}

async fn run(options: Options, faults: Box<dyn Faults>) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Where the log cannot be written, as on a full disk, it is done without.
    log.with_ansi(false).log_internal_errors(false).init();
    let ended = match options.resolve(&Machine::detect()) {
        Ok(config) => rooms::run(config, faults).await,
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn look(options: Options, json: bool) -> ExitCode {
    let machine = Machine::detect();
    let config = options.resolve(&machine);
    let report = preflight(machine, config).await;
    if json {
        println!("{}", report.json());
    } else {
        print!("{}", report.text());
    }
    report.code().into()
}

fn identity(data: Option<PathBuf>, json: bool) -> ExitCode {
    let digits = match payload_key(data) {
        Ok(digits) => digits,
        Err(error) => return fail(&error),
    };
    if json {
        println!("{}", json!({ "payloadKey": digits }));
    } else {
        println!("{digits}");
    }
    ExitCode::SUCCESS
}

/// The public half of this worker's key, in hexadecimal digits.
fn payload_key(data: Option<PathBuf>) -> Result<String> {
    let folders = Folders::make(&config::data(data)?)?;
    let public = Identity::in_file(&folders.identity())?.public();
    Ok(public.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("Error: {error}");
    ExitCode::FAILURE
}
