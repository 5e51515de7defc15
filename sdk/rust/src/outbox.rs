//! Transactions of one account that are sent once, whatever happens to this process.
//!
//! Each has a purpose, which is its name: submitting a purpose again is the same as waiting for it.
//! What is signed is on disk before it is sent, and holds for [`PERIOD`] blocks. It is sent again
//! until a final block has it or these blocks are over. Only then, when no block can have it any
//! more, is the call signed anew.

mod driver;
mod renewal;
mod replay;
mod store;
#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{Arc, Mutex as Lock},
};

use codec::{Decode, Encode};
use subxt::tx::Payload;
use tokio::{
    sync::{watch, Mutex},
    task::JoinHandle,
};

use crate::{config::H256, Chain, Error, Result, Signer};
use replay::Replay;
use store::Store;

pub use store::StoreError;

/// For how many blocks a signature holds.
pub const PERIOD: u64 = 64;

/// Where a transaction is, and what came of its call.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Included {
    pub block: H256,
    pub number: u64,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Outcome {
    Done,
    /// The runtime took it back.
    Failed {
        pallet: String,
        name: String,
        help: String,
    },
    /// It failed for a reason that is no pallet's.
    Refused {
        reason: String,
    },
    /// The node has forgotten the block's events; look at what the call should have changed.
    Unknown,
    /// No block has it, and none will: this is the block after which it was given up, since the
    /// runtime has changed and the call does not fit it any more.
    Unfit {
        reason: String,
    },
}

/// The transactions of one account on one chain. At most one process has it open.
pub struct Outbox {
    shared: Arc<Shared>,
}

/// A purpose that was submitted.
pub struct Ticket {
    purpose: String,
    shared: Arc<Shared>,
}

/// Ends the driver with the last who holds it.
struct Shared {
    inner: Arc<Inner>,
    driver: Lock<Option<JoinHandle<()>>>,
}

struct Inner {
    chain: Chain,
    signer: Signer,
    store: Store,
    /// Held by whoever takes a nonce, until it is stored and sent.
    alone: Mutex<()>,
    progress: watch::Sender<Progress>,
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// The last block that was looked through.
    seen: u64,
    /// Why no block is looked through any more.
    ended: Option<String>,
    /// What last kept it from its work.
    trouble: Option<String>,
}

impl Outbox {
    /// Opens the outbox in this file, which is made if there is none, and sends what is open in it.
    pub fn open(path: &Path, signer: Signer, chain: Chain) -> Result<Self> {
        let database = store::database(path)?;
        Self::on(database, signer, chain)
    }

    /// The same in a database of the caller's, who decides for example what becomes of a write to
    /// a full disk.
    pub fn on(database: redb::Database, signer: Signer, chain: Chain) -> Result<Self> {
        let owner = (chain.genesis(), signer.account()).encode();
        let store = Store::on(database, &owner)?;
        let (alone, (progress, _)) = (Mutex::default(), watch::channel(Progress::default()));
        let inner = Arc::new(Inner { chain, signer, store, alone, progress });
        let driver = tokio::spawn(Arc::clone(&inner).drive());
        Ok(Self { shared: Arc::new(Shared { inner, driver: Lock::new(Some(driver)) }) })
    }

    /// Signs, stores and sends a call; or does nothing if this purpose was submitted before.
    pub async fn submit(&self, purpose: &str, call: &impl Payload) -> Result<Ticket> {
        let inner = &self.shared.inner;
        let _alone = inner.alone.lock().await;
        if inner.store.get(purpose)?.is_none() {
            let at = inner.chain.at_head().await?;
            let replay = Replay::of(&at, call)?;
            inner.send_first(&at, purpose, &replay).await?;
        }
        Ok(self.ticket(purpose))
    }

    /// Signs and stores a call and leaves the sending for later: it is sent within a few blocks, or
    /// when the outbox is opened again.
    pub async fn prepare(&self, purpose: &str, call: &impl Payload) -> Result<Ticket> {
        let inner = &self.shared.inner;
        let _alone = inner.alone.lock().await;
        if inner.store.get(purpose)?.is_none() {
            let at = inner.chain.at_head().await?;
            let replay = Replay::of(&at, call)?;
            let nonce = inner.next_nonce(&at).await?;
            inner.store.put(purpose, &inner.sign(&at, &replay, nonce)?)?;
        }
        Ok(self.ticket(purpose))
    }

    /// A purpose that was submitted before, maybe by an earlier process.
    pub fn find(&self, purpose: &str) -> Result<Option<Ticket>> {
        let found = self.shared.inner.store.get(purpose)?;
        Ok(found.map(|_| self.ticket(purpose)))
    }

    /// The height of the last final block that was looked through for what is open.
    pub fn seen(&self) -> u64 {
        self.shared.inner.progress.borrow().seen
    }

    /// What last kept it from its work, other than the loss of the connection. It goes on all the
    /// same.
    pub fn trouble(&self) -> Option<String> {
        self.shared.inner.progress.borrow().trouble.clone()
    }

    /// Forgets a purpose of which it is known what became of it, so that it can be used again.
    pub async fn forget(&self, purpose: &str) -> Result<()> {
        let inner = &self.shared.inner;
        let _alone = inner.alone.lock().await;
        Ok(inner.store.remove_ended(purpose)?)
    }

    /// Forgets all purposes that begin with this and are none of those to keep, as far as it is
    /// known what became of them.
    pub async fn forget_others(&self, prefix: &str, keep: &[String]) -> Result<()> {
        let inner = &self.shared.inner;
        let _alone = inner.alone.lock().await;
        for purpose in inner.store.purposes(prefix)? {
            if !keep.contains(&purpose) {
                inner.store.remove_ended(&purpose)?;
            }
        }
        Ok(())
    }

    /// Ends the outbox, so that its file can be opened again as soon as its tickets are gone too.
    /// Whatever is open stays in it.
    pub async fn close(self) {
        let driver = self.shared.take_driver();
        if let Some(driver) = driver {
            driver.abort();
            // It ends as cancelled, which is what was asked for.
            let _ = driver.await;
        }
    }

    fn ticket(&self, purpose: &str) -> Ticket {
        Ticket { purpose: purpose.into(), shared: Arc::clone(&self.shared) }
    }
}

impl Ticket {
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// Waits until it is in a final block.
    pub async fn finalized(&self) -> Result<Included> {
        let inner = &self.shared.inner;
        let mut progress = inner.progress.subscribe();
        loop {
            let ended = progress.borrow_and_update().ended.clone();
            let entry = inner.store.get(&self.purpose)?;
            let entry = entry.ok_or_else(|| Error::Forgotten { purpose: self.purpose.clone() })?;
            if let Some(included) = entry.included {
                return Ok(included);
            }
            if let Some(reason) = ended {
                return Err(Error::OutboxEnded { reason });
            }
            // The sender is in `inner`, so this ends when a block was looked through.
            let _ = progress.changed().await;
        }
    }

    /// Waits until it is in a final block, and fails unless its call succeeded there.
    pub async fn succeeded(&self) -> Result<Included> {
        let included = self.finalized().await?;
        match included.outcome {
            Outcome::Failed { pallet, name, help } => Err(Error::Runtime { pallet, name, help }),
            Outcome::Refused { reason } => Err(Error::Dispatch { reason }),
            Outcome::Unfit { reason } => {
                Err(Error::Unfit { purpose: self.purpose.clone(), reason })
            }
            Outcome::Done | Outcome::Unknown => Ok(included),
        }
    }
}

impl Shared {
    fn take_driver(&self) -> Option<JoinHandle<()>> {
        self.driver.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(driver) = self.take_driver() {
            driver.abort();
        }
    }
}
