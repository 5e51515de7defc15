//! What a job's parameters say: one spec a kind of job, behind a leading version.
//!
//! ```text
//! version ‖ SCALE of the spec of the job's kind
//! ```
//!
//! All are integers, since a float would have to be read the same everywhere. The chain reads none
//! of it; workers do, and so do clients before they submit. Bytes that are no spec, or whose
//! numbers make no sense, are refused with what is wrong with them.

use crate::{
    id::File,
    job::{JobKind, Parameters},
    wire::wire,
};
use alloc::vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode};
use core::fmt;

/// Raised when a spec changes its meaning or its encoding.
pub const VERSION: u8 = 1;
/// Tokens that may end a text.
pub const MAX_STOPS: u32 = 8;
/// Bytes of the name of a module's function.
pub const EXPORT_BYTES: u32 = 64;
/// Pages of 64 KiB that a module of 32 bits can address.
pub const MAX_PAGES: u32 = 1 << 16;
/// Bytes of a token in an example, the lowest first.
pub const TOKEN_BYTES: u32 = 4;
/// Examples that a step of learning takes.
pub const STEP_EXAMPLES: u32 = 8;
/// A whole in the units of [`Choice::Drawn`]'s prefix.
pub const WHOLE_PREFIX: u32 = 1 << 16;
/// The kernel's scales have a multiplier with its top bit set, and shift no farther.
const LEAST_MULTIPLIER: u16 = 1 << 15;
const MOST_SHIFT: u8 = 62;

wire! {
    /// Text that goes on where the input ends.
    pub struct InferSpec {
        /// Tokens at most.
        pub most: u32,
        pub choice: Choice,
        /// Each of them ends the text.
        pub stops: BoundedVec<u32, ConstU32<MAX_STOPS>>,
    }

    /// How the next token is chosen, as the kernel's `Rule` has it.
    #[derive(Copy)]
    pub enum Choice {
        #[codec(index = 0)]
        Greedy,
        /// At random, by the job's seed.
        #[codec(index = 1)]
        Drawn {
            /// `multiplier / 2^shift`, which brings logits to the units of powers of two.
            multiplier: u16,
            shift: u8,
            /// Only among so many of the largest.
            most: u32,
            /// Only among the fewest that have so many 65,536ths of the whole.
            prefix: u32,
        },
    }

    /// A vector of the input.
    #[derive(Copy)]
    pub struct EmbedSpec;

    /// Examples of one length, one after another in a file. Each is a row of tokens.
    #[derive(Copy)]
    pub struct Records {
        pub file: File,
        pub record_bytes: u32,
    }

    /// A delta on the model, by learning from examples.
    #[derive(Copy)]
    pub struct TrainSpec {
        /// What is learnt from.
        pub data: Records,
        /// What the delta is measured on.
        pub set: Records,
        pub steps: u32,
        /// The highest rate of learning, in millionths.
        pub rate_ppm: u32,
        /// Of factors of low rank; none changes weights one by one.
        pub rank: Option<u16>,
    }

    /// The exact loss on some examples in a row.
    #[derive(Copy)]
    pub struct EvaluateSpec {
        pub set: Records,
        pub first: u64,
        pub count: u64,
    }

    /// Rigid bodies of the scene that is the input.
    #[derive(Copy)]
    pub struct SimulateSpec {
        pub steps: u32,
        /// The trajectory has the state after each so many steps; zero makes none.
        pub every: u32,
    }

    /// A call of a module's function on the input.
    pub struct WasmSpec {
        pub module: File,
        pub fuel: u64,
        /// Of 64 KiB, at most.
        pub memory_pages: u32,
        /// The function's name.
        pub export: BoundedVec<u8, ConstU32<EXPORT_BYTES>>,
    }
}

/// What a job of some kind is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Spec {
    Infer(InferSpec),
    Embed(EmbedSpec),
    Train(TrainSpec),
    Evaluate(EvaluateSpec),
    Simulate(SimulateSpec),
    Wasm(WasmSpec),
}

/// Why parameters are no spec.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    /// There are no bytes at all.
    Empty,
    Version {
        need: u8,
        have: u8,
    },
    /// They end too early, or hold what the spec of this kind cannot.
    NotOfKind(JobKind),
    /// So many bytes follow the spec.
    LeftOver(usize),
    OutOfRange {
        what: &'static str,
        least: u64,
        most: u64,
        have: u64,
    },
    /// The file has bytes for no whole number of records.
    Ragged {
        what: &'static str,
        bytes: u64,
        record_bytes: u32,
    },
    /// The name of the function is no text.
    Unreadable,
}

impl Spec {
    /// Reads the parameters of a job of that kind.
    pub fn decode(kind: JobKind, parameters: &[u8]) -> Result<Self, Malformed> {
        let (version, mut body) = parameters.split_first().ok_or(Malformed::Empty)?;
        if *version != VERSION {
            return Err(Malformed::Version { need: VERSION, have: *version });
        }
        let spec = Self::body(kind, &mut body).map_err(|_| Malformed::NotOfKind(kind))?;
        if !body.is_empty() {
            return Err(Malformed::LeftOver(body.len()));
        }
        spec.check()?;
        Ok(spec)
    }

    /// The parameters that say so. Each spec fits.
    pub fn encode(&self) -> Parameters {
        let mut bytes = vec![VERSION];
        match self {
            Self::Infer(spec) => spec.encode_to(&mut bytes),
            Self::Embed(spec) => spec.encode_to(&mut bytes),
            Self::Train(spec) => spec.encode_to(&mut bytes),
            Self::Evaluate(spec) => spec.encode_to(&mut bytes),
            Self::Simulate(spec) => spec.encode_to(&mut bytes),
            Self::Wasm(spec) => spec.encode_to(&mut bytes),
        }
        Parameters::truncate_from(bytes)
    }

    pub fn kind(&self) -> JobKind {
        match self {
            Self::Infer(_) => JobKind::Infer,
            Self::Embed(_) => JobKind::Embed,
            Self::Train(_) => JobKind::Train,
            Self::Evaluate(_) => JobKind::Evaluate,
            Self::Simulate(_) => JobKind::Simulate,
            Self::Wasm(_) => JobKind::Wasm,
        }
    }

    /// Whether its numbers make sense. What is read has been checked; whoever makes a spec checks
    /// it before submitting it.
    pub fn check(&self) -> Result<(), Malformed> {
        match self {
            Self::Infer(spec) => spec.check(),
            Self::Embed(EmbedSpec) => Ok(()),
            Self::Train(spec) => spec.check(),
            Self::Evaluate(spec) => spec.check(),
            Self::Simulate(spec) => spec.check(),
            Self::Wasm(spec) => spec.check(),
        }
    }

    fn body(kind: JobKind, body: &mut &[u8]) -> Result<Self, codec::Error> {
        Ok(match kind {
            JobKind::Infer => Self::Infer(Decode::decode(body)?),
            JobKind::Embed => Self::Embed(Decode::decode(body)?),
            JobKind::Train => Self::Train(Decode::decode(body)?),
            JobKind::Evaluate => Self::Evaluate(Decode::decode(body)?),
            JobKind::Simulate => Self::Simulate(Decode::decode(body)?),
            JobKind::Wasm => Self::Wasm(Decode::decode(body)?),
        })
    }
}

impl InferSpec {
    fn check(&self) -> Result<(), Malformed> {
        within("tokens of the text", 1, u32::MAX, self.most)?;
        let Choice::Drawn { multiplier, shift, most, prefix } = self.choice else { return Ok(()) };
        within("the scale's multiplier", LEAST_MULTIPLIER, u16::MAX, multiplier)?;
        within("the scale's shift", 1, MOST_SHIFT, shift)?;
        within("tokens drawn from", 1, u32::MAX, most)?;
        within("65,536ths of a prefix", 1, WHOLE_PREFIX, prefix)
    }
}

impl Records {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.file.bytes.checked_div(self.record_bytes.into()).unwrap_or(0)
    }

    /// Tokens of one of them that come after another.
    fn foretold(&self) -> u64 {
        u64::from(self.record_bytes.checked_div(TOKEN_BYTES).unwrap_or(0)).saturating_sub(1)
    }

    fn check(&self, what: &'static str) -> Result<(), Malformed> {
        let Self { file: File { bytes, .. }, record_bytes } = *self;
        within("bytes of a record", 1, u32::MAX, record_bytes)?;
        within("bytes of a file of records", 1, u64::MAX, bytes)?;
        if !bytes.is_multiple_of(record_bytes.into()) {
            return Err(Malformed::Ragged { what, bytes, record_bytes });
        }
        Ok(())
    }
}

impl TrainSpec {
    /// How much work it is: the tokens that are foretold as it learns, or those that the delta is
    /// measured on where they are more. It may be more than any job pays for.
    pub fn units(&self) -> u64 {
        let examples = u64::from(self.steps).saturating_mul(STEP_EXAMPLES.into());
        let learnt = examples.saturating_mul(self.data.foretold());
        learnt.max(self.set.count().saturating_mul(self.set.foretold()))
    }

    fn check(&self) -> Result<(), Malformed> {
        self.data.check("the data")?;
        self.set.check("the set")?;
        within("steps of learning", 1, u32::MAX, self.steps)?;
        within("millionths of the rate", 1, u32::MAX, self.rate_ppm)?;
        self.rank.map_or(Ok(()), |rank| within("the rank", 1, u16::MAX, rank))
    }
}

impl EvaluateSpec {
    fn check(&self) -> Result<(), Malformed> {
        self.set.check("the set")?;
        within("examples", 1, self.set.count(), self.count)?;
        within("the first example", 0, self.set.count().saturating_sub(self.count), self.first)
    }
}

impl SimulateSpec {
    fn check(&self) -> Result<(), Malformed> {
        within("steps of the simulation", 1, u32::MAX, self.steps)?;
        within("steps between two states", 0, self.steps, self.every)
    }
}

impl WasmSpec {
    /// The name of the function to call.
    pub fn name(&self) -> Result<&str, Malformed> {
        core::str::from_utf8(&self.export).map_err(|_| Malformed::Unreadable)
    }

    fn check(&self) -> Result<(), Malformed> {
        within("bytes of the module", 1, u64::MAX, self.module.bytes)?;
        within("fuel", 1, u64::MAX, self.fuel)?;
        within("pages of memory", 1, MAX_PAGES, self.memory_pages)?;
        let letters = self.name()?.len();
        let most = u64::from(EXPORT_BYTES);
        within("bytes of the function's name", 1, most, u64::try_from(letters).unwrap_or(u64::MAX))
    }
}

fn within<N: Copy + Into<u64> + PartialOrd>(
    what: &'static str,
    least: N,
    most: N,
    have: N,
) -> Result<(), Malformed> {
    if (least..=most).contains(&have) {
        return Ok(());
    }
    Err(Malformed::OutOfRange { what, least: least.into(), most: most.into(), have: have.into() })
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the job has no parameters; give it the spec of its kind"),
            Self::Version { need, have } => {
                write!(f, "the spec is of version {have}, and version {need} is read here")
            }
            Self::NotOfKind(kind) => write!(f, "the parameters are no spec of {kind:?}"),
            Self::LeftOver(bytes) => write!(f, "{bytes} bytes follow the spec"),
            Self::OutOfRange { what, least, most, have } => {
                write!(f, "{what}: from {least} to {most}, and not {have}")
            }
            Self::Ragged { what, bytes, record_bytes } => {
                write!(f, "{what} has {bytes} bytes, which is no whole number of {record_bytes}")
            }
            Self::Unreadable => f.write_str("the name of the module's function is no text"),
        }
    }
}

impl core::error::Error for Malformed {}

#[cfg(test)]
mod tests;
