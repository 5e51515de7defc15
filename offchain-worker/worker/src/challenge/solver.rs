//! Who solves a challenge: the GPU that the provider is registered with, where jobs are lent one,
//! and all threads of the processor else.

use crate::{lending::Program, metrics::Metrics};
use cairn_order::{Device, Solved, Solving};
use cairn_protocol::{
    challenge::work,
    id::{Digest, Seed},
    profile::DeviceClass,
};
use cairn_sandbox::Stopper;
use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, Mutex, PoisonError,
    },
    thread,
    time::Duration,
};
use tracing::{info, warn};

pub(crate) struct Solver {
    pub threads: usize,
    /// What jobs are lent, and the program that computes on it.
    pub lent: Option<(Device, Program)>,
    pub metrics: Arc<Metrics>,
}

/// What is to be solved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub seed: Seed,
    pub units: u64,
    /// What the provider is registered as.
    pub class: DeviceClass,
    /// How long anybody waits for it.
    pub time: Duration,
}

/// Ends what is being computed, by whomever.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    stopped: AtomicBool,
    process: Mutex<Option<Stopper>>,
}

impl Stop {
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stopper) = process.as_ref() {
            stopper.stop();
        }
    }

    /// A process computes it now; whether it may go on.
    fn attach(&self, stopper: Stopper) -> bool {
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopper);
        !self.is_stopped()
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Solver {
    /// The answer to a challenge, as `cairn_protocol::challenge::work` has it; none where it was
    /// stopped.
    pub(crate) fn solve(&self, asked: &Asked, stop: &Stop) -> Option<Digest> {
        if let Some(answer) = self.by_device(asked, stop) {
            self.metrics.solved("device");
            return Some(answer);
        }
        let answer = by_processor(&asked.seed, asked.units, self.threads, stop)?;
        self.metrics.solved("processor");
        Some(answer)
    }

    /// None where it is not the device's to solve, or the device does not.
    fn by_device(&self, asked: &Asked, stop: &Stop) -> Option<Digest> {
        let is_device = asked.class != DeviceClass::Cpu;
        let (device, program) = self.lent.as_ref().filter(|_| is_device)?;
        let solving = Solving { seed: asked.seed, units: asked.units, device: *device };
        match program.solve(&solving, asked.time, |stopper| stop.attach(stopper)) {
            Ok(Solved { answer, micros }) => {
                info!("the GPU solved a challenge in {:.1} s", micros as f64 / 1e6);
                Some(answer)
            }
            Err(_) if stop.is_stopped() => None,
            Err(reason) => {
                warn!("a challenge is left to the processor, as the GPU fails: {reason}");
                self.metrics.solved("failed");
                None
            }
        }
    }
}

/// In so many threads, since how long it takes is what is measured.
fn by_processor(seed: &Seed, units: u64, threads: usize, stop: &Stop) -> Option<Digest> {
    let rounds = work::rounds(units);
    let mut ends = vec![Digest::default(); work::LANES as usize];
    let share = ends.len().div_ceil(threads.max(1));
    thread::scope(|scope| {
        for (part, first) in ends.chunks_mut(share).zip((0u32..).step_by(share)) {
            scope.spawn(move || {
                for (end, number) in part.iter_mut().zip(first..) {
                    if stop.is_stopped() {
                        return;
                    }
                    *end = work::lane(seed, number, rounds);
                }
            });
        }
    });
    (!stop.is_stopped()).then(|| work::fold(seed, ends.into_iter()))
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use cairn_sandbox::{Means, Sandbox};
    use std::path::Path;

    /// With a program that confines itself no more than it has a GPU.
    pub fn solver(scratch: &Path) -> Solver {
        let sandbox = Sandbox::new(Means::detect(), scratch).unwrap().with_gpu();
        let program = Program { sandbox, binary: "/bin/cat".into(), memory_mib: 1_000 };
        let metrics = Arc::new(Metrics::new().unwrap());
        Solver { threads: 2, lent: Some((Device::Wgpu, program)), metrics }
    }

    /// Whether one challenge was counted so.
    pub fn counted(solver: &Solver, by: &str) -> bool {
        let line = format!("cairn_worker_challenges_total{{by=\"{by}\"}} 1");
        solver.metrics.text().unwrap().lines().any(|one| one == line)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        testing::{counted, solver},
        *,
    };

    /// Of one round.
    fn asked(class: DeviceClass) -> Asked {
        Asked { seed: [7; 32], units: 1, class, time: Duration::from_secs(60) }
    }

    #[test]
    fn by_processor_should_come_to_the_same_in_any_number_of_threads() {
        let answer = Some(work::solve(&[7; 32], 1));
        for threads in [0, 1, 3, 16] {
            assert_eq!(by_processor(&[7; 32], 1, threads, &Stop::default()), answer);
        }
    }

    #[test]
    fn solve_should_end_when_it_is_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let (solver, stop) = (solver(directory.path()), Stop::default());
        stop.stop();
        for class in [DeviceClass::Cpu, DeviceClass::Gpu] {
            let asked = Asked { units: u64::MAX, ..asked(class) };
            assert_eq!(solver.solve(&asked, &stop), None);
        }
        // Nothing failed, and nothing was solved.
        assert!(!["device", "processor", "failed"].iter().any(|by| counted(&solver, by)));
    }

    #[test]
    fn solve_should_leave_a_challenge_to_the_processor_when_the_device_fails() {
        let directory = tempfile::tempdir().unwrap();
        let solver = solver(directory.path());
        let answer = solver.solve(&asked(DeviceClass::Gpu), &Stop::default());
        assert_eq!(answer, Some(work::solve(&[7; 32], 1)));
        assert!(counted(&solver, "failed") && counted(&solver, "processor"));
    }

    #[test]
    fn solve_should_not_touch_the_device_when_the_processor_is_registered() {
        let directory = tempfile::tempdir().unwrap();
        let solver = solver(directory.path());
        let answer = solver.solve(&asked(DeviceClass::Cpu), &Stop::default());
        assert_eq!(answer, Some(work::solve(&[7; 32], 1)));
        assert!(!counted(&solver, "failed") && counted(&solver, "processor"));
    }
}
