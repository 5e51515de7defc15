//! A job that hardly takes any time.

use crate::market::work;
use cairn_order::engines;
use cairn_protocol::{
    id::Height,
    job::{Payload, Terms},
    spec::{SimulateSpec, Spec},
};

/// Blocks in which a worker is found, and blocks it has: more than any task here waits.
const MATCH_WITHIN: Height = 3_600;
const WORK_WITHIN: Height = 600;
/// One body, which one step moves.
const SCENE: &str = r#"{"form": "cairn-scene-1", "gravity": [0, 0, 0], "timestep": 0.5,
    "bodies": [{"kind": "kinematic", "linear_velocity": [1, 0, 0]}]}"#;
const ONE_STEP: Spec = Spec::Simulate(SimulateSpec { steps: 1, every: 0 });
/// More than its result has.
const OUTPUT_BYTES: u32 = 256;

/// What is asked for, each time with another number.
pub fn terms(number: u32, now: Height) -> Terms {
    let mut terms = work::minimal(now.saturating_add(MATCH_WITHIN), WORK_WITHIN);
    let job = &mut terms.job;
    job.engine = engines::simulate();
    job.input = Payload::Inline(SCENE.as_bytes().to_vec().try_into().unwrap_or_default());
    job.parameters = ONE_STEP.encode();
    for (to, from) in job.seed.iter_mut().zip(number.to_le_bytes()) {
        *to = from;
    }
    job.units = 1;
    terms.output_bytes = OUTPUT_BYTES;
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_should_be_of_a_job_that_workers_can_read_and_do() {
        let terms = terms(3, 10);
        let job = &terms.job;
        assert_eq!(Spec::decode(job.kind, &job.parameters), Ok(ONE_STEP));
        let able = engines::all().into_iter().find(|engine| engine.kinds.contains(&job.kind));
        assert_eq!(able.map(|engine| engine.id), Some(job.engine));
        assert_eq!(terms.policy.judges(job, terms.redundancy), Ok(()));
        let Payload::Inline(scene) = &job.input else { panic!("{:?}", job.input) };
        assert_eq!(scene.to_vec(), SCENE.as_bytes());
    }

    #[test]
    fn terms_should_differ_when_the_number_does() {
        assert_ne!(terms(1, 10).job.seed, terms(2, 10).job.seed);
    }
}
