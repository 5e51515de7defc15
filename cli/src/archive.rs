//! An archive of artifacts: a folder or a bucket of files by the names of their contents, the same
//! that workers fetch from and publish to.
//!
//! Nothing in it is trusted: whatever is read is hashed.

use crate::exit::{Failure, Outcome};
use cairn_protocol::{
    chunk,
    id::{ContentId, File},
};
use cairn_store::{Archive, Error, Name};
use std::{fs, future::Future, path::Path, thread};
use tokio::runtime::Builder;

/// What a file of these bytes is called, and how long it is.
pub fn describe(bytes: &[u8]) -> File {
    File { id: chunk::content(bytes), bytes: bytes.len() as u64 }
}

/// Keeps an artifact under its name. It is whole as soon as it is there.
pub fn put(place: &Path, bytes: &[u8]) -> Outcome<File> {
    let archive = open(place)?;
    wait(async { archive.put_bytes(bytes).await.map_err(|error| failed(place, &error)) })
}

/// The same for a file, however long.
pub fn put_file(place: &Path, path: &Path) -> Outcome<File> {
    let archive = open(place)?;
    wait(async { archive.put_file(path).await.map_err(|error| failed(place, &error)) })
}

/// An artifact's bytes, if they are those that it is named by.
pub fn get(place: &Path, id: ContentId) -> Outcome<Vec<u8>> {
    let archive = open(place)?;
    wait(async { archive.get(&id).await.map_err(|error| failed(place, &error)) })
}

/// The same for one that may be long: it is written there.
pub fn get_file(place: &Path, id: ContentId, path: &Path) -> Outcome<File> {
    let archive = open(place)?;
    wait(async { archive.get_file(&id, path).await.map_err(|error| failed(place, &error)) })
}

fn open(place: &Path) -> Outcome<Archive> {
    let name = place.to_str();
    let name = name.ok_or_else(|| Failure::usage("an archive's name has to be Unicode"))?;
    Archive::open(name, &[]).map_err(|error| Failure::usage(error.to_string()))
}

/// Terms are made by what does not wait for others, and the program is run by what must not wait:
/// so it is done on a thread of its own.
fn wait<T: Send>(work: impl Future<Output = Outcome<T>> + Send) -> Outcome<T> {
    let run = || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(work)
    };
    let done = thread::scope(|scope| scope.spawn(run).join());
    done.unwrap_or_else(|_| Err(Failure::failed("the archive was not asked; this is a fault")))
}

fn failed(place: &Path, error: &Error) -> Failure {
    let place = place.display();
    Failure::failed(match error {
        Error::File { done: "read", path, reason } => return cannot("read", path, reason),
        Error::False { file, .. } => format!(
            "{} in {place} is not the file that it is called by; remove it, and fetch it anew",
            Name(file.id)
        ),
        Error::Missing { file, tried } => {
            let mend = "name one that is there, or the archive that has it";
            format!("cannot read {} from {place}: {tried}; {mend}", Name(file.id))
        }
        other => other.to_string(),
    })
}

pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| cannot("read", path, &error))
}

pub fn write(path: &Path, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes).map_err(|error| cannot("write", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let mend = match what {
        "read" => "name one that is there and that you may read",
        _ => "see that its disk is there and has room, and that you may write to it",
    };
    Failure::failed(format!("cannot {what} {}: {error}; {mend}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn get_should_give_back_what_was_put() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        let file = put(&archive, b"a result").unwrap();
        assert_eq!(file, describe(b"a result"));
        assert_eq!(file.bytes, 8);
        assert_eq!(put(&archive, b"a result").unwrap(), file);
        assert_eq!(get(&archive, file.id).unwrap(), b"a result");
        // Nothing else is left lying there.
        assert_eq!(fs::read_dir(&archive).unwrap().count(), 1);
        let out = folder.path().join("out");
        assert_eq!(get_file(&archive, file.id, &out).unwrap(), file);
        assert_eq!(fs::read(&out).unwrap(), b"a result");
        assert_eq!(put_file(&archive, &out).unwrap(), file);
    }

    #[test]
    fn get_should_fail_when_the_file_is_another_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = put(folder.path(), b"a result").unwrap();
        let path = folder.path().join(hex::encode(file.id.0));
        fs::write(&path, b"a lie").unwrap();
        let refused = get(folder.path(), file.id).unwrap_err().to_string();
        assert!(refused.contains("called by"), "{refused}");
        fs::remove_file(&path).unwrap();
        let refused = get(folder.path(), file.id).unwrap_err().to_string();
        assert!(refused.contains("cannot read") && refused.contains("that is there"), "{refused}");
        let refused = put_file(folder.path(), &path).unwrap_err().to_string();
        assert!(refused.contains("cannot read") && refused.contains("that is there"), "{refused}");
    }

    #[test]
    fn put_should_say_what_an_archive_is_when_it_is_none() {
        let refused = put(Path::new("ftp://somewhere"), b"a result").unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage);
        assert!(refused.to_string().contains("s3://"), "{refused}");
    }

    #[tokio::test]
    async fn get_should_wait_where_a_program_runs_that_must_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = put(folder.path(), b"a result").unwrap();
        assert_eq!(get(folder.path(), file.id).unwrap(), b"a result");
    }
}
