//! Other workers' stores, known by their node ids and reached over QUIC.
//!
//! All that is asked of iroh and iroh-blobs is asked in this room. Both ends of a connection have
//! proven their keys before anything is said on it. Nobody in between is asked where a node is, and
//! nobody carries anything, but for the relays that a node is told of.

mod guard;
mod offers;
mod reach;
mod relay;
mod transfer;

use crate::source::{Pieces, Unread};
use cairn_protocol::id::{ContentId, File};
use guard::Guard;
use iroh::{
    endpoint::presets, protocol::Router, Endpoint, EndpointAddr, EndpointId, SecretKey,
    TransportAddr,
};
use offers::Offers;
use reach::Answering;
pub use reach::{Dialled, Inquiry, Refusal, Unasked};
pub use relay::{NotARelay, Relay};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// A node that has not answered for so long is left for the next source.
const PATIENCE: Duration = Duration::from_secs(15);

/// A worker's node: its public key, as the provider's profile on chain has it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeId(pub [u8; 32]);

impl NodeId {
    /// The node of a secret key, which is the seed of an ed25519 key pair.
    pub fn of(secret: &[u8; 32]) -> Self {
        Self(*SecretKey::from_bytes(secret).public().as_bytes())
    }

    /// The node that 64 hexadecimal digits name, if they name any.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let id = *blake3::Hash::from_hex(digits).ok()?.as_bytes();
        EndpointId::from_bytes(&id).ok().map(|_| Self(id))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    #[error("{0} is the id of no node; ask for it where the node runs")]
    NotANode(NodeId),
    #[error("the node cannot listen: {0}; name addresses of this machine with a free port")]
    Deaf(String),
    #[error(
        "what the node has offered cannot be read: {reason}; see that no other process has \
         '{folder}', or remove it: it is made anew from the files"
    )]
    Offers { folder: PathBuf, reason: String },
    #[error(
        "the relay {relay} lets no node in ({reason}); see that it is one and that this machine \
         reaches it, or name another"
    )]
    NoRelay { relay: Relay, reason: String },
}

/// Whom a node deals with, and where they are.
type Book = BTreeMap<EndpointId, BTreeSet<SocketAddr>>;

/// This worker's node.
pub struct Peer {
    router: Router,
    book: watch::Sender<Book>,
    offers: Offers,
    relays: Vec<Relay>,
}

impl Peer {
    /// Starts a node that deals with nobody yet. It listens where it is told, at one address of a
    /// family at most, or everywhere at some port, and is found by those that have one of its
    /// relays. In the folder it keeps what proves its files piece by piece, and nothing else that
    /// is needed.
    pub async fn open(
        folder: &Path,
        secret: &[u8; 32],
        listen: &[SocketAddr],
        relays: &[Relay],
    ) -> Result<Self, PeerError> {
        let offers = Offers::open(folder).await?;
        let endpoint = bind(secret, listen, relays).await?;
        let (book, admitted) = watch::channel(Book::new());
        let guard = Guard::new(admitted, offers.protocol());
        let answering = Answering::new(book.subscribe());
        let router = Router::builder(endpoint)
            .accept(iroh_blobs::ALPN, guard)
            .accept(reach::ALPN, answering)
            .spawn();
        Ok(Self { router, book, offers, relays: relays.to_vec() })
    }

    pub fn id(&self) -> NodeId {
        NodeId(*self.endpoint().id().as_bytes())
    }

    /// Where the node listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.endpoint().bound_sockets()
    }

    /// Deals with a node from now on: it is given files, and asked for some at these addresses, of
    /// which there may be none where it has one of the same relays.
    pub fn admit(&self, node: NodeId, addresses: &[SocketAddr]) -> Result<(), PeerError> {
        let id = EndpointId::from_bytes(&node.0).map_err(|_| PeerError::NotANode(node))?;
        self.book.send_modify(|book| {
            book.insert(id, addresses.iter().copied().collect());
        });
        Ok(())
    }

    /// Deals with a node no longer, not even for what it is being given.
    pub fn dismiss(&self, node: NodeId) {
        if let Ok(id) = EndpointId::from_bytes(&node.0) {
            self.book.send_modify(|book| {
                book.remove(&id);
            });
        }
    }

    /// Whom the node deals with.
    pub fn admitted(&self) -> Vec<NodeId> {
        self.book.borrow().keys().map(|id| NodeId(*id.as_bytes())).collect()
    }

    /// The bytes of a file from some place on, each piece of them proven when it comes.
    pub(crate) async fn read(
        &self,
        node: &NodeId,
        file: &File,
        from: u64,
    ) -> Result<Pieces, Unread> {
        let Some(address) = self.address(node) else {
            return Err(Unread::Failed("is not admitted".into()));
        };
        let connecting = self.endpoint().connect(address, iroh_blobs::ALPN);
        let connected = timeout(PATIENCE, connecting).await.map_err(|_| Unread::Stalled)?;
        let connection = connected.map_err(|reason| Unread::Failed(reason.to_string()))?;
        Ok(transfer::pieces(connection, *file, from))
    }

    /// Lets other nodes have a file. One that cannot be offered is of use here all the same.
    pub(crate) async fn offer(&self, file: &File, path: &Path) {
        if let Err(reason) = self.offers.add(file, path).await {
            log::warn!("'{}' is not offered to other nodes: {reason}", path.display());
        }
    }

    pub(crate) async fn withdraw(&self, id: &ContentId) {
        if let Err(reason) = self.offers.remove(id).await {
            log::warn!("a file that is gone is still offered to other nodes: {reason}");
        }
    }

    /// Offers these files and no others.
    pub(crate) async fn offer_just(&self, files: Vec<(File, PathBuf)>) {
        let offered = self.offers.list().await.unwrap_or_default();
        let held: BTreeSet<ContentId> = files.iter().map(|(file, _)| file.id).collect();
        for gone in offered.difference(&held) {
            self.withdraw(gone).await;
        }
        for (file, path) in files {
            if !offered.contains(&file.id) {
                self.offer(&file, &path).await;
            }
        }
    }

    /// Ends all connections, and tells the other ends.
    pub(crate) async fn close(&self) {
        if let Err(reason) = self.router.shutdown().await {
            log::warn!("the node did not end in order: {reason}");
        }
    }

    fn endpoint(&self) -> &Endpoint {
        self.router.endpoint()
    }

    fn address(&self, node: &NodeId) -> Option<EndpointAddr> {
        let id = EndpointId::from_bytes(&node.0).ok()?;
        let book = self.book.borrow();
        let addresses = book.get(&id)?;
        let direct = addresses.iter().copied().map(TransportAddr::Ip);
        Some(EndpointAddr::from_parts(id, direct.chain(self.relays.iter().map(Relay::way))))
    }
}

/// An endpoint where it is told to listen, or everywhere at some port, with these relays and no
/// others.
async fn bind(
    secret: &[u8; 32],
    listen: &[SocketAddr],
    relays: &[Relay],
) -> Result<Endpoint, PeerError> {
    let mut builder = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(secret))
        .relay_mode(relay::mode(relays))
        .clear_address_lookup();
    if !listen.is_empty() {
        builder = builder.clear_ip_transports();
    }
    for address in listen {
        let bound = builder.bind_addr(*address);
        builder = bound.map_err(|reason| PeerError::Deaf(reason.to_string()))?;
    }
    let bound = builder.bind().await;
    bound.map_err(|reason| PeerError::Deaf(reason.to_string()))
}

#[cfg(test)]
mod tests;
