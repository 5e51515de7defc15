//! The processes that run, what each takes, and who may join one.

use super::{belong, Capacity, Need, TOGETHER};
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
}

impl Processes {
    /// Whether another of that need fits beside those that run.
    pub(super) fn has_room(&self, capacity: &Capacity, need: Need) -> bool {
        let (mut memory, mut device) = (need.memory_mib, need.device_mib);
        for Process { need, .. } in self.all.values() {
            memory = memory.saturating_add(need.memory_mib);
            device = device.saturating_add(need.device_mib);
        }
        let has_slot = self.all.len() < capacity.slots;
        has_slot && memory <= capacity.memory_mib && device <= capacity.device_mib
    }

    /// Begins one that jobs like this may join, if any may.
    pub(super) fn begin(&mut self, need: Need, like: Option<Work>, now: Height) -> u64 {
        let number = self.next;
        self.next += 1;
        self.all.insert(number, Process { need, since: now, like, seats: BTreeMap::new() });
        number
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
            let room = process.need;
            let fits = need.memory_mib <= room.memory_mib && need.device_mib <= room.device_mib;
            let is_new = now < process.since.saturating_add(OPEN);
            let first = process.seats.values().min();
            let like = process.like.as_ref().is_some_and(|like| belong(like, work));
            let is_due_later = first.is_some_and(|first| work.due >= *first);
            fits && is_new && like && is_due_later && process.seats.len() < most
        };
        self.all.iter().find(|(_, process)| joins(process)).map(|(number, _)| *number)
    }

    /// The process of a job takes nobody any more.
    pub(super) fn close(&mut self, seat: &Seat) {
        for process in self.all.values_mut().filter(|process| process.seats.contains_key(seat)) {
            process.like = None;
        }
    }

    /// A job has ended, and its process with the last of its jobs.
    pub(super) fn leave(&mut self, seat: &Seat) {
        self.all.retain(|_, process| {
            process.seats.remove(seat);
            !process.seats.is_empty()
        });
    }
}
