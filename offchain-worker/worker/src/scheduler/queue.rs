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
use cairn_sandbox::Profile;
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
    /// Jobs that are done by the same process, as far as that goes. They take no more memory, and
    /// have as much time.
    pub along: Vec<Assignment>,
}

/// A job that was begun and runs no more.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub seat: Seat,
    /// Whether the process that it shared came to nothing, so that it is to have one of its own.
    pub apart: bool,
}

/// Jobs that wait for room, and those that have it. The nearest deadline goes first, then what pays
/// best for a unit. Nothing overtakes what is first and does not fit beside those that run: a large
/// job would wait for ever. What goes along with one that is begun takes no room of its own.
#[derive(Debug)]
pub struct Queue {
    capacity: Capacity,
    now: Height,
    waiting: BTreeMap<Place, Work>,
    /// Each with what it takes; none of those that are done along with another.
    running: BTreeMap<Seat, (Work, Option<Need>)>,
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
        let (waiting, running) = (BTreeMap::new(), BTreeMap::new());
        let (apart, retries) = (BTreeSet::new(), Retries::default());
        Self { capacity, now: 0, waiting, running, apart, retries }
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

    /// The next job, if there is room for it.
    pub fn take(&mut self) -> Option<Assignment> {
        while let Some(first) = self.waiting.first_entry() {
            let (need, time) = (self.capacity.both(first.get()), left(first.get(), self.now));
            if time.is_zero() {
                // The next time it is looked at it may be over; until then nobody has to wait.
                first.remove();
                continue;
            }
            if !has_room(&self.capacity, &self.running, need) {
                return None;
            }
            let work = first.remove();
            self.running.insert(work.seat, (work.clone(), Some(need)));
            let along = self.along(&work, need);
            let tries = self.retries.of(&work.seat);
            return Some(Assignment { work, memory_mib: need.memory_mib, time, tries, along });
        }
        None
    }

    /// Takes out what is done along with a job that is begun. It waits behind it, so it has as much
    /// time at least.
    fn along(&mut self, lead: &Work, room: Need) -> Vec<Assignment> {
        if self.apart.contains(&lead.seat) {
            return Vec::new();
        }
        let fits = |work: &Work| {
            let need = self.capacity.both(work);
            let fits = need.memory_mib <= room.memory_mib && need.device_mib <= room.device_mib;
            fits && belong(lead, work) && !self.apart.contains(&work.seat)
        };
        let fitting = self.waiting.iter().filter(|(_, work)| fits(work)).map(|(place, _)| *place);
        let places: Vec<_> = fitting.take(TOGETHER - 1).collect();
        let mut along = Vec::with_capacity(places.len());
        for work in places.iter().filter_map(|place| self.waiting.remove(place)) {
            self.running.insert(work.seat, (work.clone(), None));
            let (memory_mib, time) = (self.capacity.need(&work), left(&work, self.now));
            let tries = self.retries.of(&work.seat);
            along.push(Assignment { work, memory_mib, time, tries, along: Vec::new() });
        }
        along
    }

    /// A job has ended. One that is to have a process of its own waits again, with the time that it
    /// has left. If another is to be done all the same, it came to nothing that lasts.
    pub fn end(&mut self, ended: Ended) {
        let Some((work, _)) = self.running.remove(&ended.seat) else { return };
        if ended.apart {
            self.apart.insert(ended.seat);
            self.waiting.insert(place(&work), work);
        } else {
            self.retries.ended(ended.seat, self.now);
        }
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

/// Whether a process of that need fits beside those that run.
fn has_room(
    capacity: &Capacity,
    running: &BTreeMap<Seat, (Work, Option<Need>)>,
    need: Need,
) -> bool {
    let (mut processes, mut memory, mut device) = (0, need.memory_mib, need.device_mib);
    for taken in running.values().filter_map(|(_, taken)| taken.as_ref()) {
        processes += 1;
        memory = memory.saturating_add(taken.memory_mib);
        device = device.saturating_add(taken.device_mib);
    }
    let has_slot = processes < capacity.slots;
    has_slot && memory <= capacity.memory_mib && device <= capacity.device_mib
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
    let held_alike = profile(lead) == profile(work);
    alike && held_alike && shares(lead) && shares(work)
}

/// How long a job may take that its commitment is in time.
fn left(work: &Work, now: Height) -> Duration {
    BLOCK.saturating_mul(work.due.saturating_sub(now).saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests;
