//! `cairn-job-dying`: does one job as `cairn-job` does, and dies as soon as it is given a second, for
//! tests.

use std::{error::Error, io, path::Path, process};

use cairn_order::is_numbered;
use cairn_sandbox::child;

fn main() -> Result<(), Box<dyn Error>> {
    let mut worker = child::enter()?;
    let Some(order) = worker.order()? else { return Ok(()) };
    let scratch = Path::new(".");
    if !is_numbered(&order) {
        return Ok(worker.answer(&cairn_job::reply(&order, scratch))?);
    }
    let (mut orders, mut answers) = worker.split();
    let more = move || -> io::Result<Option<Vec<u8>>> {
        match orders.read()? {
            Some(_) => process::abort(),
            None => Ok(None),
        }
    };
    Ok(cairn_job::work_off(&order, more, scratch, |outcome| answers.write(outcome))?)
}
