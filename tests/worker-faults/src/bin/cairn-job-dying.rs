//! `cairn-job-dying`: does one job as `cairn-job` does, and dies of several at once, for tests.

use std::{error::Error, path::Path, process};

use cairn_order::is_batch;
use cairn_sandbox::child;

fn main() -> Result<(), Box<dyn Error>> {
    let mut worker = child::enter()?;
    let Some(order) = worker.order()? else { return Ok(()) };
    if is_batch(&order) {
        process::abort();
    }
    Ok(worker.answer(&cairn_job::reply(&order, Path::new(".")))?)
}
