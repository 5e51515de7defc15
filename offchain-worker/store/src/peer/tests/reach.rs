//! Nodes that ask a neighbour whether it reaches them.

use super::*;
use crate::peer::reach::{read, Ports, ALPN};
use std::{net::UdpSocket, time::Instant};
use tokio::join;

const ASKER: [u8; 32] = [2; 32];
const OTHER: [u8; 32] = [3; 32];

fn local() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// A node that deals with both.
async fn neighbour() -> Node {
    let node = Node::new(1).await;
    for secret in [ASKER, OTHER] {
        node.peer().admit(NodeId::of(&secret), &[]).unwrap();
    }
    node
}

async fn ask(inquiry: &Inquiry, neighbour: &Node) -> Result<Vec<Dialled>, Unasked> {
    let asked = [(neighbour.peer().id(), neighbour.peer().addresses())];
    inquiry.ask(&asked).await.remove(0).1
}

/// What a node answers to these bytes.
async fn said(neighbour: &Node, asking: &Endpoint, bytes: &[u8]) -> Vec<u8> {
    let id = EndpointId::from_bytes(&neighbour.peer().id().0).unwrap();
    let addresses = neighbour.peer().addresses().into_iter().map(TransportAddr::Ip);
    let there = EndpointAddr::from_parts(id, addresses);
    let connection = asking.connect(there, ALPN).await.unwrap();
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    // Whoever has heard enough stops listening.
    let _ = send.write_all(bytes).await;
    let _ = send.finish();
    recv.read_to_end(1_000).await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_be_told_that_it_is_reached_and_not_twice_a_minute() {
    let neighbour = neighbour().await;
    let inquiry = Inquiry::open(&ASKER, &[local()], &[]).await.unwrap();
    assert!(!inquiry.is_running());
    let told = ask(&inquiry, &neighbour).await.unwrap();
    let [Dialled { address, reached: true }] = told[..] else { panic!("{told:?}") };
    assert_eq!(address.ip(), local().ip());
    let again = ask(&inquiry, &neighbour).await;
    assert_eq!(again, Err(Unasked::Refused(Refusal::Early)));
    inquiry.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_be_told_that_it_is_not_reached_and_nobody_else_be_dialled_meanwhile() {
    let neighbour = neighbour().await;
    let one = bind(&ASKER, &[local()], &[]).await.unwrap();
    let other = bind(&OTHER, &[local()], &[]).await.unwrap();
    let silent = UdpSocket::bind(local()).unwrap();
    let address = silent.local_addr().unwrap();
    let (question, begun) = (Ports::of(&[address]).written(), Instant::now());
    let later = async {
        sleep(Duration::from_secs(1)).await;
        said(&neighbour, &other, &question).await
    };
    let (told, refused) = join!(said(&neighbour, &one, &question), later);
    assert_eq!(read(&told), Some(Ok(vec![Dialled { address, reached: false }])));
    assert_eq!(read(&refused), Some(Err(Refusal::Busy)));
    assert!(begun.elapsed() < Duration::from_secs(15));
    join!(one.close(), other.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_be_dialled_nowhere_but_where_it_asks_from() {
    let neighbour = neighbour().await;
    let there = bind(&ASKER, &["127.0.0.2:0".parse().unwrap()], &[]).await.unwrap();
    let port = there.bound_sockets()[0].port();
    let (_, nobody) = watch::channel(Book::new());
    let listening = Router::builder(there).accept(ALPN, Answering::new(nobody)).spawn();
    let one = bind(&ASKER, &[local()], &[]).await.unwrap();
    let told = said(&neighbour, &one, &Ports { four: port, six: 0 }.written()).await;
    let address = SocketAddr::new(local().ip(), port);
    assert_eq!(read(&told), Some(Ok(vec![Dialled { address, reached: false }])));
    // It is not seen at any address of the other family.
    let other = bind(&OTHER, &[local()], &[]).await.unwrap();
    let refused = said(&neighbour, &other, &Ports { four: 0, six: port }.written()).await;
    assert_eq!(read(&refused), Some(Err(Refusal::Unseen)));
    join!(one.close(), other.close());
    listening.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_should_be_answered_by_nothing_and_harm_nobody() {
    let neighbour = neighbour().await;
    let asking = bind(&ASKER, &[local()], &[]).await.unwrap();
    for nonsense in [vec![], vec![0; 4], vec![1; 3], vec![1; 5], vec![7; 100_000]] {
        let heard = said(&neighbour, &asking, &nonsense).await;
        assert!(heard.is_empty(), "{} bytes: {heard:?}", nonsense.len());
    }
    asking.close().await;
    let inquiry = Inquiry::open(&ASKER, &[local()], &[]).await.unwrap();
    let told = ask(&inquiry, &neighbour).await.unwrap();
    assert!(told.len() == 1 && told[0].reached, "{told:?}");
    inquiry.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_should_be_told_by_a_node_that_has_not_admitted_it_or_is_gone() {
    let neighbour = Node::new(1).await;
    let inquiry = Inquiry::open(&ASKER, &[local()], &[]).await.unwrap();
    assert_eq!(ask(&inquiry, &neighbour).await, Err(Unasked::Stranger));
    let asked = [(neighbour.peer().id(), neighbour.peer().addresses())];
    neighbour.store.close().await;
    let gone = inquiry.ask(&asked).await.remove(0).1;
    assert!(matches!(gone, Err(Unasked::Unreached(_))), "{gone:?}");
    inquiry.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_be_asked_about_while_it_runs_unless_another_has_its_port() {
    let (neighbour, running) = (neighbour().await, Node::new(2).await);
    let listen = running.peer().addresses();
    let inquiry = Inquiry::open(&ASKER, &listen, &[]).await.unwrap();
    assert!(inquiry.is_running());
    let told = ask(&inquiry, &neighbour).await;
    assert_eq!(told, Ok(vec![Dialled { address: listen[0], reached: true }]));
    inquiry.close().await;
    let taken = Inquiry::open(&OTHER, &listen, &[]).await.map(drop);
    assert!(matches!(taken, Err(PeerError::Deaf(_))), "{taken:?}");
}
