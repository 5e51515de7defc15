//! `cairn-job`: does one job or a batch, confined, and says what came of it.

use cairn_sandbox::child;
use std::{error::Error, path::Path, process::ExitCode};

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let mut worker = child::enter()?;
    let Some(order) = worker.order()? else { return Ok(()) };
    // A child is in its scratch folder from the start.
    Ok(worker.answer(&cairn_job::reply(&order, Path::new(".")))?)
}
