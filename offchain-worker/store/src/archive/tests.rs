mod elsewhere;

use super::*;
use cairn_bucket::Server;

/// What is in a server's bucket `cairn` under `models`, for whoever has these settings.
pub(crate) fn archive(settings: &[(String, String)]) -> Archive {
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Archive::open("s3://cairn/models", &settings).unwrap()
}

fn named(bytes: &[u8]) -> File {
    File { id: content(bytes), bytes: bytes.len() as u64 }
}

/// Bytes of which no two pieces are the same.
fn bytes_of(length: u32) -> Vec<u8> {
    (0..length.div_ceil(4)).flat_map(u32::to_le_bytes).take(length as usize).collect()
}

async fn put(archive: &Archive, bytes: &[u8]) -> Result<File, Error> {
    let from = tempfile::NamedTempFile::new().unwrap();
    fs::write(from.path(), bytes).unwrap();
    let file = named(bytes);
    archive.put(&file, from.path()).await.map(|()| file)
}

async fn read(archive: &Archive, file: &File, from: u64) -> Result<Vec<u8>, Unread> {
    let pieces = archive.read(file, from).await?;
    Ok(pieces.try_collect::<Vec<_>>().await?.concat())
}

#[tokio::test]
async fn folder_should_give_what_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("not/there/yet");
    let archive = Archive::open(place.to_str().unwrap(), &[]).unwrap();
    for length in [0, 10, 9 << 20] {
        let bytes = bytes_of(length);
        let file = put(&archive, &bytes).await.unwrap();
        assert!(place.join(Name(file.id).to_string()).is_file());
        assert_eq!(read(&archive, &file, 0).await.unwrap(), bytes);
    }
    let again = Archive::open(&format!("file://{}", place.display()), &[]).unwrap();
    let file = named(&bytes_of(10));
    assert_eq!(read(&again, &file, 4).await.unwrap(), bytes_of(10)[4..]);
}

#[tokio::test]
async fn bucket_should_give_what_it_was_given_when_it_came_at_once_or_in_parts() {
    let server = Server::start().await.unwrap();
    let archive = archive(&server.settings());
    for length in [1_000, 9 << 20] {
        let bytes = bytes_of(length);
        let file = put(&archive, &bytes).await.unwrap();
        let key = format!("/cairn/models/{}", Name(file.id));
        assert_eq!(server.bucket().objects.get(&key), Some(&bytes));
        assert_eq!(read(&archive, &file, 0).await.unwrap(), bytes);
        assert_eq!(read(&archive, &file, 100).await.unwrap(), bytes[100..]);
    }
    let parts = server.bucket().asked.iter().filter(|asked| asked.contains("partNumber=")).count();
    assert_eq!(parts, 2, "of the longer one");
}

#[tokio::test]
async fn bucket_should_give_and_take_nothing_when_the_secret_is_wrong() {
    let server = Server::start().await.unwrap();
    let (own, strange) = (server.settings(), server.settings_of_a_stranger());
    let (own, strange) = (archive(&own), archive(&strange));
    let file = put(&own, b"what is there").await.unwrap();
    let objects = server.bucket().objects.clone();
    let asked = server.bucket().asked.len();
    for length in [1_000, 9 << 20] {
        let refused = put(&strange, &bytes_of(length)).await.unwrap_err();
        assert!(matches!(refused, Error::Archive { .. }), "{refused}");
        let words = refused.to_string();
        assert!(words.contains("AWS_SECRET_ACCESS_KEY"), "{words}");
        assert!(words.contains("SignatureDoesNotMatch"), "{words}");
    }
    let unread = read(&strange, &file, 0).await.unwrap_err();
    assert!(unread.to_string().contains("AWS_SECRET_ACCESS_KEY"), "{unread}");
    assert!(strange.check().await.unwrap_err().contains("AWS_SECRET_ACCESS_KEY"));
    assert_eq!(server.bucket().objects, objects);
    assert_eq!(server.bucket().asked.len(), asked, "nothing but the right secret is let in");
}

#[tokio::test]
async fn get_should_give_what_was_put_by_its_name_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await.unwrap();
    let (place, path) = (folder.path().join("archive"), folder.path().join("out"));
    let local = Archive::open(place.to_str().unwrap(), &[]).unwrap();
    for archive in [local, archive(&server.settings())] {
        archive.check().await.unwrap();
        let bytes = bytes_of(9 << 20);
        let file = archive.put_bytes(&bytes).await.unwrap();
        assert_eq!(file, named(&bytes));
        assert_eq!(archive.get(&file.id).await.unwrap(), bytes);
        assert_eq!(archive.get_file(&file.id, &path).await.unwrap(), file);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let again = archive.put_file(&path).await.unwrap();
        assert_eq!(again, file);
        let missing = archive.get(&content(b"nobody has it")).await;
        assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn get_should_refuse_and_leave_nothing_when_the_bytes_are_others() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().to_str().unwrap(), &[]).unwrap();
    let file = archive.put_bytes(b"right").await.unwrap();
    fs::write(folder.path().join(Name(file.id).to_string()), b"wrong").unwrap();
    let out = tempfile::tempdir().unwrap();
    let refused = archive.get(&file.id).await;
    assert!(matches!(refused, Err(Error::False { .. })), "{refused:?}");
    let refused = archive.get_file(&file.id, &out.path().join("out")).await;
    assert!(matches!(refused, Err(Error::False { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn read_should_say_that_a_file_is_missing_when_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await.unwrap();
    let local = Archive::open(folder.path().to_str().unwrap(), &[]).unwrap();
    for archive in [local, archive(&server.settings())] {
        let missing = read(&archive, &named(b"nobody has it"), 0).await;
        assert!(matches!(missing, Err(Unread::Missing)), "{missing:?}");
    }
}

#[tokio::test]
async fn put_should_archive_nothing_when_the_file_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().to_str().unwrap(), &[]).unwrap();
    for length in [10, 9 << 20] {
        let from = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = bytes_of(length);
        let file = named(&bytes);
        bytes[5] ^= 1;
        fs::write(from.path(), &bytes).unwrap();
        let refused = archive.put(&file, from.path()).await;
        assert!(matches!(refused, Err(Error::False { .. })), "{refused:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn put_should_mend_an_archive_that_has_other_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().to_str().unwrap(), &[]).unwrap();
    let file = named(b"right");
    fs::write(folder.path().join(Name(file.id).to_string()), b"wrong").unwrap();
    put(&archive, b"right").await.unwrap();
    assert_eq!(read(&archive, &file, 0).await.unwrap(), b"right");
}

#[test]
fn open_should_refuse_what_it_does_not_know() {
    for place in ["http://example.org/models", "s3://"] {
        let refused = Archive::open(place, &[]).map(drop);
        assert!(matches!(refused, Err(Error::NotAnArchive { .. })), "{place}: {refused:?}");
    }
    let refused = Archive::open("s3://bucket", &[("aws_colour", "blue")]).map(drop);
    assert!(matches!(refused, Err(Error::NotAnArchive { .. })), "{refused:?}");
}
