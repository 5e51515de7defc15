//! What can go wrong, and what to do then.

use crate::name::Name;
use cairn_protocol::id::{ContentId, File};
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// What there was in place of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Have {
    /// So many bytes, which are not as many as were named.
    Length(u64),
    /// As many, of another content.
    Content(ContentId),
}

impl fmt::Display for Have {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(bytes) => write!(f, "it has {bytes} bytes"),
            Self::Content(id) => write!(f, "its bytes are those of {}", Name(*id)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "nobody gave the file {}: {tried}; name other sources, or have it archived",
        Name(.file.id)
    )]
    Missing { file: File, tried: String },
    #[error(
        "what is there for the file {} of {} bytes is another one: {have}; ask whoever named it",
        Name(.file.id), .file.bytes
    )]
    False { file: File, have: Have },
    #[error(
        "{need} bytes are needed where {room} can be had; \
         raise the quota, unpin files, or make room on the disk"
    )]
    DiskFull { need: u64, room: u64 },
    #[error(
        "'{path}' cannot be {done} ({reason}); \
         see that its disk is there, has room, and that this user may"
    )]
    File { done: &'static str, path: PathBuf, reason: io::Error },
    #[error(
        "the store's ledger cannot be used: {0}; \
         see that no other process has the folder, or remove the ledger: files and not pins stay"
    )]
    Ledger(String),
    #[error(
        "'{place}' is no archive ({reason}); name a folder, or a bucket as s3://bucket/prefix"
    )]
    NotAnArchive { place: String, reason: String },
    #[error("the archive did not take the file {}: {reason}; mend that, or try again later", Name(.file.id))]
    Archive { file: File, reason: String },
    #[error("the process is ending")]
    Ending,
}

impl Error {
    pub(crate) fn file(done: &'static str, path: &Path, reason: io::Error) -> Self {
        Self::File { done, path: path.into(), reason }
    }

    /// Of a file that was to become so long, and of which so much could be written.
    pub(crate) fn unwritten(path: &Path, need: u64, room: u64, reason: io::Error) -> Self {
        match reason.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { need, room }
            }
            _ => Self::file("written", path, reason),
        }
    }
}

impl From<redb::Error> for Error {
    fn from(reason: redb::Error) -> Self {
        Self::Ledger(reason.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwritten_should_say_that_the_disk_is_full_when_the_system_says_so() {
        /// ENOSPC and EDQUOT.
        const FULL: [i32; 2] = [28, 122];
        for code in FULL {
            let reason = io::Error::from_raw_os_error(code);
            let error = Error::unwritten(Path::new("file"), 10, 3, reason);
            assert!(matches!(error, Error::DiskFull { need: 10, room: 3 }), "{error}");
        }
        let error =
            Error::unwritten(Path::new("file"), 10, 3, io::ErrorKind::PermissionDenied.into());
        assert!(matches!(error, Error::File { .. }), "{error}");
    }
}
