//! The neighbour's part: it dials those back that it has admitted, each once a minute, one at a
//! time, and only where their own connection comes from.

use super::{
    dial,
    wire::{written, Answer, Ports, Refusal, QUESTION_BYTES},
    DONE,
};
use crate::peer::{guard::STRANGER, Book};
use futures::future::join_all;
use iroh::{
    endpoint::{Connection, VarInt},
    protocol::{AcceptError, ProtocolHandler},
    EndpointId, TransportAddr,
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// Between two questions of one node.
const PAUSE: Duration = Duration::from_secs(60);
/// For all of an answer.
const LIMIT: Duration = Duration::from_secs(15);
/// How long a node that came by a relay may take to be seen itself.
const SEEN: Duration = Duration::from_secs(3);
/// Between two looks whether it is.
const LOOK: Duration = Duration::from_millis(50);
/// How long the other end may stay when all is said.
const GRACE: Duration = Duration::from_secs(2);
/// What a connection is closed with on which nothing was asked that could be answered.
const UNREAD: VarInt = VarInt::from_u32(2);

/// Dials back whoever is admitted and asks for it.
#[derive(Debug)]
pub(crate) struct Answering {
    admitted: watch::Receiver<Book>,
    /// When nodes were last dialled back.
    last: Mutex<BTreeMap<EndpointId, Instant>>,
    alone: tokio::sync::Mutex<()>,
}

impl Answering {
    pub(crate) fn new(admitted: watch::Receiver<Book>) -> Self {
        Self { admitted, last: Mutex::default(), alone: tokio::sync::Mutex::default() }
    }

    /// None where nothing was asked that could be answered, or nobody listens any more.
    async fn answer(&self, connection: &Connection) -> Option<()> {
        let (mut send, mut recv) = connection.accept_bi().await.ok()?;
        let asked = recv.read_to_end(QUESTION_BYTES).await.ok()?;
        let answer = self.dial_back(connection, Ports::read(&asked)?).await;
        send.write_all(&written(&answer)).await.ok()?;
        send.finish().ok()
    }

    async fn dial_back(&self, connection: &Connection, ports: Ports) -> Answer {
        let Ok(_alone) = self.alone.try_lock() else { return Err(Refusal::Busy) };
        let node = connection.remote_id();
        let is_due = turn(&mut self.last.lock(), node, Instant::now());
        if !is_due {
            return Err(Refusal::Early);
        }
        let seeing = async {
            loop {
                let places = places(connection, ports);
                if !places.is_empty() {
                    return places;
                }
                sleep(LOOK).await;
            }
        };
        let places = timeout(SEEN, seeing).await.map_err(|_| Refusal::Unseen)?;
        let dialled = join_all(places.into_iter().map(|place| dial(node, place))).await;
        dialled.into_iter().collect::<Option<Vec<_>>>().ok_or(Refusal::Unable)
    }
}

impl ProtocolHandler for Answering {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let is_admitted = self.admitted.borrow().contains_key(&connection.remote_id());
        let (code, reason) = if !is_admitted {
            (STRANGER, "not admitted")
        } else if let Ok(Some(())) = timeout(LIMIT, self.answer(&connection)).await {
            (DONE, "answered")
        } else {
            (UNREAD, "not understood")
        };
        // Whoever was told something has to hear it, and whoever dials back is a stranger, who
        // leaves once it has seen who is here.
        let _ = timeout(GRACE, connection.closed()).await;
        connection.close(code, reason.as_bytes());
        Ok(())
    }
}

/// Whether it is a node's turn, which it has had then. Those who had theirs long ago are
/// forgotten.
fn turn(last: &mut BTreeMap<EndpointId, Instant>, node: EndpointId, now: Instant) -> bool {
    last.retain(|_, then| now.duration_since(*then) < PAUSE);
    let is_due = !last.contains_key(&node);
    if is_due {
        last.insert(node, now);
    }
    is_due
}

/// Where the other end is seen without anybody in between, at the ports that it asks for: of each
/// family one address, which has answered here, so that nobody else's can be named.
fn places(connection: &Connection, ports: Ports) -> Vec<SocketAddr> {
    let paths = connection.paths();
    let direct = paths.iter().filter_map(|path| match path.remote_addr() {
        TransportAddr::Ip(address) => Some((path.is_selected(), *address)),
        _ => None,
    });
    let mut seen: Vec<(bool, SocketAddr)> = direct.collect();
    // What is in use comes first.
    seen.sort_by_key(|(is_selected, _)| !is_selected);
    let place = |is_four: bool| {
        let found = seen.iter().find(|(_, address)| address.is_ipv4() == is_four);
        let mut place = found.map(|(_, address)| *address)?;
        let port = Some(ports.like(&place)).filter(|port| *port > 0)?;
        place.set_port(port);
        Some(place)
    };
    [true, false].into_iter().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use iroh::SecretKey;

    #[test]
    fn turn_should_come_to_each_node_once_a_minute() {
        let [one, other] = [1, 2].map(|seed| SecretKey::from_bytes(&[seed; 32]).public());
        let (mut last, now) = (BTreeMap::new(), Instant::now());
        assert!(turn(&mut last, one, now));
        assert!(!turn(&mut last, one, now + PAUSE / 2));
        assert!(turn(&mut last, other, now + PAUSE / 2));
        assert!(turn(&mut last, one, now + PAUSE), "to be refused does not put it off");
        assert!(!turn(&mut last, other, now + PAUSE));
        assert!(turn(&mut last, one, now + PAUSE * 3) && last.len() == 1);
    }
}
