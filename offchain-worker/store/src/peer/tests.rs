mod reach;

use super::*;
use crate::{Archive, Error, Have, Name, Quota, Received, Source, Store};
use cairn_protocol::chunk::content;
use cairn_relay::Server;
use iroh::{
    endpoint::Connection,
    protocol::{AcceptError, ProtocolHandler},
    RelayMode,
};
use iroh_blobs::{
    protocol::{ChunkRanges, ChunkRangesSeq, PushRequest},
    Hash,
};
use std::fs;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Handle, task::block_in_place, time::sleep};

/// Far more than a connection has on its way.
const LONG: u32 = 32 << 20;

/// A store with a node on loopback, and the folders that it can be opened on again.
struct Node {
    folder: TempDir,
    store: Store,
}

impl Node {
    async fn new(seed: u8) -> Self {
        Self::open(tempfile::tempdir().unwrap(), seed, 1 << 30).await
    }

    async fn open(folder: TempDir, seed: u8, quota: u64) -> Self {
        Self::with(folder, seed, quota, &[]).await
    }

    async fn by(relay: &Relay, seed: u8) -> Self {
        Self::with(tempfile::tempdir().unwrap(), seed, 1 << 30, std::slice::from_ref(relay)).await
    }

    async fn with(folder: TempDir, seed: u8, quota: u64, relays: &[Relay]) -> Self {
        let (peer, store) = (folder.path().join("peer"), folder.path().join("store"));
        let archive = folder.path().join("archive");
        let archive = Archive::open(archive.to_str().unwrap(), &[]).unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let peer = Peer::open(&peer, &[seed; 32], &[listen], relays).await.unwrap();
        let store = Store::open(&store, Quota(quota), archive, Some(peer)).await.unwrap();
        Self { folder, store }
    }

    async fn reopen(self, seed: u8) -> Self {
        self.store.close().await;
        let Self { folder, store } = self;
        drop(store);
        Self::open(folder, seed, 1 << 30).await
    }

    fn peer(&self) -> &Peer {
        self.store.peer().unwrap()
    }

    fn source(&self) -> Source {
        Source::Peer(self.peer().id())
    }

    fn admit(&self, other: &Self) {
        self.peer().admit(other.peer().id(), &other.peer().addresses()).unwrap();
    }

    async fn fetch(&self, file: &File, sources: &[Source]) -> Result<PathBuf, Error> {
        self.store.fetch(file, sources, &mut |_| ()).await
    }
}

/// A relay, and what nodes are told of it.
async fn served() -> (Server, Relay) {
    let server = Server::start().await.unwrap();
    let relay = server.url().parse().unwrap();
    (server, relay)
}

fn introduce(one: &Node, other: &Node) {
    one.admit(other);
    other.admit(one);
}

/// Bytes of which no two pieces are the same.
fn bytes_of(length: u32) -> Vec<u8> {
    (0..length.div_ceil(4)).flat_map(u32::to_le_bytes).take(length as usize).collect()
}

/// Gives whatever it is asked for the same answer.
#[derive(Debug)]
struct Liar {
    answer: Vec<u8>,
}

impl ProtocolHandler for Liar {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        while let Ok((mut send, _recv)) = connection.accept_bi().await {
            // Whoever has heard enough stops listening.
            let _ = send.write_all(&self.answer).await;
            let _ = send.finish();
        }
        Ok(())
    }
}

/// A node that says that files have so many bytes, none of which are theirs.
async fn liar(seed: u8, length: u64) -> (Router, NodeId, Vec<SocketAddr>) {
    let endpoint = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&[seed; 32]))
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap();
    let (id, addresses) = (NodeId(*endpoint.id().as_bytes()), endpoint.bound_sockets());
    let answer = [&length.to_le_bytes()[..], &[7; 100_000]].concat();
    let router = Router::builder(endpoint).accept(iroh_blobs::ALPN, Liar { answer }).spawn();
    (router, id, addresses)
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_give_what_it_holds_when_both_have_admitted_each_other() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    introduce(&one, &other);
    for length in [1, 1_000, 16 << 10, 100_000, 9 << 20] {
        let bytes = bytes_of(length);
        let file = one.store.put(bytes.clone()).await.unwrap();
        let path = other.fetch(&file, &[one.source()]).await.unwrap();
        assert_eq!(fs::read(path).unwrap(), bytes, "{length}");
    }
    // What was fetched is given on.
    let third = Node::new(3).await;
    introduce(&other, &third);
    let bytes = bytes_of(100_000);
    let file = File { id: content(&bytes), bytes: 100_000 };
    third.fetch(&file, &[other.source()]).await.unwrap();
    assert_eq!(third.store.received(), Received { archive: 0, peers: 100_000 });
}

#[tokio::test(flavor = "multi_thread")]
async fn node_id_should_follow_from_the_secret_and_be_read_as_it_is_written() {
    let one = Node::new(1).await;
    let id = one.peer().id();
    assert_eq!(NodeId::of(&[1; 32]), id);
    assert_eq!(NodeId::from_hex(&id.to_string()), Some(id));
    for bad in ["", "ab", &id.to_string()[1..], &"zz".repeat(32)] {
        assert_eq!(NodeId::from_hex(bad), None, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_not_start_when_its_address_is_taken() {
    let one = Node::new(1).await;
    let folder = tempfile::tempdir().unwrap();
    let taken = one.peer().addresses();
    let refused = Peer::open(folder.path(), &[2; 32], &taken, &[]).await.map(drop);
    assert!(matches!(refused, Err(PeerError::Deaf(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stranger_should_be_refused_by_either_side() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    let file = one.store.put(bytes_of(100_000)).await.unwrap();
    let refused = other.fetch(&file, &[one.source()]).await.unwrap_err().to_string();
    assert!(refused.contains("is not admitted"), "nothing is asked of it: {refused}");
    other.admit(&one);
    let refused = other.fetch(&file, &[one.source()]).await.unwrap_err();
    assert!(matches!(refused, Error::Missing { .. }), "{refused}");
    assert_eq!(other.store.received(), Received::default());
    one.admit(&other);
    assert_eq!(one.peer().admitted(), [other.peer().id()]);
    other.fetch(&file, &[one.source()]).await.unwrap();
    one.peer().dismiss(other.peer().id());
    let next = one.store.put(bytes_of(50_000)).await.unwrap();
    let refused = other.fetch(&next, &[one.source()]).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dismissed_node_should_be_given_no_more_of_what_it_is_being_given() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    introduce(&one, &other);
    let file = one.store.put(bytes_of(LONG)).await.unwrap();
    let sources = [one.source()];
    let mut dismiss = |_: u64| one.peer().dismiss(other.peer().id());
    let ended = other.store.fetch(&file, &sources, &mut dismiss).await;
    assert!(matches!(ended, Err(Error::Missing { .. })), "{ended:?}");
    assert!(other.store.received().peers < file.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_go_on_with_the_next_node_when_one_vanishes() {
    let (one, other, third) = (Node::new(1).await, Node::new(2).await, Node::new(3).await);
    introduce(&one, &third);
    introduce(&other, &third);
    let bytes = bytes_of(LONG);
    let file = one.store.put(bytes.clone()).await.unwrap();
    other.store.put(bytes.clone()).await.unwrap();
    let mut stood_at = None;
    let runtime = Handle::current();
    let sources = [one.source(), other.source()];
    let mut vanish = |there: u64| {
        if there > 1 << 20 && stood_at.is_none() {
            stood_at = Some(there);
            block_in_place(|| runtime.block_on(one.store.close()));
        }
    };
    let path = third.store.fetch(&file, &sources, &mut vanish).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert!(stood_at.is_some());
    assert_eq!(third.store.received().peers, file.bytes, "no byte came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_go_on_where_it_stopped_when_the_worker_starts_again() {
    let (one, other, third) = (Node::new(1).await, Node::new(2).await, Node::new(3).await);
    introduce(&one, &third);
    let bytes = bytes_of(LONG);
    let file = one.store.put(bytes.clone()).await.unwrap();
    other.store.put(bytes.clone()).await.unwrap();
    let (sources, id) = ([one.source()], third.peer().id());
    let mut dismiss = |there: u64| {
        if there > 1 << 20 {
            one.peer().dismiss(id);
        }
    };
    let broken = third.store.fetch(&file, &sources, &mut dismiss).await;
    assert!(matches!(broken, Err(Error::Missing { .. })), "{broken:?}");
    let before = third.store.received().peers;
    assert!(before > 1 << 20 && before < file.bytes);
    let third = third.reopen(3).await;
    introduce(&other, &third);
    let path = third.fetch(&file, &[other.source()]).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(before + third.store.received().peers, file.bytes, "no byte came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_leave_a_node_that_lies_for_one_that_does_not() {
    let (honest, asking) = (Node::new(1).await, Node::new(2).await);
    introduce(&honest, &asking);
    for (seed, length) in [(3, 100_000), (4, 5), (5, u64::MAX), (6, 99_999)] {
        let mut bytes = bytes_of(100_000);
        bytes[0] = seed;
        let file = honest.store.put(bytes.clone()).await.unwrap();
        let (_router, liar, addresses) = liar(seed, length).await;
        asking.peer().admit(liar, &addresses).unwrap();
        let lied = asking.fetch(&file, &[Source::Peer(liar)]).await;
        assert!(matches!(lied, Err(Error::Missing { .. })), "{length}: {lied:?}");
        let path = asking.fetch(&file, &[Source::Peer(liar), honest.source()]).await.unwrap();
        assert_eq!(fs::read(path).unwrap(), bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_refuse_when_a_node_proves_another_length() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    introduce(&one, &other);
    let file = one.store.put(bytes_of(100_000)).await.unwrap();
    for bytes in [99_999, 100_001, 5] {
        let refused = other.fetch(&File { bytes, ..file }, &[one.source()]).await;
        let have = Have::Length(100_000);
        assert!(matches!(refused, Err(Error::False { have: found, .. }) if found == have));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_should_take_bytes_from_a_node_and_the_archive_alike() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    introduce(&one, &other);
    let bytes = bytes_of(LONG);
    let file = one.store.put(bytes.clone()).await.unwrap();
    // The archive of the one that asks has the file too.
    let archive = other.folder.path().join("archive").join(Name(file.id).to_string());
    fs::write(archive, &bytes).unwrap();
    let sources = [one.source(), Source::Archive];
    let mut dismiss = |_: u64| one.peer().dismiss(other.peer().id());
    let path = other.store.fetch(&file, &sources, &mut dismiss).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    let Received { archive, peers } = other.store.received();
    assert!(archive > 0 && peers > 0, "{archive} {peers}");
    assert_eq!(archive + peers, file.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_offer_what_it_held_when_it_starts_again() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    let file = one.store.put(bytes_of(100_000)).await.unwrap();
    let (id, one) = (one.peer().id(), one.reopen(1).await);
    assert_eq!(one.peer().id(), id);
    introduce(&one, &other);
    other.fetch(&file, &[one.source()]).await.unwrap();
    // Nor is anything lost when what proves the pieces is.
    one.store.close().await;
    let Node { folder, store } = one;
    drop(store);
    fs::rename(folder.path().join("peer"), folder.path().join("lost")).unwrap();
    let (one, third) = (Node::open(folder, 1, 1 << 30).await, Node::new(3).await);
    introduce(&one, &third);
    third.fetch(&file, &[one.source()]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_offer_nothing_that_was_evicted() {
    let one = Node::open(tempfile::tempdir().unwrap(), 1, 150_000).await;
    let first = one.store.put(bytes_of(100_000)).await.unwrap();
    assert_eq!(one.peer().offers.list().await.unwrap(), BTreeSet::from([first.id]));
    let second = one.store.put(bytes_of(60_000)).await.unwrap();
    assert!(!one.store.has(&first));
    assert_eq!(one.peer().offers.list().await.unwrap(), BTreeSet::from([second.id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_take_nothing_that_it_has_not_asked_for() {
    let (one, other) = (Node::new(1).await, Node::new(2).await);
    introduce(&one, &other);
    let file = one.store.put(bytes_of(100_000)).await.unwrap();
    let address = one.peer().address(&other.peer().id()).unwrap();
    let connection = one.peer().endpoint().connect(address, iroh_blobs::ALPN).await.unwrap();
    let ranges = ChunkRangesSeq::from_ranges([ChunkRanges::all()]);
    let hash = Hash::from(file.id.0);
    let blobs = one.peer().offers.protocol();
    let pushing = blobs.remote().execute_push(connection, PushRequest::new(hash, ranges));
    // Whether that is told to the one that pushes or not.
    let _ = pushing.await;
    let theirs = other.peer().offers.protocol();
    for _ in 0..10 {
        assert!(!theirs.has(hash).await.unwrap());
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_know_no_relay_and_ask_nobody_for_addresses() {
    let one = Node::new(1).await;
    let endpoint = one.peer().endpoint();
    for relay in RelayMode::Default.relay_map().urls::<Vec<_>>() {
        assert!(endpoint.remove_relay(&relay).await.is_none(), "{relay}");
    }
    assert_eq!(endpoint.addr().relay_urls().count(), 0);
    assert!(endpoint.address_lookup().unwrap().is_empty());
    let nowhere = NodeId(*SecretKey::from_bytes(&[9; 32]).public().as_bytes());
    one.peer().admit(nowhere, &[]).unwrap();
    let file = File { id: content(b"anything"), bytes: 8 };
    let missing = one.fetch(&file, &[Source::Peer(nowhere)]).await;
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
}

/// Nobody is told any address here, and nobody is asked for one.
#[tokio::test(flavor = "multi_thread")]
async fn node_should_be_found_by_its_id_alone_when_both_have_a_relay() {
    let (server, relay) = served().await;
    let (one, other) = (Node::by(&relay, 1).await, Node::by(&relay, 2).await);
    let stranger = Node::by(&relay, 3).await;
    other.peer().admit(one.peer().id(), &[]).unwrap();
    stranger.peer().admit(one.peer().id(), &[]).unwrap();
    one.peer().admit(other.peer().id(), &[]).unwrap();
    let bytes = bytes_of(1 << 20);
    let file = one.store.put(bytes.clone()).await.unwrap();
    timeout(Duration::from_secs(60), one.peer().endpoint().online()).await.unwrap();
    assert_eq!(server.carried(), 0);
    let path = other.fetch(&file, &[one.source()]).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(other.store.received(), Received { archive: 0, peers: file.bytes });
    assert!(server.carried() > 0, "they have no other way to meet");

    let refused = stranger.fetch(&file, &[one.source()]).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
    assert_eq!(stranger.store.received(), Received::default());
    one.peer().dismiss(other.peer().id());
    let next = one.store.put(bytes_of(50_000)).await.unwrap();
    let refused = other.fetch(&next, &[one.source()]).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_should_be_reached_only_when_it_lets_nodes_in() {
    let (_server, relay) = served().await;
    relay.reach().await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let relay: Relay = format!("http://{gone}").parse().unwrap();
    let refused = relay.reach().await.unwrap_err();
    assert!(matches!(refused, PeerError::NoRelay { relay: ref named, .. } if *named == relay));
}

#[test]
fn relay_should_be_read_when_it_is_the_url_of_one() {
    for good in ["https://relay.example", "http://127.0.0.1:3340", "https://[::1]:443/"] {
        let relay: Relay = good.parse().unwrap();
        assert_eq!(relay.to_string().parse::<Relay>(), Ok(relay), "{good}");
    }
    for bad in ["", "relay.example", "relay.example:443", "ftp://relay.example", "https://"] {
        assert!(bad.parse::<Relay>().is_err(), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admit_should_refuse_what_is_no_key() {
    let one = Node::new(1).await;
    // Bytes that are no point of the curve.
    let mut nodes = (0..=u8::MAX).map(|byte| NodeId([byte; 32]));
    let no_key = nodes.find(|node| EndpointId::from_bytes(&node.0).is_err()).unwrap();
    let refused = one.peer().admit(no_key, &[]);
    assert!(matches!(refused, Err(PeerError::NotANode(_))), "{refused:?}");
}
