//! Sealed tasks: how a worker reads them, and what they leave on its machine.
//!
//! ```text
//! posted key ── unwrap, check ──▶ opening ──┐
//! sealed payload ── shelf ──────────────────┴─▶ content ──▶ job, which writes in memory
//!                                                              │
//!              journal, archive ◀── shelf ◀── sealed result ◀──┘
//! ```

pub(crate) mod volatile;

use crate::folders::Folders;
use cairn_order::{Made, Outcome, Product};
use cairn_protocol::id::{Digest, ProviderId, TaskId};
use cairn_vault::{
    blind, seal_result,
    shelf::{Shelf, ShelfError, Slot},
    unwrap, Content, Context, FileError, Identity, Opening, Seat, Unopened, Unsealed,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tracing::warn;
use zeroize::Zeroizing;

/// Why no sealed job can be done here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoVault {
    #[error("'{}' is not in memory; name a folder of a tmpfs with --volatile", path.display())]
    OnDisk { path: PathBuf },
    #[error(
        "'{}' cannot be used ({reason}); name a folder of a tmpfs with --volatile",
        path.display()
    )]
    Volatile { path: PathBuf, reason: io::Error },
    #[error(transparent)]
    Identity(#[from] FileError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

/// What one worker needs for sealed tasks.
pub(crate) struct Vault {
    identity: Identity,
    shelf: Mutex<Shelf>,
    /// Where sealed jobs write.
    volatile: PathBuf,
    pub provider: ProviderId,
    pub genesis: Digest,
}

/// A payload that was opened, and what its result is sealed with.
pub(crate) struct Opened {
    pub seat: Seat,
    pub context: Context,
    opening: Opening,
    content: Content,
}

/// Opens a payload with a key that was posted for `seat`: a worker's of a task, or a guard's of its
/// audit. Nothing is opened that is not what the requester committed to; why not is a reason to
/// reject the key.
pub(crate) fn open(
    identity: &Identity,
    seat: Seat,
    context: Context,
    wrapped: &[u8],
    payload: &[u8],
) -> Result<Opened, Unopened> {
    let opening = unwrap(wrapped, identity, seat, &context)?;
    let content = opening.open(payload, &context)?;
    Ok(Opened { seat, context, opening, content })
}

impl Opened {
    pub fn input(&self) -> &[u8] {
        self.content.input()
    }

    /// The same work with its result sealed to the requester, and its trace blinded. Whoever else
    /// comes to the same result makes the same of it.
    pub fn seal(&self, result: &[u8], made: Made) -> Result<Made, Unsealed> {
        let Self { seat, context, opening, content } = self;
        let sealed = seal_result(result, opening, content, context, seat.task)?;
        let trace = blind(&made.trace, opening, context, seat.task);
        Ok(Made { product: Product::Inline(sealed), trace, ..made })
    }
}

impl Vault {
    /// Erases whatever an earlier process left, on disk and in memory.
    pub fn open(
        folders: &Folders,
        volatile: Option<&Path>,
        provider: ProviderId,
        genesis: Digest,
    ) -> Result<Self, NoVault> {
        let identity = Identity::in_file(&folders.identity())?;
        let shelf = Mutex::new(Shelf::open(&folders.shelf())?);
        let volatile = volatile::make(volatile, &folders.data)?;
        Ok(Self { identity, shelf, volatile, provider, genesis })
    }

    pub fn volatile(&self) -> &Path {
        &self.volatile
    }

    /// As [`open`], with this worker's key.
    pub fn opened(
        &self,
        seat: Seat,
        context: Context,
        wrapped: &[u8],
        payload: &[u8],
    ) -> Result<Opened, Unopened> {
        open(&self.identity, seat, context, wrapped, payload)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a key for what a task leaves on disk until then.
    pub fn hold(&self, task: TaskId, until: Instant) -> Result<(), ShelfError> {
        Ok(self.shelf().keys_mut().hold(task, until)?)
    }

    /// The sealed payload, if it was fetched before.
    pub fn payload(&self, task: TaskId) -> Option<Zeroizing<Vec<u8>>> {
        self.get(task, Slot::Payload)
    }

    pub fn keep_payload(&self, task: TaskId, payload: &[u8]) -> Result<(), ShelfError> {
        self.put(task, Slot::Payload, payload)
    }

    /// What a job came to that could not be told then.
    pub fn made(&self, task: TaskId) -> Option<Made> {
        let kept = self.get(task, Slot::Result)?;
        match Outcome::from_bytes(&kept) {
            Ok(Outcome::Made(made)) => Some(made),
            _ => None,
        }
    }

    pub fn keep_made(&self, task: TaskId, made: &Made) -> Result<(), ShelfError> {
        self.put(task, Slot::Result, &Outcome::Made(made.clone()).to_bytes())
    }

    fn put(&self, task: TaskId, slot: Slot, bytes: &[u8]) -> Result<(), ShelfError> {
        self.shelf().put(task, slot, bytes, Instant::now()).map(drop)
    }

    /// None also where it cannot be read any more: it is fetched, or computed, again.
    fn get(&self, task: TaskId, slot: Slot) -> Option<Zeroizing<Vec<u8>>> {
        match self.shelf().get(task, slot, Instant::now()) {
            Ok(found) => Some(found),
            Err(ShelfError::Absent { .. }) => None,
            Err(error) => {
                warn!("{error}");
                None
            }
        }
    }

    /// For a task of which all that is needed is recorded, or nothing is needed any more.
    pub fn erase(&self, task: TaskId) {
        if let Err(error) = self.shelf().erase(task) {
            warn!("of task {} something is left that nobody can read: {error}", task.0);
        }
    }

    /// Erases every task whose time is over.
    pub fn sweep(&self) {
        if let Err(error) = self.shelf().expire(Instant::now()) {
            warn!("of a task something is left that nobody can read: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
