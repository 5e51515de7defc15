//! Which job is begun next, and whether there is room for it.

mod processes;
mod retries;

use crate::{
    job::profile,
    work::{Part, Seat, Work},
};
use cairn_protocol::{
    id::{Amount, Height},
    job::JobKind,
};
use cairn_sandbox::Profile;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Duration,
};

use processes::Processes;
use retries::Retries;

/// A block takes at least so long: a slot.
pub const BLOCK: Duration = Duration::from_secs(1);
/// Blocks that are kept for a commitment to get into one.
const MARGIN: Height = 6;
/// Jobs that one process has at once at most.
pub(crate) const TOGETHER: usize = 8;

/// What this machine gives to jobs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capacity {
    /// Jobs at once.
    pub slots: usize,
    /// For all of them together.
    pub memory_mib: u64,
    /// The same of the GPU that jobs are lent; nothing where they are lent none.
    pub device_mib: u64,
}

/// What a process takes of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Need {
    memory_mib: u64,
    device_mib: u64,
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
    pub room: Room,
    /// Jobs that join the process that it begins. They take no more memory, and have as much time.
    pub along: Vec<Assignment>,
}

/// Which process does a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Room {
    /// One of its own.
    Alone,
    /// One that it begins, and that others join by this number.
    Begins(u64),
    /// That of this number.
    Joins(u64),
}

/// A job that was begun and runs no more.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub seat: Seat,
    pub then: Then,
}

/// What is next for a job that runs no more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Then {
    /// Nothing. If it is to be done all the same, it came to nothing that lasts.
    Over,
    /// The process that it shared came to nothing, so that it is to have one of its own.
    Apart,
    /// The process that it was to join takes nobody any more, so that it waits on.
    Again,
}

/// Jobs that wait for room, and those that have it. The nearest deadline goes first, then what pays
/// best for a unit. Nothing overtakes what is first and does not fit beside those that run: a large
/// job would wait for ever. What goes along with one that is begun takes no room of its own. Where
/// there is no room, what is first may join a process that runs.
///
/// A process that judges may be kept when its briefs are over. It has its room until it is gone:
/// what is judged next of its model joins it, and it ends for whatever else is first and needs that
/// room.
#[derive(Debug)]
pub struct Queue {
    capacity: Capacity,
    now: Height,
    waiting: BTreeMap<Place, Work>,
    running: BTreeMap<Seat, Work>,
    processes: Processes,
    /// Those that share no process any more.
    apart: BTreeSet<Seat>,
    retries: Retries,
}

/// By which what waits is in order.
type Place = (Height, Reverse<Amount>, Seat);

impl Assignment {
    /// This one, and those that are done along with it.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.along)
    }

    /// The number of the process that it begins, if that may be kept when its jobs are over.
    pub fn kept(&self) -> Option<u64> {
        match self.room {
            Room::Begins(number) if outlasts(&self.work) => Some(number),
            _ => None,
        }
    }
}

impl Capacity {
    /// What a job takes of the memory: what it asks for, and at least an equal share.
    pub fn need(&self, work: &Work) -> u64 {
        self.share(self.memory_mib).max(work.terms.requirements.memory_mib.into())
    }

    /// The same of the GPU's memory, of a job that is lent it. Where there is none, such a job is
    /// refused when it is begun.
    pub fn device_need(&self, work: &Work) -> u64 {
        if profile(work) == Profile::Cpu || self.device_mib == 0 {
            return 0;
        }
        self.share(self.device_mib).max(work.terms.requirements.memory_mib.into())
    }

    fn share(&self, whole: u64) -> u64 {
        whole.checked_div(self.slots as u64).unwrap_or(0)
    }

    fn both(&self, work: &Work) -> Need {
        Need { memory_mib: self.need(work), device_mib: self.device_need(work) }
    }
}

impl Queue {
    pub fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            now: 0,
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            processes: Processes::default(),
            apart: BTreeSet::new(),
            retries: Retries::default(),
        }
    }

    /// Takes over what is to be done now, and forgets what was and no longer is. Gives those that
    /// run and are not `awaited` any more. What came to nothing a while ago is left for later.
    pub fn renew(&mut self, now: Height, works: Vec<Work>, awaited: &BTreeSet<Seat>) -> Vec<Seat> {
        self.now = now;
        self.apart.retain(|seat| awaited.contains(seat));
        self.retries.retain(awaited);
        let (running, retries) = (&self.running, &self.retries);
        let is_ready = |work: &Work| {
            let left = work.due.saturating_sub(now).saturating_sub(MARGIN);
            !running.contains_key(&work.seat) && retries.is_ready(&work.seat, now, left)
        };
        let waiting = works.into_iter().filter(is_ready);
        self.waiting = waiting.map(|work| (place(&work), work)).collect();
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

    /// The next job, if there is room for it, or a process that it may join.
    pub fn take(&mut self) -> Option<Assignment> {
        while let Some(first) = self.waiting.first_entry() {
            let work = first.get();
            let need = self.capacity.both(work);
            if left(work, self.now).is_zero() {
                // The next time it is looked at it may be over; until then nobody has to wait.
                first.remove();
                continue;
            }
            let is_apart = self.apart.contains(&work.seat);
            let kept = self.processes.kept(work, need, self.now).filter(|_| !is_apart);
            if let Some(number) = kept {
                let work = first.remove();
                return Some(self.resume(work, need, number));
            }
            if self.processes.has_room(&self.capacity, need) {
                let work = first.remove();
                return Some(self.begin(work, need, !is_apart));
            }
            // It waits for those to end that have nothing to do, as if they were not there.
            if self.processes.may_have_room(&self.capacity, need) {
                return None;
            }
            let joined = self.processes.joined(work, need, self.now).filter(|_| !is_apart)?;
            let work = first.remove();
            return Some(self.assign(work, joined, Room::Joins(joined)));
        }
        None
    }

    /// The processes without a job that are to end, since what is first needs their room. Each is
    /// named once.
    pub fn evict(&mut self) -> Vec<u64> {
        let Some(first) = self.waiting.values().next() else { return Vec::new() };
        self.processes.evict(&self.capacity, self.capacity.both(first))
    }

    /// A process that may have been kept is gone, and its room is free when its jobs have ended.
    pub fn gone(&mut self, number: u64) {
        self.processes.gone(number);
    }

    /// A job in a process that has none. Others go along as with one that is new.
    fn resume(&mut self, work: Work, need: Need, number: u64) -> Assignment {
        let first = self.assign(work.clone(), number, Room::Joins(number));
        let along = self.along(&work, need, number);
        Assignment { along, ..first }
    }

    /// A job in a process that is new. Others may share that, if both may.
    fn begin(&mut self, work: Work, need: Need, shared: bool) -> Assignment {
        let like = Some(&work).filter(|work| shared && shares(work)).cloned();
        let number = self.processes.begin(need, like.clone(), self.now);
        let Some(lead) = like else { return self.assign(work, number, Room::Alone) };
        let first = self.assign(work, number, Room::Begins(number));
        let along = self.along(&lead, need, number);
        Assignment { along, ..first }
    }

    fn assign(&mut self, work: Work, number: u64, room: Room) -> Assignment {
        self.processes.seat(number, &work);
        self.running.insert(work.seat, work.clone());
        let (memory_mib, time) = (self.capacity.need(&work), left(&work, self.now));
        let tries = self.retries.of(&work.seat);
        Assignment { work, memory_mib, time, tries, room, along: Vec::new() }
    }

    /// Takes out what is done along with a job that is begun. It waits behind it, so it has as much
    /// time at least.
    fn along(&mut self, lead: &Work, room: Need, number: u64) -> Vec<Assignment> {
        let fits = |work: &Work| {
            let need = self.capacity.both(work);
            let fits = need.memory_mib <= room.memory_mib && need.device_mib <= room.device_mib;
            fits && belong(lead, work) && !self.apart.contains(&work.seat)
        };
        let fitting = self.waiting.iter().filter(|(_, work)| fits(work)).map(|(place, _)| *place);
        let places: Vec<_> = fitting.take(TOGETHER - 1).collect();
        let mut along = Vec::with_capacity(places.len());
        for place in places {
            if let Some(work) = self.waiting.remove(&place) {
                along.push(self.assign(work, number, Room::Joins(number)));
            }
        }
        along
    }

    /// A job has ended. One that another process is to do waits again, with the time that it has
    /// left.
    pub fn end(&mut self, ended: Ended) {
        let Some(work) = self.running.remove(&ended.seat) else { return };
        match ended.then {
            Then::Over => self.retries.ended(ended.seat, self.now),
            Then::Apart => {
                self.apart.insert(ended.seat);
                self.waiting.insert(place(&work), work);
            }
            Then::Again => {
                self.processes.close(&ended.seat);
                self.waiting.insert(place(&work), work);
            }
        }
        self.processes.leave(&ended.seat);
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn running(&self) -> usize {
        self.running.len()
    }
}

/// The nearest deadline first, and then what pays best.
fn place(work: &Work) -> Place {
    (work.due, Reverse(work.reward()), work.seat)
}

/// Whether one process does both: jobs on texts share what is opened of their model, and so do
/// briefs.
fn belong(lead: &Work, work: &Work) -> bool {
    let (one, other) = (&lead.terms.job, &work.terms.job);
    let alike = one.kind == other.kind && one.engine == other.engine && one.model == other.model;
    let held_alike = profile(lead) == profile(work);
    alike && held_alike && shares(lead) && shares(work)
}

/// Whether a job may share a process. Whoever reads a sealed text, or looks at another's result, is
/// alone with it.
fn shares(work: &Work) -> bool {
    let terms = &work.terms;
    let on_text = matches!(terms.job.kind, JobKind::Infer | JobKind::Embed);
    let is_job = on_text && terms.seal.is_none() && work.seat.part == Part::Worker;
    is_job || work.errand.is_some()
}

/// Whether the process that a job begins may be kept when its jobs are over: what it has open is
/// what the next one needs, and nobody's secret.
fn outlasts(work: &Work) -> bool {
    work.errand.is_some()
}

/// How long a job may take that its commitment is in time.
fn left(work: &Work, now: Height) -> Duration {
    BLOCK.saturating_mul(work.due.saturating_sub(now).saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests;
