//! Which job is begun next, and whether there is room for it.

mod retries;

use crate::{
    job::profile,
    work::{Part, Seat, Work},
};
use cairn_protocol::{
    id::{Amount, Height},
    job::JobKind,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Duration,
};

use retries::Retries;

/// A block takes at least so long: a slot.
pub const BLOCK: Duration = Duration::from_secs(1);
/// Blocks that are kept for a commitment to get into one.
const MARGIN: Height = 6;
/// Jobs of one process at most: all of them wait for the last.
const TOGETHER: usize = 8;

/// What this machine gives to jobs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capacity {
    /// Jobs at once.
    pub slots: usize,
    /// For all of them together.
    pub memory_mib: u64,
}

/// A job that is begun.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub work: Work,
    pub memory_mib: u64,
    /// From now on.
    pub time: Duration,
    /// How often it was begun before, and came to nothing that lasts.
    pub tries: u32,
    /// Jobs that are done by the same process, as far as that goes. They take no more memory, and
    /// have as much time.
    pub along: Vec<Assignment>,
}

/// Jobs that wait for room, and those that have it. The nearest deadline goes first, then what pays
/// best for a unit. Nothing overtakes what is first and does not fit beside those that run: a large
/// job would wait for ever. What goes along with one that is begun takes no room of its own.
#[derive(Debug)]
pub struct Queue {
    capacity: Capacity,
    now: Height,
    waiting: BTreeMap<(Height, Reverse<Amount>, Seat), Work>,
    /// What each takes of the memory; none of those that are done along with another.
    running: BTreeMap<Seat, Option<u64>>,
    retries: Retries,
}

impl Assignment {
    /// This one, and those that are done along with it.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.along)
    }
}

impl Capacity {
    /// What a job takes of the memory: what it asks for, and at least an equal share.
    pub fn need(&self, work: &Work) -> u64 {
        let share = self.memory_mib.checked_div(self.slots as u64).unwrap_or(0);
        share.max(work.terms.requirements.memory_mib.into())
    }

    /// Whether it could run if nothing else did.
    pub fn fits(&self, work: &Work) -> bool {
        self.need(work) <= self.memory_mib
    }
}

impl Queue {
    pub fn new(capacity: Capacity) -> Self {
        let (waiting, running) = (BTreeMap::new(), BTreeMap::new());
        Self { capacity, now: 0, waiting, running, retries: Retries::default() }
    }

    /// Takes over what is to be done now, and forgets what was and no longer is. Gives those that
    /// run and are not `awaited` any more. What came to nothing a while ago is left for later.
    pub fn renew(&mut self, now: Height, works: Vec<Work>, awaited: &BTreeSet<Seat>) -> Vec<Seat> {
        self.now = now;
        self.retries.retain(awaited);
        let (running, retries) = (&self.running, &self.retries);
        let is_ready = |work: &Work| {
            let left = work.due.saturating_sub(now).saturating_sub(MARGIN);
            !running.contains_key(&work.seat) && retries.is_ready(&work.seat, now, left)
        };
        let waiting = works.into_iter().filter(is_ready);
        self.waiting =
            waiting.map(|work| ((work.due, Reverse(work.reward()), work.seat), work)).collect();
        self.running.keys().filter(|seat| !awaited.contains(seat)).copied().collect()
    }

    /// Takes out those that waited until there is no time left for them.
    pub fn late(&mut self) -> Vec<Work> {
        let now = self.now;
        let all = mem::take(&mut self.waiting).into_iter();
        let (late, waiting): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.partition(|(_, work)| left(work, now).is_zero());
        self.waiting = waiting;
        late.into_values().collect()
    }

    /// The next job, if there is room for it.
    pub fn take(&mut self) -> Option<Assignment> {
        while let Some(first) = self.waiting.first_entry() {
            let (memory_mib, time) = (self.capacity.need(first.get()), left(first.get(), self.now));
            if time.is_zero() {
                // The next time it is looked at it may be over; until then nobody has to wait.
                first.remove();
                continue;
            }
            let processes = self.running.values().flatten().count();
            let taken: u64 = self.running.values().flatten().sum();
            let room = processes < self.capacity.slots
                && taken.saturating_add(memory_mib) <= self.capacity.memory_mib;
            if !room {
                return None;
            }
            let work = first.remove();
            self.running.insert(work.seat, Some(memory_mib));
            let along = self.along(&work, memory_mib);
            let tries = self.retries.of(&work.seat);
            return Some(Assignment { work, memory_mib, time, tries, along });
        }
        None
    }

    /// Takes out what is done along with a job that is begun. It waits behind it, so it has as much
    /// time at least.
    fn along(&mut self, lead: &Work, memory_mib: u64) -> Vec<Assignment> {
        let fits = |work: &Work| belong(lead, work) && self.capacity.need(work) <= memory_mib;
        let fitting = self.waiting.iter().filter(|(_, work)| fits(work)).map(|(place, _)| *place);
        let places: Vec<_> = fitting.take(TOGETHER - 1).collect();
        let mut along = Vec::with_capacity(places.len());
        for work in places.iter().filter_map(|place| self.waiting.remove(place)) {
            self.running.insert(work.seat, None);
            let (memory_mib, time) = (self.capacity.need(&work), left(&work, self.now));
            let tries = self.retries.of(&work.seat);
            along.push(Assignment { work, memory_mib, time, tries, along: Vec::new() });
        }
        along
    }

    /// A job has ended. If it is to be done all the same, it came to nothing that lasts.
    pub fn end(&mut self, seat: &Seat) {
        self.running.remove(seat);
        self.retries.ended(*seat, self.now);
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn running(&self) -> usize {
        self.running.len()
    }
}

/// Whether one process does both: jobs on texts share what is opened of their model. Whoever reads
/// a sealed text, or looks at another's result, is alone with it.
fn belong(lead: &Work, work: &Work) -> bool {
    let shares = |work: &Work| {
        let terms = &work.terms;
        let on_text = matches!(terms.job.kind, JobKind::Infer | JobKind::Embed);
        on_text && terms.seal.is_none() && work.seat.part == Part::Worker
    };
    let (one, other) = (&lead.terms.job, &work.terms.job);
    let alike = one.kind == other.kind && one.engine == other.engine && one.model == other.model;
    let held_alike = profile(&lead.terms) == profile(&work.terms);
    alike && held_alike && shares(lead) && shares(work)
}

/// How long a job may take that its commitment is in time.
fn left(work: &Work, now: Height) -> Duration {
    BLOCK.saturating_mul(work.due.saturating_sub(now).saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::testing::{seat, terms, work};
    use cairn_protocol::{
        id::{BlockId, EngineId},
        job::{Job, Requirements, Seal, Terms},
        profile::DeviceClass,
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    fn queue(slots: usize, memory_mib: u64) -> Queue {
        Queue::new(Capacity { slots, memory_mib })
    }

    fn seats(works: &[Work]) -> BTreeSet<Seat> {
        works.iter().map(|work| work.seat).collect()
    }

    /// Takes over these, all of which are awaited.
    fn renew(queue: &mut Queue, works: Vec<Work>) -> Vec<Seat> {
        let awaited = seats(&works);
        queue.renew(10, works, &awaited)
    }

    fn with_memory(work: Work, memory_mib: u32) -> Work {
        let requirements = Requirements { memory_mib, ..work.terms.requirements };
        Work { terms: Arc::new(Terms { requirements, ..terms() }), ..work }
    }

    fn taken(queue: &mut Queue) -> Vec<u64> {
        std::iter::from_fn(|| queue.take()).map(|next| next.work.seat.task.0).collect()
    }

    #[test]
    fn take_should_go_by_deadline_and_then_by_reward() {
        let mut queue = queue(9, 9_000);
        renew(&mut queue, vec![work(1, 90, 5), work(2, 50, 1), work(3, 50, 7), work(4, 60, 99)]);
        assert_eq!(taken(&mut queue), [3, 2, 4, 1]);
    }

    #[test]
    fn take_should_begin_as_many_as_there_are_slots() {
        let mut queue = queue(2, 1_000);
        renew(&mut queue, vec![work(1, 50, 1), work(2, 60, 1), work(3, 70, 1)]);
        assert_eq!(taken(&mut queue), [1, 2]);
        queue.end(&seat(1));
        assert_eq!(taken(&mut queue), [3]);
        assert_eq!((queue.running(), queue.waiting()), (2, 0));
    }

    #[test]
    fn take_should_begin_two_that_do_not_fit_at_once_after_each_other() {
        let mut queue = queue(4, 1_000);
        let large = |task, due| with_memory(work(task, due, 1), 600);
        // The small one fits beside the first, and does not overtake the second.
        renew(&mut queue, vec![large(1, 50), large(2, 60), work(3, 70, 1)]);
        assert_eq!(taken(&mut queue), [1]);
        queue.end(&seat(1));
        assert_eq!(taken(&mut queue), [2, 3]);
    }

    /// Of a text, on a model of that number.
    fn on_text(work: Work, model: u8) -> Work {
        let terms = Terms::clone(&work.terms);
        let model = Some(BlockId([model; 32]));
        let job = Job { kind: JobKind::Embed, model, ..terms.job };
        Work { terms: Arc::new(Terms { job, ..terms }), ..work }
    }

    fn along(next: &Assignment) -> Vec<u64> {
        next.along.iter().map(|one| one.work.seat.task.0).collect()
    }

    #[test]
    fn take_should_have_one_process_do_what_is_on_one_model() {
        let mut queue = queue(2, 1_000);
        let text = |task, due, model| on_text(work(task, due, 1), model);
        let works = vec![text(1, 50, 7), text(2, 60, 8), text(3, 70, 7), text(4, 80, 7)];
        renew(&mut queue, works);
        let first = queue.take().unwrap();
        assert_eq!((first.work.seat, along(&first)), (seat(1), vec![3, 4]));
        assert_eq!(first.all().count(), 3);
        // Each has its own time, and they are one of two processes.
        let times: Vec<u64> = first.all().map(|one| one.time.as_secs()).collect();
        assert_eq!(times, [50, 70, 80].map(|due| due - 10 - u64::from(MARGIN)));
        assert_eq!((queue.running(), queue.waiting()), (3, 1));
        let second = queue.take().unwrap();
        assert_eq!((second.work.seat, along(&second)), (seat(2), vec![]));
        // The process is over when all have ended.
        queue.end(&seat(3));
        queue.end(&seat(4));
        renew(&mut queue, vec![work(5, 90, 1)]);
        assert!(queue.take().is_none());
        queue.end(&seat(1));
        assert_eq!(taken(&mut queue), [5]);
    }

    #[test]
    fn take_should_leave_alone_what_may_share_no_process() {
        let lead = || on_text(work(1, 50, 1), 7);
        let changed = |change: &dyn Fn(&mut Terms)| {
            let mut other = on_text(work(2, 60, 1), 7);
            change(Arc::make_mut(&mut other.terms));
            other
        };
        let mut guard = on_text(work(2, 60, 1), 7);
        guard.seat.part = Part::Guard;
        let seal = Some(Seal { commitment: [1; 32], key_blocks: 5 });
        let others = [
            guard,
            changed(&|terms| terms.seal = seal),
            changed(&|terms| terms.job.engine = EngineId([9; 32])),
            changed(&|terms| terms.job.kind = JobKind::Infer),
            changed(&|terms| terms.job.model = None),
            changed(&|terms| terms.requirements.memory_mib = 501),
            changed(&|terms| terms.requirements.class = DeviceClass::Gpu),
        ];
        for other in others {
            let mut queue = queue(2, 1_000);
            renew(&mut queue, vec![lead(), other.clone()]);
            assert_eq!(along(&queue.take().unwrap()), Vec::<u64>::new(), "{other:?}");
        }
        let mut queue = queue(2, 1_000);
        renew(&mut queue, vec![lead(), changed(&|_| {})]);
        assert_eq!(along(&queue.take().unwrap()), [2]);
        // Modules are, too: each has its process.
        renew(&mut queue, vec![work(3, 50, 1), work(4, 50, 1)]);
        assert_eq!(along(&queue.take().unwrap()), Vec::<u64>::new());
    }

    #[test]
    fn take_should_begin_no_more_together_than_one_process_does() {
        let mut queue = queue(1, 1_000);
        renew(&mut queue, (1..20).map(|task| on_text(work(task, 50, 1), 7)).collect());
        assert_eq!(along(&queue.take().unwrap()).len(), TOGETHER - 1);
        assert_eq!(queue.waiting(), 19 - TOGETHER);
    }

    #[test]
    fn fits_should_refuse_what_no_empty_machine_has_room_for() {
        let capacity = Capacity { slots: 2, memory_mib: 1_000 };
        assert!(capacity.fits(&with_memory(work(1, 50, 1), 1_000)));
        assert!(!capacity.fits(&with_memory(work(1, 50, 1), 1_001)));
        assert_eq!(capacity.need(&work(1, 50, 1)), 500);
    }

    #[test]
    fn take_should_leave_out_what_cannot_be_in_time() {
        let mut queue = queue(1, 1_000);
        let works = [10, 10 + MARGIN, 13 + MARGIN].map(|due| work(due.into(), due, 1));
        renew(&mut queue, works.into());
        let next = queue.take().unwrap();
        assert_eq!(next.work.due, 13 + MARGIN);
        assert_eq!(next.time, Duration::from_secs(3));
        assert!(queue.take().is_none());
    }

    #[test]
    fn late_should_take_out_what_cannot_be_in_time_and_does_not_run() {
        let mut queue = queue(1, 1_000);
        let works = || vec![work(1, 11 + MARGIN, 1), work(2, 12 + MARGIN, 1), work(3, 90, 1)];
        renew(&mut queue, works());
        assert!(queue.late().is_empty());
        assert_eq!(taken(&mut queue), [1]);
        queue.renew(12, works(), &seats(&works()));
        let late: Vec<_> = queue.late().iter().map(|work| work.seat).collect();
        assert_eq!((late, queue.waiting()), (vec![seat(2)], 1));
    }

    #[test]
    fn renew_should_name_those_that_run_and_are_over() {
        let mut queue = queue(2, 1_000);
        renew(&mut queue, vec![work(1, 50, 1), work(2, 60, 1), work(3, 70, 1)]);
        assert_eq!(taken(&mut queue), [1, 2]);
        // The first has its result and is not to be begun again, but it is still awaited.
        let awaited = seats(&[work(1, 50, 1)]);
        assert_eq!(queue.renew(11, Vec::new(), &awaited), [seat(2)]);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn renew_should_leave_what_came_to_nothing_again_and_again_for_later() {
        let mut queue = queue(1, 1_000);
        let works = || vec![work(1, 200, 1)];
        let mut begun = Vec::new();
        for now in 10..60 {
            queue.renew(now, works(), &seats(&works()));
            if let Some(next) = queue.take() {
                begun.push((now, next.tries));
                queue.end(&next.work.seat);
            }
        }
        assert_eq!(begun, [(10, 0), (11, 1), (13, 2), (17, 3), (25, 4), (41, 5)]);
        // What is not asked for any more is as new when it is.
        queue.renew(60, Vec::new(), &BTreeSet::new());
        queue.renew(61, works(), &seats(&works()));
        assert_eq!(queue.take().unwrap().tries, 0);
    }

    #[test]
    fn renew_should_not_begin_again_what_runs() {
        let mut queue = queue(2, 1_000);
        let both = || vec![work(1, 50, 1)];
        renew(&mut queue, both());
        assert_eq!(taken(&mut queue), [1]);
        assert!(renew(&mut queue, both()).is_empty());
        assert_eq!(taken(&mut queue), Vec::<u64>::new());
    }

    proptest! {
        #[test]
        fn queue_should_keep_to_its_room_and_lose_nothing(
            jobs in prop::collection::vec((30u32..60, 0u32..1_000, 0u128..5), 1..20),
            slots in 1usize..4,
            ends in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            let mut queue = queue(slots, 1_000);
            let works: Vec<Work> = (0u64..)
                .zip(&jobs)
                .map(|(task, (due, memory, reward))| {
                    with_memory(work(task, *due, *reward), *memory)
                })
                .collect();
            renew(&mut queue, works);
            let (mut running, mut done) = (Vec::<Assignment>::new(), 0);
            for end in ends {
                while let Some(next) = queue.take() {
                    running.push(next);
                }
                let memory: u64 = running.iter().map(|one| one.memory_mib).sum();
                prop_assert!(running.len() <= slots && memory <= 1_000);
                if running.is_empty() {
                    break;
                }
                let ended = running.swap_remove(end.index(running.len()));
                queue.end(&ended.work.seat);
                done += 1;
            }
            prop_assert_eq!(done, jobs.len());
        }
    }
}
