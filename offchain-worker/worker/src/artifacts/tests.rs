mod near;

use super::*;
use crate::{
    config::Settings,
    job::Trouble,
    node::{secret, Neighbour},
    work::testing::seat,
};
use cairn_order::Fault;
use cairn_protocol::{
    chunk::{content, verify},
    failure::Failure,
    id::DeltaId,
};
use std::net::SocketAddr;
use tokio::{net::TcpListener, task::block_in_place, time::timeout};

/// A worker's data folder beside an archive that others may have too.
struct Place {
    directory: TempDir,
    metrics: Arc<Metrics>,
    artifacts: Artifacts,
}

impl Place {
    async fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap(), |settings| settings).await
    }

    async fn open(directory: TempDir, with: impl FnOnce(Settings) -> Settings) -> Self {
        let archive = directory.path().join("archive").display().to_string();
        let settings = Settings {
            key: Some("//Alice".into()),
            data: Some(directory.path().join("data")),
            archive: Some(archive),
            ..Default::default()
        };
        let config = with(settings).resolve(1, 1_000).unwrap();
        let folders = Folders::make(&config.data).unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let reserve = Arc::new(Reserve::new(folders.reserve()));
        let opened = Artifacts::open(&config, &folders, Arc::clone(&metrics), reserve).await;
        Self { directory, metrics, artifacts: opened.unwrap() }
    }

    /// As the next process finds it.
    async fn reopen(self, with: impl FnOnce(Settings) -> Settings) -> Self {
        let Self { directory, artifacts, .. } = self;
        artifacts.close().await;
        drop(artifacts);
        Self::open(directory, with).await
    }

    fn archived(&self, file: &File) -> PathBuf {
        self.directory.path().join("archive").join(Name(file.id).to_string())
    }

    fn fetch(&self, file: &File) -> Result<PathBuf> {
        block_in_place(|| self.artifacts.fetch(file, &[]))
    }

    fn publish(&self, bytes: &[u8]) -> File {
        block_in_place(|| self.artifacts.publish(bytes)).unwrap()
    }

    /// Has bytes in the archive that this worker has not fetched yet.
    fn offer(&self, bytes: &[u8]) -> File {
        let file = file(bytes);
        fs::write(self.archived(&file), bytes).unwrap();
        file
    }

    fn pin(&self, task: u64, files: &[File]) -> Result<()> {
        block_in_place(|| self.artifacts.pin(&seat(task), files))
    }

    fn keep(&self, seat: &Seat, file: &File) {
        let output = Output::Artifact { id: file.id, bytes: file.bytes };
        block_in_place(|| self.artifacts.keep(seat, &output)).unwrap();
    }

    fn has(&self, file: &File) -> bool {
        self.artifacts.store.has(file)
    }

    /// Bytes that are counted to have come from there.
    fn fetched(&self, from: &str) -> u64 {
        let text = self.metrics.text().unwrap();
        let name = format!("cairn_worker_fetched_bytes{{source=\"{from}\"}} ");
        let bytes = text.lines().find_map(|line| line.strip_prefix(&name));
        bytes.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }
}

fn file(bytes: &[u8]) -> File {
    File { id: content(bytes), bytes: bytes.len() as u64 }
}

fn with_quota(mib: u32) -> impl FnOnce(Settings) -> Settings {
    move |settings| Settings { quota: Some(mib), ..settings }
}

/// So many bytes, which are another file for each number.
fn large(number: u8, kib: usize) -> Vec<u8> {
    vec![number; kib << 10]
}

fn failure(missing: Missing) -> Option<Failure> {
    match Trouble::from(missing) {
        Trouble::Fault(Fault { failure, .. }) => Some(failure),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_give_what_another_worker_has_published() {
    let place = Place::new().await;
    let offered = place.offer(b"weights");
    let path = place.fetch(&offered).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"weights");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o004, 0o004);
    // From then on the archive is not needed.
    fs::remove_file(place.archived(&offered)).unwrap();
    assert_eq!(place.fetch(&offered).unwrap(), path);
    assert_eq!((place.fetched("archive"), place.fetched("cached")), (7, 7));
    assert_eq!(place.fetched("peer"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_blame_whoever_named_it_when_a_file_is_not_what_it_is_called() {
    let place = Place::new().await;
    let right = place.offer(b"weights");
    for bytes in [6, 8, 1 << 20] {
        let missing = place.fetch(&File { bytes, ..right }).unwrap_err();
        assert!(matches!(missing, Missing::Length { have: 7, .. }), "{missing}");
        assert_eq!(failure(missing), Some(Failure::FalseArtifact));
    }
    fs::write(place.archived(&right), b"WEIGHTS").unwrap();
    let missing = place.fetch(&right).unwrap_err();
    assert!(matches!(missing, Missing::Content { .. }), "{missing}");
    assert_eq!(failure(missing), Some(Failure::FalseArtifact));
    assert!(!place.has(&right));
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_say_who_was_asked_when_nobody_has_the_file() {
    let place = Place::new().await;
    let missing = place.fetch(&file(b"weights")).unwrap_err();
    let words = missing.to_string();
    let name = Name(content(b"weights")).to_string();
    assert!(words.contains(&name) && words.contains("the archive"), "{words}");
    assert_eq!(failure(missing), None, "it may still come");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_should_be_those_that_were_named_and_stay_nowhere() {
    let place = Place::new().await;
    let offered = place.offer(b"weights");
    let bytes = |file: &File| block_in_place(|| place.artifacts.bytes(file));
    assert_eq!(bytes(&offered).unwrap(), b"weights");
    let lying = bytes(&File { bytes: 6, ..offered });
    assert!(matches!(lying, Err(Missing::Length { have: 7, .. })), "{lying:?}");
    fs::write(place.archived(&offered), b"WEIGHTS").unwrap();
    let refused = bytes(&offered);
    assert!(matches!(refused, Err(Missing::Content { .. })), "{refused:?}");
    fs::remove_file(place.archived(&offered)).unwrap();
    assert!(matches!(bytes(&offered), Err(Missing::Absent { .. })));
    assert!(!place.has(&offered));
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_while_should_end_when_the_file_is_not_wanted_any_more() {
    let place = Place::new().await;
    let offered = place.offer(b"weights");
    let ended = block_in_place(|| place.artifacts.fetch_while(&offered, &[], || false));
    assert_eq!(ended.unwrap(), None);
    let there = block_in_place(|| place.artifacts.fetch_while(&offered, &[], || true));
    assert!(there.unwrap().is_some());
}

#[test]
fn in_order_should_have_nodes_of_the_same_task_before_others_and_after_the_archive() {
    let [one, two, three] = [1, 2, 3].map(|seed| NodeId::of(&[seed; 32]));
    let sources = [Source::Archive, Source::Peer(one), Source::Peer(two), Source::Peer(three)];
    assert_eq!(in_order(&sources, &[]), sources);
    // A node that nobody has told this one of is not asked.
    let ordered = in_order(&sources, &[NodeId::of(&[9; 32]), three]);
    let expected = [Source::Archive, Source::Peer(three), Source::Peer(one), Source::Peer(two)];
    assert_eq!(ordered, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn pinned_files_should_stay_when_others_need_room() {
    let place = Place::open(tempfile::tempdir().unwrap(), with_quota(1)).await;
    let [needed, idle, next] = [1, 2, 3].map(|number| place.offer(&large(number, 400)));
    place.pin(7, &[needed]).unwrap();
    place.fetch(&needed).unwrap();
    place.fetch(&idle).unwrap();
    place.fetch(&next).unwrap();
    assert!(place.has(&needed) && place.has(&next) && !place.has(&idle));
    // What is used by jobs together leaves no room.
    place.pin(8, &[next]).unwrap();
    let full = place.fetch(&idle).unwrap_err();
    assert!(matches!(full, Missing::Full { .. }), "{full}");
    assert_eq!(failure(full), None, "another job ends");
    place.artifacts.unpin(&seat(7)).await.unwrap();
    place.fetch(&idle).unwrap();
    assert!(!place.has(&needed));
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_should_refuse_when_the_files_of_a_job_have_no_room_together() {
    let place = Place::open(tempfile::tempdir().unwrap(), with_quota(1)).await;
    let [one, other] = [1, 2].map(|number| file(&large(number, 600)));
    // Twice the same is once.
    place.pin(7, &[one, one]).unwrap();
    let refused = place.pin(7, &[one, other]).unwrap_err();
    assert!(matches!(refused, Missing::TooMuch { .. }), "{refused}");
    assert_eq!(failure(refused), Some(Failure::DiskFull));
}

#[tokio::test(flavor = "multi_thread")]
async fn result_should_stay_until_it_is_fetched_though_the_process_does_not() {
    let place = Place::open(tempfile::tempdir().unwrap(), with_quota(1)).await;
    let result = place.publish(&large(1, 400));
    assert_eq!(fs::read(place.archived(&result)).unwrap(), large(1, 400));
    place.keep(&seat(7), &result);
    place.pin(8, &[file(&large(2, 400))]).unwrap();
    let place = place.reopen(with_quota(1)).await;
    // What a job had that was killed is kept no more.
    let holders = place.artifacts.holders();
    assert!(holders.iter().eq([&seat(7).purpose(RESULT)]), "{holders:?}");

    let next = |number| place.offer(&large(number, 400));
    for number in 3..6 {
        place.fetch(&next(number)).unwrap();
    }
    assert!(place.has(&result));
    place.artifacts.keep_only(&[seat(6), seat(7)]).await.unwrap();
    assert_eq!(place.artifacts.holders().len(), 1);
    place.artifacts.keep_only(&[seat(6)]).await.unwrap();
    assert!(place.artifacts.holders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bring_kept_should_keep_a_model_until_its_keeper_is_left_out() {
    let place = Place::open(tempfile::tempdir().unwrap(), with_quota(1)).await;
    let (delta, wanted) = (Seat::keeper(DeltaId(5)), place.offer(&large(1, 400)));
    // However often it is wanted, it is kept once.
    for round in [0, 1] {
        place.artifacts.bring_kept(&Seat { round, ..delta }, &wanted).await.unwrap();
    }
    let place = place.reopen(with_quota(1)).await;
    assert_eq!(place.artifacts.holders().len(), 1);
    for number in 3..6 {
        place.fetch(&place.offer(&large(number, 400))).unwrap();
    }
    assert!(place.has(&wanted));
    place.artifacts.keep_only(&[delta, seat(5)]).await.unwrap();
    assert_eq!(place.artifacts.holders().len(), 1);
    place.artifacts.keep_only(&[seat(5)]).await.unwrap();
    assert!(place.artifacts.holders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_should_leave_alone_what_a_guard_has_found() {
    let place = Place::new().await;
    let found = place.publish(b"the same");
    place.keep(&Seat { part: Part::Guard, ..seat(7) }, &found);
    assert!(place.artifacts.holders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn prove_should_prove_a_result_although_it_was_let_go_of() {
    let place = Place::new().await;
    let result = place.publish(&large(1, 100));
    let path = place.fetch(&result).unwrap();
    for _ in 0..2 {
        let proofs = place.artifacts.prove(&result, &[3, 99]).await.unwrap();
        for (index, proof) in [3, 99].into_iter().zip(&proofs) {
            assert_eq!(verify(&result.id, result.bytes, index, proof), Ok(()));
        }
        fs::remove_file(&path).unwrap();
    }
    fs::remove_file(place.archived(&result)).unwrap();
    let missing = place.artifacts.prove(&result, &[3]).await;
    assert!(matches!(missing, Err(Missing::Absent { .. })), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_file_should_name_it_by_its_bytes() {
    let place = Place::new().await;
    let path = place.directory.path().join("result");
    fs::write(&path, large(9, 300)).unwrap();
    let published = block_in_place(|| place.artifacts.publish_file(&path)).unwrap();
    assert_eq!(published, file(&large(9, 300)));
    assert_eq!(fs::read(place.archived(&published)).unwrap(), large(9, 300));
    assert!(place.has(&published), "so that others can have it from here");
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_should_hold_the_files_of_its_job_and_no_others() {
    let place = Place::new().await;
    let [a, b] = [b"one".as_slice(), b"two"].map(|bytes| place.publish(bytes));
    let desk = place.artifacts.desk(&[a, a]).unwrap();
    let name = |file: &File| Name(file.id).to_string();
    assert_eq!(fs::read(desk.path().join(name(&a))).unwrap(), b"one");
    assert!(!desk.path().join(name(&b)).exists());
    // One within it is as another's, and goes by itself.
    let within = place.artifacts.desk_in(desk.path(), &[b]).unwrap();
    let inner = within.path().to_owned();
    assert!(inner.starts_with(desk.path()) && inner.join(name(&b)).exists());
    drop(within);
    assert!(!inner.exists() && desk.path().join(name(&a)).exists());
    let path = desk.path().to_owned();
    drop(desk);
    assert!(!path.exists() && place.has(&a));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_should_clear_what_killed_jobs_left() {
    let place = Place::new().await;
    let file = place.publish(b"one");
    let left = place.artifacts.desk(&[file]).unwrap().keep();
    let place = place.reopen(|settings| settings).await;
    assert!(!left.exists());
    assert!(place.has(&file));
}

/// A worker that listens, and knows these.
async fn node(directory: TempDir, known: &[(NodeId, SocketAddr)]) -> Place {
    let known =
        known.iter().map(|(node, address)| Neighbour { node: *node, address: Some(*address) });
    let peer: Vec<Neighbour> = known.collect();
    let listen: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap()];
    Place::open(directory, |settings| Settings { peer, listen, ..settings }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn file_should_come_from_a_known_worker_when_the_archive_has_lost_it() {
    let somewhere: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let home = tempfile::tempdir().unwrap();
    // Its key is there before it is, so that the first can be told of it.
    let folders = Folders::make(&home.path().join("data")).unwrap();
    let second = NodeId::of(&secret(&folders.node_key()).unwrap());
    let first = node(tempfile::tempdir().unwrap(), &[(second, somewhere)]).await;
    let result = first.publish(&large(1, 300));
    let peer = first.artifacts.store.peer().unwrap();
    let known = [(peer.id(), peer.addresses()[0])];

    // Their archives are two, of which the second's is empty.
    let second = node(home, &known).await;
    let path = second.fetch(&result).unwrap();
    assert_eq!(fs::read(path).unwrap(), large(1, 300));
    assert_eq!((second.fetched("peer"), second.fetched("archive")), (result.bytes, 0));
    second.fetch(&result).unwrap();
    assert_eq!((second.fetched("peer"), second.fetched("cached")), (result.bytes, result.bytes));

    // One that the first does not know gets nothing, though it knows the first.
    let stranger = node(tempfile::tempdir().unwrap(), &known).await;
    let refused = stranger.fetch(&result).unwrap_err();
    assert!(matches!(refused, Missing::Absent { .. }), "{refused}");
    assert_eq!(stranger.fetched("peer"), 0);
    for place in [first, second, stranger] {
        place.artifacts.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_turn_to_the_relay_that_it_is_told_of() {
    let relay = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", relay.local_addr().unwrap());
    let peer = Neighbour { node: NodeId::of(&[1; 32]), address: None };
    let with = |settings: Settings| Settings { peer: vec![peer], relay: vec![url], ..settings };
    let place = Place::open(tempfile::tempdir().unwrap(), with).await;
    timeout(Duration::from_secs(60), relay.accept()).await.unwrap().unwrap();
    place.artifacts.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_should_have_no_node_when_none_is_asked_for() {
    assert!(Place::new().await.artifacts.store.peer().is_none());
}

#[test]
fn quota_should_be_no_more_than_the_disk_can_hold() {
    let folder = tempfile::tempdir().unwrap();
    let most = room(folder.path()).unwrap();
    assert!(quota(folder.path(), Some(u64::MAX)).unwrap() <= most + SPARE);
    assert_eq!(quota(folder.path(), Some(5)).unwrap(), 5);
    let half = quota(folder.path(), None).unwrap();
    assert!(half <= most / 2 + SPARE, "{half} of {most}");
}

#[test]
fn taken_should_count_files_in_folders_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("files")).unwrap();
    fs::write(folder.path().join("files/one"), [0; 10]).unwrap();
    fs::write(folder.path().join("two"), [0; 5]).unwrap();
    assert_eq!(taken(folder.path()).unwrap(), 15);
}
