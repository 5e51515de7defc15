//! The records of a sample: of a file, or made by a module.

use super::error::Stop;
use cairn_artifact::store::Held;
use cairn_protocol::{
    id::Seed,
    learning::{evaluation::DeltaFlaw, source::Generator},
};
use std::sync::Arc;

/// Runs modules that make records, which is no part of this crate.
pub trait Maker {
    /// Makes a module ready to be asked for records of a seed.
    fn ready(&self, module: &[u8], generator: &Generator, seed: &Seed)
        -> Result<Ready<'_>, Unmade>;
}

/// Makes the record of an index.
pub type Ready<'m> = Box<dyn FnMut(u64) -> Result<Vec<u8>, Unmade> + 'm>;

/// Why there is no record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unmade {
    /// For what the module is, or does: the same everywhere.
    Module(String),
    /// For what this machine lacks.
    Machine(String),
}

/// What records are taken from, and bytes of each.
pub(super) enum Drawn<'m> {
    Set(Arc<Held>, u32),
    Made(Ready<'m>, u32),
}

impl Drawn<'_> {
    /// The tokens of a record.
    pub(super) fn record(&mut self, index: u64) -> Result<Vec<u32>, Stop> {
        match self {
            Self::Set(held, bytes) => {
                let length = *bytes as usize;
                let start = usize::try_from(index).ok().and_then(|at| at.checked_mul(length));
                let record = start.and_then(|start| held.get(start..)?.get(..length));
                Ok(tokens(record.ok_or(DeltaFlaw::Unmeasurable)?))
            }
            Self::Made(ready, bytes) => {
                let record = ready(index)?;
                match record.len() == *bytes as usize {
                    true => Ok(tokens(&record)),
                    false => Err(DeltaFlaw::Unmeasurable.into()),
                }
            }
        }
    }
}

fn tokens(record: &[u8]) -> Vec<u32> {
    let (tokens, _) = record.as_chunks::<4>();
    tokens.iter().copied().map(u32::from_le_bytes).collect()
}
