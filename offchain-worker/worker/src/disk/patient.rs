//! A database whose writes wait while the disk is full. Without that a write that fails once makes
//! the whole database unusable until it is opened anew.

use super::reserve::Reserve;
use redb::{backends::FileBackend, BackendError, Database, StorageBackend};
use std::{fs::OpenOptions, io, ops::Bound, path::Path, sync::Arc};

#[derive(Debug)]
struct Patient<B> {
    file: B,
    reserve: Arc<Reserve>,
}

/// Opens the database in this file, which is made if there is none.
pub(crate) fn open(path: &Path, reserve: &Arc<Reserve>) -> Result<Database, redb::Error> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
    on(FileBackend::new(file)?, reserve)
}

fn on(file: impl StorageBackend, reserve: &Arc<Reserve>) -> Result<Database, redb::Error> {
    let backend = Patient { file, reserve: Arc::clone(reserve) };
    Ok(Database::builder().create_with_backend(backend)?)
}

impl<B: StorageBackend> StorageBackend for Patient<B> {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.reserve.patiently(|| self.file.set_len(len))
    }

    /// Once: what a second try says of what the first one lost is not to be trusted.
    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.reserve.patiently(|| self.file.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::testing::{GENESIS, ME},
        journal::{Journal, Step},
        work::testing::seat,
    };
    use cairn_store::{Archive, Quota, Store};
    use std::{
        io::ErrorKind,
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::Duration,
    };
    use tokio::time::sleep;

    /// A disk that can be filled.
    #[derive(Debug)]
    struct Small {
        file: FileBackend,
        is_full: Arc<AtomicBool>,
    }

    impl StorageBackend for Small {
        fn len(&self) -> io::Result<u64> {
            self.file.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.file.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.file.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.file.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            match self.is_full.load(Ordering::Relaxed) {
                true => Err(ErrorKind::StorageFull.into()),
                false => self.file.write(offset, data),
            }
        }
    }

    impl Small {
        /// In this file, and what fills it.
        fn new(path: &Path) -> (Self, Arc<AtomicBool>) {
            let is_full: Arc<AtomicBool> = Arc::default();
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
            let file = FileBackend::new(file.unwrap()).unwrap();
            (Self { file, is_full: Arc::clone(&is_full) }, is_full)
        }
    }

    #[test]
    fn journal_should_record_once_there_is_room_when_the_disk_was_full() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let reserve = Arc::new(Reserve::new(at("reserve")));
        let (disk, is_full) = Small::new(&at("journal"));
        let journal = Journal::on(on(disk, &reserve).unwrap(), &GENESIS, ME).unwrap();

        is_full.store(true, Ordering::Relaxed);
        let noting = thread::spawn(move || {
            journal.advance(seat(3), Step::Seen { terms: [5; 32] }).unwrap();
            journal.entry(seat(3)).unwrap()
        });
        thread::sleep(Duration::from_millis(100));
        assert!(!noting.is_finished(), "nothing can be recorded yet");
        is_full.store(false, Ordering::Relaxed);
        assert_eq!(noting.join().unwrap().unwrap().terms, [5; 32]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn store_should_take_files_once_there_is_room_when_the_disk_was_full() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let reserve = Arc::new(Reserve::new(at("reserve")));
        let (disk, is_full) = Small::new(&at("ledger"));
        let archive = Archive::open(at("archive").to_str().unwrap(), &[]).unwrap();
        let ledger = move |_: &Path| on(disk, &reserve);
        let quota = Quota(1 << 20);
        let store = Store::open_with(&at("store"), quota, archive, None, ledger).await.unwrap();
        let store = Arc::new(store);

        is_full.store(true, Ordering::Relaxed);
        let putting = Arc::clone(&store);
        let putting = tokio::spawn(async move { putting.put(vec![1; 100]).await });
        sleep(Duration::from_millis(200)).await;
        assert!(!putting.is_finished(), "what the store notes cannot be written yet");
        is_full.store(false, Ordering::Relaxed);
        let file = putting.await.unwrap().unwrap();
        assert!(store.has(&file));
        store.pin(&file, "a job").await.unwrap();
        assert_eq!(store.pins().len(), 1);
    }

    #[test]
    fn open_should_refuse_a_file_that_another_process_has() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let reserve = Arc::new(Reserve::new(directory.path().join("reserve")));
        let _first = open(&path, &reserve).unwrap();
        assert!(open(&path, &reserve).is_err());
    }
}
