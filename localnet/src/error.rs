//! What can go wrong with a local network, told so that the reader knows what to do.

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} {}: {source}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "no node binary at {}; build it with `cargo build --release -p cairn-node`, or name one \
         with --node or the variable CAIRN_NODE", .path.display()
    )]
    NodeMissing { path: PathBuf },

    #[error(
        "no {name} at {}; build it with `cargo build --release --workspace`, or name one with the \
         variable {variable}", .path.display()
    )]
    ProgramMissing { name: String, variable: String, path: PathBuf },

    #[error("{program} failed: {reason}")]
    Program { program: String, reason: String },

    #[error("the workers cannot be registered: {reason}")]
    Task { reason: String },

    #[error(transparent)]
    Sdk(#[from] cairn_sdk::Error),

    #[error("a network has {max} workers at most, not {got}")]
    WorkerCount { got: usize, max: usize },

    #[error("a network has {max} researchers at most, not {got}")]
    ResearcherCount { got: usize, max: usize },

    #[error("there is no model to learn; start workers first")]
    NothingToLearn,

    #[error("{component} cannot be spoilt: {reason}")]
    Unspoilt { component: String, reason: String },

    #[error("a network has 1 to {max} validators, not {got}")]
    ValidatorCount { got: usize, max: usize },

    #[error(
        "port {port}, wanted for the {purpose} of {node}, is in use; stop what listens there \
         (another local network?) and start again"
    )]
    PortInUse { port: u16, purpose: &'static str, node: String },

    #[error("no free port on the loopback address: {source}")]
    NoFreePort { source: io::Error },

    #[error(
        "{} holds a network of {have} validators and {want} are asked for; start it with \
         --validators {have}, or discard it with --fresh", .path.display()
    )]
    OtherSize { path: PathBuf, have: usize, want: usize },

    #[error(
        "{} holds files that no local network wrote (there is no {marker}); name an empty \
         directory with --base-path", .path.display()
    )]
    NotOurs { path: PathBuf, marker: &'static str },

    #[error(
        "{} is not the mark of a local network: {reason}; name another directory with \
         --base-path", .path.display()
    )]
    Marker { path: PathBuf, reason: String },

    #[error(
        "no directory to keep state in: neither XDG_STATE_HOME nor HOME is set; pass --base-path"
    )]
    NoStateDirectory,

    #[error("cannot derive a key from {suri:?}: {reason}")]
    Seed { suri: String, reason: String },

    #[error("cannot make the chain specification: {reason}")]
    Spec { reason: String },

    #[error("{node} ended with {status}; the end of its log:\n{log}")]
    NodeDied { node: String, status: ExitStatus, log: String },

    #[error("{node} does not answer after {waited:?}; the end of its log:\n{log}")]
    NotReady { node: String, waited: Duration, log: String },

    #[error("{node} is not running")]
    NotRunning { node: String },

    #[error("there is no node {name:?} in this network")]
    NoSuchNode { name: String },

    #[error("{node} runs already")]
    AlreadyRunning { node: String },

    #[error("cannot signal {node}: {source}")]
    Signal { node: String, source: nix::errno::Errno },

    #[error("cannot connect to {url}: {reason}")]
    Connect { url: String, reason: String },

    #[error("{method} failed at {url}: {source}")]
    Rpc { method: &'static str, url: String, source: jsonrpsee::core::ClientError },

    #[error("{method} at {url} returned what cannot be read: {reason}")]
    Decode { method: &'static str, url: String, reason: String },

    #[error("{url} knows no block {block}")]
    UnknownBlock { url: String, block: String },

    #[error("transaction refused ({code}): {message}")]
    Refused { code: i32, message: String },

    #[error("transaction {hash} was not finalized: {status}")]
    NotFinalized { hash: cairn_runtime::Hash, status: String },

    #[error("the call of transaction {hash} failed in block {block}: {reason}")]
    CallFailed { hash: cairn_runtime::Hash, block: cairn_runtime::Hash, reason: String },

    #[error("the subscription to {what} at {url} ended: {reason}")]
    SubscriptionEnded { what: &'static str, url: String, reason: String },

    #[error("waited {within:?} for {what}; last seen: {seen}")]
    Timeout { what: String, within: Duration, seen: String },
}

impl Error {
    /// For `map_err` after a file operation.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
