//! Who serves, what is asked for, and what comes back.

use cairn_protocol::{
    audit::Report,
    id::{Amount, ContentId, Digest, EngineId, Height, ProviderId, Region, TaskId},
    job::{
        Job, JobKind, Payload, Policy, Requirements, Seal, Terms, WrappedKey, WRAPPED_KEY_BYTES,
    },
    preimage::{AuditCommitment, ResultCommitment, Statement},
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role, RoleSet},
    result::{Answer, Output},
};
use cairn_runtime::units::{MILLIUNITS, UNITS};

pub const KIND: JobKind = JobKind::Simulate;
/// What every provider puts up.
pub const BOND: Amount = 200 * UNITS;
/// More than any account here spends.
pub const FUNDS: Amount = 100_000 * UNITS;
/// The length of a typical answer: a hash.
pub const OUTPUT_BYTES: u32 = 32;
/// What everyone who looks at a result shows beside it.
pub const TRACE: Digest = [8; 32];
/// For the requester of a sealed task to post its keys.
const KEY_BLOCKS: Height = 600;
const ENGINE: EngineId = EngineId([1; 32]);
const SALT: Digest = [9; 32];

/// Providers differ in price, region and device; all have time for everything.
pub fn profile(number: u64) -> Profile {
    let mut binding = [0; 32];
    binding.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    let price = MILLIUNITS + Amount::from(number % 7) * MILLIUNITS / 10;
    let offers = [JobKind::Simulate, JobKind::Wasm].map(|kind| Offer { kind, price });
    Profile {
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: 8_192,
            compute: 0,
            slots: u8::MAX,
            binding,
        },
        region: Region(0x0101 + (number % 5) as u16),
        offers: Offers(offers.to_vec().try_into().unwrap_or_default()),
        payload_key: None,
        node: binding,
        enclave: None,
    }
}

pub fn roles() -> RoleSet {
    [Role::Compute].into_iter().collect()
}

/// The shortest task there is: no input, no parameters, one worker.
pub fn minimal(match_by: Height, work_blocks: Height) -> Terms {
    Terms {
        job: Job {
            kind: KIND,
            model: None,
            engine: ENGINE,
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [3; 32],
            units: 100,
            sampled: false,
        },
        policy: Policy::Replicated,
        redundancy: 1,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: UNITS,
        tip: 0,
        match_by,
        work_blocks,
        seal: None,
        output_bytes: 0,
        auditable: false,
    }
}

/// A task as most are: the input is an artifact, the engine is told something, the result is a
/// hash and fits inline.
pub fn typical(redundancy: u8, match_by: Height, work_blocks: Height) -> Terms {
    let mut terms = minimal(match_by, work_blocks);
    terms.job.input = Payload::Artifact { id: ContentId([7; 32]), bytes: 1 << 20 };
    terms.job.parameters = vec![5; 64].try_into().unwrap_or_default();
    terms.requirements.memory_mib = 4_096;
    terms.requirements.near = Some(Region(0x0101));
    terms.requirements.reputation = 400_000;
    terms.redundancy = redundancy;
    terms.reward = UNITS * Amount::from(redundancy);
    terms.output_bytes = OUTPUT_BYTES;
    terms
}

/// The same with an input that nobody reads without a key.
pub fn sealed(terms: Terms) -> Terms {
    Terms { seal: Some(Seal { commitment: [6; 32], key_blocks: KEY_BLOCKS }), ..terms }
}

/// The same with a result that guards may look at.
pub fn auditable(terms: Terms) -> Terms {
    Terms { auditable: true, ..terms }
}

/// The key of a sealed input for one provider, as long as it may be.
pub fn wrapped_key() -> WrappedKey {
    WrappedKey::Inline(vec![4; WRAPPED_KEY_BYTES as usize].try_into().unwrap_or_default())
}

/// What every worker finds.
pub fn answer(bytes: u32) -> Answer {
    let output = vec![42; bytes as usize].try_into().unwrap_or_default();
    Answer { engine: ENGINE, output: Output::Inline(output), fingerprint: None, units: 100 }
}

pub fn salt() -> Digest {
    SALT
}

/// What a worker commits to that has never changed its registration.
pub fn commitment(
    task: TaskId,
    round: u16,
    provider: ProviderId,
    answer: &Answer,
    genesis: &Digest,
) -> Digest {
    ResultCommitment {
        task,
        round,
        provider,
        generation: 0,
        answer: answer.digest(genesis),
        salt: SALT,
    }
    .digest(genesis)
}

/// What somebody commits to who takes part in an audit.
pub fn audit_commitment(
    task: TaskId,
    round: u16,
    provider: ProviderId,
    report: &Report,
    genesis: &Digest,
) -> Digest {
    let (answer, trace) = (report.digest(genesis), report.trace);
    AuditCommitment { task, round, provider, answer, trace, salt: SALT }.digest(genesis)
}
