//! `cairn-job-waiting`: does jobs as `cairn-job` does, and keeps its first answer back until it is given
//! a second order, for tests.

use std::{error::Error, io, mem, path::Path, sync::mpsc};

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
    let (came, comes) = mpsc::channel();
    let more = move || -> io::Result<Option<Vec<u8>>> {
        let order = orders.read()?;
        // Nobody waits for any but the second.
        let _ = came.send(());
        Ok(order)
    };
    let mut waits = true;
    let tell = move |outcome: &[u8]| {
        if mem::take(&mut waits) {
            // If none will come, there is no more to wait for.
            let _ = comes.recv();
        }
        answers.write(outcome)
    };
    Ok(cairn_job::work_off(&order, more, scratch, tell)?)
}
