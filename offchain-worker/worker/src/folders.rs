//! Where a worker keeps what.
//!
//! ```text
//! data/private   journal, outbox, keys, shelf and a reserve of room, for nobody else to read
//! data/store     artifacts, hashed, and who pins them
//! data/desks     a folder for each job with the artifacts that it names
//! data/scratch   what jobs write
//! ```

use crate::{Error, Result};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Jobs run as users of their own where the worker is root, and have to pass through.
const ENTERABLE: u32 = 0o755;
const PRIVATE: u32 = 0o700;

#[derive(Debug)]
pub(crate) struct Folders {
    /// As jobs name it too, who are elsewhere: absolute.
    pub data: PathBuf,
    private: PathBuf,
}

impl Folders {
    /// Makes those that are not there.
    pub fn make(data: &Path) -> Result<Self> {
        fs::create_dir_all(data).map_err(failed("make", data))?;
        let data = data.canonicalize().map_err(failed("find", data))?;
        let private = data.join("private");
        for (folder, mode) in [(&data, ENTERABLE), (&private, PRIVATE)] {
            fs::create_dir_all(folder).map_err(failed("make", folder))?;
            let permissions = Permissions::from_mode(mode);
            fs::set_permissions(folder, permissions).map_err(failed("open", folder))?;
        }
        Ok(Self { data, private })
    }

    /// The operator's key, where it was made here.
    pub fn operator_key(&self) -> PathBuf {
        self.private.join("operator.key")
    }

    /// What the devices of a registration are hashed with.
    pub fn salt(&self) -> PathBuf {
        self.private.join("devices.salt")
    }

    pub fn journal(&self) -> PathBuf {
        self.private.join("journal.redb")
    }

    pub fn outbox(&self) -> PathBuf {
        self.private.join("outbox.redb")
    }

    /// Room that is let go of when the disk has no other.
    pub fn reserve(&self) -> PathBuf {
        self.private.join("reserve")
    }

    /// The key that sealed payloads are read with.
    pub fn identity(&self) -> PathBuf {
        identity(&self.data)
    }

    /// What sealed tasks leave on disk, encrypted.
    pub fn shelf(&self) -> PathBuf {
        self.private.join("shelf")
    }

    pub fn node_key(&self) -> PathBuf {
        self.private.join("node.key")
    }

    /// Where the node keeps what proves its files piece by piece.
    pub fn node(&self) -> PathBuf {
        self.private.join("node")
    }

    pub fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// An empty folder for what jobs write: what killed ones have left is removed.
    pub fn scratch(&self) -> Result<PathBuf> {
        let scratch = self.data.join("scratch");
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(failed("empty", &scratch))?;
        }
        fs::create_dir(&scratch).map_err(failed("make", &scratch))?;
        let permissions = Permissions::from_mode(ENTERABLE);
        fs::set_permissions(&scratch, permissions).map_err(failed("open", &scratch))?;
        Ok(scratch)
    }
}

/// The key of whoever works there, if anyone has.
pub(crate) fn identity(data: &Path) -> PathBuf {
    data.join("private/payload.key")
}

/// What becomes of an error of the file system.
pub(crate) fn failed<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Folder { what, path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn make_should_keep_the_journal_from_others() {
        let directory = tempfile::tempdir().unwrap();
        let folders = Folders::make(&directory.path().join("a/b")).unwrap();
        assert_eq!(mode(folders.journal().parent().unwrap()), PRIVATE);
        assert_eq!(mode(&folders.data), ENTERABLE);
        assert!(folders.data.is_absolute());
    }

    #[test]
    fn scratch_should_be_empty_whatever_was_left() {
        let directory = tempfile::tempdir().unwrap();
        let folders = Folders::make(directory.path()).unwrap();
        let scratch = folders.scratch().unwrap();
        fs::create_dir(scratch.join("cairn-job-1")).unwrap();
        fs::write(scratch.join("cairn-job-1/output"), "left").unwrap();
        assert_eq!(fs::read_dir(folders.scratch().unwrap()).unwrap().count(), 0);
    }
}
