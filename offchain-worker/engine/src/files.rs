//! Files that are there as a whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// Writes a file so that there is the old one or the new one, never half of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes).and_then(|()| file.sync_all())?;
    fs::rename(&beside, path)?;
    // The rename itself lasts once its folder is written.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match cfg!(unix) {
        true => File::open(folder.unwrap_or(Path::new(".")))?.sync_all(),
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
}
