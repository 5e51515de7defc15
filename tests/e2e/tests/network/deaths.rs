//! Workers that die by themselves, each at one step of its journal after the other.

use std::{collections::VecDeque, os::unix::process::ExitStatusExt};

use cairn_e2e::{Test, TestNet};

use crate::work::FAULT;

const SIGKILL: i32 = 9;

/// What each worker of a network still dies at, by its place: the first of it is what it has been
/// started with.
pub struct Deaths(Vec<VecDeque<String>>);

impl Deaths {
    pub fn of(all: impl IntoIterator<Item = Vec<String>>) -> Self {
        Self(all.into_iter().map(VecDeque::from).collect())
    }

    /// What a worker dies at next.
    pub fn next(&self, worker: usize) -> Option<&str> {
        self.0.get(worker)?.front().map(String::as_str)
    }

    /// How often a worker still has to die.
    pub fn left(&self, worker: usize) -> usize {
        self.0.get(worker).map_or(0, VecDeque::len)
    }

    pub fn are_over(&self) -> bool {
        self.0.iter().all(VecDeque::is_empty)
    }

    /// Starts a worker that is to die.
    pub fn start(&self, net: &mut TestNet, worker: usize) -> Test {
        let fault: Vec<(&str, &str)> =
            self.next(worker).map(|death| (FAULT, death)).into_iter().collect();
        net.workers[worker].start_with(&fault)?;
        Ok(())
    }

    /// Starts those workers again that have died, as they had to, for what comes next.
    pub fn revive(&mut self, net: &mut TestNet) -> Test {
        for worker in 0..net.workers.len() {
            let Some(status) = net.workers[worker].ended()? else { continue };
            let name = net.workers[worker].name();
            assert_eq!(status.signal(), Some(SIGKILL), "{name} ended with {status}");
            let death = self.0.get_mut(worker).and_then(VecDeque::pop_front);
            assert!(death.is_some(), "{name} died again");
            self.start(net, worker)?;
        }
        Ok(())
    }
}

/// Before and after each of these steps of one part.
pub fn around(part: &str, steps: &[&str]) -> Vec<String> {
    let both =
        steps.iter().flat_map(|step| ["before", "after"].map(|at| format!("{part}:{at}:{step}")));
    both.collect()
}
