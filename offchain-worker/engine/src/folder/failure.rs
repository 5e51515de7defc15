//! What a job is said to have failed for when a model is what it failed for.

use super::{BundleError, FolderError};
use crate::{
    apply::ApplyError,
    base::BaseError,
    grid::GridError,
    import::{onnx::OnnxError, ImportError},
    model::ModelError,
    quantise::QuantiseError,
    tokens::TokenError,
};
use cairn_artifact::Error as ArtifactError;
use cairn_kernel::{check, program::DecodeError, run};
use cairn_protocol::failure::Failure;
use std::io::{self, ErrorKind};

#[cfg(test)]
mod tests;

impl FolderError {
    /// What to tell whoever asked for a job that needs the model.
    pub fn failure(&self) -> Failure {
        match self {
            Self::File { source, .. } => file(source),
            Self::NoModel { .. } => Failure::MissingArtifact,
            Self::Form { .. } | Self::Config(_) => Failure::FalseArtifact,
            // It is asked for what such a model does not do.
            Self::Kind { .. } | Self::NoTokenizer => Failure::MalformedSpec,
            Self::There { .. } => Failure::Internal,
            Self::Import(error) => import(error),
            Self::Model(error) => model(error),
            Self::Tokens(error) => tokens(error),
            Self::Quantise(error) => quantise(error),
            Self::Grid(error) => grid(error),
            Self::Base(error) => base(error),
            Self::Apply(error) => apply(error),
            Self::Artifact(error) => artifact(error),
            Self::Bundle(error) => bundle(error),
        }
    }
}

/// A file that is read.
fn file(reason: &io::Error) -> Failure {
    match reason.kind() {
        ErrorKind::NotFound => Failure::MissingArtifact,
        _ => disk(reason),
    }
}

fn disk(reason: &io::Error) -> Failure {
    match reason.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::DiskFull,
        ErrorKind::OutOfMemory => Failure::OutOfMemory,
        _ => Failure::Internal,
    }
}

fn bundle(error: &BundleError) -> Failure {
    match error {
        // Met by whoever publishes, and by no job.
        BundleError::Card { .. } | BundleError::Files { .. } => Failure::Internal,
        BundleError::Malformed { .. } | BundleError::NoProgram | BundleError::LeftOut { .. } => {
            Failure::FalseArtifact
        }
        BundleError::Tokenizer { .. } => Failure::TokenizerMismatch,
    }
}

fn artifact(error: &ArtifactError) -> Failure {
    match error {
        ArtifactError::File { reason, .. } => disk(reason),
        ArtifactError::Absent { .. } => Failure::MissingArtifact,
        ArtifactError::Content { .. }
        | ArtifactError::Length { .. }
        | ArtifactError::Contents { .. }
        | ArtifactError::Manifest { .. }
        | ArtifactError::Change { .. }
        | ArtifactError::NoTensor { .. }
        | ArtifactError::Unlike { .. } => Failure::FalseArtifact,
        ArtifactError::Program { reason, .. } => program(*reason),
        ArtifactError::Unchecked { reason } => unchecked(reason),
        ArtifactError::Bind { reason } => bind(reason),
        ArtifactError::Unwritable { .. }
        | ArtifactError::NoManifest { .. }
        | ArtifactError::NotGiven { .. }
        | ArtifactError::Lost { .. } => Failure::Internal,
    }
}

fn program(reason: DecodeError) -> Failure {
    match reason {
        // A number that stands for nothing in this kernel may do in a later one.
        DecodeError::Unknown { .. } => Failure::UnsupportedOp,
        DecodeError::Short { .. } | DecodeError::Left { .. } => Failure::FalseArtifact,
    }
}

fn unchecked(reason: &check::Error) -> Failure {
    match reason {
        check::Error::Semantics { .. } => Failure::UnsupportedOp,
        check::Error::Length { .. }
        | check::Error::NothingGiven
        | check::Error::Tensor { .. }
        | check::Error::Operator { .. } => Failure::FalseArtifact,
    }
}

fn bind(reason: &run::Error) -> Failure {
    match reason {
        run::Error::Absent { .. }
        | run::Error::Unlike { .. }
        | run::Error::Size { .. }
        | run::Error::Value { .. }
        | run::Error::Shift { .. } => Failure::FalseArtifact,
        run::Error::Given { .. } | run::Error::Length { .. } | run::Error::Whole => {
            Failure::MalformedSpec
        }
        run::Error::Memory { .. } => Failure::OutOfMemory,
        run::Error::NotComputed { .. }
        | run::Error::State
        | run::Error::Undone
        | run::Error::Unreachable { .. } => Failure::Internal,
    }
}

fn tokens(error: &TokenError) -> Failure {
    match error {
        TokenError::File(error) => import(error),
        TokenError::Rules { .. } | TokenError::Failed(_) => Failure::FalseArtifact,
        TokenError::Vocabulary { .. } => Failure::TokenizerMismatch,
    }
}

/// What is given to a model does not fit it.
fn model(error: &ModelError) -> Failure {
    match error {
        ModelError::Nothing
        | ModelError::Token { .. }
        | ModelError::Kind { .. }
        | ModelError::Kinds { .. }
        | ModelError::Length { .. }
        | ModelError::Features { .. }
        | ModelError::Classes => Failure::MalformedSpec,
        ModelError::Cache { .. } | ModelError::Device(_) => Failure::Internal,
    }
}

fn base(error: &BaseError) -> Failure {
    match error {
        BaseError::Component { .. } | BaseError::NoSteps { .. } | BaseError::Step { .. } => {
            Failure::FalseArtifact
        }
        BaseError::Unknown { .. } | BaseError::Change(_) => Failure::Internal,
        BaseError::Artifact(error) => artifact(error),
    }
}

fn grid(error: &GridError) -> Failure {
    match error {
        GridError::Model(error) => model(error),
        GridError::Component { .. } | GridError::Steps { .. } => Failure::FalseArtifact,
        // It is asked to learn too fast.
        GridError::Finite { .. } => Failure::MalformedSpec,
        GridError::Delta { .. } | GridError::Constant { .. } | GridError::Place { .. } => {
            Failure::Internal
        }
    }
}

fn apply(error: &ApplyError) -> Failure {
    match error {
        ApplyError::Nothing => Failure::MalformedSpec,
        ApplyError::Unknown { .. }
        | ApplyError::Constants { .. }
        | ApplyError::Shape { .. }
        | ApplyError::Delta { .. }
        | ApplyError::Base { .. }
        | ApplyError::Ambiguous { .. }
        | ApplyError::Component { .. } => Failure::FalseArtifact,
        ApplyError::Artifact(error) => artifact(error),
    }
}

fn quantise(error: &QuantiseError) -> Failure {
    match error {
        QuantiseError::NoSample
        | QuantiseError::SampleNotFinite { .. }
        | QuantiseError::Context { .. }
        | QuantiseError::Outcome => Failure::MalformedSpec,
        QuantiseError::NotFinite { .. }
        | QuantiseError::Large { .. }
        | QuantiseError::Scale { .. }
        | QuantiseError::Shape { .. } => Failure::FalseArtifact,
        QuantiseError::Sample { source, .. } => model(source),
        QuantiseError::Model(error) => model(error),
        QuantiseError::Check(error) => unchecked(error),
        QuantiseError::Bind(error) => bind(error),
        QuantiseError::Artifact(error) => artifact(error),
    }
}

fn import(error: &ImportError) -> Failure {
    match error {
        ImportError::File { source, .. } => file(source),
        ImportError::NoWeights { .. } => Failure::MissingArtifact,
        ImportError::Kind { .. } => Failure::MalformedSpec,
        ImportError::Architecture { .. }
        | ImportError::Option { .. }
        | ImportError::UnknownOption { .. }
        | ImportError::Precision { .. } => Failure::UnsupportedOp,
        ImportError::Size { .. }
        | ImportError::Json { .. }
        | ImportError::Header { .. }
        | ImportError::Shard { .. }
        | ImportError::Index { .. }
        | ImportError::Twice { .. }
        | ImportError::NoOption { .. }
        | ImportError::Config(_)
        | ImportError::NoTensor { .. }
        | ImportError::Shape { .. }
        | ImportError::NotFinite { .. }
        | ImportError::Unused { .. } => Failure::FalseArtifact,
        ImportError::Onnx { source, .. } => onnx(source),
    }
}

fn onnx(error: &OnnxError) -> Failure {
    match error {
        OnnxError::Version { .. }
        | OnnxError::Function(_)
        | OnnxError::Ends { .. }
        | OnnxError::Operator { .. }
        | OnnxError::Attribute { .. }
        | OnnxError::UnknownAttribute { .. }
        | OnnxError::Arguments { .. }
        | OnnxError::Chain { .. }
        | OnnxError::Place { .. }
        | OnnxError::External { .. }
        | OnnxError::Precision { .. }
        | OnnxError::Parts { .. } => Failure::UnsupportedOp,
        OnnxError::Form(_)
        | OnnxError::Structure { .. }
        | OnnxError::NoLayer
        | OnnxError::Config(_)
        | OnnxError::End { .. }
        | OnnxError::Twice(_)
        | OnnxError::NoTensor(_)
        | OnnxError::Shape { .. }
        | OnnxError::Bytes { .. }
        | OnnxError::Bits { .. }
        | OnnxError::NotFinite { .. }
        | OnnxError::Many { .. } => Failure::FalseArtifact,
    }
}
