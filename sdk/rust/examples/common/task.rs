//! A small task: one byte for a module that three machines run.

use cairn_protocol::{
    id::EngineId,
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    profile::DeviceClass,
};

const CRN: u128 = 1_000_000_000_000;

/// What is asked for, so that workers are looked for within three hundred blocks from `now`.
pub fn terms(now: u64) -> Terms {
    Terms {
        job: Job {
            kind: JobKind::Wasm,
            model: None,
            engine: EngineId([1; 32]),
            input: Payload::Inline(vec![7].try_into().expect("one byte is short")),
            parameters: Default::default(),
            seed: [3; 32],
            units: 100,
            sampled: false,
        },
        policy: Policy::Replicated,
        redundancy: 3,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: 3 * CRN,
        tip: 0,
        match_by: u32::try_from(now).unwrap_or(u32::MAX).saturating_add(300),
        work_blocks: 240,
        seal: None,
        output_bytes: 16,
        auditable: false,
    }
}
