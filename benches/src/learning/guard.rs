//! The process that judges, confined as a worker confines it.

use super::Model;
use crate::Error;
use cairn_localnet::programs;
use cairn_order::{Judging, Outcome, Product};
use cairn_protocol::learning::evaluation::Opinion;
use cairn_sandbox::{Limits, Means, Profile, Request, Sandbox, Sandboxed};
use codec::DecodeAll;
use std::time::Duration;

const JOB: &str = "cairn-job";
/// Threads that it may have beside those that it works with, as a worker lets it.
const SPARE_THREADS: u32 = 8;

pub struct Guard {
    process: Sandboxed,
    /// How many it was given.
    given: u32,
}

impl Guard {
    pub fn start(model: &Model, threads: u16) -> Result<Self, Error> {
        let sandbox = Sandbox::new(Means::detect(), model.home())?;
        let limits = Limits {
            time: Duration::from_secs(3_600),
            memory: 4 << 30,
            threads: u32::from(threads) + SPARE_THREADS,
            disk: 2 << 30,
            spare: 0,
            open_files: 256,
            answer: 1 << 16,
        };
        let request = Request {
            binary: programs::find(JOB)?.canonicalize()?,
            profile: Profile::Cpu,
            limits,
            read: vec![model.store()],
        };
        Ok(Self { process: sandbox.start(&request)?, given: 0 })
    }

    /// Waits for what is said of a brief, which has to be a measurement.
    pub fn judge(&mut self, judging: &Judging) -> Result<(), Error> {
        self.process.feed(judging.numbered_to_bytes(self.given));
        self.given += 1;
        let bytes = loop {
            let heard = self.process.listen();
            let heard = heard.map_err(|end| Error::Setup(format!("the guard ended: {end:?}")))?;
            if let Some(bytes) = heard {
                break bytes;
            }
        };
        match Outcome::numbered_from_bytes(&bytes) {
            Ok((_, Outcome::Made(made))) => match &made.product {
                Product::Inline(said) => match Opinion::decode_all(&mut said.as_slice()) {
                    Ok(Opinion::Measured(_)) => Ok(()),
                    said => Err(Error::Setup(format!("the guard says {said:?}"))),
                },
                Product::Scratch(name) => Err(Error::Setup(format!("the guard wrote {name}"))),
            },
            other => Err(Error::Setup(format!("the guard came to {other:?}"))),
        }
    }
}
