//! Numbers of the jobs that run, so that each can be given a user of its own.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Jobs at once at most.
pub(crate) const SLOTS: u32 = 64;

#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Arc<Mutex<BTreeSet<u32>>>);

/// Free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    number: u32,
    slots: Slots,
}

impl Slots {
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = (0..SLOTS).find(|number| !taken.contains(number))?;
        taken.insert(number);
        Some(Slot { number, slots: self.clone() })
    }
}

impl Slot {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_should_be_taken_again_when_dropped() {
        let slots = Slots::default();
        let mut taken: Vec<Slot> = (0..SLOTS).map(|_| slots.take().unwrap()).collect();
        assert!(slots.take().is_none());
        let free = taken.remove(3).number();
        assert_eq!(slots.take().unwrap().number(), free);
    }
}
