//! What it takes until a program is confined and waits for its order.

use super::Error;
use crate::figures::{shares, Figure, Measured};
use cairn_localnet::programs;
use cairn_sandbox::{Limits, Means, Profile, Request, Sandbox};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Confines itself and does next to nothing besides.
const TRIVIAL: &str = "cairn-sandbox-trial";
/// What jobs are done by, with all engines in it.
const JOB: &str = "cairn-job";
/// What both of them should take less than, in milliseconds.
const REACH: f64 = 50.0;

const P50: Figure = Figure::new("sandbox_start_p50_ms", "sandbox start, p50 ms").below(REACH);
const P99: Figure = Figure::new("sandbox_start_p99_ms", "sandbox start, p99 ms");
const JOB_P50: Figure =
    Figure::new("sandbox_job_start_p50_ms", "start of cairn-job, p50 ms").below(REACH);
const JOB_P99: Figure = Figure::new("sandbox_job_start_p99_ms", "start of cairn-job, p99 ms");

pub fn measure(starts: u32) -> Result<Measured, Error> {
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::new(Means::detect(), folder.path())?;
    let (p50, p99) = shares(&mut times(&sandbox, &programs::find(TRIVIAL)?, starts)?);
    let (job_p50, job_p99) = shares(&mut times(&sandbox, &programs::find(JOB)?, starts)?);
    Ok(vec![(P50, p50), (P99, p99), (JOB_P50, job_p50), (JOB_P99, job_p99)])
}

/// One after another, each gone before the next begins. The first, which has the program read from
/// the disk, does not count.
fn times(sandbox: &Sandbox, binary: &Path, starts: u32) -> Result<Vec<Duration>, Error> {
    let request = Request {
        binary: binary.canonicalize()?,
        profile: Profile::Cpu,
        limits: limits(),
        read: Vec::new(),
    };
    drop(sandbox.start(&request)?);
    let mut times = Vec::new();
    for _ in 0..starts {
        let began = Instant::now();
        let confined = sandbox.start(&request)?;
        times.push(began.elapsed());
        drop(confined);
    }
    Ok(times)
}

fn limits() -> Limits {
    Limits {
        time: Duration::from_secs(30),
        memory: 256 << 20,
        threads: 8,
        disk: 16 << 20,
        spare: 0,
        open_files: 64,
        answer: 1 << 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measure_should_time_every_start_when_this_machine_confines_programs() {
        let measured = measure(3).unwrap();
        assert_eq!(measured.len(), 4);
        assert!(measured.iter().all(|(_, value)| *value > 0.0));
    }
}
