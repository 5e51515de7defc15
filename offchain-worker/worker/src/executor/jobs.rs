//! The jobs that are under way, and what is left of one that breaks off: a fault of this program
//! costs the job that it shows in, and no other.

use crate::{job::Trouble, work::Seat, Result};
use cairn_order::Fault;
use cairn_protocol::failure::Failure;
use std::{collections::BTreeMap, future::Future};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

/// What is said of a job that broke off.
const WORDS: &str = "the worker broke off while it was done, which is a fault of the worker";

#[derive(Default)]
pub(super) struct Jobs {
    tasks: JoinSet<Result<()>>,
    seats: BTreeMap<Id, Vec<Seat>>,
}

impl Jobs {
    pub fn begin(
        &mut self,
        seats: Vec<Seat>,
        job: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        let id = self.tasks.spawn(job).id();
        self.seats.insert(id, seats);
    }

    /// Waits for one to end, and gives the seats of one that broke off; none where there is none to
    /// wait for.
    pub async fn next(&mut self) -> Option<Result<Vec<Seat>>> {
        let (id, ended) = match self.tasks.join_next_with_id().await? {
            Ok((id, ended)) => (id, ended.map(|()| false)),
            Err(reason) => {
                error!("a job has broken off: {reason}");
                (reason.id(), Ok(true))
            }
        };
        let seats = self.seats.remove(&id).unwrap_or_default();
        Some(ended.map(|is_broken| if is_broken { seats } else { Vec::new() }))
    }
}

/// What came of a job that was computed elsewhere.
pub(super) fn computed<T>(ended: Result<Result<T, Trouble>, JoinError>) -> Result<T, Trouble> {
    ended.unwrap_or_else(|reason| {
        error!("a job has broken off: {reason}");
        Err(broken_off().into())
    })
}

/// As a worker says it to the chain.
pub(super) fn broken_off() -> Fault {
    Fault::new(Failure::Internal, WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{work::testing::seat, Error};
    use tokio::task::spawn_blocking;

    async fn broken() -> Result<()> {
        panic!("as a test wants it")
    }

    #[tokio::test]
    async fn next_should_name_the_seats_of_a_job_that_broke_off_and_go_on() {
        let mut jobs = Jobs::default();
        assert!(jobs.next().await.is_none());
        jobs.begin(vec![seat(1), seat(2)], broken());
        assert_eq!(jobs.next().await.unwrap().unwrap(), [seat(1), seat(2)]);
        jobs.begin(vec![seat(3)], async { Ok(()) });
        assert_eq!(jobs.next().await.unwrap().unwrap(), Vec::<Seat>::new());
        // What the worker itself cannot go on with is passed on.
        jobs.begin(vec![seat(4)], async { Err(Error::Closed) });
        assert!(matches!(jobs.next().await, Some(Err(Error::Closed))));
        assert!(jobs.next().await.is_none() && jobs.seats.is_empty());
    }

    #[tokio::test]
    async fn computed_should_be_a_fault_of_the_job_when_it_breaks_off() {
        let compute = || -> Result<(), Trouble> { panic!("as a test wants it") };
        let broken = computed(spawn_blocking(compute).await);
        let Err(Trouble::Fault(fault)) = broken else { panic!("{broken:?}") };
        assert_eq!(fault.failure, Failure::Internal);
    }
}
