//! Who is let in.

use super::Book;
use iroh::{
    endpoint::{Connection, VarInt},
    protocol::{AcceptError, ProtocolHandler},
    EndpointId,
};
use iroh_blobs::BlobsProtocol;
use tokio::sync::watch;

/// What a connection of somebody else is closed with.
pub(super) const STRANGER: VarInt = VarInt::from_u32(1);

/// Gives files to nodes that are admitted, for as long as they are.
#[derive(Debug)]
pub(super) struct Guard {
    admitted: watch::Receiver<Book>,
    blobs: BlobsProtocol,
}

impl Guard {
    pub(super) fn new(admitted: watch::Receiver<Book>, blobs: BlobsProtocol) -> Self {
        Self { admitted, blobs }
    }
}

impl ProtocolHandler for Guard {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let dismissed = dismissed(self.admitted.clone(), connection.remote_id());
        tokio::select! {
            // In this order: a stranger is not even asked what it wants.
            biased;
            () = dismissed => {
                connection.close(STRANGER, b"not admitted");
                Ok(())
            }
            given = self.blobs.accept(connection.clone()) => given,
        }
    }

    async fn shutdown(&self) {
        self.blobs.shutdown().await;
    }
}

/// Returns when a node is not admitted, or no longer.
async fn dismissed(mut admitted: watch::Receiver<Book>, node: EndpointId) {
    // An error says that the book is gone, and with it everybody's admission.
    drop(admitted.wait_for(|book| !book.contains_key(&node)).await);
}
