//! What is asked for: a job, how its result is judged, and who may do it.

use crate::{
    id::{Amount, BlockId, ContentId, Digest, EngineId, Height, Region, Seed},
    profile::DeviceClass,
    share::Ppm,
    wire::wire,
};
use bounded_collections::{BoundedVec, ConstU32};

/// Bytes that travel in a transaction; what is longer is an artifact.
pub const INLINE_BYTES: u32 = 2_048;
/// Bytes of a job's parameters.
pub const PARAMETER_BYTES: u32 = 1_024;
/// An X-Wing ciphertext with the wrapped key of a payload.
pub const WRAPPED_KEY_BYTES: u32 = 1_280;
/// Workers on one task at most.
pub const MAX_REDUNDANCY: u8 = 9;

pub type Inline = BoundedVec<u8, ConstU32<INLINE_BYTES>>;
pub type Parameters = BoundedVec<u8, ConstU32<PARAMETER_BYTES>>;

wire! {
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum JobKind {
        /// Text from a language model.
        #[codec(index = 0)]
        Infer,
        /// A vector from an encoder.
        #[codec(index = 1)]
        Embed,
        /// A delta on a model's weights.
        #[codec(index = 2)]
        Train,
        /// The exact loss of a model on a data set.
        #[codec(index = 3)]
        Evaluate,
        /// Rigid bodies, step by step.
        #[codec(index = 4)]
        Simulate,
        /// A user's WebAssembly module.
        #[codec(index = 5)]
        Wasm,
    }

    /// Which kinds of jobs; bit i is the kind with index i.
    #[derive(Copy, Default)]
    pub struct KindSet(u8);

    pub enum Payload {
        #[codec(index = 0)]
        Inline(Inline),
        #[codec(index = 1)]
        Artifact { id: ContentId, bytes: u64 },
    }

    /// What is to be computed.
    pub struct Job {
        pub kind: JobKind,
        /// The model it runs on; none for simulations and modules.
        pub model: Option<BlockId>,
        pub engine: EngineId,
        pub input: Payload,
        /// Read by the engine alone, as a [`crate::spec::Spec`].
        pub parameters: Parameters,
        /// The requester's, so that nobody chooses it once the worker is known.
        pub seed: Seed,
        /// How much work it is, in the kind's unit of price.
        pub units: u64,
        /// The output is text that a float engine samples: two honest workers may differ.
        pub sampled: bool,
    }

    /// How a result is judged.
    #[derive(Copy)]
    pub enum Policy {
        /// Exact programs of the kernel; in a dispute the chain recomputes.
        #[codec(index = 0)]
        Proven,
        /// Equal hashes within one engine; the majority decides.
        #[codec(index = 1)]
        Replicated,
        /// Fingerprints over fixed inputs, no farther apart than this.
        #[codec(index = 2)]
        Tolerance { within: Ppm },
        /// Training, paid if drawn guards measure a loss of at most the target, in micro-nats.
        #[codec(index = 3)]
        Outcome { target: u64, guards: u8 },
    }

    /// Who may do a job.
    #[derive(Copy)]
    pub struct Requirements {
        pub class: DeviceClass,
        pub memory_mib: u32,
        /// Compute capability, major times ten plus minor; zero asks for none.
        pub compute: u16,
        /// Kernel multiply-accumulates a second, measured.
        pub throughput: u64,
        /// Nowhere else than there.
        pub within: Option<Region>,
        /// Rather there than elsewhere.
        pub near: Option<Region>,
        pub reputation: Ppm,
        /// Only by whoever declares a quote of a trusted execution environment, which the chain
        /// does not verify.
        pub enclave: bool,
    }

    /// The input is encrypted for whoever is assigned.
    #[derive(Copy)]
    pub struct Seal {
        /// [`crate::preimage::SealCommitment`].
        pub commitment: Digest,
        /// How long the requester has to post the keys after assignment.
        pub key_blocks: Height,
    }

    /// The key of a sealed payload, wrapped for one provider.
    pub enum WrappedKey {
        #[codec(index = 0)]
        Inline(BoundedVec<u8, ConstU32<WRAPPED_KEY_BYTES>>),
        #[codec(index = 1)]
        Artifact(ContentId),
    }

    /// What a requester submits.
    pub struct Terms {
        pub job: Job,
        pub policy: Policy,
        /// Workers that do it independently.
        pub redundancy: u8,
        pub requirements: Requirements,
        /// For all workers together.
        pub reward: Amount,
        /// On top, and what the place in the queue depends on.
        pub tip: Amount,
        /// By when a worker must have been found.
        pub match_by: Height,
        /// How long a worker has from assignment, or from the keys, to its commitment.
        pub work_blocks: Height,
        pub seal: Option<Seal>,
        /// Space that the chain keeps for each inline answer; none asks for artifacts.
        pub output_bytes: u32,
        /// Guards may be drawn to check the result, and may read the input for it.
        pub auditable: bool,
    }
}

impl Terms {
    /// What each of the workers is offered that are asked first.
    pub fn offered(&self) -> Amount {
        self.reward.checked_div(self.redundancy.into()).unwrap_or(0)
    }
}

impl Requirements {
    /// Any machine of that class.
    pub const fn any(class: DeviceClass) -> Self {
        Self {
            class,
            memory_mib: 0,
            compute: 0,
            throughput: 0,
            within: None,
            near: None,
            reputation: 0,
            enclave: false,
        }
    }
}

impl JobKind {
    pub const ALL: [Self; 6] =
        [Self::Infer, Self::Embed, Self::Train, Self::Evaluate, Self::Simulate, Self::Wasm];

    /// Whether a job of this kind runs on a registered model.
    pub fn needs_model(self) -> bool {
        matches!(self, Self::Infer | Self::Embed | Self::Train | Self::Evaluate)
    }

    fn bit(self) -> u8 {
        match self {
            Self::Infer => 1,
            Self::Embed => 2,
            Self::Train => 4,
            Self::Evaluate => 8,
            Self::Simulate => 16,
            Self::Wasm => 32,
        }
    }
}

impl KindSet {
    pub fn contains(self, kind: JobKind) -> bool {
        self.0 & kind.bit() != 0
    }

    pub fn with(self, kind: JobKind) -> Self {
        Self(self.0 | kind.bit())
    }

    pub fn without(self, kind: JobKind) -> Self {
        Self(self.0 & !kind.bit())
    }

    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    pub fn iter(self) -> impl Iterator<Item = JobKind> {
        JobKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<JobKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = JobKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::default(), Self::with)
    }
}

/// Why a task cannot be judged as it asks to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unjudgeable {
    /// Proven is for what the kernel computes: Infer, Embed, Evaluate.
    NotAKernelProgram,
    /// Replicated compares hashes, which fits Simulate and Wasm.
    HashesMayDiffer,
    /// Tolerance compares fingerprints, which Infer and Embed have.
    NoFingerprint,
    /// Outcome is for Train, and Train for Outcome.
    OutcomeIsForTraining,
    /// Two honest workers sample different text, so there is nothing to compare.
    SampledTextDiffers,
    /// No worker at all.
    NoRedundancy,
    /// More workers than [`MAX_REDUNDANCY`], or than the policy can use.
    TooMuchRedundancy,
    /// A majority of an even number may not exist.
    EvenRedundancy,
    /// One guard alone would decide, or an even number, or more than [`MAX_REDUNDANCY`].
    WrongNumberOfGuards,
    /// Sampled text is what a float engine infers, which Tolerance judges; nothing else is sampled.
    NotSampledText,
}

impl Policy {
    /// Whether results of such a job can be judged so.
    pub fn judges(self, job: &Job, redundancy: u8) -> Result<(), Unjudgeable> {
        if redundancy == 0 {
            return Err(Unjudgeable::NoRedundancy);
        }
        if redundancy > MAX_REDUNDANCY {
            return Err(Unjudgeable::TooMuchRedundancy);
        }
        if job.sampled && job.kind != JobKind::Infer {
            return Err(Unjudgeable::NotSampledText);
        }
        match (self, job.kind) {
            // An exact program has one output, however it comes to it.
            (Self::Proven, JobKind::Infer) if job.sampled => Err(Unjudgeable::NotSampledText),
            (Self::Proven, JobKind::Infer | JobKind::Embed | JobKind::Evaluate) => odd(redundancy),
            (Self::Proven, _) => Err(Unjudgeable::NotAKernelProgram),
            (Self::Replicated, JobKind::Simulate | JobKind::Wasm) => odd(redundancy),
            (Self::Replicated, _) => Err(Unjudgeable::HashesMayDiffer),
            (Self::Tolerance { .. }, JobKind::Infer | JobKind::Embed) => {
                if job.sampled && redundancy > 1 {
                    return Err(Unjudgeable::SampledTextDiffers);
                }
                odd(redundancy)
            }
            (Self::Tolerance { .. }, _) => Err(Unjudgeable::NoFingerprint),
            (Self::Outcome { guards, .. }, JobKind::Train) => {
                if redundancy > 1 {
                    return Err(Unjudgeable::TooMuchRedundancy);
                }
                if !(3..=MAX_REDUNDANCY).contains(&guards) || guards.is_multiple_of(2) {
                    return Err(Unjudgeable::WrongNumberOfGuards);
                }
                Ok(())
            }
            (Self::Outcome { .. }, _) => Err(Unjudgeable::OutcomeIsForTraining),
        }
    }
}

fn odd(count: u8) -> Result<(), Unjudgeable> {
    if count.is_multiple_of(2) {
        Err(Unjudgeable::EvenRedundancy)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn job(kind: JobKind, sampled: bool) -> Job {
        Job {
            kind,
            model: None,
            engine: EngineId([0; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [0; 32],
            units: 1,
            sampled,
        }
    }

    fn policies() -> impl Strategy<Value = Policy> {
        prop_oneof![
            Just(Policy::Proven),
            Just(Policy::Replicated),
            any::<u32>().prop_map(|within| Policy::Tolerance { within }),
            (any::<u64>(), any::<u8>())
                .prop_map(|(target, guards)| Policy::Outcome { target, guards }),
        ]
    }

    proptest! {
        #[test]
        fn judges_should_leave_no_kind_without_a_policy(kind in prop::sample::select(JobKind::ALL.to_vec())) {
            let policies = [
                Policy::Proven,
                Policy::Replicated,
                Policy::Tolerance { within: 1 },
                Policy::Outcome { target: 1, guards: 3 },
            ];
            prop_assert!(policies.iter().any(|policy| policy.judges(&job(kind, false), 1).is_ok()));
        }

        #[test]
        fn judges_should_accept_only_an_odd_number_within_bounds(
            policy in policies(),
            kind in prop::sample::select(JobKind::ALL.to_vec()),
            sampled: bool,
            redundancy: u8,
        ) {
            if policy.judges(&job(kind, sampled), redundancy).is_ok() {
                prop_assert!((1..=MAX_REDUNDANCY).contains(&redundancy));
                prop_assert_eq!(redundancy % 2, 1);
                prop_assert!(!sampled || redundancy == 1);
            }
        }

        #[test]
        fn kinds_should_hold_what_is_put_in(bits in 0u8..64) {
            let kinds: KindSet = JobKind::ALL.into_iter().filter(|k| bits & k.bit() != 0).collect();
            prop_assert_eq!(kinds, KindSet(bits));
            for kind in JobKind::ALL {
                prop_assert_eq!(kinds.contains(kind), bits & kind.bit() != 0);
                prop_assert!(kinds.with(kind).contains(kind));
                prop_assert!(!kinds.without(kind).contains(kind));
            }
            prop_assert_eq!(kinds.iter().collect::<KindSet>(), kinds);
        }
    }

    #[test]
    fn judges_should_name_the_reason_when_a_policy_does_not_fit() {
        let cases = [
            (Policy::Proven, JobKind::Train, false, 1, Unjudgeable::NotAKernelProgram),
            (Policy::Proven, JobKind::Infer, true, 1, Unjudgeable::NotSampledText),
            (Policy::Proven, JobKind::Evaluate, true, 1, Unjudgeable::NotSampledText),
            (Policy::Replicated, JobKind::Infer, true, 1, Unjudgeable::HashesMayDiffer),
            (Policy::Replicated, JobKind::Infer, false, 3, Unjudgeable::HashesMayDiffer),
            (Policy::Replicated, JobKind::Wasm, true, 1, Unjudgeable::NotSampledText),
            (Policy::Replicated, JobKind::Wasm, false, 2, Unjudgeable::EvenRedundancy),
            (Policy::Replicated, JobKind::Wasm, false, 0, Unjudgeable::NoRedundancy),
            (Policy::Replicated, JobKind::Wasm, false, 11, Unjudgeable::TooMuchRedundancy),
            (
                Policy::Tolerance { within: 9 },
                JobKind::Infer,
                true,
                3,
                Unjudgeable::SampledTextDiffers,
            ),
            (Policy::Tolerance { within: 9 }, JobKind::Wasm, false, 1, Unjudgeable::NoFingerprint),
            (
                Policy::Outcome { target: 9, guards: 3 },
                JobKind::Embed,
                false,
                1,
                Unjudgeable::OutcomeIsForTraining,
            ),
            (
                Policy::Outcome { target: 9, guards: 1 },
                JobKind::Train,
                false,
                1,
                Unjudgeable::WrongNumberOfGuards,
            ),
            (
                Policy::Outcome { target: 9, guards: 3 },
                JobKind::Train,
                false,
                3,
                Unjudgeable::TooMuchRedundancy,
            ),
        ];
        for (policy, kind, sampled, redundancy, reason) in cases {
            assert_eq!(policy.judges(&job(kind, sampled), redundancy), Err(reason));
        }
    }
}
