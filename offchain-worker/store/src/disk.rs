//! The files that are held, in one flat folder and within a quota.

use crate::{
    error::{Error, Have},
    ledger::{Held, Ledger, Pins},
    name::Name,
    partial::Partial,
};
use cairn_protocol::id::{ContentId, File};
use parking_lot::Mutex;
use redb::Database;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    slice,
    sync::Arc,
};

/// What a file is called while it is copied in; what a fetch has of one has the file's own name.
const COPY: &str = ".copy-";

/// The most bytes that files, and what is on its way in, may have together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota(pub u64);

pub(crate) struct Disk {
    files: PathBuf,
    incoming: PathBuf,
    quota: u64,
    ledger: Ledger,
    shelf: Mutex<Shelf>,
}

/// What is on the disk, as far as it counts.
#[derive(Default)]
struct Shelf {
    held: BTreeMap<ContentId, Held>,
    incoming: BTreeMap<ContentId, Incoming>,
    pins: Pins,
    /// How often anything has been used.
    uses: u64,
    /// What had to go, and nobody has asked for yet.
    evicted: Vec<ContentId>,
}

/// A file on its way in.
#[derive(Clone, Copy)]
struct Incoming {
    /// All of it while somebody is at it, since all of it is going to be there.
    bytes: u64,
    busy: bool,
}

impl Disk {
    /// Opens a folder and finds what is there; its ledger is opened as the caller wants. What was
    /// half copied is removed, what was half fetched stays.
    pub(crate) fn open(
        folder: &Path,
        quota: Quota,
        open: impl FnOnce(&Path) -> Result<Database, redb::Error>,
    ) -> Result<Self, Error> {
        let (files, incoming) = (folder.join("files"), folder.join("incoming"));
        for made in [&files, &incoming] {
            fs::create_dir_all(made).map_err(|reason| Error::file("made", made, reason))?;
        }
        let ledger = Ledger::on(open(&folder.join("ledger.redb"))?)?;
        let held = found(&files, &ledger)?;
        let uses = held.values().map(|held| held.used).max().unwrap_or(0);
        let shelf = Shelf {
            held,
            incoming: begun(&incoming)?,
            pins: ledger.pins()?,
            uses,
            evicted: Vec::new(),
        };
        Ok(Self { files, incoming, quota: quota.0, ledger, shelf: Mutex::new(shelf) })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.files
    }

    /// Where a file is, or would be.
    pub(crate) fn path(&self, id: &ContentId) -> PathBuf {
        self.files.join(Name(*id).to_string())
    }

    /// All that is held.
    pub(crate) fn held(&self) -> Vec<File> {
        let shelf = self.shelf.lock();
        shelf.held.iter().map(|(id, held)| File { id: *id, bytes: held.bytes }).collect()
    }

    /// What was evicted since this was last asked, and has not come back.
    pub(crate) fn evicted(&self) -> Vec<ContentId> {
        let mut shelf = self.shelf.lock();
        let mut evicted = std::mem::take(&mut shelf.evicted);
        evicted.retain(|id| !shelf.held.contains_key(id));
        evicted
    }

    pub(crate) fn has(&self, file: &File) -> bool {
        self.shelf.lock().held.get(&file.id).is_some_and(|held| held.bytes == file.bytes)
    }

    /// Where a file is, if it is held; that is a use of it.
    pub(crate) fn find(&self, file: &File) -> Result<Option<PathBuf>, Error> {
        let mut shelf = self.shelf.lock();
        let Some(bytes) = shelf.held.get(&file.id).map(|held| held.bytes) else {
            return Ok(None);
        };
        if bytes != file.bytes {
            // It was hashed when it came in, so whoever named another length is wrong.
            return Err(Error::False { file: *file, have: Have::Length(bytes) });
        }
        let path = self.path(&file.id);
        if !path.exists() {
            shelf.held.remove(&file.id);
            self.ledger.note(&file.id, None)?;
            return Ok(None);
        }
        let held = shelf.use_of(file);
        self.ledger.used(&file.id, held)?;
        Ok(Some(path))
    }

    /// Makes room for a file and begins it. What was fetched of it earlier is there still, if it is
    /// to be kept. One at a time may be at a file.
    pub(crate) fn begin(self: &Arc<Self>, file: &File, lasting: bool) -> Result<Partial, Error> {
        let kept = self.incoming.join(Name(file.id).to_string());
        {
            let mut shelf = self.shelf.lock();
            self.make_room(&mut shelf, file)?;
            if !lasting {
                remove(&kept)?;
            }
            shelf.incoming.insert(file.id, Incoming { bytes: file.bytes, busy: true });
        }
        let path = match lasting {
            true => kept,
            false => self.incoming.join(format!("{COPY}{}", Name(file.id))),
        };
        let partial = Partial::open(Arc::clone(self), *file, path.clone(), lasting);
        if partial.is_err() {
            let have = fs::metadata(&path).map(|about| about.len()).ok();
            self.put_down(&file.id, &path, have.filter(|_| lasting));
        }
        partial
    }

    /// Gives a file its name. Only [`Partial`] knows whether it may have it.
    pub(crate) fn take_in(&self, file: &File, from: &Path) -> Result<PathBuf, Error> {
        let path = self.path(&file.id);
        fs::rename(from, &path)
            .and_then(|()| synced(&self.files))
            .map_err(|reason| Error::file("written", &path, reason))?;
        let mut shelf = self.shelf.lock();
        shelf.incoming.remove(&file.id);
        self.note(&mut shelf, file)?;
        Ok(path)
    }

    /// Leaves a file that is not whole, with so many bytes for another try or none.
    pub(crate) fn put_down(&self, id: &ContentId, path: &Path, stays: Option<u64>) {
        let mut shelf = self.shelf.lock();
        match stays {
            Some(bytes) => {
                shelf.incoming.insert(*id, Incoming { bytes, busy: false });
            }
            None => {
                // What stays in spite of that is removed at the next start.
                let _ = remove(path);
                shelf.incoming.remove(id);
            }
        }
    }

    pub(crate) fn pin(&self, id: &ContentId, holder: &str) -> Result<(), Error> {
        self.pin_all(slice::from_ref(id), holder)
    }

    pub(crate) fn pin_all(&self, ids: &[ContentId], holder: &str) -> Result<(), Error> {
        let mut shelf = self.shelf.lock();
        self.ledger.pin(ids, holder, true)?;
        for id in ids {
            shelf.pins.entry(*id).or_default().insert(holder.into());
        }
        Ok(())
    }

    pub(crate) fn unpin(&self, id: &ContentId, holder: &str) -> Result<(), Error> {
        self.let_go(&mut self.shelf.lock(), slice::from_ref(id), holder)
    }

    /// Takes back all pins of a holder.
    pub(crate) fn release(&self, holder: &str) -> Result<(), Error> {
        let mut shelf = self.shelf.lock();
        let pins = shelf.pins.iter().filter(|(_, holders)| holders.contains(holder));
        let ids: Vec<ContentId> = pins.map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.let_go(&mut shelf, &ids, holder)
    }

    fn let_go(&self, shelf: &mut Shelf, ids: &[ContentId], holder: &str) -> Result<(), Error> {
        self.ledger.pin(ids, holder, false)?;
        for id in ids {
            if let Some(holders) = shelf.pins.get_mut(id) {
                holders.remove(holder);
                if holders.is_empty() {
                    shelf.pins.remove(id);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn pins(&self) -> Pins {
        self.shelf.lock().pins.clone()
    }

    /// Writes down that a file is held.
    fn note(&self, shelf: &mut Shelf, file: &File) -> Result<(), Error> {
        let held = shelf.use_of(file);
        self.ledger.note(&file.id, Some(held))
    }

    /// Lets go of what is least missed until a file has room; of nothing if it cannot have any.
    fn make_room(&self, shelf: &mut Shelf, file: &File) -> Result<(), Error> {
        let room = self.quota.saturating_sub(shelf.fixed(&file.id));
        let full = Error::DiskFull { need: file.bytes, room };
        if file.bytes > room {
            return Err(full);
        }
        while shelf.total(&file.id) > self.quota.saturating_sub(file.bytes) {
            match (shelf.idle(&file.id), shelf.least_recent()) {
                (Some(id), _) => self.discard(shelf, &id)?,
                (None, Some(id)) => self.evict(shelf, &id)?,
                (None, None) => return Err(full),
            }
        }
        Ok(())
    }

    fn discard(&self, shelf: &mut Shelf, id: &ContentId) -> Result<(), Error> {
        remove(&self.incoming.join(Name(*id).to_string()))?;
        shelf.incoming.remove(id);
        Ok(())
    }

    fn evict(&self, shelf: &mut Shelf, id: &ContentId) -> Result<(), Error> {
        remove(&self.path(id))?;
        shelf.held.remove(id);
        shelf.evicted.push(*id);
        self.ledger.note(id, None)
    }
}

impl Shelf {
    /// Counts a use of a held file.
    fn use_of(&mut self, file: &File) -> Held {
        self.uses += 1;
        let held = Held { bytes: file.bytes, used: self.uses };
        self.held.insert(file.id, held);
        held
    }

    /// Bytes on the disk, but for those of a file that is about to be begun.
    fn total(&self, but: &ContentId) -> u64 {
        let held: u64 = self.held.values().map(|held| held.bytes).sum();
        let others = self.incoming.iter().filter(|(id, _)| *id != but);
        held + others.map(|(_, incoming)| incoming.bytes).sum::<u64>()
    }

    /// Those of them that nobody may take away.
    fn fixed(&self, but: &ContentId) -> u64 {
        let pinned = self.held.iter().filter(|(id, _)| self.pins.contains_key(*id));
        let busy = self.incoming.iter().filter(|(id, incoming)| *id != but && incoming.busy);
        pinned.map(|(_, held)| held.bytes).sum::<u64>()
            + busy.map(|(_, incoming)| incoming.bytes).sum::<u64>()
    }

    fn idle(&self, but: &ContentId) -> Option<ContentId> {
        let mut others = self.incoming.iter().filter(|(id, _)| *id != but);
        others.find(|(_, incoming)| !incoming.busy).map(|(id, _)| *id)
    }

    fn least_recent(&self) -> Option<ContentId> {
        let free = self.held.iter().filter(|(id, _)| !self.pins.contains_key(*id));
        free.min_by_key(|(_, held)| held.used).map(|(id, _)| *id)
    }
}

/// The files of a folder that are called by a content; the ledger is brought up to them. Others are
/// none of ours and stay.
fn found(folder: &Path, ledger: &Ledger) -> Result<BTreeMap<ContentId, Held>, Error> {
    let mut known = ledger.files()?;
    let mut held = BTreeMap::new();
    for (name, bytes) in listed(folder)? {
        let Some(id) = Name::parse(&name) else { continue };
        let noted = known.remove(&id);
        let now = Held { bytes, used: noted.map_or(0, |noted| noted.used) };
        if noted != Some(now) {
            ledger.note(&id, Some(now))?;
        }
        held.insert(id, now);
    }
    for gone in known.keys() {
        ledger.note(gone, None)?;
    }
    Ok(held)
}

/// What an earlier process has fetched a part of. All else here is a copy that was not finished.
fn begun(folder: &Path) -> Result<BTreeMap<ContentId, Incoming>, Error> {
    let mut incoming = BTreeMap::new();
    for (name, bytes) in listed(folder)? {
        match Name::parse(&name) {
            Some(id) => {
                incoming.insert(id, Incoming { bytes, busy: false });
            }
            None => remove(&folder.join(name))?,
        }
    }
    Ok(incoming)
}

fn listed(folder: &Path) -> Result<Vec<(String, u64)>, Error> {
    let failed = |reason| Error::file("listed", folder, reason);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let about = entry.metadata().map_err(failed)?;
        if about.is_file() {
            files.push((entry.file_name().to_string_lossy().into_owned(), about.len()));
        }
    }
    Ok(files)
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
            Err(Error::file("removed", path, reason))
        }
        _ => Ok(()),
    }
}

/// A name is in its folder, which is written for itself.
fn synced(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
