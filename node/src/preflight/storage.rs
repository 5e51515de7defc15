//! Is there a disk to write to?

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use crate::error::StartFault;

/// Free space below which the node neither starts nor goes on.
///
/// ParityDB writes through memory maps of sparse files: on a full disk such a write kills the
/// process in the middle of a block. Stopping while there is room keeps the database whole.
const LEAST_FREE_BYTES: u64 = 128 * MIB;

const MIB: u64 = 1024 * 1024;

/// Time between two looks at the disk: at a gigabyte a minute it sees the end coming.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// A block of the usual file systems, so that a full one has to refuse it.
const PROBE_BYTES: [u8; 4096] = [0; 4096];

/// Refuses a base path that cannot hold the chain.
///
/// Nothing is created below the path: the probe is written to, and removed from, its nearest
/// directory that exists.
pub fn check(base_path: &Path) -> Result<(), StartFault> {
    let ground = nearest_existing(base_path);
    probe(&ground).map_err(|cause| StartFault::BasePath {
        path: base_path.into(),
        advice: advice(&cause),
        cause,
    })?;
    match free_bytes(&ground) {
        Ok(free) if free < LEAST_FREE_BYTES => Err(StartFault::SpaceShort {
            path: base_path.into(),
            free_mib: free / MIB,
            needed_mib: LEAST_FREE_BYTES / MIB,
        }),
        // A file system that does not tell is trusted, as the probe went through.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Ends when the disk is nearly full, so that the node stops while it can do so cleanly.
pub async fn watch(base_path: PathBuf) {
    loop {
        futures_timer::Delay::new(WATCH_INTERVAL).await;
        match free_bytes(&base_path) {
            Ok(free) if free < LEAST_FREE_BYTES => {
                log::error!(
                    "only {} MiB are free at {}: stopping before the database is harmed",
                    free / MIB,
                    base_path.display(),
                );
                return;
            }
            Ok(_) => {}
            Err(cause) => log::debug!("cannot tell the free space: {cause}"),
        }
    }
}

fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors()
        // The last ancestor of a relative path is empty and means the working directory.
        .map(|ancestor| if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor })
        .find(|ancestor| ancestor.symlink_metadata().is_ok())
        .unwrap_or(path)
        .into()
}

fn probe(directory: &Path) -> io::Result<()> {
    let file = directory.join(format!(".cairn-write-probe-{}", process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&file)
        .and_then(|mut file| file.write_all(&PROBE_BYTES).and_then(|()| file.sync_all()));
    let removed = fs::remove_file(&file);
    written.and(removed)
}

fn free_bytes(path: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(path)?;
    Ok(match space.f_blocks {
        // A file system without a size, such as an unlimited tmpfs.
        0 => u64::MAX,
        _ => space.f_bavail.saturating_mul(space.f_frsize),
    })
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space there, or choose another directory with --base-path"
        }
        ErrorKind::PermissionDenied => {
            "let the user who runs the node write there, or choose another directory with \
             --base-path"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "mount the disk for writing, or choose another directory with --base-path"
        }
        ErrorKind::NotADirectory => {
            "a part of the path is a file: choose a directory with --base-path"
        }
        _ => "choose another directory with --base-path",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn check_should_pass_and_leave_no_trace_when_the_directory_is_writable() {
        let directory = TempDir::new().unwrap();
        check(directory.path()).unwrap();
        check(&directory.path().join("a/b/c")).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn check_should_refuse_when_a_part_of_the_path_is_a_file() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("chain")] {
            let fault = check(&path).unwrap_err().to_string();
            assert!(fault.contains("a part of the path is a file"), "{fault}");
            assert!(fault.contains(&path.display().to_string()), "{fault}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn check_should_refuse_when_the_file_system_takes_no_files() {
        assert!(matches!(check(Path::new("/proc/cairn")), Err(StartFault::BasePath { .. })));
    }

    #[test]
    fn nearest_existing_should_be_the_working_directory_when_a_relative_path_is_new() {
        assert_eq!(nearest_existing(Path::new("no-such-directory/chain")), Path::new("."));
    }

    #[test]
    fn advice_should_differ_when_the_disk_is_full_or_forbidden() {
        let told = |kind: ErrorKind| advice(&io::Error::from(kind));
        assert!(told(ErrorKind::StorageFull).contains("free some space"));
        assert!(told(ErrorKind::PermissionDenied).contains("let the user"));
        assert!(told(ErrorKind::ReadOnlyFilesystem).contains("mount the disk"));
    }
}
