//! Who does the work of a run.

use alloc::{boxed::Box, vec::Vec};

#[cfg(feature = "std")]
mod threads;

#[cfg(feature = "std")]
pub use threads::{Error as ThreadsError, Threads};

/// A part of an operator. No part reads what another writes.
pub type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Those who do the work. What comes of it does not depend on who they are.
pub trait Crew: Sync {
    /// How many work at once.
    fn hands(&self) -> usize;

    /// Operators on fewer numbers are one job.
    fn least(&self) -> usize {
        1 << 14
    }

    /// Does all jobs, in any order, before it returns.
    fn work(&self, jobs: Vec<Job<'_>>);
}

/// The caller, and nobody else.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Alone;

impl Crew for Alone {
    fn hands(&self) -> usize {
        1
    }

    fn work(&self, jobs: Vec<Job<'_>>) {
        for job in jobs {
            job();
        }
    }
}
