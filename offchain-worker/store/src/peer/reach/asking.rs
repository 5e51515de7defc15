//! The part of the node that wants to know.

use super::{
    dial,
    wire::{read, Dialled, Ports, Refusal, ANSWER_BYTES},
    Answering, ALPN, DONE,
};
use crate::peer::{bind, guard::STRANGER, Book, NodeId, PeerError, Relay};
use futures::future::join_all;
use iroh::{
    endpoint::{Connection, ConnectionError},
    protocol::Router,
    Endpoint, EndpointAddr, EndpointId, TransportAddr,
};
use std::{
    fmt::Display,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// For a neighbour to be there.
const PATIENCE: Duration = Duration::from_secs(8);
/// For it to answer: more than it takes at most.
const ANSWER: Duration = Duration::from_secs(18);

/// Why a node has not told whether it reaches this one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unasked {
    #[error("cannot be asked ({0})")]
    Unreached(String),
    #[error("does not deal with this node; have it admit this one")]
    Stranger,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("has answered something else, as another version may")]
    Garbled,
}

/// A node that asks others whether they reach it where it listens. It asks from a port of its own,
/// so that what it sends opens no way to the one that it asks about.
pub struct Inquiry {
    asking: Endpoint,
    /// None where the node's own process listens there.
    listening: Option<Router>,
    ports: Ports,
    relays: Vec<Relay>,
}

impl Inquiry {
    /// Listens at these addresses, of which there is one of a family at most, unless the node of
    /// this secret does so already: then that is what others are asked about. They are found by
    /// these relays as well, but not while it runs: a relay would send one of the two away.
    pub async fn open(
        secret: &[u8; 32],
        listen: &[SocketAddr],
        relays: &[Relay],
    ) -> Result<Self, PeerError> {
        let listening = match bind(secret, listen, &[]).await {
            Ok(endpoint) => Some(endpoint),
            Err(reason) => {
                if !runs(&NodeId::of(secret), listen).await {
                    return Err(reason);
                }
                None
            }
        };
        let relays = if listening.is_some() { relays } else { &[] };
        let asking = match bind(secret, &any_port(listen), relays).await {
            Ok(endpoint) => endpoint,
            Err(reason) => {
                if let Some(endpoint) = listening {
                    endpoint.close().await;
                }
                return Err(reason);
            }
        };
        let bound = listening.as_ref().map(Endpoint::bound_sockets);
        let ports = Ports::of(bound.as_deref().unwrap_or(listen));
        let listening = listening.map(|endpoint| {
            let (_, nobody) = watch::channel(Book::new());
            Router::builder(endpoint).accept(ALPN, Answering::new(nobody)).spawn()
        });
        Ok(Self { asking, listening, ports, relays: relays.to_vec() })
    }

    /// Whether the node's own process listens there, and is what others reach.
    pub fn is_running(&self) -> bool {
        self.listening.is_none()
    }

    /// Asks all of these nodes at once, each at its addresses and by the relays.
    pub async fn ask(
        &self,
        nodes: &[(NodeId, Vec<SocketAddr>)],
    ) -> Vec<(NodeId, Result<Vec<Dialled>, Unasked>)> {
        let asked = nodes.iter().map(|(node, addresses)| async move {
            let told = self.ask_one(node, addresses).await;
            (*node, told)
        });
        join_all(asked).await
    }

    async fn ask_one(
        &self,
        node: &NodeId,
        addresses: &[SocketAddr],
    ) -> Result<Vec<Dialled>, Unasked> {
        let id = EndpointId::from_bytes(&node.0).map_err(unreached)?;
        let direct = addresses.iter().copied().map(TransportAddr::Ip);
        let ways: Vec<TransportAddr> = direct.chain(self.relays.iter().map(Relay::way)).collect();
        if ways.is_empty() {
            return Err(unreached("it has no address, and no relay can be used"));
        }
        let connecting = self.asking.connect(EndpointAddr::from_parts(id, ways), ALPN);
        let connected = timeout(PATIENCE, connecting).await.map_err(|_| silent())?;
        let connection = connected.map_err(unreached)?;
        let told = timeout(ANSWER, self.question(&connection)).await;
        connection.close(DONE, b"heard");
        told.unwrap_or_else(|_| Err(silent()))
    }

    async fn question(&self, connection: &Connection) -> Result<Vec<Dialled>, Unasked> {
        let answer = exchange(connection, &self.ports.written()).await;
        let answer = answer.and_then(|bytes| read(&bytes));
        let dialled = answer.ok_or_else(|| unanswered(connection))??;
        let were_asked = dialled.iter().all(|Dialled { address, .. }| {
            let port = self.ports.like(address);
            port > 0 && port == address.port()
        });
        were_asked.then_some(dialled).ok_or(Unasked::Garbled)
    }

    /// Listens no longer.
    pub async fn close(self) {
        self.asking.close().await;
        if let Some(listening) = self.listening {
            if let Err(reason) = listening.shutdown().await {
                log::warn!("what has listened did not end in order: {reason}");
            }
        }
    }
}

/// None where it broke off.
async fn exchange(connection: &Connection, question: &[u8]) -> Option<Vec<u8>> {
    let (mut send, mut recv) = connection.open_bi().await.ok()?;
    send.write_all(question).await.ok()?;
    send.finish().ok()?;
    recv.read_to_end(ANSWER_BYTES).await.ok()
}

fn unanswered(connection: &Connection) -> Unasked {
    match connection.close_reason() {
        Some(ConnectionError::ApplicationClosed(close)) if close.error_code == STRANGER => {
            Unasked::Stranger
        }
        Some(reason) => unreached(reason),
        None => Unasked::Garbled,
    }
}

fn unreached(reason: impl Display) -> Unasked {
    Unasked::Unreached(reason.to_string())
}

fn silent() -> Unasked {
    unreached("it does not answer")
}

/// Whether this very node answers at all of these addresses.
async fn runs(node: &NodeId, listen: &[SocketAddr]) -> bool {
    let Ok(id) = EndpointId::from_bytes(&node.0) else { return false };
    let dialled = join_all(listen.iter().map(|address| dial(id, here(*address)))).await;
    dialled.into_iter().all(|dialled| dialled.is_some_and(|dialled| dialled.reached))
}

/// Where on this machine one is found who listens there.
fn here(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The same addresses at ports that are free, so that it is seen from where it listens.
fn any_port(listen: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut free = listen.to_vec();
    free.iter_mut().for_each(|address| address.set_port(0));
    free
}
