//! Room on the disk that nobody else can take: a file, removed when what the worker has to remember
//! finds no other.

use rustix::{
    fs::{fallocate, FallocateFlags},
    io::Errno,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};
use tracing::{error, info, warn};

/// Steps of thousands of jobs.
pub(crate) const BYTES: u64 = 16 << 20;
/// Between two tries to write to a full disk.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    /// Whether nobody is to wait any more.
    ends: AtomicBool,
    /// How many wait.
    waiting: AtomicUsize,
}

impl Reserve {
    /// In this file, which is there from [`Self::fill`] on.
    pub fn new(path: PathBuf) -> Self {
        Self { path, ends: AtomicBool::new(false), waiting: AtomicUsize::new(0) }
    }

    /// Takes the room, if it is not taken already.
    pub fn fill(&self) -> io::Result<()> {
        if self.is_there() {
            return Ok(());
        }
        let filled = self.take();
        if filled.is_err() {
            self.release();
        }
        filled
    }

    fn take(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&self.path)?;
        match fallocate(&file, FallocateFlags::empty(), 0, BYTES) {
            Err(Errno::OPNOTSUPP) => write(&file),
            taken => Ok(taken?),
        }
    }

    /// Whether all of it is on disk: a process may have been killed while it took it.
    pub fn is_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.blocks().saturating_mul(512) >= BYTES)
    }

    /// Gives the room to whoever is faster; whether there was any.
    pub fn release(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }

    /// Has nobody wait any more: the process is about to end.
    pub fn end(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    /// Whether anybody waits for room.
    pub fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Does it again, first with this room and then every so often, until the disk is not full.
    pub fn patiently(&self, mut write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let mut waits = false;
        loop {
            match write() {
                Err(reason) if is_full(&reason) && !self.ends.load(Ordering::Relaxed) => {
                    if self.release() {
                        warn!("the disk of '{}' is full: the reserve is used", self.path.display());
                        continue;
                    }
                    if !waits {
                        error!(
                            "the disk of '{}' is full, and nothing can be recorded ({reason}); \
                             make room, and the worker goes on",
                            self.path.display()
                        );
                        self.waiting.fetch_add(1, Ordering::Relaxed);
                    }
                    waits = true;
                    pause();
                }
                done => {
                    if waits {
                        self.waiting.fetch_sub(1, Ordering::Relaxed);
                    }
                    if waits && done.is_ok() {
                        info!("the disk has room again");
                    }
                    return done;
                }
            }
        }
    }
}

/// For a file system that takes no room before it is written to.
fn write(mut file: &File) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(BYTES), &mut file).map(drop)
}

/// Whether it says that a disk has no room, or that this user may have no more of it.
pub(crate) fn is_full(reason: &io::Error) -> bool {
    matches!(reason.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Lets other tasks of this thread go on elsewhere.
fn pause() {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(|| thread::sleep(PAUSE)),
        _ => thread::sleep(PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn reserve() -> (tempfile::TempDir, Reserve) {
        let directory = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(directory.path().join("reserve"));
        (directory, reserve)
    }

    fn full() -> io::Result<()> {
        Err(ErrorKind::StorageFull.into())
    }

    #[test]
    fn fill_should_take_room_on_the_disk_and_not_a_length_alone() {
        let (directory, reserve) = reserve();
        assert!(!reserve.is_there());
        // What a process leaves that was killed while it took it.
        File::create(directory.path().join("reserve")).unwrap().set_len(BYTES).unwrap();
        assert!(!reserve.is_there());
        reserve.fill().unwrap();
        assert!(reserve.is_there());
        write(&File::create(directory.path().join("written")).unwrap()).unwrap();
        let written = fs::metadata(directory.path().join("written")).unwrap();
        assert_eq!(written.len(), BYTES);
    }

    #[test]
    fn patiently_should_use_the_reserve_first_when_the_disk_is_full() {
        let (_directory, reserve) = reserve();
        reserve.fill().unwrap();
        let mut tries = 0;
        let done = reserve.patiently(|| {
            tries += 1;
            match reserve.is_there() {
                true => full(),
                false => Ok(()),
            }
        });
        assert!(done.is_ok());
        assert_eq!(tries, 2);
    }

    #[test]
    fn patiently_should_wait_for_room_when_there_is_no_reserve() {
        let (_directory, reserve) = reserve();
        let mut left = 3;
        let done = reserve.patiently(|| {
            left -= 1;
            match left {
                0 => Ok(()),
                _ => full(),
            }
        });
        assert!(done.is_ok());
        assert_eq!(left, 0);
    }

    #[test]
    fn patiently_should_fail_when_the_process_ends_or_something_else_is_wrong() {
        let (_directory, reserve) = reserve();
        let denied = reserve.patiently(|| Err(ErrorKind::PermissionDenied.into()));
        assert_eq!(denied.unwrap_err().kind(), ErrorKind::PermissionDenied);
        let reserve = Arc::new(reserve);
        let ending = Arc::clone(&reserve);
        assert!(!reserve.is_waited_for());
        let ended = thread::spawn(move || ending.patiently(full));
        thread::sleep(PAUSE / 2);
        assert!(!ended.is_finished() && reserve.is_waited_for());
        reserve.end();
        let reason = ended.join().unwrap().unwrap_err();
        assert_eq!(reason.kind(), ErrorKind::StorageFull);
        assert!(!reserve.is_waited_for());
    }
}
