//! What a task leaves on disk while it is in hand: encrypted, with keys that are in memory alone.

mod segments;

use crate::{keyring::Keyring, secret::Secret};
use cairn_protocol::id::TaskId;
use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, BufReader, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Instant,
};
use zeroize::{Zeroize, Zeroizing};

pub use segments::Unsealing;

/// Says that a folder may be emptied, and is locked by whoever uses it.
const MARK: &str = ".cairn-shelf";

/// What a task may have on disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    Payload,
    Result,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload => f.write_str("payload"),
            Self::Result => f.write_str("result"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    #[error("'{path}' cannot be {done} ({reason}); see that its disk is there, has room, and that this user may")]
    File { done: &'static str, path: PathBuf, reason: io::Error },
    #[error("'{path}' has files that no worker put there, and a shelf is emptied at start; name another folder, or empty this one")]
    NotAShelf { path: PathBuf },
    #[error("'{path}' is the shelf of another process; stop it, or name another folder")]
    InUse { path: PathBuf },
    #[error("the key of the task {} is not held: its time is over, or it is erased", .task.0)]
    NotHeld { task: TaskId },
    #[error("the {slot} of the task {} is not on the shelf; fetch it again", .task.0)]
    Absent { task: TaskId, slot: Slot },
    #[error("the system gives no randomness ({0}); nothing may be encrypted without")]
    NoRandomness(getrandom::Error),
}

impl From<getrandom::Error> for ShelfError {
    fn from(reason: getrandom::Error) -> Self {
        Self::NoRandomness(reason)
    }
}

/// A folder with a folder for each task.
pub struct Shelf {
    root: PathBuf,
    keys: Keyring,
    /// Held for as long as the shelf is in use.
    _lock: File,
}

impl Shelf {
    /// Takes a folder and erases whatever an earlier process left there: nobody has its keys.
    pub fn open(root: &Path) -> Result<Self, ShelfError> {
        make_folder(root)?;
        let mark = root.join(MARK);
        if !mark.exists() && entries(root)?.next().is_some() {
            return Err(ShelfError::NotAShelf { path: root.into() });
        }
        fs::set_permissions(root, Permissions::from_mode(0o700))
            .map_err(failed("closed to others", root))?;
        let lock = own_file().truncate(false).open(&mark).map_err(failed("opened", &mark))?;
        lock.try_lock().map_err(|reason| match reason {
            TryLockError::WouldBlock => ShelfError::InUse { path: root.into() },
            TryLockError::Error(reason) => failed("locked", &mark)(reason),
        })?;
        erase_all(root)?;
        Ok(Self { root: root.into(), keys: Keyring::default(), _lock: lock })
    }

    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    pub fn keys_mut(&mut self) -> &mut Keyring {
        &mut self.keys
    }

    /// Encrypts what is read, in place of what the slot had; how many bytes that were.
    pub fn put(
        &self,
        task: TaskId,
        slot: Slot,
        from: impl Read,
        now: Instant,
    ) -> Result<u64, ShelfError> {
        let disk = self.disk(task, now)?;
        let folder = self.folder(task);
        make_folder(&folder)?;
        let (path, fresh) = (self.path(task, slot), folder.join(format!("{slot}.new")));
        let mut salt = [0; 32];
        getrandom::fill(&mut salt)?;
        let written = write(&fresh, &salt, &file_key(disk, slot, &salt), from)
            .and_then(|bytes| fs::rename(&fresh, &path).map(|()| bytes));
        written.map_err(|reason| {
            // What is half written is of no use; it goes with its task at the latest.
            let _ = fs::remove_file(&fresh);
            failed("written", &path)(reason)
        })
    }

    /// Decrypts a slot piece by piece. A piece that was altered is an error of the reader's and is
    /// never handed out.
    pub fn read(
        &self,
        task: TaskId,
        slot: Slot,
        now: Instant,
    ) -> Result<Unsealing<File>, ShelfError> {
        let disk = self.disk(task, now)?;
        let path = self.path(task, slot);
        let mut file = match File::open(&path) {
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => {
                return Err(ShelfError::Absent { task, slot });
            }
            opened => opened.map_err(failed("opened", &path))?,
        };
        let mut salt = [0; 32];
        file.read_exact(&mut salt).map_err(failed("read", &path))?;
        Ok(Unsealing::new(BufReader::new(file), file_key(disk, slot, &salt)))
    }

    /// As [`Self::read`], all of it.
    pub fn get(
        &self,
        task: TaskId,
        slot: Slot,
        now: Instant,
    ) -> Result<Zeroizing<Vec<u8>>, ShelfError> {
        let path = self.path(task, slot);
        let mut reader = self.read(task, slot, now)?;
        // A buffer that grows leaves plain bytes behind; the encrypted file is a little longer.
        let room = fs::metadata(&path).map_err(failed("looked at", &path))?.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(room).unwrap_or(0)));
        reader.read_to_end(&mut bytes).map_err(failed("read", &path))?;
        Ok(bytes)
    }

    /// For a task that is acknowledged or given up: its keys first, without which its files say
    /// nothing even where the disk keeps old blocks.
    pub fn erase(&mut self, task: TaskId) -> Result<(), ShelfError> {
        self.keys.forget(task);
        erase_folder(&self.folder(task))
    }

    /// Erases every task whose time is over. The keys of all are gone even where a folder resists.
    pub fn expire(&mut self, now: Instant) -> Result<Vec<TaskId>, ShelfError> {
        let over = self.keys.expire(now);
        let mut erased = Ok(());
        for task in &over {
            erased = erased.and(erase_folder(&self.folder(*task)));
        }
        erased.map(|()| over)
    }

    fn disk(&self, task: TaskId, now: Instant) -> Result<&Secret, ShelfError> {
        self.keys.disk(task, now).ok_or(ShelfError::NotHeld { task })
    }

    fn folder(&self, task: TaskId) -> PathBuf {
        self.root.join(format!("task-{}", task.0))
    }

    fn path(&self, task: TaskId, slot: Slot) -> PathBuf {
        self.folder(task).join(slot.to_string())
    }
}

/// A key for one file as it is written once, so that no key meets a nonce twice.
fn file_key(disk: &Secret, slot: Slot, salt: &[u8; 32]) -> Secret {
    let mut hasher = blake3::Hasher::new_keyed(disk.expose());
    hasher.update(salt);
    hasher.update(slot.to_string().as_bytes());
    let mut hash = hasher.finalize();
    let key = Secret::copied(hash.as_bytes());
    hash.zeroize();
    hasher.zeroize();
    key
}

/// For this user alone, made where there is none.
fn own_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true).mode(0o600);
    options
}

fn write(path: &Path, salt: &[u8; 32], key: &Secret, from: impl Read) -> io::Result<u64> {
    let mut file = own_file().truncate(true).open(path)?;
    file.write_all(salt)?;
    segments::encrypt(key, &mut BufReader::new(from), &mut file)
}

/// For this user alone.
fn make_folder(path: &Path) -> Result<(), ShelfError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("made", path))
}

fn erase_all(root: &Path) -> Result<(), ShelfError> {
    for entry in entries(root)? {
        let entry = entry.map_err(failed("listed", root))?;
        if entry.file_name() == MARK {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type().map_err(failed("looked at", &path))?;
        let erased = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        erased.map_err(failed("erased", &path))?;
    }
    Ok(())
}

fn erase_folder(folder: &Path) -> Result<(), ShelfError> {
    match fs::remove_dir_all(folder) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(()),
        erased => erased.map_err(failed("erased", folder)),
    }
}

fn entries(root: &Path) -> Result<fs::ReadDir, ShelfError> {
    fs::read_dir(root).map_err(failed("listed", root))
}

fn failed<'a>(done: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> ShelfError + 'a {
    move |reason| ShelfError::File { done, path: path.into(), reason }
}

#[cfg(test)]
mod tests;
