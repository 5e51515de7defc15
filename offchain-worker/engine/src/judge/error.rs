//! What keeps one from measuring: it is said of the brief, or it is this machine's fault.

use super::Unmade;
use crate::{exact::ExactError, folder::FolderError};
use cairn_artifact::Error as ArtifactError;
use cairn_kernel::run;
use cairn_protocol::{
    failure::Failure,
    id::ContentId,
    learning::evaluation::{DeltaFlaw, Opinion},
};
use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Why nothing is said of a brief: for what only this machine lacks.
#[derive(Debug, Error)]
pub enum JudgeError {
    #[error(transparent)]
    Model(FolderError),
    #[error(transparent)]
    Run(ExactError),
    #[error("records cannot be made here: {0}")]
    Records(String),
    #[error("{} cannot be written: {reason}", path.display())]
    File { path: PathBuf, reason: io::Error },
    #[error(
        "the brief is of a whole model, and a component is to be written; take a brief of a delta"
    )]
    NoDelta,
}

/// Why a brief is not measured.
#[derive(Debug)]
pub(super) enum Stop {
    Said(Opinion),
    Fault(JudgeError),
}

impl JudgeError {
    /// What whoever asked for it is told that it failed for.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Model(error) => error.failure(),
            Self::Run(ExactError::Run(run::Error::Memory { .. })) => Failure::OutOfMemory,
            Self::Run(_) | Self::Records(_) => Failure::Internal,
            Self::File { reason, .. } => match reason.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::DiskFull,
                _ => Failure::Internal,
            },
            Self::NoDelta => Failure::MalformedSpec,
        }
    }
}

impl From<Opinion> for Stop {
    fn from(opinion: Opinion) -> Self {
        Self::Said(opinion)
    }
}

impl From<DeltaFlaw> for Stop {
    fn from(flaw: DeltaFlaw) -> Self {
        Self::Said(Opinion::Flawed(flaw))
    }
}

impl From<JudgeError> for Stop {
    fn from(error: JudgeError) -> Self {
        Self::Fault(error)
    }
}

impl From<Unmade> for Stop {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::Module(_) => DeltaFlaw::Unmeasurable.into(),
            Unmade::Machine(words) => JudgeError::Records(words).into(),
        }
    }
}

impl From<ArtifactError> for Stop {
    fn from(error: ArtifactError) -> Self {
        FolderError::from(error).into()
    }
}

/// What is wrong with a model is the same for all who have its files.
impl From<FolderError> for Stop {
    fn from(error: FolderError) -> Self {
        let missing = match &error {
            FolderError::Artifact(ArtifactError::Absent { path }) => named(path),
            _ => None,
        };
        if let Some(id) = missing {
            return Opinion::Unavailable(id).into();
        }
        // Whoever fetched it has seen that it was what it is called.
        let damaged = matches!(error, FolderError::Artifact(ArtifactError::Content { .. }));
        match error.failure() {
            Failure::FalseArtifact
            | Failure::MalformedSpec
            | Failure::TokenizerMismatch
            | Failure::UnsupportedOp
                if !damaged =>
            {
                DeltaFlaw::Unmeasurable.into()
            }
            _ => JudgeError::Model(error).into(),
        }
    }
}

/// A record that the program does not take is nothing to it; what it lacks to be run is this
/// machine's.
impl From<ExactError> for Stop {
    fn from(error: ExactError) -> Self {
        match error {
            ExactError::Run(
                run::Error::Memory { .. }
                | run::Error::NotComputed { .. }
                | run::Error::State
                | run::Error::Undone
                | run::Error::Unreachable { .. },
            ) => JudgeError::Run(error).into(),
            _ => DeltaFlaw::Unmeasurable.into(),
        }
    }
}

/// The file that a path of a store is of.
fn named(path: &Path) -> Option<ContentId> {
    cairn_artifact::from_hex(path.file_name()?.to_str()?)
}
