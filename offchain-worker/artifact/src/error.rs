//! What can go wrong with files, and what to do about it.

use crate::{cache::Damage, change, contents, manifest, name::hex};
use cairn_kernel::{check, program::DecodeError, run};
use cairn_protocol::id::ContentId;
use std::{
    io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("'{path}' cannot be {done} ({reason}); see that its disk is there, has room, and that this user may")]
    File { done: &'static str, path: PathBuf, reason: io::Error },
    #[error("there is no '{path}'; fetch the file of this name")]
    Absent { path: PathBuf },
    #[error(
        "'{path}' has the content {}; delete it, and fetch the file of its name again",
        hex(.have)
    )]
    Content { path: PathBuf, have: ContentId },
    #[error("{} has {have} bytes, and what names it says {need}; whoever wrote that has to write it anew", hex(.id))]
    Length { id: ContentId, need: u64, have: u64 },
    #[error("{} is no artifact: {flaw}", hex(.id))]
    Contents { id: ContentId, flaw: contents::Flaw },
    #[error("what is to be written as an artifact cannot be: {flaw}")]
    Unwritable { flaw: contents::Flaw },
    #[error("what is to be written as a manifest cannot be: {flaw}")]
    NoManifest { flaw: manifest::Flaw },
    #[error("{} is no manifest: {flaw}", hex(.id))]
    Manifest { id: ContentId, flaw: manifest::Flaw },
    #[error("{} is no change: {flaw}", hex(.id))]
    Change { id: ContentId, flaw: change::Flaw },
    #[error("{} is no program ({reason}); whoever wrote it has to write it anew", hex(.id))]
    Program { id: ContentId, reason: DecodeError },
    #[error("the program cannot be run ({reason}); whoever wrote it has to write it anew")]
    Unchecked { reason: check::Error },
    #[error("{} has no tensor '{name}'; the manifest is of another file", hex(.id))]
    NoTensor { id: ContentId, name: String },
    #[error("the tensor '{name}' of {} is {have}, and the program needs {need}; the manifest is of another file", hex(.id))]
    Unlike { id: ContentId, name: String, need: String, have: String },
    #[error("nothing was given for the tensor '{name}' of the program")]
    NotGiven { name: String },
    #[error("'{path}' was just written and {damage}; the disk loses what is written to it")]
    Lost { path: PathBuf, damage: Damage },
    #[error("the program does not take what the artifacts hold ({reason}); one of them was made for another program")]
    Bind { reason: run::Error },
}

impl Error {
    pub(crate) fn file(done: &'static str, path: &Path, reason: io::Error) -> Self {
        Self::File { done, path: path.into(), reason }
    }
}
