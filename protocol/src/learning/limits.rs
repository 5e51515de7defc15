//! How much guards can be asked to judge. What takes more than they have time or room for leaves
//! them silent, so it is refused beforehand.

use crate::{
    learning::{model::Parts, source::Source},
    wire::wire,
};
use core::fmt;

wire! {
    /// What judging a delta may take.
    #[derive(Copy)]
    pub struct Limits {
        /// Bytes of a model's components, together.
        pub model: u64,
        /// Bytes of the examples of a sample.
        pub sample: u64,
        /// What a generator may burn for the examples of a sample.
        pub fuel: u64,
    }

    /// What would take more than guards are asked for, and by how much.
    #[derive(Copy)]
    pub enum TooMuch {
        #[codec(index = 0)]
        Model { most: u64, have: u64 },
        #[codec(index = 1)]
        Sample { most: u64, have: u64 },
        #[codec(index = 2)]
        Fuel { most: u64, have: u64 },
    }
}

impl Limits {
    /// Whether guards take a model of these components.
    pub fn check_model(&self, parts: &Parts) -> Result<(), TooMuch> {
        let have = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.file.bytes));
        if have > self.model {
            return Err(TooMuch::Model { most: self.model, have });
        }
        Ok(())
    }

    /// Whether guards take a sample of so many examples of a source.
    pub fn check_source(&self, source: &Source, examples: u32) -> Result<(), TooMuch> {
        let have = u64::from(source.record_bytes()).saturating_mul(examples.into());
        if have > self.sample {
            return Err(TooMuch::Sample { most: self.sample, have });
        }
        if let Source::Generator(generator) = source {
            let have = generator.fuel.saturating_mul(examples.into());
            if have > self.fuel {
                return Err(TooMuch::Fuel { most: self.fuel, have });
            }
        }
        Ok(())
    }
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model { most, have } => write!(
                f,
                "the model's components have {have} bytes together, and guards take {most}; its \
                 author may publish smaller ones"
            ),
            Self::Sample { most, have } => write!(
                f,
                "a sample of the set that the model is judged on may have {have} bytes, and guards \
                 take {most}; the model's author may choose one of shorter examples"
            ),
            Self::Fuel { most, have } => write!(
                f,
                "making a sample for the model may burn {have} of fuel, and guards spend {most}; \
                 the model's author may choose a generator that may burn less"
            ),
        }
    }
}

impl core::error::Error for TooMuch {}

#[cfg(test)]
mod tests;
