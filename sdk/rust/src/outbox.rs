//! Transactions of one account that are sent once, whatever happens to this process.
//!
//! Each has a purpose, which is its name: submitting a purpose again is the same as waiting for it.
//! What is signed is on disk before it is sent, and holds for [`PERIOD`] blocks. It is sent again
//! until a final block has it or these blocks are over. Only then, when no block can have it any
//! more, is the call signed anew.

mod renewal;
mod replay;
mod store;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    path::Path,
    sync::{Arc, Mutex as Lock},
    time::Duration,
};

use codec::{Decode, Encode};
use subxt::{
    config::DefaultExtrinsicParamsBuilder, error::DispatchError, events::Phase,
    rpcs::Error as RpcError, tx::Payload,
};
use tokio::{
    sync::{watch, Mutex},
    task::JoinHandle,
    time::sleep,
};

use crate::{
    config::{At, CairnConfig, H256},
    Chain, Error, Result, Signer,
};
use replay::Replay;
use store::{Entry, Store};

pub use store::StoreError;

/// For how many blocks a signature holds.
pub const PERIOD: u64 = 64;
/// Every so many blocks whatever is open is sent again: a node that restarts forgets its pool.
const RESEND: u64 = 8;
/// How often another nonce is tried where the account is used elsewhere too.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// What the pool's refusals are numbered.
const UNKNOWN_VALIDITY: i32 = 1011;
const ALREADY_IMPORTED: i32 = 1013;
const PRIORITY_TOO_LOW: i32 = 1014;
/// What a node answers that has the transaction, in its pool or among those it looks through.
const HAS_IT: [i32; 2] = [UNKNOWN_VALIDITY, ALREADY_IMPORTED];

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

impl Inner {
    /// Follows the chain, through every loss of the connection.
    async fn drive(self: Arc<Self>) {
        loop {
            let Err(error) = self.follow().await;
            if matches!(error, Error::Store(_) | Error::Forked { .. }) {
                let ended = Some(error.to_string());
                self.progress.send_modify(|progress| progress.ended = ended);
                return;
            }
            if !error.is_connection() {
                self.complain(error.to_string());
            }
            sleep(PAUSE).await;
        }
    }

    fn complain(&self, trouble: String) {
        self.progress.send_modify(|progress| progress.trouble = Some(trouble));
    }

    async fn follow(&self) -> Result<Infallible> {
        let mut blocks = self.chain.follow().await?;
        self.catch_up(blocks.height()).await?;
        self.resend().await?;
        loop {
            let block = blocks.next().await?;
            self.look_through(block.number, block.hash).await?;
            self.renew(block.number).await?;
            if block.number % RESEND == 0 {
                self.resend().await?;
            }
            self.progress.send_modify(|progress| progress.seen = block.number);
        }
    }

    /// Looks through what became final while nobody looked, as far as anything open can be there.
    async fn catch_up(&self, next: u64) -> Result<()> {
        let open = self.store.open_entries()?;
        let first = open.iter().map(|(_, entry)| entry.born.saturating_add(1)).min();
        // Asked for by what follows the chain, which knows which node says what is final.
        let mut past = self.chain.follow().await?;
        for number in first.unwrap_or(next)..next {
            if open.iter().any(|(_, entry)| entry.born < number && number <= entry.dies) {
                if past.height() != number {
                    past = past.from(number);
                }
                let block = past.next().await?;
                self.look_through(block.number, block.hash).await?;
            }
        }
        self.renew(next.saturating_sub(1)).await
    }

    /// Notes what of the open is in a final block.
    async fn look_through(&self, number: u64, block: H256) -> Result<()> {
        let open = self.store.open_entries()?;
        if open.is_empty() {
            return Ok(());
        }
        let found = self.chain.rpc().chain_get_block(Some(block)).await?;
        let found = found.ok_or(Error::NoSuchBlock { number })?;
        for (index, transaction) in found.block.extrinsics.iter().enumerate() {
            let Some((purpose, entry)) =
                open.iter().find(|(_, entry)| entry.signed == transaction.0)
            else {
                continue;
            };
            let outcome = self.outcome(block, index).await?;
            let included = Some(Included { block, number, outcome });
            self.store.put(purpose, &Entry { included, ..entry.clone() })?;
        }
        Ok(())
    }

    /// What the events say of a transaction's call.
    async fn outcome(&self, block: H256, index: usize) -> Result<Outcome> {
        match self.read_outcome(block, index).await {
            Err(error) if is_forgotten(&error) => Ok(Outcome::Unknown),
            outcome => outcome,
        }
    }

    async fn read_outcome(&self, block: H256, index: usize) -> Result<Outcome> {
        let at = self.chain.at(block).await?;
        let events = at.events().fetch().await?;
        let phase = u32::try_from(index).ok().map(Phase::ApplyExtrinsic);
        for event in events.iter() {
            let event = event?;
            if Some(event.phase()) != phase || event.pallet_name() != "System" {
                continue;
            }
            match event.event_name() {
                "ExtrinsicSuccess" => return Ok(Outcome::Done),
                "ExtrinsicFailed" => {
                    let error = DispatchError::decode_from(event.field_bytes(), at.metadata())?;
                    return Ok(match Error::dispatched(at.metadata_ref(), &error) {
                        Error::Runtime { pallet, name, help } => {
                            Outcome::Failed { pallet, name, help }
                        }
                        other => Outcome::Refused { reason: other.to_string() },
                    });
                }
                _ => {}
            }
        }
        Ok(Outcome::Unknown)
    }

    /// Sends everything that is open, in the order of the nonces. A node says of most that it has
    /// it, or has had it in a block that is not final yet.
    async fn resend(&self) -> Result<()> {
        // What is being sent for the first time must not be met here: of two who send the same, a
        // node refuses one.
        let _alone = self.alone.lock().await;
        for (_, entry) in self.store.open_entries()? {
            let _ = self.send(&entry).await;
        }
        Ok(())
    }

    /// Signs, stores and sends a call for the first time.
    async fn send_first(&self, at: &At, purpose: &str, replay: &Replay) -> Result<()> {
        let mut tries = 0;
        loop {
            let nonce = self.next_nonce(at).await?;
            let entry = self.sign(at, replay, nonce)?;
            self.store.put(purpose, &entry)?;
            let before = self.chain.generation();
            let Err(error) = self.send(&entry).await else { return Ok(()) };
            let refused = matches!(error, RpcError::User(_));
            if !refused || self.chain.generation() != before {
                // Nobody knows whether a node has it, and none may be told to make it undone.
                return Ok(());
            }
            self.store.remove(purpose)?;
            tries += 1;
            if !is_taken(&error) || tries == TRIES {
                return Err(Error::pool(error));
            }
        }
    }

    async fn send(&self, entry: &Entry) -> Result<(), RpcError> {
        let sent = self.chain.rpc().author_submit_extrinsic(&entry.signed).await;
        match sent {
            Err(RpcError::User(refusal)) if HAS_IT.contains(&refusal.code) => Ok(()),
            sent => sent.map(drop),
        }
    }

    fn sign(&self, at: &At, replay: &Replay, nonce: u64) -> Result<Entry> {
        let (born, block) = (at.block_number(), at.block_hash());
        let parameters = DefaultExtrinsicParamsBuilder::<CairnConfig>::new()
            .nonce(nonce)
            .mortal_from_unchecked(PERIOD, born, block)
            .build();
        let mut signable = at.tx().create_signable_offline(replay, parameters)?;
        let signed = signable.sign(&self.signer)?.into_encoded();
        let dies = born.saturating_add(PERIOD - 1);
        Ok(Entry { nonce, replay: replay.clone(), signed, born, dies, included: None })
    }
}

/// Whether somebody else's transaction has the nonce.
fn is_taken(error: &RpcError) -> bool {
    let RpcError::User(refusal) = error else { return false };
    let said = refusal.data.as_ref().map_or("", |data| data.get());
    refusal.code == PRIORITY_TOO_LOW || said.contains("outdated")
}

/// Whether the node no longer has the state after a block.
fn is_forgotten(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("State already discarded") || text.contains("UnknownBlock")
}
