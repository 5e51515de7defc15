//! The keys of what tasks in hand leave on disk. They are in memory alone: when the process ends,
//! what they encrypted is lost, and has to be fetched and opened again.

use crate::secret::Secret;
use cairn_protocol::id::TaskId;
use std::{collections::BTreeMap, time::Instant};
use zeroize::ZeroizeOnDrop;

#[derive(Default)]
pub struct Keyring {
    held: BTreeMap<TaskId, Held>,
}

/// All that is secret of a task. It does not compile with anything that stays when it is dropped.
#[derive(ZeroizeOnDrop)]
struct Held {
    /// Of what is on the shelf.
    disk: Secret,
    #[zeroize(skip)]
    until: Instant,
}

impl Keyring {
    /// Draws a key for what a task leaves on disk; one that is held already gets the new time.
    pub fn hold(&mut self, task: TaskId, until: Instant) -> Result<(), getrandom::Error> {
        if let Some(held) = self.held.get_mut(&task) {
            held.until = until;
            return Ok(());
        }
        self.held.insert(task, Held { disk: Secret::random()?, until });
        Ok(())
    }

    pub(crate) fn disk(&self, task: TaskId, now: Instant) -> Option<&Secret> {
        Some(&self.current(task, now)?.disk)
    }

    pub fn holds(&self, task: TaskId, now: Instant) -> bool {
        self.current(task, now).is_some()
    }

    /// Overwrites the keys of a task.
    pub fn forget(&mut self, task: TaskId) -> bool {
        self.held.remove(&task).is_some()
    }

    /// Overwrites the keys of every task whose time is over, and names them.
    pub fn expire(&mut self, now: Instant) -> Vec<TaskId> {
        let over: Vec<_> =
            self.held.iter().filter(|(_, held)| held.until <= now).map(|(task, _)| *task).collect();
        for task in &over {
            self.held.remove(task);
        }
        over
    }

    /// A key is gone when its time is over, whether or not anyone swept it away yet.
    fn current(&self, task: TaskId, now: Instant) -> Option<&Held> {
        self.held.get(&task).filter(|held| now < held.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::dropped;
    use std::time::Duration;

    const TASK: TaskId = TaskId(7);
    const SECOND: Duration = Duration::from_secs(1);
    const ZEROS: [u8; 32] = [0; 32];

    #[test]
    fn key_should_be_gone_when_its_time_is_over() {
        let now = Instant::now();
        let mut keys = Keyring::default();
        keys.hold(TASK, now + SECOND).unwrap();
        assert!(keys.holds(TASK, now));
        assert!(!keys.holds(TASK, now + SECOND));
        assert!(keys.disk(TASK, now + SECOND).is_none());
        assert!(keys.expire(now).is_empty());
        assert_eq!(keys.expire(now + SECOND), [TASK]);
        assert!(!keys.holds(TASK, now));
    }

    #[test]
    fn hold_should_keep_the_key_when_the_time_is_put_off() {
        let now = Instant::now();
        let mut keys = Keyring::default();
        keys.hold(TASK, now + SECOND).unwrap();
        let key = *keys.disk(TASK, now).unwrap().expose();
        keys.hold(TASK, now + 2 * SECOND).unwrap();
        assert_eq!(keys.disk(TASK, now + SECOND).unwrap().expose(), &key);
    }

    #[test]
    fn tasks_should_have_different_keys() {
        let now = Instant::now();
        let mut keys = Keyring::default();
        keys.hold(TASK, now + SECOND).unwrap();
        keys.hold(TaskId(8), now + SECOND).unwrap();
        let of = |task| *keys.disk(task, now).unwrap().expose();
        assert_ne!(of(TASK), of(TaskId(8)));
    }

    #[test]
    fn keys_should_be_overwritten_when_they_go_in_any_way() {
        let now = Instant::now();
        let mut keys = Keyring::default();
        for (task, seconds) in [(TASK, 1u32), (TaskId(8), 2), (TaskId(9), 3), (TaskId(10), 4)] {
            keys.hold(task, now + seconds * SECOND).unwrap();
        }
        // A task that is held keeps the key that it has.
        keys.hold(TASK, now + SECOND).unwrap();
        dropped::take();
        keys.forget(TaskId(8));
        assert_eq!(dropped::take(), [ZEROS]);
        keys.expire(now + SECOND);
        assert_eq!(dropped::take(), [ZEROS]);
        drop(keys);
        assert_eq!(dropped::take(), [ZEROS; 2]);
    }

    #[test]
    fn key_should_be_gone_when_its_task_is_forgotten() {
        let now = Instant::now();
        let mut keys = Keyring::default();
        assert!(!keys.forget(TASK));
        keys.hold(TASK, now + SECOND).unwrap();
        assert!(keys.forget(TASK));
        assert!(keys.disk(TASK, now).is_none());
    }
}
