//! Files that are there as a whole or not at all, also after a loss of power.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// Writes a file, all of which is on disk then.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Copies a file with its permissions. All of it is on disk then.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let (mut from, mut file) = (File::open(from)?, File::create(to)?);
    io::copy(&mut from, &mut file)?;
    file.set_permissions(from.metadata()?.permissions())?;
    file.sync_all()
}

/// Writes a file so that there is the old one or the new one, never half of it. It may speak of
/// files beside it: their names are on disk before its own is.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    write(&beside, bytes)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    keep(folder)?;
    fs::rename(&beside, path)?;
    // The rename itself lasts once its folder is written.
    keep(folder)
}

/// Has the names of a folder's files on disk.
fn keep(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn replace_should_leave_the_old_file_when_the_new_one_is_not_written_whole() {
        let home = TempDir::new().expect("a folder");
        let path = home.path().join("it.json");
        replace(&path, b"old").expect("written");
        // In the way of what is written beside it.
        let beside = home.path().join("it.new");
        fs::create_dir(&beside).expect("made");
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read(&path).expect("bytes"), b"old");
        fs::remove_dir(&beside).expect("removed");
        replace(&path, b"new").expect("written");
        assert_eq!(fs::read(&path).expect("bytes"), b"new");
        assert!(!beside.exists());
    }

    #[test]
    fn copy_should_be_what_it_is_of_when_that_is_not_to_be_written_to() {
        let home = TempDir::new().expect("a folder");
        let [from, to] = ["from", "to"].map(|name| home.path().join(name));
        fs::write(&from, b"rules").expect("written");
        let mut permissions = fs::metadata(&from).expect("a file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&from, permissions).expect("set");
        copy(&from, &to).expect("copied");
        assert_eq!(fs::read(&to).expect("bytes"), b"rules");
        assert!(fs::metadata(&to).expect("a file").permissions().readonly());
    }
}
