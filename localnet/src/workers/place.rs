//! Where workers keep what jobs read.
//!
//! Jobs of a worker that is root run as users of their own, who have to be able to enter each
//! folder above what they read. Root's home often lets nobody in.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sp_crypto_hashing::blake2_64;

use crate::{Error, Result};

/// Whoever is root may write there, and everyone may enter.
const OUTSIDE: &str = "/var/lib/cairn";
/// That others may enter a folder.
const ENTER: u32 = 0o001;

/// Below the directory of the network, or elsewhere where jobs could not get there.
pub(super) fn home(root: &Path) -> Result<PathBuf> {
    let home = match is_root() && !is_open(root) {
        true => outside(root),
        false => root.join("workers"),
    };
    fs::create_dir_all(&home).map_err(Error::io("create", &home))?;
    Ok(home)
}

/// Deletes what this network has elsewhere.
pub(super) fn discard(root: &Path) -> Result<()> {
    // Nothing is there where the network is not.
    let Ok(root) = root.canonicalize() else { return Ok(()) };
    let home = outside(&root);
    match fs::remove_dir_all(&home) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("delete", &home)(error)),
        _ => Ok(()),
    }
}

/// Another place for each network.
fn outside(root: &Path) -> PathBuf {
    let name = blake2_64(root.as_os_str().as_encoded_bytes());
    Path::new(OUTSIDE).join(format!("localnet-{:016x}", u64::from_be_bytes(name)))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Whether others may enter the folder and all above it.
fn is_open(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|one| fs::metadata(one).is_ok_and(|found| found.permissions().mode() & ENTER != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_open_should_not_hold_when_a_folder_above_lets_nobody_in() {
        let root = std::env::temp_dir().join(format!("cairn-place-{}", std::process::id()));
        let below = root.join("below");
        fs::create_dir_all(&below).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&below, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(is_open(&below));
        fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_open(&below));
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn outside_should_be_another_place_for_another_network() {
        assert_ne!(outside(Path::new("/a")), outside(Path::new("/b")));
        assert!(outside(Path::new("/a")).starts_with(OUTSIDE));
    }
}
