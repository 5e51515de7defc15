//! What a job is given, and what is made of how it ended.
//!
//! Nothing here reads a model, a module or a scene. What it reads of strangers is the list of a
//! model's files and the numbers of a spec, whose forms and lengths the protocol bounds.

use crate::{
    artifacts::Missing,
    disk::reserve,
    work::{Part, Work},
};
use cairn_order::{engines, Device, Fault, Input, Made, Outcome, Over};
use cairn_protocol::{
    bundle::Bundle,
    failure::Failure,
    id::File,
    job::{Job, JobKind, Payload, Policy, Terms},
    learning::{brief::Brief, evaluation::Opinion},
    profile::DeviceClass,
    result::{Answer, Output},
    spec::Spec,
};
use cairn_sandbox::{End, Profile};
use codec::DecodeAll;
use std::{
    fmt, fs, io,
    path::{Component, Path, PathBuf},
};

/// Bytes of the longest text that a worker may claim and a guard looks at.
const CLAIM_BYTES: u64 = 1 << 20;
/// Bytes of a loss.
pub(crate) const LOSS_BYTES: u32 = 8;
/// Bytes of the longest list of a model's files.
const BUNDLE_BYTES: u64 = 1 << 20;
/// What the kernel ends a process with that makes a call it may not.
const SIGSYS: i32 = 31;

/// Why a job came to nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It will not come to anything here.
    Fault(Fault),
    /// Its payload cannot be opened with the key that was posted for it.
    Rejected(String),
    /// It may the next time that it is begun. If there is none, it failed for this.
    Later(Fault),
    /// Nobody waits for it any more.
    Stopped,
}

type Result<T> = std::result::Result<T, Trouble>;

impl Trouble {
    /// Of something that passes, or may.
    pub fn later(failure: Failure, words: impl fmt::Display) -> Self {
        Self::Later(Fault::new(failure, words))
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Missing> for Trouble {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Length { .. } | Missing::Content { .. } => {
                Self::Fault(Fault::new(Failure::FalseArtifact, missing))
            }
            Missing::TooMuch { .. } => Self::Fault(Fault::new(Failure::DiskFull, missing)),
            // It may still come, and a disk may be emptied.
            Missing::Absent { .. } => Self::later(Failure::MissingArtifact, missing),
            Missing::Full { .. } => Self::later(Failure::DiskFull, missing),
            Missing::Disk { ref reason, .. } => Self::later(of_disk(reason), missing),
            Missing::Store(_) => Self::later(Failure::Internal, missing),
        }
    }
}

impl From<cairn_sandbox::Error> for Trouble {
    fn from(error: cairn_sandbox::Error) -> Self {
        match error {
            cairn_sandbox::Error::GpuOff => {
                let words = "it asks for a GPU, and this worker lends none";
                Self::Fault(Fault::new(Failure::WrongEngine, words))
            }
            cairn_sandbox::Error::Scratch { ref reason, .. } => Self::later(of_disk(reason), error),
            other => Self::later(Failure::Internal, other),
        }
    }
}

/// What it is called that a file system does not do what it is asked for.
pub(crate) fn of_disk(reason: &io::Error) -> Failure {
    match reserve::is_full(reason) {
        true => Failure::DiskFull,
        false => Failure::Internal,
    }
}

/// How tightly a job is held: only one that asks for a GPU, of an engine that may compute on it, is
/// let near it. A better class of devices may also be asked for since its processors are faster.
/// What a sealed job leaves in a device's memory the next one could read, so that none is.
pub(crate) fn profile(work: &Work) -> Profile {
    let terms = &work.terms;
    let on_processors = [engines::exact(), engines::simulate(), engines::wasm()];
    // What is learnt is exact, and how is not.
    let learns = terms.job.kind == JobKind::Train && !work.measures();
    let in_floats = learns || !on_processors.contains(&terms.job.engine);
    let asks = terms.requirements.class > DeviceClass::Cpu && terms.seal.is_none();
    if asks && in_floats {
        Profile::Gpu
    } else {
        Profile::Cpu
    }
}

/// Where a job computes what it does in floats, where jobs are lent this.
pub(crate) fn device(work: &Work, lent: Option<Device>) -> Device {
    match profile(work) {
        Profile::Gpu => lent.unwrap_or_default(),
        Profile::Cpu => Device::Cpu,
    }
}

/// The files that a job itself names, without those of its model.
pub(crate) fn named_files(job: &Job) -> Result<Vec<File>> {
    let spec = Spec::decode(job.kind, &job.parameters)
        .map_err(|malformed| Fault::new(Failure::MalformedSpec, malformed))?;
    let mut files = match spec {
        Spec::Infer(_) | Spec::Embed(_) | Spec::Simulate(_) => Vec::new(),
        Spec::Train(spec) => vec![spec.data.file, spec.set.file],
        Spec::Evaluate(spec) => vec![spec.set.file],
        Spec::Wasm(spec) => vec![spec.module],
    };
    if let Payload::Artifact { id, bytes } = job.input {
        files.push(File { id, bytes });
    }
    Ok(files)
}

/// The files that it takes to measure what another provider delivered for a job, without those of
/// its model. What the parameters say may be nonsense: then there is nothing to measure it on.
pub(crate) fn measured_files(job: &Job, delta: &Input) -> Vec<File> {
    let mut files = match Spec::decode(job.kind, &job.parameters) {
        Ok(Spec::Train(spec)) => vec![spec.set.file],
        _ => Vec::new(),
    };
    if let Input::Stored(file) = delta {
        files.push(*file);
    }
    files
}

/// What was delivered, as an order names it.
pub(crate) fn delta(output: Output) -> Input {
    match output {
        Output::Inline(bytes) => Input::Inline(bytes.into_inner()),
        Output::Artifact { id, bytes } => Input::Stored(File { id, bytes }),
    }
}

/// The input as an order names it.
pub(crate) fn input(job: &Job) -> Input {
    match &job.input {
        Payload::Inline(bytes) => Input::Inline(bytes.to_vec()),
        Payload::Artifact { id, bytes } => Input::Stored(File { id: *id, bytes: *bytes }),
    }
}

/// Whether a job is to look at the text that a worker claims, and to make none. One that is sealed
/// is for its requester alone to read.
pub(crate) fn looks_at_claim(work: &Work) -> bool {
    let tolerant = matches!(work.terms.policy, Policy::Tolerance { .. });
    tolerant
        && work.terms.seal.is_none()
        && work.terms.job.kind == JobKind::Infer
        && work.seat.part == Part::Guard
}

/// What a fingerprint is made over: the same for all who are compared. Several workers may go on
/// with a prompt in other words, so that the prompt is what they have in common. The text of one
/// worker is what a guard is given, unless it is sealed.
pub(crate) fn over(work: &Work, claim: Option<Output>) -> Option<Over> {
    let terms = &work.terms;
    if !matches!(terms.policy, Policy::Tolerance { .. }) {
        return None;
    }
    if terms.job.kind != JobKind::Infer {
        return Some(Over::Input);
    }
    Some(match claim {
        // Longer than any model goes on: it is taken for none.
        Some(Output::Artifact { bytes, .. }) if bytes > CLAIM_BYTES => Over::Input,
        Some(Output::Artifact { id, bytes }) => Over::Claimed(Input::Stored(File { id, bytes })),
        Some(Output::Inline(bytes)) => Over::Claimed(Input::Inline(bytes.to_vec())),
        None if terms.redundancy <= 1 && terms.seal.is_none() => Over::Made,
        None => Over::Input,
    })
}

/// The file that has the text that is claimed, if a file has it.
pub(crate) fn claimed_file(over: Option<&Over>) -> Option<File> {
    match over {
        Some(Over::Claimed(Input::Stored(file))) => Some(*file),
        _ => None,
    }
}

/// Refuses a list of a model's files that is longer than any is.
pub(crate) fn check_bundle(bundle: &File) -> Result<()> {
    if bundle.bytes > BUNDLE_BYTES {
        let words = format!("the list of the model's files has {} bytes", bundle.bytes);
        return Err(Fault::new(Failure::FalseArtifact, words).into());
    }
    Ok(())
}

/// The list of a model's files, which has been fetched.
pub(crate) fn read_bundle(path: &Path) -> Result<Bundle> {
    let bytes = fs::read(path).map_err(|reason| Trouble::later(Failure::Internal, reason))?;
    let bundle = Bundle::read(&bytes);
    Ok(bundle.map_err(|malformed| Fault::new(Failure::FalseArtifact, malformed))?)
}

/// Refuses a model that the memory of a job does not hold, before any of it is fetched.
pub(crate) fn check_memory(bundle: &Bundle, memory_mib: u64) -> Result<()> {
    let need = bundle.bytes().div_ceil(1 << 20);
    if need > memory_mib {
        let words = format!("the model's files have {need} MiB, and a job has {memory_mib} here");
        return Err(Fault::new(Failure::TooLargeForDevice, words).into());
    }
    Ok(())
}

/// What a job's program came to.
pub(crate) fn made(end: End) -> Result<Made> {
    let fault = |failure, words: &str| Err(Fault::new(failure, words).into());
    match end {
        End::Answered(bytes) => match Outcome::from_bytes(&bytes) {
            Ok(Outcome::Made(made)) => Ok(made),
            Ok(Outcome::Failed(fault)) => Err(fault.into()),
            Err(unreadable) => Err(Fault::new(Failure::Internal, unreadable).into()),
        },
        End::OutOfTime => fault(Failure::OutOfTime, ""),
        End::OutOfMemory => fault(Failure::OutOfMemory, ""),
        End::OutOfDisk => fault(Failure::DiskFull, "it wrote more than it may"),
        End::DiskFull => {
            Err(Trouble::later(Failure::DiskFull, "the worker's disk is about to be full"))
        }
        End::TooManyThreads => fault(Failure::Contained, "it started too many threads"),
        End::Unreadable(reason) => fault(Failure::Internal, &reason),
        End::Stopped => Err(Trouble::Stopped),
        End::Died { signal: SIGSYS, words } => fault(Failure::Contained, &words),
        End::Died { signal, words } => {
            Err(Fault::new(Failure::Internal, format!("signal {signal}: {words}")).into())
        }
        End::Left { code, words } => {
            Err(Fault::new(Failure::Internal, format!("it left with {code}: {words}")).into())
        }
    }
}

/// A file that a job says it has made: one in its scratch folder, and no other.
pub(crate) fn product(scratch: &Path, name: &str) -> Result<(PathBuf, u64)> {
    let mut parts = Path::new(name).components();
    let alone = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    let path = scratch.join(name);
    // What it links to is not its own.
    let found = fs::symlink_metadata(&path).ok().filter(|found| alone && found.is_file());
    let words = "it names a file that it has not made";
    let found = found.ok_or_else(|| Fault::new(Failure::Contained, words))?;
    Ok((path, found.len()))
}

/// The answer to what was asked for.
pub(crate) fn answer(terms: &Terms, made: &Made, output: Output) -> Result<Answer> {
    let (most, units) = (terms.job.units, made.units);
    if units > most {
        let words = format!("it did {units} units of {most}");
        return Err(Fault::new(Failure::Internal, words).into());
    }
    let fingerprint = match terms.policy {
        Policy::Tolerance { .. } if made.fingerprint.is_none() => {
            let words = "it gave no fingerprint, by which it would be judged";
            return Err(Fault::new(Failure::Internal, words).into());
        }
        Policy::Tolerance { .. } => made.fingerprint.clone(),
        _ => None,
    };
    Ok(Answer { engine: terms.job.engine, output, fingerprint, units })
}

/// The loss that is all there is to the answer of whoever measures.
pub(crate) fn loss(answer: &Answer) -> Option<u64> {
    let Output::Inline(bytes) = &answer.output else { return None };
    u64::decode_all(&mut bytes.as_slice()).ok()
}

/// The opinion that is all there is to the answer of whoever judges.
pub(crate) fn opinion(answer: &Answer) -> Option<Opinion> {
    let Output::Inline(bytes) = &answer.output else { return None };
    Opinion::decode_all(&mut bytes.as_slice()).ok()
}

/// Refuses an answer that is no opinion of the brief, as the chain would.
pub(crate) fn check_opinion(answer: &Answer, brief: &Brief) -> Result<Opinion> {
    let answers = |opinion: &Opinion| match opinion {
        Opinion::Measured(evaluation) => evaluation.answers(brief),
        Opinion::Unavailable(_) | Opinion::Flawed(_) => true,
    };
    let words = "it gave no opinion of the brief that it was given";
    let said = opinion(answer).filter(answers);
    said.ok_or_else(|| Fault::new(Failure::Internal, words).into())
}

/// Refuses an answer that says no loss, where one was to be measured.
pub(crate) fn check_loss(answer: &Answer) -> Result<()> {
    let words = "it gave no loss, which it was to measure";
    loss(answer).map(drop).ok_or_else(|| Fault::new(Failure::Internal, words).into())
}

#[cfg(test)]
mod tests;
