use super::{segments::SEGMENT, *};
use std::time::Duration;
use tempfile::TempDir;

const TASK: TaskId = TaskId(7);
const SECOND: Duration = Duration::from_secs(1);
const HEADER: usize = 32;

struct Set {
    folder: TempDir,
    shelf: Shelf,
    now: Instant,
}

/// A shelf with a task in hand for a second.
fn set() -> Set {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, now) = (Shelf::open(folder.path()).unwrap(), Instant::now());
    shelf.keys_mut().hold(TASK, now + SECOND).unwrap();
    Set { folder, shelf, now }
}

impl Set {
    fn put(&self, slot: Slot, bytes: &[u8]) {
        assert_eq!(self.shelf.put(TASK, slot, bytes, self.now).unwrap(), bytes.len() as u64);
    }

    fn get(&self, slot: Slot) -> Result<Zeroizing<Vec<u8>>, ShelfError> {
        self.shelf.get(TASK, slot, self.now)
    }

    fn path(&self, slot: Slot) -> PathBuf {
        self.shelf.path(TASK, slot)
    }

    /// Writes a file anew as `change` makes it, and expects that it is refused.
    fn expect_refused(&self, slot: Slot, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(slot)).unwrap();
        change(&mut bytes);
        fs::write(self.path(slot), bytes).unwrap();
        let Err(ShelfError::File { reason, .. }) = self.get(slot) else {
            panic!("an altered file was read");
        };
        assert_eq!(reason.kind(), io::ErrorKind::InvalidData);
    }
}

fn pattern(count: usize) -> Vec<u8> {
    (0..=250).cycle().take(count).collect()
}

#[test]
fn get_should_give_back_what_was_put_around_every_edge_of_a_segment() {
    let set = set();
    for count in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 2 * SEGMENT + 5] {
        let bytes = pattern(count);
        set.put(Slot::Payload, &bytes);
        assert_eq!(*set.get(Slot::Payload).unwrap(), bytes);
    }
}

#[test]
fn read_should_give_back_what_was_put_piece_by_piece() {
    let set = set();
    let bytes = pattern(SEGMENT + 77);
    set.put(Slot::Result, &bytes);
    let mut reader = set.shelf.read(TASK, Slot::Result, set.now).unwrap();
    let (mut have, mut piece) = (Vec::new(), [0; 1_000]);
    loop {
        let count = reader.read(&mut piece).unwrap();
        if count == 0 {
            break;
        }
        have.extend_from_slice(&piece[..count]);
    }
    assert_eq!(have, bytes);
}

#[test]
fn disk_should_not_have_what_was_put() {
    let set = set();
    let secret = b"something that nobody else may read";
    set.put(Slot::Payload, secret);
    set.put(Slot::Result, secret);
    for slot in [Slot::Payload, Slot::Result] {
        let stored = fs::read(set.path(slot)).unwrap();
        assert!(!stored.windows(8).any(|bytes| secret.windows(8).any(|part| part == bytes)));
    }
}

#[test]
fn files_should_be_for_their_user_alone() {
    let set = set();
    set.put(Slot::Payload, b"secret");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(set.folder.path()), 0o700);
    assert_eq!(mode(&set.shelf.folder(TASK)), 0o700);
    assert_eq!(mode(&set.path(Slot::Payload)), 0o600);
}

#[test]
fn put_should_encrypt_anew_each_time() {
    let set = set();
    set.put(Slot::Payload, b"same");
    let first = fs::read(set.path(Slot::Payload)).unwrap();
    set.put(Slot::Payload, b"same");
    let second = fs::read(set.path(Slot::Payload)).unwrap();
    assert_eq!(first.len(), second.len());
    assert_ne!(first[HEADER..], second[HEADER..]);
}

#[test]
fn get_should_fail_when_a_file_was_altered() {
    let set = set();
    for at in [0, HEADER, HEADER + SEGMENT, HEADER + SEGMENT + 30] {
        set.put(Slot::Payload, &pattern(2 * SEGMENT));
        set.expect_refused(Slot::Payload, |bytes| bytes[at] ^= 1);
    }
}

#[test]
fn get_should_fail_when_segments_are_cut_off_moved_or_left_out() {
    let (set, sealed) = (set(), SEGMENT + 16);
    let put = || set.put(Slot::Payload, &pattern(3 * SEGMENT));
    put();
    set.expect_refused(Slot::Payload, |bytes| bytes.truncate(HEADER + 2 * sealed));
    put();
    set.expect_refused(Slot::Payload, |bytes| bytes.truncate(HEADER));
    put();
    set.expect_refused(Slot::Payload, |bytes| {
        bytes.drain(HEADER..HEADER + sealed);
    });
    put();
    set.expect_refused(Slot::Payload, |bytes| {
        bytes[HEADER..HEADER + 2 * sealed].rotate_left(sealed);
    });
}

#[test]
fn get_should_fail_when_a_file_is_put_in_place_of_another() {
    let set = set();
    set.put(Slot::Payload, b"one");
    set.put(Slot::Result, b"two");
    let other = fs::read(set.path(Slot::Result)).unwrap();
    set.expect_refused(Slot::Payload, |bytes| *bytes = other);
}

#[test]
fn acknowledged_task_should_be_erased() {
    let mut set = set();
    set.put(Slot::Payload, b"secret");
    let folder = set.shelf.folder(TASK);
    set.shelf.erase(TASK).unwrap();
    assert!(!folder.exists());
    assert!(matches!(set.get(Slot::Payload), Err(ShelfError::NotHeld { task: TASK })));
    // A second time finds nothing, which is as well.
    set.shelf.erase(TASK).unwrap();
}

#[test]
fn erased_task_should_stay_unread_when_a_disk_keeps_its_file() {
    let mut set = set();
    set.put(Slot::Payload, b"secret");
    let kept = fs::read(set.path(Slot::Payload)).unwrap();
    set.shelf.erase(TASK).unwrap();
    set.shelf.keys_mut().hold(TASK, set.now + SECOND).unwrap();
    set.put(Slot::Payload, b"other");
    set.expect_refused(Slot::Payload, |bytes| *bytes = kept);
}

#[test]
fn expired_task_should_be_erased_and_others_spared() {
    let mut set = set();
    let (other, later) = (TaskId(8), set.now + SECOND);
    set.shelf.keys_mut().hold(other, later + SECOND).unwrap();
    set.put(Slot::Payload, b"secret");
    set.shelf.put(other, Slot::Payload, &b"spared"[..], set.now).unwrap();
    assert!(matches!(
        set.shelf.get(TASK, Slot::Payload, later),
        Err(ShelfError::NotHeld { task: TASK })
    ));
    assert_eq!(set.shelf.expire(later).unwrap(), [TASK]);
    assert!(!set.shelf.folder(TASK).exists());
    assert_eq!(set.shelf.get(other, Slot::Payload, later).unwrap().as_slice(), b"spared");
}

#[test]
fn open_should_erase_what_a_crash_left() {
    let Set { folder, shelf, now } = set();
    shelf.put(TASK, Slot::Payload, &b"secret"[..], now).unwrap();
    let left = shelf.path(TASK, Slot::Payload);
    fs::write(folder.path().join("stray"), b"half").unwrap();
    drop(shelf);
    assert!(left.exists());
    Shelf::open(folder.path()).unwrap();
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [MARK]);
}

#[test]
fn open_should_refuse_a_folder_with_files_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thesis");
    fs::write(&file, b"the only copy").unwrap();
    assert!(matches!(Shelf::open(folder.path()), Err(ShelfError::NotAShelf { .. })));
    assert!(file.exists());
}

#[test]
fn open_should_refuse_a_shelf_in_use() {
    let set = set();
    set.put(Slot::Payload, b"secret");
    assert!(matches!(Shelf::open(set.folder.path()), Err(ShelfError::InUse { .. })));
    assert_eq!(set.get(Slot::Payload).unwrap().as_slice(), b"secret");
}

#[test]
fn get_should_say_so_when_there_is_no_such_file() {
    let absent = set().get(Slot::Result);
    assert!(matches!(absent, Err(ShelfError::Absent { task: TASK, slot: Slot::Result })));
}

#[test]
fn put_should_leave_nothing_when_its_source_fails() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the source is gone"))
        }
    }
    let set = set();
    set.put(Slot::Payload, b"before");
    let failed = set.shelf.put(TASK, Slot::Payload, Broken, set.now);
    assert!(matches!(failed, Err(ShelfError::File { done: "written", .. })));
    assert_eq!(fs::read_dir(set.shelf.folder(TASK)).unwrap().count(), 1);
    assert_eq!(set.get(Slot::Payload).unwrap().as_slice(), b"before");
}
