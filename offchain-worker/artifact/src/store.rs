//! Files that are called what their content comes to.

use crate::{
    change::Change,
    contents::Contents,
    files::{self, Hashing},
    manifest::Manifest,
    map::Map,
    name::hex,
    Error,
};
use cairn_protocol::{
    chunk::content,
    id::{ContentId, File},
};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    ops::Deref,
    path::{Path, PathBuf},
};

#[cfg(test)]
mod tests;

/// A folder of such files.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// Of the store whose files are found here too.
    beneath: Option<PathBuf>,
}

/// A file of a store, found to be what it is called.
#[derive(Debug)]
pub struct Held(Map);

impl Deref for Held {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Store {
    /// The store in this folder, which is made where there is none.
    pub fn at(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        files::folder(folder.into()).map(|folder| Self { folder, beneath: None })
    }

    /// The store in this folder as others have left it: nothing is made there or cleared.
    pub fn existing(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), beneath: None }
    }

    /// A store of what is added to another one: what that has is found here too, and nothing is
    /// written there.
    pub fn over(beneath: &Self, folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let beneath = Some(beneath.folder.clone());
        files::folder(folder.into()).map(|folder| Self { folder, beneath })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file is, or would be.
    pub fn path(&self, id: &ContentId) -> PathBuf {
        let own = self.folder.join(hex(id));
        let beneath = self.beneath.as_ref().map(|beneath| beneath.join(hex(id)));
        match beneath.filter(|beneath| !own.exists() && beneath.exists()) {
            Some(beneath) => beneath,
            None => own,
        }
    }

    /// Whether a file is there and of its length, whatever it holds.
    pub fn has(&self, file: &File) -> bool {
        fs::metadata(self.path(&file.id)).is_ok_and(|found| found.len() == file.bytes)
    }

    pub fn put(&self, bytes: &[u8]) -> Result<File, Error> {
        let file = File { id: content(bytes), bytes: bytes.len() as u64 };
        files::write(&self.folder, |to| {
            to.write_all(bytes)?;
            Ok((hex(&file.id), ()))
        })?;
        Ok(file)
    }

    /// The same for tensors, of which no second copy is made.
    pub fn put_contents(&self, contents: &Contents<'_>) -> Result<File, Error> {
        let (_, file) = files::write(&self.folder, |to| {
            let mut to = Hashing::new(to);
            contents.write(&mut to)?;
            let (hash, bytes) = to.finish();
            let file = File { id: ContentId(hash), bytes };
            Ok((hex(&file.id), file))
        })?;
        Ok(file)
    }

    /// Has a file of another store here as well, if it is what it is called. Its name lasts once
    /// something has been put here after it.
    pub fn take(&self, from: &Self, file: &File) -> Result<(), Error> {
        let held = from.open_file(file)?;
        // One file for both where the disk can: nobody writes to a file of a store.
        let linked = fs::hard_link(from.path(&file.id), self.path(&file.id)).is_ok();
        // What has the name already may be damaged, and is replaced then.
        if !linked && self.open_file(file).is_err() {
            self.put(&held)?;
        }
        Ok(())
    }

    /// A file, all of which has been read to see that it is what it is called.
    pub fn open(&self, id: &ContentId) -> Result<Held, Error> {
        let path = self.path(id);
        let Some(map) = files::open(&path)? else {
            return Err(Error::Absent { path });
        };
        match content(&map) {
            have if have == *id => Ok(Held(map)),
            have => Err(Error::Content { path, have }),
        }
    }

    /// The same, if it has so many bytes.
    pub fn open_file(&self, file: &File) -> Result<Held, Error> {
        let held = self.open(&file.id)?;
        match held.len() as u64 {
            have if have == file.bytes => Ok(held),
            have => Err(Error::Length { id: file.id, need: file.bytes, have }),
        }
    }

    pub fn manifest(&self, id: &ContentId) -> Result<Manifest, Error> {
        manifest(id, &self.open(id)?)
    }

    /// A manifest and the files that it names, which is all that it takes to run its program.
    pub fn files(&self, id: &ContentId) -> Result<BTreeSet<File>, Error> {
        let held = self.open(id)?;
        let own = File { id: *id, bytes: held.len() as u64 };
        Ok(manifest(id, &held)?.files().chain([own]).collect())
    }

    pub fn change(&self, id: &ContentId) -> Result<Change, Error> {
        let held = self.open(id)?;
        Change::decode(&held).map_err(|flaw| Error::Change { id: *id, flaw })
    }
}

fn manifest(id: &ContentId, bytes: &[u8]) -> Result<Manifest, Error> {
    Manifest::decode(bytes).map_err(|flaw| Error::Manifest { id: *id, flaw })
}
