//! Where a file may come from, and how it comes.

use crate::{
    error::{Error, Have},
    peer::NodeId,
};
use bytes::Bytes;
use futures::stream::BoxStream;
use std::fmt;

/// Where a file may come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    Archive,
    /// A node that is admitted.
    Peer(NodeId),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive => f.write_str("the archive"),
            Self::Peer(node) => write!(f, "node {node}"),
        }
    }
}

/// What a source gives of a file, in order and without gaps.
pub(crate) type Pieces = BoxStream<'static, Result<Bytes, Unread>>;

/// Why a source did not give a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error("does not have it")]
    Missing,
    #[error("{0}")]
    False(Have),
    #[error("has sent what is none of the file's")]
    Lied,
    #[error("has sent nothing for a while")]
    Stalled,
    #[error("{0}")]
    Failed(String),
    /// It is not the source that failed.
    #[error(transparent)]
    Here(#[from] Error),
}
