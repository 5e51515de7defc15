//! `cairn-job`: does one job or several, confined, and says what came of each.

use cairn_order::is_numbered;
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
    let scratch = Path::new(".");
    if !is_numbered(&order) {
        return Ok(worker.answer(&cairn_job::reply(&order, scratch))?);
    }
    let (mut orders, mut answers) = worker.split();
    let (more, tell) = (move || orders.read(), |outcome: &[u8]| answers.write(outcome));
    Ok(cairn_job::work_off(&order, more, scratch, tell)?)
}
