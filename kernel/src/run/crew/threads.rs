//! Threads that wait for work, so that an operator does not have to start any.

use super::{Crew, Job};
use alloc::{string::ToString, vec::Vec};
use core::fmt;
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Mutex, PoisonError};

/// The caller and threads that help it.
pub struct Threads {
    hands: usize,
    /// One fewer than there are hands.
    helpers: ThreadPool,
}

/// Why there are no threads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    pub need: usize,
    pub reason: alloc::string::String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} threads cannot be started: {}", self.need, self.reason)
    }
}

impl core::error::Error for Error {}

impl Threads {
    /// So many with the caller, at least one.
    pub fn new(hands: usize) -> Result<Self, Error> {
        let need = hands.saturating_sub(1);
        // The pool takes zero for as many as there are cores.
        let pool = ThreadPoolBuilder::new().num_threads(need.max(1));
        let pool = pool.thread_name(|index| alloc::format!("kernel-{index}"));
        let helpers = pool.build().map_err(|error| Error { need, reason: error.to_string() })?;
        Ok(Self { hands: need + 1, helpers })
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("hands", &self.hands).finish_non_exhaustive()
    }
}

impl Crew for Threads {
    fn hands(&self) -> usize {
        self.hands
    }

    fn work(&self, jobs: Vec<Job<'_>>) {
        let helpers = self.hands.min(jobs.len()).saturating_sub(1);
        let jobs = Mutex::new(jobs.into_iter());
        // Whoever is done takes the next: jobs are not equally long, nor are cores equally free.
        let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
        let help = || {
            while let Some(job) = next() {
                job();
            }
        };
        self.helpers.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| help());
            }
            help();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{boxed::Box, vec};

    #[test]
    fn work_should_do_every_job_once_when_there_are_more_than_hands() {
        for hands in 0..5 {
            let crew = Threads::new(hands).unwrap();
            assert_eq!(crew.hands(), hands.max(1));
            for count in [0, 1, 2, 100] {
                let mut done = vec![0; count];
                let mut jobs: Vec<Job<'_>> = Vec::new();
                for done in &mut done {
                    jobs.push(Box::new(move || *done += 1));
                }
                crew.work(jobs);
                assert_eq!(done, vec![1; count]);
            }
        }
    }

    /// Else what a job leaves half done would be taken for done.
    #[test]
    #[should_panic(expected = "of a job")]
    fn work_should_panic_when_a_job_does() {
        let crew = Threads::new(2).unwrap();
        crew.work(vec![Box::new(|| panic!("of a job")), Box::new(|| ())]);
    }
}
