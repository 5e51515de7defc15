//! What several modules' tests start from.

use crate::{
    id::{Amount, EngineId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    profile::DeviceClass,
};

/// A simulation that anyone may do.
pub fn terms(reward: Amount, units: u64) -> Terms {
    Terms {
        job: Job {
            kind: JobKind::Simulate,
            model: None,
            engine: EngineId([1; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [0; 32],
            units,
            sampled: false,
        },
        policy: Policy::Replicated,
        redundancy: 1,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward,
        tip: 0,
        match_by: 100,
        work_blocks: 50,
        seal: None,
        output_bytes: 256,
        auditable: false,
    }
}
