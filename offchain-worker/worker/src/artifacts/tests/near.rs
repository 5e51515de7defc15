//! Whom a file is asked of first.

use super::*;
use std::time::Instant;

/// A node without an answer is waited for longer than this.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn file_should_come_from_a_near_node_before_any_other_is_asked() {
    let somewhere: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::make(&home.path().join("data")).unwrap();
    let own = NodeId::of(&secret(&folders.node_key()).unwrap());
    let giver = node(tempfile::tempdir().unwrap(), &[(own, somewhere)]).await;
    let result = giver.publish(&large(1, 300));
    let (near, address) = {
        let peer = giver.artifacts.store.peer().unwrap();
        (peer.id(), peer.addresses()[0])
    };
    // Nobody is there, and it comes first where none is near.
    let mut nodes = (0..u16::MAX).map(|number| {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&number.to_le_bytes());
        NodeId::of(&seed)
    });
    let dark = nodes.find(|node| *node < near).unwrap();
    let asker = node(home, &[(near, address), (dark, somewhere)]).await;
    assert_eq!(in_order(&asker.artifacts.sources, &[])[1], Source::Peer(dark));

    let begun = Instant::now();
    let path = block_in_place(|| asker.artifacts.fetch(&result, &[near])).unwrap();
    assert!(begun.elapsed() < SOON, "another was asked before");
    assert_eq!(fs::read(path).unwrap(), large(1, 300));
    let counted = asker.metrics.text().unwrap();
    assert!(counted.contains("cairn_worker_near_total 1\n"), "{counted}");
    for place in [giver, asker] {
        place.artifacts.close().await;
    }
}
