//! What outlasts the workers: a folder or a bucket of files by their names. Nothing that it gives
//! is believed.

use crate::{
    error::{Error, Have},
    name::Name,
    source::{Pieces, Source, Unread},
    store::{blocking, measure},
};
use cairn_protocol::{
    chunk::content,
    id::{ContentId, File},
};
use futures::{StreamExt, TryStreamExt};
use object_store::{
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    path::Path as Key,
    ClientConfigKey, GetOptions, GetRange, MultipartUpload, ObjectStore, PutMultipartOptions,
    PutOptions, RetryConfig,
};
use std::{fs, io, path::Path, process, sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What is not longer is sent at once; S3 wants no part but the last below 5 MiB.
const PART_BYTES: u64 = 8 << 20;
/// More parts an object cannot have.
const PARTS: u64 = 10_000;

/// Files that are kept for all.
#[derive(Clone, Debug)]
pub struct Archive {
    objects: Arc<dyn ObjectStore>,
    prefix: Key,
}

impl Archive {
    /// A folder, which is made where there is none, or a bucket as `s3://bucket/prefix`.
    ///
    /// A bucket's credentials, region and endpoint are those of the environment (`AWS_…`); settings
    /// such as `("aws_endpoint", "http://127.0.0.1:9000")` go before them.
    pub fn open(place: &str, settings: &[(&str, &str)]) -> Result<Self, Error> {
        if let Some(folder) = Self::folder(place) {
            let objects = folder_at(folder).map_err(refused(place))?;
            return Ok(Self { objects: Arc::new(objects), prefix: Key::default() });
        }
        let (scheme, rest) = place.split_once("://").unwrap_or_default();
        match scheme {
            "s3" => {
                let prefix = rest.split_once('/').map_or("", |(_, prefix)| prefix);
                let builder = bucket(place, settings).map_err(refused(place))?;
                let objects = builder.build().map_err(refused(place))?;
                Ok(Self { objects: Arc::new(objects), prefix: Key::from(prefix) })
            }
            _ => Err(Error::NotAnArchive {
                place: place.into(),
                reason: format!("{scheme} is not known"),
            }),
        }
    }

    /// The folder that a place is, where it is none that is elsewhere.
    pub fn folder(place: &str) -> Option<&Path> {
        match place.split_once("://") {
            None => Some(Path::new(place)),
            Some(("file", folder)) => Some(Path::new(folder)),
            Some(_) => None,
        }
    }

    /// The bytes of a file from some place on, if what the archive has is as long as the file.
    pub(crate) async fn read(&self, file: &File, from: u64) -> Result<Pieces, Unread> {
        let range = (from > 0).then_some(GetRange::Offset(from));
        let options = GetOptions::new().with_range(range);
        let found = self.objects.get_opts(&self.key(&file.id), options).await.map_err(unread)?;
        if found.meta.size == file.bytes {
            Ok(found.into_stream().map_err(unread).boxed())
        } else {
            Err(Unread::False(Have::Length(found.meta.size)))
        }
    }

    /// Whether the archive can be asked for files; why not, if it cannot.
    pub async fn check(&self) -> Result<(), String> {
        let nothing = File { id: content(b""), bytes: 0 };
        match self.read(&nothing, 0).await {
            Ok(_) | Err(Unread::Missing | Unread::False(_)) => Ok(()),
            Err(other) => Err(other.to_string()),
        }
    }

    /// Archives these bytes.
    pub async fn put_bytes(&self, bytes: &[u8]) -> Result<File, Error> {
        let file = File { id: content(bytes), bytes: bytes.len() as u64 };
        self.take(Reader::new(&file, Path::new("memory"), bytes)).await?;
        Ok(file)
    }

    /// Archives a file that lies here, whatever it is called.
    pub async fn put_file(&self, path: &Path) -> Result<File, Error> {
        let measured = path.to_owned();
        let file = blocking(move || measure(&measured)).await?;
        self.put(&file, path).await?;
        Ok(file)
    }

    /// The bytes of a file of whatever length, if they are its own.
    pub async fn get(&self, id: &ContentId) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.give(id, Path::new("memory"), &mut bytes).await?;
        Ok(bytes)
    }

    /// The bytes of a file that is so long, if they are its own. Of another no more is read.
    pub async fn get_named(&self, file: &File) -> Result<Vec<u8>, Error> {
        let bytes = self.whole(file).await.map_err(|unread| match unread {
            Unread::False(have) => Error::False { file: *file, have },
            Unread::Here(error) => error,
            other => Error::Missing { file: *file, tried: format!("{}: {other}", Source::Archive) },
        })?;
        match content(&bytes) {
            have if have == file.id => Ok(bytes),
            have => Err(Error::False { file: *file, have: Have::Content(have) }),
        }
    }

    async fn whole(&self, file: &File) -> Result<Vec<u8>, Unread> {
        let (mut pieces, mut bytes) = (self.read(file, 0).await?, Vec::new());
        while let Some(piece) = pieces.try_next().await? {
            bytes.extend_from_slice(&piece);
            let have = bytes.len() as u64;
            if have > file.bytes {
                return Err(Unread::False(Have::Length(have)));
            }
        }
        match bytes.len() as u64 {
            have if have == file.bytes => Ok(bytes),
            have => Err(Unread::Failed(format!("it stopped at {have} bytes"))),
        }
    }

    /// As [`Self::get`] for one that may be long: it is written there once it is whole.
    pub async fn get_file(&self, id: &ContentId, path: &Path) -> Result<File, Error> {
        let failed = |reason| Error::file("written", path, reason);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", process::id()));
        let part = path.with_file_name(name);
        let mut to = tokio::fs::File::create(&part).await.map_err(failed)?;
        let given = match self.give(id, path, &mut to).await {
            Ok(file) => tokio::fs::rename(&part, path).await.map_err(failed).map(|()| file),
            Err(reason) => Err(reason),
        };
        if given.is_err() {
            // It is none of what was asked for, and says so by its name if it stays.
            let _ = tokio::fs::remove_file(&part).await;
        }
        given
    }

    /// Writes a file somewhere. What was written before an error is not to be used.
    async fn give(
        &self,
        id: &ContentId,
        path: &Path,
        to: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<File, Error> {
        let unwritten = |reason| Error::file("written", path, reason);
        let found = self.objects.get_opts(&self.key(id), GetOptions::new()).await;
        let found = found.map_err(|reason| missing(id, &unread(reason)))?;
        let mut pieces = found.into_stream();
        let mut hasher = blake3::Hasher::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|reason| missing(id, &unread(reason)))?;
            hasher.update(&piece);
            to.write_all(&piece).await.map_err(unwritten)?;
        }
        to.flush().await.map_err(unwritten)?;
        let file = File { id: *id, bytes: hasher.count() };
        is(&hasher, &file).map(|()| file)
    }

    /// Archives a file that lies here. It is there whole or not at all, and in place of what was
    /// there under its name: who has the right bytes can mend an archive.
    pub(crate) async fn put(&self, file: &File, from: &Path) -> Result<(), Error> {
        self.take(Reader::open(file, from).await?).await
    }

    async fn take(&self, mut reader: Reader<'_>) -> Result<(), Error> {
        let file = reader.file;
        let first = reader.part().await?;
        let key = self.key(&file.id);
        let failed =
            |reason: object_store::Error| Error::Archive { file: *file, reason: told(&reason) };
        if reader.is_done() {
            reader.check()?;
            let put = self.objects.put_opts(&key, first.into(), PutOptions::default()).await;
            return put.map(drop).map_err(failed);
        }
        let options = PutMultipartOptions::default();
        let mut upload = self.objects.put_multipart_opts(&key, options).await.map_err(failed)?;
        match send(&mut *upload, first, &mut reader).await {
            Ok(()) => upload.complete().await.map(drop).map_err(failed),
            Err(reason) => {
                // Whether that is done or not, nothing of it is seen under the name.
                let _ = upload.abort().await;
                Err(reason)
            }
        }
    }

    fn key(&self, id: &ContentId) -> Key {
        self.prefix.clone().join(Name(*id).to_string())
    }
}

/// Sends a file part by part, and sees that it was the file.
async fn send(
    upload: &mut dyn MultipartUpload,
    first: Vec<u8>,
    reader: &mut Reader<'_>,
) -> Result<(), Error> {
    let mut part = first;
    while !part.is_empty() {
        let sent = upload.put_part(part.into()).await;
        sent.map_err(|reason| Error::Archive { file: *reader.file, reason: told(&reason) })?;
        part = reader.part().await?;
    }
    reader.check()
}

/// Reads a file of ours in parts, and hashes it once more on its way out.
struct Reader<'a> {
    file: &'a File,
    path: &'a Path,
    from: Box<dyn AsyncRead + Send + Unpin + 'a>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<'a> Reader<'a> {
    fn new(file: &'a File, path: &'a Path, from: impl AsyncRead + Send + Unpin + 'a) -> Self {
        Self { file, path, from: Box::new(from), hasher: blake3::Hasher::new(), bytes: 0 }
    }

    async fn open(file: &'a File, path: &'a Path) -> Result<Self, Error> {
        let from = tokio::fs::File::open(path).await;
        let from = from.map_err(|reason| Error::file("read", path, reason))?;
        Ok(Self::new(file, path, from))
    }

    /// The next part, or nothing behind the last.
    async fn part(&mut self) -> Result<Vec<u8>, Error> {
        let most = PART_BYTES.max(self.file.bytes.div_ceil(PARTS));
        let mut part = Vec::new();
        let read = (&mut self.from).take(most).read_to_end(&mut part).await;
        read.map_err(|reason| Error::file("read", self.path, reason))?;
        self.hasher.update(&part);
        self.bytes += part.len() as u64;
        Ok(part)
    }

    fn is_done(&self) -> bool {
        self.bytes >= self.file.bytes
    }

    fn check(&self) -> Result<(), Error> {
        is(&self.hasher, self.file)
    }
}

/// Whether what was hashed is the file.
fn is(hasher: &blake3::Hasher, file: &File) -> Result<(), Error> {
    match ContentId(*hasher.finalize().as_bytes()) {
        have if have == file.id => Ok(()),
        have => Err(Error::False { file: *file, have: Have::Content(have) }),
    }
}

/// What to say when the archive alone was asked.
fn missing(id: &ContentId, why: &Unread) -> Error {
    let file = File { id: *id, bytes: 0 };
    Error::Missing { file, tried: format!("{}: {why}", Source::Archive) }
}

fn folder_at(folder: &Path) -> Result<LocalFileSystem, io::Error> {
    fs::create_dir_all(folder)?;
    let objects = LocalFileSystem::new_with_prefix(folder).map_err(io::Error::other)?;
    Ok(objects.with_fsync(true))
}

fn bucket(url: &str, settings: &[(&str, &str)]) -> Result<AmazonS3Builder, object_store::Error> {
    // The transport asks the process for one. An error says that it has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retries = RetryConfig {
        max_retries: 3,
        retry_timeout: Duration::from_secs(30),
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_url(url)
        .with_retry(retries)
        // A limit on the whole answer would be one on the length of files.
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), "1 day")
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ReadTimeout), "30 seconds");
    for (name, value) in settings {
        builder = builder.with_config(name.to_ascii_lowercase().parse()?, *value);
    }
    Ok(builder)
}

fn refused<E: ToString>(place: &str) -> impl FnOnce(E) -> Error + '_ {
    move |reason| Error::NotAnArchive { place: place.into(), reason: reason.to_string() }
}

fn unread(reason: object_store::Error) -> Unread {
    match reason {
        object_store::Error::NotFound { .. } => Unread::Missing,
        other => Unread::Failed(told(&other)),
    }
}

/// What an archive says, and what to do about it where trying again does not help.
fn told(reason: &object_store::Error) -> String {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    match reason {
        PermissionDenied { .. } | Unauthenticated { .. } => format!(
            "it refuses that to whoever has the credentials in AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY; see that they are right, and may read and write there ({reason})"
        ),
        other => other.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
