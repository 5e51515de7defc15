use super::*;
use crate::{archive::tests::archive, name::Name};
use cairn_bucket::Server;
use cairn_protocol::chunk::verify;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const PLENTY: Quota = Quota(1 << 30);
const ARCHIVE: &[Source] = &[Source::Archive];

/// A folder for a store, and one for an archive.
struct Place {
    store: TempDir,
    archive: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { store: tempfile::tempdir().unwrap(), archive: tempfile::tempdir().unwrap() }
    }

    fn archive(&self) -> Archive {
        Archive::open(self.archive.path().to_str().unwrap(), &[]).unwrap()
    }

    async fn open(&self, quota: Quota) -> Store {
        Store::open(self.store.path(), quota, self.archive(), None).await.unwrap()
    }

    /// Puts bytes under the name of a file, whatever it is.
    fn archived(&self, file: &File, bytes: &[u8]) {
        fs::write(self.archive.path().join(Name(file.id).to_string()), bytes).unwrap();
    }

    /// What an earlier process has fetched of a file.
    fn begun(&self, file: &File, bytes: &[u8]) {
        let incoming = self.store.path().join("incoming");
        fs::create_dir_all(&incoming).unwrap();
        fs::write(incoming.join(Name(file.id).to_string()), bytes).unwrap();
    }
}

fn named(bytes: &[u8]) -> File {
    File { id: content(bytes), bytes: bytes.len() as u64 }
}

/// Bytes of which no two pieces are the same.
fn bytes_of(length: u32) -> Vec<u8> {
    (0..length.div_ceil(4)).flat_map(u32::to_le_bytes).take(length as usize).collect()
}

async fn fetch(store: &Store, file: &File) -> Result<PathBuf, Error> {
    store.fetch(file, ARCHIVE, &mut |_| ()).await
}

#[tokio::test]
async fn fetch_should_give_what_another_store_has_put() {
    let (here, there) = (Place::new(), Place::new());
    let store = here.open(PLENTY).await;
    let bytes = bytes_of(100_000);
    let file = store.put(bytes.clone()).await.unwrap();
    assert_eq!(file, named(&bytes));
    let elsewhere = here.store.path().join("elsewhere");
    fs::write(&elsewhere, &bytes[1..]).unwrap();
    let other_file = store.put_file(&elsewhere).await.unwrap();
    assert_eq!(other_file, named(&bytes[1..]));
    let other = Store::open(there.store.path(), PLENTY, here.archive(), None).await.unwrap();
    let mut told = Vec::new();
    let path = other.fetch(&file, ARCHIVE, &mut |bytes| told.push(bytes)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(path, other.folder().join(Name(file.id).to_string()));
    assert!(told.is_sorted() && told.last() == Some(&100_000), "{told:?}");
    assert_eq!(fs::read(fetch(&other, &other_file).await.unwrap()).unwrap(), bytes[1..]);
}

#[tokio::test]
async fn fetch_should_ask_nobody_when_the_file_is_held() {
    let place = Place::new();
    let file = named(b"a popular model");
    place.archived(&file, b"a popular model");
    let store = place.open(PLENTY).await;
    for _ in 0..3 {
        fetch(&store, &file).await.unwrap();
    }
    assert_eq!(store.received().archive, file.bytes);
    assert_eq!(store.cached(), 2 * file.bytes);
    let (one, other) = (named(&bytes_of(50_000)), bytes_of(50_000));
    place.archived(&one, &other);
    let (first, second) = tokio::join!(fetch(&store, &one), fetch(&store, &one));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(store.received().archive, file.bytes + one.bytes, "two at once are one");
}

#[tokio::test]
async fn fetch_should_refuse_when_the_archive_has_other_bytes_under_the_name() {
    let place = Place::new();
    let file = named(b"right");
    place.archived(&file, b"wrong");
    let store = place.open(PLENTY).await;
    let refused = fetch(&store, &file).await;
    let other = Have::Content(content(b"wrong"));
    assert!(matches!(refused, Err(Error::False { have, .. }) if have == other));
    assert!(!store.has(&file));
    assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 0);
}

#[tokio::test]
async fn fetch_should_refuse_when_the_length_is_a_lie() {
    let place = Place::new();
    let right = named(&bytes_of(100));
    let store = place.open(PLENTY).await;
    for length in [0, 99, 101] {
        place.archived(&right, &bytes_of(length));
        let refused = fetch(&store, &right).await;
        let other = Have::Length(length.into());
        assert!(matches!(refused, Err(Error::False { have, .. }) if have == other));
    }
    place.archived(&right, &bytes_of(100));
    for bytes in [0, 99, 101] {
        // It is whoever named the file that lies.
        let refused = fetch(&store, &File { bytes, ..right }).await;
        assert!(matches!(refused, Err(Error::False { have: Have::Length(100), .. })));
    }
    fetch(&store, &right).await.unwrap();
    let refused = fetch(&store, &File { bytes: 99, ..right }).await;
    assert!(matches!(refused, Err(Error::False { have: Have::Length(100), .. })));
}

#[tokio::test]
async fn fetch_should_name_who_was_asked_when_nobody_has_the_file() {
    let place = Place::new();
    let store = place.open(PLENTY).await;
    let missing = fetch(&store, &named(b"nobody has it")).await.unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }));
    assert!(missing.to_string().contains("the archive: does not have it"), "{missing}");
}

#[tokio::test]
async fn fetch_should_go_on_where_it_stopped_when_the_archive_broke_off() {
    let place = Place::new();
    let server = Server::start().await.unwrap();
    let bytes = bytes_of(1 << 20);
    let file = named(&bytes);
    let key = format!("/cairn/models/{}", Name(file.id));
    server.bucket().objects.insert(key, bytes.clone());
    server.bucket().breaks_after = Some(512 << 10);
    let archive = archive(&server.settings());
    let store = Store::open(place.store.path(), PLENTY, archive, None).await.unwrap();
    let broken = fetch(&store, &file).await;
    assert!(matches!(broken, Err(Error::Missing { .. })), "{broken:?}");
    assert!(!store.has(&file));
    let path = fetch(&store, &file).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(store.received().archive, file.bytes, "no byte came twice");
    let last = server.bucket().asked.last().cloned().unwrap();
    assert!(last.ends_with("bytes=524288-"), "{last}");
}

#[tokio::test]
async fn put_should_keep_the_file_here_when_the_archive_refuses_it() {
    let (place, server) = (Place::new(), Server::start().await.unwrap());
    let open = |settings: &[(String, String)]| {
        Store::open(place.store.path(), PLENTY, archive(settings), None)
    };
    let file = named(b"a result");
    let key = format!("/cairn/models/{}", Name(file.id));
    let store = open(&server.settings_of_a_stranger()).await.unwrap();
    let refused = store.put(b"a result".to_vec()).await;
    assert!(matches!(refused, Err(Error::Archive { .. })), "{refused:?}");
    assert!(store.has(&file));
    assert!(!server.bucket().objects.contains_key(&key));
    drop(store);
    let store = open(&server.settings()).await.unwrap();
    assert_eq!(store.put(b"a result".to_vec()).await.unwrap(), file);
    assert_eq!(server.bucket().objects[&key], b"a result");
}

#[tokio::test]
async fn fetch_should_go_on_where_an_earlier_process_stopped() {
    let place = Place::new();
    let bytes = bytes_of(100_000);
    let file = named(&bytes);
    place.archived(&file, &bytes);
    place.begun(&file, &bytes[..3 * 16_384 + 5]);
    let store = place.open(PLENTY).await;
    let path = fetch(&store, &file).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(store.received().archive, file.bytes - 3 * 16_384);
}

#[tokio::test]
async fn fetch_should_begin_anew_when_what_was_there_is_none_of_the_file() {
    let bytes = bytes_of(100_000);
    let file = named(&bytes);
    for false_start in [vec![0; 50_000], vec![0; 100_000], vec![0; 200_000]] {
        let place = Place::new();
        place.archived(&file, &bytes);
        place.begun(&file, &false_start);
        let store = place.open(PLENTY).await;
        let path = fetch(&store, &file).await.unwrap();
        assert_eq!(fs::read(path).unwrap(), bytes);
    }
}

#[tokio::test]
async fn fetch_should_spare_what_is_pinned_and_say_when_that_leaves_no_room() {
    let place = Place::new();
    let store = place.open(Quota(150_000)).await;
    let files: Vec<_> = (0..3).map(|number| vec![number; 60_000]).collect();
    for bytes in &files {
        place.archived(&named(bytes), bytes);
    }
    store.pin(&named(&files[0]), "task 7").await.unwrap();
    for bytes in &files {
        fetch(&store, &named(bytes)).await.unwrap();
    }
    assert!(store.has(&named(&files[0])) && !store.has(&named(&files[1])));
    store.pin(&named(&files[2]), "task 8").await.unwrap();
    let full = fetch(&store, &named(&files[1])).await;
    assert!(matches!(full, Err(Error::DiskFull { need: 60_000, room: 30_000 })), "{full:?}");
    let full = store.put(vec![9_u8; 60_000]).await;
    assert!(matches!(full, Err(Error::DiskFull { .. })), "{full:?}");
    store.unpin(&named(&files[0]), "task 7").await.unwrap();
    fetch(&store, &named(&files[1])).await.unwrap();
    assert_eq!(store.pins().len(), 1);
}

#[tokio::test]
async fn release_should_let_go_of_all_that_a_holder_has_and_of_nothing_else() {
    let place = Place::new();
    let files: Vec<File> = (0..3).map(|number| named(&[number; 10])).collect();
    {
        let store = place.open(PLENTY).await;
        store.pin_all(&files, "job 7").await.unwrap();
        store.pin(&files[1], "result 6").await.unwrap();
        store.release("job 8").await.unwrap();
        assert_eq!(store.pins().len(), 3);
        store.release("job 7").await.unwrap();
    }
    let pins = place.open(PLENTY).await.pins();
    assert_eq!(pins.keys().collect::<Vec<_>>(), [&files[1].id]);
    assert!(pins[&files[1].id].iter().eq(["result 6"]));
}

#[tokio::test]
async fn prove_should_prove_chunks_of_what_is_held_alone() {
    let place = Place::new();
    let store = place.open(PLENTY).await;
    let bytes = bytes_of(100_000);
    let file = store.put(bytes).await.unwrap();
    let proofs = store.prove(&file, &[0, 50, 97]).await.unwrap();
    for (index, proof) in [0, 50, 97].into_iter().zip(&proofs) {
        assert_eq!(verify(&file.id, file.bytes, index, proof), Ok(()));
    }
    let missing = store.prove(&named(b"never there"), &[0]).await;
    assert!(matches!(missing, Err(Error::File { .. })), "{missing:?}");
}

#[tokio::test]
async fn held_file_should_be_read_by_all_and_written_by_nobody() {
    let place = Place::new();
    let store = place.open(PLENTY).await;
    let file = store.put(bytes_of(10)).await.unwrap();
    let path = store.folder().join(Name(file.id).to_string());
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o444);
}

#[tokio::test]
async fn open_should_find_what_was_there() {
    let place = Place::new();
    let file = {
        let store = place.open(PLENTY).await;
        let file = store.put(bytes_of(1_000)).await.unwrap();
        store.pin(&file, "task").await.unwrap();
        file
    };
    let store = place.open(PLENTY).await;
    assert!(store.has(&file));
    assert!(store.pins()[&file.id].contains("task"));
    fetch(&store, &file).await.unwrap();
    assert_eq!(store.received(), Received::default());
}
