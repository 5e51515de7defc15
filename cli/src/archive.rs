//! A folder of artifacts, each a file by the name of its identity in hexadecimal.
//!
//! Nothing in it is trusted: whatever is read is hashed.

use crate::exit::{Failure, Outcome};
use cairn_protocol::{
    chunk,
    id::{ContentId, File},
};
use std::{fs, path::Path};

/// What a file of these bytes is called, and how long it is.
pub fn describe(bytes: &[u8]) -> File {
    File { id: chunk::content(bytes), bytes: bytes.len() as u64 }
}

/// Keeps an artifact under its name. It is whole as soon as it is there.
pub fn put(folder: &Path, bytes: &[u8]) -> Outcome<File> {
    let file = describe(bytes);
    let path = folder.join(hex::encode(file.id.0));
    if path.exists() {
        return Ok(file);
    }
    fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    let part = folder.join(format!("{}.{}.part", hex::encode(file.id.0), std::process::id()));
    fs::write(&part, bytes).map_err(|error| cannot("write", &part, &error))?;
    fs::rename(&part, &path).map_err(|error| cannot("write", &path, &error))?;
    Ok(file)
}

/// An artifact's bytes, if they are those that it is named by.
pub fn get(folder: &Path, id: ContentId) -> Outcome<Vec<u8>> {
    let path = folder.join(hex::encode(id.0));
    let bytes = read(&path)?;
    if chunk::content(&bytes) != id {
        return Err(Failure::failed(format!(
            "{} is not the file that it is called by; remove it, and fetch it anew",
            path.display()
        )));
    }
    Ok(bytes)
}

pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| cannot("read", path, &error))
}

pub fn write(path: &Path, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes).map_err(|error| cannot("write", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(get(folder.path(), file.id).unwrap_err().to_string().contains("cannot read"));
    }
}
