//! Files that are there whole or not at all.

use crate::{map::Map, Error};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// What files are called before they are whole.
const PART: &str = ".part-";
/// After this time such a file is what a process has left that was killed.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes the folder where there is none, and clears what others have left there unfinished.
pub(crate) fn folder(path: PathBuf) -> Result<PathBuf, Error> {
    // A job that is confined may make no folder, not even one that is there.
    if !path.is_dir() {
        fs::create_dir_all(&path).map_err(|reason| Error::file("created", &path, reason))?;
    }
    let entries = fs::read_dir(&path).map_err(|reason| Error::file("read", &path, reason))?;
    for entry in entries.flatten() {
        let unfinished = entry.file_name().to_string_lossy().starts_with(PART);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        if unfinished && age.is_some_and(|age| age > STALE) {
            // Somebody else may have been faster.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(path)
}

/// Writes a file and only then gives it the name that writing it has come to. What others see under
/// that name is always whole, however many write it at once, and it stays after a loss of power.
pub(crate) fn write<T>(
    folder: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<(String, T)>,
) -> Result<(File, T), Error> {
    let failed = |reason| Error::file("written", folder, reason);
    let mut part = tempfile::Builder::new().prefix(PART).tempfile_in(folder).map_err(failed)?;
    let (name, made) = fill(part.as_file_mut()).map_err(failed)?;
    finish(part.as_file()).map_err(failed)?;
    let path = folder.join(name);
    let file = part.persist(&path);
    let file = file.map_err(|reason| Error::file("written", &path, reason.error))?;
    // The name is in the folder, which is written for itself.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok((file, made))
}

/// Nothing writes to it any more, and all of it is on disk.
fn finish(file: &File) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions)?;
    file.sync_all()
}

/// A file as memory, or none if there is none.
pub(crate) fn open(path: &Path) -> Result<Option<Map>, Error> {
    let map = File::open(path).and_then(|file| Map::of(&file));
    match map {
        Ok(map) => Ok(Some(map)),
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(Error::file("read", path, reason)),
    }
}

/// Passes on what is written, and knows what it comes to.
pub(crate) struct Hashing<W> {
    to: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    /// The hash of everything, and how many bytes that was.
    pub(crate) fn finish(self) -> ([u8; 32], u64) {
        (*self.hasher.finalize().as_bytes(), self.bytes)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
