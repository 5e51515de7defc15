//! Files by what they hold: fetched from an archive that is not trusted, published to it.
//!
//! An archive is a folder of files that are called by the lower-case hexadecimal digits of their
//! BLAKE3. Whatever comes from there is hashed on its way into the store, so that all that is there
//! is what it is called.

use cairn_protocol::{
    chunk::content,
    id::{ContentId, File},
};
use std::{
    fs::{self, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::{Builder, NamedTempFile, TempDir};

/// Left free on the disk of the store, for journals and logs.
const SPARE: u64 = 256 << 20;
const PART: usize = 1 << 16;
/// Jobs run as users of their own, who have to read what they are given.
const READABLE: u32 = 0o644;
const ENTERABLE: u32 = 0o755;

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    #[error("{} is not in the archive", hex(id))]
    Absent { id: ContentId },
    #[error("{} has {have} bytes in the archive, and {need} were named", hex(id))]
    Length { id: ContentId, need: u64, have: u64 },
    #[error("{} holds something else in the archive", hex(id))]
    Content { id: ContentId },
    #[error("{} has {need} bytes, and the disk has room for {have}", hex(id))]
    Full { id: ContentId, need: u64, have: u64 },
    #[error("'{}': {reason}", path.display())]
    Disk { path: PathBuf, reason: io::Error },
}

type Result<T> = std::result::Result<T, Missing>;

/// The archive, and what was fetched from it.
#[derive(Clone, Debug)]
pub struct Artifacts {
    archive: PathBuf,
    store: PathBuf,
    /// Where jobs find their files; on the disk of the store.
    desks: PathBuf,
}

impl Artifacts {
    /// Fetches into folders in `data`. What is left there of jobs that were killed is removed.
    pub fn open(archive: &Path, data: &Path) -> Result<Self> {
        let (store, desks) = (data.join("store"), data.join("desks"));
        if desks.exists() {
            fs::remove_dir_all(&desks).map_err(at(&desks))?;
        }
        for folder in [archive, &store, &desks] {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        for folder in [&store, &desks] {
            fs::set_permissions(folder, Permissions::from_mode(ENTERABLE)).map_err(at(folder))?;
        }
        Ok(Self { archive: archive.into(), store, desks })
    }

    /// The file in the store, fetched if it is not there yet.
    pub fn fetch(&self, file: &File) -> Result<PathBuf> {
        let path = self.store.join(hex(&file.id));
        match fs::metadata(&path) {
            // It was hashed when it came.
            Ok(held) if held.len() == file.bytes => return Ok(path),
            Ok(held) => {
                let (need, have) = (file.bytes, held.len());
                return Err(Missing::Length { id: file.id, need, have });
            }
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => {}
            Err(reason) => return Err(Missing::Disk { path, reason }),
        }
        let from = self.source(file)?;
        self.check_room(file)?;
        self.keep(file, from)?;
        Ok(path)
    }

    /// A file's bytes, of which nothing is kept.
    pub fn bytes(&self, file: &File) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut limited = self.source(file)?.take(file.bytes.saturating_add(1));
        limited.read_to_end(&mut bytes).map_err(at(&self.archive))?;
        let have = bytes.len() as u64;
        if have != file.bytes {
            return Err(Missing::Length { id: file.id, need: file.bytes, have });
        }
        if content(&bytes) != file.id {
            return Err(Missing::Content { id: file.id });
        }
        Ok(bytes)
    }

    /// The file in the archive, if it seems to be as long as it should.
    fn source(&self, file: &File) -> Result<fs::File> {
        let path = self.archive.join(hex(&file.id));
        let found = match fs::File::open(&path) {
            Ok(found) => found,
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => {
                return Err(Missing::Absent { id: file.id })
            }
            Err(reason) => return Err(Missing::Disk { path, reason }),
        };
        let have = found.metadata().map_err(at(&path))?.len();
        if have != file.bytes {
            return Err(Missing::Length { id: file.id, need: file.bytes, have });
        }
        Ok(found)
    }

    fn check_room(&self, file: &File) -> Result<()> {
        let have = free(&self.store)?.saturating_sub(SPARE);
        if have < file.bytes {
            return Err(Missing::Full { id: file.id, need: file.bytes, have });
        }
        Ok(())
    }

    /// Copies a file into the store if it is what it is called, however long it has become.
    fn keep(&self, file: &File, from: fs::File) -> Result<()> {
        let limited = from.take(file.bytes.saturating_add(1));
        let (kept, found) = copied(limited, &self.store)?;
        if found.bytes != file.bytes {
            let (need, have) = (file.bytes, found.bytes);
            return Err(Missing::Length { id: file.id, need, have });
        }
        if found.id != file.id {
            return Err(Missing::Content { id: file.id });
        }
        name(kept, &self.store, &found)
    }

    /// A folder with these files and no others, for one job; they have been fetched. Gone when
    /// dropped.
    pub fn desk(&self, files: &[File]) -> Result<TempDir> {
        let desk = Builder::new()
            .permissions(Permissions::from_mode(ENTERABLE))
            .tempdir_in(&self.desks)
            .map_err(at(&self.desks))?;
        for file in files {
            let name = hex(&file.id);
            let link = desk.path().join(&name);
            match fs::hard_link(self.store.join(name), &link) {
                // Named twice.
                Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked.map_err(at(&link))?,
            }
        }
        Ok(desk)
    }

    /// Puts bytes into the archive.
    pub fn publish(&self, bytes: &[u8]) -> Result<File> {
        self.publish_from(bytes)
    }

    /// Puts a file into the archive.
    pub fn publish_file(&self, path: &Path) -> Result<File> {
        self.publish_from(fs::File::open(path).map_err(at(path))?)
    }

    fn publish_from(&self, from: impl Read) -> Result<File> {
        let (made, file) = copied(from, &self.archive)?;
        name(made, &self.archive, &file)?;
        Ok(file)
    }
}

/// Bytes that the disk of a folder has left.
pub(crate) fn free(folder: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(folder).map_err(|reason| at(folder)(reason.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The lower-case hexadecimal digits of an identity.
pub(crate) fn hex(id: &ContentId) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A copy without a name in a folder, and what it came to.
fn copied(mut from: impl Read, folder: &Path) -> Result<(NamedTempFile, File)> {
    let mut to = NamedTempFile::new_in(folder).map_err(at(folder))?;
    let (mut hasher, mut bytes, mut part) = (blake3::Hasher::new(), 0u64, vec![0; PART]);
    loop {
        let read = match from.read(&mut part) {
            Ok(0) => break,
            Ok(read) => &part[..read],
            Err(reason) if reason.kind() == io::ErrorKind::Interrupted => continue,
            Err(reason) => return Err(at(folder)(reason)),
        };
        hasher.update(read);
        bytes = bytes.saturating_add(read.len() as u64);
        to.write_all(read).map_err(at(folder))?;
    }
    Ok((to, File { id: ContentId(*hasher.finalize().as_bytes()), bytes }))
}

/// Gives a copy its name, once it is on disk as a whole.
fn name(copy: NamedTempFile, folder: &Path, file: &File) -> Result<()> {
    let path = folder.join(hex(&file.id));
    let failed = at(&path);
    let permissions = Permissions::from_mode(READABLE);
    let kept = copy
        .as_file()
        .set_permissions(permissions)
        .and_then(|()| copy.as_file().sync_all())
        .and_then(|()| copy.persist(&path).map(drop).map_err(|error| error.error));
    kept.map_err(failed)
}

/// What becomes of an error of the file system.
fn at(path: &Path) -> impl FnOnce(io::Error) -> Missing + '_ {
    move |reason| Missing::Disk { path: path.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        directory: TempDir,
        artifacts: Artifacts,
    }

    impl Place {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let archive = directory.path().join("archive");
            let artifacts = Artifacts::open(&archive, directory.path()).unwrap();
            Self { directory, artifacts }
        }

        fn at(&self, folder: &str, file: &File) -> PathBuf {
            self.directory.path().join(folder).join(hex(&file.id))
        }

        fn names(&self, folder: &str) -> usize {
            fs::read_dir(self.directory.path().join(folder)).unwrap().count()
        }
    }

    fn file(bytes: &[u8]) -> File {
        File { id: content(bytes), bytes: bytes.len() as u64 }
    }

    #[test]
    fn fetch_should_give_what_was_published_when_it_is_asked_for() {
        let place = Place::new();
        let published = place.artifacts.publish(b"weights").unwrap();
        assert_eq!(published, file(b"weights"));
        let path = place.artifacts.fetch(&published).unwrap();
        assert_eq!(path, place.at("store", &published));
        assert_eq!(fs::read(&path).unwrap(), b"weights");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, READABLE);
        // From then on the archive is not needed.
        fs::remove_file(place.at("archive", &published)).unwrap();
        assert_eq!(place.artifacts.fetch(&published).unwrap(), path);
    }

    #[test]
    fn fetch_should_refuse_when_the_length_is_another() {
        let place = Place::new();
        let published = place.artifacts.publish(b"weights").unwrap();
        for bytes in [6, 8, u64::MAX] {
            let lying = File { bytes, ..published };
            let refused = place.artifacts.fetch(&lying);
            assert!(matches!(refused, Err(Missing::Length { have: 7, .. })), "{refused:?}");
        }
        assert_eq!(place.names("store"), 0);
    }

    #[test]
    fn fetch_should_refuse_when_the_bytes_are_others() {
        let place = Place::new();
        let published = place.artifacts.publish(b"weights").unwrap();
        fs::write(place.at("archive", &published), b"WEIGHTS").unwrap();
        let refused = place.artifacts.fetch(&published);
        assert!(matches!(refused, Err(Missing::Content { .. })), "{refused:?}");
        assert_eq!(place.names("store"), 0);
    }

    #[test]
    fn fetch_should_say_what_is_missing_when_the_archive_lacks_it() {
        let place = Place::new();
        let refused = place.artifacts.fetch(&file(b"weights"));
        assert!(matches!(refused, Err(Missing::Absent { .. })), "{refused:?}");
        assert!(refused.unwrap_err().to_string().contains(&hex(&content(b"weights"))));
    }

    #[test]
    fn fetch_should_refuse_when_the_disk_has_no_room() {
        let place = Place::new();
        let bytes = free(place.directory.path()).unwrap() + 1;
        let huge = File { id: content(b""), bytes };
        let sparse = fs::File::create(place.at("archive", &huge)).unwrap();
        // A file system that has no holes so long has no such file either.
        if sparse.set_len(huge.bytes).is_ok() {
            let refused = place.artifacts.fetch(&huge);
            assert!(matches!(refused, Err(Missing::Full { .. })), "{refused:?}");
        }
        assert_eq!(place.names("store"), 0);
    }

    #[test]
    fn bytes_should_be_those_that_were_named_and_stay_nowhere() {
        let place = Place::new();
        let published = place.artifacts.publish(b"weights").unwrap();
        assert_eq!(place.artifacts.bytes(&published).unwrap(), b"weights");
        let lying = place.artifacts.bytes(&File { bytes: 6, ..published });
        assert!(matches!(lying, Err(Missing::Length { .. })), "{lying:?}");
        fs::write(place.at("archive", &published), b"WEIGHTS").unwrap();
        let refused = place.artifacts.bytes(&published);
        assert!(matches!(refused, Err(Missing::Content { .. })), "{refused:?}");
        assert_eq!(place.names("store"), 0);
    }

    #[test]
    fn publish_file_should_name_it_by_its_bytes() {
        let place = Place::new();
        let path = place.directory.path().join("result");
        let bytes = vec![9; 3 * PART + 5];
        fs::write(&path, &bytes).unwrap();
        let published = place.artifacts.publish_file(&path).unwrap();
        assert_eq!(published, file(&bytes));
        assert_eq!(fs::read(place.at("archive", &published)).unwrap(), bytes);
    }

    #[test]
    fn desk_should_hold_the_files_of_its_job_and_no_others() {
        let place = Place::new();
        let [a, b] = [b"one".as_slice(), b"two"].map(|bytes| {
            let file = place.artifacts.publish(bytes).unwrap();
            place.artifacts.fetch(&file).unwrap();
            file
        });
        let desk = place.artifacts.desk(&[a, a]).unwrap();
        assert_eq!(fs::read(desk.path().join(hex(&a.id))).unwrap(), b"one");
        assert!(!desk.path().join(hex(&b.id)).exists());
        let path = desk.path().to_owned();
        drop(desk);
        assert!(!path.exists() && place.at("store", &a).exists());
    }

    #[test]
    fn open_should_clear_what_killed_jobs_left() {
        let place = Place::new();
        let file = place.artifacts.publish(b"one").unwrap();
        place.artifacts.fetch(&file).unwrap();
        let left = place.artifacts.desk(&[file]).unwrap().keep();
        let archive = place.directory.path().join("archive");
        Artifacts::open(&archive, place.directory.path()).unwrap();
        assert!(!left.exists());
        assert!(place.at("store", &file).exists());
    }
}
