//! How a job is ended from elsewhere.

use crate::work::Seat;
use cairn_sandbox::Stopper;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The jobs that run. One that is not here any more has been stopped, or has ended.
#[derive(Debug, Default)]
pub struct Stops(Mutex<BTreeMap<Seat, Option<Stopper>>>);

impl Stops {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Seat, Option<Stopper>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    pub fn stop_all(&self) {
        for stopper in std::mem::take(&mut *self.all()).into_values().flatten() {
            stopper.stop();
        }
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
        stops.stop_all();
        assert!(stops.is_empty());
    }
}
