use super::*;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// More than any disk has.
const ALL: u64 = u64::MAX;
const MIB: u64 = 1 << 20;

/// A disk with this much left.
fn disk(slots: usize, free: fn(&Path) -> Result<u64, Missing>) -> (TempDir, Disk) {
    let directory = tempfile::tempdir().unwrap();
    let folders = Folders::make(directory.path()).unwrap();
    let reserve = Arc::new(Reserve::new(folders.reserve()));
    let scratch = folders.scratch().unwrap();
    let disk = Disk { free, ..Disk::new(&folders, scratch, slots, reserve) };
    (directory, disk)
}

fn large(_: &Path) -> Result<u64, Missing> {
    Ok(KEPT + 100 * MIB)
}

fn small(_: &Path) -> Result<u64, Missing> {
    Ok(KEPT + LEAST - 1)
}

fn low(_: &Path) -> Result<u64, Missing> {
    Ok(LOW - 1)
}

fn none(_: &Path) -> Result<u64, Missing> {
    Ok(0)
}

fn is_full<T>(result: Result<T, Trouble>) -> bool {
    matches!(result, Err(Trouble::Later(fault)) if fault.failure == Failure::DiskFull)
}

#[test]
fn share_should_leave_as_much_to_each_that_may_still_begin() {
    assert_eq!(share(100, 4, 0), 25);
    assert_eq!(share(75, 4, 1), 25);
    assert_eq!(share(25, 4, 3), 25);
    // One more than there is room for takes nothing from others.
    assert_eq!(share(0, 4, 4), 0);
}

#[test]
fn grant_should_be_what_the_disk_has_left_beside_what_is_kept() {
    let (_directory, disk) = disk(2, large);
    let first = disk.grant(&disk.scratch, ALL).unwrap();
    assert_eq!((first.bytes, first.spare), (50 * MIB, LOW));
    let second = disk.grant(&disk.scratch, ALL).unwrap();
    assert_eq!(second.bytes, 50 * MIB);
    // All is granted, so that nobody else may write.
    assert!(is_full(disk.grant(&disk.scratch, ALL)));
    drop(first);
    assert_eq!(disk.grant(&disk.scratch, ALL).unwrap().bytes, 50 * MIB);
}

#[test]
fn grant_should_be_no_more_than_a_job_needs_and_not_hardly_anything() {
    let (_directory, disk) = disk(1, large);
    assert_eq!(disk.grant(&disk.scratch, 5).unwrap().bytes, 5);
    let disk = Disk { free: small, ..disk };
    assert!(is_full(disk.grant(&disk.scratch, ALL)));
    assert_eq!(disk.grant(&disk.scratch, 5).unwrap().bytes, 5);
    let disk = Disk { free: low, ..disk };
    assert!(is_full(disk.grant(&disk.scratch, 5)));
}

#[test]
fn grant_should_keep_nothing_where_the_journal_is_not() {
    let (_directory, disk) = disk(1, large);
    // A file system that no folder of a test is on.
    let disk = Disk { data: PathBuf::from("/proc"), ..disk };
    let grant = disk.grant(&disk.scratch, ALL).unwrap();
    assert_eq!((grant.bytes, grant.spare), (KEPT + 100 * MIB, 0));
}

#[test]
fn check_should_refuse_when_the_disk_is_about_to_be_full() {
    let (_directory, disk) = disk(1, small);
    assert!(disk.check().is_ok());
    assert!(is_full(Disk { free: low, ..disk }.check()));
}

#[test]
fn renew_should_take_the_reserve_only_where_there_is_room_for_it() {
    let (_directory, disk) = disk(1, small);
    disk.renew();
    assert!(!disk.reserve.is_there());
    let disk = Disk { free: large, ..disk };
    disk.renew();
    assert!(disk.reserve.is_there());
}

#[test]
fn reserve_should_be_lent_when_the_disk_has_nothing_else() {
    let looks: [fn(&Disk); 2] = [Disk::renew, |disk| assert!(is_full(disk.check()))];
    for look in looks {
        let (_directory, disk) = disk(1, large);
        disk.renew();
        assert!(disk.reserve.is_there());
        let disk = Disk { free: none, ..disk };
        look(&disk);
        assert!(!disk.reserve.is_there());
    }
}

#[test]
fn trouble_should_be_said_while_the_disk_has_no_room_and_not_when_it_has_again() {
    let (directory, disk) = disk(1, large);
    assert_eq!((short(LOW), trouble(Path::new("/proc"), &disk.reserve).is_some()), (None, true));
    assert!(short(LOW - 1).is_some_and(|words| words.contains("63 MiB left of 128")));
    let (reserve, full) = (Arc::clone(&disk.reserve), Arc::new(AtomicBool::new(true)));
    let is_full = Arc::clone(&full);
    let writing = thread::spawn(move || {
        reserve.patiently(|| match is_full.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        })
    });
    let said = || trouble(directory.path(), &disk.reserve);
    let begun = Instant::now();
    while !said().is_some_and(|words| words.contains("nothing can be recorded")) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", said());
        thread::sleep(Duration::from_millis(10));
    }
    full.store(false, Ordering::Relaxed);
    writing.join().unwrap().unwrap();
    assert!(!said().is_some_and(|words| words.contains("nothing can be recorded")));
}
