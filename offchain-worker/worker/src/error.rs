//! Why the worker does not start, or ends.

use crate::{artifacts::Missing, config::ConfigError, journal::JournalError, work::Seat};
use cairn_protocol::id::ProviderId;
use std::{net::SocketAddr, path::PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Sdk(#[from] cairn_sdk::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Artifacts(#[from] Missing),
    #[error(transparent)]
    Store(#[from] cairn_store::Error),
    #[error(transparent)]
    Node(#[from] cairn_store::PeerError),
    #[error("the node's key in '{}' cannot be used: {reason}", path.display())]
    NodeKey { path: PathBuf, reason: String },
    #[error(transparent)]
    Sandbox(#[from] cairn_sandbox::Error),
    #[error(transparent)]
    PayloadKey(#[from] cairn_vault::FileError),
    #[error("could not {what} {}: {source}", path.display())]
    Folder { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error(
        "{account} operates no provider; register one that names it as its operator, or sign with \
         the operator's key"
    )]
    NoProvider { account: String },
    #[error("{account} is named as operator by {}; name one with --provider", list(providers))]
    SeveralProviders { account: String, providers: Vec<ProviderId> },
    #[error("there is no provider {}; it may have ended. Name another with --provider", provider.0)]
    UnknownProvider { provider: ProviderId },
    #[error(
        "provider {} is not operated by {account}; sign with its operator's key, or name another \
         with --provider", provider.0
    )]
    NotOperator { provider: ProviderId, account: String },
    #[error("{address} cannot be listened on ({source}); name another port with --health")]
    Health { address: SocketAddr, source: std::io::Error },
    #[error("metrics cannot be kept: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("signals cannot be heard: {0}")]
    Signals(std::io::Error),
    #[error(
        "the system gives no randomness ({reason}), without which nothing can be committed to"
    )]
    Random { reason: String },
    #[error("{seat}: {what}")]
    Lost { seat: Seat, what: &'static str },
    /// Nobody is left to tell.
    #[error("the worker is about to end")]
    Closed,
    #[error("the {name} has ended: {reason}; this is a fault of the program")]
    Room { name: &'static str, reason: String },
}

fn list(providers: &[ProviderId]) -> String {
    let names: Vec<String> = providers.iter().map(|provider| provider.0.to_string()).collect();
    names.join(", ")
}
