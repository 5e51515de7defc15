//! The processes that run or are kept, what each takes, and who may join one.

use super::{belong, outlasts, Capacity, Need, TOGETHER};
use crate::work::{Seat, Work};
use cairn_order::engines;
use cairn_protocol::id::Height;
use std::collections::BTreeMap;

/// Jobs of the exact engine that one is to have before another joins. They are computed one after
/// another, so that one is next in line, and the others keep their place among all that wait.
const IN_LINE: usize = 2;
/// Blocks in which a process takes others in. Whatever gathers in one goes with it.
const OPEN: Height = 1_800;

/// By numbers, none of which is used twice.
#[derive(Debug, Default)]
pub(super) struct Processes {
    next: u64,
    all: BTreeMap<u64, Process>,
}

#[derive(Debug)]
struct Process {
    need: Need,
    since: Height,
    /// What its jobs are like; none where no other may join them.
    like: Option<Work>,
    /// Its jobs that have not ended, and when they are due.
    seats: BTreeMap<Seat, Height>,
    /// Whether it may be there without a job, until it is said to be gone.
    is_kept: bool,
    /// Whether it was told to end.
    is_evicted: bool,
}

impl Process {
    /// Whether it is kept, or about to be gone.
    fn is_idle(&self) -> bool {
        self.seats.is_empty()
    }

    /// Whether it does such a job, which asks for no more memory, and is not too old to.
    fn takes(&self, work: &Work, need: Need, now: Height) -> bool {
        let room = self.need;
        let fits = need.memory_mib <= room.memory_mib && need.device_mib <= room.device_mib;
        let is_new = now < self.since.saturating_add(OPEN);
        fits && is_new && self.like.as_ref().is_some_and(|like| belong(like, work))
    }
}

impl Processes {
    /// Whether another of that need fits beside those that are there.
    pub(super) fn has_room(&self, capacity: &Capacity, need: Need) -> bool {
        fits(self.all.values(), capacity, need)
    }

    /// Whether it does beside those that have a job.
    pub(super) fn may_have_room(&self, capacity: &Capacity, need: Need) -> bool {
        fits(self.all.values().filter(|process| !process.is_idle()), capacity, need)
    }

    /// Begins one that jobs like this may join, if any may.
    pub(super) fn begin(&mut self, need: Need, like: Option<Work>, now: Height) -> u64 {
        let number = self.next;
        self.next += 1;
        let is_kept = like.as_ref().is_some_and(outlasts);
        let (seats, is_evicted) = (BTreeMap::new(), false);
        let process = Process { need, since: now, like, seats, is_kept, is_evicted };
        self.all.insert(number, process);
        number
    }

    /// The process without a job that takes this one.
    pub(super) fn kept(&self, work: &Work, need: Need, now: Height) -> Option<u64> {
        let takes = |process: &Process| process.is_idle() && process.takes(work, need, now);
        self.all.iter().find(|(_, process)| takes(process)).map(|(number, _)| *number)
    }

    /// Has as many of those without a job end as it takes to make room for that need, the oldest
    /// first; none where all of them would not. Those that were told so before are not named again.
    pub(super) fn evict(&mut self, capacity: &Capacity, need: Need) -> Vec<u64> {
        let mut evicted = Vec::new();
        if !self.may_have_room(capacity, need) {
            return evicted;
        }
        while !fits(self.all.values().filter(|process| !process.is_evicted), capacity, need) {
            let mut all = self.all.iter_mut();
            let next = all.find(|(_, process)| process.is_idle() && !process.is_evicted);
            let Some((number, process)) = next else { break };
            (process.is_evicted, process.like) = (true, None);
            evicted.push(*number);
        }
        evicted
    }

    /// A process is gone. Its room is free with the last of its jobs.
    pub(super) fn gone(&mut self, number: u64) {
        if let Some(process) = self.all.get_mut(&number) {
            (process.is_kept, process.like) = (false, None);
        }
        self.sweep();
    }

    /// A job has a process.
    pub(super) fn seat(&mut self, number: u64, work: &Work) {
        if let Some(process) = self.all.get_mut(&number) {
            process.seats.insert(work.seat, work.due);
        }
    }

    /// The process that a job may join. It asks for no more memory, and is due no earlier than the
    /// first of those that are there: so it cuts none of them short.
    pub(super) fn joined(&self, work: &Work, need: Need, now: Height) -> Option<u64> {
        let is_exact = work.terms.job.engine == engines::exact();
        let most = if is_exact { IN_LINE } else { TOGETHER };
        let joins = |process: &Process| {
            let first = process.seats.values().min();
            let is_due_later = first.is_some_and(|first| work.due >= *first);
            is_due_later && process.seats.len() < most && process.takes(work, need, now)
        };
        self.all.iter().find(|(_, process)| joins(process)).map(|(number, _)| *number)
    }

    /// The process of a job takes nobody any more.
    pub(super) fn close(&mut self, seat: &Seat) {
        for process in self.all.values_mut().filter(|process| process.seats.contains_key(seat)) {
            process.like = None;
        }
    }

    /// A job has ended, and its process with the last of its jobs unless that is kept.
    pub(super) fn leave(&mut self, seat: &Seat) {
        self.all.values_mut().for_each(|process| {
            process.seats.remove(seat);
        });
        self.sweep();
    }

    fn sweep(&mut self) {
        self.all.retain(|_, process| process.is_kept || !process.is_idle());
    }
}

/// Whether one of that need fits beside these.
fn fits<'p>(beside: impl Iterator<Item = &'p Process>, capacity: &Capacity, need: Need) -> bool {
    let (mut slots, mut memory, mut device) = (1, need.memory_mib, need.device_mib);
    for Process { need, .. } in beside {
        slots += 1;
        memory = memory.saturating_add(need.memory_mib);
        device = device.saturating_add(need.device_mib);
    }
    slots <= capacity.slots && memory <= capacity.memory_mib && device <= capacity.device_mib
}
