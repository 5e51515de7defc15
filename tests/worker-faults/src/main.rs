//! `cairn-worker-faulty`: a worker with a fault, for tests.

use std::{env, process::ExitCode};

use cairn_worker_faults::{Fault, MARKER, VARIABLE};

fn main() -> ExitCode {
    eprintln!("{MARKER}");
    let fault = match env::var(VARIABLE) {
        Ok(named) => named.parse(),
        Err(_) => Ok(Fault::None),
    };
    match fault {
        Ok(fault) => cairn_worker::program(Box::new(fault)),
        Err(unknown) => {
            eprintln!("Error: {unknown}");
            ExitCode::FAILURE
        }
    }
}
