//! What guards are to judge.

use crate::{
    id::{BlockId, ContentId, File, Seed},
    learning::{
        model::{Component, Parts},
        source::Source,
    },
    share::Ppm,
    wire::wire,
};
use alloc::{collections::BTreeSet, vec::Vec};

/// How many times as large as its component a delta may be. A change of every master, one by one, is
/// three times what the masters are.
pub const MOST_CHANGE: u64 = 4;

wire! {
    /// What is held against the baseline.
    pub enum Subject {
        /// A component with a delta laid on it.
        #[codec(index = 0)]
        Delta {
            component: Component,
            artifact: File,
            /// The file that its author laid it on.
            base: ContentId,
        },
        /// The model with these components, as it stands later.
        #[codec(index = 1)]
        Heads(Parts),
    }

    /// Everything that a guard needs. What it comes to is a function of this alone.
    pub struct Brief {
        pub model: BlockId,
        /// What describes the model, see [`crate::bundle`].
        pub bundle: File,
        /// The program that comes to losses, by its file in the bundle.
        pub judge: ContentId,
        /// The components that are other files than the bundle's: the baseline.
        pub parts: Parts,
        pub subject: Subject,
        pub source: Source,
        /// How many examples.
        pub count: u32,
        /// By how much the loss has to fall.
        pub threshold: Ppm,
        /// How many candidates were judged before against the same head.
        pub attempts: u32,
        pub seed: Seed,
    }
}

impl Brief {
    /// The files that it names, in the order in which the first missing one is told. What the bundle
    /// names comes after them.
    pub fn files(&self) -> Vec<File> {
        let (artifact, heads) = match &self.subject {
            Subject::Delta { artifact, .. } => (Some(*artifact), None),
            Subject::Heads(parts) => (None, Some(parts)),
        };
        let parts = self.parts.iter().chain(heads.into_iter().flatten());
        let named = artifact.into_iter().chain([self.source.file()]);
        named.chain(parts.map(|part| part.file)).chain([self.bundle]).collect()
    }

    /// Bytes that whoever judges it has in memory at the least: those of its files, but for the
    /// examples, of which a few are held at a time. What the bundle names comes to that.
    pub fn held(&self) -> u64 {
        let examples = self.source.file();
        let files: BTreeSet<File> = self.files().into_iter().collect();
        let held = files.into_iter().filter(|file| *file != examples);
        held.fold(0u64, |sum, file| sum.saturating_add(file.bytes))
    }
}

#[cfg(test)]
mod tests;
