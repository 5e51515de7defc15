use super::*;
use crate::config::ConfigError;
use cairn_artifact::{contents, manifest};
use cairn_kernel::program::TensorId;
use cairn_protocol::{bundle::Malformed, id::ContentId};
use std::path::PathBuf;

const ID: ContentId = ContentId([7; 32]);

fn path() -> PathBuf {
    PathBuf::from("there")
}

fn config() -> ConfigError {
    ConfigError::Range { field: "hidden", found: 0, least: 1, most: 9 }
}

fn should_fail_so<const N: usize>(cases: [(FolderError, Failure); N]) {
    for (error, failure) in cases {
        assert_eq!(error.failure(), failure, "{error}");
    }
}

#[test]
fn failure_should_be_of_the_disk_when_a_file_is_not_read_or_written() {
    for (kind, read, written) in [
        (ErrorKind::NotFound, Failure::MissingArtifact, Failure::Internal),
        (ErrorKind::PermissionDenied, Failure::Internal, Failure::Internal),
        (ErrorKind::StorageFull, Failure::DiskFull, Failure::DiskFull),
        (ErrorKind::QuotaExceeded, Failure::DiskFull, Failure::DiskFull),
        (ErrorKind::OutOfMemory, Failure::OutOfMemory, Failure::OutOfMemory),
    ] {
        let reason = || io::Error::from(kind);
        let file = ArtifactError::File { done: "written", path: path(), reason: reason() };
        should_fail_so([
            (FolderError::File { path: path(), source: reason() }, read),
            (ImportError::File { path: path(), source: reason() }.into(), read),
            (file.into(), written),
        ]);
    }
}

#[test]
fn failure_should_be_of_the_bundle_when_that_describes_no_model() {
    let reason = || "because".to_owned();
    should_fail_so([
        (FolderError::NoModel { folder: path() }, Failure::MissingArtifact),
        (FolderError::Form { path: path(), reason: reason() }, Failure::FalseArtifact),
        (config().into(), Failure::FalseArtifact),
        (FolderError::There { path: path() }, Failure::Internal),
        (FolderError::Kind { found: "a", need: "b" }, Failure::MalformedSpec),
        (FolderError::NoTokenizer, Failure::MalformedSpec),
        (BundleError::Card { have: 9 }.into(), Failure::Internal),
        (BundleError::Files { have: 9 }.into(), Failure::Internal),
        (
            BundleError::Malformed { path: path(), flaw: Malformed::Empty }.into(),
            Failure::FalseArtifact,
        ),
        (BundleError::NoProgram.into(), Failure::FalseArtifact),
        (BundleError::LeftOut { id: ID }.into(), Failure::FalseArtifact),
        (BundleError::Tokenizer { need: "a", have: "b" }.into(), Failure::TokenizerMismatch),
        (TokenError::Vocabulary { tokenizer: 2, model: 1 }.into(), Failure::TokenizerMismatch),
        (TokenError::Rules { path: path(), reason: reason() }.into(), Failure::FalseArtifact),
        (TokenError::Failed(reason()).into(), Failure::FalseArtifact),
        (
            TokenError::File(ImportError::Json { path: path(), reason: reason() }).into(),
            Failure::FalseArtifact,
        ),
    ]);
}

#[test]
fn failure_should_be_of_the_artifact_when_one_is_missing_false_or_of_a_later_kernel() {
    let tensor = TensorId(3);
    let program = |reason| FolderError::from(ArtifactError::Program { id: ID, reason });
    let unchecked = |reason| FolderError::from(ArtifactError::Unchecked { reason });
    let bound = |reason| FolderError::from(ArtifactError::Bind { reason });
    let name = || "weights".to_owned();
    let manifest = manifest::Flaw::Missing { tensor: 3 };
    let empty = || contents::Flaw::Empty;
    should_fail_so([
        (ArtifactError::Absent { path: path() }.into(), Failure::MissingArtifact),
        (ArtifactError::Content { path: path(), have: ID }.into(), Failure::FalseArtifact),
        (ArtifactError::Length { id: ID, need: 1, have: 2 }.into(), Failure::FalseArtifact),
        (ArtifactError::Contents { id: ID, flaw: empty() }.into(), Failure::FalseArtifact),
        (ArtifactError::Manifest { id: ID, flaw: manifest }.into(), Failure::FalseArtifact),
        (ArtifactError::NoTensor { id: ID, name: name() }.into(), Failure::FalseArtifact),
        (ArtifactError::NotGiven { name: name() }.into(), Failure::Internal),
        (ArtifactError::Unwritable { flaw: empty() }.into(), Failure::Internal),
        (program(DecodeError::Unknown { what: "operator", have: 99 }), Failure::UnsupportedOp),
        (program(DecodeError::Left { have: 1 }), Failure::FalseArtifact),
        (unchecked(check::Error::Semantics { need: 1, have: 2 }), Failure::UnsupportedOp),
        (unchecked(check::Error::NothingGiven), Failure::FalseArtifact),
        (bound(run::Error::Absent { tensor }), Failure::FalseArtifact),
        (bound(run::Error::Memory { tensor }), Failure::OutOfMemory),
        (bound(run::Error::State), Failure::Internal),
    ]);
}

#[test]
fn failure_should_be_what_it_was_within_when_another_error_holds_it() {
    let absent = || ArtifactError::Absent { path: path() };
    let name = || "weights".to_owned();
    should_fail_so([
        (BaseError::Artifact(absent()).into(), Failure::MissingArtifact),
        (BaseError::NoSteps { name: name() }.into(), Failure::FalseArtifact),
        (ApplyError::Artifact(absent()).into(), Failure::MissingArtifact),
        (ApplyError::Unknown { name: name() }.into(), Failure::FalseArtifact),
        (ApplyError::Nothing.into(), Failure::MalformedSpec),
        (QuantiseError::Artifact(absent()).into(), Failure::MissingArtifact),
        (QuantiseError::NoSample.into(), Failure::MalformedSpec),
        (GridError::Model(ModelError::Nothing).into(), Failure::MalformedSpec),
        (GridError::Component { name: name() }.into(), Failure::FalseArtifact),
        (ModelError::Device(name()).into(), Failure::Internal),
        (ImportError::Config(config()).into(), Failure::FalseArtifact),
        (
            ImportError::Architecture { found: name(), supported: vec![] }.into(),
            Failure::UnsupportedOp,
        ),
        (
            ImportError::Onnx { path: path(), source: OnnxError::NoLayer }.into(),
            Failure::FalseArtifact,
        ),
    ]);
}
