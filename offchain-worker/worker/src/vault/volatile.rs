//! Where sealed jobs write: in memory, so that no disk keeps what they left.

use super::NoVault;
use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// What the system has for everybody.
const SHARED: &str = "/dev/shm";
/// How the kernel numbers file systems that are in memory.
const TMPFS: i64 = 0x0102_1994;
const RAMFS: i64 = 0x8584_58f6;
/// Jobs that are users of their own pass through to their folders, and see no others.
const PASSABLE: u32 = 0o711;

/// An empty folder in memory, of this worker alone: what a crash left in it is erased.
pub(super) fn make(named: Option<&Path>, data: &Path) -> Result<PathBuf, NoVault> {
    let parent = parent(named, data)?;
    // Found again by the next process on the same data, and by no other.
    let name = blake3::hash(data.as_os_str().as_encoded_bytes()).to_hex();
    let folder = parent.join(format!("cairn-{}", &name[..16]));
    match renew(&folder) {
        Ok(()) => Ok(folder),
        Err(reason) => Err(NoVault::Volatile { path: folder, reason }),
    }
}

/// The folder that it is in.
pub(crate) fn parent(named: Option<&Path>, data: &Path) -> Result<PathBuf, NoVault> {
    let parent = match named {
        Some(named) => named,
        None if is_in_memory(data).unwrap_or(false) => data,
        None => Path::new(SHARED),
    };
    let failed = |reason| NoVault::Volatile { path: parent.into(), reason };
    if is_in_memory(parent).map_err(failed)? {
        parent.canonicalize().map_err(failed)
    } else {
        Err(NoVault::OnDisk { path: parent.into() })
    }
}

fn renew(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(reason) if reason.kind() != ErrorKind::NotFound => return Err(reason),
        _ => {}
    }
    // Fails where somebody else was faster, who could see what is in it.
    DirBuilder::new().mode(PASSABLE).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(PASSABLE))
}

fn is_in_memory(folder: &Path) -> io::Result<bool> {
    let system = rustix::fs::statfs(folder)?;
    Ok([TMPFS, RAMFS].contains(&system.f_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn make_should_refuse_a_folder_that_is_on_disk_or_missing() {
        let data = Path::new("/data");
        let refused = make(Some(Path::new("/proc")), data);
        assert!(matches!(&refused, Err(NoVault::OnDisk { .. })), "{refused:?}");
        assert!(refused.unwrap_err().to_string().contains("--volatile"));
        let refused = make(Some(Path::new("/nowhere/at/all")), data);
        assert!(matches!(refused, Err(NoVault::Volatile { .. })), "{refused:?}");
    }

    #[test]
    fn make_should_erase_what_a_crash_left_and_nothing_else() {
        // Every machine that tests run on has it.
        let shared = tempfile::tempdir_in(SHARED).unwrap();
        let of = |data: &str| make(Some(shared.path()), Path::new(data)).unwrap();
        let (mine, others) = (of("/a"), of("/b"));
        assert_ne!(mine, others);
        for folder in [&mine, &others] {
            fs::create_dir(folder.join("cairn-job-1")).unwrap();
            fs::write(folder.join("cairn-job-1/output"), "plain").unwrap();
        }
        assert_eq!(of("/a"), mine);
        assert_eq!(fs::read_dir(&mine).unwrap().count(), 0);
        assert_eq!(fs::read_dir(&others).unwrap().count(), 1);
        assert_eq!(fs::metadata(&mine).unwrap().permissions().mode() & 0o777, PASSABLE);
    }

    #[test]
    fn make_should_take_the_data_folder_when_that_is_in_memory() {
        let data = tempfile::tempdir_in(SHARED).unwrap();
        let folder = make(None, data.path()).unwrap();
        assert_eq!(folder.parent(), Some(data.path()));
    }
}
