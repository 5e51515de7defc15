//! What the parent sees of a child from outside, whatever the child says.

use nix::sys::statvfs::statvfs;
use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// Bytes that a name in a folder is counted as.
const NAME: u64 = 4_096;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Seen {
    /// Bytes of its own, also those swapped out.
    pub memory: u64,
    pub tasks: u64,
}

/// What a process uses; nothing once it has ended.
pub(crate) fn process(id: u32) -> Seen {
    parse(&fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default())
}

fn parse(status: &str) -> Seen {
    let kilobytes =
        ["RssAnon", "RssShmem", "VmSwap"].map(|name| field(status, name).unwrap_or_default());
    Seen {
        memory: kilobytes.iter().sum::<u64>().saturating_mul(1_024),
        tasks: field(status, "Threads").unwrap_or_default(),
    }
}

/// The first number of a line.
fn field(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// How many threads all processes of a user have.
pub(crate) fn tasks_of(user: u32) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    processes
        .flatten()
        .filter(|process| {
            process.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit)
        })
        .filter_map(|process| fs::read_to_string(process.path().join("status")).ok())
        .filter(|status| field(status, "Uid") == Some(u64::from(user)))
        .map(|status| field(&status, "Threads").unwrap_or_default())
        .sum()
}

/// Bytes on disk of a folder without folders in it; each name takes some, so that there cannot be
/// any number of them.
pub(crate) fn folder(path: &Path) -> u64 {
    let Ok(files) = fs::read_dir(path) else { return 0 };
    files
        .flatten()
        .filter_map(|file| file.metadata().ok())
        .map(|file| (file.blocks() * 512).saturating_add(NAME))
        .fold(0, u64::saturating_add)
}

/// Bytes that the disk of a folder has left; none where it does not say.
pub(crate) fn left(path: &Path) -> Option<u64> {
    let disk = statvfs(path).ok()?;
    Some(disk.blocks_available().saturating_mul(disk.fragment_size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_should_count_what_is_the_process_own() {
        let status = "Name:\tThreads: 9\nUid:\t1000\t0\t0\t0\nVmRSS:\t  9000 kB\n\
                      RssAnon:\t     100 kB\nRssFile:\t  8000 kB\nRssShmem:\t      20 kB\n\
                      VmSwap:\t       3 kB\nThreads:\t4\n";
        assert_eq!(parse(status), Seen { memory: 123 * 1_024, tasks: 4 });
        assert_eq!(field(status, "Uid"), Some(1_000));
    }

    #[test]
    fn process_should_be_seen_when_it_is_this_one() {
        let seen = process(std::process::id());
        assert!(seen.memory > 0 && seen.tasks > 0, "{seen:?}");
        assert_eq!(process(u32::MAX), Seen::default());
    }

    #[test]
    fn scratch_should_grow_when_files_are_written() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(folder(scratch.path()), 0);
        fs::write(scratch.path().join("empty"), []).unwrap();
        assert_eq!(folder(scratch.path()), NAME);
        fs::write(scratch.path().join("full"), vec![1; 100_000]).unwrap();
        assert!(folder(scratch.path()) >= 100_000);
    }

    #[test]
    fn left_should_be_known_of_a_disk_and_of_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        assert!(left(scratch.path()).unwrap() > 0);
        assert_eq!(left(Path::new("/proc")), Some(0));
        assert_eq!(left(&scratch.path().join("missing")), None);
    }
}
