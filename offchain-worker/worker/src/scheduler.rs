//! Who does what next: jobs to the executor while there is room, results to the submitter.

mod queue;

use crate::{
    book::Book,
    declining,
    journal::{JournalError, Point, Step},
    metrics::Metrics,
    silence::Silence,
    stops::Stops,
    work::{Part, Seat, Turn, Work},
    Result,
};
use cairn_order::Fault;
use cairn_protocol::{failure::Failure, job::Policy};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::{mpsc, watch};
use tracing::{debug, error, info, warn};

use queue::Queue;
pub(crate) use queue::TOGETHER;
pub use queue::{Assignment, Capacity, Ended, Room, Then, BLOCK};

pub(crate) struct Scheduler {
    pub book: Arc<Book>,
    pub stops: Arc<Stops>,
    pub metrics: Arc<Metrics>,
    pub silence: Arc<Silence>,
    pub capacity: Capacity,
    /// Jobs that are begun. It has room for as many as may run, or be about to end.
    pub jobs: mpsc::Sender<Assignment>,
    /// Work of which the result is there.
    pub results: mpsc::Sender<Work>,
    /// Names of which nothing is remembered any more.
    pub forgotten: mpsc::Sender<Seat>,
    /// Whether nothing is begun any more.
    pub drains: watch::Receiver<bool>,
}

impl Scheduler {
    /// Goes on until nobody tells it of any more.
    pub async fn run(
        self,
        mut turns: mpsc::Receiver<Arc<Turn>>,
        mut ends: mpsc::Receiver<Ended>,
        mut gone: mpsc::Receiver<u64>,
    ) -> Result<()> {
        let mut queue = Queue::new(self.capacity);
        loop {
            tokio::select! {
                turn = turns.recv() => match turn {
                    Some(turn) => self.renew(&mut queue, &turn).await?,
                    None => return Ok(()),
                },
                Some(ended) = ends.recv() => queue.end(ended),
                Some(number) = gone.recv() => queue.gone(number),
            }
            self.begin(&mut queue).await;
            self.metrics.queue(queue.waiting(), queue.running());
        }
    }

    async fn begin(&self, queue: &mut Queue) {
        while !*self.drains.borrow() {
            let Some(next) = queue.take() else { return self.evict(queue) };
            let (seat, left) = (next.work.seat, next.time.as_secs());
            match (next.room, next.tries) {
                (Room::Joins(_), _) => info!("{seat} joins a process that runs, {left} s left"),
                (_, 0) => info!("begins {seat}, {left} s left"),
                (_, tries) => debug!("begins {seat} again after {tries} tries, {left} s left"),
            }
            for along in &next.along {
                info!("begins {} along with it", along.work.seat);
            }
            // Whoever takes them is gone only when all of this is about to end.
            if self.jobs.send(next).await.is_err() {
                return;
            }
        }
    }

    /// Ends what is kept where its room is wanted.
    fn evict(&self, queue: &mut Queue) {
        for number in queue.evict() {
            info!("ends process {number}, which was kept and takes the room of what is next");
            self.stops.evict(number);
        }
    }

    async fn renew(&self, queue: &mut Queue, turn: &Turn) -> Result<()> {
        let mut jobs = Vec::new();
        for work in &turn.works {
            match self.place(work) {
                Ok(Place::Job) => jobs.push(work.clone()),
                // Nobody takes it where all of this is about to end.
                Ok(Place::Result) => {
                    let _ = self.results.send(work.clone()).await;
                }
                Ok(Place::Nowhere) => {}
                // Of one task, which has to be left alone; of the journal, none may go on.
                Err(JournalError::Refused { seat, refused }) => error!("{seat}: {refused}"),
                Err(other) => return Err(other.into()),
            }
        }
        self.close(turn)?;
        let awaited = turn.works.iter().filter(|work| work.is_awaited());
        let awaited: BTreeSet<Seat> = awaited.map(|work| work.seat).collect();
        for seat in queue.renew(turn.now, jobs, &awaited) {
            info!("stops {seat}, which nobody waits for any more");
            self.stops.stop(&seat);
        }
        for work in queue.late() {
            match self.give_up(&work, declining::too_late()) {
                Ok(()) => {
                    let _ = self.results.send(work).await;
                }
                Err(JournalError::Refused { seat, refused }) => error!("{seat}: {refused}"),
                Err(other) => return Err(other.into()),
            }
        }
        for seat in self.book.journal().looked_at(turn.block)? {
            let _ = self.forgotten.send(seat).await;
        }
        Ok(())
    }

    /// Who goes on with a piece of work.
    fn place(&self, work: &Work) -> Result<Place, JournalError> {
        let seat = work.seat;
        let known = self.book.journal().entry(seat)?;
        if known.is_none() && !work.is_awaited() {
            return Ok(Place::Nowhere);
        }
        let entry = self.book.open(work)?;
        match entry.point {
            Point::Seen if !work.is_awaited() => Ok(Place::Nowhere),
            // What it shows was made before.
            Point::Seen if seat.part == Part::Witness => Ok(Place::Result),
            Point::Seen => self.admit(work),
            // That the key does not open the payload is told until the seat is gone.
            Point::Rejected if work.is_awaited() => Ok(Place::Result),
            Point::Failed | Point::DeclineSent => Ok(declined(work)),
            Point::Rejected | Point::Ended => Ok(Place::Nowhere),
            _ => Ok(Place::Result),
        }
    }

    /// Whether a job can be done here at all.
    fn admit(&self, work: &Work) -> Result<Place, JournalError> {
        let Some(fault) = refusal(&self.capacity, work) else { return Ok(Place::Job) };
        self.give_up(work, fault)?;
        Ok(declined(work))
    }

    fn give_up(&self, work: &Work, fault: Fault) -> Result<(), JournalError> {
        warn!("{} is left to others: {fault}", work.seat);
        self.metrics.job("refused");
        self.silence.note(work.seat, &fault);
        self.book.note(work.seat, Step::Failed(fault))?;
        Ok(())
    }

    /// Notes what is not there any more.
    fn close(&self, turn: &Turn) -> Result<()> {
        let there: BTreeSet<Seat> = turn.works.iter().map(|work| work.seat).collect();
        for (seat, entry) in self.book.journal().open_entries()? {
            if !there.contains(&seat) {
                debug!("{seat} is over; it was {}", entry.point);
                self.book.note(seat, Step::Ended { block: turn.block })?;
            }
        }
        Ok(())
    }
}

enum Place {
    Job,
    Result,
    Nowhere,
}

/// Who goes on with what failed: a worker says so as long as it is waited for.
fn declined(work: &Work) -> Place {
    if work.is_awaited() && work.seat.part == Part::Worker {
        Place::Result
    } else {
        Place::Nowhere
    }
}

/// Why a job is not begun here; none if it can be.
fn refusal(capacity: &Capacity, work: &Work) -> Option<Fault> {
    let terms = &work.terms;
    if terms.seal.is_some() && matches!(terms.policy, Policy::Outcome { .. }) {
        let words = "nobody can measure what is sealed; ask for it unsealed";
        return Some(Fault::new(Failure::UnsupportedOp, words));
    }
    let (need, have) = (capacity.need(work), capacity.memory_mib);
    if need > have {
        let words = format!("it asks for {need} MiB, and {have} are given to jobs");
        return Some(Fault::new(Failure::TooLargeForDevice, words));
    }
    let (need, have) = (capacity.device_need(work), capacity.device_mib);
    if need > have {
        let words = format!("it asks for {need} MiB of a GPU, and {have} are given to jobs");
        return Some(Fault::new(Failure::TooLargeForDevice, words));
    }
    None
}

#[cfg(test)]
mod tests;
