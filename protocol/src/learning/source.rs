//! Where examples come from: a file of records, or a program that makes them.

use crate::{
    id::{BlockId, File},
    learning::sample::LEAST,
    spec::{Records, TOKEN_BYTES},
    wire::wire,
};
use core::fmt;

/// Tokens of an example: one that foretells and one that is foretold, and what fits a window.
pub const LEAST_TOKENS: u32 = 2;
pub const MOST_TOKENS: u32 = 1 << 17;
/// What a generator may burn for a record: about a hundredth of a second. Records are made one after
/// another, thousands of them for a delta, and guards who are late lose a part of their bonds.
pub const MAX_FUEL: u64 = 1 << 23;

wire! {
    /// What examples are for.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Purpose {
        /// To learn from.
        #[codec(index = 0)]
        Training,
        /// To judge deltas on.
        #[codec(index = 1)]
        Validation,
        /// To see at a period's end what holds.
        #[codec(index = 2)]
        Sealed,
    }

    /// A WebAssembly module that makes a record of a seed and an index, by integers alone.
    #[derive(Copy)]
    pub struct Generator {
        pub module: File,
        pub record_bytes: u32,
        /// What one record may burn.
        pub fuel: u64,
        /// Indices it makes records of.
        pub count: u64,
    }

    /// Where examples come from.
    #[derive(Copy)]
    pub enum Source {
        /// The same for everyone, since they were registered.
        #[codec(index = 0)]
        Records(Records),
        /// Others with each seed, so that nobody has seen them before.
        #[codec(index = 1)]
        Generator(Generator),
    }

    /// A set of examples, as it was registered.
    pub struct DataSet<AccountId> {
        pub model: BlockId,
        pub source: Source,
        pub purpose: Purpose,
        pub author: AccountId,
    }
}

/// Why nothing can be judged on a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SourceFlaw {
    /// A record is no whole number of tokens.
    BrokenTokens {
        record_bytes: u32,
    },
    Tokens {
        least: u32,
        most: u32,
        have: u32,
    },
    /// The file has bytes for no whole number of records.
    Ragged {
        bytes: u64,
        record_bytes: u32,
    },
    TooFew {
        need: u32,
        have: u64,
    },
    Fuel {
        most: u64,
        have: u64,
    },
    /// The module has no bytes.
    NoModule,
}

impl Source {
    pub fn record_bytes(&self) -> u32 {
        match self {
            Self::Records(records) => records.record_bytes,
            Self::Generator(generator) => generator.record_bytes,
        }
    }

    /// How many records there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Records(records) => records.count(),
            Self::Generator(generator) => generator.count,
        }
    }

    /// What is fetched: the records, or the module.
    pub fn file(&self) -> File {
        match self {
            Self::Records(records) => records.file,
            Self::Generator(generator) => generator.module,
        }
    }

    pub fn is_generator(&self) -> bool {
        matches!(self, Self::Generator(_))
    }

    pub fn check(&self) -> Result<(), SourceFlaw> {
        let record_bytes = self.record_bytes();
        if !record_bytes.is_multiple_of(TOKEN_BYTES) {
            return Err(SourceFlaw::BrokenTokens { record_bytes });
        }
        let tokens = record_bytes.checked_div(TOKEN_BYTES).unwrap_or(0);
        if !(LEAST_TOKENS..=MOST_TOKENS).contains(&tokens) {
            return Err(SourceFlaw::Tokens {
                least: LEAST_TOKENS,
                most: MOST_TOKENS,
                have: tokens,
            });
        }
        match self {
            Self::Records(Records { file: File { bytes, .. }, .. }) => {
                if !bytes.is_multiple_of(record_bytes.into()) {
                    return Err(SourceFlaw::Ragged { bytes: *bytes, record_bytes });
                }
            }
            Self::Generator(Generator { module, fuel, .. }) => {
                if module.bytes == 0 {
                    return Err(SourceFlaw::NoModule);
                }
                if !(1..=MAX_FUEL).contains(fuel) {
                    return Err(SourceFlaw::Fuel { most: MAX_FUEL, have: *fuel });
                }
            }
        }
        if self.count() < LEAST.into() {
            return Err(SourceFlaw::TooFew { need: LEAST, have: self.count() });
        }
        Ok(())
    }
}

impl fmt::Display for SourceFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenTokens { record_bytes } => {
                write!(f, "{record_bytes} bytes are no whole number of tokens of {TOKEN_BYTES}")
            }
            Self::Tokens { least, most, have } => {
                write!(f, "a record has from {least} to {most} tokens, and not {have}")
            }
            Self::Ragged { bytes, record_bytes } => {
                write!(f, "{bytes} bytes are no whole number of records of {record_bytes}")
            }
            Self::TooFew { need, have } => {
                write!(f, "{have} examples are too few to judge on; bring {need} or more")
            }
            Self::Fuel { most, have } => {
                write!(f, "a record may burn from 1 to {most} of fuel, and not {have}")
            }
            Self::NoModule => f.write_str("the generator's module has no bytes"),
        }
    }
}

impl core::error::Error for SourceFlaw {}

#[cfg(test)]
mod tests;
