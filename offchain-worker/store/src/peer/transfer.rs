//! A file from another node, piece by piece.

use crate::{
    error::Have,
    source::{Pieces, Unread},
};
use bao_tree::io::BaoContentItem;
use bytes::Bytes;
use cairn_protocol::id::File;
use futures::{stream, StreamExt};
use iroh::endpoint::{Connection, VarInt};
use iroh_blobs::{
    get::{
        fsm::{self, AtBlobHeaderNextError, BlobContentNext, ConnectedNext, DecodeError},
        request::get_verified_size,
    },
    protocol::{ChunkRanges, ChunkRangesExt, GetRequest},
    Hash,
};
use std::fmt::Display;
use tokio::sync::mpsc::{self, Sender};

/// So many pieces of 16 KiB lie ready at most.
const READY: usize = 16;
const DONE: VarInt = VarInt::from_u32(0);

/// The bytes of a file from a place on where a piece begins.
pub(super) fn pieces(connection: Connection, file: File, from: u64) -> Pieces {
    let (to, pieces) = mpsc::channel(READY);
    // In a task of its own: whatever a stranger's bytes bring a library to, it ends there.
    tokio::spawn(async move {
        let transferred = tokio::select! {
            transferred = transfer(&connection, &file, from, &to) => transferred,
            () = to.closed() => Ok(()),
        };
        if let Err(reason) = transferred {
            // Whoever has asked may have left.
            let _ = to.send(Err(reason)).await;
        }
        connection.close(DONE, b"done");
    });
    let next = |mut pieces: mpsc::Receiver<_>| async move {
        pieces.recv().await.map(|piece| (piece, pieces))
    };
    stream::unfold(pieces, next).boxed()
}

async fn transfer(
    connection: &Connection,
    file: &File,
    from: u64,
    to: &Sender<Result<Bytes, Unread>>,
) -> Result<(), Unread> {
    let hash = Hash::from(file.id.0);
    let request = GetRequest::blob_ranges(hash, ChunkRanges::bytes(from..));
    let begun = fsm::start(connection.clone(), request, fsm::RequestCounters::default());
    let connected = begun.next().await.map_err(failed)?;
    let ConnectedNext::StartRoot(root) = connected.next().await.map_err(failed)? else {
        return Err(failed("has answered something else"));
    };
    let (mut content, bytes) = match root.next().next().await {
        Ok(header) => header,
        Err(AtBlobHeaderNextError::NotFound { .. }) => return Err(Unread::Missing),
        Err(reason) => return Err(failed(reason)),
    };
    if bytes != file.bytes {
        return Err(other_length(connection, &hash, file.bytes).await);
    }
    let mut place = from;
    loop {
        let item = match content.next().await {
            BlobContentNext::More((rest, item)) => {
                content = rest;
                item.map_err(undecoded)?
            }
            BlobContentNext::Done(_) => return Ok(()),
        };
        // What is no leaf are hashes, of use only to prove the leaves.
        if let BaoContentItem::Leaf(leaf) = item {
            if leaf.offset != place {
                return Err(Unread::Lied);
            }
            place += leaf.data.len() as u64;
            if to.send(Ok(leaf.data)).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// A length that is only said is nothing to go by: the last chunk proves it.
async fn other_length(connection: &Connection, hash: &Hash, named: u64) -> Unread {
    match get_verified_size(connection, hash).await {
        Ok((proven, _)) if proven != named => Unread::False(Have::Length(proven)),
        _ => Unread::Lied,
    }
}

fn undecoded(reason: DecodeError) -> Unread {
    match reason {
        DecodeError::ParentHashMismatch { .. } | DecodeError::LeafHashMismatch { .. } => {
            Unread::Lied
        }
        other => failed(other),
    }
}

fn failed(reason: impl Display) -> Unread {
    Unread::Failed(reason.to_string())
}
