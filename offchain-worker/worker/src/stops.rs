//! How a job is ended from elsewhere, and a process that waits for others when its jobs are over.

use crate::work::Seat;
use cairn_sandbox::Stopper;
use std::{
    collections::BTreeMap,
    mem,
    sync::{
        atomic::{AtomicBool, Ordering},
        Mutex, MutexGuard, PoisonError,
    },
};

#[derive(Debug, Default)]
pub struct Stops {
    /// The jobs that run. One that is not here any more has been stopped, or has ended.
    jobs: Mutex<BTreeMap<Seat, Option<Stopper>>>,
    /// The processes that may wait for others, by number.
    processes: Mutex<BTreeMap<u64, Stopper>>,
    /// Whether none waits any more.
    closed: AtomicBool,
}

impl Stops {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Seat, Option<Stopper>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn processes(&self) -> MutexGuard<'_, BTreeMap<u64, Stopper>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job is begun; it has no process yet.
    pub fn begin(&self, seat: Seat) {
        self.all().insert(seat, None);
    }

    /// It has a process now, unless it was stopped meanwhile.
    pub fn attach(&self, seat: &Seat, stopper: Stopper) -> bool {
        match self.all().get_mut(seat) {
            Some(known) => {
                *known = Some(stopper);
                true
            }
            None => false,
        }
    }

    pub fn stop(&self, seat: &Seat) {
        if let Some(Some(stopper)) = self.all().remove(seat) {
            stopper.stop();
        }
    }

    /// Stops all jobs, and all that waits for others.
    pub fn stop_all(&self) {
        self.close();
        let jobs = mem::take(&mut *self.all()).into_values().flatten();
        jobs.for_each(|stopper| stopper.stop());
        let processes = mem::take(&mut *self.processes()).into_values();
        processes.for_each(|stopper| stopper.stop());
    }

    /// No process waits for others any more. Those that have a job do it.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether a process may wait for others when its jobs are over.
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    /// A process is begun that may wait for others.
    pub fn host(&self, number: u64, stopper: Stopper) {
        self.processes().insert(number, stopper);
    }

    /// Ends a process that has no job, unless it has ended by itself.
    pub fn evict(&self, number: u64) {
        if let Some(stopper) = self.processes().remove(&number) {
            stopper.stop();
        }
    }

    /// A process has ended.
    pub fn forget(&self, number: u64) {
        self.processes().remove(&number);
    }

    /// Whether a job that was begun was not stopped.
    pub fn goes_on(&self, seat: &Seat) -> bool {
        self.all().contains_key(seat)
    }

    /// A job has ended by itself.
    pub fn end(&self, seat: &Seat) {
        self.all().remove(seat);
    }

    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::testing::seat;

    #[test]
    fn job_should_go_on_until_it_is_stopped() {
        let stops = Stops::default();
        stops.begin(seat(1));
        stops.begin(seat(2));
        stops.stop(&seat(1));
        assert!(!stops.goes_on(&seat(1)) && stops.goes_on(&seat(2)));
        assert!(stops.is_open());
        stops.stop_all();
        assert!(stops.is_empty() && !stops.is_open());
    }
}
