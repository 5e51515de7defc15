//! Secrets that outlive a process, in files that their user alone can read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("'{path}' cannot be {done} ({reason}); see that its disk is there, has room, and that this user may")]
    File { done: &'static str, path: PathBuf, reason: io::Error },
    #[error("'{path}' may be read by others ({mode:03o}); run chmod 600 on it")]
    Exposed { path: PathBuf, mode: u32 },
    #[error("'{path}' is no key file of this program, or a part of it is missing; look for a copy of it")]
    Malformed { path: PathBuf },
    #[error("the system gives no randomness ({0}); no key may be made without")]
    NoRandomness(getrandom::Error),
}

impl From<getrandom::Error> for FileError {
    fn from(reason: getrandom::Error) -> Self {
        Self::NoRandomness(reason)
    }
}

impl FileError {
    /// Whether it is that there is no such file.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::File { reason, .. } if reason.kind() == io::ErrorKind::NotFound)
    }
}

/// A new file, which is whole as soon as it is there. One that is there already stays.
pub(crate) fn create(path: &Path, mark: &[u8], secret: &[u8]) -> Result<(), FileError> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let written = write(&fresh, mark, secret).and_then(|()| fs::hard_link(&fresh, path));
    // Whatever came of it, nobody needs the second name.
    let _ = fs::remove_file(&fresh);
    written.map_err(failed("written", path))
}

fn write(path: &Path, mark: &[u8], secret: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(mark)?;
    file.write_all(secret)?;
    file.sync_all()
}

/// What stands behind the mark, if it has this length and nobody else can read it.
pub(crate) fn read<const BYTES: usize>(
    path: &Path,
    mark: &[u8],
) -> Result<Zeroizing<[u8; BYTES]>, FileError> {
    let file = File::open(path).map_err(failed("opened", path))?;
    let found = file.metadata().map_err(failed("looked at", path))?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FileError::Exposed { path: path.into(), mode });
    }
    let most = mark.len() + BYTES + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most));
    file.take(most as u64).read_to_end(&mut bytes).map_err(failed("read", path))?;
    let secret = bytes.strip_prefix(mark).and_then(|rest| rest.try_into().ok());
    secret.map(Zeroizing::new).ok_or_else(|| FileError::Malformed { path: path.into() })
}

fn failed<'a>(done: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FileError + 'a {
    move |reason| FileError::File { done, path: path.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use tempfile::TempDir;

    const MARK: &[u8] = b"mark-1";

    fn written() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        create(&path, MARK, &[7; 32]).unwrap();
        (folder, path)
    }

    #[test]
    fn read_should_give_back_what_was_created_for_its_user_alone() {
        let (folder, path) = written();
        assert_eq!(*read::<32>(&path, MARK).unwrap(), [7; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn create_should_not_write_over_a_secret_that_is_there() {
        let (_folder, path) = written();
        assert!(matches!(create(&path, MARK, &[8; 32]), Err(FileError::File { .. })));
        assert_eq!(*read::<32>(&path, MARK).unwrap(), [7; 32]);
    }

    #[test]
    fn read_should_refuse_when_others_can_read_it() {
        let (_folder, path) = written();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read::<32>(&path, MARK), Err(FileError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn read_should_refuse_what_is_cut_off_too_long_or_another() {
        let (_folder, path) = written();
        let whole = fs::read(&path).unwrap();
        for bytes in [whole[..37].to_vec(), [&whole[..], &[0]].concat(), whole[1..].to_vec()] {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(read::<32>(&path, MARK), Err(FileError::Malformed { .. })));
        }
        fs::remove_file(&path).unwrap();
        assert!(read::<32>(&path, MARK).unwrap_err().is_absent());
    }
}
