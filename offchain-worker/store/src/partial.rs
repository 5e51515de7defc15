//! A file on its way in. It takes its name only when its bytes have been found to be its own,
//! whoever they are from.

use crate::{
    disk::Disk,
    error::{Error, Have},
};
use blake3::Hasher;
use cairn_protocol::id::{ContentId, File};
use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::Arc,
};

/// To be read by all, since jobs may run as users of their own, and written by nobody.
const READABLE: u32 = 0o444;

pub(crate) struct Partial {
    disk: Arc<Disk>,
    file: File,
    path: PathBuf,
    to: fs::File,
    /// Of what is there.
    hasher: Hasher,
    bytes: u64,
    /// Whether what is there is kept for another try.
    lasting: bool,
    named: bool,
}

impl Partial {
    /// Begins a file, or goes on with what there is of it if that is kept.
    pub(crate) fn open(
        disk: Arc<Disk>,
        file: File,
        path: PathBuf,
        lasting: bool,
    ) -> Result<Self, Error> {
        let failed = |reason| Error::file("written", &path, reason);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(!lasting);
        let to = options.open(&path).map_err(failed)?;
        let bytes = to.metadata().map_err(failed)?.len().min(file.bytes);
        let hasher = cut(&to, bytes).map_err(failed)?;
        Ok(Self { disk, file, path, to, hasher, bytes, lasting, named: false })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// How much of the file is there.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.bytes == self.file.bytes
    }

    pub(crate) fn append(&mut self, piece: &[u8]) -> Result<(), Error> {
        if let Err(reason) = self.to.write_all(piece) {
            return Err(Error::unwritten(&self.path, self.file.bytes, self.bytes, reason));
        }
        self.hasher.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// Throws away what lies behind so many bytes.
    pub(crate) fn cut(&mut self, bytes: u64) -> Result<(), Error> {
        if bytes < self.bytes {
            self.hasher = cut(&self.to, bytes)
                .map_err(|reason| Error::file("written", &self.path, reason))?;
            self.bytes = bytes;
        }
        Ok(())
    }

    /// Whether what is there is the file; if not, what it is.
    pub(crate) fn check(&self) -> Result<(), Have> {
        if !self.is_whole() {
            return Err(Have::Length(self.bytes));
        }
        match ContentId(*self.hasher.finalize().as_bytes()) {
            have if have == self.file.id => Ok(()),
            have => Err(Have::Content(have)),
        }
    }

    /// Gives the file its name, under which it stays after a loss of power.
    pub(crate) fn finish(mut self) -> Result<PathBuf, Error> {
        self.check().map_err(|have| Error::False { file: self.file, have })?;
        if let Err(reason) = self.to.sync_all() {
            return Err(Error::unwritten(&self.path, self.file.bytes, self.bytes, reason));
        }
        let path = self.disk.take_in(&self.file, &self.path)?;
        self.named = true;
        // Whatever a process leaves to others by default, jobs have to read it. That it could not
        // be done is no reason to be without the file.
        let _ = self.to.set_permissions(fs::Permissions::from_mode(READABLE));
        Ok(path)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.named {
            let stays = self.lasting && self.bytes > 0;
            self.disk.put_down(&self.file.id, &self.path, stays.then_some(self.bytes));
        }
    }
}

/// Cuts a file to so many bytes, hashes them and stands behind them.
fn cut(mut to: &fs::File, bytes: u64) -> io::Result<Hasher> {
    to.set_len(bytes)?;
    to.seek(SeekFrom::Start(0))?;
    let mut hasher = Hasher::new();
    hasher.update_reader(to.take(bytes))?;
    Ok(hasher)
}
